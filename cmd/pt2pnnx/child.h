/* child.h - the conversion runs in a child process, for libtorch may crash on a damaged archive. */
#ifndef PT2PNNX_CHILD_H
#define PT2PNNX_CHILD_H

/* Returns in a child process.  The parent waits for it and exits with its status; when a signal ended it, with one
 * message and STATUS_MALFORMED. */
void child_start(const char *model);

#endif
