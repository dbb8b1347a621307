/* indices.c - see passes.h: indices that are looked up by and computed on, too.
 *
 * An embedding reads int32, arithmetic floats, and no layer turns one into the other; but a lookup does: the table of
 * 0, 1, 2 ... has at place i the float i.  It is as long as the shortest table that the same indices are looked up in,
 * for PyTorch takes no index outside of that. */

#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"

#define LONGEST (1 << 24) /* floats are exact up to there */
#define MOVES   8         /* how many moves are followed */

static bool is_lookup(const struct operator *op)
{
    return op->signature->traits.bits & TRAIT_LOOKUP;
}

/* The rows of its table; 0: not known. */
static int64_t row_count(const struct operator *op)
{
    const struct operand *table = operator_operand(op, "weight");
    return table && table->rank == 2 && table->shape[0] > 0 ? table->shape[0]
                                                            : operator_int(op, "num_embeddings", 0);
}

/* Whether the result has all elements of the input, in some order. */
static bool rearranges(const struct operator *op)
{
    return op->signature->traits.bits & TRAITS_REARRANGED;
}

/* Operators that need no floats: they move the indices, or hand them out. */
static bool leaves_indices(const struct operator *op)
{
    return is_lookup(op) || elements_are_moved(op) || elements_are_neutral(op) ||
           operator_is(op, "Tensor.size");
}

static struct operator *computing_reader(const struct operand *x)
{
    for (const struct use *use = x->uses; use; use = use->next)
        if (!leaves_indices(use->op))
            return use->op;
    return NULL;
}

/* The indices `x`, below `rows`, as floats, before the first operator behind their producer. */
static struct operand *add_floats(struct operand *x, int64_t rows)
{
    struct operator *before = x->producer->next;
    float *data = arena_array(&before->graph->arena, (size_t)rows, sizeof *data);
    for (int64_t i = 0; i < rows; i++)
        data[i] = (float)i;
    int64_t *shape = arena_copy(&before->graph->arena, (int64_t[]){ rows, 1 }, 2 * sizeof *shape);
    struct operand *table = edit_constant(before, DTYPE_F32, 2, shape, data);
    struct operator *lookup = edit_add(before, "F.embedding", x);
    operator_set(lookup, "weight", value_operand(table));
    struct operator *squeeze = edit_add(before, "torch.squeeze", edit_result(lookup));
    operator_set(squeeze, "dim", value_int(x->rank));
    return edit_result(squeeze);
}

static void give_floats(struct operand *x, int64_t rows)
{
    bool index = x->dtype == DTYPE_I64 || x->dtype == DTYPE_I32;
    struct operator *reader = computing_reader(x);
    if (!reader || !index || x->rank < 1 || rows < 1 || rows > LONGEST)
        return;
    struct operand *floats = add_floats(x, rows);
    for (; reader; reader = computing_reader(x))
        operator_replace(reader, x, floats);
}

/* The shortest table that all elements of `x` are looked up in, behind what keeps them all; 0: none. */
static int64_t shortest_table(const struct operand *x, int depth)
{
    int64_t shortest = 0;
    for (const struct use *use = x->uses; use; use = use->next) {
        int64_t rows = 0;
        if (is_lookup(use->op) && operator_operand(use->op, "input") == x)
            rows = row_count(use->op);
        else if (rearranges(use->op) && use->op->output_count == 1 && depth > 0)
            rows = shortest_table(use->op->outputs[0], depth - 1);
        shortest = rows && (!shortest || rows < shortest) ? rows : shortest;
    }
    return shortest;
}

/* What was moved before the lookup, or is behind it, has the bound of where it comes from. */
static void visit(struct operand *x, int64_t bound, int depth)
{
    int64_t rows = shortest_table(x, depth);
    rows = rows && (!bound || rows < bound) ? rows : bound;
    if (!rows || depth == 0)
        return;
    for (const struct use *use = x->uses; use; use = use->next)
        if (rearranges(use->op) && use->op->output_count == 1)
            visit(use->op->outputs[0], rows, depth - 1);
    give_floats(x, rows);
}

void prepare_indices(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        for (size_t i = 0; i < op->output_count && !rearranges(op); i++)
            if (!operand_constant(op->outputs[i]))
                visit(op->outputs[i], 0, MOVES);
    }
}
