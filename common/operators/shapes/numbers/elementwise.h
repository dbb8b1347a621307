/* elementwise.h - what operators on single elements share: unary.c, binary.c, ternary.c, cast.c.  Private to them. */
#ifndef COMMON_OPERATORS_SHAPES_NUMBERS_ELEMENTWISE_H
#define COMMON_OPERATORS_SHAPES_NUMBERS_ELEMENTWISE_H

#include "common/operators/shapes/shape.h"

/* The result of an operator on one operand; a Python number stays one. */
void unary_result(struct call *c, const struct fact *x, enum dtype dtype);
/* A number as PyTorch's arithmetic of that type has it: rounded to float, or to a half's float. */
double compute_real(enum dtype type, double x);

/* Walks over all elements of a shape, and along with it over operands that are broadcast to it. */
struct walk {
    int rank, operands;
    const int64_t *dims;
    int64_t index[MAX_RANK], at[3], strides[3][MAX_RANK];
};

/* One more operand, of at most three; `rank` and `dims` are set. */
void walk_add(struct walk *w, const struct tensor *t);
/* To the next element, the last axis first. */
void walk_next(struct walk *w);

#endif
