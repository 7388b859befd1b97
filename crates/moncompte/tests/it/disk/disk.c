/* A disk that can be full, and at whose every operation the program can die: laid under the program by LD_PRELOAD, so that the program itself
   needs no hooks. Only what writes to files whose path holds DISK_UNDER is counted. The first 24 bytes of the file DISK_CONTROL, which the test
   writes: what to do (0 nothing, 1 die before an operation, 2 no room left), at which operation, and how many there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct control { int64_t what, at, count; };
static struct control *control;
static const char *under;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_CONTROL");
    under = getenv("DISK_UNDER");
    int fd = path && under ? open(path, O_RDWR) : -1;
    if (fd < 0) return;
    void *map = mmap(0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) control = map;
}

static int ours(int fd) {
    char link[64], path[4096];
    if (!control) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strstr(path, under) != 0;
}

/* Whether it fails for want of room. */
static int full(int needs_room) {
    int64_t n = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    if (control->what == 1 && n == control->at) {
        kill(getpid(), SIGKILL);
        pause();
    }
    if (control->what == 2 && needs_room) {
        errno = ENOSPC;
        return 1;
    }
    return 0;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    return ours(fd) && full(1) ? -1 : real(fd, bytes, count);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    REAL(pwrite);
    return ours(fd) && full(1) ? -1 : real(fd, bytes, count, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REAL(pwrite64);
    return ours(fd) && full(1) ? -1 : real(fd, bytes, count, at);
}
ssize_t pwritev(int fd, const struct iovec *bytes, int count, off_t at) {
    REAL(pwritev);
    return ours(fd) && full(1) ? -1 : real(fd, bytes, count, at);
}
int fsync(int fd) {
    REAL(fsync);
    return ours(fd) && full(0) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(fdatasync);
    return ours(fd) && full(0) ? -1 : real(fd);
}
int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return ours(fd) && full(0) ? -1 : real(fd, length);
}
int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    return ours(fd) && full(0) ? -1 : real(fd, length);
}
int posix_fallocate(int fd, off_t from, off_t length) {
    REAL(posix_fallocate);
    return ours(fd) && full(1) ? ENOSPC : real(fd, from, length);
}
