/* argument.c - arguments of operators, and the use lists that follow from them. */
#include <stdlib.h>
#include <string.h>

#include "common/graph/graph.h"
#include "common/graph/private.h"

/* ---- use lists ---- */

static void push_use(struct operand *x, struct use *use)
{
    use->prev = NULL;
    use->next = x->uses;
    if (use->next)
        use->next->prev = use;
    x->uses = use;
    x->use_count++;
}

static void pull_use(struct operand *x, struct use *use)
{
    *(use->prev ? &use->prev->next : &x->uses) = use->next;
    if (use->next)
        use->next->prev = use->prev;
    x->use_count--;
}

/* Enters every operand in *v, which is an argument of `op`, into the operand's use list. */
static void link_value(struct operator *op, struct value *v)
{
    if (v->kind == VALUE_OPERAND) {
        v->use = arena_alloc(&op->graph->arena, sizeof *v->use);
        v->use->op = op;
        v->use->slot = v;
        push_use(v->operand, v->use);
    } else if (v->kind == VALUE_LIST) {
        for (size_t i = 0; i < v->list.count; i++)
            link_value(op, &v->list.items[i]);
    }
}

static void unlink_value(struct value *v)
{
    if (v->kind == VALUE_OPERAND) {
        pull_use(v->operand, v->use);
        v->use = NULL;
    } else if (v->kind == VALUE_LIST) {
        for (size_t i = 0; i < v->list.count; i++)
            unlink_value(&v->list.items[i]);
    }
}

/* The arguments from `first` on have moved in memory: their uses must find them again.  Items of lists do not move. */
static void relink(struct operator *op, size_t first)
{
    for (size_t i = first; i < op->argument_count; i++)
        if (op->arguments[i].value.kind == VALUE_OPERAND)
            op->arguments[i].value.use->slot = &op->arguments[i].value;
}

/* Lets the reader behind `use` read `new` for `old`. */
static void move_use(struct use *use, struct operand *old, struct operand *new)
{
    pull_use(old, use);
    use->slot->operand = new;
    use->op->layout = NULL;
    push_use(new, use);
}

void operand_replace(struct operand *old, struct operand *new)
{
    if (old == new)
        return;
    while (old->uses)
        move_use(old->uses, old, new);
}

void operator_replace(struct operator *op, struct operand *old, struct operand *new)
{
    if (old == new)
        return;
    struct use *next;
    for (struct use *use = old->uses; use; use = next) {
        next = use->next;
        if (use->op == op)
            move_use(use, old, new);
    }
}

/* ---- signatures ---- */

/* The position of the key among the parameters, or SIZE_MAX. */
static size_t parameter_index(const struct signature *s, const char *key)
{
    for (size_t i = 0; i < s->parameter_count; i++)
        if (s->parameters[i].name == key)
            return i;
    return SIZE_MAX;
}

static bool signature_has_all(const struct signature *s, const struct operator *op)
{
    for (size_t i = 0; i < op->argument_count; i++)
        if (parameter_index(s, op->arguments[i].key) == SIZE_MAX)
            return false;
    return true;
}

/* Sorts arguments by the signature; keys it does not have come last, in the order they were set (insertion sort, the
 * list is short and nearly sorted). */
static void order_arguments(struct operator *op)
{
    for (size_t i = 1; i < op->argument_count; i++) {
        struct argument moving = op->arguments[i];
        size_t rank = parameter_index(op->signature, moving.key), j = i;
        for (; j > 0 && parameter_index(op->signature, op->arguments[j - 1].key) > rank; j--)
            op->arguments[j] = op->arguments[j - 1];
        op->arguments[j] = moving;
    }
    relink(op, 0);
}

/* Chooses the first overload that has all keys; the first of all when none has. */
static void choose_signature(struct operator *op)
{
    const struct signature *first = signature_find(op->graph->signatures, op->type), *s = first;
    while (s && !signature_has_all(s, op))
        s = s->next;
    op->signature = s ? s : first ? first : signature_unknown(op->graph->signatures);
    order_arguments(op);
}

void operator_set_type(struct operator *op, const char *type)
{
    op->type = intern(op->graph->strings, type);
    op->layout = NULL;
    choose_signature(op);
}

/* The key as arguments have it: interned, an alias turned into the name it stands for. */
static const char *canonical_key(const struct operator *op, const char *key)
{
    key = intern(op->graph->strings, key);
    if (parameter_index(op->signature, key) != SIZE_MAX)
        return key;
    const struct parameter *p = signature_parameter(op->signature, key);
    return p ? p->name : key;
}

/* ---- arguments ---- */

static struct argument *find_argument(const struct operator *op, const char *key)
{
    for (size_t i = 0; i < op->argument_count; i++)
        if (op->arguments[i].key == key || strcmp(op->arguments[i].key, key) == 0)
            return &op->arguments[i];
    return NULL;
}

const struct value *operator_get(const struct operator *op, const char *key)
{
    const struct argument *a = find_argument(op, key);
    return a ? &a->value : NULL;
}

const struct value *operator_value(const struct operator *op, const char *key)
{
    const struct argument *a = find_argument(op, key);
    if (a)
        return &a->value;
    const struct parameter *p = signature_parameter(op->signature, key);
    return p && p->has_default ? &p->initial : NULL;
}

/* Interns the strings of a value and forgets links of the place it was copied from. */
static void settle_value(struct strings *strings, struct value *v)
{
    v->use = NULL;
    if (v->kind == VALUE_STRING)
        v->string = intern(strings, v->string);
    if (v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->list.count; i++)
            settle_value(strings, &v->list.items[i]);
}

void operator_set(struct operator *op, const char *key, struct value value)
{
    struct graph *g = op->graph;
    key = canonical_key(op, key);
    value = value_copy(&g->arena, value); /* before the old one goes: it may be a part of it */
    settle_value(g->strings, &value);
    op->layout = NULL;
    struct argument *a = find_argument(op, key);
    if (a) {
        unlink_value(&a->value);
        a->value = value;
        link_value(op, &a->value);
        return;
    }
    op->arguments = arena_grow(&g->arena, op->arguments, op->argument_count, sizeof *op->arguments);
    relink(op, 0);
    a = &op->arguments[op->argument_count++];
    *a = (struct argument){ key, value };
    link_value(op, &a->value);
    if (parameter_index(op->signature, key) == SIZE_MAX)
        choose_signature(op);
    else
        order_arguments(op);
}

void operator_unset(struct operator *op, const char *key)
{
    struct argument *a = find_argument(op, key);
    if (!a)
        return;
    unlink_value(&a->value);
    op->layout = NULL;
    size_t i = (size_t)(a - op->arguments);
    op->argument_count--;
    memmove(a, a + 1, (op->argument_count - i) * sizeof *a);
    relink(op, i);
}

struct operand *operator_operand(const struct operator *op, const char *key)
{
    const struct value *v = operator_get(op, key);
    return v && v->kind == VALUE_OPERAND ? v->operand : NULL;
}

int64_t operator_int(const struct operator *op, const char *key, int64_t otherwise)
{
    const struct value *v = operator_value(op, key);
    if (v && v->kind == VALUE_BOOL)
        return v->boolean;
    return v && v->kind == VALUE_INT ? v->integer : otherwise;
}

double operator_real(const struct operator *op, const char *key, double otherwise)
{
    const struct value *v = operator_value(op, key);
    double number;
    return v && value_number(v, &number) ? number : otherwise;
}

bool operator_bool(const struct operator *op, const char *key, bool otherwise)
{
    const struct value *v = operator_value(op, key);
    if (v && v->kind == VALUE_INT)
        return v->integer != 0;
    return v && v->kind == VALUE_BOOL ? v->boolean : otherwise;
}

const char *operator_string(const struct operator *op, const char *key, const char *otherwise)
{
    const struct value *v = operator_value(op, key);
    return v && v->kind == VALUE_STRING ? v->string : otherwise;
}

/* ---- walking ---- */

static void visit_value(const struct value *v, void (*visit)(struct operand *, void *), void *context)
{
    if (v->kind == VALUE_OPERAND)
        visit(v->operand, context);
    else if (v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->list.count; i++)
            visit_value(&v->list.items[i], visit, context);
}

void operator_each_operand(const struct operator *op, void (*visit)(struct operand *x, void *context),
                           void *context)
{
    for (size_t i = 0; i < op->argument_count; i++)
        visit_value(&op->arguments[i].value, visit, context);
}

struct collection {
    struct operand ***items;
    size_t *room, count;
};

static void collect(struct operand *x, void *context)
{
    struct collection *c = context;
    if (c->count == *c->room) {
        *c->room = *c->room ? size_mul(*c->room, 2) : 16;
        *c->items = xrealloc(*c->items, size_mul(*c->room, sizeof **c->items));
    }
    (*c->items)[c->count++] = x;
}

size_t operator_operands(const struct operator *op, struct operand ***items, size_t *room)
{
    struct collection c = { items, room, 0 };
    operator_each_operand(op, collect, &c);
    return c.count;
}
