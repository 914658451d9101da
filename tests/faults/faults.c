/* Makes system calls of a process fail as odd file systems do. Preloaded; FAULTS names the faults,
   separated by commas, each NAME=VALUE:
     flock=ERRNO      no file can be locked         flock=wait   a request for a lock is not answered
     syncdir=ERRNO    no directory can be synced
     stale=COUNT      of COUNT opens of paths with FAULTY in them, one finds a stale handle
     rename=lost      the answer to the first renaming of a path with FAULTY in it is lost */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *value_of(const char *name) {
    const char *all = getenv("FAULTS");
    size_t length = strlen(name);
    while (all && *all) {
        if (strncmp(all, name, length) == 0 && all[length] == '=') return all + length + 1;
        all = strchr(all, ',');
        if (all) all++;
    }
    return NULL;
}

static int is_faulty(const char *path) {
    const char *part = getenv("FAULTY");
    return part && path && strstr(path, part) != NULL;
}

int flock(int handle, int operation) {
    static int (*plain)(int, int);
    const char *fault = value_of("flock");
    if (!plain) plain = dlsym(RTLD_NEXT, "flock");
    if (!fault) return plain(handle, operation);
    while (strncmp(fault, "wait", 4) == 0) pause();
    errno = atoi(fault);
    return -1;
}

int fsync(int handle) {
    static int (*plain)(int);
    const char *fault = value_of("syncdir");
    struct stat found;
    if (!plain) plain = dlsym(RTLD_NEXT, "fsync");
    if (fault && fstat(handle, &found) == 0 && S_ISDIR(found.st_mode)) {
        errno = atoi(fault);
        return -1;
    }
    return plain(handle);
}

static int is_stale(const char *path) {
    static unsigned calls;
    const char *fault = value_of("stale");
    if (!fault || !is_faulty(path) || calls++ % (unsigned)atoi(fault) != 0) return 0;
    errno = ESTALE;
    return 1;
}

#define OPEN(name)                                                         \
    int name(const char *path, int flags, ...) {                           \
        static int (*plain)(const char *, int, ...);                       \
        int mode = 0;                                                      \
        if (flags & (O_CREAT | O_TMPFILE)) {                               \
            va_list rest;                                                  \
            va_start(rest, flags);                                         \
            mode = va_arg(rest, int);                                      \
            va_end(rest);                                                  \
        }                                                                  \
        if (!plain) plain = dlsym(RTLD_NEXT, #name);                       \
        return is_stale(path) ? -1 : plain(path, flags, mode);             \
    }
OPEN(open)
OPEN(open64)

int rename(const char *from, const char *to) {
    static int (*plain)(const char *, const char *);
    static int told;
    int answer;
    if (!plain) plain = dlsym(RTLD_NEXT, "rename");
    answer = plain(from, to);
    if (answer == 0 && !told && value_of("rename") && is_faulty(to)) {
        told = 1;
        errno = ENOENT;
        return -1;
    }
    return answer;
}
