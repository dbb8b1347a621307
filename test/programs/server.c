/* server.c - a program for the tests that is started once: pt2pnnx, with libtorch loaded (20 ms a file instead of 300), or
 * SERVED_NAME, whose main() is compiled as SERVED (a child instead of a start, thousands of times).
 *
 * Reads a line for each run: the file that standard error goes to, then the arguments, with tabs between them.  Runs
 * pt2pnnx's own main() in a child, and prints its exit status (128 and the signal's number when a signal ended it).
 * The reader is the torchscript.so that pt2pnnx opens: a shared object is loaded only once under its name. */
#define _DEFAULT_SOURCE /* on_exit */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SERVED
#define SERVED      pt2pnnx_main /* cmd/pt2pnnx/main.c, compiled with -Dmain=pt2pnnx_main */
#define SERVED_NAME "pt2pnnx"
#endif

int SERVED(int argc, char **argv);

#define MOST_ARGUMENTS 64

/* ../lib/torchscript.so, seen from this program's folder. */
static void load_reader(void)
{
    char path[PATH_MAX + 32];
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
    if (n <= 0)
        return;
    path[n] = 0;
    *strrchr(path, '/') = 0;
    *strrchr(path, '/') = 0;
    snprintf(path + strlen(path), sizeof path - strlen(path), "/lib/torchscript.so");
    if (!dlopen(path, RTLD_NOW | RTLD_LOCAL))
        fprintf(stderr, "server: %s\n", dlerror());
}

/* Ends the child before libtorch's destructors, which take longer than the work. */
static void end_now(int status, void *unused)
{
    (void)unused;
    fflush(NULL);
    _exit(status);
}

/* The child: never returns. */
static void serve(char *line)
{
    char *arguments[MOST_ARGUMENTS + 1] = { SERVED_NAME };
    int count = 1;
    char *rest = line, *log = strtok_r(rest, "\t\n", &rest);
    for (char *a; count < MOST_ARGUMENTS && (a = strtok_r(rest, "\t\n", &rest));)
        arguments[count++] = a;
    int fd = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    int nothing = open("/dev/null", O_RDWR);
    if (fd < 0 || nothing < 0 || dup2(fd, 2) < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0)
        _exit(125);
    on_exit(end_now, NULL);
    exit(SERVED(count, arguments));
}

int main(void)
{
    static char line[1 << 16];
    if (strcmp(SERVED_NAME, "pt2pnnx") == 0)
        load_reader();
    while (fgets(line, sizeof line, stdin)) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            serve(line);
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child) {
            perror("server");
            return 1;
        }
        printf("%d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        fflush(stdout);
    }
    return 0;
}
