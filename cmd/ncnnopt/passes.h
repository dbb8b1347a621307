/* passes.h - what ncnnopt does besides applying rules. */
#ifndef CMD_NCNNOPT_PASSES_H
#define CMD_NCNNOPT_PASSES_H

#include "formats/ncnn/ncnn.h"

/* Leaves the layers from the one called `start` to the one called `end`, both included, in the order of the file; NULL: from the
 * first, to the last.  What they read of other layers becomes an Input, or stays when it is a constant.  Dies (STATUS_USAGE) when
 * there is no such layer, or `end` comes before `start`. */
void cut_layers(struct graph *g, const char *start, const char *end);

/* The results of a model are the blobs that nobody reads, by name.  While rules are applied a pnnx.Output reads them, and there
 * are no Splits. */
struct results {
    struct operator *output; /* NULL: there are none */
    const char **names;      /* of each; arena */
    struct ncnn_splits *splits;
};
void results_collect(struct graph *g, struct results *results);
/* The other way: every result is a blob of its name that nobody reads, and every other blob has one reader. */
void results_restore(struct graph *g, struct results *results);

#endif
