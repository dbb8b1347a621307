/* search.c - see search.h.  Lists and goals are never changed once made, so going back is only taking an older pointer. */
#include "common/rewrite/search/search.h"

#include <assert.h>

#include "common/rewrite/value/value.h"

/* ---- goals and choices ---- */

struct goal *search_goal(struct match *m, enum goal_kind kind)
{
    struct goal *goal = scratch_alloc(m->scratch, sizeof *goal);
    goal->kind = kind;
    goal->next = m->goals;
    m->goals = goal;
    return goal;
}

void search_match(struct match *m, const struct node *node, const struct value *value, struct operator *op,
                  const struct parameter *parameter)
{
    struct goal *goal = search_goal(m, GOAL_MATCH);
    goal->node = node;
    goal->value = value;
    goal->op = op;
    goal->parameter = parameter;
}

void search_choice(struct match *m, const struct goal *goals)
{
    struct choice_point *c = scratch_alloc(m->scratch, sizeof *c);
    *c = (struct choice_point){ m->choices, goals, m->deferred, m->trail_count, m->operator_count };
    m->choices = c;
}

struct goal *search_copy(struct match *m, const struct goal *goal)
{
    struct goal *copy = scratch_alloc(m->scratch, sizeof *copy);
    *copy = *goal;
    return copy;
}

bool search_back(struct match *m)
{
    struct choice_point *c = m->choices;
    if (!c)
        return false;
    assert(m->trail_count >= c->trail && m->operator_count >= c->operators);
    while (m->trail_count > c->trail)
        m->slots[m->trail[--m->trail_count]].kind = ITEM_UNBOUND;
    m->operator_count = c->operators;
    m->goals = c->goals;
    m->deferred = c->deferred;
    m->choices = c->older;
    return true;
}

/* ---- bindings ---- */

void search_set(struct match *m, size_t slot, struct item item)
{
    assert(m->slots[slot].kind == ITEM_UNBOUND &&
           m->trail_count < m->rule->slot_count); /* going back unbinds it */
    m->slots[slot] = item;
    m->trail[m->trail_count++] = slot;
}

bool search_bind(struct match *m, size_t slot, struct item item)
{
    const struct item *old = &m->slots[slot];
    if (old->kind == ITEM_UNBOUND) {
        search_set(m, slot, item);
        return true;
    }
    if (old->kind != item.kind)
        return false;
    switch (item.kind) {
    case ITEM_VALUE: return values_match(&old->value, &item.value);
    case ITEM_OPERATOR: return old->op == item.op;
    case ITEM_TENSOR: return old->tensor == item.tensor;
    default: return true;
    }
}

bool match_has(const struct match *m, const struct operator *op)
{
    for (size_t i = 0; i < m->operator_count; i++)
        if (m->operators[i] == op)
            return true;
    if (!m->box)
        return false;
    for (const struct scope *s = op->scope; s; s = s->parent)
        if (s == m->box->scope)
            return !operator_is(op, "pnnx.Attribute");
    return false;
}

static bool in_scope(const struct scope *inner, const struct scope *outer)
{
    while (inner && inner != outer)
        inner = inner->parent;
    return inner != NULL;
}

bool search_take(struct match *m, struct operator *op, bool shared)
{
    if (m->scope && !in_scope(op->scope, m->scope))
        return false;
    if (m->box || match_has(m, op))
        return true;
    if (m->operator_count == m->operator_room) {
        m->operator_room = m->operator_room ? m->operator_room * 2 : 16;
        m->operators = xrealloc(m->operators, m->operator_room * sizeof *m->operators);
        m->shared = xrealloc(m->shared, m->operator_room * sizeof *m->shared);
    }
    m->shared[m->operator_count] = shared;
    m->operators[m->operator_count++] = op;
    return true;
}

struct operator *search_producer(const struct value *v)
{
    return v && v->kind == VALUE_OPERAND && v->operand->index == 0 ? v->operand->producer : NULL;
}

/* ---- arguments ---- */

bool argument_is_number(const struct parameter *p, const struct value *number, const struct value *list)
{
    if (!p || !p->has_default || p->initial.kind != VALUE_INT || !(p->kinds & KIND_LIST) ||
        list->kind != VALUE_LIST)
        return false;
    for (size_t i = 0; i < list->list.count; i++)
        if (!values_match(number, &list->list.items[i]))
            return false;
    return list->list.count > 0;
}

/* An argument that every form of the operator must have: a pattern that leaves it out says nothing about it, for there
 * is no default that it could mean. */
static bool is_required(const struct operator *op, const char *key)
{
    const struct signature *s = signature_find(op->graph->signatures, op->type);
    for (; s; s = s->next) {
        const struct parameter *p = signature_parameter(s, key);
        if (!p || p->has_default || p->kinds & KIND_NONE)
            return false;
    }
    return true;
}

bool argument_is_default(const struct operator *op, const struct argument *given)
{
    if (given->value.kind == VALUE_NONE)
        return true;
    const struct parameter *p = signature_parameter(op->signature, given->key);
    if (!p || given->value.kind == VALUE_OPERAND)
        return false;
    if (!p->has_default)
        return is_required(op, given->key);
    return values_match(&p->initial, &given->value) || argument_is_number(p, &p->initial, &given->value);
}
