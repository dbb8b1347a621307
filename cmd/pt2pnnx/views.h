/* views.h - operators whose result is a window into their argument, and how a write through it is undone. */
#ifndef PT2PNNX_VIEWS_H
#define PT2PNNX_VIEWS_H

#include <stdbool.h>

#include "common/graph/graph.h"

/* What an operator is to its first argument. */
enum view_kind {
    VIEW_NONE,      /* new memory */
    VIEW_SAME,      /* the argument itself: detach, dropout outside training */
    VIEW_SLICE,     /* some of it, along an axis */
    VIEW_SELECT,    /* one of it, along an axis */
    VIEW_NARROW,    /* slice by start and length */
    VIEW_DIAGONAL,  /* */
    VIEW_RESHAPE,   /* the same elements in the same order */
    VIEW_UNSQUEEZE, /* the same, one axis more */
    VIEW_SWAP,      /* its own inverse: transpose */
    VIEW_PERMUTE,   /* */
    VIEW_MOVE,      /* movedim: inverse with source and destination exchanged */
    VIEW_UNBIND,    /* several results: each one of it */
    VIEW_SPLIT,     /* several results: side by side */
    VIEW_REAL,      /* view_as_real and view_as_complex, each other's inverse */
    VIEW_OTHER,     /* a window that cannot be written through here: expand, unfold, as_strided */
};

/* The kind of view that an operator makes of its first argument, given that the argument lies contiguous in memory
 * or not: reshape and its like copy what they cannot view. */
enum view_kind view_kind(const struct operator *op, bool contiguous);
/* Whether a view of contiguous memory is contiguous. */
bool view_keeps_contiguous(const struct operator *op, enum view_kind kind);

/* The new value of `base` when result number `index` of `view`, a view of `base`, has become `value`: made by new
 * operators before `before`.  `siblings` are the values of all results of the view.  NULL when it cannot be
 * expressed. */
struct operand *view_scatter(struct operator *before, const struct operator *view, enum view_kind kind,
                             size_t index, struct operand *base, struct operand *value,
                             struct operand *const *siblings);

#endif
