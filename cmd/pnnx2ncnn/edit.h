/* edit.h - new operators among old ones, with the shapes of their results: what views.c and ranks.c write. */
#ifndef CMD_PNNX2NCNN_EDIT_H
#define CMD_PNNX2NCNN_EDIT_H

#include "common/graph/graph.h"

/* A new operator before `op`, named after it, that reads `x` (NULL: nothing yet). */
struct operator *edit_add(struct operator *op, const char *type, struct operand *x);
/* A new result of `op` with that shape, and the dtype of `like`. */
struct operand *edit_result(struct operator *op, const struct operand *like, int rank, const int64_t *shape);
/* Arithmetic of `x` and a number, float32, before `op`: x `type` number. */
struct operand *edit_number(struct operator *op, struct operand *x, const char *type, double number);
/* Arithmetic of two float32 tensors, or of one and a number, broadcast; the shape is unknown where a size of theirs is. */
struct operand *edit_pair(struct operator *op, const char *type, struct value x, struct value y);
/* A constant before `op`; the data must outlive the graph. */
struct operand *edit_constant(struct operator *op, enum dtype type, int rank, const int64_t *shape,
                              const void *data);
/* `x` as a tensor of that shape and the same elements, before `op`: a Tensor.reshape, or of a constant another one. */
struct operand *edit_reshape(struct operator *op, struct operand *x, int rank, const int64_t *shape);
/* x[start:end:step] along one axis; sizes by Python's rules where they are known. */
struct operand *edit_slice(struct operator *op, struct operand *x, int axis, int64_t start, int64_t end,
                           int64_t step);
/* Two tensors, one behind the other along an axis. */
struct operand *edit_join(struct operator *op, struct operand *x, struct operand *y, int axis);
/* Lets the result of `op` be a tensor of the same elements as `x`, and removes `op`. */
void edit_finish(struct operator *op, struct operand *x);

#endif
