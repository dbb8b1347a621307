/* names.c - unique names of operators, numbers for operands. */
#include <stdio.h>

#include "cmd/pnnxopt/passes.h"
#include "common/base/map.h"

/*
 * The first owner keeps the name; later ones get the smallest _1, _2 ... that no operator has.
 * Ends: one walk, no operator is added.
 */
size_t pass_unique_names(struct graph *g)
{
    size_t renamed = 0;
    struct map seen;
    map_init(&seen);
    for (struct operator *op = g->first; op; op = op->next) {
        if (map_get(&seen, op->name)) {
            operator_rename(op, graph_fresh_operator_name(g, op->name));
            renamed++;
        }
        map_put(&seen, op->name, op);
    }
    map_release(&seen);
    return renamed;
}

/* A number may be the present name of a later operand, which then steps aside until its turn comes. */
size_t pass_number_operands(struct graph *g)
{
    size_t number = 0, changed = 0;
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            char text[24];
            snprintf(text, sizeof text, "%zu", number++);
            if (op->outputs[i]->name == intern(g->strings, text))
                continue;
            struct operand *holder = graph_find_operand(g, text);
            if (holder)
                operand_rename(holder, graph_fresh_operand_name(g, "renamed"));
            operand_rename(op->outputs[i], text);
            changed++;
        }
    return changed;
}
