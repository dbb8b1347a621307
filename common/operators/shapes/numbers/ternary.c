/* ternary.c - operators on three operands that are broadcast, and complex numbers of two parts. */
#include <math.h>

#include "common/operators/shapes/numbers/elementwise.h"

static void result_broadcast(struct call *c, enum dtype dtype, const struct fact *facts, int count)
{
    int64_t dims[MAX_RANK];
    int rank;
    if (broadcast_facts(c, facts, count, &rank, dims))
        result(c, 0, dtype, rank, dims);
}

static void shape_where(struct call *c)
{
    struct fact facts[3] = { arg_fact(c, "condition"), arg_fact(c, "input"), arg_fact(c, "other") };
    /* where(condition) is nonzero(as_tuple=True); aten::where and Tensor.where have other places for the same. */
    int64_t unknown = DIM_UNKNOWN;
    if (!arg_present(c, "condition") || !arg_present(c, "other")) {
        for (size_t i = 0; i < c->result_count && (int)c->result_count == facts[0].rank; i++)
            result(c, i, DTYPE_I64, 1, &unknown);
        return;
    }
    result_broadcast(c, promote_facts(facts + 1, 2), facts, 3);
}

static bool evaluate_where(struct call *c)
{
    const struct tensor *condition = arg_constant(c, "condition"), *a = arg_constant(c, "input"),
                        *b = arg_constant(c, "other");
    const struct fact *f = &c->results[0];
    struct walk walk = { .rank = f->rank, .dims = f->dims };
    struct tensor *out;
    uint8_t *data;
    if (!condition || !a || !b || f->rank == RANK_UNKNOWN)
        return false;
    out = tensor_new(c, f->dtype, f->rank, f->dims, a->weight || b->weight, &data);
    if (!out || !dtype_evaluable(a->dtype) || !dtype_evaluable(b->dtype) ||
        !dtype_evaluable(condition->dtype))
        return false;
    walk_add(&walk, condition);
    walk_add(&walk, a);
    walk_add(&walk, b);
    for (int64_t i = 0; i < out->count; i++, walk_next(&walk)) {
        bool first = element_real(condition->dtype, condition->data, (size_t)walk.at[0]) != 0;
        const struct tensor *from = first ? a : b;
        size_t at = (size_t)walk.at[first ? 1 : 2];
        store_element(data, out->dtype, i, from, at);
    }
    result_constant(c, 0, out);
    return true;
}

static void shape_masked_fill(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "mask") };
    result_broadcast(c, facts[0].dtype, facts, 2);
}

static bool evaluate_masked_fill(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input"), *mask = arg_constant(c, "mask"),
                        *value = arg_constant(c, "value");
    const struct fact *f = &c->results[0];
    struct walk walk = { .rank = f->rank, .dims = f->dims };
    struct tensor *out;
    uint8_t *data;
    if (!x || !mask || !value || value->count != 1 || f->rank == RANK_UNKNOWN || !dtype_evaluable(x->dtype))
        return false;
    out = tensor_new(c, f->dtype, f->rank, f->dims, x->weight, &data);
    if (!out)
        return false;
    walk_add(&walk, x);
    walk_add(&walk, mask);
    for (int64_t i = 0; i < out->count; i++, walk_next(&walk)) {
        bool fill = element_int(mask->dtype, mask->data, (size_t)walk.at[1]) != 0;
        const struct tensor *from = fill ? value : x;
        size_t at = fill ? 0 : (size_t)walk.at[0];
        store_element(data, out->dtype, i, from, at);
    }
    result_constant(c, 0, out);
    return true;
}

static void shape_clamp(struct call *c)
{
    struct fact facts[3] = { arg_fact(c, "input"), arg_fact(c, "min"), arg_fact(c, "max") };
    if (facts[0].number)
        result_number(c, 0, facts[0].dtype);
    else
        result_broadcast(c, promote_facts(facts, 3), facts, 3);
}

static bool evaluate_clamp(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    double low, high;
    const struct fact *f = &c->results[0];
    struct tensor *out;
    uint8_t *data;
    if (!x || !dtype_evaluable(x->dtype) || !arg_real(c, "min", -INFINITY, &low) ||
        !arg_real(c, "max", INFINITY, &high) || f->rank != x->rank)
        return false;
    out = tensor_new(c, f->dtype, x->rank, x->dims, x->weight, &data);
    for (int64_t i = 0; out && i < out->count; i++) {
        double v = element_real(x->dtype, x->data, (size_t)i);
        if (v >= low && v <= high && !dtype_is_float(out->dtype))
            store_int(data, out->dtype, i, element_int(x->dtype, x->data, (size_t)i));
        else
            element_set_real(out->dtype, data, (size_t)i, v < low ? low : v > high ? high : v);
    }
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* All of three tensors, broadcast and promoted, with no value computed. */
static void shape_ternary(struct call *c)
{
    static const char *const keys[] = { "input", "tensor1", "tensor2", "end", "weight", "other", "value" };
    struct fact facts[LENGTH(keys)];
    for (size_t i = 0; i < LENGTH(keys); i++) {
        facts[i] = arg_fact(c, keys[i]);
        if (facts[i].number)
            facts[i].present = false; /* a factor of the operation, which must fit its type */
    }
    result_broadcast(c, promote_facts(facts, (int)LENGTH(keys)), facts, (int)LENGTH(keys));
}

static void shape_complex(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "real"), arg_fact(c, "imag") };
    if (!facts[0].present) {
        facts[0] = arg_fact(c, "abs");
        facts[1] = arg_fact(c, "angle");
    }
    result_broadcast(c, dtype_to_complex(facts[0].dtype), facts, 2);
}

/* clang-format off */
static const struct row rows[] = {
    { "where", shape_where, evaluate_where, 0 },
    { "masked_fill", shape_masked_fill, evaluate_masked_fill, 0 },
    { "clamp clip clamp_min clamp_max", shape_clamp, evaluate_clamp, 0 },
    { "addcmul addcdiv lerp", shape_ternary, NULL, 0 },
    { "complex polar", shape_complex, NULL, 0 },
};
/* clang-format on */

const struct family family_ternary = { rows, LENGTH(rows) };
