/* stages.h - the folder of the stages' files, and the programs that are run on them. */
#ifndef PNNX_STAGES_H
#define PNNX_STAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/command/options.h"

/* Makes the folder: `keep`, which stays; or for NULL a private one beside the file `near` (in TMPDIR where that is not
 * possible), which is gone when the program ends, also by die() and by a signal.  In messages of the stages `model`
 * stands for the files of a private folder. */
void stages_begin(const char *keep, const char *near, const char *model);
void stages_end(void);

/* The path of a file in the folder.  Lives as long as the program. */
const char *stage_file(const char *name);

/* The arguments of one program, without its name. */
struct arguments {
    const char **items; /* owned; texts that were made live as long as the program */
    size_t count;
};
void argument_add(struct arguments *a, const char *text);
/* "key=value"; nothing for NULL. */
void argument_option(struct arguments *a, const char *key, const char *value);
/* "key=value" for each. */
void argument_options(struct arguments *a, const char *key, const struct text_list *values);

/* Runs a program that lies beside this one, waits, and gives its exit status; frees the arguments.  Dies when it cannot
 * be started or was killed.  A signal that ends this program ends it first. */
int stage_run(const char *program, struct arguments *a);
/* The same; ends this program with the status unless it is 0. */
void stage_must(const char *program, struct arguments *a);

/* Ends the program by the signal that came meanwhile, if one did. */
void stages_heed_signals(void);

#endif
