/* layout.h - how a tensor lies in an ncnn blob.
 *
 * A blob has one to four dimensions and a count n of blobs like it, which the runtime loops over.  A tensor's batch
 * axis (operand.batch, solved in batch.c) is none of the blob's dimensions: with size 1, the usual case, it is
 * simply left out; with another size it is the count n.  Leaving an axis of size 1 out moves no element, so between
 * two layouts of size 1 there is at most a Reshape, and a Reshape between any two tensors serves any layouts. */
#ifndef CMD_PNNX2NCNN_BLOBS_LAYOUT_H
#define CMD_PNNX2NCNN_BLOBS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/graph/graph.h"

#define BLOB_RANK   4   /* dimensions of a blob */
#define TENSOR_RANK 16  /* dimensions of a tensor that the layouts are computed for */
#define NO_AXIS     233 /* what Reshape calls "no batch axis" */

/* Dimensions, outermost first. */
struct dims {
    int rank;
    int64_t size[TENSOR_RANK];
};

/* The dimensions of the blob that an operand is: its shape without the batch axis; a number is one element.  False
 * when the rank is unknown or beyond TENSOR_RANK. */
bool layout_dims(const struct operand *x, struct dims *out);
/* Their number; -1: unknown. */
int layout_rank(const struct operand *x);

/* True when the operand's batch axis is carried as a count of blobs: its size is not known to be 1. */
bool layout_is_counted(const struct operand *x);

/* True for a tensor of one element, which broadcasts to any. */
bool layout_is_single(const struct operand *x);

/* The axis of the blob that an axis of the tensor is (negative: from the end); -1: it is the batch, or there is no
 * such axis. */
int layout_axis(const struct operand *x, int64_t axis);

/* The id that dimension `i` (outermost first) of a blob of that rank has in Reshape, MemoryData and Input. */
const char *layout_id(int rank, int i);

#endif
