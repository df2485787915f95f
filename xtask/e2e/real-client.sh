#!/bin/bash
# real-client.sh - run Debian's real snap-confine as the caller of a
# snap-update-ns binary of your choice, on a machine without snapd/systemd.
#
#   SNAP_UPDATE_NS=/path/to/binary   static ELF to test (default: the packaged Go one)
#   SUITE=bookworm|trixie|sid        which Debian snapd to take (default bookworm)
#   DEB_ROOT=/dir                    already unpacked debs (usr/lib/snapd/snap-confine ...); no download
#   REAL_CLIENT_CACHE=/dir           where debs are downloaded and unpacked
#   DEB_MIRROR=URL                   default: the Debian mirror that this machine's apt uses
#   USER_MOUNTS=0                    leave out section 4 (see the note on setuid below)
#   CGROUP=v1|v2                     cgroup flavour snap-confine sees (default v2)
#   CONTAINER=1                      all of it, and section 10, in a container (needs CGROUP=v2)
#   RECORD=1                         put a static C recorder in front (needs gcc): dumps what each call gets
#   OUT=/dir                         keep logs, normalised mount tables and recorder dumps there
#   HOOK=/file                       sourced before the end: more checks of your own, same helpers
#   KEEP=1                           keep the scratch directory
#   VERBOSE=1                        SNAP_CONFINE_DEBUG=1 / SNAPD_DEBUG=1 (logs only)
#   FETCH_ONLY=1                     only fill the cache; needs no root
#
# Setuid snap-confine (bookworm 2.57, trixie 2.68) hands per-user calls real uid 1000 with
# effective uid 0; file-capability snap-confine (sid 2.77) hands it uid 1000 throughout with
# ambient CAP_CHOWN, CAP_DAC_OVERRIDE and CAP_SYS_ADMIN.  A tool made for one fails section 4
# under the other (the packaged Go ones do).
#
# A container is a user namespace (ids 0 to 65535, mapped onto themselves) with mount, pid, cgroup and
# network namespaces of its own. The root of its cgroup namespace is a group that was delegated to it;
# the group above that one belongs to somebody who is nobody (65534) in there. Images are mounted from
# outside, because it may use no loop devices; everything else is mounted in it.
#
# Needs root, mount+pid+cgroup namespaces, squashfs and loop devices; for a container also user and
# network namespaces, and FUSE.
# strace, when there, lets it look at the frozen processes in the middle of an update.
# Needs only: bash, util-linux, coreutils, apt+dpkg (for the download), grep/sed/awk;
# fetched with `apt-get download` into the cache and never installed: see PKGS below.
set -u
export LC_ALL=C
for fd in /proc/$$/fd/*; do # nothing of ours but 0-2 (and 255, bash's own) for the children
    fd=${fd##*/}; [ "$fd" -gt 2 ] && [ "$fd" != 255 ] && eval "exec $fd>&-"
done
umask 022

PKGS="snapd libc6 libapparmor1 libcap2 libcap2-bin libseccomp2 libudev1 squashfs-tools zlib1g liblz4-1 liblzma5 liblzo2-2 libzstd1 libgcc-s1 busybox-static"

SUITE=${SUITE:-bookworm}
CGROUP=${CGROUP:-v2}
MIRROR=${DEB_MIRROR:-$(apt-get indextargets --format '$(SITE) $(ORIGIN) $(COMPONENT)' 2>/dev/null | awk '$2=="Debian" && $3=="main" && $1 !~ /security/ {print $1; exit}')}
TMPBASE=${TMPDIR:-/tmp}
CACHE=${REAL_CLIENT_CACHE:-$TMPBASE/snapd-real-client-cache}
# relative paths are meant from here
for v in CACHE TMPBASE SNAP_UPDATE_NS DEB_ROOT OUT HOOK; do
    [ -n "${!v:-}" ] && printf -v $v %s "$(realpath -m -- "${!v}")"
done
export TMPDIR=$TMPBASE
CONTAINER=${CONTAINER:-0}
RECORD=${RECORD:-0}
VERBOSE=${VERBOSE:-0}

passed=0 failed=0
pass() { passed=$((passed+1)); echo "PASS $*"; }
fail() { failed=$((failed+1)); echo "FAIL $*"; }
# known NAME WHY COMMAND...   a check the packaged tool of this version is known to fail
known() { local n=$1 y=$2; shift 2; if "$@" >>"$LOG" 2>&1; then pass "$n"; elif [ -n "$y" ]; then echo "KNOWN $n: $y"; else fail "$n"; fi; }
note() { echo "---- $*"; }
skip() { echo "SKIP $*"; }
not() { ! "$@"; }
# check NAME COMMAND...   passes when the command succeeds
check() { local n=$1; shift; if "$@" >>"$LOG" 2>&1; then pass "$n"; else fail "$n"; fi; }
# checknot NAME COMMAND...  passes when the command fails
checknot() { local n=$1; shift; if "$@" >>"$LOG" 2>&1; then fail "$n"; else pass "$n"; fi; }
# checkeq NAME WANT GOT
checkeq() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1 (want '$2', got '$3')"; fi; }
# checkgrep NAME PATTERN FILE
checkgrep() { if grep -Eq -- "$2" "$3"; then pass "$1"; else fail "$1 (no /$2/ in $(basename "$3"))"; fi; }
checknogrep() { if grep -Eq -- "$2" "$3"; then fail "$1 (found /$2/ in $(basename "$3"))"; else pass "$1"; fi; }
bail() { echo "FAIL setup: $*"; failed=$((failed+1)); echo "$passed passed, $failed failed"; exit 1; }

###########################################################################
# stage 3: PID 1 of the private pid namespace; builds the "host" root and
# becomes an idle init inside it.
###########################################################################
if [ "${1:-}" = --stage3 ]; then
    set -e
    W=$2 CG=$3 CONTAINER=$4
    R=$W/host
    mount_image() { # NAME DIR
        if [ "$CONTAINER" = 1 ]; then mount --bind "$W/images/$1" "$2"
        else mount -t squashfs -o ro,nodev,loop "$W/$1.snap" "$2"; fi
    }
    mount --make-rprivate /
    mount --bind "$R" "$R"
    mount --make-private "$R"
    mount -t proc proc "$R/proc"
    mount -t sysfs sysfs "$R/sys"
    mount -t tmpfs -o mode=755 tmpfs "$R/dev"
    for n in null zero full random urandom tty; do
        : >"$R/dev/$n"; mount --bind "/dev/$n" "$R/dev/$n"
    done
    mkdir "$R/dev/pts" "$R/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$R/dev/pts"
    : >"$R/dev/ptmx"; mount --bind "$R/dev/pts/ptmx" "$R/dev/ptmx"
    mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"
    mount -t tmpfs -o mode=755 tmpfs "$R/run"
    mkdir -p "$R/run/snapd/lock" "$R/run/snapd/ns" "$R/run/netns" "$R/run/user/1000/doc/by-app/snap.hello" "$R/run/rec"
    chmod 1777 "$R/run/rec"
    echo portal >"$R/run/user/1000/doc/by-app/snap.hello/from-portal"
    echo whole >"$R/run/user/1000/doc/whole-tree"
    chown -R 1000:1000 "$R/run/user/1000"; chmod 700 "$R/run/user/1000"
    if [ "$CG" = v2 ]; then
        mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
    else
        mount -t tmpfs -o mode=755 tmpfs "$R/sys/fs/cgroup"
        for c in freezer pids devices; do
            mkdir "$R/sys/fs/cgroup/$c"
            mount -t cgroup -o $c cgroup "$R/sys/fs/cgroup/$c" 2>/dev/null || rmdir "$R/sys/fs/cgroup/$c"
        done
    fi
    for s in core22/1 core22/2 hello/1 other/1; do
        mkdir -p "$R/snap/$s"
        mount_image "$(echo $s | tr / _)" "$R/snap/$s"
    done
    mkdir -p "$R/snap/hello_foo/1"; mount_image hello_1 "$R/snap/hello_foo/1"; ln -sfn 1 "$R/snap/hello_foo/current"
    if [ "$CONTAINER" = 1 ]; then mkdir "$R/whole"; mount --bind "$W/cg" "$R/whole"; fi
    ln -sfn 1 "$R/snap/core22/current"; ln -sfn 1 "$R/snap/hello/current"; ln -sfn 1 "$R/snap/other/current"
    cd "$R"
    pivot_root . mnt
    exec /bin/busybox sh -c '
        B=/bin/busybox
        cd /; $B umount -l /mnt && $B mount --make-rshared / && : >/run/ready
        trap "exit 0" TERM; while :; do $B sleep 1 & wait; done'
fi

###########################################################################
# stage 1: the driver, on the machine
###########################################################################
# ------------------------------------------------------------- packages
# fills $CACHE/$SUITE unless it is there, sets DEB_ROOT; the marker "unpacked" says it is complete
fetch() {
    [ -z "${DEB_ROOT:-}" ] || return 0
    local A=$CACHE/$SUITE KR=/usr/share/keyrings/debian-archive-keyring.gpg d
    DEB_ROOT=$A/root
    [ ! -e "$A/unpacked" ] || return 0
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || bail "no apt here and no DEB_ROOT"
    [ -n "$MIRROR" ] || bail "apt knows no Debian mirror here: run apt-get update once, or set DEB_MIRROR"
    note "downloading snapd of $SUITE into $A"
    rm -rf "$A"
    mkdir -p "$A"/{state/lists/partial,cache/archives/partial,etc/apt.conf.d,etc/preferences.d,debs,root} || bail "mkdir $A"
    : >"$A/state/status"
    echo "deb ${KR:+[signed-by=$KR] }$MIRROR $SUITE main" >"$A/sources.list"
    cat >"$A/apt.conf" <<E
Dir::State "$A/state"; Dir::State::lists "$A/state/lists"; Dir::State::status "$A/state/status";
Dir::Cache "$A/cache"; Dir::Etc "$A/etc"; Dir::Etc::sourcelist "$A/sources.list"; Dir::Etc::sourceparts "/dev/null";
Acquire::Languages "none"; APT::Sandbox::User "root";
E
    [ "$SUITE" = sid ] && echo 'Acquire::Check-Valid-Until "false";' >>"$A/apt.conf"
    [ "$SUITE" = bookworm ] || PKGS="$PKGS libxxhash0"
    ( export APT_CONFIG="$A/apt.conf"; apt-get update && cd "$A/debs" && apt-get download $PKGS ) >>"$LOG" 2>&1 ||
        { tail -5 "$LOG"; bail "apt-get download"; }
    for d in "$A"/debs/*.deb; do dpkg-deb -x "$d" "$A/root" || bail "dpkg-deb -x $d"; done
    : >"$A/unpacked"
}
if [ "${FETCH_ONLY:-0}" = 1 ]; then
    LOG=$(mktemp) || exit 1
    trap 'rm -f "$LOG"' EXIT
    fetch
    [ -x "$DEB_ROOT/usr/lib/snapd/snap-confine" ] || bail "no usr/lib/snapd/snap-confine under DEB_ROOT"
    exit 0
fi

[ "$(id -u)" = 0 ] || { echo "SKIP needs root"; echo "0 passed, 0 failed"; exit 77; }
for t in unshare nsenter taskset mount losetup setpriv; do
    command -v $t >/dev/null || { echo "SKIP needs $t"; echo "0 passed, 0 failed"; exit 77; }
done
SELF=$(readlink -f "$0")
t0=$(date +%s)
W=$(mktemp -d "$TMPBASE/real-client.XXXXXX") || exit 1
LOG=$W/log; : >"$LOG"
INIT=
CGNAME=rc-$$
UNSHARE=

# the machine's cgroup trees, reached through throw-away mounts
cg_join() { # FLAVOUR: move this shell's future child ($BASHPID) into private groups
    if [ "$CGROUP" = v2 ]; then
        mount -t cgroup2 cgroup2 "$W/cg" && mkdir -p "$W/cg/$CGNAME" && echo $BASHPID >"$W/cg/$CGNAME/cgroup.procs" && umount "$W/cg"
    else
        for c in freezer pids devices; do
            mount -t cgroup -o $c cgroup "$W/cg" 2>/dev/null || continue
            mkdir -p "$W/cg/$CGNAME" && echo $BASHPID >"$W/cg/$CGNAME/cgroup.procs"
            umount "$W/cg"
        done
    fi
}
# container COMMAND...: becomes COMMAND with namespaces of a container's own, in a group that is
# delegated to it. What it cannot mount itself is mounted before that: images, and the whole tree of
# groups.
container() {
    local h i image
    mount -t cgroup2 cgroup2 "$W/cg" && mkdir -p "$W/cg/$CGNAME/payload" || return
    chown 100000:100000 "$W/cg/$CGNAME" && echo $BASHPID >"$W/cg/$CGNAME/payload/cgroup.procs" || return
    for image in core22_1 core22_2 hello_1 other_1; do
        mkdir -p "$W/images/$image" && mount -t squashfs -o ro,nodev,loop "$W/$image.snap" "$W/images/$image" || return
    done
    unshare --user sleep 60 &
    h=$!
    for i in $(seq 100); do [ "$(readlink /proc/$h/ns/user)" = "$(readlink /proc/self/ns/user)" ] || break; sleep 0.02; done
    echo 0 0 65536 >/proc/$h/uid_map && echo 0 0 65536 >/proc/$h/gid_map && exec 9</proc/$h/ns/user || return
    kill $h; wait $h
    exec nsenter --user=/proc/self/fd/9 unshare --mount --propagation private --pid --cgroup --net --fork --kill-child "$@"
}
cg_remove() {
    export W CGNAME
    unshare --mount --propagation private bash -c '
        for t in "cgroup2 rw" "cgroup freezer" "cgroup pids" "cgroup devices"; do
            set -- $t
            mount -t $1 -o $2 none "$W/cg" 2>/dev/null || continue
            if [ -d "$W/cg/$CGNAME" ]; then
                for i in 1 2 3 4 5 6 7 8 9 10; do
                    find "$W/cg/$CGNAME" -depth -type d -exec rmdir {} + 2>/dev/null
                    [ -d "$W/cg/$CGNAME" ] || break
                    sleep 0.1
                done
            fi
            umount "$W/cg"
        done'
}
stop() {
    [ -n "$INIT" ] && kill -KILL "$INIT" 2>/dev/null
    [ -n "$UNSHARE" ] && { kill "$UNSHARE" 2>/dev/null; wait "$UNSHARE" 2>/dev/null; }
    INIT= UNSHARE=
}
cleanup() {
    stop
    [ -d "$W/cg" ] && cg_remove
    if [ -n "${OUT:-}" ]; then mkdir -p "$OUT"; cp -a "$W"/log "$W"/*.mountinfo "$W"/*.fstab "$W"/rec "$OUT"/ 2>/dev/null; fi
    [ "${KEEP:-0}" = 1 ] || rm -rf --one-file-system "$W"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
[ "$CONTAINER$CGROUP" != 1v1 ] || bail "a container has cgroup v2"

mkdir "$W/cg" "$W/rec"
mounts_before=$(sort /proc/self/mountinfo | sha256sum)

fetch
[ -x "$DEB_ROOT/usr/lib/snapd/snap-confine" ] || bail "no usr/lib/snapd/snap-confine under DEB_ROOT"
t1=$(date +%s)

# -------------------------------------------------- the fake host's root
R=$W/host
mkdir -p "$R"
mkdir -p "$R"/usr/{bin,sbin,lib,lib64}; for p in bin sbin lib lib64; do ln -s usr/$p "$R/$p"; done
MA=$(basename "$(ls -d "$DEB_ROOT"/usr/lib/*-linux-gnu 2>/dev/null | head -1)")
( cd "$DEB_ROOT" || exit 1
  # merged-usr, whichever way the packages came
  for u in . usr; do
      for p in lib/$MA lib64; do [ -d $u/$p ] && [ ! -L $u/${p%%/*} ] && { mkdir -p "$R/usr/$p"; cp -a $u/$p/. "$R/usr/$p/"; }; done
      for p in bin/busybox bin/mksquashfs sbin/setcap; do [ -f $u/$p ] && [ ! -L $u/${p%%/*} ] && cp -a $u/$p "$R/usr/$p"; done
  done
  mkdir -p "$R/usr/lib/snapd"
  for p in snap-confine snap-confine.v2-only.caps snap-confine.caps snap-update-ns snap-discard-ns snap-seccomp snap-exec info; do
      [ -e usr/lib/snapd/$p ] && cp -a usr/lib/snapd/$p "$R/usr/lib/snapd/"
  done )
chown -R --no-dereference 0:0 "$R" # an ordinary user may have filled the cache
cd "$R" || bail "cd"
mkdir -p bin dev proc sys run tmp mnt media home/user root srv etc/alternatives etc/ssl usr/src usr/bin \
    var/log var/tmp var/snap/hello/1 var/snap/hello/common var/snap/hello_foo/1 snap \
    var/lib/snapd/{mount,seccomp/bpf,cgroup,hostfs,void,lock,cookie,features,device,inhibit,apparmor}
chmod 1777 tmp var/tmp; chmod 111 var/lib/snapd/void
mkdir -m 0700 tmp/snap-private-tmp
for a in sh cat ls ln mkdir rmdir rm mv readlink stat sleep id env grep sed awk cut kill true false test touch echo sort head tail mount umount; do
    [ -e bin/$a ] || ln -s busybox bin/$a
done
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >etc/passwd
printf 'root:x:0:\ntty:x:5:\nuser:x:1000:\n' >etc/group
printf 'ID=debian\nVERSION_ID="0"\nNAME=private\n' >etc/os-release
echo 'passwd: files' >etc/nsswitch.conf
echo hostfile >etc/host-marker
chown 1000:1000 home/user
for i in hello hello_foo; do printf 'self-managed=true\n' >var/lib/snapd/cgroup/snap.$i.device; done
echo of-foo >var/snap/hello_foo/1/of-foo
mkdir -p var/snap/hello/1/opt var/snap/hello/common/late var/snap/hello/1/etcdir
echo bound >var/snap/hello/1/opt/inside
echo conf >var/snap/hello/1/hello.conf
echo late >var/snap/hello/common/late/inside
echo etcdir >var/snap/hello/1/etcdir/inside

# a swapped-in snap-update-ns
SUN_KIND=packaged
if [ -n "${SNAP_UPDATE_NS:-}" ]; then
    rm -f usr/lib/snapd/snap-update-ns
    install -m 0755 -o root -g root "$SNAP_UPDATE_NS" usr/lib/snapd/snap-update-ns || bail "cannot copy $SNAP_UPDATE_NS"
    SUN_KIND=$SNAP_UPDATE_NS
    head -c 8192 "$SNAP_UPDATE_NS" | grep -qa '/ld-linux\|/ld-musl' && note "WARNING: $SNAP_UPDATE_NS looks dynamically linked; it will be executed inside the base snap's root, where its loader is not"
fi
if [ "$RECORD" = 1 ]; then
    if command -v gcc >/dev/null; then
        mv usr/lib/snapd/snap-update-ns usr/lib/snapd/snap-update-ns.real
        cat >"$W/rec.c" <<'EOF_C'
/* Says what it was given, then becomes the real tool. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
extern char **environ;
static FILE *o;
static void link_of(const char *p) { char b[4096]; ssize_t n = readlink(p, b, sizeof b - 1);
    if (n < 0) { fprintf(o, "%s: %m\n", p); return; } b[n] = 0; fprintf(o, "%s -> %s\n", p, b); }
static void file_of(const char *p, const char *pre) { char l[4096]; FILE *f = fopen(p, "re");
    if (!f) { fprintf(o, "%s: %m\n", p); return; }
    fprintf(o, "[%s]\n", p);
    while (fgets(l, sizeof l, f)) { if (pre) { int ok = 0; const char *q = pre; char w[64];
            while (sscanf(q, "%63s", w) == 1) { if (!strncmp(l, w, strlen(w))) ok = 1; q = strstr(q, w) + strlen(w); }
            if (!ok) continue; }
        fprintf(o, "  %s", l); }
    fclose(f); }
int main(int argc, char **argv) {
    char n[128]; snprintf(n, sizeof n, "/run/rec/%010ld.%s", (long)getpid(), getuid() ? "user" : "root");
    int fd = open(n, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    o = fd < 0 ? fdopen(dup(2), "w") : fdopen(fd, "w");
    fprintf(o, "argc=%d\n", argc); for (int i = 0; i < argc; i++) fprintf(o, "argv[%d]=%s\n", i, argv[i]);
    for (char **e = environ; *e; e++) fprintf(o, "env[%d]=%s\n", (int)(e - environ), *e);
    uid_t r, e, s; getresuid(&r, &e, &s); fprintf(o, "uid real=%d eff=%d saved=%d\n", r, e, s);
    gid_t rg, eg, sg; getresgid(&rg, &eg, &sg); fprintf(o, "gid real=%d eff=%d saved=%d\n", rg, eg, sg);
    link_of("/proc/self/cwd"); link_of("/proc/self/root"); link_of("/proc/self/exe");
    link_of("/proc/self/ns/mnt"); link_of("/proc/1/ns/mnt");
    file_of("/proc/self/status", "Name Umask PPid Groups SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp: Cpus_allowed_list");
    fprintf(o, "dumpable=%d securebits=%#x\n", prctl(PR_GET_DUMPABLE), prctl(PR_GET_SECUREBITS));
    struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); fprintf(o, "nofile=%ld/%ld\n", (long)rl.rlim_cur, (long)rl.rlim_max);
    file_of("/proc/self/cgroup", 0);
    char pp[64]; snprintf(pp, sizeof pp, "/proc/%d/comm", getppid()); file_of(pp, 0);
    DIR *d = opendir("/proc/self/fd"); struct dirent *de;
    while (d && (de = readdir(d))) { if (de->d_name[0] == '.') continue; int x = atoi(de->d_name);
        if (x == dirfd(d) || x == fileno(o)) continue;
        char p[64]; snprintf(p, sizeof p, "/proc/self/fd/%d", x); link_of(p);
        fprintf(o, "   fl=%#o fd=%#x\n", fcntl(x, F_GETFL), fcntl(x, F_GETFD)); }
    if (d) closedir(d);
    file_of("/proc/locks", 0);
    struct stat st; const char *ls[] = {"/run/snapd/lock", "/run/snapd/ns", "/var/lib/snapd/mount", 0};
    for (int i = 0; ls[i]; i++) { DIR *q = opendir(ls[i]); fprintf(o, "ls %s:", ls[i]);
        while (q && (de = readdir(q))) if (de->d_name[0] != '.') { char p[512]; snprintf(p, sizeof p, "%s/%s", ls[i], de->d_name);
            if (!stat(p, &st)) fprintf(o, " %s(%o,%d:%d,ino %ld)", de->d_name, st.st_mode & 07777, st.st_uid, st.st_gid, (long)st.st_ino); }
        fprintf(o, "\n"); if (q) closedir(q); }
    file_of("/run/snapd/ns/snap.hello.fstab", 0);
    file_of("/proc/self/mountinfo", 0);
    fclose(o);
    execv("/usr/lib/snapd/snap-update-ns.real", argv);
    perror("recorder: exec"); return 120;
}
EOF_C
        gcc -O1 -static -o usr/lib/snapd/snap-update-ns "$W/rec.c" >>"$LOG" 2>&1 || bail "gcc of the recorder"
        chmod 755 usr/lib/snapd/snap-update-ns
    else
        note "RECORD=1 but no gcc: not recording"; RECORD=0
    fi
fi

# file capabilities, the way newer packages set them in their postinst
CAPS_MODEL=setuid
if [ -e usr/lib/snapd/snap-confine.caps ]; then
    CAPS_MODEL=filecaps
    f=usr/lib/snapd/snap-confine.caps
    [ "$CGROUP" = v2 ] && [ -e usr/lib/snapd/snap-confine.v2-only.caps ] && f=usr/lib/snapd/snap-confine.v2-only.caps
    # A new user namespace has all of them.
    if [ "$CONTAINER" = 0 ] && [ $(( 0x$(awk '/^CapBnd/ {print $2}' /proc/self/status) >> 24 & 1 )) = 0 ]; then
        # Newer snap-confine refuses to run without CAP_SYS_RESOURCE (only used to raise the
        # memlock limit for a BPF program this test never loads).  Where the machine's bounding
        # set lacks it, change that one constant (24 -> 19, which it has) in the private copy.
        o=$(grep -obUaP '\x01\0\0\0\x02\0\0\0\x15\0\0\0\x12\0\0\0\0\0\0\0\x03\0\0\0\x13\0\0\0\x18\0\0\0' usr/lib/snapd/snap-confine | cut -d: -f1)
        case $o in ''|*[!0-9]*) bail "no CAP_SYS_RESOURCE here and this snap-confine insists on it";; esac
        printf '\023' | dd of=usr/lib/snapd/snap-confine bs=1 seek=$((o+28)) conv=notrunc status=none
        CAPS_MODEL="filecaps (CAP_SYS_RESOURCE check patched out: not in the bounding set here)"
    fi
    chroot "$R" /usr/sbin/setcap "$(cat $f)" /usr/lib/snapd/snap-confine >>"$LOG" 2>&1 || bail "setcap"
else
    chown 0:0 usr/lib/snapd/snap-confine; chmod 4755 usr/lib/snapd/snap-confine
fi

# ------------------------------------------------------------ made-up snaps
mkbase() { # DIR REV
    mkdir -p "$1"/{bin,dev,etc/alternatives,home,lib,lib64,media,meta,mnt,opt,proc,root,run,snap,sys,tmp,srv} \
        "$1"/usr/{bin,lib/snapd,share/doc,share/keep,src} "$1"/var/{lib/snapd,log,snap,tmp,cache/apt}
    cp "$R"/usr/bin/busybox "$1/bin/busybox"
    for a in sh cat ls readlink stat sleep id env grep sed awk cut kill true false test touch echo sort head tail pwd; do ln -s busybox "$1/bin/$a"; done
    printf 'name: core22\nversion: "%s"\ntype: base\n' "$2" >"$1/meta/snap.yaml"
    echo "base-rev-$2" >"$1/usr/share/keep/base-file"
    echo optfile >"$1/opt/base-opt-file"
    ln -s keep "$1/usr/share/keep-link"
}
mkbase "$W/b1" 1; mkbase "$W/b2" 2
mkdir -p "$W"/h1/{meta,bin,share,existing} "$W"/o1/{meta,content}
printf '#!/bin/sh\nexec /bin/sh "$@"\n' >"$W/h1/bin/sh"; chmod 755 "$W/h1/bin/sh"
printf 'name: hello\nversion: "1"\nbase: core22\napps:\n  sh:\n    command: bin/sh\n' >"$W/h1/meta/snap.yaml"
echo greeting >"$W/h1/share/greeting"; echo app >"$W/h1/app-file"
printf 'name: other\nversion: "1"\n' >"$W/o1/meta/snap.yaml"; echo shared >"$W/o1/content/shared-file"
mkdir "$R/mk"; 
mksq() { # SRC DST
    mkdir -p "$R/mk/s"; cp -a "$1/." "$R/mk/s/"
    chroot "$R" /usr/bin/mksquashfs /mk/s /mk/out -noappend -no-progress -processors 1 -comp gzip -all-root >>"$LOG" 2>&1 || bail mksquashfs
    mv "$R/mk/out" "$2"; rm -rf "$R/mk/s"
}
mkdir -p "$R/dev"; mknod -m 666 "$R/dev/null" c 1 3 2>/dev/null || : >"$R/dev/null"
mksq "$W/b1" "$W/core22_1.snap"; mksq "$W/b2" "$W/core22_2.snap"; mksq "$W/h1" "$W/hello_1.snap"; mksq "$W/o1" "$W/other_1.snap"
echo '@unrestricted' >"$R/mk/src"
chroot "$R" /usr/lib/snapd/snap-seccomp compile /mk/src /mk/bin >>"$LOG" 2>&1 || bail "snap-seccomp compile"
for e in bin bin2; do for i in hello hello_foo; do cp "$R/mk/bin" "$R/var/lib/snapd/seccomp/bpf/snap.$i.sh.$e"; done; done
rm -rf "$R/mk" "$R/dev/null" "$W"/b1 "$W"/b2 "$W"/h1 "$W"/o1
cd /

# ------------------------------------------------------------ start stage 3
# One CPU for everything: Linux 6.18 orders mount namespaces by ids handed out
# in per-CPU batches, and bind-mounting a "younger" namespace whose id is
# smaller fails with EINVAL (snapd bug LP 2161539).
CPU=$(taskset -cp $$ | sed 's/.*: *//; s/[,-].*//')
taskset -cp "$CPU" $$ >/dev/null
unshare --mount --propagation private bash -c "$(declare -f cg_join container); W='$W' CGROUP=$CGROUP CGNAME=$CGNAME
    if [ $CONTAINER = 1 ]; then container bash '$SELF' --stage3 '$W' $CGROUP 1; exit; fi
    cg_join
    exec unshare --mount --propagation private --pid --cgroup --fork --kill-child bash '$SELF' --stage3 '$W' $CGROUP 0" >>"$LOG" 2>&1 </dev/null &
UNSHARE=$!
for i in $(seq 100); do
    INIT=$(cat /proc/$UNSHARE/task/$UNSHARE/children 2>/dev/null | awk '{print $1}')
    [ -n "$INIT" ] && [ -e "/proc/$INIT/root/run/ready" ] && break
    kill -0 $UNSHARE 2>/dev/null || { tail -5 "$LOG"; bail "the private root did not come up"; }
    sleep 0.05
done
[ -e "/proc/$INIT/root/run/ready" ] || { tail -5 "$LOG"; bail "the private root did not come up in time"; }
HR=/proc/$INIT/root
t2=$(date +%s)
note "snapd $(sed -n 's/^VERSION=//p' "$R/usr/lib/snapd/info") ($SUITE, snap-confine by $CAPS_MODEL), cgroup $CGROUP, container: $CONTAINER, snap-update-ns: $SUN_KIND, recorder: $RECORD"
note "kernel $(uname -r); setup $((t2-t1)) s, download $((t1-t0)) s"

VERSION=$(sed -n 's/^VERSION=//p' "$R/usr/lib/snapd/info")
KNOWN_ORDER=
KNOWN_WAIT= KNOWN_FLAGS=
if [ "$SUN_KIND" = packaged ]; then
    KNOWN_WAIT="packaged ones do not wait until the kernel says that all stand still"
    # The kernel refuses that in a user namespace; the bind stays, and is not recorded.
    [ "$CONTAINER" = 0 ] || KNOWN_FLAGS="packaged ones drop the flags of a read-only bind's source"
fi
case $SUN_KIND:$VERSION in packaged:2.57.*) KNOWN_ORDER="packaged 2.57 records kept entries in reverse, then undoes them in the wrong order";; esac

# ------------------------------------------------------------ tools
IN="nsenter --target $INIT --mount --pid --cgroup --root --wd=/"
if [ "$CONTAINER" = 1 ]; then # all that runs in it is in its group as well
    IN=$W/in
    cat >"$IN" <<E
#!/bin/bash
echo \$\$ >/proc/$INIT/root/whole/$CGNAME/payload/cgroup.procs || exit
exec nsenter --target $INIT --user --mount --pid \${CGROUP_NAMESPACE---cgroup} --net --root --wd=/ "\$@"
E
    chmod 755 "$IN"
fi
PATHX=/usr/sbin:/usr/bin:/sbin:/bin
in_host() { $IN env -i PATH=$PATHX "$@" </dev/null; }
DBG=(); [ "$VERBOSE" = 1 ] && DBG=(SNAP_CONFINE_DEBUG=1 SNAPD_DEBUG=1)
# snapd is in a group of the machine; without that nobody could tell which group its children are in
AS_SNAPD=(); [ "$CGROUP" = v1 ] || [ "$CONTAINER" = 1 ] || AS_SNAPD=(/bin/sh -c 'echo 0 >/sys/fs/cgroup/cgroup.procs; exec "$@"' sh)
# as snapd runs it
sun() { echo "+ snap-update-ns $*" >>"$LOG"; in_host "${DBG[@]}" "${AS_SNAPD[@]}" /usr/lib/snapd/snap-update-ns "$@" </dev/null >"$W/sun.out" 2>&1; local rc=$?; cat "$W/sun.out" >>"$LOG"; echo "= $rc" >>"$LOG"; return $rc; }
SENV="SNAP_INSTANCE_NAME=hello SNAP_NAME=hello SNAP_REVISION=1 SNAP=/snap/hello/1 SNAP_DATA=/var/snap/hello/1 SNAP_COMMON=/var/snap/hello/common SNAP_VERSION=1 SNAP_ARCH=amd64"
HELLO_SENV=$SENV
TAG=snap.hello.sh
# as `snap run` runs it; stdout in $W/sc.out, stderr in $W/sc.err
sc_as() { # UID COMMAND-STRING
    local uid=$1 home=/root; shift
    [ "$uid" = 0 ] || home=/home/user
    local -a who=(); [ "$uid" = 0 ] || who=(--setuid "$uid" --setgid "$uid")
    echo "+ snap-confine as $uid: $1" >>"$LOG"
    $IN "${who[@]}" env -i PATH=$PATHX $SENV "${DBG[@]}" HOME=$home/snap/hello/1 SNAP_REAL_HOME=$home SNAP_USER_DATA=$home/snap/hello/1 \
        SNAP_USER_COMMON=$home/snap/hello/common XDG_RUNTIME_DIR="${XRD:-/run/user/$uid}" LANG=C \
        /usr/lib/snapd/snap-confine --base core22 "$TAG" /bin/sh -c "$1" >"$W/sc.out" 2>"$W/sc.err" </dev/null
    local rc=$?
    cat "$W/sc.out" "$W/sc.err" >>"$LOG"; echo "= $rc" >>"$LOG"
    return $rc
}
sc() { sc_as 0 "$1"; }
inside() { sc "$1"; cat "$W/sc.out"; }
# mount table without ids, devices, peer groups: comparable between runs
normal() { awk '{ opt=""; for (i=7; $i != "-"; i++) { sub(/:.*/, "", $i); opt = opt " " $i } r=$4; gsub(/snap.rootfs_[A-Za-z0-9]+/, "snap.rootfs_X", r); src=$(i+2); sub(/^\/dev\/loop[0-9]+$/, "/dev/loopN", src); print $5, r, $6, "(" opt " )", $(i+1), src }' | sed 's,/rc-[0-9]*,/rc-N,g; s,'"$W"',W,g'; }
snapshot() { in_host /bin/cat "/proc/$1/mountinfo" | normal >"$W/$2.mountinfo"; cp "$HR/run/snapd/ns/snap.hello.fstab" "$W/$2.fstab" 2>/dev/null; }
desired() { cat >"$HR/var/lib/snapd/mount/snap.hello.fstab"; }
mntns() { in_host /bin/stat -c %i /run/snapd/ns/hello.mnt; }
# a long-running program of the snap, in a group named the way systemd scopes are; its pid in $LP
TOP=/sys/fs/cgroup SCOPE=
long_start() {
    local i put=
    if [ "$CGROUP" = v2 ]; then
        SCOPE=$TOP/user.slice/snap.hello.sh-11111111-2222-3333-4444-555555555555.scope
        mkdir -p "$HR$SCOPE"
        put="echo 0 >$SCOPE/cgroup.procs;"
    fi
    rm -f "$HR"/run/long.*
    $IN env -i PATH=$PATHX $SENV HOME=/root SNAP_REAL_HOME=/root SNAP_USER_DATA=/root/snap/hello/1 /bin/sh -c "$put exec /usr/lib/snapd/snap-confine --base core22 snap.hello.sh /bin/sh -c 'echo \$\$ >/run/long.pid; i=0; while :; do i=\$((i+1)); echo \$i >/run/long.tick; sleep 0.05; done'" </dev/null >>"$LOG" 2>&1 &
    LONGJOB=$!
    for i in $(seq 60); do [ -s "$HR/run/long.tick" ] && break; sleep 0.05; done
    LP=$(cat "$HR/run/long.pid" 2>/dev/null)
    [ -n "$LP" ] && pass "a long-running program of the snap" || fail "a long-running program of the snap"
}
long_stop() {
    local i
    [ -n "$LP" ] && in_host /bin/kill -9 "$LP" 2>/dev/null; kill "$LONGJOB" 2>/dev/null; wait "$LONGJOB" 2>/dev/null
    for i in $(seq 40); do # the last of its processes must be gone, or the namespace counts as in use
        if [ "$CGROUP" = v2 ]; then rmdir "$HR$SCOPE" 2>/dev/null && break
        else [ -z "$(in_host /bin/cat /sys/fs/cgroup/freezer/snap.hello/cgroup.procs)" ] && break; fi
        sleep 0.05
    done
}
ticking() { local a b; a=$(cat "$HR/run/long.tick"); for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; b=$(cat "$HR/run/long.tick"); [ "$a" != "$b" ] && return 0; done; return 1; }
peek() { in_host /bin/sh -c "cd /proc/$LP/root && $1" 2>/dev/null | tr '\n' ' ' | sed 's/ $//'; }
frozen() { if [ "$CGROUP" = v2 ]; then grep -q '^frozen 1' "$HR$SCOPE/cgroup.events"; else grep -q FROZEN "$HR/sys/fs/cgroup/freezer/snap.hello/freezer.state"; fi; }
lock_free() { flock --nonblock "$HR/run/snapd/lock/hello.lock" true; }
# strace delays the first call of each kind that changes a mount: time to look around.
slow_update() { # in $SUNJOB
    strace -f -qq -o /dev/null -e trace=mount,umount2,move_mount -e inject=mount,umount2,move_mount:delay_enter=1200000:when=1 \
        $IN env -i PATH=$PATHX "${AS_SNAPD[@]}" /usr/lib/snapd/snap-update-ns hello </dev/null >"$W/sun.out" 2>&1 & SUNJOB=$!
}
frozen_meanwhile() {
    local i
    slow_update
    for i in $(seq 40); do frozen && break; sleep 0.05; done
    check "while mounts change: the snap's processes are frozen" frozen
    checknot "while mounts change: the program does not run" ticking
    checknot "while mounts change: the per-snap lock is held" lock_free
    wait $SUNJOB; checkeq "the update ends well" 0 $?
    cat "$W/sun.out" >>"$LOG"
    checknot "after it: not frozen" frozen
    check "after it: the program runs" ticking
    check "after it: the lock is free" lock_free
}
rec_count() { ls "$HR/run/rec" 2>/dev/null | wc -l; }

# ------------------------------------------------------------ 0. nothing desired
note "0. empty desired profile"
check "snap-confine --version" in_host /usr/lib/snapd/snap-confine --version
desired </dev/null
if sc 'cat /proc/self/mountinfo >/run/mi'; then pass "a namespace with nothing desired"; else
    fail "a namespace with nothing desired"; sed 's/^/    /' "$W/sc.out" "$W/sc.err" | tail -5; bail "not even that works: giving up"; fi
normal <"$HR/run/mi" >"$W/pristine.mountinfo"; cp "$HR/run/snapd/ns/snap.hello.fstab" "$W/pristine.fstab" 2>/dev/null
ROOTFS=$(awk '$1 == "/" && $(NF-1) == "tmpfs" {print "tmpfs / tmpfs x-snapd.origin=rootfs 0 0"}' "$W/pristine.mountinfo")
checkeq "current profile: just what snap-confine put there" "$ROOTFS" "$(cat "$HR/run/snapd/ns/snap.hello.fstab" 2>/dev/null)"
check "snap-discard-ns" in_host /usr/lib/snapd/snap-discard-ns hello

# ------------------------------------------------------------ 1. first start
note "1. first start: snap-confine builds the namespace and calls snap-update-ns --from-snap-confine"
desired <<'E'
/snap/hello/1/share /usr/share/greet none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/share,x-snapd.origin=layout 0 0
tmpfs /var/scratch tmpfs mode=1755,x-snapd.origin=layout 0 0
/var/snap/hello/1/opt /opt/data none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/common/auto /srv/auto none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/1/hello.conf /etc/hello.conf none bind,rw,x-snapd.kind=file,x-snapd.origin=layout 0 0
/snap/other/1/content /snap/hello/1/content none bind,ro 0 0
/snap/other/1/content /snap/hello/1/existing none bind,ro 0 0
E
host_before=$(in_host /bin/cat /proc/1/mountinfo | grep -v /run/snapd/ns | normal | sort)
if sc 'echo started; id -u; pwd'; then pass "snap-confine exits 0 and runs the program"; else
    fail "snap-confine exits 0 and runs the program"; sed 's/^/    /' "$W/sc.err" | tail -5; fi
checkeq "the program's output" "started 0 /" "$(tr '\n' ' ' <"$W/sc.out" | sed 's/ $//')"
checkeq "symlink layout" /snap/hello/1/share "$(inside 'readlink /usr/share/greet')"
checkeq "symlink layout: followed" greeting "$(inside 'cat /usr/share/greet/greeting')"
checkeq "symlink layout: siblings of the mimic kept" "base-rev-1 keep" "$(inside 'cat /usr/share/keep/base-file; readlink /usr/share/keep-link' | tr '\n' ' ' | sed 's/ $//')"
checkeq "tmpfs layout: mode and type" "1755 tmpfs" "$(inside 'stat -c %a /var/scratch; stat -f -c %T /var/scratch' | tr '\n' ' ' | sed 's/ $//')"
checkeq "bind layout over a missing directory (mimic)" "bound optfile" "$(inside 'cat /opt/data/inside /opt/base-opt-file' | tr '\n' ' ' | sed 's/ $//')"
checkeq "bind layout whose source is missing: made in the snap's data" "755 0:0" "$(inside 'stat -c "%a %u:%g" /var/snap/hello/common/auto')"
checkeq "bind-file layout in /etc, host's /etc kept" "conf hostfile" "$(inside 'cat /etc/hello.conf /etc/host-marker' | tr '\n' ' ' | sed 's/ $//')"
checkeq "content bind into the app snap (mimic over squashfs)" "shared shared app" "$(inside 'cat /snap/hello/1/content/shared-file /snap/hello/1/existing/shared-file /snap/hello/1/app-file' | tr '\n' ' ' | sed 's/ $//')"
checkeq "content bind is read-only" 1 "$(inside 'touch /snap/hello/1/content/x 2>/dev/null; echo $?')"
checkeq "bind layout is writable through" y "$(inside 'echo y >/opt/data/w; cat /var/snap/hello/1/opt/w')"
check "namespace preserved at /run/snapd/ns/hello.mnt (nsfs)" grep -q '/run/snapd/ns/hello.mnt.* nsfs ' "/proc/$INIT/mountinfo"
F=$HR/run/snapd/ns/snap.hello.fstab
[ -e "$F" ] && cp "$F" "$W/first.fstab"
[ -n "$ROOTFS" ] && checkgrep "current profile: rootfs entry kept" "^$ROOTFS\$" "$F"
checkgrep "current profile: mimic tmpfs is synthetic and needed-by" '^tmpfs /opt tmpfs .*x-snapd.synthetic,x-snapd.needed-by=/opt/data' "$F"
checkgrep "current profile: layout entries" ' /usr/share/greet none .*x-snapd.kind=symlink' "$F"
check "snap-confine's own info file" grep -q '^base-snap-name=core22' "$HR/run/snapd/ns/snap.hello.info"
checkeq "nothing leaked into the host's mount table" "" "$(diff <(echo "$host_before") <(in_host /bin/cat /proc/1/mountinfo | grep -v /run/snapd/ns | normal | sort))"
checkeq "nothing left on the host's disk" "" "$(cd "$R" && find etc opt usr/share var/scratch -newer "$W/other_1.snap" 2>/dev/null | tr '\n' ' ')"

# ------------------------------------------------------------ 2. join
note "2. second start joins the preserved namespace"
ns1=$(mntns); calls=$(rec_count)
checkeq "same namespace" "mnt:[$ns1]" "$(inside 'readlink /proc/self/ns/mnt')"
[ "$RECORD" = 1 ] && checkeq "snap-update-ns is not called when joining" "$calls" "$(rec_count)"
long_start
[ "$CGROUP" = v1 ] && check "snap-confine put it in the freezer group" grep -qw "$LP" <(in_host /bin/cat /sys/fs/cgroup/freezer/snap.hello/cgroup.procs)
[ -n "$LP" ] && snapshot "$LP" first

# ------------------------------------------------------------ 3. update
note "3. update as snapd does it: snap-update-ns hello, from the host's namespace"
check "the program runs before" ticking
kept=$(in_host /bin/cat "/proc/$LP/mountinfo" | awk '$5 == "/opt/data" {print $1}')
desired <<'E'
/snap/hello/1 /srv/link none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1,x-snapd.origin=layout 0 0
/var/snap/hello/1/opt /opt/data none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/common/late /var/cache/late none rbind,rw,x-snapd.origin=layout 0 0
/var/snap/hello/1/etcdir /etc/made/deep none rbind,rw,x-snapd.origin=layout 0 0
/snap/other/1/content /snap/hello/1/existing none bind,ro 0 0
E
check "snap-update-ns hello exits 0" sun hello
check "the program was thawed afterwards" ticking
checkeq "seen by the running program: new symlink" /snap/hello/1 "$(peek 'readlink srv/link')"
check "removed: symlink, and its mimic" test -z "$(in_host /bin/cat "/proc/$LP/mountinfo" | awk '$5 ~ "^/usr/share"')" -a -z "$(peek 'ls usr/share/greet')"
checkeq "new bind over a missing directory" late "$(peek 'cat var/cache/late/inside')"
checkeq "siblings of the new mimic kept" apt "$(peek 'ls var/cache | grep apt')"
checkeq "new bind two levels deep in /etc" "etcdir hostfile" "$(peek 'cat etc/made/deep/inside etc/host-marker')"
check "removed: tmpfs" test -z "$(in_host /bin/cat "/proc/$LP/mountinfo" | awk '$5 == "/var/scratch"')"
check "removed: bind-file" test -z "$(in_host /bin/cat "/proc/$LP/mountinfo" | awk '$5 == "/etc/hello.conf"')"
check "removed: content bind" test -z "$(in_host /bin/cat "/proc/$LP/mountinfo" | awk '$5 == "/snap/hello/1/content"')"
checkeq "kept: content bind" shared "$(peek 'cat snap/hello/1/existing/shared-file')"
checkeq "kept: bind layout" bound "$(peek 'cat opt/data/inside')"
checkeq "kept: not even mounted anew (same mount id)" "$kept" "$(in_host /bin/cat "/proc/$LP/mountinfo" | awk '$5 == "/opt/data" {print $1}')"
snapshot "$LP" second
checkeq "a new start sees the same" "etcdir" "$(inside 'cat /etc/made/deep/inside')"
cp "$HR/var/lib/snapd/mount/snap.hello.fstab" "$W/wanted"
desired </dev/null
check "update to an empty profile exits 0" sun hello
snapshot "$LP" empty
known "everything undone" "$KNOWN_FLAGS" diff "$W/pristine.mountinfo" "$W/empty.mountinfo"
checkeq "current profile: just what snap-confine put there" "$ROOTFS" "$(cat "$F")"
desired <"$W/wanted"
check "the same profile again: exits 0" sun hello
snapshot "$LP" again
check "update with nothing to do exits 0" sun hello
snapshot "$LP" noop
known "and changes nothing" "$KNOWN_FLAGS" diff "$W/again.mountinfo" "$W/noop.mountinfo"
# The desired profile as a FIFO holds the tool still while it reads: the lock must be taken by then.
P=$HR/var/lib/snapd/mount/snap.hello.fstab
rm -f "$P"; mkfifo "$P"
sun hello & SUNJOB=$!
for i in $(seq 40); do lock_free || break; sleep 0.05; done
checknot "while it reads the profile: the per-snap lock is held" lock_free
timeout 5 cp "$W/wanted" "$P" 2>/dev/null || timeout 5 bash -c "cat '$W/wanted' >'$P'"
wait $SUNJOB; checkeq "the update ends well" 0 $?
checknot "after it: not frozen" frozen
check "after it: the lock is free" lock_free
if command -v strace >/dev/null; then
    rm -f "$P"; grep -v /var/cache/late "$W/wanted" >"$P"
    frozen_meanwhile
    rm -f "$P"; cp "$W/wanted" "$P"
    check "the same profile as before: exits 0" sun hello
    snapshot "$LP" again2
    known "and is as before" "$KNOWN_FLAGS" diff <(sort "$W/again.mountinfo") <(sort "$W/again2.mountinfo")
else
    skip "freezing while mounts change: needs strace"
fi
rm -f "$P"; printf 'too few\n' >"$P"; cp "$F" "$W/before.fstab"
checknot "malformed desired profile: refused" sun hello
check "and the program runs" ticking
checkeq "and the current profile is as before" "" "$(diff "$W/before.fstab" "$F")"
rm -f "$P"
known "no desired profile at all: exits 0" "$KNOWN_ORDER" sun hello
snapshot "$LP" empty2
known "everything undone" "${KNOWN_ORDER:-$KNOWN_FLAGS}" diff "$W/pristine.mountinfo" "$W/empty2.mountinfo"

# ------------------------------------------------------------ 4. per-user
if [ "${USER_MOUNTS:-1}" != 0 ]; then
note "4. per-user mounts: snap-confine run by uid 1000 calls snap-update-ns --from-snap-confine --user-mounts"
UF=$HR/var/lib/snapd/mount/snap.hello.user-fstab
printf '%s\n' '$XDG_RUNTIME_DIR/doc/by-app/snap.hello $XDG_RUNTIME_DIR/doc none rw,bind,x-snapd.ignore-missing 0 0' >"$UF"
if sc_as 1000 'id -u; ls /run/user/1000/doc; cat /run/user/1000/doc/from-portal'; then pass "snap-confine as uid 1000 exits 0"; else fail "snap-confine as uid 1000 exits 0"; sed 's/^/    /' "$W/sc.err" | tail -5; fi
checkeq "sees only its part of the document portal" "1000 from-portal portal" "$(tr '\n' ' ' <"$W/sc.out" | sed 's/ $//')"
checkeq "root's view is not changed" "by-app whole-tree" "$(inside 'ls /run/user/1000/doc' | tr '\n' ' ' | sed 's/ $//')"
checkeq "no per-user current profile written" "" "$(ls "$HR/run/snapd/ns" | grep user-fstab)"
checkeq "the program has no capabilities" "CapEff: 0000000000000000" "$(sc_as 1000 'grep CapEff /proc/self/status'; tr '\t' ' ' <"$W/sc.out")"
checkeq "XDG_RUNTIME_DIR of the environment is not believed: the uid decides" "from-portal" "$(XRD=/nowhere sc_as 1000 'ls /run/user/1000/doc'; cat "$W/sc.out")"
mv "$HR/run/user/1000/doc" "$HR/run/user/1000/gone"
check "x-snapd.ignore-missing: starts without the portal" sc_as 1000 'true'
mv "$HR/run/user/1000/gone" "$HR/run/user/1000/doc"
printf '%s\n' 'none $HOME/.local/share none x-snapd.kind=ensure-dir,x-snapd.must-exist-dir=$HOME 0 0' >"$UF"
SUPPORTS_ENSURE=1; grep -qa ensure-dir "$DEB_ROOT/usr/lib/snapd/snap-update-ns" || SUPPORTS_ENSURE=0
if [ $SUPPORTS_ENSURE = 1 ]; then
    check "ensure-dir: starts" sc_as 1000 'true'
    checkeq "ensure-dir: made for the user" "1000:1000 700" "$(stat -c '%u:%g %a' "$HR/home/user/.local/share" 2>&1)"
else skip "ensure-dir: this snapd is older than that"; fi
rm -f "$UF"; n=$(rec_count)
check "no user-fstab: starts" sc_as 1000 'true'
[ "$RECORD" = 1 ] && checkeq "no user-fstab: snap-update-ns is not called" "$n" "$(rec_count)"
else skip "4. per-user mounts"; fi

# ------------------------------------------------------------ 5. odd calls
note "5. calls that are refused or do nothing"
check "no namespace: exits 0" sun nosuch
checknot "--from-snap-confine without the lock: refused" sun --from-snap-confine hello
checknot "-u without a number: refused" sun -u
checknot "-u with something else: refused" sun -u 10x hello
checknot "-u negative: refused" sun -u -1 hello
sun --user-mounts hello; note "   (as root, --user-mounts hello: exit $?; -u 1000 hello: exit $(sun -u 1000 hello; echo $?))"
checknot "unknown option: refused" sun --wrong hello
checknot "no snap name: refused" sun
checknot "bad snap name: refused" sun '../hello'
checknot "two snap names: refused" sun hello hello

# ------------------------------------------------------------ 6. base refresh
note "6. base snap refreshed: snap-confine discards the namespace and calls snap-update-ns for a new one"
long_stop
desired <<'E'
/snap/hello/1/share /usr/share/greet none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/share,x-snapd.origin=layout 0 0
E
ln -sfn 2 "$HR/snap/core22/current"
checkeq "the new base and the layout are seen" "base-rev-2 greeting" "$(inside 'cat /usr/share/keep/base-file /usr/share/greet/greeting' | tr '\n' ' ' | sed 's/ $//')"

# ------------------------------------------------------------ 7. discard
note "7. snap-discard-ns"
check "snap-discard-ns hello exits 0" in_host /usr/lib/snapd/snap-discard-ns hello
checknot "the namespace is gone" grep -q /run/snapd/ns/hello.mnt "/proc/$INIT/mountinfo"
checknot "the current profile is gone" test -e "$F"
check "update after that exits 0 and does nothing" sun hello
checknot "and leaves no profile" test -s "$F"

# ------------------------------------------------------------ 8. failure
note "8. a layout that cannot be made: snap-confine must not start the program"
desired <<'E'
/snap/hello/1/share /var/snap/hello/1/opt none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/share,x-snapd.origin=layout 0 0
E
checknot "snap-confine fails" sc 'echo started'
checknogrep "the program was not started" started "$W/sc.out"
checkgrep "snap-confine reports exit code 1 of snap-update-ns" 'snap-update-ns failed with code 1' "$W/sc.err"
checknot "no namespace preserved" grep -q /run/snapd/ns/hello.mnt "/proc/$INIT/mountinfo"
desired <<'E'
/snap/absent/1/content /snap/hello/1/content none bind,ro 0 0
E
check "a missing content source is not fatal: the program starts" sc 'echo started'
check "discard again" in_host /usr/lib/snapd/snap-discard-ns hello
printf 'too few\n' | desired
checknot "a malformed desired profile: snap-confine fails" sc 'echo started'
rm -f "$HR/var/lib/snapd/mount/snap.hello.fstab"
check "no desired profile: the program starts" sc 'echo started'

check "discard again" in_host /usr/lib/snapd/snap-discard-ns hello
if [ -n "$ROOTFS" ]; then
    printf '%s\n' '/var/snap/hello/1/opt /toplevel none rbind,rw,x-snapd.origin=layout 0 0' '/snap/hello/1/share /toplink none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/share,x-snapd.origin=layout 0 0' | desired
    checkeq "layouts right under / (no mimic: the root is a tmpfs of snap-confine's)" "bound greeting" "$(inside 'cat /toplevel/inside /toplink/greeting' | tr '\n' ' ' | sed 's/ $//')"
    checknogrep "no mimic over /" 'x-snapd.synthetic' "$F"
    check "discard again" in_host /usr/lib/snapd/snap-discard-ns hello
    rm -f "$HR/var/lib/snapd/mount/snap.hello.fstab"
fi

# ------------------------------------------------------------ 9. instance
note "9. parallel instance hello_foo: instance names and origin=overname"
cat >"$HR/var/lib/snapd/mount/snap.hello_foo.fstab" <<'E'
/snap/hello_foo /snap/hello none rbind,x-snapd.origin=overname 0 0
/var/snap/hello_foo /var/snap/hello none rbind,x-snapd.origin=overname 0 0
/snap/hello/1/share /usr/share/greet none x-snapd.kind=symlink,x-snapd.symlink=/snap/hello/1/share,x-snapd.origin=layout 0 0
E
SENV="SNAP_INSTANCE_NAME=hello_foo SNAP_INSTANCE_KEY=foo SNAP_NAME=hello SNAP_REVISION=1 SNAP=/snap/hello/1 SNAP_DATA=/var/snap/hello/1 SNAP_COMMON=/var/snap/hello/common"
TAG=snap.hello_foo.sh
if sc 'cat /var/snap/hello/1/of-foo /usr/share/greet/greeting; grep -c " /snap/hello " /proc/self/mountinfo'; then pass "snap-confine exits 0"; else fail "snap-confine exits 0"; sed 's/^/    /' "$W/sc.err" | tail -5; fi
checkeq "the instance's data under the snap's name" "of-foo greeting 1" "$(tr '\n' ' ' <"$W/sc.out" | sed 's/ $//')"
check "namespace preserved under the instance's name" grep -q '/run/snapd/ns/hello_foo.mnt.* nsfs ' "/proc/$INIT/mountinfo"
cp "$HR/run/snapd/ns/snap.hello_foo.fstab" "$W/instance.fstab" 2>/dev/null
checkgrep "its own current profile" '^/snap/hello_foo /snap/hello none rbind,x-snapd.origin=overname 0 0$' "$HR/run/snapd/ns/snap.hello_foo.fstab"
check "update: snap-update-ns hello_foo exits 0" sun hello_foo
check "discard hello_foo" in_host /usr/lib/snapd/snap-discard-ns hello_foo

# ------------------------------------------------------------ 10. container
if [ "$CONTAINER" = 1 ]; then
note "10. whose groups are whose in a container"
SENV=$HELLO_SENV TAG=snap.hello.sh
P=$HR/var/lib/snapd/mount/snap.hello.fstab
AUTO='/var/snap/hello/common/late /srv/late none rbind,rw,x-snapd.origin=layout 0 0'
# stuck_start GROUP: nothing but its death gets it out of a system call, so that it cannot be frozen; pid in $STUCK
stuck_start() {
    # It asks a FUSE file system whose server, which it is itself, never answers.
    unshare --mount --propagation private bash -c 'exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 stuck "$1" &&
        echo $$ >"$2/cgroup.procs" && exec stat "$1"' - "$W/cg" "$HR$1" >>"$LOG" 2>&1 </dev/null &
    STUCK=$!
    local i waits=0
    for i in $(seq 200); do
        if grep -q '^State:.D' "/proc/$STUCK/status" && [ "$(cat "/proc/$STUCK/comm")" = stat ]; then waits=$((waits+1)); else waits=0; fi
        [ $waits = 5 ] && return
        sleep 0.01
    done
    fail "a process that cannot be frozen"
}
stuck_stop() { # GROUP
    local i
    kill -KILL "$STUCK"; wait "$STUCK" 2>/dev/null
    for i in $(seq 40); do rmdir "$HR$1" 2>/dev/null && return; sleep 0.05; done
    fail "the group of a process that could not be frozen is removed"
}
outer=$(readlink /proc/self/ns/user)
checkeq "ids are mapped onto themselves, but not all" "0 0 65536" "$(in_host /bin/cat /proc/self/uid_map | awk '{print $1, $2, $3}')"
checknot "the user namespace is another" test "$outer" = "$(in_host /bin/readlink /proc/self/ns/user)"
checkeq "the delegated group is the root of what is seen, and root's" "0::/ 0" "$(in_host /bin/sh -c 'grep ^0:: /proc/self/cgroup; stat -c %u /sys/fs/cgroup' | tr '\n' ' ' | sed 's/ $//')"
checkeq "the one above it is nobody's" 65534 "$(in_host /bin/stat -c %u "/whole/$CGNAME")"

desired </dev/null
long_start
DAEMON=/sys/fs/cgroup/system.slice/snap.hello.daemon.service
mkdir -p "$HR$DAEMON"; stuck_start $DAEMON
echo "$AUTO" >"$P"
check "the program runs" ticking
checkeq "it does not see what is not desired" "" "$(peek 'cat srv/late/inside')"
known "a service of root's that cannot be frozen: the update is refused" "$KNOWN_WAIT" not sun hello
known "and says which" "$KNOWN_WAIT" grep -q "the control group snap.hello.daemon.service does not freeze" "$W/sun.out"
check "and the program runs" ticking
known "and sees what it saw" "$KNOWN_WAIT" test -z "$(peek 'cat srv/late/inside')"
checkeq "and nothing of that service is frozen" "0 frozen 0" "$(cat "$HR$DAEMON/cgroup.freeze") $(grep ^frozen "$HR$DAEMON/cgroup.events")"
stuck_stop $DAEMON
check "without it: the update ends well" sun hello
checkeq "and is seen by the running program" late "$(peek 'cat srv/late/inside')"
desired </dev/null
USERS="/sys/fs/cgroup/user.slice/user@1000.service/app.slice/snap.hello.app.scope"
mkdir -p "$HR$USERS"; chown 1000:1000 "$HR${USERS%/*/*}"; stuck_start "$USERS"
check "one of a user's in the container: the update ends well" sun hello
known "with a notice that says which" "$KNOWN_WAIT" grep -q "user@1000.service/app.slice/snap.hello.app.scope" "$W/sun.out"
check "and the program runs" ticking
checkeq "and sees the update" "" "$(peek 'cat srv/late/inside')"
stuck_stop "$USERS"
long_stop
check "discard hello" in_host /usr/lib/snapd/snap-discard-ns hello

note "10b. a container without a cgroup namespace, which sees the groups above its own"
CGROUP_NAMESPACE=; export CGROUP_NAMESPACE
check "the whole tree is mounted" in_host /bin/mount --bind /whole /sys/fs/cgroup
TOP=/sys/fs/cgroup/$CGNAME/payload
checkeq "its group is below one of nobody's" "0::/$CGNAME/payload 65534 0" "$(in_host /bin/sh -c "grep ^0:: /proc/self/cgroup; stat -c %u ${TOP%/*} $TOP" | tr '\n' ' ' | sed 's/ $//')"
long_start
echo "$AUTO" >"$P"
check "the program runs" ticking
checkeq "it does not see what is not desired" "" "$(peek 'cat srv/late/inside')"
if command -v strace >/dev/null; then frozen_meanwhile
else skip "freezing in such a container: needs strace"; check "snap-update-ns hello exits 0" sun hello; fi
checkeq "the update is seen by the running program" late "$(peek 'cat srv/late/inside')"
# Nobody's groups are like a user's, and so is what is in them, whose ever it is: whoever made them decides.
DAEMON=$TOP/system.slice/snap.hello.daemon.service
mkdir -p "$HR$DAEMON"; stuck_start "$DAEMON"
desired </dev/null
check "a service that cannot be frozen: the update ends well" sun hello
known "with a notice that says which" "$KNOWN_WAIT" grep -q "$CGNAME/payload/system.slice/snap.hello.daemon.service" "$W/sun.out"
check "and the program runs" ticking
checkeq "and sees the update" "" "$(peek 'cat srv/late/inside')"
stuck_stop "$DAEMON"
long_stop
check "discard hello" in_host /usr/lib/snapd/snap-discard-ns hello
fi

[ -n "${HOOK:-}" ] && . "$HOOK"

# ------------------------------------------------------------ end
[ "$RECORD" = 1 ] && cp -a "$HR/run/rec/." "$W/rec/"
stop
cg_remove
checkeq "the machine's mount table is as before" "$mounts_before" "$(sort /proc/self/mountinfo | sha256sum)"
left=1; for i in $(seq 40); do left=$(cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep -c "^$W/"); [ "$left" = 0 ] && break; sleep 0.05; done
checkeq "loop devices freed" 0 "$left"
t3=$(date +%s)
note "took $((t3-t0)) s (download $((t1-t0)), setup $((t2-t1)), checks $((t3-t2)))"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
