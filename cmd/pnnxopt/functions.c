/* functions.c - arithmetic on weights, for rules that fold one operator into another.
 *
 * All of it is done in double; intermediate results are f64, and what becomes a weight has the type of the weight it
 * replaces.  A function whose arguments do not fit together (sizes, types) is unknown: the rule does not apply. */
#include "cmd/pnnxopt/functions.h"

#include <math.h>
#include <string.h>

#include "common/graph/element.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

/* A new tensor of that type and shape with zeros in it. */
static struct attribute *tensor_new(struct graph *g, enum dtype dtype, int rank, const int64_t *shape)
{
    struct attribute *t = arena_alloc(&g->arena, sizeof *t);
    t->key = "";
    t->dtype = dtype;
    t->rank = rank;
    t->shape = arena_copy(&g->arena, shape, (size_t)rank * sizeof *shape);
    t->size = size_mul(element_count(rank, shape), dtype_size(dtype));
    t->data = arena_alloc(&g->arena, t->size);
    return t;
}

static size_t count_of(const struct attribute *t)
{
    return element_count(t->rank, t->shape);
}

static double get(const struct attribute *t, size_t i)
{
    return element_real(t->dtype, t->data, i);
}

/* Writes into a tensor that tensor_new() made, and nobody has seen yet. */
static void set(struct attribute *t, size_t i, double value)
{
    element_set_real(t->dtype, (uint8_t *)(uintptr_t)t->data, i, value);
}

/* bn_scale(var, weight, eps) = weight / sqrt(var + eps), f64. */
static bool bn_scale(struct rule_call *call)
{
    const struct attribute *var = call->a[0].tensor, *weight = call->a[1].tensor;
    double eps;
    if (!value_number(&call->a[2].value, &eps) || count_of(var) != count_of(weight))
        return false;
    struct attribute *t = tensor_new(call->graph, DTYPE_F64, var->rank, var->shape);
    for (size_t i = 0; i < count_of(var); i++)
        set(t, i, get(weight, i) / sqrt(get(var, i) + eps));
    return rule_give_tensor(call, t);
}

/* bn_shift(mean, scale, bias) = bias - mean * scale, f64. */
static bool bn_shift(struct rule_call *call)
{
    const struct attribute *mean = call->a[0].tensor, *scale = call->a[1].tensor, *bias = call->a[2].tensor;
    if (count_of(mean) != count_of(scale) || count_of(mean) != count_of(bias))
        return false;
    struct attribute *t = tensor_new(call->graph, DTYPE_F64, mean->rank, mean->shape);
    for (size_t i = 0; i < count_of(mean); i++)
        set(t, i, get(bias, i) - get(mean, i) * get(scale, i));
    return rule_give_tensor(call, t);
}

/* full_like(t, value): a tensor like t that holds the value everywhere. */
static bool full_like(struct rule_call *call)
{
    double value;
    if (!value_number(&call->a[1].value, &value))
        return false;
    struct attribute *t =
        tensor_new(call->graph, call->a[0].tensor->dtype, call->a[0].tensor->rank, call->a[0].tensor->shape);
    for (size_t i = 0; i < count_of(t); i++)
        set(t, i, value);
    return rule_give_tensor(call, t);
}

/* zeros(n, like): n zeros of the type of `like`. */
static bool zeros(struct rule_call *call)
{
    int64_t n = call->a[0].value.integer;
    if (call->a[0].value.kind != VALUE_INT || n < 0 || n > INT32_MAX)
        return false;
    return rule_give_tensor(call, tensor_new(call->graph, call->a[1].tensor->dtype, 1, &n));
}

/* Writes elements first .. first + count - 1 of w, multiplied, to the same place of t. */
static void scale_run(struct attribute *t, const struct attribute *w, size_t first, size_t count,
                      double factor)
{
    double values[1024];
    for (size_t done = 0; done < count;) {
        size_t n = count - done < LENGTH(values) ? count - done : LENGTH(values);
        elements_real(w->dtype, w->data, first + done, n, values);
        for (size_t i = 0; i < n; i++)
            values[i] *= factor;
        elements_set_real(t->dtype, (uint8_t *)(uintptr_t)t->data, first + done, n, values);
        done += n;
    }
}

/* scale_rows(w, scale): w[o, ...] * scale[o]: the weights of a convolution or a linear layer, by output channel. */
static bool scale_rows(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor, *scale = call->a[1].tensor;
    if (w->rank < 1 || (size_t)w->shape[0] != count_of(scale))
        return false;
    struct attribute *t = tensor_new(call->graph, w->dtype, w->rank, w->shape);
    size_t rows = count_of(scale), row = rows ? count_of(w) / rows : 0;
    for (size_t o = 0; o < rows; o++)
        scale_run(t, w, o * row, row, get(scale, o));
    return rule_give_tensor(call, t);
}

/* scale_transposed(w, scale, groups): the same for a transposed convolution, whose weights are laid out
 * [in, out / groups, ...] with the input channels of a group together. */
static bool scale_transposed(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor, *scale = call->a[1].tensor;
    int64_t groups = call->a[2].value.integer;
    if (call->a[2].value.kind != VALUE_INT || groups < 1 || w->rank < 2 || w->shape[0] % groups != 0 ||
        w->shape[1] < 1 || count_of(scale) != (size_t)w->shape[1] * (size_t)groups)
        return false;
    struct attribute *t = tensor_new(call->graph, w->dtype, w->rank, w->shape);
    size_t total = count_of(w), inputs = (size_t)w->shape[0], outputs = (size_t)w->shape[1];
    size_t filters = inputs * outputs, kernel = filters ? total / filters : 1,
           per_group = inputs / (size_t)groups;
    for (size_t i = 0; i < total; i++) {
        size_t input = i / (kernel * outputs), output = i / kernel % outputs;
        set(t, i, get(w, i) * get(scale, input / per_group * outputs + output));
    }
    return rule_give_tensor(call, t);
}

/* fold_bias(bias, scale, shift) = bias * scale + shift, in the type of bias. */
static bool fold_bias(struct rule_call *call)
{
    const struct attribute *bias = call->a[0].tensor, *scale = call->a[1].tensor, *shift = call->a[2].tensor;
    if (count_of(bias) != count_of(scale) || count_of(bias) != count_of(shift))
        return false;
    struct attribute *t = tensor_new(call->graph, bias->dtype, bias->rank, bias->shape);
    for (size_t i = 0; i < count_of(bias); i++)
        set(t, i, get(bias, i) * get(scale, i) + get(shift, i));
    return rule_give_tensor(call, t);
}

/* as_vector(t): t with one axis, for constants such as (C,1,1) that become biases. */
static bool as_vector(struct rule_call *call)
{
    int64_t n = (int64_t)count_of(call->a[0].tensor);
    struct attribute *t = arena_copy(&call->graph->arena, call->a[0].tensor, sizeof *t);
    t->rank = 1;
    t->shape = arena_copy(&call->graph->arena, &n, sizeof n);
    return rule_give_tensor(call, t);
}

/* all_equal(t, value): whether every element is the value. */
static bool all_equal(struct rule_call *call)
{
    double value;
    bool equal = true;
    if (!value_number(&call->a[1].value, &value))
        return false;
    for (size_t i = 0; i < count_of(call->a[0].tensor) && equal; i++)
        equal = get(call->a[0].tensor, i) == value;
    return rule_give(call, value_bool(equal));
}

/* concat_rows(a, b, ...): one below the other along axis 0. */
static bool concat_rows(struct rule_call *call)
{
    int64_t shape[8], rows = 0;
    const struct attribute *first = call->a[0].tensor;
    if (first->rank < 1 || first->rank > 8)
        return false;
    for (size_t i = 0; i < call->count; i++) {
        const struct attribute *t = call->a[i].tensor;
        if (t->dtype != first->dtype || t->rank != first->rank)
            return false;
        for (int k = 1; k < t->rank; k++)
            if (t->shape[k] != first->shape[k])
                return false;
        rows += t->shape[0];
    }
    for (int k = 0; k < first->rank; k++)
        shape[k] = k ? first->shape[k] : rows;
    struct attribute *t = tensor_new(call->graph, first->dtype, first->rank, shape);
    size_t at = 0;
    for (size_t i = 0; i < call->count; i++)
        if (call->a[i].tensor->size > 0) {
            memcpy((uint8_t *)(uintptr_t)t->data + at, call->a[i].tensor->data, call->a[i].tensor->size);
            at += call->a[i].tensor->size;
        }
    return rule_give_tensor(call, t);
}

/* compose(outer, inner): the permutation that does `inner` first: result[j] = inner[outer[j]]. */
static bool compose(struct rule_call *call)
{
    int64_t outer[16], inner[16], both[16];
    int n = value_get_ints(&call->a[0].value, outer, 16), m = value_get_ints(&call->a[1].value, inner, 16);
    if (n < 0 || n > 16 || n != m)
        return false;
    for (int j = 0; j < n; j++) {
        int64_t at = outer[j] < 0 ? outer[j] + n : outer[j];
        if (at < 0 || at >= n)
            return false;
        both[j] = inner[at] < 0 ? inner[at] + n : inner[at];
    }
    return rule_give_ints(call, both, (size_t)n);
}

/* swapped(rank, a, b): the permutation of that many axes that swaps two of them. */
static bool swapped(struct rule_call *call)
{
    int64_t axes[16], n = call->a[0].value.integer, a = call->a[1].value.integer,
                      b = call->a[2].value.integer;
    for (int i = 0; i < 3; i++)
        if (call->a[i].value.kind != VALUE_INT)
            return false;
    a += a < 0 ? n : 0;
    b += b < 0 ? n : 0;
    if (n < 1 || n > 16 || a < 0 || a >= n || b < 0 || b >= n)
        return false;
    for (int64_t i = 0; i < n; i++)
        axes[i] = i == a ? b : i == b ? a : i;
    return rule_give(call, value_ints(&call->graph->arena, axes, (size_t)n));
}

const struct rule_function opt_functions[] = {
    { "bn_scale", "ttf:t", bn_scale },    { "bn_shift", "ttt:t", bn_shift },
    { "full_like", "tf:t", full_like },   { "zeros", "it:t", zeros },
    { "scale_rows", "tt:t", scale_rows }, { "scale_transposed", "tti:t", scale_transposed },
    { "fold_bias", "ttt:t", fold_bias },  { "as_vector", "t:t", as_vector },
    { "all_equal", "tf:b", all_equal },   { "concat_rows", "t*:t", concat_rows },
    { "compose", "ll:l", compose },       { "swapped", "iii:l", swapped },
};
const size_t opt_function_count = sizeof opt_functions / sizeof *opt_functions;
