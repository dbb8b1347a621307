/* functions.c - arithmetic on weights, for rules that fold one layer into another.  It is done in double, and gives float32,
 * whatever the weights are stored as.  Weights that are no floats, or do not fit together, are unknown: the rule does not apply. */
#include <math.h>

#include "common/graph/element.h"
#include "common/layers/layers.h"

/* A new tensor of that shape, and its elements to be written. */
static struct attribute *tensor_new(struct graph *g, int rank, const int64_t *shape, float **data)
{
    struct attribute *t = arena_alloc(&g->arena, sizeof *t);
    size_t count = element_count(rank, shape);
    *data = arena_array(&g->arena, count ? count : 1, sizeof **data);
    *t = (struct attribute){ .key = "", .dtype = DTYPE_F32, .rank = rank, .data = (const uint8_t *)*data };
    t->size = size_mul(count, sizeof **data);
    t->shape = arena_copy(&g->arena, shape, (size_t)rank * sizeof *shape);
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

/* A function of the elements with the same number of several vectors, of which some may be absent (NULL). */
typedef double element_function(const double *elements);

enum { MOST_VECTORS = 3 };

/* Of the first `count` arguments; an absent one has the element of `absent`. */
static bool map_vectors(struct rule_call *call, size_t count, const double *absent, element_function *f)
{
    const struct attribute *first = NULL;
    for (size_t k = 0; k < count; k++) {
        const struct attribute *t = call->a[k].tensor;
        if (t && (!dtype_is_float(t->dtype) || (first && count_of(t) != count_of(first))))
            return false;
        first = first ? first : t;
    }
    if (!first)
        return false;
    int64_t n = (int64_t)count_of(first);
    float *data;
    const struct attribute *result = tensor_new(call->graph, 1, &n, &data);
    for (size_t i = 0; i < (size_t)n; i++) {
        double elements[MOST_VECTORS];
        for (size_t k = 0; k < count; k++)
            elements[k] = call->a[k].tensor ? get(call->a[k].tensor, i) : absent[k];
        data[i] = (float)f(elements);
        if (!isfinite(data[i]))
            return false;
    }
    return rule_give_tensor(call, result);
}

static double multiplied_added(const double *e)
{
    return e[0] * e[1] + e[2];
}

/* multiply_add(b, s, t) = b * s + t; absent they are 0, 1 and 0. */
static bool multiply_add(struct rule_call *call)
{
    return map_vectors(call, 3, (const double[]){ 0, 1, 0 }, multiplied_added);
}

static double negative(const double *e)
{
    return -e[0];
}

static bool negated(struct rule_call *call)
{
    return map_vectors(call, 1, (const double[]){ 0 }, negative);
}

static double inverse(const double *e)
{
    return 1 / e[0];
}

static bool inverted(struct rule_call *call)
{
    return map_vectors(call, 1, (const double[]){ 0 }, inverse);
}

/* filled(n, value) */
static bool filled(struct rule_call *call)
{
    int64_t n = call->a[0].value.integer;
    float *data;
    if (n < 1 || n > INT32_MAX)
        return false;
    const struct attribute *t = tensor_new(call->graph, 1, &n, &data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (float)call->a[1].value.real;
    return rule_give_tensor(call, t);
}

/* What a BatchNorm multiplies by: slope / sqrt(variance + eps). */
static double norm_factor(double slope, double variance, double eps)
{
    return slope / sqrt(variance + eps);
}

/* norm_scale(slope, variance, eps) */
static bool norm_scale(struct rule_call *call)
{
    const struct attribute *slope = call->a[0].tensor, *variance = call->a[1].tensor;
    float *data;
    if (!dtype_is_float(slope->dtype) || count_of(slope) != count_of(variance))
        return false;
    const struct attribute *t = tensor_new(call->graph, slope->rank, slope->shape, &data);
    for (size_t i = 0; i < count_of(slope); i++) {
        data[i] = (float)norm_factor(get(slope, i), get(variance, i), call->a[2].value.real);
        if (!isfinite(data[i]))
            return false;
    }
    return rule_give_tensor(call, t);
}

/* norm_shift(bias, mean, slope, variance, eps): what it adds. */
static bool norm_shift(struct rule_call *call)
{
    const struct attribute *bias = call->a[0].tensor, *mean = call->a[1].tensor, *slope = call->a[2].tensor,
                           *variance = call->a[3].tensor;
    size_t count = count_of(bias);
    float *data;
    if (count_of(mean) != count || count_of(slope) != count || count_of(variance) != count)
        return false;
    const struct attribute *t = tensor_new(call->graph, bias->rank, bias->shape, &data);
    for (size_t i = 0; i < count; i++)
        data[i] = (float)(get(bias, i) -
                          get(mean, i) * norm_factor(get(slope, i), get(variance, i), call->a[4].value.real));
    return rule_give_tensor(call, t);
}

/* scale_rows(w, s): each row of the weights, the output channels of a layer, times its number. */
static bool scale_rows(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor, *s = call->a[1].tensor;
    size_t rows = count_of(s), total = count_of(w), row = rows ? total / rows : 0;
    float *data;
    if (!dtype_is_float(w->dtype) || !dtype_is_float(s->dtype) || row == 0 || total % rows)
        return false;
    const struct attribute *t = tensor_new(call->graph, w->rank, w->shape, &data);
    elements_float(w->dtype, w->data, 0, total, data);
    for (size_t i = 0; i < total; i++)
        data[i] = (float)(data[i] * get(s, i / row));
    return rule_give_tensor(call, t);
}

/* The letters in types: see common/rewrite/rewrite.h. */
const struct rule_function layer_functions[] = {
    { "multiply_add", "t?t?t?:t", multiply_add },
    { "negated", "t:t", negated },
    { "inverted", "t:t", inverted }, /* 1 / x; none for 0 */
    { "filled", "if:t", filled },    /* so many of that number */
    { "norm_scale", "ttf:t", norm_scale },
    { "norm_shift", "ttttf:t", norm_shift },
    { "scale_rows", "tt:t", scale_rows },
};
const size_t layer_function_count = sizeof layer_functions / sizeof *layer_functions;
