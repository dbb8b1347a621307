/* weights.c - weights in the order in which the runtime has them.  The results are float32 in the graph's arena. */
#include "cmd/pnnx2ncnn/functions/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "common/graph/element.h"

const struct attribute *weights_new(struct graph *g, int rank, const int64_t *shape, float **data)
{
    struct attribute *w = arena_alloc(&g->arena, sizeof *w);
    size_t count = element_count(rank, shape);
    *data = arena_array(&g->arena, count ? count : 1, sizeof **data);
    *w = (struct attribute){ .key = "", .dtype = DTYPE_F32, .rank = rank, .size = count * sizeof **data };
    w->shape = arena_copy(&g->arena, shape, (size_t)rank * sizeof *shape);
    w->data = (const uint8_t *)*data;
    return w;
}

static float element(const struct attribute *w, size_t i)
{
    return (float)element_real(w->dtype, w->data, i);
}

bool weights_filled(struct rule_call *call)
{
    int64_t n = call->a[0].value.integer;
    double value = 0;
    float *data;
    if (n < 0 || n > INT32_MAX || !value_number(&call->a[1].value, &value))
        return false;
    const struct attribute *w = weights_new(call->graph, 1, &n, &data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (float)value;
    return rule_give_tensor(call, w);
}

/* 1, 2, 4 ..., so many, or one over each. */
bool weights_powers(struct rule_call *call)
{
    int64_t n = call->a[0].value.integer;
    float *data;
    if (n < 1 || n > 64)
        return false;
    const struct attribute *w = weights_new(call->graph, 1, &n, &data);
    for (int64_t i = 0; i < n; i++)
        data[i] = ldexpf(1, (int)(call->a[1].value.integer * i));
    return rule_give_tensor(call, w);
}

/* The same elements in another shape. */
bool weights_reshaped(struct rule_call *call)
{
    int64_t shape[TENSOR_RANK], elements = 1;
    int rank = value_get_ints(&call->a[1].value, shape, TENSOR_RANK);
    for (int i = 0; i < rank; i++)
        if (shape[i] < 0 || !int_mul(elements, shape[i], &elements))
            return false;
    if (rank < 0 || (size_t)elements != element_count(call->a[0].tensor->rank, call->a[0].tensor->shape))
        return false;
    struct attribute *w = arena_copy(&call->graph->arena, call->a[0].tensor, sizeof *w);
    w->rank = rank;
    w->shape = arena_copy(&call->graph->arena, shape, (size_t)rank * sizeof *shape);
    return rule_give_tensor(call, w);
}

/* What torch.tril, or torch.triu, makes zero. */
bool weights_outside_triangle(struct rule_call *call)
{
    int64_t rows = call->a[0].value.integer, columns = call->a[1].value.integer,
            diagonal = call->a[2].value.integer, elements;
    if (rows < 1 || columns < 1 || !int_mul(rows, columns, &elements) || elements > INT32_MAX)
        return false;
    uint8_t *mask = arena_array(&call->graph->arena, (size_t)elements, 1);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            mask[i * columns + j] = call->a[3].value.boolean ? j - i > diagonal : j - i < diagonal;
    struct attribute *w = arena_alloc(&call->graph->arena, sizeof *w);
    int64_t *shape = arena_copy(&call->graph->arena, (int64_t[]){ rows, columns }, 2 * sizeof *shape);
    *w = (struct attribute){
        .key = "data", .dtype = DTYPE_BOOL, .rank = 2, .shape = shape, .size = (size_t)elements, .data = mask
    };
    return rule_give_tensor(call, w);
}

/* A number where a constant mask is true, another where it is false; beyond float32's range they are infinite. */
bool weights_chosen(struct rule_call *call)
{
    const struct attribute *mask = call->a[0].tensor;
    float *data, yes = (float)call->a[1].value.real, no = (float)call->a[2].value.real;
    const struct attribute *w = weights_new(call->graph, mask->rank, mask->shape, &data);
    for (size_t i = 0; i < element_count(mask->rank, mask->shape); i++)
        data[i] = element_real(mask->dtype, mask->data, i) != 0 ? yes : no;
    return rule_give_tensor(call, w);
}

/* Whether a row of a mask is false as a whole. */
bool weights_hides_rows(struct rule_call *call)
{
    const struct attribute *mask = call->a[0].tensor;
    size_t columns = mask->rank > 0 ? (size_t)mask->shape[mask->rank - 1] : 1,
           elements = element_count(mask->rank, mask->shape);
    bool seen = true;
    for (size_t i = 0; i < elements && seen; i += columns) {
        seen = false;
        for (size_t j = 0; j < columns; j++)
            seen = seen || element_real(mask->dtype, mask->data, i + j) != 0;
    }
    return rule_give(call, value_bool(!seen));
}

/* (groups * in, out, kernel...) to (groups * out, in, kernel...). */
bool weights_swap_groups(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t groups = call->a[1].value.integer, shape[8];
    float *data;
    if (w->rank < 2 || w->rank > 8 || groups < 1 || w->shape[0] % groups)
        return false;
    size_t in = (size_t)(w->shape[0] / groups), out = (size_t)w->shape[1];
    size_t kernel = element_count(w->rank - 2, w->shape + 2);
    memcpy(shape, w->shape, (size_t)w->rank * sizeof *shape);
    shape[0] = (int64_t)out * groups;
    shape[1] = (int64_t)in;
    const struct attribute *y = weights_new(call->graph, w->rank, shape, &data);
    for (size_t group = 0; group < (size_t)groups; group++)
        for (size_t o = 0; o < out; o++)
            for (size_t i = 0; i < in; i++)
                for (size_t k = 0; k < kernel; k++)
                    *data++ = element(w, ((group * in + i) * out + o) * kernel + k);
    return rule_give_tensor(call, y);
}

bool weights_transposed(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    float *data;
    if (w->rank != 2)
        return false;
    int64_t shape[2] = { w->shape[1], w->shape[0] };
    const struct attribute *y = weights_new(call->graph, 2, shape, &data);
    for (int64_t i = 0; i < shape[0]; i++)
        for (int64_t j = 0; j < shape[1]; j++)
            *data++ = element(w, (size_t)(j * shape[0] + i));
    return rule_give_tensor(call, y);
}

/* Rows of the first dimension; the bytes are those of the whole. */
bool weights_rows(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t from = call->a[1].value.integer, to = call->a[2].value.integer;
    if (w->rank < 1 || from < 0 || to < from || to > w->shape[0])
        return false;
    int64_t *shape = arena_copy(&call->graph->arena, w->shape, (size_t)w->rank * sizeof *shape);
    size_t row = w->shape[0] ? w->size / (size_t)w->shape[0] : 0;
    struct attribute *y = arena_alloc(&call->graph->arena, sizeof *y);
    *y = *w;
    shape[0] = to - from;
    y->shape = shape;
    y->size = row * (size_t)(to - from);
    y->data = w->data + row * (size_t)from;
    y->has_crc = false;
    return rule_give_tensor(call, y);
}

/* The same along the second axis. */
bool weights_columns(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t from = call->a[1].value.integer, to = call->a[2].value.integer, shape[TENSOR_RANK];
    float *data;
    if (w->rank < 2 || w->rank > TENSOR_RANK || from < 0 || to < from || to > w->shape[1])
        return false;
    size_t inner = element_count(w->rank - 2, w->shape + 2), count = (size_t)(to - from) * inner;
    memcpy(shape, w->shape, (size_t)w->rank * sizeof *shape);
    shape[1] = to - from;
    const struct attribute *y = weights_new(call->graph, w->rank, shape, &data);
    for (int64_t row = 0; row < w->shape[0]; row++)
        for (size_t i = 0; i < count; i++)
            *data++ = element(w, (size_t)(row * w->shape[1] + from) * inner + i);
    return rule_give_tensor(call, y);
}

/* Where the middle (or with aligned corners the place) of element `i` of `size` is, from -1 to 1. */
static double place(int64_t i, int64_t size, bool aligned)
{
    if (aligned)
        return size > 1 ? 2.0 * (double)i / (double)(size - 1) - 1 : 0;
    return (2.0 * (double)i + 1) / (double)size - 1;
}

/* The places of all elements of an image or a volume of those sizes, a row each: x, y, (z,) 1. */
bool weights_grid(struct rule_call *call)
{
    int64_t size[3], shape[2] = { 1, 0 };
    int rank = value_get_ints(&call->a[0].value, size, 3);
    bool aligned = call->a[1].value.boolean;
    float *data;
    for (int i = 0; i < rank; i++) {
        if (size[i] < 1 || size[i] > INT32_MAX || shape[0] > INT32_MAX / size[i])
            return false;
        shape[0] *= size[i];
    }
    shape[1] = rank + 1;
    if (rank < 2)
        return false;
    const struct attribute *w = weights_new(call->graph, 2, shape, &data);
    for (int64_t row = 0; row < shape[0]; row++) {
        int64_t rest = row;
        for (int i = rank; i-- > 0; rest /= size[i])
            *data++ = (float)place(rest % size[i], size[i], aligned);
        *data++ = 1;
    }
    return rule_give_tensor(call, w);
}

/* ---- recurrent layers: single ones, forward or both directions ---- */

#define GATES 4

/* PyTorch has the LSTM's gates as i f g o, the runtime as i f o g. */
static const int lstm_gates[GATES] = { 0, 1, 3, 2 };
static const int same_gates[GATES] = { 0, 1, 2, 3 };

static const struct attribute *weight(const struct operator *op, const char *stem, bool reverse)
{
    char key[64];
    snprintf(key, sizeof key, "%s_l0%s", stem, reverse ? "_reverse" : "");
    return operator_attribute(op, key);
}

/* The rows of a weight, block by block in another order. */
static float *copy_gates(float *to, const struct attribute *w, int gates, const int *order)
{
    size_t block = element_count(w->rank, w->shape) / (size_t)gates;
    for (int gate = 0; gate < gates; gate++)
        for (size_t i = 0; i < block; i++)
            *to++ = element(w, (size_t)order[gate] * block + i);
    return to;
}

/* Both directions of a weight, one behind the other. */
static bool give_both(struct rule_call *call, const char *stem, int gates, const int *order)
{
    const struct operator *op = call->a[0].op;
    const struct attribute *w[2] = { weight(op, stem, false), weight(op, stem, true) };
    int64_t directions = operator_bool(op, "bidirectional", false) ? 2 : 1, shape[3];
    float *data;
    if (!w[0] || w[0]->rank != 2 || w[0]->shape[0] % gates ||
        (directions == 2 && (!w[1] || w[1]->size != w[0]->size)))
        return false;
    shape[0] = directions;
    memcpy(shape + 1, w[0]->shape, 2 * sizeof *shape);
    const struct attribute *y = weights_new(call->graph, 3, shape, &data);
    for (int d = 0; d < directions; d++)
        data = copy_gates(data, w[d], gates, order);
    return rule_give_tensor(call, y);
}

/* Those of a name, "weight_ih", or what each row of them was divided by, "scale_ih": of an LSTM, of others. */
bool weights_lstm(struct rule_call *call)
{
    return give_both(call, call->a[1].value.string, GATES, lstm_gates);
}

bool weights_recurrent(struct rule_call *call)
{
    return give_both(call, call->a[1].value.string, 1, same_gates);
}

static float bias_at(const struct attribute *b, size_t i)
{
    return b ? element(b, i) : 0;
}

/* The biases of one direction: the sum of both, block by block.  The last of `split` blocks stays apart: what is added
 * before the reset gate of a GRU, and what behind. */
static bool copy_biases(float **to, const struct operator *op, bool reverse, size_t hidden, int gates,
                        const int *order, bool split)
{
    const struct attribute *ih = weight(op, "bias_ih", reverse), *hh = weight(op, "bias_hh", reverse);
    size_t expected = hidden * (size_t)gates;
    if ((ih && element_count(ih->rank, ih->shape) != expected) ||
        (hh && element_count(hh->rank, hh->shape) != expected))
        return false;
    for (int gate = 0; gate < gates; gate++) {
        size_t start = (size_t)order[gate] * hidden;
        bool apart = split && gate == gates - 1;
        for (size_t i = start; i < start + hidden; i++)
            *(*to)++ = bias_at(ih, i) + (apart ? 0 : bias_at(hh, i));
        for (size_t i = start; apart && i < start + hidden; i++)
            *(*to)++ = bias_at(hh, i);
    }
    return true;
}

static bool give_biases(struct rule_call *call, int gates, const int *order, bool split)
{
    const struct operator *op = call->a[0].op;
    int64_t hidden = operator_int(op, "hidden_size", 0),
            directions = operator_bool(op, "bidirectional", false) ? 2 : 1;
    int64_t shape[3] = { directions, gates + split, hidden };
    float *data;
    if (hidden < 1 || hidden > INT32_MAX)
        return false;
    const struct attribute *y = weights_new(call->graph, 3, shape, &data);
    for (int d = 0; d < directions; d++)
        if (!copy_biases(&data, op, d, (size_t)hidden, gates, order, split))
            return false;
    return rule_give_tensor(call, y);
}

bool weights_lstm_bias(struct rule_call *call)
{
    return give_biases(call, GATES, lstm_gates, false);
}

bool weights_gru_bias(struct rule_call *call)
{
    return give_biases(call, 3, same_gates, true);
}

bool weights_recurrent_bias(struct rule_call *call)
{
    return give_biases(call, 1, same_gates, false);
}

/* Those of layers from .. to - 1, as a module of these layers alone has them: weight_ih_l2_reverse is its
 * weight_ih_l0_reverse where `from` is 2. */
bool weights_of_layers(struct rule_call *call)
{
    const struct operator *op = call->a[0].op;
    int64_t from = call->a[1].value.integer, to = call->a[2].value.integer;
    struct rule_tensors list = {
        arena_array(&call->graph->arena, op->attribute_count + 1, sizeof *list.items), 0
    };
    for (size_t i = 0; i < op->attribute_count; i++) {
        struct attribute w = op->attributes[i];
        const char *at = strstr(w.key, "_l");
        char *rest;
        long long layer = at ? strtoll(at + 2, &rest, 10) : -1;
        if (layer < from || layer >= to || (*rest && *rest != '_'))
            continue;
        w.key =
            intern(call->graph->strings, arena_printf(&call->graph->arena, "%.*s_l%lld%s", (int)(at - w.key),
                                                      w.key, layer - (long long)from, rest));
        list.items[list.count++] = w;
    }
    call->result.kind = RULE_TENSORS;
    call->result.tensors = list;
    return true;
}
