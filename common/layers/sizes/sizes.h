/* sizes.h - what the functions share that say how large the results of layers are: compute.c, windows.c (kernels) and moves.c have
 * them, blob.c what they call, attach.c calls them.  Private to this folder. */
#ifndef COMMON_LAYERS_SIZES_SIZES_H
#define COMMON_LAYERS_SIZES_SIZES_H

#include "common/graph/graph.h"

enum { BLOB_RANK = 4 };

/* A blob of one sample. */
struct blob {
    int rank;                /* 1 .. BLOB_RANK, or RANK_UNKNOWN */
    int64_t size[BLOB_RANK]; /* outermost first; DIM_UNKNOWN where it is not known */
};

/* What is recorded of an operand. */
struct blob blob_of(const struct operand *x);
/* Input `i`; NULL: there is none. */
struct operand *blob_operand(const struct operator *op, size_t i);
/* What is known of it; nothing where there is none. */
struct blob blob_input(const struct operator *op, size_t i);
size_t blob_inputs(const struct operator *op);
/* A blob of so many dimensions, of which no size is known. */
struct blob blob_of_rank(int rank);
/* The number of elements, or DIM_UNKNOWN. */
int64_t blob_elements(const struct blob *x);
/* The axis counted from the front; -1: there is none, or the rank is not known. */
int blob_axis(const struct blob *x, int64_t axis);

/* Parameters by name: what is given, and an integer. */
int64_t layer_int(const struct operator *op, const char *name, int64_t otherwise);
double layer_real(const struct operator *op, const char *name, double otherwise);
/* A list of at most `room` integers; how many; -1: there is none. */
int layer_ints(const struct operator *op, const char *name, int64_t *ints, int room);
const struct value *layer_value(const struct operator *op, const char *name);

/* What is known of result `i`. */
typedef struct blob size_function(const struct operator *op, size_t i);

size_function size_given, size_same, size_broadcast, size_product, size_reduction, size_embed, size_recurrent,
    size_attention, size_scores, size_matmul, size_gemm;
size_function size_convolution, size_deconvolution, size_pooling, size_unfold;
size_function size_concat, size_slice, size_flatten, size_reshape, size_permute, size_squeeze, size_expand,
    size_crop, size_padding, size_interp, size_shuffled, size_tile, size_halved;

#endif
