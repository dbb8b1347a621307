/* quantized.c - functions that the rules call, of quantised tensors: the grids that they stand on, and weights as integers. */
#include <math.h>
#include <string.h>

#include "cmd/pnnx2ncnn/functions/weights.h"
#include "common/graph/element.h"

/* ---- grids ---- */

enum { STEPS = 4096 }; /* operators that one search visits */

static bool computes(const struct operator *op)
{
    static const char *const plain[] = { "nearest", "constant", "reflect", "replicate", "circular" };
    const char *mode = operator_string(op, "mode", plain[0]);
    bool known = false;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        known = known || strcmp(mode, plain[i]) == 0;
    return !known || operator_real(op, "value", 0) != 0;
}

bool quantized_keeps(const struct operand *x)
{
    const struct operator *op = x->producer;
    unsigned traits = op->signature->traits.bits;
    bool other = traits & TRAIT_TUPLE && x->index > 0;
    return traits & (TRAITS_MOVED | TRAIT_STEPS) && !other && !computes(op);
}

/* A search for what put a tensor on its grid. */
struct origin {
    const char *type;
    const char *const *keys; /* the arguments that say which grid it is */
    const struct operator *op;
    int steps;
    bool fails;
};

static bool same_grid(const struct origin *o, const struct operator *op)
{
    for (const char *const *key = o->keys; *key; key++) {
        const struct value *a = operator_value(o->op, *key), *b = operator_value(op, *key);
        if (!a || !b || !value_equal(a, b))
            return false;
    }
    return true;
}

static void find_origin(struct operand *x, void *context)
{
    struct origin *o = context;
    const struct operator *op = x->producer;
    if (o->fails || o->steps++ > STEPS) {
        o->fails = true;
    } else if (operator_is(op, o->type)) {
        o->fails = o->op && !same_grid(o, op);
        o->op = op;
    } else if (quantized_keeps(x)) {
        operator_each_operand(op, find_origin, o);
    } else {
        o->fails = true;
    }
}

static bool give_grid(struct rule_call *call, const char *type, const char *const *keys)
{
    struct origin o = { .type = type, .keys = keys };
    struct value items[3];
    size_t count = 0;
    find_origin(call->a[0].value.operand, &o);
    if (o.fails || !o.op)
        return false;
    for (const char *const *key = keys; *key; key++) {
        const struct value *v = operator_value(o.op, *key);
        if (!v || value_has_operand(v))
            return false;
        items[count++] = *v;
    }
    return rule_give(call, value_copy(&call->graph->arena, value_list(items, count)));
}

/* Of a quantised tensor: scale, zero point and type; unknown of what is none. */
bool quantized_grid(struct rule_call *call)
{
    static const char *const keys[] = { "input_scale", "input_zero_point", "dtype", NULL };
    return give_grid(call, "torch.quantize_per_tensor", keys);
}

/* Of floats on a grid: its step, and the least and the greatest multiple of it. */
bool quantized_steps(struct rule_call *call)
{
    static const char *const keys[] = { "scale", "low", "high", NULL };
    return give_grid(call, "pnnx.Grid", keys);
}

/* Whether the operator rounds what it reads to multiples of `step`: a layer in int8, or round(x / step). */
static bool rounds(const struct operator *op, double step)
{
    if (operator_is(op, "pnnx.Int8"))
        return operator_real(op, "scale", 0) == step;
    const struct operand *y = op->output_count == 1 ? op->outputs[0] : NULL;
    return operator_is(op, "torch.mul") && operator_real(op, "other", 0) == 1 / step && y->use_count == 1 &&
           operator_is(y->uses->op, "torch.round");
}

/* Whether every reader of x, through what keeps its grid, rounds to multiples of `step` by itself. */
static bool is_rounded(const struct operand *x, double step, int *steps)
{
    for (const struct use *use = x->uses; use; use = use->next) {
        const struct operator *op = use->op;
        if (rounds(op, step))
            continue;
        if (++*steps > STEPS || !op->output_count)
            return false;
        for (size_t i = 0; i < op->output_count; i++)
            if (op->outputs[i]->uses &&
                (!quantized_keeps(op->outputs[i]) || !is_rounded(op->outputs[i], step, steps)))
                return false;
    }
    return true;
}

bool quantized_rounds(struct rule_call *call)
{
    int steps = 0;
    return rule_give(call, value_bool(is_rounded(call->a[0].value.operand, call->a[1].value.real, &steps)));
}

/* ---- weights ---- */

static float item(const struct attribute *w, size_t i)
{
    return (float)element_real(w->dtype, w->data, i);
}

/* How many elements of `w` one scale is of: those of one place along `axis`; 0: there are not so many scales. */
static bool scale_places(const struct attribute *w, const struct attribute *scales, int64_t axis,
                         size_t *inner)
{
    size_t count = element_count(scales->rank, scales->shape);
    if (axis < 0 || axis >= w->rank || (count != 1 && count != (size_t)w->shape[axis]))
        return false;
    *inner = element_count(w->rank - (int)axis - 1, w->shape + axis + 1);
    return true;
}

/* s (q - z) for integers q: the scales and zero points are one each, or one for each place along an axis.  `bounds`: w is of
 * floats, and q the integers next to w / s + z within these. */
static bool give_floats(struct rule_call *call, const struct rule_item *bounds)
{
    const struct attribute *w = call->a[0].tensor, *s = call->a[1].tensor, *z = call->a[2].tensor;
    int64_t axis = call->a[3].value.integer;
    size_t inner, inner_z, count = element_count(w->rank, w->shape);
    float *data;
    if (!scale_places(w, s, axis, &inner) || !scale_places(w, z, axis, &inner_z))
        return false;
    size_t scales = element_count(s->rank, s->shape), zeros = element_count(z->rank, z->shape);
    const struct attribute *y = weights_new(call->graph, w->rank, w->shape, &data);
    for (size_t i = 0; i < count; i++) {
        size_t place = i / inner;
        float zero = item(z, place % zeros), scale = item(s, place % scales), q = item(w, i);
        if (bounds) {
            q = rintf(q * (1.0F / scale)) + zero;
            q = fminf(fmaxf(q, (float)bounds[0].value.integer), (float)bounds[1].value.integer);
        }
        data[i] = (q - zero) * scale;
    }
    return rule_give_tensor(call, y);
}

bool quantized_floats(struct rule_call *call)
{
    return give_floats(call, NULL);
}

bool quantized_simulated(struct rule_call *call)
{
    return give_floats(call, call->a + 4);
}

/* The scales of integers without zero points, as floats; none of others. */
bool quantized_scales(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor, *s = call->a[1].tensor, *z = call->a[2].tensor;
    int64_t count = (int64_t)element_count(s->rank, s->shape);
    float *data;
    for (size_t i = 0; i < element_count(z->rank, z->shape); i++)
        if (element_real(z->dtype, z->data, i) != 0)
            return rule_give_tensor(call, NULL);
    const struct attribute *y = weights_new(call->graph, 1, &count, &data);
    for (size_t i = 0; i < (size_t)count; i++)
        if (!((data[i] = item(s, i)) > 0))
            return rule_give_tensor(call, NULL);
    return rule_give_tensor(call, w->dtype == DTYPE_U8 ? NULL : y);
}

/* The integers that floats are multiples of scales by, each of as many in a row; unknown, if they are none of 8 bits. */
bool quantized_integers(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor, *s = call->a[1].tensor;
    size_t count = element_count(w->rank, w->shape), scales = element_count(s->rank, s->shape);
    if (!scales || count % scales || (scales > 1 && w->rank && scales % (size_t)w->shape[0]))
        return false;
    int8_t *data = arena_array(&call->graph->arena, count ? count : 1, sizeof *data);
    for (size_t i = 0; i < count; i++) {
        double q = element_real(w->dtype, w->data, i) / element_real(s->dtype, s->data, i / (count / scales));
        double whole = rint(q);
        if (!(fabs(q - whole) < 1e-3) || whole < INT8_MIN || whole > INT8_MAX)
            return false;
        data[i] = (int8_t)whole;
    }
    struct attribute *y = arena_alloc(&call->graph->arena, sizeof *y);
    *y = (struct attribute){ .key = "",
                             .dtype = DTYPE_I8,
                             .rank = w->rank,
                             .shape = w->shape,
                             .size = count,
                             .data = (uint8_t *)data };
    return rule_give_tensor(call, y);
}

/* One over each scale, `count` of them, times a sign. */
bool quantized_inverse(struct rule_call *call)
{
    const struct attribute *s = call->a[0].tensor;
    int64_t count = call->a[1].value.integer;
    size_t scales = element_count(s->rank, s->shape);
    float *data;
    if (count < 1 || count > INT32_MAX || !scales || (scales != 1 && scales != (size_t)count))
        return false;
    const struct attribute *y = weights_new(call->graph, 1, &count, &data);
    for (size_t i = 0; i < (size_t)count; i++)
        data[i] = (float)((double)call->a[2].value.integer / element_real(s->dtype, s->data, i % scales));
    return rule_give_tensor(call, y);
}

/* What a layer adds whose input is smaller by `shift` than it was: b + shift * the sum of each row of w. */
bool quantized_bias(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor, *b = call->a[1].tensor;
    double shift = call->a[2].value.real;
    if (w->rank < 1 || !w->shape[0] || shift == 0)
        return rule_give_tensor(call, b);
    size_t rows = (size_t)w->shape[0], inner = element_count(w->rank, w->shape) / rows;
    float *data;
    const struct attribute *y = weights_new(call->graph, 1, w->shape, &data);
    for (size_t row = 0; row < rows; row++) {
        double sum = 0;
        for (size_t i = 0; i < inner; i++)
            sum += element_real(w->dtype, w->data, row * inner + i);
        data[row] = (float)((b ? element_real(b->dtype, b->data, row) : 0) + shift * sum);
    }
    return rule_give_tensor(call, y);
}

/* ---- the cells of a recurrent layer ---- */

static const struct operator *maker(const struct operator *op, const char *key, const char *type)
{
    const struct operand *x = operator_operand(op, key);
    return x && operator_is(x->producer, type) ? x->producer : NULL;
}

static const struct attribute *constant(const struct operator *op, const char *key)
{
    const struct operand *x = operator_operand(op, key);
    return x ? operand_constant(x) : NULL;
}

/* A matrix of integers that was packed, its rows, and its scale, or one for each row. */
struct packed {
    const struct attribute *integers, *scales; /* one of scales ... */
    double scale;                              /* ... and this */
};

static bool unpack(const struct operator *cell, const char *key, struct packed *p)
{
    const struct operator *packer = maker(cell, key, "pnnx.custom_op.quantized.linear_prepack"), *one, *each;
    if (!packer)
        return false;
    one = maker(packer, "arg_0", "aten::_make_per_tensor_quantized_tensor");
    each = maker(packer, "arg_0", "aten::_make_per_channel_quantized_tensor");
    if (!one && !each)
        return false;
    p->integers = constant(one ? one : each, "self");
    p->scales = each ? constant(each, "scale") : NULL;
    p->scale = one ? operator_real(one, "scale", 0) : 0;
    bool plain = one ? operator_int(one, "zero_point", 1) == 0 : operator_int(each, "axis", 1) == 0;
    return plain && p->integers && p->integers->dtype == DTYPE_I8 && p->integers->rank == 2 &&
           (!each || (p->scales && p->scales->rank == 1 && p->scales->shape[0] == p->integers->shape[0]));
}

static double scale_of(const struct packed *p, size_t row)
{
    return p->scales ? element_real(p->scales->dtype, p->scales->data, row) : p->scale;
}

/* The cells: one of each layer and direction; NULL where they are none that were made here. */
static const struct operator *cell_at(const struct operator *op, size_t i)
{
    const struct value *cells = operator_get(op, "params");
    if (!cells || cells->kind != VALUE_LIST || i >= cells->list.count ||
        cells->list.items[i].kind != VALUE_OPERAND)
        return NULL;
    const struct operator *cell = cells->list.items[i].operand->producer;
    return operator_is(cell, "pnnx.custom_op.quantized.make_quantized_cell_params_dynamic") ? cell : NULL;
}

/* How wide the input and the state are. */
bool quantized_cell_sizes(struct rule_call *call)
{
    struct packed ih, hh;
    const struct operator *cell = cell_at(call->a[0].op, 0);
    if (!cell || !unpack(cell, "arg_0", &ih) || !unpack(cell, "arg_1", &hh))
        return false;
    return rule_give_ints(call, (int64_t[]){ ih.integers->shape[1], hh.integers->shape[1] }, 2);
}

static struct attribute named(struct graph *g, struct attribute w, const char *stem, size_t layer,
                              bool reverse)
{
    w.key = intern(g->strings, arena_printf(&g->arena, "%s_l%zu%s", stem, layer, reverse ? "_reverse" : ""));
    return w;
}

/* A matrix as floats, and its scales, one for each row, as a matrix of one column. */
static void add_matrix(struct graph *g, struct rule_tensors *list, const struct packed *p, const char *stem,
                       size_t layer, bool reverse)
{
    int64_t shape[2] = { p->integers->shape[0], 1 };
    size_t rows = (size_t)shape[0], columns = (size_t)p->integers->shape[1];
    float *data, *scales;
    const struct attribute *w = weights_new(g, 2, p->integers->shape, &data),
                           *s = weights_new(g, 2, shape, &scales);
    for (size_t row = 0; row < rows; row++) {
        scales[row] = (float)scale_of(p, row);
        for (size_t i = 0; i < columns; i++)
            data[row * columns + i] = item(p->integers, row * columns + i) * scales[row];
    }
    list->items[list->count++] = named(g, *w, arena_printf(&g->arena, "weight_%s", stem), layer, reverse);
    list->items[list->count++] = named(g, *s, arena_printf(&g->arena, "scale_%s", stem), layer, reverse);
}

/* The weights of all cells as a module of floats has them, and their scales. */
bool quantized_cell_weights(struct rule_call *call)
{
    const struct operator *op = call->a[0].op;
    const struct value *cells = operator_get(op, "params");
    size_t directions = operator_bool(op, "bidirectional", false) ? 2 : 1;
    if (!cells || cells->kind != VALUE_LIST)
        return false;
    struct rule_tensors list = {
        arena_array(&call->graph->arena, 6 * cells->list.count + 1, sizeof *list.items), 0
    };
    for (size_t i = 0; i < cells->list.count; i++) {
        const struct operator *cell = cell_at(op, i);
        struct packed ih, hh;
        const struct attribute *b[2];
        if (!cell || !unpack(cell, "arg_0", &ih) || !unpack(cell, "arg_1", &hh) ||
            !(b[0] = constant(cell, "arg_2")) || !(b[1] = constant(cell, "arg_3")))
            return false;
        size_t layer = i / directions;
        bool reverse = i % directions;
        add_matrix(call->graph, &list, &ih, "ih", layer, reverse);
        add_matrix(call->graph, &list, &hh, "hh", layer, reverse);
        list.items[list.count++] = named(call->graph, *b[0], "bias_ih", layer, reverse);
        list.items[list.count++] = named(call->graph, *b[1], "bias_hh", layer, reverse);
    }
    call->result.kind = RULE_TENSORS;
    call->result.tensors = list;
    return true;
}
