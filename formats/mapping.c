/* mapping.c - see mapping.h. */
#define _DEFAULT_SOURCE /* madvise() */

#include "formats/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/report.h"

/* What a pipe brings is kept in memory up to this size, and in a temporary file beyond it. */
#define SPOOL_MEMORY ((size_t)1 << 20)

struct owned_mapping {
    struct mapping map; /* first, so that both have one address */
    struct owned_mapping *next;
    void *base;    /* what to release: of mmap() when mapped, else of malloc(); may be NULL */
    size_t length; /* bytes at base */
    bool mapped;
    dev_t device; /* of the file; 0 when it was none */
    ino_t inode;
};

/* All that are open, for mapping_forget(). */
static struct owned_mapping *mappings;

static _Noreturn void die_reading(const char *name, int error)
{
    if (name == NULL)
        die(STATUS_IO, nowhere, "cannot read standard input: %s", strerror(error));
    die(STATUS_IO, nowhere, "cannot read '%s': %s", name, strerror(error));
}

static struct mapping *mapping_make(const char *name, void *base, size_t length, size_t skip, bool mapped)
{
    struct owned_mapping *own = xmalloc(sizeof *own);
    *own = (struct owned_mapping){ .base = base, .length = length, .mapped = mapped };
    own->next = mappings;
    mappings = own;
    own->map.name = name != NULL ? name : "-";
    own->map.data = length > skip ? (const uint8_t *)base + skip : NULL;
    own->map.size = length > skip ? length - skip : 0;
    return &own->map;
}

/* Maps `length` bytes of `fd`, of which the first `skip` were read by somebody else. */
static struct mapping *map_file(const char *name, int fd, off_t length, off_t skip)
{
    if (length <= skip)
        return mapping_make(name, NULL, 0, 0, false);
    if ((uintmax_t)length > SIZE_MAX)
        die_reading(name, EFBIG);
    void *base = mmap(NULL, (size_t)length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (base == MAP_FAILED)
        die_reading(name, errno);
    posix_madvise(base, (size_t)length, POSIX_MADV_SEQUENTIAL);
    return mapping_make(name, base, (size_t)length, (size_t)skip, true);
}

/* Reads until `room` bytes are there or the input ends; returns how many came. */
static size_t read_fully(const char *name, int fd, uint8_t *to, size_t room)
{
    size_t count = 0;
    while (count < room) {
        ssize_t n = read(fd, to + count, room - count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die_reading(name, errno);
        if (n == 0)
            break;
        count += (size_t)n;
    }
    return count;
}

static _Noreturn void die_spooling(const char *directory)
{
    die(STATUS_IO, nowhere, "cannot keep the input in '%s': %s (TMPDIR names another place)", directory,
        strerror(errno));
}

/* An open file in `directory` that has no name any more. */
static int open_unlinked(const char *directory)
{
    static const char pattern[] = "/pnnx-XXXXXX";
    size_t length = strlen(directory);
    char *path = xmalloc(size_add(length, sizeof pattern));
    memcpy(path, directory, length);
    memcpy(path + length, pattern, sizeof pattern);
    int fd = mkstemp(path);
    if (fd < 0)
        die_spooling(directory);
    unlink(path);
    free(path);
    return fd;
}

static void write_fully(const char *directory, int fd, const uint8_t *from, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, from, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die_spooling(directory);
        from += n;
        size -= (size_t)n;
    }
}

/* What may be kept in the file system of `directory`: the last of its space is for others. */
static off_t room_for_spool(int file)
{
    struct statvfs status;
    if (fstatvfs(file, &status) != 0)
        return INT64_MAX;
    uint64_t blocks = (uint64_t)status.f_bavail, size = (uint64_t)status.f_frsize;
    return size != 0 && blocks > INT64_MAX / size ? INT64_MAX : (off_t)(blocks * size / 8 * 7);
}

/* Takes everything that comes through `fd`, if it begins well. */
static struct mapping *spool(const char *name, int fd, begins_function *begins)
{
    uint8_t *buffer = xmalloc(SPOOL_MEMORY);
    size_t count = read_fully(name, fd, buffer, SPOOL_MEMORY);
    if (count < SPOOL_MEMORY || (begins != NULL && !begins(buffer, count)))
        return mapping_make(name, buffer, count, 0, false);

    const char *directory = getenv("TMPDIR");
    if (directory == NULL || directory[0] == '\0')
        directory = "/tmp";
    int file = open_unlinked(directory);
    off_t length = 0, room = room_for_spool(file);
    for (; count > 0; count = read_fully(name, fd, buffer, SPOOL_MEMORY)) {
        if (length > room - (off_t)count) {
            errno = ENOSPC;
            die_spooling(directory);
        }
        write_fully(directory, file, buffer, count);
        length += (off_t)count;
    }
    free(buffer);
    struct mapping *map = map_file(name, file, length, 0);
    close(file);
    return map;
}

struct mapping *mapping_open(const char *name)
{
    return mapping_open_as(name, NULL);
}

struct mapping *mapping_open_as(const char *name, begins_function *begins)
{
    int fd = STDIN_FILENO;
    struct stat status;
    if (name != NULL && (fd = open(name, O_RDONLY)) < 0)
        die_reading(name, errno);
    if (fstat(fd, &status) != 0)
        die_reading(name, errno);
    if (S_ISDIR(status.st_mode))
        die_reading(name, EISDIR);

    struct mapping *map;
    if (S_ISREG(status.st_mode)) {
        off_t position = name == NULL ? lseek(fd, 0, SEEK_CUR) : 0;
        map = map_file(name, fd, status.st_size, position > 0 ? position : 0);
        ((struct owned_mapping *)map)->device = status.st_dev;
        ((struct owned_mapping *)map)->inode = status.st_ino;
    } else {
        map = spool(name, fd, begins);
    }
    if (name != NULL)
        close(fd);
    return map;
}

struct mapping *mapping_of(const char *name, const void *bytes, size_t size)
{
    void *copy = NULL; /* exactly as large as its content: sanitizers see a step beyond its end */
    if (size > 0) {
        copy = xmalloc(size);
        memcpy(copy, bytes, size);
    }
    return mapping_make(name, copy, size, 0, false);
}

void mapping_close(struct mapping *map)
{
    struct owned_mapping *own = (struct owned_mapping *)map, **link = &mappings;
    while (*link != own)
        link = &(*link)->next;
    *link = own->next;
    if (own->mapped)
        munmap(own->base, own->length);
    else
        free(own->base);
    free(own);
}

const struct mapping *mapping_around(const void *data, size_t size)
{
    const uint8_t *p = data;
    for (struct owned_mapping *own = mappings; own != NULL; own = own->next)
        if (p >= own->map.data && size <= own->map.size &&
            p - own->map.data <= (ptrdiff_t)(own->map.size - size))
            return &own->map;
    return NULL;
}

bool mapping_is(const struct mapping *map, const char *path)
{
    const struct owned_mapping *own = (const struct owned_mapping *)map;
    struct stat status;
    return own->mapped && stat(path, &status) == 0 && status.st_dev == own->device &&
           status.st_ino == own->inode && status.st_size == (off_t)own->length;
}

void mapping_forget(const void *data, size_t size)
{
    const struct owned_mapping *own = (const struct owned_mapping *)mapping_around(data, size);
    uintptr_t start = (uintptr_t)data, end = start + size, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    start -= start % page; /* a page that others use too is only read again */
    end -= end % page;
    if (own != NULL && own->mapped && start < end)
        madvise((void *)start, end - start, MADV_DONTNEED);
}
