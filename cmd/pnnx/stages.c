/* stages.c - see stages.h.
 *
 * A signal only notes itself and is passed on to the program that runs: what it interrupts returns, and the folder is
 * removed outside the handler, where reading a folder is allowed. */

#include "cmd/pnnx/stages.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/report.h"
#include "common/command/paths.h"

static struct {
    volatile sig_atomic_t caught; /* the signal that came; 0: none */
    volatile sig_atomic_t child;  /* the process that runs; 0: none */
    char *programs;               /* their folder */
    char *folder;                 /* NULL: there is none (any more) */
    bool keep;
    struct arena texts;
} stages;

static const int fatal[] = { SIGINT, SIGTERM, SIGHUP };

static void on_signal(int number)
{
    stages.caught = number;
    if (stages.child > 0)
        kill((pid_t)stages.child, number);
}

static void catch_signals(void)
{
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction action = { .sa_handler = on_signal }, old;
        if (sigaction(fatal[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(fatal[i], &action, NULL);
    }
}

/* ---- the folder ---- */

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char name[sizeof entry->d_name + 4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

void stages_end(void)
{
    if (stages.folder && !stages.keep)
        remove_folder(stages.folder);
    free(stages.folder);
    stages.folder = NULL;
    if (!stages.caught)
        return;
    signal(stages.caught, SIG_DFL);
    raise(stages.caught);
}

static void end_at_death(void *unused)
{
    (void)unused;
    stages_end();
}

/* A folder beside `near` takes what was written by a rename; not every folder can be written. */
static char *make_private(const char *near)
{
    const char *other = getenv("TMPDIR");
    char *target = path_target(near);
    struct stat status;
    if (target && (stat(target, &status) != 0 || S_ISREG(status.st_mode))) {
        char *path = xprintf("%.*s/.pnnx.XXXXXX", (int)(strrchr(target, '/') - target), target);
        free(target);
        if (mkdtemp(path))
            return path;
        free(path);
    } else {
        free(target);
    }
    other = other && *other ? other : "/tmp";
    char *path = xprintf("%s/pnnx.XXXXXX", other);
    if (!mkdtemp(path))
        die(STATUS_IO, nowhere, "no private folder in '%s': %s (TMPDIR names another place)", other,
            strerror(errno));
    return path;
}

static char *make_kept(const char *keep)
{
    if (mkdir(keep, 0777) != 0 && errno != EEXIST)
        die(STATUS_IO, nowhere, "cannot make the folder '%s': %s", keep, strerror(errno));
    return xprintf("%s", keep);
}

void stages_begin(const char *keep, const char *near, const char *model)
{
    arena_init(&stages.texts);
    stages.programs = program_folder();
    stages.keep = keep != NULL;
    catch_signals();
    report_at_death(end_at_death, NULL);
    atexit(stages_end);
    stages.folder = keep ? make_kept(keep) : make_private(near);
    setenv(REPORT_MODEL, model, 1);
    if (keep || setenv(REPORT_FOLDER, stages.folder, 1) != 0)
        unsetenv(REPORT_FOLDER);
}

const char *stage_file(const char *name)
{
    return arena_printf(&stages.texts, "%s/%s", stages.folder, name);
}

/* ---- programs ---- */

void argument_add(struct arguments *a, const char *text)
{
    a->items = xrealloc(a->items, size_mul(a->count + 1, sizeof *a->items));
    a->items[a->count++] = text;
}

void argument_option(struct arguments *a, const char *key, const char *value)
{
    if (value)
        argument_add(a, arena_printf(&stages.texts, "--%s=%s", key, value));
}

void argument_options(struct arguments *a, const char *key, const struct text_list *values)
{
    for (size_t i = 0; i < values->count; i++)
        argument_option(a, key, values->items[i]);
}

void stages_heed_signals(void)
{
    if (stages.caught)
        stages_end();
}

/* In the child.  execv() takes texts that it does not change. */
static _Noreturn void become(const char *program, const struct arguments *a)
{
    const char *path = arena_printf(&stages.texts, "%s/%s", stages.programs, program);
    const char **argv = xmalloc(size_mul(a->count + 2, sizeof *argv));
    argv[0] = program;
    if (a->count)
        memcpy(argv + 1, a->items, a->count * sizeof *argv);
    argv[a->count + 1] = NULL;
    execv(path, (char *const *)argv);
    note(nowhere, "cannot run '%s': %s", path, strerror(errno));
    _exit(STATUS_IO);
}

/* A signal before the program runs ends what was forked: the handler is for the parent. */
static void reset_signals(void)
{
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        struct sigaction now;
        if (sigaction(fatal[i], NULL, &now) == 0 && now.sa_handler == on_signal)
            signal(fatal[i], SIG_DFL);
    }
}

/* No signal comes between a look at those that came, the fork, and the note of the child: it would be lost. */
static pid_t start(const char *program, const struct arguments *a)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    if (stages.caught) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        stages_end();
    }
    pid_t child = fork();
    if (child == 0) {
        reset_signals();
        sigprocmask(SIG_SETMASK, &before, NULL);
        become(program, a);
    }
    stages.child = (sig_atomic_t)(child > 0 ? child : 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return child;
}

int stage_run(const char *program, struct arguments *a)
{
    int status = 0;
    stages_heed_signals();
    pid_t child = start(program, a);
    if (child < 0)
        die(STATUS_IO, nowhere, "cannot start %s: %s", program, strerror(errno));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die(STATUS_IO, nowhere, "cannot wait for %s: %s", program, strerror(errno));
    stages.child = 0;
    free(a->items);
    stages_heed_signals();
    if (WIFSIGNALED(status))
        die(STATUS_IO, nowhere, "%s was ended by a signal: %s; nothing was written", program,
            strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status);
}

void stage_must(const char *program, struct arguments *a)
{
    int status = stage_run(program, a);
    if (status != STATUS_DONE)
        exit(status);
}
