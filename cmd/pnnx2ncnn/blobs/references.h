/* references.h - sizes as ncnn's expressions over the blobs that a layer reads: "*(0w,2)", "//(1h,4)".
 *
 * A reference is a digit, which input of the layer, and the name of the blob's dimension: w h d c innermost first, or n,
 * its count.  Reshape, Crop and Interp take texts with such references, and as many inputs as those name. */
#ifndef CMD_PNNX2NCNN_BLOBS_REFERENCES_H
#define CMD_PNNX2NCNN_BLOBS_REFERENCES_H

#include "common/graph/graph.h"

enum { MOST_BLOBS = 10 }; /* a reference has one digit */

/* The blobs that a layer reads, its own input first. */
struct references {
    struct operator *at;               /* what is before it may be referred to */
    struct operand *blobs[MOST_BLOBS]; /* NULL: one that is not referred to */
    size_t count;
};

/* What the layer calls the axis of the tensor, which becomes one of its inputs; NULL: the blob has no such dimension, or the
 * layer has too many inputs.  Arena of the graph. */
const char *references_axis(struct references *r, struct operand *x, int64_t axis);
/* The text of a size; what has it is looked for among the inputs, then among the tensors before, the closest first.  NULL: it is
 * not known, or no tensor has what it is computed from. */
const char *references_size(struct references *r, int64_t d);

#endif
