/* report.c - see report.h. */
#include "common/base/report.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLEANUPS = 16 };

const struct place nowhere;

/* The one piece of global state of the project. */
static struct {
    const char *program;
    size_t count;
    enum status status;
    jmp_buf *trap;
    struct {
        void (*clean)(void *);
        void *context;
    } cleanups[CLEANUPS];
    volatile sig_atomic_t cleanup_count;
} state;

static void clean_up(void)
{
    while (state.cleanup_count > 0) {
        int i = (int)--state.cleanup_count;
        state.cleanups[i].clean(state.cleanups[i].context);
    }
}

/* Ends the program by the signal itself, so that its parent learns of it. */
static void on_signal(int number)
{
    clean_up();
    signal(number, SIG_DFL);
    raise(number);
}

void report_start(const char *name)
{
    const char *slash = strrchr(name, '/');
    state.program = slash ? slash + 1 : name;
    static const int fatal[] = { SIGINT, SIGTERM, SIGHUP };
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction action = { .sa_handler = on_signal }, old;
        if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(fatal[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write: status 4 */
    signal(SIGXFSZ, SIG_IGN); /* so is a file beyond the limit */
}

/* Prints text with control characters as \xNN, so that a model cannot write to the terminal. */
static void print_escaped(const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f)
            fprintf(stderr, "\\x%02x", c);
        else
            putc(c, stderr);
    }
}

/* What the user calls the file at `place`, which may be no file of his. */
static struct place public_place(struct place at)
{
    const char *folder = getenv(REPORT_FOLDER), *model = getenv(REPORT_MODEL);
    if (at.file && folder && model && strncmp(at.file, folder, strlen(folder)) == 0)
        return (struct place){ .file = model };
    return at;
}

bool report_in_driver(void)
{
    return getenv(REPORT_MODEL) != NULL;
}

/* Where there is no memory a long message is cut short. */
static void print(struct place at, const char *format, va_list args)
{
    char small[1024];
    va_list again;
    at = public_place(at);
    va_copy(again, args);
    int length = vsnprintf(small, sizeof small, format, again);
    va_end(again);
    char *large = length < (int)sizeof small ? NULL : malloc((size_t)length + 1);
    if (large)
        vsnprintf(large, (size_t)length + 1, format, args);
    if (state.program)
        fprintf(stderr, "%s: ", state.program);
    if (at.file) {
        print_escaped(at.file);
        if (at.line)
            fprintf(stderr, ":%ld", at.line);
        if (at.line && at.column)
            fprintf(stderr, ":%ld", at.column);
        fputs(": ", stderr);
    }
    print_escaped(large ? large : length < 0 ? format : small);
    putc('\n', stderr);
    free(large);
}

static void count(enum status status)
{
    state.count++;
    if (status > state.status)
        state.status = status;
}

void report(enum status status, struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(at, format, args);
    va_end(args);
    count(status);
}

void note(struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(at, format, args);
    va_end(args);
}

static _Noreturn void end(enum status status)
{
    clean_up();
    if (state.trap)
        longjmp(*state.trap, (int)status);
    fflush(stderr);
    exit((int)status);
}

void die(enum status status, struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(at, format, args);
    va_end(args);
    count(status);
    end(status);
}

void quit(enum status status)
{
    count(status);
    end(status);
}

void report_stop(void)
{
    if (state.count > 0)
        end(state.status);
}

size_t report_count(void)
{
    return state.count;
}

enum status report_status(void)
{
    return state.status;
}

void report_at_death(void (*clean)(void *), void *context)
{
    if (state.cleanup_count == CLEANUPS)
        die(STATUS_IO, nowhere, "too many temporary files");
    int i = (int)state.cleanup_count;
    state.cleanups[i].clean = clean;
    state.cleanups[i].context = context;
    state.cleanup_count = i + 1; /* last: a signal sees only whole entries */
}

void report_forget(void (*clean)(void *), void *context)
{
    int kept = 0, total = (int)state.cleanup_count;
    state.cleanup_count = 0;
    for (int i = 0; i < total; i++)
        if (state.cleanups[i].clean != clean || state.cleanups[i].context != context)
            state.cleanups[kept++] = state.cleanups[i];
    state.cleanup_count = kept;
}

void report_trap(jmp_buf *trap)
{
    state.trap = trap;
}
