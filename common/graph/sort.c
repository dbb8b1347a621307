/* sort.c - the order of operators, dead ones, and the invariants of a graph. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/graph/graph.h"
#include "common/graph/private.h"

enum state { WAITING, OPEN, DONE };

/* The walk behind graph_sort(): depth first over producers, with a stack of its own, as graphs can be deep. */
struct walk {
    unsigned char *state; /* by operator id: enum state */
    struct operator **stack;
    size_t depth, room;
    struct operator **order; /* the new order so far */
    size_t count;
    struct operand **operands; /* scratch */
    size_t operand_room;
};

static void push(struct walk *w, struct operator *op)
{
    if (w->depth == w->room) {
        w->room = w->room ? size_mul(w->room, 2) : 64;
        w->stack = xrealloc(w->stack, size_mul(w->room, sizeof *w->stack));
    }
    w->stack[w->depth++] = op;
}

/* Puts `op` on the way: its producers above it.  False when one of them is open already: a cycle. */
static bool open_operator(struct walk *w, struct operator *op)
{
    w->state[op->id] = OPEN;
    size_t count = operator_operands(op, &w->operands, &w->operand_room);
    while (count-- > 0) { /* last first, so that the first is taken first */
        struct operator *producer = w->operands[count]->producer;
        if (w->state[producer->id] == OPEN)
            return false;
        if (w->state[producer->id] == WAITING)
            push(w, producer);
    }
    return true;
}

static bool place_operator(struct walk *w, struct operator *op)
{
    push(w, op);
    while (w->depth > 0) {
        struct operator *top = w->stack[w->depth - 1];
        if (w->state[top->id] == WAITING) {
            if (!open_operator(w, top))
                return false;
            continue;
        }
        w->depth--;
        if (w->state[top->id] == OPEN) {
            w->state[top->id] = DONE;
            w->order[w->count++] = top;
        }
    }
    return true;
}

static void relink_list(struct graph *g, struct operator **order)
{
    assert(!g->operator_count || (order[0] && order[g->operator_count - 1])); /* all have a place */
    for (size_t i = 0; i < g->operator_count; i++) {
        order[i]->prev = i ? order[i - 1] : NULL;
        order[i]->next = i + 1 < g->operator_count ? order[i + 1] : NULL;
    }
    g->first = g->operator_count ? order[0] : NULL;
    g->last = g->operator_count ? order[g->operator_count - 1] : NULL;
}

bool graph_sort(struct graph *g)
{
    struct walk w = { 0 };
    w.state = xmalloc(g->operator_ids);
    memset(w.state, WAITING, g->operator_ids);
    w.order = xmalloc(size_mul(g->operator_count, sizeof *w.order));
    bool acyclic = true;
    for (struct operator *op = g->first; op && acyclic; op = op->next)
        if (w.state[op->id] == WAITING)
            acyclic = place_operator(&w, op);
    if (acyclic)
        relink_list(g, w.order);
    free(w.state);
    free(w.stack);
    free(w.order);
    free(w.operands);
    return acyclic;
}

static bool is_dead(const struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++)
        if (op->outputs[i]->use_count > 0)
            return false;
    return !operator_is(op, "pnnx.Input") && !operator_is(op, "pnnx.Output") && !operator_is(op, "Input");
}

size_t graph_remove_dead(struct graph *g)
{
    size_t removed = 0;
    for (struct operator *op = g->last, *prev; op; op = prev) {
        prev = op->prev;
        if (is_dead(op)) {
            operator_remove(op);
            removed++;
        }
    }
    return removed;
}

/* ---- invariants ---- */

static _Noreturn void broken(const struct operator *op, const char *what)
{
    die(STATUS_CONVERSION, operator_place(op), "internal error: %s '%s': %s", op->type, op->name, what);
}

static void check_value(const struct operator *op, const struct value *v, const unsigned char *seen)
{
    if (v->kind == VALUE_LIST) {
        for (size_t i = 0; i < v->list.count; i++)
            check_value(op, &v->list.items[i], seen);
    } else if (v->kind == VALUE_OPERAND) {
        if (!v->use || v->use->slot != v || v->use->op != op)
            broken(op, "an argument is not in the use list of its operand");
        if (!seen[v->operand->producer->id])
            broken(op, "an operand is read before it is produced");
    }
}

static void check_outputs(const struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++) {
        const struct operand *x = op->outputs[i];
        size_t uses = 0;
        for (const struct use *use = x->uses; use; use = use->next, uses++)
            if (use->slot->kind != VALUE_OPERAND || use->slot->operand != x)
                broken(op, "a use list names an argument that is another operand");
        if (x->producer != op || x->index != i || uses != x->use_count)
            broken(op, "an output does not know its place");
    }
}

void graph_check(const struct graph *g)
{
    unsigned char *seen = xmalloc(g->operator_ids);
    memset(seen, 0, g->operator_ids);
    for (const struct operator *op = g->first; op; op = op->next) {
        for (size_t i = 0; i < op->argument_count; i++)
            check_value(op, &op->arguments[i].value, seen);
        check_outputs(op);
        seen[op->id] = 1;
    }
    free(seen);
}
