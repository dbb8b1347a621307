/* attention.c - see attention.h. */
#include "cmd/pt2pnnx/attention.h"

#include <string.h>

enum { MOST_LINEARS = 4 };

/* The calls of one invocation that matter. */
struct attention {
    /* Projections of query, key and value in one, two or three; the last is that of the result. */
    struct operator *linears[MOST_LINEARS];
    size_t linear_count;
    struct operand *inputs[3]; /* query, key, value, as the caller gave them */
    bool batch_first;
    struct operator *scores; /* scaled_dot_product_attention or baddbmm; NULL: bmm, without mask */
    const struct attribute *bias_k, *bias_v; /* NULL: none */
    bool zero;                               /* add_zero_attn */
};

static bool is_int(const struct operator *op, const char *key, int64_t wanted)
{
    const struct value *v = operator_value(op, key);
    return v && v->kind == VALUE_INT && v->integer == wanted;
}

/* A matrix over its first axis, cut by split or chunk: the whole. */
static const struct attribute *weight_of(const struct operator *linear, const char *key)
{
    const struct operand *x = operator_operand(linear, key);
    if (!x)
        return NULL;
    const struct attribute *constant = operand_constant(x);
    if (constant)
        return constant;
    if (!operator_is(x->producer, "aten::split_with_sizes") && !operator_is(x->producer, "aten::chunk") &&
        !operator_is(x->producer, "aten::split"))
        return NULL;
    const struct operand *whole = operator_operand(x->producer, "self");
    return whole && is_int(x->producer, "dim", 0) ? operand_constant(whole) : NULL;
}

/* Looks through the transposition of batch_first, and the axis that is added to an input without batch. */
static struct operand *caller_input(struct attention *a, const struct operator *linear)
{
    struct operand *x = operator_operand(linear, "input");
    if (!x)
        return NULL;
    const struct operator *op = x->producer;
    if (op->scope == linear->scope && operator_is(op, "aten::transpose") &&
        ((is_int(op, "dim0", 0) && is_int(op, "dim1", 1)) ||
         (is_int(op, "dim0", 1) && is_int(op, "dim1", 0)))) {
        a->batch_first = true;
        x = operator_operand(op, "self");
    } else if (op->scope == linear->scope && operator_is(op, "aten::unsqueeze") && is_int(op, "dim", 1)) {
        x = operator_operand(op, "self");
    }
    return x && x->producer->scope != linear->scope ? x : NULL;
}

static bool find_inputs(struct attention *a)
{
    size_t count = a->linear_count - 1;
    size_t transposed = 0;
    for (size_t i = 0; i < count; i++) {
        a->batch_first = false;
        a->inputs[i] = caller_input(a, a->linears[i]);
        transposed += a->batch_first;
        if (!a->inputs[i])
            return false;
    }
    a->batch_first = transposed > 0;
    for (size_t i = count; i < 3; i++)
        a->inputs[i] = a->inputs[count - 1];
    return transposed == 0 || transposed == count;
}

/* The weights of the softmax have gone through a bmm, or scaled_dot_product_attention did it all. */
static bool is_result_projection(const struct operator *linear)
{
    const struct operand *x = operator_operand(linear, "input");
    static const char *const way[] = { "aten::reshape", "aten::view", "aten::contiguous", "aten::permute",
                                       "aten::transpose" };
    for (size_t steps = 0; x && steps < 8; steps++) {
        const struct operator *op = x->producer;
        if (operator_is(op, "aten::bmm") || operator_is(op, "aten::scaled_dot_product_attention"))
            return true;
        size_t i = 0;
        while (i < sizeof way / sizeof *way && !operator_is(op, way[i]))
            i++;
        if (i == sizeof way / sizeof *way)
            return false;
        x = operator_operand(op, "self");
    }
    return false;
}

static void take_call(struct attention *a, struct operator *op, bool *repeated)
{
    if (operator_is(op, "aten::linear")) {
        if (a->linear_count < MOST_LINEARS)
            a->linears[a->linear_count] = op;
        a->linear_count++;
    } else if (operator_is(op, "aten::scaled_dot_product_attention") || operator_is(op, "aten::baddbmm")) {
        *repeated = *repeated || a->scores;
        a->scores = op;
    } else if (operator_is(op, "aten::zeros")) {
        a->zero = true;
    } else if (operator_is(op, "aten::repeat")) {
        const struct operand *x = operator_operand(op, "self");
        const struct attribute *bias = x ? operand_constant(x) : NULL;
        *repeated = *repeated || !bias || a->bias_v;
        *(a->bias_k ? &a->bias_v : &a->bias_k) = bias;
    }
}

/* Finds the calls of the invocation that `call` is part of; false when they are others than foreseen. */
static bool find_attention(const struct operator *call, struct attention *a)
{
    bool repeated = false;
    *a = (struct attention){ .linear_count = 0 };
    for (struct operator *op = call->graph->first; op; op = op->next)
        if (op->scope == call->scope)
            take_call(a, op, &repeated);
    if (repeated || a->linear_count < 2 || a->linear_count > MOST_LINEARS || !a->bias_k != !a->bias_v)
        return false;
    return find_inputs(a) && is_result_projection(a->linears[a->linear_count - 1]);
}

/* ---- the mask ---- */

/* The mask that the scores have, without the axes that were put before it; *mask NULL: none.  False when it is no input
 * of the invocation, or its axes are unclear. */
static bool find_mask(const struct attention *a, struct operand **mask)
{
    *mask = NULL;
    if (!a->scores)
        return true;
    bool whole = operator_is(a->scores, "aten::scaled_dot_product_attention");
    const struct value *given = operator_get(a->scores, whole ? "attn_mask" : "self");
    if (!given || given->kind == VALUE_NONE)
        return true;
    struct operand *x = given->kind == VALUE_OPERAND ? given->operand : NULL;
    int added = 0;
    for (; x && x->producer->scope == a->scores->scope; added++) {
        if (operator_is(x->producer, "pnnx.Attribute"))
            break;
        if (!operator_is(x->producer, "aten::unsqueeze") || !is_int(x->producer, "dim", 0))
            return false;
        x = operator_operand(x->producer, "self");
    }
    if (!x)
        return false;
    *mask = x;
    const struct attribute *constant = operand_constant(x);
    if (!constant)
        return added == (whole ? 2 : 1);
    for (int i = 0; i + 2 < constant->rank; i++)
        if (constant->shape[i] != 1)
            return false;
    return constant->rank >= 2;
}

bool attention_mask(struct rule_call *call)
{
    struct attention a;
    struct operand *mask;
    if (!find_attention(call->a[0].op, &a) || !find_mask(&a, &mask))
        return false;
    if (!mask)
        return rule_give_tensor(call, NULL); /* absent */
    const struct attribute *constant = operand_constant(mask);
    if (!constant || constant->rank == 2)
        return rule_give(call, value_operand(mask));
    struct attribute *flat = arena_copy(&call->graph->arena, constant, sizeof *constant);
    flat->shape = constant->shape + (constant->rank - 2);
    flat->rank = 2;
    return rule_give_tensor(call, flat);
}

/* ---- inputs and results ---- */

bool attention_input(struct rule_call *call)
{
    struct attention a;
    int64_t i = call->a[1].value.integer;
    if (i < 0 || i > 2 || !find_attention(call->a[0].op, &a))
        return false;
    /* The key must stand where the value does; all three the same is one. */
    bool needed = i == 0 || (i == 1 && (a.inputs[1] != a.inputs[0] || a.inputs[2] != a.inputs[0])) ||
                  (i == 2 && a.inputs[2] != a.inputs[1]);
    return needed ? rule_give(call, value_operand(a.inputs[i])) : rule_give_tensor(call, NULL);
}

/* The operand before the shape-only calls of the types, within the scope. */
static const struct operand *look_through(const struct operand *x, const struct scope *scope,
                                          const char *type)
{
    while (x->producer->scope == scope && operator_is(x->producer, type))
        x = operator_operand(x->producer, "self");
    return x;
}

static bool is_projected(const struct attention *a, const struct operand *y)
{
    const struct operator *linear = a->linears[a->linear_count - 1];
    y = look_through(y, linear->scope, "aten::squeeze");
    y = look_through(y, linear->scope, "aten::transpose");
    y = look_through(y, linear->scope, "aten::view");
    return y->producer == linear;
}

/* The mean over the heads. */
static bool is_averaged(const struct attention *a, const struct operand *w)
{
    const struct scope *scope = a->linears[0]->scope;
    int64_t axis;
    w = look_through(w, scope, "aten::squeeze");
    const struct operator *mean = w->producer;
    const struct value *dim = operator_get(mean, "dim");
    if (!operator_is(mean, "aten::mean") || mean->scope != scope || !dim ||
        value_get_ints(dim, &axis, 1) != 1 || axis != 1 || operator_bool(mean, "keepdim", false))
        return false;
    const struct operand *heads = operator_operand(mean, "self");
    return heads && operator_is(look_through(heads, scope, "aten::view")->producer, "aten::softmax");
}

static bool is_input(const struct attention *a, const struct operand *mask, const struct value *x)
{
    return x->kind == VALUE_OPERAND && (x->operand == a->inputs[0] || x->operand == a->inputs[1] ||
                                        x->operand == a->inputs[2] || x->operand == mask);
}

/* ---- weights ---- */

static struct attribute concatenate(struct graph *g, const struct attribute *const *parts, size_t count)
{
    struct attribute whole = *parts[0];
    int64_t *shape = arena_copy(&g->arena, parts[0]->shape, (size_t)parts[0]->rank * sizeof *shape);
    size_t size = 0;
    shape[0] = 0;
    for (size_t i = 0; i < count; i++) {
        size = size_add(size, parts[i]->size);
        shape[0] += parts[i]->shape[0];
    }
    uint8_t *data = arena_alloc(&g->arena, size);
    whole.data = data;
    for (size_t i = 0; i < count; i++) {
        if (parts[i]->size > 0)
            memcpy(data, parts[i]->data, parts[i]->size);
        data += parts[i]->size;
    }
    whole.shape = shape;
    whole.size = size;
    whole.has_crc = false;
    return whole;
}

/* The weights `key` of the input projections, each tensor once; -1: one is no constant, or they do not fit together. */
static int projection_parts(const struct attention *a, const char *key, int rank,
                            const struct attribute **parts)
{
    int count = 0;
    for (size_t i = 0; i + 1 < a->linear_count; i++) {
        const struct value *v = operator_get(a->linears[i], key);
        if (!v || v->kind == VALUE_NONE)
            continue;
        const struct attribute *w = weight_of(a->linears[i], key);
        if (!w || w->rank != rank || w->shape[0] <= 0 || (count > 0 && w->dtype != parts[0]->dtype))
            return -1;
        if (count == 0 || w != parts[count - 1])
            parts[count++] = w;
    }
    return count;
}

static int64_t rows(const struct attribute *const *parts, int count)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += parts[i]->shape[0];
    return sum;
}

static void add_tensor(struct graph *g, struct rule_tensors *list, const char *key, struct attribute tensor)
{
    tensor.key = intern(g->strings, key);
    list->items[list->count++] = tensor;
}

/* in_proj_weight, or q_proj_weight, k_proj_weight and v_proj_weight where their numbers of columns differ. */
static bool add_projections(struct graph *g, const struct attention *a, struct rule_tensors *list,
                            int64_t embed)
{
    static const char *const names[] = { "q_proj_weight", "k_proj_weight", "v_proj_weight" };
    const struct attribute *parts[MOST_LINEARS];
    int count = projection_parts(a, "weight", 2, parts);
    if (count < 1 || rows(parts, count) != 3 * embed)
        return false;
    bool alike = true;
    for (int i = 0; i < count; i++)
        alike = alike && parts[i]->shape[1] == embed;
    if (alike && count == 1)
        add_tensor(g, list, "in_proj_weight", *parts[0]);
    else if (alike)
        add_tensor(g, list, "in_proj_weight", concatenate(g, parts, (size_t)count));
    for (int i = 0; i < count && !alike; i++) {
        if (count != 3 || parts[i]->shape[0] != embed)
            return false;
        add_tensor(g, list, names[i], *parts[i]);
    }
    return true;
}

static bool add_bias(struct graph *g, const struct attention *a, struct rule_tensors *list, int64_t embed)
{
    const struct attribute *parts[MOST_LINEARS];
    int count = projection_parts(a, "bias", 1, parts);
    if (count == 0)
        return true;
    if (count < 0 || rows(parts, count) != 3 * embed)
        return false;
    add_tensor(g, list, "in_proj_bias", count == 1 ? *parts[0] : concatenate(g, parts, (size_t)count));
    return true;
}

static bool weights(struct graph *g, const struct attention *a, struct rule_tensors *list)
{
    const struct operator *out = a->linears[a->linear_count - 1];
    const struct attribute *w = weight_of(out, "weight"), *b = weight_of(out, "bias");
    const struct value *bias = operator_get(out, "bias");
    if (!w || w->rank != 2 || w->shape[0] != w->shape[1] || (!b && bias && bias->kind != VALUE_NONE))
        return false;
    *list = (struct rule_tensors){ arena_array(&g->arena, 8, sizeof *list->items), 0 };
    if (!add_projections(g, a, list, w->shape[0]) || !add_bias(g, a, list, w->shape[0]))
        return false;
    add_tensor(g, list, "out_proj.weight", *w);
    if (b)
        add_tensor(g, list, "out_proj.bias", *b);
    if (a->bias_k) {
        add_tensor(g, list, "bias_k", *a->bias_k);
        add_tensor(g, list, "bias_v", *a->bias_v);
    }
    return true;
}

bool attention_weights(struct rule_call *call)
{
    struct attention a;
    call->result.kind = RULE_TENSORS;
    return find_attention(call->a[0].op, &a) && weights(call->graph, &a, &call->result.tensors);
}

/* ---- all in all ---- */

static const struct attribute *tensor_named(const struct rule_tensors *list, const char *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].key, key) == 0)
            return &list->items[i];
    return NULL;
}

bool attention_options(struct rule_call *call)
{
    struct attention a;
    struct operand *mask;
    struct rule_tensors list;
    const struct value *inputs = &call->a[1].value, *w = &call->a[3].value;
    if (!find_attention(call->a[0].op, &a) || !find_mask(&a, &mask) || !weights(call->graph, &a, &list) ||
        !is_projected(&a, call->a[2].value.operand) ||
        (w->kind == VALUE_OPERAND && !is_averaged(&a, w->operand)))
        return false;
    for (size_t i = 0; i < inputs->list.count; i++)
        if (!is_input(&a, mask, &inputs->list.items[i]))
            return false;

    const struct attribute *k = tensor_named(&list, "k_proj_weight"),
                           *v = tensor_named(&list, "v_proj_weight");
    int64_t embed = tensor_named(&list, "out_proj.weight")->shape[0];
    /* One bias without the other is no module of torch.nn. */
    bool bias = tensor_named(&list, "in_proj_bias") != NULL;
    if (bias != (tensor_named(&list, "out_proj.bias") != NULL))
        return false;
    struct value items[] = {
        value_int(embed),         value_int(k ? k->shape[1] : embed), value_int(v ? v->shape[1] : embed),
        value_bool(bias),         value_bool(a.bias_k != NULL),       value_bool(a.zero),
        value_bool(a.batch_first)
    };
    size_t length = sizeof items / sizeof *items;
    return rule_give(call, value_list(arena_copy(&call->graph->arena, items, sizeof items), length));
}
