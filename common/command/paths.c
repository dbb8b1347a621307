/* paths.c - see paths.h. */

#include "common/command/paths.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/report.h"

enum { LINKS_MAX = 40 }; /* as in Linux' own look-up */

static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* The first `length` bytes of `head`, and `tail`. */
static char *joined(const char *head, size_t length, const char *tail)
{
    size_t rest = strlen(tail) + 1;
    char *path = xmalloc(size_add(length, rest));
    memcpy(path, head, length);
    memcpy(path + length, tail, rest);
    return path;
}

/* What the link at `path` names, seen from where `path` is seen from.  Frees `path`. */
static char *follow(char *path)
{
    char text[PATH_MAX];
    ssize_t n = readlink(path, text, sizeof text - 1);
    if (n < 0)
        return path;
    text[n] = '\0';
    char *next = joined(path, text[0] == '/' ? 0 : folder_length(path), text);
    free(path);
    return next;
}

static bool is_link(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/* Without memory there is no answer, and nothing may be taken for one. */
static char *resolved(const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL && errno == ENOMEM)
        die(STATUS_IO, nowhere, "out of memory");
    return real;
}

char *path_target(const char *name)
{
    char *whole = resolved(name);
    if (whole != NULL || errno != ENOENT)
        return whole;
    char *path = joined(name, strlen(name), "");
    for (int i = 0; i < LINKS_MAX && is_link(path); i++)
        path = follow(path);
    size_t length = folder_length(path);
    char *folder = length == 0 ? joined("./", 2, "") : joined(path, length, ".");
    char *real = resolved(folder), *target = NULL;
    if (real != NULL) {
        char *slash = joined(real, strlen(real), strcmp(real, "/") == 0 ? "" : "/");
        target = joined(slash, strlen(slash), path + length);
        free(slash);
    }
    int error = errno;
    free(real);
    free(folder);
    free(path);
    errno = error;
    return target;
}

bool path_same(const char *a, const char *b)
{
    struct stat s, t;
    bool there = stat(a, &s) == 0, also = stat(b, &t) == 0;
    if (there && also)
        return s.st_dev == t.st_dev && s.st_ino == t.st_ino;
    if (there || also)
        return false;
    char *x = path_target(a), *y = path_target(b);
    bool same = x != NULL && y != NULL ? strcmp(x, y) == 0 : strcmp(a, b) == 0;
    free(x);
    free(y);
    return same;
}

/* Both absolute and without links.  Steps up to the last folder that both are in, and down again. */
static char *between(const char *from, const char *to)
{
    size_t common = 0, ups = 0;
    for (size_t i = 0; from[i] && from[i] == to[i]; i++)
        if (from[i] == '/')
            common = i + 1;
    for (const char *p = from + common; *p; p++)
        ups += *p == '/';
    if (common <= 1 && ups > 0) /* nothing but the root in common: that may not move together */
        return joined(to, strlen(to), "");
    char *path = joined("", 0, to + common);
    for (; ups > 0; ups--) {
        char *longer = joined("../", 3, path);
        free(path);
        path = longer;
    }
    return path;
}

char *path_between(const char *from, const char *to)
{
    char *a = path_target(from), *b = path_target(to);
    char *path = a != NULL && b != NULL ? between(a, b) : joined(to, strlen(to), "");
    free(a);
    free(b);
    return path;
}

static bool is_file(const char *name)
{
    struct stat status;
    return stat(name, &status) != 0 || S_ISREG(status.st_mode);
}

void paths_check_outputs(const char *const *inputs, size_t input_count, const char *const *outputs,
                         size_t output_count)
{
    for (size_t i = 0; i < output_count; i++) {
        const char *out = outputs[i];
        if (out == NULL || !is_file(out))
            continue;
        for (size_t k = 0; k < input_count; k++)
            if (inputs[k] != NULL && path_same(inputs[k], out))
                die(STATUS_USAGE, nowhere,
                    "the output '%s' is the same file as the input '%s', which would be lost", out,
                    inputs[k]);
        for (size_t k = 0; k < i; k++)
            if (outputs[k] != NULL && path_same(outputs[k], out))
                die(STATUS_USAGE, nowhere, "'%s' and '%s' are the same file: outputs need different names",
                    outputs[k], out);
    }
}

char *program_folder(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        die(STATUS_IO, nowhere, "cannot find the folder of this program in /proc/self/exe");
    path[n] = '\0';
    return joined(path, folder_length(path) - 1, "");
}
