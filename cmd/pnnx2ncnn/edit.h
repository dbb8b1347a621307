/* edit.h - new operators among old ones, for passes. */
#ifndef CMD_PNNX2NCNN_EDIT_H
#define CMD_PNNX2NCNN_EDIT_H

#include "common/graph/graph.h"

/* A new operator before `op`, named after it, that reads `x` (NULL: nothing yet). */
struct operator *edit_add(struct operator *op, const char *type, struct operand *x);
/* A result of `op`, whose arguments are all there: its type and shape are inferred. */
struct operand *edit_result(struct operator *op);
/* A constant before `op`; the data must outlive the graph. */
struct operand *edit_constant(struct operator *op, enum dtype type, int rank, const int64_t *shape,
                              const void *data);
/* `x` as a tensor of that shape, which may be symbolic, and the same elements, before `op`: a Tensor.reshape, or of a constant
 * another one. */
struct operand *edit_reshape(struct operator *op, struct operand *x, int rank, const int64_t *shape);
/* Lets the result of `op` be a tensor of the same elements as `x`, and removes `op`. */
void edit_finish(struct operator *op, struct operand *x);

#endif
