/* child.c - see child.h. */
#include "cmd/pt2pnnx/load/child.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/report.h"

static volatile sig_atomic_t child;
static int ready_pipe[2]; /* a byte comes from the child when the reader is loaded */

/* What would end the parent ends the child, which removes its temporary files. */
static void pass_on(int number)
{
    if (child > 0)
        kill((pid_t)child, number);
}

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP };
#define PASSED_ON (sizeof passed_on / sizeof *passed_on)

static bool is_passed_on(int number)
{
    for (size_t i = 0; i < PASSED_ON; i++)
        if (passed_on[i] == number)
            return true;
    return false;
}

/* Whether the child, which has ended, had said so. */
static bool was_ready(void)
{
    char byte;
    close(ready_pipe[1]);
    return read(ready_pipe[0], &byte, 1) == 1;
}

static _Noreturn void end_with(const char *model, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) > STATUS_IO) /* the dynamic linker's, for one */
        die(STATUS_IO, nowhere, "the TorchScript reader ended with status %d", WEXITSTATUS(status));
    if (WIFEXITED(status))
        exit(WEXITSTATUS(status));
    int number = WTERMSIG(status);
    if (number == SIGKILL)
        die(STATUS_IO, (struct place){ .file = model }, "the TorchScript reader was killed: out of memory?");
    if (is_passed_on(number)) {
        signal(number, SIG_DFL);
        raise(number);
        exit(STATUS_IO);
    }
    if (!was_ready())
        die(STATUS_IO, nowhere, "the TorchScript reader crashed while it was loaded: %s", strsignal(number));
    die(STATUS_MALFORMED, (struct place){ .file = model }, "the TorchScript reader crashed on it: %s",
        strsignal(number));
}

void child_start(const char *model)
{
    struct sigaction action, old[PASSED_ON];
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before); /* until there is somebody to pass them on to */
    memset(&action, 0, sizeof action);
    action.sa_handler = pass_on;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < PASSED_ON; i++)
        sigaction(passed_on[i], &action, &old[i]);
    pid_t pid = pipe(ready_pipe) == 0 ? fork() : -1;
    if (pid < 0)
        die(STATUS_IO, nowhere, "cannot start a process: %s", strerror(errno));
    if (pid == 0) {
        for (size_t i = 0; i < PASSED_ON; i++)
            sigaction(passed_on[i], &old[i], NULL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return;
    }
    child = (sig_atomic_t)pid;
    sigprocmask(SIG_SETMASK, &before, NULL);
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die(STATUS_IO, nowhere, "cannot wait for a process: %s", strerror(errno));
    end_with(model, status);
}

void child_ready(void)
{
    while (write(ready_pipe[1], "", 1) < 0 && errno == EINTR)
        continue;
}
