/* fail_calls.c - a shared object for LD_PRELOAD: the n-th call of a kind fails, as it may on a full machine.
 *
 *   FAIL_CALLS=memory:17    the 17th of malloc, calloc, realloc, posix_memalign, mmap has no memory
 *   FAIL_CALLS=memory:17+   that one and all behind it
 *   FAIL_CALLS=late:5       the fifth of these behind the first write: in pt2pnnx, when libtorch is loaded
 *   FAIL_CALLS=files:3      the third of open, mkstemp, write, close, rename, link, ... has an input/output error
 *   FAIL_CALLS_LOG=FILE     the numbers of those calls that came by a way of their own, through which function from
 *                           which line, are appended to FILE at the end: the failure of others is nothing new
 *
 * What is counted is what the program calls, and what the C library allocates for it.  A write of a message is not. */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { NONE, MEMORY, FILES, LATE };
enum { WAYS = 4096, DEPTH = 64 };

static struct {
    enum kind kind;
    long wanted, count; /* wanted 0: none fails */
    bool onwards;
    bool logs;
    pid_t process; /* a child does not log */
    size_t way_count;
    struct {
        uint64_t hash;
        long first;
    } ways[WAYS];
} state;

/* Remembers the n-th call if no other one came from the same functions. */
static void note_way(long n)
{
    void *frames[DEPTH];
    uint64_t hash = 0;
    int depth = backtrace(frames, DEPTH);
    for (int i = 0; i < depth; i++)
        hash = (hash ^ (uintptr_t)frames[i]) * 0x100000001b3;
    for (size_t i = 0; i < state.way_count; i++)
        if (state.ways[i].hash == hash)
            return;
    if (state.way_count == WAYS)
        return;
    state.ways[state.way_count].hash = hash;
    state.ways[state.way_count++].first = n;
}

__attribute__((constructor)) static void start(void)
{
    static const char *const names[] = { [MEMORY] = "memory:", [FILES] = "files:", [LATE] = "late:" };
    const char *text = getenv("FAIL_CALLS");
    state.process = getpid();
    state.logs = getenv("FAIL_CALLS_LOG") != NULL;
    for (enum kind kind = MEMORY; text != NULL && kind <= LATE; kind++) {
        size_t length = strlen(names[kind]);
        if (strncmp(text, names[kind], length) != 0)
            continue;
        state.wanted = strtol(text + length, NULL, 10);
        state.onwards = strchr(text, '+') != NULL;
        state.kind = kind; /* last: from here on calls are counted */
    }
}

__attribute__((destructor)) static void end(void)
{
    const char *name = getenv("FAIL_CALLS_LOG");
    state.kind = NONE;
    FILE *log = name != NULL && state.process == getpid() ? fopen(name, "a") : NULL;
    if (log == NULL)
        return;
    for (size_t i = 0; i < state.way_count; i++)
        fprintf(log, "%ld\n", state.ways[i].first);
    fclose(log);
}

static bool fails(enum kind kind)
{
    if (state.kind != kind)
        return false;
    long n = ++state.count;
    if (state.logs) {
        state.kind = NONE; /* backtrace() may allocate */
        note_way(n);
        state.kind = kind;
    }
    if (state.wanted == 0 || n < state.wanted || (n > state.wanted && !state.onwards))
        return false;
    errno = kind == MEMORY ? ENOMEM : EIO;
    return true;
}

/* The function that this object hides.  POSIX: an object pointer can hold it. */
static void *hidden(const char *name)
{
    enum kind kind = state.kind;
    state.kind = NONE; /* dlsym() may allocate */
    void *function = dlsym(RTLD_NEXT, name);
    state.kind = kind;
    return function;
}

#define HIDDEN(type, name, ...)                                                                              \
    static type (*real)(__VA_ARGS__);                                                                        \
    if (real == NULL)                                                                                        \
    *(void **)&real = hidden(#name)

/* dlsym() calls these: they have other names in glibc. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return fails(MEMORY) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return fails(MEMORY) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return fails(MEMORY) ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    HIDDEN(int, posix_memalign, void **, size_t, size_t);
    return fails(MEMORY) ? ENOMEM : real(out, alignment, size);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    HIDDEN(void *, mmap, void *, size_t, int, int, int, off_t);
    return fails(MEMORY) ? MAP_FAILED : real(address, length, protection, flags, fd, offset);
}

int open(const char *path, int flags, ...)
{
    HIDDEN(int, open, const char *, int, ...);
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return fails(FILES) ? -1 : real(path, flags, mode);
}

int mkstemp(char *pattern)
{
    HIDDEN(int, mkstemp, char *);
    return fails(FILES) ? -1 : real(pattern);
}

ssize_t read(int fd, void *to, size_t size)
{
    HIDDEN(ssize_t, read, int, void *, size_t);
    return fails(FILES) ? -1 : real(fd, to, size);
}

ssize_t write(int fd, const void *from, size_t size)
{
    HIDDEN(ssize_t, write, int, const void *, size_t);
    if (state.kind == LATE)
        state.kind = MEMORY;
    return fd != STDERR_FILENO && fails(FILES) ? -1 : real(fd, from, size);
}

/* The descriptor is gone all the same. */
int close(int fd)
{
    HIDDEN(int, close, int);
    int result = real(fd);
    return fails(FILES) ? -1 : result;
}

int dup(int fd)
{
    HIDDEN(int, dup, int);
    return fails(FILES) ? -1 : real(fd);
}

int fsync(int fd)
{
    HIDDEN(int, fsync, int);
    return fails(FILES) ? -1 : real(fd);
}

int stat(const char *restrict path, struct stat *restrict status)
{
    HIDDEN(int, stat, const char *, struct stat *);
    return fails(FILES) ? -1 : real(path, status);
}

int fstat(int fd, struct stat *status)
{
    HIDDEN(int, fstat, int, struct stat *);
    return fails(FILES) ? -1 : real(fd, status);
}

int rename(const char *old, const char *new)
{
    HIDDEN(int, rename, const char *, const char *);
    return fails(FILES) ? -1 : real(old, new);
}

int link(const char *old, const char *new)
{
    HIDDEN(int, link, const char *, const char *);
    return fails(FILES) ? -1 : real(old, new);
}
