/* form.c - arithmetic and lists formed into pnnx.Expression, as the existing converter writes them. */
#include <math.h>
#include <string.h>

#include "common/expression/expression.h"
#include "common/expression/text.h"

/* Deeper trees are cut, so that what reads the text needs no deep stack; the cut is the same every time. */
#define FORMED_DEPTH 200

/* A text being written, and the operands that it reads, numbered by first use. */
struct writer {
    struct graph *graph;
    char *text; /* arena; size bytes used of room */
    size_t size, room;
    struct value *inputs; /* arena */
    size_t input_count;
    bool inlining; /* arithmetic with one reader becomes part of the text */
    bool bad;      /* a string that an expression cannot hold */
};

static void put_length(struct writer *w, const char *s, size_t length)
{
    if (w->size + length > w->room) {
        size_t room = size_mul(size_add(w->size, length), 2);
        char *text = arena_alloc(&w->graph->arena, room);
        if (w->size > 0)
            memcpy(text, w->text, w->size);
        w->text = text;
        w->room = room;
    }
    memcpy(w->text + w->size, s, length);
    w->size += length;
}

static void put(struct writer *w, const char *s)
{
    put_length(w, s, strlen(s));
}

/* ---- what may be formed ---- */

static bool is_one(const struct value *v)
{
    double number;
    return value_number(v, &number) && number == 1;
}

static bool is_number(struct arena *arena, const struct value *v)
{
    return expression_number(arena, v) != NULL;
}

static bool is_term(struct arena *arena, const struct value *v)
{
    return v && (v->kind == VALUE_OPERAND || is_number(arena, v));
}

/* Functions that upstream calls as torch.NAME: a constant there is no tensor. */
static bool needs_tensors(const char *name)
{
    static const char *const names[] = { "atan2", "logaddexp", "fmod", "remainder" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* The function that an operator is in an expression, or NULL when it has to stay an operator: arguments that the
 * language has no place for, constants where upstream takes tensors only. */
static const struct expression_function *formable(const struct operator *op)
{
    const struct expression_function *f = op->output_count == 1 ? expression_function_of(op->type) : NULL;
    struct arena *arena = &op->graph->arena;
    if (!f)
        return NULL;
    const struct value *first = operator_get(op, f->first),
                       *second = f->second ? operator_get(op, f->second) : NULL;
    const struct value *alpha = operator_get(op, "alpha");
    bool sum = strcmp(f->name, "add") == 0 || strcmp(f->name, "sub") == 0;
    size_t known = 1 + (second != NULL);
    if (alpha && sum && is_number(arena, alpha))
        known++;
    const struct value *mode = operator_get(op, "rounding_mode");
    if (mode && strcmp(f->name, "div") == 0) {
        if (mode->kind == VALUE_STRING && strcmp(mode->string, "floor") == 0)
            f = expression_function("floor_divide");
        else if (mode->kind != VALUE_NONE)
            return NULL; /* upstream writes floor_divide for trunc, which its Python rounds down */
        known++;
    }
    if (op->argument_count != known || !is_term(arena, first) || (second && !is_term(arena, second)))
        return NULL;
    if (strcmp(f->name, "size") == 0)
        return first->kind == VALUE_OPERAND ? f : NULL;
    if (f->arity == 2 && !second)
        return NULL;
    bool constant = first->kind != VALUE_OPERAND || (second && second->kind != VALUE_OPERAND);
    if (constant && (strcmp(f->name, "maximum") == 0 || strcmp(f->name, "minimum") == 0))
        return expression_function(f->name[1] == 'a' ? "max" : "min");
    if (needs_tensors(f->name) && first->kind != VALUE_OPERAND)
        return NULL;
    if (constant && (strcmp(f->name, "atan2") == 0 || strcmp(f->name, "logaddexp") == 0))
        return NULL;
    return f;
}

/* ---- texts ---- */

static void put_value(struct writer *w, const struct value *v, int depth);

static void put_operand(struct writer *w, struct operand *x)
{
    size_t i = 0;
    while (i < w->input_count && w->inputs[i].operand != x)
        i++;
    if (i == w->input_count) {
        w->inputs = arena_grow(&w->graph->arena, w->inputs, w->input_count, sizeof *w->inputs);
        w->inputs[w->input_count++] = value_operand(x);
    }
    put(w, arena_printf(&w->graph->arena, "@%zu", i));
}

/* The product of two numbers, an integer of integers; false when one is none. */
static bool number_product(const struct value *a, const struct value *b, struct value *product)
{
    double x, y;
    bool whole = a->kind == VALUE_INT && b->kind == VALUE_INT && fabs((double)a->integer) < INT32_MAX &&
                 fabs((double)b->integer) < INT32_MAX;
    if (!value_number(a, &x) || !value_number(b, &y) || a->kind == VALUE_BOOL || b->kind == VALUE_BOOL)
        return false;
    *product = whole ? value_int(a->integer * b->integer) : value_float(x * y);
    return whole || isfinite(product->real);
}

/* name(first,second): alpha times the second. */
static void put_call(struct writer *w, const struct operator *op, const struct expression_function *f,
                     int depth)
{
    const struct value *alpha = operator_get(op, "alpha");
    const struct expression_function *keys = expression_function_of(op->type);
    bool scaled = alpha && !is_one(alpha);
    put(w, f->name);
    put(w, "(");
    put_value(w, operator_get(op, keys->first), depth + 1);
    const struct value *second = keys->second ? operator_get(op, keys->second) : NULL;
    struct value product;
    if (second && scaled && number_product(second, alpha, &product)) {
        put(w, ",");
        put_value(w, &product, depth + 1);
    } else if (second) {
        put(w, scaled ? ",mul(" : ",");
        put_value(w, second, depth + 1);
        if (scaled) {
            put(w, ",");
            put(w, expression_number(&w->graph->arena, alpha));
            put(w, ")");
        }
    }
    put(w, ")");
}

static void put_list(struct writer *w, const struct value *v, int depth)
{
    put(w, "[");
    for (size_t i = 0; i < v->list.count; i++) {
        put(w, i ? "," : "");
        put_value(w, &v->list.items[i], depth + 1);
    }
    put(w, "]");
}

static void put_string(struct writer *w, const char *s)
{
    w->bad = w->bad || !*s || *s == '@' || strpbrk(s, "()[], \t\n\r") || expression_function(s);
    put(w, s);
}

static void put_value(struct writer *w, const struct value *v, int depth)
{
    const char *number = expression_number(&w->graph->arena, v);
    if (number) {
        put(w, number);
    } else if (v->kind == VALUE_LIST) {
        put_list(w, v, depth);
    } else if (v->kind == VALUE_STRING) {
        put_string(w, v->string);
    } else if (v->kind == VALUE_OPERAND) {
        const struct operator *op = v->operand->producer;
        bool inner = w->inlining && v->operand->use_count == 1 && depth < FORMED_DEPTH;
        const struct expression_function *f = inner ? formable(op) : NULL;
        if (f)
            put_call(w, op, f, depth);
        else
            put_operand(w, v->operand);
    } else {
        put(w, v->kind == VALUE_FLOAT ? (v->real > 0 ? "inf" : v->real < 0 ? "-inf" : "nan") : "None");
    }
}

/* Makes `op` the expression that was written. */
static void become_expression(struct writer *w, struct operator *op)
{
    while (op->argument_count > 0)
        operator_unset(op, op->arguments[0].key);
    operator_set_type(op, "pnnx.Expression");
    if (w->input_count > 0)
        operator_set(op, "inputs", value_list(w->inputs, w->input_count));
    operator_set(op, "expr", value_string(arena_text(&w->graph->arena, w->text, w->size)));
}

/* ---- trees ---- */

/* A fresh operator before `reader` that is the expression of a value. */
static struct operand *add_expression(struct operator *reader, const char *key, const struct value *v,
                                      bool inlining)
{
    struct graph *g = reader->graph;
    struct writer w = { .graph = g, .inlining = inlining };
    put_value(&w, v, 0);
    if (w.bad) {
        report(STATUS_CONVERSION, operator_place(reader),
               "%s '%s': '%s' holds a string that no list of operands can hold", reader->type, reader->name,
               key);
        return NULL;
    }
    const char *stem = arena_printf(&g->arena, "%s_%s", reader->name, key);
    struct operator *op = graph_add(g, reader, "pnnx.Expression", graph_fresh_operator_name(g, stem));
    op->line = reader->line;
    op->source = reader->source;
    op->scope = reader->scope;
    operator_add_output(op, NULL);
    become_expression(&w, op);
    return op->outputs[0];
}

/* ---- lists ---- */

/* Whether an argument takes operands one by one: what is no operand there becomes one. */
static bool takes_operands(const struct operator *op, const struct argument *a)
{
    const struct parameter *p = signature_parameter(op->signature, a->key);
    return (p && p->variadic) || strcmp(a->key, "inputs") == 0;
}

static void form_items(struct operator *op, const char *key, bool inlining)
{
    struct value list = value_copy(&op->graph->arena, *operator_get(op, key));
    bool changed = false;
    for (size_t i = 0; i < list.list.count; i++) {
        if (list.list.items[i].kind == VALUE_OPERAND)
            continue;
        const char *name = arena_printf(&op->graph->arena, "%s_%zu", key, i);
        struct operand *x = add_expression(op, name, &list.list.items[i], inlining);
        if (!x)
            return;
        list.list.items[i] = value_operand(x);
        changed = true;
    }
    if (changed)
        operator_set(op, key, list);
}

static bool is_constant_index(const struct operator *op, const struct argument *a)
{
    return parameter_is_text(signature_parameter(op->signature, a->key)) && a->value.kind == VALUE_LIST;
}

static void form_argument(struct operator *op, const struct argument *a, bool inlining)
{
    const char *key = a->key;
    if (takes_operands(op, a)) {
        if (a->value.kind == VALUE_LIST && !operator_is(op, "pnnx.Expression"))
            form_items(op, key, inlining);
    } else if (a->value.kind == VALUE_LIST && value_has_operand(&a->value)) {
        struct operand *x = add_expression(op, key, &a->value, inlining);
        if (x)
            operator_set(op, key, value_operand(x));
    } else if (is_constant_index(op, a)) {
        struct writer w = { .graph = op->graph };
        put_value(&w, &a->value, 0);
        operator_set(op, key, value_string(arena_text(&op->graph->arena, w.text, w.size)));
    } else if (operator_is(op, "pnnx.Output") && a->value.kind != VALUE_OPERAND) {
        struct operand *x = add_expression(op, key, &a->value, inlining);
        if (x)
            operator_set(op, key, value_operand(x));
    }
}

static void form_arguments(struct operator *op, bool inlining)
{
    for (size_t i = 0; i < op->argument_count; i++)
        form_argument(op, &op->arguments[i], inlining);
}

void lists_form(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        form_arguments(op, false);
}

void expressions_form(struct graph *g)
{
    struct operator *before;
    for (struct operator *op = g->last; op; op = before) {
        form_arguments(op, true);
        before = op->prev;
        const struct expression_function *f = formable(op);
        if (f && op->outputs[0]->use_count == 0) {
            operator_remove(op); /* a part of an expression behind it */
        } else if (f) {
            struct writer w = { .graph = g, .inlining = true };
            put_call(&w, op, f, 0);
            become_expression(&w, op);
        }
    }
}
