// Stands between Node and the C library (LD_PRELOAD), numbers the file calls below one folder, and lets one of them, or all
// from one on, fail. The program under test steers it by opening names below /@fault/, which exist for nobody else.
//
//   /@fault/watch/abs/path              number calls below /abs/path
//   /@fault/arm/A,FROM,TO,ERRNO,MASK,TEXT   action A at calls FROM..TO of the kinds in MASK whose path contains TEXT
//   /@fault/log/abs/path                write a line for each numbered call
//   /@fault/off                         do nothing any more, keep the numbers
//   /@fault/status                      a file: calls counted, actions taken
//
// Actions: K kill before the call, A kill after it, T kill in the middle of a write; E fail without doing it, L do it and
// report failure (a lost reply), Z report success without doing it, H do half of a write and say so.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE, WRITE, SYNC, CLOSE, LINK, RENAME, UNLINK, MKDIR, TIMES, MODE, TRUNCATE, COPY, OPEN, READ, STAT, LIST, CLOSE_READ };
static const char *const NAMES[] = { "create", "write", "sync", "close", "link", "rename", "unlink", "mkdir", "times",
  "mode", "truncate", "copy", "open", "read", "stat", "list", "close-read" };

#define FDS 65536
static unsigned char fds[FDS]; // 0 elsewhere, 1 watched, 2 watched and writable
static char watched[PATH_MAX];
static size_t watched_length;
static atomic_long counted, fired;
static struct { char action; long from, to; int error; unsigned mask; char text[256]; } plan;
static atomic_int armed;
static int log_fd = -1;

#define REAL(name) static __typeof__(name) *real_##name; if (!real_##name) real_##name = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static long raw(long n, long a, long b, long c, long d, long e, long f) {
  static long (*real)(long, ...);
  if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  return real(n, a, b, c, d, e, f);
}

static int is_below(const char *path) {
  return watched_length > 0 && path && strncmp(path, watched, watched_length) == 0 && (path[watched_length] == 0 || path[watched_length] == '/');
}

static int is_watched(int fd) { return fd >= 0 && fd < FDS && fds[fd] != 0; }

static void path_of(int fd, char *out) {
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = raw(SYS_readlink, (long)name, (long)out, PATH_MAX - 1, 0, 0, 0);
  out[length < 0 ? 0 : length] = 0;
}

static void die(void) {
  raw(SYS_kill, raw(SYS_getpid, 0, 0, 0, 0, 0, 0), SIGKILL, 0, 0, 0, 0);
  for (;;) raw(SYS_pause, 0, 0, 0, 0, 0, 0);
}

// What is to be done about this call: 0 nothing.
static char judge(int kind, int fd, const char *path, const char *other) {
  if (!atomic_load(&armed)) return 0;
  int saved = errno;
  char buffer[PATH_MAX] = "";
  if (!path) { path_of(fd, buffer); path = buffer; }
  if (!(plan.mask & (1u << kind)) || (plan.text[0] && !strstr(path, plan.text) && !(other && strstr(other, plan.text)))) { errno = saved; return 0; }
  long index = atomic_fetch_add(&counted, 1) + 1;
  if (log_fd >= 0) {
    char line[2 * PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld\t%s\t%s\t%s\n", index, NAMES[kind], path, other ? other : "");
    raw(SYS_write, log_fd, (long)line, length, 0, 0, 0);
  }
  errno = saved;
  if (index < plan.from || index > plan.to) return 0;
  atomic_fetch_add(&fired, 1);
  if (plan.action == 'K') die();
  return plan.action;
}

// The call with its fault; `half` is what a torn write does.
#define FAULTY(type, kind, fd, path, other, call, half) \
  char action = judge(kind, fd, path, other); \
  if (action == 'E') { errno = plan.error; return (type)-1; } \
  if (action == 'Z') return (type)0; \
  if (action == 'T') { if (kind == WRITE) (void)(half); die(); } \
  if (action == 'H' && kind == WRITE) return half; \
  type result = call; \
  if (action == 'A') die(); \
  if (action == 'L') { errno = plan.error; return (type)-1; } \
  return result

static int control(const char *command) {
  if (strncmp(command, "watch/", 6) == 0) {
    snprintf(watched, sizeof watched, "%s", command + 5);
    watched_length = strlen(watched);
    memset(fds, 0, sizeof fds);
  } else if (strncmp(command, "arm/", 4) == 0) {
    memset(&plan, 0, sizeof plan);
    sscanf(command + 4, "%c,%ld,%ld,%d,%u,%255s", &plan.action, &plan.from, &plan.to, &plan.error, &plan.mask, plan.text);
    atomic_store(&counted, 0);
    atomic_store(&fired, 0);
    atomic_store(&armed, 1);
  } else if (strncmp(command, "log/", 4) == 0) {
    log_fd = raw(SYS_openat, AT_FDCWD, (long)(command + 3), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600, 0, 0);
  } else if (strcmp(command, "off") == 0) {
    atomic_store(&armed, 0);
  } else if (strcmp(command, "status") == 0) {
    char text[64];
    int length = snprintf(text, sizeof text, "%ld %ld\n", atomic_load(&counted), atomic_load(&fired));
    int fd = raw(SYS_memfd_create, (long)"status", 0, 0, 0, 0, 0);
    raw(SYS_write, fd, (long)text, length, 0, 0, 0);
    raw(SYS_lseek, fd, 0, SEEK_SET, 0, 0, 0);
    return fd;
  }
  errno = ENOENT;
  return -1;
}

static int noted(int fd, int flags) {
  if (fd >= 0 && fd < FDS) fds[fd] = (flags & O_ACCMODE) == O_RDONLY ? 1 : 2;
  return fd;
}

static int open_kind(int flags) { return (flags & O_CREAT) || (flags & O_ACCMODE) != O_RDONLY ? CREATE : OPEN; }

static int open_any(const char *path, int flags, int mode) {
  if (path && strncmp(path, "/@fault/", 8) == 0) return control(path + 8);
  if (!is_below(path)) {
    int fd = raw(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0);
    if (fd >= 0 && fd < FDS) fds[fd] = 0;
    return fd;
  }
  FAULTY(int, open_kind(flags), -1, path, NULL, noted(raw(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0), flags), -1);
}

#define OPEN_MODE int mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, int); va_end(list); }
int open(const char *path, int flags, ...) { OPEN_MODE return open_any(path, flags, mode); }
int open64(const char *path, int flags, ...) { OPEN_MODE return open_any(path, flags | O_LARGEFILE, mode); }
int openat(int at, const char *path, int flags, ...) {
  OPEN_MODE
  if (path && path[0] == '/') return open_any(path, flags, mode);
  return raw(SYS_openat, at, (long)path, flags, mode, 0, 0);
}

int close(int fd) {
  if (!is_watched(fd)) return raw(SYS_close, fd, 0, 0, 0, 0, 0);
  int kind = fds[fd] == 2 ? CLOSE : CLOSE_READ;
  char path[PATH_MAX];
  path_of(fd, path);
  char action = judge(kind, fd, path, NULL);
  fds[fd] = 0;
  // Linux closes a descriptor also when it reports an error.
  int result = raw(SYS_close, fd, 0, 0, 0, 0, 0);
  if (action == 'A' || action == 'T') die();
  if (action == 'E' || action == 'L') { errno = plan.error; return -1; }
  return result;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (!is_watched(fd)) return raw(SYS_write, fd, (long)bytes, count, 0, 0, 0);
  FAULTY(ssize_t, WRITE, fd, NULL, NULL, raw(SYS_write, fd, (long)bytes, count, 0, 0, 0), raw(SYS_write, fd, (long)bytes, (count + 1) / 2, 0, 0, 0));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  if (!is_watched(fd)) return raw(SYS_pwrite64, fd, (long)bytes, count, offset, 0, 0);
  FAULTY(ssize_t, WRITE, fd, NULL, NULL, raw(SYS_pwrite64, fd, (long)bytes, count, offset, 0, 0), raw(SYS_pwrite64, fd, (long)bytes, (count + 1) / 2, offset, 0, 0));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!is_watched(fd)) return raw(SYS_writev, fd, (long)parts, count, 0, 0, 0);
  FAULTY(ssize_t, WRITE, fd, NULL, NULL, raw(SYS_writev, fd, (long)parts, count, 0, 0, 0), raw(SYS_write, fd, (long)parts[0].iov_base, (parts[0].iov_len + 1) / 2, 0, 0, 0));
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  REAL(pwritev64);
  if (!is_watched(fd)) return real_pwritev64(fd, parts, count, offset);
  FAULTY(ssize_t, WRITE, fd, NULL, NULL, real_pwritev64(fd, parts, count, offset), real_pwritev64(fd, parts, count, offset));
}

ssize_t read(int fd, void *bytes, size_t count) {
  if (!is_watched(fd)) return raw(SYS_read, fd, (long)bytes, count, 0, 0, 0);
  FAULTY(ssize_t, READ, fd, NULL, NULL, raw(SYS_read, fd, (long)bytes, count, 0, 0, 0), -1);
}

ssize_t pread64(int fd, void *bytes, size_t count, off64_t offset) {
  if (!is_watched(fd)) return raw(SYS_pread64, fd, (long)bytes, count, offset, 0, 0);
  FAULTY(ssize_t, READ, fd, NULL, NULL, raw(SYS_pread64, fd, (long)bytes, count, offset, 0, 0), -1);
}

ssize_t readv(int fd, const struct iovec *parts, int count) {
  if (!is_watched(fd)) return raw(SYS_readv, fd, (long)parts, count, 0, 0, 0);
  FAULTY(ssize_t, READ, fd, NULL, NULL, raw(SYS_readv, fd, (long)parts, count, 0, 0, 0), -1);
}

ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t offset) {
  REAL(preadv64);
  if (!is_watched(fd)) return real_preadv64(fd, parts, count, offset);
  FAULTY(ssize_t, READ, fd, NULL, NULL, real_preadv64(fd, parts, count, offset), -1);
}

#define ON_DESCRIPTOR(name, kind, parameters, arguments) \
  int name parameters { REAL(name); if (!is_watched(fd)) return real_##name arguments; FAULTY(int, kind, fd, NULL, NULL, real_##name arguments, -1); }
ON_DESCRIPTOR(fsync, SYNC, (int fd), (fd))
ON_DESCRIPTOR(fdatasync, SYNC, (int fd), (fd))
ON_DESCRIPTOR(fchmod, MODE, (int fd, mode_t mode), (fd, mode))
ON_DESCRIPTOR(ftruncate, TRUNCATE, (int fd, off_t length), (fd, length))
ON_DESCRIPTOR(ftruncate64, TRUNCATE, (int fd, off64_t length), (fd, length))
ON_DESCRIPTOR(futimens, TIMES, (int fd, const struct timespec times[2]), (fd, times))

#define ON_PATH(name, kind, parameters, arguments) \
  int name parameters { REAL(name); if (!is_below(path)) return real_##name arguments; FAULTY(int, kind, -1, path, NULL, real_##name arguments, -1); }
ON_PATH(unlink, UNLINK, (const char *path), (path))
ON_PATH(rmdir, UNLINK, (const char *path), (path))
ON_PATH(mkdir, MKDIR, (const char *path, mode_t mode), (path, mode))
ON_PATH(chmod, MODE, (const char *path, mode_t mode), (path, mode))
ON_PATH(utimensat, TIMES, (int at, const char *path, const struct timespec times[2], int flags), (at, path, times, flags))
ON_PATH(unlinkat, UNLINK, (int at, const char *path, int flags), (at, path, flags))
ON_PATH(truncate64, TRUNCATE, (const char *path, off64_t length), (path, length))

#define ON_TWO_PATHS(name, kind) \
  int name(const char *from, const char *to) { REAL(name); if (!is_below(from) && !is_below(to)) return real_##name(from, to); \
    FAULTY(int, kind, -1, to, from, real_##name(from, to), -1); }
ON_TWO_PATHS(link, LINK)
ON_TWO_PATHS(rename, RENAME)
ON_TWO_PATHS(symlink, LINK)

char *mkdtemp(char *template) {
  REAL(mkdtemp);
  if (!is_below(template)) return real_mkdtemp(template);
  char action = judge(MKDIR, -1, template, NULL);
  if (action == 'E') { errno = plan.error; return NULL; }
  char *result = real_mkdtemp(template);
  if (action == 'A' || action == 'T') die();
  if (action == 'L') { errno = plan.error; return NULL; }
  return result;
}

DIR *opendir(const char *path) {
  REAL(opendir);
  if (is_below(path) && judge(LIST, -1, path, NULL) == 'E') { errno = plan.error; return NULL; }
  return real_opendir(path);
}

int scandir64(const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *), int (*order)(const struct dirent64 **, const struct dirent64 **)) {
  REAL(scandir64);
  if (is_below(path) && judge(LIST, -1, path, NULL) == 'E') { errno = plan.error; return -1; }
  return real_scandir64(path, list, filter, order);
}

ssize_t sendfile64(int fd, int from, off64_t *offset, size_t count) {
  REAL(sendfile64);
  if (!is_watched(fd)) return real_sendfile64(fd, from, offset, count);
  FAULTY(ssize_t, COPY, fd, NULL, NULL, real_sendfile64(fd, from, offset, count), -1);
}

int ioctl(int fd, unsigned long request, ...) {
  va_list list;
  va_start(list, request);
  long argument = va_arg(list, long);
  va_end(list);
  if (!is_watched(fd)) return raw(SYS_ioctl, fd, request, argument, 0, 0, 0);
  FAULTY(int, COPY, fd, NULL, NULL, raw(SYS_ioctl, fd, request, argument, 0, 0, 0), -1);
}

long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
  va_end(list);
  if (number == SYS_close) return close((int)a);
  if (number == SYS_statx && (is_below((const char *)b) || (b && !*(const char *)b && is_watched((int)a)))) {
    const char *path = *(const char *)b ? (const char *)b : NULL;
    FAULTY(long, STAT, (int)a, path, NULL, raw(number, a, b, c, d, e, f), -1);
  }
  if (number == SYS_copy_file_range && is_watched((int)c)) {
    FAULTY(long, COPY, (int)c, NULL, NULL, raw(number, a, b, c, d, e, f), -1);
  }
  return raw(number, a, b, c, d, e, f);
}

int statx(int at, const char *restrict path, int flags, unsigned int mask, struct statx *restrict out) {
  return (int)syscall(SYS_statx, (long)at, (long)path, (long)flags, (long)mask, (long)out, 0L);
}
