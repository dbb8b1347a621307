/* child.h - the conversion runs in a child process, for libtorch may crash on a damaged archive. */
#ifndef PT2PNNX_CHILD_H
#define PT2PNNX_CHILD_H

/* Returns in a child process.  The parent waits for it and exits with its status; when a signal ended it, with one
 * message and STATUS_MALFORMED, or STATUS_IO when that was before child_ready(). */
void child_start(const char *model);

/* In the child: the reader is loaded, what happens from now on is the model's fault. */
void child_ready(void);

#endif
