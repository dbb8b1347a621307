/* report.h - messages on standard error, and the exit status they lead to.
 *
 * Two verbs: report() collects what is wrong with the work and lets it go on, so that the user learns of
 * everything at once; die() ends the program.  Every message has the form
 *
 *     program: file:line:column: text
 *
 * where an unknown part of the place is left out.  Text from a model is printed with its control characters
 * escaped.
 *
 * The variables of the project that anybody may change at any time, each because a signal or the program's end must find
 * it (test/bats/source.bats has the same list):
 *
 *   common/base/report.c    state                       the messages so far, and what is cleaned up when the program dies
 *   formats/output.c        open_outputs owner prepared the files that have no name yet
 *   formats/mapping.c       mappings                    which file a fault in mapped memory is of
 *   cmd/pnnx/stages.c       stages                      the child that a signal is passed on to, and the private folder
 *   cmd/pt2pnnx/load/child.c     child ready_pipe            the process in which libtorch may crash */
#ifndef COMMON_BASE_REPORT_H
#define COMMON_BASE_REPORT_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* The exit status of every program. */
enum status {
    STATUS_DONE = 0,
    STATUS_CONVERSION = 1, /* the conversion cannot be done: unsupported operator, contradiction in shapes */
    STATUS_USAGE = 2,      /* wrong usage */
    STATUS_MALFORMED = 3,  /* malformed input */
    STATUS_IO = 4,         /* input or output failed; out of memory */
};

/* Where in an input something is.  All members may be left out. */
struct place {
    const char *file; /* as the user wrote it; borrowed; NULL: unknown */
    long line;        /* from 1; 0: unknown */
    long column;      /* in bytes, from 1; 0: unknown */
};

/* No place at all. */
extern const struct place nowhere;

/* Two variables of the environment, set by the driver: what the user calls the model; and a folder of files that the
 * user never sees, which messages call by that name instead, without lines. */
#define REPORT_FOLDER "PNNX_STAGES"
#define REPORT_MODEL  "PNNX_MODEL"

/* Whether the driver runs this program: a remedy is then an option of the driver's. */
bool report_in_driver(void);

/* Names the program for all messages; `name` is borrowed for ever (argv[0] or a literal). */
void report_start(const char *name);

/* Prints a message and counts it; the program goes on and will end with `status` (the largest one reported).
 */
void report(enum status status, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints a message that changes no status: something the user should know about a right result. */
void note(struct place at, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a message, removes all temporary files (report_at_death) and exits with `status`. */
_Noreturn void die(enum status status, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same without a message: where another program has said what is to say. */
_Noreturn void quit(enum status status);

/* Exits with report_status() when anything has been reported; returns otherwise. */
void report_stop(void);

size_t report_count(void);       /* messages reported so far */
enum status report_status(void); /* STATUS_DONE when there were none */

/* Calls `clean(context)` before the program ends by die() or by a signal (SIGINT, SIGTERM, SIGHUP), last
 * registered first; so `clean` may call only what is async-signal-safe (unlink).  At most 16 at a time. */
void report_at_death(void (*clean)(void *), void *context);
void report_forget(void (*clean)(void *), void *context);

/* For tests that run readers in-process: while `trap` is set, die() does longjmp(*trap, status) instead of
 * exiting, after the clean-ups.  NULL ends it. */
void report_trap(jmp_buf *trap);

#endif
