/* edit.h - new operators among old ones, for passes. */
#ifndef CMD_PNNX2NCNN_PASSES_EDIT_H
#define CMD_PNNX2NCNN_PASSES_EDIT_H

#include "common/graph/graph.h"

/* A new operator before `op`, named after it, that reads `x` (NULL: nothing yet). */
struct operator *edit_add(struct operator *op, const char *type, struct operand *x);
/* A result of `op`, whose arguments are all there: its type and shape are inferred. */
struct operand *edit_result(struct operator *op);
/* A constant before `op`; the data must outlive the graph. */
struct operand *edit_constant(struct operator *op, enum dtype type, int rank, const int64_t *shape,
                              const void *data);
/* A size, which may be symbolic, as an argument of `op`: an integer, an expression before `op`, or -1 where it is not known. */
struct value edit_size(struct operator *op, int64_t size);
struct value edit_sizes(struct operator *op, const int64_t *sizes, int count); /* a list of them */
/* `x` as a tensor of that shape, which may be symbolic, and the same elements, before `op`: a Tensor.reshape, or of a constant
 * another one. */
struct operand *edit_reshape(struct operator *op, struct operand *x, int rank, const int64_t *shape);
/* Lets the result of `op` be a tensor of the same elements as `x`, and removes `op`. */
void edit_finish(struct operator *op, struct operand *x);

#endif
