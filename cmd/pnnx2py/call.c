/* call.c - a call as a statement of the forward function, and what is said of an operator that is none. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "printer.h"

/* ---- a call's arguments ---- */

struct call call_open(struct printer *p, const char *format, ...)
{
    char callee[512];
    va_list list;
    va_start(list, format);
    vsnprintf(callee, sizeof callee, format, list);
    va_end(list);
    lines_add(&p->out, callee);
    lines_add(&p->out, "(");
    return (struct call){ p, false };
}

void call_text(struct call *c, const char *text)
{
    if (c->any)
        lines_add(&c->printer->out, ", ");
    c->any = true;
    lines_add(&c->printer->out, text);
}

void call_argument(struct call *c, const struct value *v)
{
    call_text(c, "");
    print_value(c->printer, v);
}

void call_variable(struct call *c, const struct operand *x)
{
    call_text(c, variable(c->printer, x));
}

void call_keyword(struct call *c, const char *key, const struct value *v)
{
    struct lines *out = &c->printer->out;
    bool plain = is_identifier(key);
    call_text(c, plain ? key : "**{");
    if (!plain)
        print_string(out, key);
    lines_add(out, plain ? "=" : ": ");
    print_value(c->printer, v);
    if (!plain)
        lines_add(out, "}");
}

void call_rest(struct call *c, const struct operator *op, const char *const *without)
{
    for (size_t i = 0; i < op->argument_count; i++) {
        const char *const *w = without;
        while (w && *w && strcmp(*w, op->arguments[i].key) != 0)
            w++;
        if (!w || !*w)
            call_keyword(c, op->arguments[i].key, &op->arguments[i].value);
    }
}

void call_close(struct call *c)
{
    lines_add(&c->printer->out, ")\n");
}

/* ---- calls ---- */

/* How many arguments go by position: up to `self` where there is one (it cannot be a keyword), the signature's first
 * otherwise, none when the first is left out; all items of a list of unknown arguments. */
static size_t positional(const struct operator *op)
{
    const struct signature *s = op->signature;
    size_t self = 0;
    for (size_t i = 0; i < s->parameter_count; i++)
        if (strcmp(s->parameters[i].name, "self") == 0)
            self = i;
    size_t count = 0;
    while (count <= self && count < op->argument_count && count < s->parameter_count &&
           op->arguments[count].key == s->parameters[count].name)
        count++;
    return count;
}

/* The items of an unkeyed list of arguments.  A file of the existing converter may have the layout, the device and the
 * like at the end of an aten call, which signatures leave out: they say nothing, and the others get their names. */
static void call_unkeyed(struct call *c, const struct operator *op, const struct value *list)
{
    const struct signature *s = op->signature;
    size_t count = list->list.count, known = s->type && *s->type ? s->parameter_count : count;
    const struct value *items = list->list.items;
    while (count > known && (items[count - 1].kind == VALUE_NONE ||
                             (items[count - 1].kind == VALUE_BOOL && !items[count - 1].boolean)))
        count--;
    bool named = count < list->list.count && count == known;
    for (size_t i = 0; i < count; i++)
        if (named && i > 0)
            call_keyword(c, s->parameters[i].name, &items[i]);
        else
            call_argument(c, &items[i]);
}

/* Bounds of aten::clamp are two tensors or two numbers, and `a` is one of them beside a number. */
static bool is_bound_beside_number(const struct printer *p, const struct operator *op,
                                   const struct argument *a)
{
    if (!operator_is(op, "aten::clamp") && !operator_is(op, "aten::clip"))
        return false;
    bool min = strcmp(a->key, "min") == 0, max = strcmp(a->key, "max") == 0;
    const struct value *other = min || max ? operator_get(op, min ? "max" : "min") : NULL;
    return other && is_number(p, other);
}

/* Whether a tensor is given where torch.ops takes numbers only: unlike torch.NAME, it converts none. */
static bool needs_item(const struct printer *p, const struct operator *op, const struct argument *a)
{
    if (a->value.kind != VALUE_OPERAND || is_number(p, &a->value) || strncmp(op->type, "aten::", 6) != 0)
        return false;
    const struct parameter *q = signature_parameter(op->signature, a->key);
    bool numbers = q && (q->kinds & KIND_NUMBER) && !(q->kinds & (KIND_TENSOR | KIND_LIST));
    return numbers || is_bound_beside_number(p, op, a);
}

/* One operand alone is the list itself when it is a list (a network that hands lists around). */
static const struct value *list_itself(const struct value *v)
{
    const struct value *only = v->kind == VALUE_LIST && v->list.count == 1 ? &v->list.items[0] : NULL;
    bool list =
        only && only->kind == VALUE_OPERAND && operator_is(only->operand->producer, "prim::ListConstruct");
    return list ? only : v;
}

void call_arguments(struct call *c, const struct operator *op, size_t first)
{
    size_t count = positional(op);
    for (size_t i = first; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        if (strcmp(a->key, "inputs") == 0 && a->value.kind == VALUE_LIST)
            call_unkeyed(c, op, &a->value);
        else if (i < count)
            call_argument(c, list_itself(&a->value));
        else
            call_keyword(c, a->key, list_itself(&a->value));
        if (needs_item(c->printer, op, a))
            lines_add(&c->printer->out, ".item()");
    }
}

void print_call(struct printer *p, const struct operator *op, const char *callee)
{
    print_results(p, op);
    struct call c = call_open(p, "%s", callee);
    call_arguments(&c, op, 0);
    call_close(&c);
}

void print_tensor(struct printer *p, const struct value *v)
{
    bool number = is_number(p, v);
    lines_add(&p->out, number ? "torch.tensor(" : "");
    print_value(p, v);
    lines_add(&p->out, number ? ")" : "");
}

/* ---- what cannot be printed ---- */

static void print_shape(struct lines *t, struct graph *g, const struct operand *x)
{
    if (x->rank <= 0)
        return;
    lines_add(t, " (");
    for (int i = 0; i < x->rank; i++)
        lines_printf(t, x->shape[i] >= 0 ? "%s%lld" : "%s?", i ? "," : "", (long long)x->shape[i]);
    lines_printf(t, ")%s", dtype_tag(x->dtype));
    (void)g;
}

static void add_shape(struct operand *x, void *context)
{
    print_shape(context, NULL, x);
}

void refuse(struct printer *p, const struct operator *op, const char *why)
{
    struct lines shapes = { 0 };
    operator_each_operand(op, add_shape, &shapes);
    report(STATUS_CONVERSION, operator_place(op), "%s '%s'%s: %s", op->type, op->name,
           shapes.bytes ? shapes.bytes : "", why);
    lines_release(&shapes);
    p->refused++;
}
