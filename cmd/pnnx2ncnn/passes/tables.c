/* tables.c - see passes.h: tables that depend on nothing but sizes which have a bound.
 *
 * They are computed for the largest sizes, and cut: positions, distances, masks, numbers of buckets.  Whether a table of smaller
 * sizes is the beginning of it is tried with some; one whose elements change with the size stays as it is. */
#include <string.h>

#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/operators/shapes/shape.h"

enum {
    MOST_ELEMENTS = 1 << 20,   /* of a table */
    ROOM = 64 * MOST_ELEMENTS, /* bytes of all constants of one computation */
    ATTEMPTS = 4               /* sizes: the largest, and some below */
};

static int64_t attempt_size(int64_t most, int attempt)
{
    const int64_t sizes[ATTEMPTS] = { most, most - 1, most / 2 + 1, most < 3 ? most : 3 };
    return sizes[attempt] > 0 ? sizes[attempt] : 1;
}

/* The network's input that the operator is; NULL: it is none. */
static const struct operand *input_of(const struct operator *op)
{
    return operator_is(op, "pnnx.Input") && op->output_count ? op->outputs[0] : NULL;
}

/* What all operands are where the sizes with a bound have the values of an attempt. */
static struct run *run_with(struct graph *g, const struct table *table, int attempt)
{
    struct run *run = run_new(g, table);
    run->which = NULL;
    run->room = ROOM;
    for (const struct operator *op = g->first; op; op = op->next) {
        const struct operand *x = input_of(op);
        if (!x || x->rank < 0 || x->rank > MAX_RANK)
            continue;
        int64_t *dims = arena_array(&run->arena, (size_t)x->rank + 1, sizeof *dims);
        for (int i = 0; i < x->rank; i++) {
            int64_t most = dim_get_note(g, x->shape[i]).most;
            dims[i] = most > 0 ? attempt_size(most, attempt) : x->shape[i];
        }
        run_set_input(run, x, x->dtype, x->rank, dims);
    }
    run_infer(run);
    return run;
}

static bool has_bounds(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next) {
        const struct operand *x = input_of(op);
        for (int k = 0; x && k < x->rank; k++)
            if (dim_get_note(g, x->shape[k]).most > 0)
                return true;
    }
    return false;
}

/* Whether the smaller table is the beginning of the larger along each axis. */
static bool is_beginning(const struct tensor *small, const struct tensor *large)
{
    size_t size = dtype_size(large->dtype);
    if (small->dtype != large->dtype || small->rank != large->rank)
        return false;
    for (int i = 0; i < small->rank; i++)
        if (small->dims[i] > large->dims[i])
            return false;
    for (int64_t at = 0; at < small->count; at++) {
        int64_t rest = at, from = 0, step = 1;
        for (int i = small->rank - 1; i >= 0; i--) {
            from += rest % small->dims[i] * step;
            rest /= small->dims[i];
            step *= large->dims[i];
        }
        if (memcmp(small->data + (size_t)at * size, large->data + (size_t)from * size, size) != 0)
            return false;
    }
    return true;
}

/* Whether something reads it that is no table itself. */
static bool is_read(const struct run *run, const struct operand *x)
{
    for (const struct use *use = x->uses; use; use = use->next) {
        if (use->op->output_count == 0)
            return true;
        for (size_t i = 0; i < use->op->output_count; i++)
            if (!run->facts[use->op->outputs[i]->id].constant)
                return true;
    }
    return false;
}

/* The table of the largest sizes; NULL: it is none that can be cut. */
static const struct tensor *table_of(struct run *const runs[ATTEMPTS], const struct operand *x)
{
    const struct tensor *largest = runs[0]->facts[x->id].constant;
    bool is_free = false;
    for (int i = 0; i < x->rank; i++)
        is_free = is_free || (!dim_known(x->shape[i]) && x->shape[i] != DIM_UNKNOWN);
    if (!is_free || !largest || largest->rank != x->rank || largest->count > MOST_ELEMENTS ||
        !is_read(runs[0], x))
        return NULL;
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] == DIM_UNKNOWN || (dim_known(x->shape[i]) && x->shape[i] != largest->dims[i]))
            return NULL;
    for (int i = 1; i < ATTEMPTS; i++) {
        const struct tensor *smaller = runs[i]->facts[x->id].constant;
        if (!smaller || !is_beginning(smaller, largest))
            return NULL;
    }
    return largest;
}

/* Lets the readers of x read the table, cut to its sizes. */
static void cut_table(struct operand *x, const struct tensor *t)
{
    struct graph *g = x->producer->graph;
    struct operator *before = x->producer;
    const void *data = arena_copy(&g->arena, t->data, (size_t)t->count * dtype_size(t->dtype));
    struct operand *y = edit_constant(
        before, t->dtype, t->rank, arena_copy(&g->arena, t->dims, (size_t)t->rank * sizeof *t->dims), data);
    for (int i = 0; i < x->rank; i++) {
        if (dim_known(x->shape[i]))
            continue;
        struct operator *slice = edit_add(before, "Tensor.slice", y);
        operator_set(slice, "dim", value_int(i));
        operator_set(slice, "start", value_int(0));
        operator_set(slice, "end", edit_size(slice, x->shape[i]));
        operator_set(slice, "step", value_int(1));
        y = edit_result(slice);
    }
    operand_replace(x, y);
}

void prepare_tables(struct graph *g)
{
    if (!has_bounds(g))
        return;
    struct table *table = table_new(g->strings);
    struct run *runs[ATTEMPTS];
    for (int i = 0; i < ATTEMPTS; i++)
        runs[i] = run_with(g, table, i);
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            struct operand *x = op->outputs[i];
            const struct tensor *t = x->id < runs[0]->operand_ids ? table_of(runs, x) : NULL;
            if (t)
                cut_table(x, t);
        }
    for (int i = 0; i < ATTEMPTS; i++)
        run_free(runs[i]);
    table_free(table);
    graph_remove_dead(g);
}
