/* paths.h - which file a name stands for: links followed, folders resolved. */
#ifndef COMMON_COMMAND_PATHS_H
#define COMMON_COMMAND_PATHS_H

#include <stdbool.h>
#include <stddef.h>

/* The file that a name stands for, as an absolute path without links, also where there is no file yet (a link may name
 * one that is still to come).  NULL, and errno, when its folder cannot be resolved.  The caller frees. */
char *path_target(const char *name);

/* True when both names stand for one file: by device and inode where both exist (so two hard links are one file), by
 * folder and name where not. */
bool path_same(const char *a, const char *b);

/* `to` as it is written in a file `from`, that is, seen from the folder of `from`: "net.bin", "../out/net.bin".  `to`
 * itself when a folder cannot be resolved.  The caller frees. */
char *path_between(const char *from, const char *to);

/* Dies with STATUS_USAGE when an output is one of the inputs or another output: the first would be lost.  Names may be
 * NULL (left out); devices and pipes may be named twice. */
void paths_check_outputs(const char *const *inputs, size_t input_count, const char *const *outputs,
                         size_t output_count);

/* The folder that this program lies in, links followed, without a slash at the end.  Dies when the system cannot tell.
 * The caller frees. */
char *program_folder(void);

#endif
