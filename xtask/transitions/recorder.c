/* Stands in front of snap-update-ns: says on the second serial line as whom, where and under which
 * profile it was started, and becomes the program. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static char text[4096];

/* The first bytes of a file, without the newline at the end. */
static const char *first(const char *path) {
    static char bytes[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = read(file, bytes, sizeof bytes - 1);
    close(file);
    bytes[length < 0 ? 0 : length] = 0;
    bytes[strcspn(bytes, "\n")] = 0;
    return bytes;
}

/* A line of /proc/self/status. */
static const char *status(const char *name) {
    static char line[256];
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name))) break;
    if (file) fclose(file);
    line[strcspn(line, "\n")] = 0;
    return line + strlen(name);
}

int main(int count, char **arguments) {
    int used = snprintf(text, sizeof text, "program:");
#define SAY(...) used += snprintf(text + used, sizeof text - used, __VA_ARGS__)
    for (int at = 1; at < count; at++) SAY(" %s", arguments[at]);
    uid_t real, effective, saved;
    getresuid(&real, &effective, &saved);
    SAY("; uid %d %d %d", real, effective, saved);
    char all[64];
    snprintf(all, sizeof all, "%s", status("CapBnd:\t"));
    const char *capabilities = status("CapEff:\t");
    SAY("; capabilities %s", strcmp(all, capabilities) ? capabilities : "all");
    SAY("; secure %ld", (long)getauxval(AT_SECURE));
    SAY("; profile %s", first("/proc/self/attr/current"));
    char name[64] = "";
    (void)!readlink("/proc/self/ns/mnt", name, sizeof name - 1);
    SAY("; namespace %s; lock", name);
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    int holder, held = 0;
    while (locks && fgets(line, sizeof line, locks))
        if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d", &holder) == 1) {
            char path[64];
            snprintf(path, sizeof path, "/proc/%d/comm", holder);
            SAY(" of %s", first(path));
            held = 1;
        }
    if (locks) fclose(locks);
    SAY("%s\n", held ? "" : " free");
    int serial = open("/dev/ttyS1", O_WRONLY | O_CLOEXEC);
    (void)!write(serial, text, used);
    close(serial);
    execv("/usr/lib/snapd/snap-update-ns.real", arguments);
    return 120;
}
