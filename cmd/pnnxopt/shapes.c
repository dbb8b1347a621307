/* shapes.c - shapes of what rules put inside of a sub-graph.
 *
 * The result of a rule has the shape of what it replaces; an operator before it has none yet, and what reads the model
 * next asks for all of them.  These are the few that keep a shape or permute it; pnnxshape knows the others. */
#include "cmd/pnnxopt/passes.h"

enum { RANK_MAX = 16 };

static bool keeps_shape(const struct operator *op)
{
    return operator_is(op, "nn.LayerNorm") || operator_is(op, "nn.RMSNorm") ||
           operator_is(op, "torch.logical_not");
}

/* The shape of x with its axes in the order of `dims`; false when they are no permutation of x's. */
static bool permuted_shape(const struct operand *x, const struct value *dims, int64_t shape[RANK_MAX])
{
    int64_t axes[RANK_MAX];
    if (!dims || x->rank > RANK_MAX || value_get_ints(dims, axes, RANK_MAX) != x->rank)
        return false;
    unsigned seen = 0;
    for (int i = 0; i < x->rank; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + x->rank : axes[i];
        if (axis < 0 || axis >= x->rank || seen & 1u << axis)
            return false;
        seen |= 1u << axis;
        shape[i] = x->shape[axis];
    }
    return true;
}

/* Ends: an operand gets a shape once. */
size_t pass_shapes(struct graph *g)
{
    size_t found = 0;
    for (struct operator *op = g->first; op; op = op->next) {
        const struct operand *x = operator_operand(op, "input");
        int64_t shape[RANK_MAX];
        if (op->output_count != 1 || op->outputs[0]->rank != RANK_UNKNOWN || !x || x->rank == RANK_UNKNOWN)
            continue;
        enum dtype dtype = operator_is(op, "torch.logical_not") ? DTYPE_BOOL : x->dtype;
        if (keeps_shape(op))
            operand_set_shape(op->outputs[0], dtype, x->rank, x->shape);
        else if (operator_is(op, "Tensor.permute") && permuted_shape(x, operator_value(op, "dims"), shape))
            operand_set_shape(op->outputs[0], dtype, x->rank, shape);
        found += op->outputs[0]->rank != RANK_UNKNOWN;
    }
    return found;
}
