/* cut.c - see passes.h. */
#include <string.h>

#include "cmd/ncnnopt/passes.h"
#include "common/base/near.h"

static struct operator *find_layer(const struct graph *g, const char *name)
{
    struct operator *op = graph_find(g, name);
    struct near near = near_start(name, strlen(name));
    char hint[200];
    for (const struct operator *other = g->first; other && !op; other = other->next)
        near_offer(&near, other->name);
    if (!op)
        die(STATUS_USAGE, (struct place){ .file = g->file }, "cut: no layer is called '%s'%s", name,
            near_hint(&near, hint));
    return op;
}

static bool comes_before(const struct operator *a, const struct operator *b)
{
    while (a && a != b)
        a = a->next;
    return a == b;
}

static bool stays(const struct operator *op)
{
    return operator_is(op, "Input") || operator_is(op, "MemoryData");
}

/* An Input in the place of the layer that made the blob. */
static void feed(struct operand *x, struct operator *before)
{
    static const char *const sizes[4][4] = {
        { "0" }, { "1", "0" }, { "2", "1", "0" }, { "2", "11", "1", "0" }
    };
    struct operator *input = graph_add(x->producer->graph, before, "Input", x->name);
    bool known = x->rank >= 1 && x->rank <= 4;
    for (int i = 0; known && i < x->rank; i++)
        known = x->shape[i] > 0;
    for (int i = 0; known && i < x->rank; i++)
        operator_set(input, sizes[x->rank - 1][i], value_int(x->shape[i]));
    operand_move(x, input);
}

/* Removes a layer whose readers are gone already. */
static void drop(struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++)
        if (op->outputs[i]->use_count)
            return;
    operator_remove(op);
}

void cut_layers(struct graph *g, const char *start, const char *end)
{
    struct operator *first = start ? find_layer(g, start) : g->first,
                    *last = end ? find_layer(g, end) : g->last;
    if (!comes_before(first, last))
        die(STATUS_USAGE, (struct place){ .file = g->file }, "cut: layer '%s' comes before '%s'", last->name,
            first->name);
    while (g->last != last)
        operator_remove(g->last);
    for (struct operator *op = first->prev, *previous; op; op = previous) {
        const struct value *inputs = operator_get(op, "inputs");
        previous = op->prev;
        while (!stays(op) && op->output_count && op->outputs[op->output_count - 1]->use_count) {
            struct operand *x = op->outputs[op->output_count - 1];
            if (operator_is(op, "Split") && inputs)
                operand_replace(x, inputs->list.items[0].operand);
            else
                feed(x, first);
        }
        drop(op);
    }
}
