/* output.c - see output.h. */
#include "formats/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/report.h"
#include "common/command/paths.h"
#include "formats/mapping.h"

/* Writes of this size and more go to the file directly, smaller ones through a buffer of this size. */
#define BUFFER_SIZE ((size_t)1 << 18)

struct output {
    struct output *next; /* the one opened before */
    const char *name;    /* as the user wrote it; NULL: standard output; borrowed */
    char *target;        /* what the finished file is renamed to; NULL: written through; owned */
    char *temporary;     /* its name until then; owned */
    dev_t device;        /* the file system and directory of `target`; written through: of the file itself */
    ino_t inode;
    int fd;       /* -1: there is nothing to write */
    bool linked;  /* the temporary is another name of an existing file */
    bool removal; /* there is no temporary: the target goes away */
    bool renamed; /* the target is as it shall be */
    char *backup; /* another name of the file that was at the target before; NULL: there was none; owned */
    const struct mapping *compare; /* what is written is compared with it, and goes nowhere */
    bool differs;
    uint64_t position; /* bytes taken from the caller */
    size_t used;       /* bytes in the buffer */
    uint8_t buffer[BUFFER_SIZE];
};

/* Everything opened since the last commit, newest first.  A signal may interrupt the program at any time and
 * read this list, so an output joins it complete, and signals wait while files are created and renamed. */
static struct output *open_outputs;
static pid_t owner; /* the process that opened them: a child that ends must not remove them */

/* Leaves the target as it was before.  Async-signal-safe. */
static void take_back(const struct output *out)
{
    if (!out->renamed && !out->removal)
        unlink(out->temporary);
    if (out->backup != NULL) {
        rename(out->backup, out->target);
        unlink(out->backup); /* rename() leaves it when both are still one file */
    } else if (out->renamed && !out->removal) {
        unlink(out->target);
    }
}

/* Async-signal-safe. */
static void remove_temporaries(void *unused)
{
    (void)unused;
    if (getpid() != owner)
        return;
    for (struct output *out = open_outputs; out != NULL; out = out->next)
        if (out->target != NULL)
            take_back(out);
    open_outputs = NULL;
}

static void remove_at_exit(void)
{
    remove_temporaries(NULL);
}

static void signals_wait(sigset_t *before)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, before);
}

static void signals_resume(const sigset_t *before)
{
    sigprocmask(SIG_SETMASK, before, NULL);
}

static _Noreturn void die_writing(const char *name, int error)
{
    if (error == EPIPE)
        quit(STATUS_IO); /* who closed the pipe has said why, or has read enough */
    if (name == NULL)
        die(STATUS_IO, nowhere, "cannot write standard output: %s", strerror(error));
    die(STATUS_IO, nowhere, "cannot write '%s': %s; nothing was written", name, strerror(error));
}

static char *copy_text(const char *text, size_t length)
{
    char *copy = xmalloc(size_add(length, 1));
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static size_t directory_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Dies when another open output is the same file: the second would win, silently. */
static void check_distinct(const struct output *out)
{
    for (const struct output *other = open_outputs; other != NULL; other = other->next) {
        if (other->device != out->device || other->inode != out->inode)
            continue;
        if ((other->target == NULL) != (out->target == NULL))
            continue;
        if (out->target != NULL && strcmp(other->target + directory_length(other->target),
                                          out->target + directory_length(out->target)) != 0)
            continue;
        die(STATUS_USAGE, nowhere, "'%s' and '%s' are the same file: outputs need different names",
            other->name != NULL ? other->name : "-", out->name != NULL ? out->name : "-");
    }
}

/* True when the name is one of standard output, such as /dev/stdout: a file there may hold more than ours. */
static bool is_standard_output(const struct stat *status)
{
    struct stat standard;
    return fstat(STDOUT_FILENO, &standard) == 0 && standard.st_dev == status->st_dev &&
           standard.st_ino == status->st_ino;
}

/* Standard output, a device or a FIFO: what is written cannot be taken back. */
static void open_through(struct output *out, const struct stat *status)
{
    out->fd = out->name == NULL            ? STDOUT_FILENO
              : is_standard_output(status) ? dup(STDOUT_FILENO)
                                           : open(out->name, O_WRONLY);
    if (out->fd < 0)
        die_writing(out->name, errno);
    out->device = status->st_dev;
    out->inode = status->st_ino;
    if (!S_ISCHR(status->st_mode)) /* two outputs may go to /dev/null */
        check_distinct(out);
}

/* A pattern for mkstemp() in the folder of the target: short, for a target's name may be as long as is allowed. */
static char *beside(const char *target)
{
    static const char pattern[] = ".pnnx-XXXXXX";
    size_t length = directory_length(target);
    char *path = xmalloc(size_add(length, sizeof pattern));
    memcpy(path, target, length);
    memcpy(path + length, pattern, sizeof pattern);
    return path;
}

/* Finds the folder of the target, and the path of a temporary beside it, whose random part is still XXXXXX.
 * False, and errno, when there is no such folder. */
static bool find_place(struct output *out)
{
    size_t length = directory_length(out->target);
    struct stat status;
    char *directory = length == 0 ? copy_text(".", 1) : copy_text(out->target, length);
    bool found = stat(directory, &status) == 0;
    free(directory);
    if (!found)
        return false;
    out->device = status.st_dev;
    out->inode = status.st_ino;
    out->temporary = beside(out->target);
    return true;
}

/* Opens the temporary beside the target. */
static void open_temporary(struct output *out)
{
    if (!find_place(out))
        die_writing(out->name, errno);
    check_distinct(out);
    out->fd = mkstemp(out->temporary);
    if (out->fd < 0)
        die_writing(out->name, errno);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(out->fd, 0666 & ~mask);
}

/* Moves the descriptor away from those that messages go to, where the caller had closed them. */
static void leave_standard_descriptors(struct output *out)
{
    if (out->name == NULL || out->fd > STDERR_FILENO)
        return;
    int fd = fcntl(out->fd, F_DUPFD, STDERR_FILENO + 1);
    if (fd < 0)
        die_writing(out->name, errno);
    close(out->fd);
    out->fd = fd;
}

/* Cleans up after death by signal, by die() and by exit(), from the first output on. */
static void prepare(void)
{
    static bool prepared;
    if (prepared)
        return;
    prepared = true;
    owner = getpid();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of write(), with a message and a status */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that grows beyond the limit */
    report_at_death(remove_temporaries, NULL);
    atexit(remove_at_exit);
}

static struct output *output_new(const char *name)
{
    struct output *out = xmalloc(sizeof *out);
    memset(out, 0, offsetof(struct output, buffer));
    out->name = name;
    return out;
}

static void output_free(struct output *out)
{
    free(out->target);
    free(out->temporary);
    free(out->backup);
    free(out);
}

/* The file that a name stands for: a link stays a link, the file that it names is replaced. */
static char *target_of(const char *name)
{
    char *target = path_target(name);
    if (target == NULL)
        die_writing(name, errno);
    return target;
}

struct output *output_open(const char *name)
{
    struct output *out = output_new(name);
    struct stat status;
    sigset_t before;
    prepare();

    bool exists = (name != NULL ? stat(name, &status) : fstat(STDOUT_FILENO, &status)) == 0;
    if (!exists && (name == NULL || errno != ENOENT))
        die_writing(name, errno);
    if (exists && S_ISDIR(status.st_mode))
        die_writing(name, EISDIR);

    bool through = name == NULL || (exists && (!S_ISREG(status.st_mode) || is_standard_output(&status)));
    if (through)
        open_through(out, &status); /* opening a FIFO waits for its reader: signals may end that */
    else
        out->target = target_of(name);
    signals_wait(&before);
    if (!through)
        open_temporary(out);
    leave_standard_descriptors(out);
    out->next = open_outputs;
    open_outputs = out;
    signals_resume(&before);
    return out;
}

bool output_link(const char *name, const char *source)
{
    struct stat status;
    sigset_t before;
    prepare();
    if (stat(name, &status) == 0 && (!S_ISREG(status.st_mode) || is_standard_output(&status)))
        return false;
    struct output *out = output_new(name);
    out->target = target_of(name);
    out->fd = -1;
    signals_wait(&before);
    bool linked = false;
    if (find_place(out)) {
        check_distinct(out);
        int fd = mkstemp(out->temporary); /* for its unused name */
        if (fd >= 0) {
            close(fd);
            unlink(out->temporary);
            linked = link(source, out->temporary) == 0;
        }
    }
    out->linked = linked;
    if (linked) {
        out->next = open_outputs;
        open_outputs = out;
    } else {
        output_free(out);
    }
    signals_resume(&before);
    return linked;
}

void output_copy(const char *name, const char *source, bool link)
{
    if (link && output_link(name, source))
        return;
    struct mapping *map = mapping_open(source);
    output_write(output_open(name), map->data, map->size);
    mapping_close(map);
}

void output_remove(const char *name)
{
    struct stat status;
    sigset_t before;
    prepare();
    if (stat(name, &status) != 0 || !S_ISREG(status.st_mode) || is_standard_output(&status))
        return;
    struct output *out = output_new(name);
    out->target = target_of(name);
    out->fd = -1;
    out->removal = true;
    signals_wait(&before);
    if (!find_place(out))
        die_writing(name, errno);
    check_distinct(out);
    out->next = open_outputs;
    open_outputs = out;
    signals_resume(&before);
}

struct output *output_compare(const struct mapping *with)
{
    struct output *out = output_new(NULL);
    out->fd = -1;
    out->compare = with;
    return out;
}

bool output_was_same(struct output *out)
{
    bool same = !out->differs && out->position == out->compare->size;
    output_free(out);
    return same;
}

static void compare_bytes(struct output *out, const uint8_t *bytes, size_t size)
{
    const struct mapping *with = out->compare;
    if (out->position > with->size || size > with->size - out->position)
        out->differs = true;
    else if (bytes != with->data + out->position && memcmp(bytes, with->data + out->position, size) != 0)
        out->differs = true;
    out->position += size;
}

static void write_out(struct output *out, const uint8_t *from, size_t size)
{
    while (size > 0) {
        ssize_t n = write(out->fd, from, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die_writing(out->name, errno);
        from += n;
        size -= (size_t)n;
    }
}

static void flush(struct output *out)
{
    size_t used = out->used;
    out->used = 0;
    write_out(out, out->buffer, used);
}

/* Weights, mostly: straight from the mapped input. */
static void write_large(struct output *out, const uint8_t *from, size_t size)
{
    for (size_t piece; size > 0; from += piece, size -= piece) {
        piece = size < MAPPING_PIECE ? size : MAPPING_PIECE;
        write_out(out, from, piece);
        mapping_forget(from, piece);
    }
}

void output_write(struct output *out, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    if (out->compare != NULL) {
        compare_bytes(out, bytes, size);
        return;
    }
    if (size > BUFFER_SIZE - out->used)
        flush(out);
    out->position += size;
    if (size >= BUFFER_SIZE) {
        write_large(out, bytes, size);
        return;
    }
    memcpy(out->buffer + out->used, bytes, size);
    out->used += size;
}

void output_printf(struct output *out, const char *format, ...)
{
    char small[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(small, sizeof small, format, arguments);
    va_end(arguments);
    if (length < 0)
        die_writing(out->name, EINVAL);
    if ((size_t)length < sizeof small) {
        output_write(out, small, (size_t)length);
        return;
    }
    char *large = xmalloc((size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(large, (size_t)length + 1, format, arguments);
    va_end(arguments);
    output_write(out, large, (size_t)length);
    free(large);
}

uint64_t output_position(const struct output *out)
{
    return out->position;
}

/* Writes what is left and closes, so that a full disk is noticed before anything is renamed. */
static void complete(struct output *out, bool sync)
{
    if (out->fd < 0)
        return;
    flush(out);
    if (sync && out->target != NULL && fsync(out->fd) != 0)
        die_writing(out->name, errno);
    int fd = out->fd;
    if (out->name == NULL && (fd = dup(out->fd)) < 0) /* standard output stays open: it is not ours */
        die_writing(out->name, errno);
    out->fd = -1;
    if (close(fd) != 0)
        die_writing(out->name, errno);
}

static struct output *reversed(struct output *list)
{
    struct output *first = NULL;
    while (list != NULL) {
        struct output *next = list->next;
        list->next = first;
        first = list;
        list = next;
    }
    return first;
}

/* Gives what is at the target a second name, for take_back(); where a file system has no links, another one. */
static void back_up(struct output *out)
{
    struct stat status;
    if (lstat(out->target, &status) != 0 && errno == ENOENT)
        return;
    char *name = beside(out->target);
    int fd = mkstemp(name); /* for its unused name */
    if (fd < 0)
        die_writing(out->name, errno);
    close(fd);
    unlink(name);
    if (link(out->target, name) != 0 && rename(out->target, name) != 0) {
        free(name);
        die_writing(out->name, errno);
    }
    out->backup = name;
}

/* The one moment in which an output's name changes what it means. */
static void replace(struct output *out)
{
    back_up(out);
    if (out->removal ? unlink(out->target) != 0 && errno != ENOENT : rename(out->temporary, out->target) != 0)
        die_writing(out->name, errno);
    out->renamed = true;
    if (out->linked)
        unlink(out->temporary); /* rename() leaves it when the target is the very same file */
}

void outputs_commit(bool sync)
{
    sigset_t before;
    for (struct output *out = open_outputs; out != NULL; out = out->next)
        complete(out, sync);

    signals_wait(&before); /* all files appear, or none */
    open_outputs = reversed(open_outputs);
    for (struct output *out = open_outputs; out != NULL; out = out->next)
        if (out->target != NULL)
            replace(out);
    struct output *done = open_outputs;
    open_outputs = NULL;
    for (struct output *out = done; out != NULL; out = out->next)
        if (out->backup != NULL)
            unlink(out->backup);
    signals_resume(&before);

    while (done != NULL) {
        struct output *next = done->next;
        output_free(done);
        done = next;
    }
}
