/* expression.c - expressions taken apart.  Their language is in text.c, forming them again in
 * form.c. */
#include "common/expression/expression.h"
#include "common/base/text.h"

#include <string.h>

#include "common/expression/text.h"

/* ---- a value in the place of an operand ---- */

/* Operators that hand a list or number on as it is: there it stays an operator. */
static bool keeps_lists(const struct operator *op)
{
    return operator_is(op, "pnnx.Output") || starts_with(op->type, "prim::");
}

static bool is_operand(const struct value *v, const struct operand *x)
{
    return v->kind == VALUE_OPERAND && v->operand == x;
}

/* `v` with the operand `x` replaced by `new`, however deep; shares what is unchanged. */
static struct value replaced(struct arena *arena, struct value v, const struct operand *x, struct value new)
{
    if (is_operand(&v, x))
        return new;
    if (v.kind != VALUE_LIST)
        return v;
    struct value *items = arena_array(arena, v.list.count, sizeof *items);
    for (size_t i = 0; i < v.list.count; i++)
        items[i] = replaced(arena, v.list.items[i], x, new);
    return value_list(items, v.list.count);
}

static bool holds(const struct value *v, const struct operand *x)
{
    if (v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->list.count; i++)
            if (holds(&v->list.items[i], x))
                return true;
    return is_operand(v, x);
}

/* A list that is all that a variadic argument takes stands for the argument: cat's one input is its list. */
static bool is_whole_variadic(const struct operator *op, const struct argument *a)
{
    const struct parameter *p = signature_parameter(op->signature, a->key);
    bool known = op->signature->type && *op->signature->type;
    return known && p && p->variadic && a->value.kind == VALUE_LIST && a->value.list.count == 1;
}

static void put_value(struct operator *op, const struct operand *x, struct value new)
{
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        if (!holds(&a->value, x))
            continue;
        bool whole =
            new.kind == VALUE_LIST &&is_whole_variadic(op, a) && is_operand(&a->value.list.items[0], x);
        operator_set(op, a->key, whole ? new : replaced(&op->graph->arena, a->value, x, new));
        i = (size_t)-1; /* arguments have moved */
    }
}

/* The first reader that takes the value in the operand's place, or NULL. */
static struct operator *next_taker(const struct operand *x, const struct value *new)
{
    for (struct use *use = x->uses; use; use = use->next)
        if (new->kind != VALUE_LIST || !keeps_lists(use->op))
            return use->op;
    return NULL;
}

/* Gives the value to the readers of `x`; those that keep lists go on reading `x` when it is one. */
static void give_value(struct operand *x, struct value new)
{
    for (struct operator *op; (op = next_taker(x, &new));)
        put_value(op, x, new);
}

/* Removes an operator whose result is this value, or makes it the list that is left. */
static void dissolve(struct operator *op, struct value v)
{
    struct operand *x = op->outputs[0];
    if (v.kind == VALUE_OPERAND)
        operand_replace(x, v.operand);
    else
        give_value(x, v);
    if (x->use_count == 0) {
        operator_remove(op);
        return;
    }
    while (op->argument_count > 0)
        operator_unset(op, op->arguments[0].key);
    operator_set_type(op, "prim::ListConstruct");
    operator_set(op, "inputs", v);
}

/* ---- terms as operators ---- */

struct builder {
    struct graph *graph;
    struct operator *op; /* the expression; new operators go before it */
    const struct value *inputs;
    size_t input_count;
    bool bad; /* an operand that is not there */
};

static struct value build(struct builder *b, const struct term *t, struct operator *root);

/* Whether a term is made of sizes and constants alone, and whether it is an integer then. */
static bool is_integer(const struct term *t);

static bool is_plain_number(const struct term *t)
{
    if (t->kind == TERM_LITERAL)
        return t->literal.kind == VALUE_INT || t->literal.kind == VALUE_FLOAT ||
               t->literal.kind == VALUE_BOOL;
    if (t->kind != TERM_CALL)
        return false;
    if (strcmp(t->function->name, "size") == 0)
        return t->count == 2;
    for (size_t i = 0; i < t->count; i++)
        if (!is_plain_number(t->items[i]))
            return false;
    return true;
}

static bool is_integer(const struct term *t)
{
    static const char *const closed[] = { "add",       "sub", "mul", "floor_divide",
                                          "remainder", "neg", "max", "min" };
    static const char *const rounding[] = { "int", "floor", "ceil", "round", "trunc" };
    if (t->kind == TERM_LITERAL)
        return t->literal.kind == VALUE_INT;
    if (!is_plain_number(t))
        return false;
    const char *name = t->function->name;
    for (size_t i = 0; i < sizeof rounding / sizeof *rounding; i++)
        if (strcmp(name, rounding[i]) == 0)
            return true;
    bool inside = strcmp(name, "size") == 0;
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        inside = inside || strcmp(name, closed[i]) == 0;
    for (size_t i = 0; inside && strcmp(name, "size") != 0 && i < t->count; i++)
        inside = is_integer(t->items[i]);
    return inside;
}

static struct value build_list(struct builder *b, const struct term *t)
{
    struct value *items = arena_array(&b->graph->arena, t->count, sizeof *items);
    for (size_t i = 0; i < t->count; i++)
        items[i] = build(b, t->items[i], NULL);
    return value_list(items, t->count);
}

/* The call as an operator: `root` itself, or a new one before the expression. */
static struct value build_call(struct builder *b, const struct term *t, struct operator *root)
{
    const struct expression_function *f = t->function;
    if (strcmp(f->name, "int") == 0 && is_integer(t->items[0]))
        return build(b, t->items[0], root);
    struct value first = build(b, t->items[0], NULL);
    struct value second = t->count > 1 ? build(b, t->items[1], NULL) : value_none();
    b->bad = b->bad || first.kind == VALUE_LIST || second.kind == VALUE_LIST;
    struct operator *op = root;
    if (root) {
        while (op->argument_count > 0)
            operator_unset(op, op->arguments[0].key);
        operator_set_type(op, f->type);
    } else {
        op = graph_add(b->graph, b->op, f->type, graph_fresh_operator_name(b->graph, b->op->name));
        op->line = b->op->line;
        op->source = b->op->source;
        op->scope = b->op->scope;
        operator_add_output(op, NULL);
    }
    operator_set(op, f->first, first);
    if (t->count > 1)
        operator_set(op, f->second, second);
    if (f->dtype)
        operator_set(op, "dtype", value_string(f->dtype));
    return value_operand(op->outputs[0]);
}

static struct value build(struct builder *b, const struct term *t, struct operator *root)
{
    switch (t->kind) {
    case TERM_LITERAL: return t->literal;
    case TERM_LIST: return build_list(b, t);
    case TERM_CALL: return build_call(b, t, root);
    case TERM_OPERAND: break;
    }
    if (t->operand < b->input_count && b->inputs[t->operand].kind != VALUE_LIST)
        return b->inputs[t->operand];
    b->bad = true;
    return value_none();
}

/* Whether every @k is an input. */
static bool operands_exist(const struct term *t, const struct value *inputs, size_t count)
{
    if (t->kind == TERM_OPERAND)
        return t->operand < count && inputs;
    for (size_t i = 0; i < t->count; i++)
        if (!operands_exist(t->items[i], inputs, count))
            return false;
    return true;
}

static void take_apart(struct operator *op)
{
    struct graph *g = op->graph;
    const struct value *inputs = operator_get(op, "inputs");
    const char *text = operator_string(op, "expr", NULL);
    bool listed = inputs && inputs->kind == VALUE_LIST;
    struct builder b = { .graph = g, .op = op };
    if (listed) { /* a copy: the root loses its own */
        struct value copy = value_copy(&g->arena, *inputs);
        b.inputs = copy.list.items;
        b.input_count = copy.list.count;
    }
    struct term *t = text ? expression_parse(&g->arena, text, b.input_count) : NULL;
    if (!t || op->output_count != 1) {
        report(STATUS_MALFORMED, operator_place(op),
               "pnnx.Expression '%s': '%s' is no expression with one result", op->name, text ? text : "");
        return;
    }
    if (!operands_exist(t, b.inputs, b.input_count)) {
        report(STATUS_MALFORMED, operator_place(op),
               "pnnx.Expression '%s': '%s' reads an operand beyond its %zu", op->name, text, b.input_count);
        return;
    }
    struct value v = build(&b, t, op);
    if (b.bad)
        report(STATUS_MALFORMED, operator_place(op), "pnnx.Expression '%s': '%s' computes with a list",
               op->name, text);
    if (!is_operand(&v, op->outputs[0]))
        dissolve(op, v);
}

/* ---- other operators that only hold a value ---- */

/* pnnx.SliceIndexes: indexes=(0,@0), a list of integers and inputs. */
static void take_indexes(struct operator *op)
{
    struct graph *g = op->graph;
    const struct value *inputs = operator_get(op, "inputs");
    const char *text = operator_string(op, "indexes", "");
    struct builder b = { .graph = g, .op = op };
    if (inputs && inputs->kind == VALUE_LIST) {
        b.inputs = inputs->list.items;
        b.input_count = inputs->list.count;
    }
    size_t length = strlen(text);
    const char *list =
        length > 1 ? arena_printf(&g->arena, "[%.*s]", (int)(length - 2 < 100000 ? length - 2 : 0), text + 1)
                   : "";
    struct term *t = expression_parse(&g->arena, list, b.input_count);
    if (!t || t->kind != TERM_LIST || !operands_exist(t, b.inputs, b.input_count) || op->output_count != 1)
        report(STATUS_MALFORMED, operator_place(op),
               "pnnx.SliceIndexes '%s': '%s' is no list of integers and inputs", op->name, text);
    else
        dissolve(op, build(&b, t, NULL));
}

/* Tensor.index with constant indices has them as text: expr=[None,[0,2,1]]. */
static void take_index_text(struct operator *op, const char *key)
{
    const char *text = operator_string(op, key, NULL);
    struct term *t = text ? expression_parse(&op->graph->arena, text, 0) : NULL;
    struct builder b = { .graph = op->graph, .op = op };
    if (t && t->kind == TERM_LIST && operands_exist(t, NULL, 0))
        operator_set(op, key, build(&b, t, NULL));
}

static const char *text_key(const struct operator *op)
{
    const struct signature *s = op->signature;
    for (size_t i = 0; i < s->parameter_count; i++)
        if (parameter_is_text(&s->parameters[i]))
            return s->parameters[i].name;
    return NULL;
}

/* torch.einsum as upstream writes it at optlevel 0, with the equation and the list as its operands. */
static void take_equation(struct operator *op)
{
    const struct value *operands = operator_get(op, "operands");
    if (!operands || operands->kind != VALUE_LIST || operands->list.count != 2 ||
        operands->list.items[0].kind != VALUE_STRING || operands->list.items[1].kind != VALUE_LIST)
        return;
    struct value equation = operands->list.items[0], list = operands->list.items[1];
    operator_set(op, "operands", list);
    operator_set(op, "equation", equation);
}

static bool has_reader_beside(const struct operand *x)
{
    for (const struct use *use = x->uses; use; use = use->next)
        if (!keeps_lists(use->op))
            return true;
    return false;
}

void expressions_take_apart(struct graph *g)
{
    struct operator *next;
    for (struct operator *op = g->first; op; op = next) {
        next = op->next;
        if (operator_is(op, "pnnx.Expression"))
            take_apart(op);
        else if (operator_is(op, "pnnx.SliceIndexes"))
            take_indexes(op);
        else if (text_key(op))
            take_index_text(op, text_key(op));
        else if (operator_is(op, "torch.einsum"))
            take_equation(op);
        else if (op->output_count == 1 && operator_is(op, "prim::Constant") && op->attribute_count == 0)
            dissolve(op, operator_get(op, "value") ? *operator_get(op, "value") : value_none());
        else if (op->output_count == 1 && operator_is(op, "prim::ListConstruct") &&
                 operator_get(op, "inputs") && has_reader_beside(op->outputs[0]))
            dissolve(op, *operator_get(op, "inputs"));
    }
}
