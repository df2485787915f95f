/*
 * The floor of `cargo xtask bench`: the mounts of a scenario by the cheapest calls there are.
 *
 * mount(2) and umount2(2) by path, mkdir(2), and the saved profile written once. No parsing, no
 * check of any component, no lock, no freezer: nobody may use this as a program that a user can
 * reach. Called as `floor WORK SIZE PHASE`; exits with the line number of the call that failed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MUST(call) do { if ((call) < 0) _exit(__LINE__ % 251 + 1); } while (0)
#define BASE "/usr/share/bench"
#define DATA "/var/snap/hello/common"
#define ROOTFS "tmpfs / tmpfs x-snapd.origin=rootfs 0 0\n"
#define LAYOUT "none rbind,rw,x-snapd.origin=layout 0 0\n"

static char saved[4 << 20];
static size_t saved_len;

static void put(const char *text)
{
	size_t len = strlen(text);
	memcpy(saved + saved_len, text, len);
	saved_len += len;
}

static void line(const char *source, const char *point, const char *rest)
{
	put(source), put(" "), put(point), put(" "), put(rest);
}

/* PREFIX, then INDEX with five digits: sprintf would be the dearest part of this program. */
static const char *numbered(char *buffer, const char *prefix, int index)
{
	size_t len = strlen(prefix);
	memcpy(buffer, prefix, len);
	for (int digit = 4; digit >= 0; digit--, index /= 10)
		buffer[len + digit] = '0' + index % 10;
	buffer[len + 5] = 0;
	return buffer;
}

static void save(void)
{
	int fd = open("/run/snapd/ns/snap.hello.fstab.new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	MUST(fd);
	MUST(write(fd, saved, saved_len));
	MUST(close(fd));
	MUST(rename("/run/snapd/ns/snap.hello.fstab.new", "/run/snapd/ns/snap.hello.fstab"));
}

static void layouts(int count)
{
	char from[64], to[64];
	for (int i = 0; i < count; i++) {
		numbered(from, DATA "/d", i);
		numbered(to, BASE "/d", i);
		MUST(mount(from, to, 0, MS_BIND | MS_REC, 0));
		line(from, to, LAYOUT);
	}
}

static void layouts_undo(int count)
{
	char to[64];
	while (count-- > 0)
		MUST(umount2(numbered(to, BASE "/d", count), UMOUNT_NOFOLLOW));
}

/* One child in ten is a file, as in scenario.rs. */
static void mimic(const char *dir, int children, const char *needed_by)
{
	char aside[64], from[64], to[64], prefix[64];
	MUST(mkdir("/tmp/aside", 0700));
	MUST(mount(dir, "/tmp/aside", 0, MS_BIND | MS_REC, 0));
	MUST(mount("tmpfs", dir, "tmpfs", 0, "mode=0755,uid=0,gid=0"));
	line("tmpfs", dir, "tmpfs x-snapd.synthetic,x-snapd.needed-by=");
	put(needed_by), put(",mode=0755,uid=0,gid=0 0 0\n");
	strcpy(aside, "/tmp/aside/c");
	strcpy(prefix, dir);
	strcat(prefix, "/c");
	for (int i = 0; i < children; i++) {
		numbered(from, aside, i);
		numbered(to, prefix, i);
		if (i % 10 == 9) {
			int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
			MUST(fd);
			MUST(close(fd));
			MUST(mount(from, to, 0, MS_BIND, 0));
			line(to, to, "none bind,x-snapd.kind=file,x-snapd.synthetic,x-snapd.needed-by=");
			put(needed_by), put(" 0 0\n");
		} else {
			MUST(mkdir(to, 0755));
			MUST(mount(from, to, 0, MS_BIND | MS_REC, 0));
			line(to, to, "none rbind,x-snapd.synthetic,x-snapd.needed-by=");
			put(needed_by), put(",x-snapd.detach 0 0\n");
		}
	}
	MUST(umount2("/tmp/aside", MNT_DETACH));
	MUST(rmdir("/tmp/aside"));
}

static void one_layout(int new_directory, const char *from, const char *to)
{
	if (new_directory)
		MUST(mkdir(to, 0755));
	MUST(mount(from, to, 0, MS_BIND | MS_REC, 0));
	line(from, to, LAYOUT);
}

/* The twenty entries of scenario.rs. */
static void typical(void)
{
	char from[64] = "/snap/theme/1/share/c0", to[64] = "/snap/hello/1/theme/c0";
	for (int i = 0; i < 8; i++) {
		from[strlen(from) - 1] = to[strlen(to) - 1] = '0' + i;
		MUST(mount(from, to, 0, MS_BIND, 0));
		MUST(mount(0, to, 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0));
		line(from, to, "none bind,ro 0 0\n");
	}
	one_layout(0, "/snap/hello/1/usr/l0", "/usr/lib/hello/l0");
	one_layout(0, "/snap/hello/1/usr/l1", "/usr/lib/hello/l1");
	one_layout(0, "/snap/hello/1/usr/l2", "/usr/lib/hello/l2");
	one_layout(0, DATA "/v0", "/etc/hello/v0");
	one_layout(0, DATA "/v1", "/etc/hello/v1");
	one_layout(0, DATA "/v2", "/etc/hello/v2");
	MUST(mount("/snap/hello/1/etc/f0", "/etc/hello/f0", 0, MS_BIND, 0));
	MUST(mount("/snap/hello/1/etc/f1", "/etc/hello/f1", 0, MS_BIND, 0));
	line("/snap/hello/1/etc/f0", "/etc/hello/f0", "none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0\n");
	line("/snap/hello/1/etc/f1", "/etc/hello/f1", "none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0\n");
	MUST(mount("tmpfs", "/usr/lib/hello/scratch", "tmpfs", 0, 0));
	line("tmpfs", "/usr/lib/hello/scratch", "tmpfs x-snapd.origin=layout 0 0\n");
	mimic("/usr/share/hello", 12, "/usr/share/hello/link");
	one_layout(1, "/snap/hello/1/usr/n0", "/usr/share/hello/n0");
	one_layout(1, "/snap/hello/1/usr/n1", "/usr/share/hello/n1");
	MUST(symlink(DATA "/v0", "/usr/share/hello/link"));
	line("none", "/usr/share/hello/link", "none x-snapd.kind=symlink,x-snapd.symlink=" DATA "/v0,x-snapd.origin=layout 0 0\n");
}

static void typical_undo(void)
{
	static const char *const points[] = {
		"/usr/share/hello", "/usr/lib/hello/scratch", "/etc/hello/f1", "/etc/hello/f0",
		"/etc/hello/v2", "/etc/hello/v1", "/etc/hello/v0",
		"/usr/lib/hello/l2", "/usr/lib/hello/l1", "/usr/lib/hello/l0",
	};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		MUST(umount2(points[i], MNT_DETACH));
	char point[] = "/snap/hello/1/theme/c0";
	for (int i = 7; i >= 0; i--) {
		point[sizeof point - 2] = '0' + i;
		MUST(umount2(point, UMOUNT_NOFOLLOW));
	}
}

/*
 * What an update looks at is the tree beneath the mounts: in a copy of the namespace, which is come
 * back from, `count` mounts with these names are moved to a tmpfs, 32 to a directory.
 */
static void look_beneath(const char *prefix, int count)
{
	char from[64], to[64];
	int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	MUST(own);
	MUST(unshare(CLONE_NEWNS));
	MUST(mount(0, "/", 0, MS_PRIVATE | MS_REC, 0));
	MUST(mount("tmpfs", "/tmp", "tmpfs", 0, 0));
	for (int i = count - 1; i >= 0; i--) {
		numbered(to, "/tmp/a", i / 32);
		if (i == count - 1 || i % 32 == 31)
			MUST(mkdir(to, 0700));
		if (*prefix)
			numbered(from, prefix, i);
		else
			strcpy(from, BASE);
		MUST(syscall(SYS_move_mount, AT_FDCWD, from, AT_FDCWD, to, 0));
	}
	MUST(setns(own, CLONE_NEWNS));
	MUST(close(own));
}

/* One of the layouts is not wanted any more. */
static void removed(int count)
{
	char from[64], to[64];
	look_beneath(BASE "/d", count);
	MUST(umount2(numbered(to, BASE "/d", count / 2), UMOUNT_NOFOLLOW));
	for (int i = 0; i < count; i++)
		if (i != count / 2)
			line(numbered(from, DATA "/d", i), numbered(to, BASE "/d", i), LAYOUT);
}

/* One layout more is wanted in the directory that has a mimic. */
static void more(int children)
{
	char to[64];
	look_beneath("", 1);
	line("tmpfs", BASE, "tmpfs x-snapd.synthetic,x-snapd.needed-by=" BASE "/new,mode=0755,uid=0,gid=0 0 0\n");
	for (int i = 0; i < children; i++) {
		numbered(to, BASE "/c", i);
		line(to, to, "none rbind,x-snapd.synthetic,x-snapd.needed-by=" BASE "/new,x-snapd.detach 0 0\n");
	}
	line(DATA "/new", BASE "/new", LAYOUT);
	one_layout(1, DATA "/new", BASE "/other");
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 1;
	const char *work = argv[1], *phase = argv[3];
	int size = atoi(argv[2]), undo = !strcmp(phase, "undo");
	int change = !strcmp(phase, "change");
	if (!undo && !change && strcmp(phase, "build"))
		return 0;
	put(ROOTFS);
	if (change && !strcmp(work, "layouts"))
		removed(size);
	else if (change && !strcmp(work, "mimic"))
		more(size);
	else if (change)
		return 1;
	else if (!strcmp(work, "layouts"))
		undo ? layouts_undo(size) : layouts(size);
	else if (!strcmp(work, "typical"))
		undo ? typical_undo() : typical();
	else if (!strcmp(work, "mimic") && undo)
		/* The children hang below the cover: one lazy unmount takes them all. */
		MUST(umount2(BASE, MNT_DETACH));
	else if (!strcmp(work, "mimic")) {
		mimic(BASE, size, BASE "/new");
		one_layout(1, DATA "/new", BASE "/new");
	} else
		return 1;
	save();
	return 0;
}
