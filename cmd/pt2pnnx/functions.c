#include "functions.h"

#include <math.h>

#include "common/element.h"

/* The weights of a recurrent layer under the names that torch.nn gives them.  `ws` has for each layer and
 * direction: weight_ih, weight_hh, then bias_ih and bias_hh if there are biases, then weight_hr if there is a
 * projection.  Unknown when one is no constant, or their number is wrong. */
static bool rnn_weights(struct graph *g, const struct rule_item *arguments, size_t count,
                        struct rule_item *result)
{
    const struct value *ws = &arguments[0].value;
    int64_t layers = arguments[1].value.integer;
    bool bidirectional = arguments[2].value.boolean, biases = arguments[3].value.boolean;
    int64_t cells = layers * (bidirectional ? 2 : 1);
    (void)count;
    if (layers <= 0 || layers > 1000 || ws->list.count % (size_t)cells)
        return false;
    size_t per_cell = ws->list.count / (size_t)cells, basic = biases ? 4 : 2;
    if (per_cell != basic && per_cell != basic + 1)
        return false;

    static const char *const stems[] = { "weight_ih", "weight_hh", "bias_ih", "bias_hh" };
    struct rule_tensors tensors = { arena_array(&g->arena, ws->list.count, sizeof *tensors.items),
                                    ws->list.count };
    for (size_t i = 0; i < ws->list.count; i++) {
        const struct value *w = &ws->list.items[i];
        const struct attribute *data = w->kind == VALUE_OPERAND ? operand_constant(w->operand) : NULL;
        size_t cell = i / per_cell, k = i % per_cell, layer = bidirectional ? cell / 2 : cell;
        if (!data)
            return false;
        const char *stem = k < basic ? stems[k] : "weight_hr",
                   *back = bidirectional && cell % 2 ? "_reverse" : "";
        tensors.items[i] = *data;
        tensors.items[i].key = intern(g->strings, arena_printf(&g->arena, "%s_l%zu%s", stem, layer, back));
    }
    result->kind = RULE_TENSORS;
    result->tensors = tensors;
    return true;
}

/* v * g / |v|, the norm taken for each index of axis `dim` over all others; dim -1: over everything
 * (torch.nn.utils.weight_norm). */
static bool weight_norm(struct graph *g, const struct rule_item *arguments, size_t count,
                        struct rule_item *result)
{
    const struct attribute *v = arguments[0].tensor, *scale = arguments[1].tensor;
    int64_t dim = arguments[2].value.integer;
    (void)count;
    if (!dtype_is_float(v->dtype) || scale->dtype != v->dtype || dim < -1 || dim >= v->rank)
        return false;
    size_t rows = dim < 0 ? 1 : (size_t)v->shape[dim], total = element_count(v->rank, v->shape), inner = 1;
    for (int i = (int)dim + 1; dim >= 0 && i < v->rank; i++)
        inner *= (size_t)v->shape[i];
    if (total == 0 || element_count(scale->rank, scale->shape) != rows)
        return false;

    double *sums = arena_array(&g->arena, rows, sizeof *sums);
    for (size_t i = 0; i < total; i++) {
        double x = element_real(v->dtype, v->data, i);
        sums[i / inner % rows] += x * x;
    }
    uint8_t *w = arena_alloc(&g->arena, v->size);
    for (size_t i = 0; i < total; i++) {
        size_t row = i / inner % rows;
        double x = element_real(v->dtype, v->data, i), length = element_real(scale->dtype, scale->data, row);
        element_set_real(v->dtype, w, i, x * length / sqrt(sums[row]));
    }
    struct attribute *made = arena_copy(&g->arena, v, sizeof *v);
    made->data = w;
    made->has_crc = false;
    result->kind = RULE_TENSOR;
    result->tensor = made;
    return true;
}

const struct rule_function raise_functions[] = {
    {"rnn_weights",  "libb:T", rnn_weights},
    { "weight_norm", "tti:t",  weight_norm},
};
const size_t raise_function_count = sizeof raise_functions / sizeof *raise_functions;
