/* view.h - how a result reads its operand, for those whose elements all stand in it.  Private to this folder. */
#ifndef COMMON_OPERATORS_SHAPES_LAYOUT_VIEW_H
#define COMMON_OPERATORS_SHAPES_LAYOUT_VIEW_H

#include "common/operators/shapes/shape.h"

/* How a result reads the operand: result axis i walks over operand axis from[i] by step[i] elements (from -1: it
 * stands still); each operand axis begins at start.  Starts and steps need to be known only to evaluate. */
struct view {
    struct fact x;
    int rank;
    int64_t dims[MAX_RANK];
    int from[MAX_RANK];
    int64_t step[MAX_RANK];
    int64_t start[MAX_RANK]; /* by operand axis; DIM_UNKNOWN: not known */
};

/* The operand as it is: every axis from its start, in steps of one element of it. */
void view_begin(struct view *v, const struct fact *x);
/* Takes a result axis out. */
void view_remove(struct view *v, int axis);
/* The elements that the view reads, of the call's constant `input`; NULL: not constant, or a size is not known. */
const struct tensor *view_read(struct call *c, const struct view *v);
/* The smaller of two sizes, where that is known. */
int64_t smaller_size(struct graph *g, int64_t a, int64_t b);
/* An index as slices take it: counted from the back when negative, between 0 and the size. */
int64_t clamp_index(struct graph *g, int64_t index, int64_t size);

#endif
