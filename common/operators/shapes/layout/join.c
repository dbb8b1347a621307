/* join.c - tensors one behind the other: cat, stack and their kin. */
#include <string.h>

#include "common/operators/shapes/shape.h"

static int joined_facts(struct call *c, struct fact **facts)
{
    static const char *const keys[] = { "tensors", "inputs" };
    for (size_t i = 0; i < LENGTH(keys); i++) {
        const struct value *v = arg_value(c, keys[i]);
        if (!v || v->kind != VALUE_LIST || v->list.count > 1000000)
            continue;
        *facts = arena_array(&c->run->arena, v->list.count + 1, sizeof **facts);
        return arg_facts(c, keys[i], *facts, (int)v->list.count);
    }
    return UNKNOWN;
}

/* An empty vector joins with anything. */
static bool is_empty_vector(const struct fact *f)
{
    return f->rank == 1 && f->dims[0] == 0;
}

/* The first operand that tells the shape, or NULL when one of them has an unknown rank. */
static const struct fact *joined_model(const struct fact *facts, int count)
{
    const struct fact *model = NULL;
    for (int i = 0; i < count; i++) {
        if (facts[i].rank == RANK_UNKNOWN)
            return NULL;
        if (!model && !is_empty_vector(&facts[i]))
            model = &facts[i];
    }
    return model ? model : count > 0 ? facts : NULL;
}

static bool join_sizes(struct call *c, const struct fact *f, int axis, int rank, int64_t *dims)
{
    if (f->rank != rank) {
        wrong(c, "ranks differ");
        return false;
    }
    for (int i = 0; i < rank; i++) {
        if (i == axis)
            dims[i] = dim_add(c->graph, dims[i], f->dims[i]);
        else if (sizes_differ(c, dims[i], f->dims[i])) {
            wrong(c, "sizes of axis %d differ: %s against %s", i, dim_text(c->graph, dims[i]),
                  dim_text(c->graph, f->dims[i]));
            return false;
        } else if (dims[i] == DIM_UNKNOWN || dim_known(f->dims[i]))
            dims[i] = f->dims[i];
    }
    return true;
}

static void shape_cat(struct call *c)
{
    struct fact *facts;
    const struct fact *model;
    int64_t dims[MAX_RANK];
    int count = joined_facts(c, &facts), axis;
    enum dtype dtype;
    if (count < 1)
        return;
    dtype = promote_facts(facts, count);
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    model = joined_model(facts, count);
    if (!model || model->rank < 1 || !arg_axis(c, "dim", model->rank, 0, &axis))
        return;
    memcpy(dims, model->dims, (size_t)model->rank * sizeof *dims);
    dims[axis] = 0;
    for (int i = 0; i < count; i++)
        if ((!is_empty_vector(&facts[i]) || model->rank == 1) &&
            !join_sizes(c, &facts[i], axis, model->rank, dims))
            return;
    result(c, 0, dtype, model->rank, dims);
}

static void shape_stack(struct call *c)
{
    struct fact *facts;
    const struct fact *model;
    int64_t dims[MAX_RANK + 1];
    int count = joined_facts(c, &facts), axis, rank;
    enum dtype dtype;
    if (count < 1)
        return;
    dtype = promote_facts(facts, count);
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    model = joined_model(facts, count);
    if (!model || model->rank >= MAX_RANK || !arg_axis(c, "dim", model->rank + 1, 0, &axis))
        return;
    rank = facts[0].rank;
    memcpy(dims, facts[0].dims, (size_t)rank * sizeof *dims);
    for (int i = 1; i < count; i++)
        if (!join_sizes(c, &facts[i], -1, rank, dims))
            return;
    memmove(&dims[axis + 1], &dims[axis], (size_t)(rank - axis) * sizeof *dims);
    dims[axis] = count;
    result(c, 0, dtype, rank + 1, dims);
}

/* Copies operand after operand: `outer` times, each as many elements as it has behind the axis. */
static const struct tensor *join(struct call *c, struct fact *facts, int count, int axis)
{
    const struct fact *f = &c->results[0];
    int64_t outer = 1, at = 0;
    size_t size = dtype_size(f->dtype);
    bool weight = false;
    struct tensor *out;
    uint8_t *data;
    for (int i = 0; i < count; i++) {
        const struct tensor *t = facts[i].constant;
        if (t && t->dtype != f->dtype)
            t = tensor_cast(c, t, f->dtype);
        if (!t)
            return NULL;
        facts[i].constant = t;
        weight |= t->weight;
    }
    out = tensor_new(c, f->dtype, f->rank, f->dims, weight, &data);
    for (int i = 0; out && i < axis; i++)
        outer *= f->dims[i];
    for (int64_t o = 0; out && o < outer; o++)
        for (int i = 0; i < count; i++) {
            int64_t piece = facts[i].constant->count / outer;
            if (piece > out->count - at)
                return NULL;
            if (piece > 0)
                memcpy(data + (size_t)at * size, facts[i].constant->data + (size_t)(o * piece) * size,
                       (size_t)piece * size);
            at += piece;
        }
    return out;
}

static bool evaluate_join(struct call *c)
{
    struct fact *facts;
    const struct tensor *t;
    int count, axis;
    if (c->results[0].rank < 1 || c->results[0].dtype == DTYPE_NULL)
        return false;
    count = joined_facts(c, &facts);
    for (int i = 0; i < count; i++)
        if (!facts[i].constant)
            return false;
    if (count < 1 || !arg_axis(c, "dim", c->results[0].rank, 0, &axis))
        return false;
    t = join(c, facts, count, axis);
    if (t)
        result_constant(c, 0, t);
    return t;
}

/* hstack, vstack, dstack: by the row's code, the axis they join along. */
static void shape_hstack(struct call *c)
{
    struct fact *facts;
    int count = joined_facts(c, &facts),
        need = c->row->code == 0   ? 2
               : c->row->code == 2 ? 3
                                   : 1,
        axis, rank = 0;
    int64_t dims[MAX_RANK];
    for (int i = 0; i < count; i++) {
        int64_t one[MAX_RANK] = { 1, 1, 1 };
        int own = facts[i].rank;
        if (own == RANK_UNKNOWN)
            return;
        memcpy(one + (own == 1 && need > 1), facts[i].dims, (size_t)own * sizeof *one);
        struct fact f = { .rank = own < need ? need : own, .dims = one };
        axis = c->row->code == 1 && f.rank == 1 ? 0 : c->row->code;
        if (i == 0) {
            rank = f.rank;
            memcpy(dims, one, sizeof dims);
        } else if (!join_sizes(c, &f, axis, rank, dims))
            return;
    }
    if (count > 0)
        result(c, 0, promote_facts(facts, count), rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "cat concat concatenate nn.quantized.cat", shape_cat, evaluate_join, 0 },
    { "stack", shape_stack, evaluate_join, 0 },
    { "hstack", shape_hstack, NULL, 1 },
    { "vstack row_stack", shape_hstack, NULL, 0 },
    { "dstack", shape_hstack, NULL, 2 },
};
/* clang-format on */

const struct family family_join = { rows, LENGTH(rows) };
