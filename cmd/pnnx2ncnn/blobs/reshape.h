/* reshape.h - Reshape layers: from the layout of one tensor to that of another with the same elements. */
#ifndef CMD_PNNX2NCNN_BLOBS_RESHAPE_H
#define CMD_PNNX2NCNN_BLOBS_RESHAPE_H

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/blobs/references.h"

/* The parameters of a Reshape layer. */
struct reshape {
    struct dims to; /* 0: the input's size there; -1: what is left */
    int from_batch; /* NO_AXIS, or where the count n is in the input ... */
    int to_batch;   /* ... and in the result, whose dims then include it */
    const char
        *text; /* of what dims cannot say, over the blobs: an expression for each, innermost first; or NULL */
    struct references blobs; /* the layer's inputs */
};

/* How `from` becomes `to`, tensors of the same elements in the same order, each in its layout.  False when sizes are
 * unknown that the layer needs, or in no blob before. */
bool reshape_plan(struct operand *from, const struct operand *to, struct reshape *out);
/* How a blob of the same elements, whatever its dimensions, becomes `to`, without a count of blobs.  It is the first of the
 * blobs, and not known yet: NULL. */
bool reshape_rows(const struct operand *to, struct reshape *out);
/* The blobs that the layer reads, `from` first: more where its text refers to them. */
struct value reshape_inputs(struct graph *g, const struct reshape *r);

/* A parameter of a layer. */
struct parameter_pair {
    const char *key; /* "11"; static */
    struct value value;
};
#define RESHAPE_PAIRS (BLOB_RANK + 3)

/* The parameters of the Reshape layer that does it; returns how many. */
size_t reshape_parameters(struct arena *arena, const struct reshape *r,
                          struct parameter_pair pairs[RESHAPE_PAIRS]);

/* A Reshape layer before `before` that brings `x` to that shape and batch axis: an earlier one when there is one.
 * Returns its result; NULL when sizes are unknown that it needs. */
struct operand *reshape_add(struct operator *before, struct operand *x, int rank, const int64_t *shape,
                            int batch);

#endif
