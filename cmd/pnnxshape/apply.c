/* apply.c - what a run found out, written into the graph. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* What becomes of a constant operand where it is read. */
enum fate { FATE_KEEP, FATE_LITERAL, FATE_ATTRIBUTE };

struct plan {
    struct run *run;
    bool *stays;  /* by operator id: the operator is needed as it is */
    bool *needed; /* by operand id: its producer must go on producing it */
};

/* The kinds that any overload takes for a key; those of a variadic argument: tensors only, as the text has no place
 * for a literal among operands. */
static unsigned slot_kinds(const struct operator *op, const char *key)
{
    const struct signature *s = signature_find(op->graph->signatures, op->type);
    unsigned kinds = 0;
    if (!s || strncmp(op->type, "pnnx.", 5) == 0 || strncmp(op->type, "prim::", 6) == 0)
        return KIND_TENSOR;
    for (; s; s = s->next) {
        const struct parameter *p = signature_parameter(s, key);
        if (p)
            kinds |= p->variadic ? KIND_TENSOR : p->kinds;
    }
    return kinds ? kinds : KIND_TENSOR;
}

/* A rank-0 tensor as a Python number means the same where its type is the one that such numbers have. */
static bool literal_type(const struct fact *f)
{
    return f->number || f->dtype == DTYPE_I64 || f->dtype == DTYPE_BOOL || f->dtype == DTYPE_F32;
}

static enum fate fate_of(const struct fact *f, unsigned kinds)
{
    if (!f->constant)
        return FATE_KEEP;
    if (f->list)
        return kinds & KIND_LIST && kinds & KIND_INT ? FATE_LITERAL : FATE_KEEP;
    if (f->rank == 0 && literal_type(f)) {
        unsigned number = dtype_is_float(f->dtype) ? KIND_FLOAT : KIND_INT | KIND_FLOAT;
        if (f->dtype == DTYPE_BOOL)
            number |= KIND_BOOL;
        if (kinds & number && (f->number || (kinds & KIND_ANY) != KIND_ANY))
            return FATE_LITERAL;
    }
    return !f->number && kinds & KIND_TENSOR ? FATE_ATTRIBUTE : FATE_KEEP;
}

/* Marks producers that a value needs as they are. */
static void mark_value(struct plan *plan, const struct value *v, unsigned kinds)
{
    if (v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->list.count; i++)
            mark_value(plan, &v->list.items[i], kinds);
    if (v->kind == VALUE_OPERAND && fate_of(&plan->run->facts[v->operand->id], kinds) == FATE_KEEP)
        plan->needed[v->operand->id] = true;
}

/* From the last operator to the first: one stays when a result is not constant, or a constant one is read where
 * neither a literal nor an attribute can stand. */
static void mark(struct plan *plan)
{
    for (const struct operator *op = plan->run->graph->last; op; op = op->prev) {
        bool stays = op->output_count == 0;
        for (size_t i = 0; i < op->output_count; i++)
            stays |= !plan->run->facts[op->outputs[i]->id].constant || plan->needed[op->outputs[i]->id];
        plan->stays[op->id] = stays;
        for (size_t i = 0; stays && i < op->argument_count; i++)
            mark_value(plan, &op->arguments[i].value, slot_kinds(op, op->arguments[i].key));
    }
}

static struct value literal_item(const struct tensor *t, size_t i)
{
    if (dtype_is_float(t->dtype))
        return value_float(element_real(t->dtype, t->data, i));
    if (t->dtype == DTYPE_BOOL)
        return value_bool(element_int(t->dtype, t->data, i) != 0);
    return value_int(element_int(t->dtype, t->data, i));
}

static struct value literal(struct graph *g, const struct fact *f)
{
    const struct tensor *t = f->constant;
    struct value *items;
    if (t->rank == 0)
        return literal_item(t, 0);
    items = arena_array(&g->arena, (size_t)t->count, sizeof *items);
    for (int64_t i = 0; i < t->count; i++)
        items[i] = literal_item(t, (size_t)i);
    return value_list(items, (size_t)t->count);
}

static struct attribute attribute_of(const struct tensor *t)
{
    return (struct attribute){ .key = "data",
                               .dtype = t->dtype,
                               .rank = t->rank,
                               .shape = t->dims,
                               .size = (size_t)t->count * dtype_size(t->dtype),
                               .data = t->data };
}

/* Turns the producer of a constant into a pnnx.Attribute of its name; of an operator with several results, makes one
 * beside it.  Returns the operand to read. */
static struct operand *make_attribute(struct plan *plan, struct operand *x)
{
    struct operator *op = x->producer;
    const struct fact *f = &plan->run->facts[x->id];
    struct operand *y;
    if (operator_is(op, "pnnx.Attribute"))
        return x;
    if (op->output_count == 1) {
        while (op->argument_count)
            operator_unset(op, op->arguments[op->argument_count - 1].key);
        operator_set_type(op, "pnnx.Attribute");
        operator_add_attribute(op, attribute_of(f->constant));
        return x;
    }
    op = graph_add(op->graph, op, "pnnx.Attribute", graph_fresh_operator_name(op->graph, op->name));
    y = operator_add_constant(op, graph_fresh_operand_name(op->graph, x->name), attribute_of(f->constant));
    operand_replace(x, y);
    return y;
}

/* The value with its constants put in; true when something was. */
static bool resolve(struct plan *plan, struct value *v, unsigned kinds)
{
    bool changed = false;
    if (v->kind == VALUE_LIST) {
        struct graph *g = plan->run->graph;
        struct value *items = arena_array(&g->arena, v->list.count, sizeof *items);
        for (size_t i = 0; i < v->list.count; i++) {
            items[i] = v->list.items[i];
            changed |= resolve(plan, &items[i], kinds);
        }
        v->list.items = items;
        return changed;
    }
    if (v->kind != VALUE_OPERAND || v->operand->id >= plan->run->operand_ids)
        return false;
    switch (fate_of(&plan->run->facts[v->operand->id], kinds)) {
    case FATE_LITERAL: *v = literal(plan->run->graph, &plan->run->facts[v->operand->id]); return true;
    case FATE_ATTRIBUTE: make_attribute(plan, v->operand); return false;
    default: return false;
    }
}

static void resolve_arguments(struct plan *plan, struct operator *op)
{
    for (size_t i = 0; i < op->argument_count; i++) {
        const char *key = op->arguments[i].key;
        struct value v = op->arguments[i].value;
        if (value_has_operand(&v) && resolve(plan, &v, slot_kinds(op, key))) {
            v.text = NULL;
            operator_set(op, key, v);
        }
    }
}

static void set_shapes(struct run *run, struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++) {
        fact_record(&run->facts[op->outputs[i]->id], op->outputs[i]);
    }
}

void run_apply(struct run *run)
{
    struct graph *g = run->graph;
    struct plan plan = { .run = run };
    struct operator *last = g->last;
    plan.stays = arena_array(&run->arena, g->operator_ids, sizeof *plan.stays);
    plan.needed = arena_array(&run->arena, g->operand_ids, sizeof *plan.needed);
    mark(&plan);
    for (struct operator *op = g->first; op; op = op->next)
        set_shapes(run, op);
    /* Attributes are made of operators that come before, so the walk meets each operator once. */
    for (struct operator *op = g->first; op; op = op == last ? NULL : op->next)
        if (op->id < run->operator_ids && plan.stays[op->id])
            resolve_arguments(&plan, op);
    graph_remove_dead(g);
}
