/* results.c - see passes.h.  A rule that takes a layer away lets its readers read what it read; so the blob that a result is may
 * become another one, an input's, or that of two results. */
#include "cmd/ncnnopt/passes.h"

static bool is_result(const struct operand *x)
{
    return x->use_count == 0 && !operator_is(x->producer, "Input");
}

void results_collect(struct graph *g, struct results *results)
{
    struct value *items = NULL;
    size_t count = 0;
    *results = (struct results){ NULL, NULL, NULL };
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            if (!is_result(op->outputs[i]))
                continue;
            items = arena_grow(&g->arena, items, count, sizeof *items);
            results->names = arena_grow(&g->arena, results->names, count, sizeof *results->names);
            items[count] = value_operand(op->outputs[i]);
            results->names[count++] = op->outputs[i]->name;
        }
    if (count) {
        results->output = graph_add(g, NULL, "pnnx.Output", graph_fresh_operator_name(g, "results"));
        operator_set(results->output, "input", value_list(items, count));
    }
    results->splits = ncnn_remove_splits(g);
}

/* A result that is an input needs a blob of its own; a Split makes one when others read the input, too. */
static void part_inputs(struct operator *output)
{
    struct graph *g = output->graph;
    const struct value *list = operator_get(output, "input");
    size_t count = list->list.count;
    struct value *items = arena_array(&g->arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct operand *x = list->list.items[i].operand;
        items[i] = value_operand(x);
        if (!operator_is(x->producer, "Input") || x->use_count > 1)
            continue;
        struct operator *noop = graph_add(g, output, "Noop", graph_fresh_operator_name(g, "noop"));
        operator_set(noop, "inputs", value_list(&items[i], 1));
        items[i] = value_operand(operator_add_output(noop, NULL));
        operand_set_like(items[i].operand, x);
    }
    operator_set(output, "input", value_list(items, count));
}

/* Gives the blob that name, whoever has it. */
static void take_name(struct operand *x, const char *name)
{
    struct graph *g = x->producer->graph;
    struct operand *other = graph_find_operand(g, name);
    if (other == x)
        return;
    if (other)
        operand_rename(other, graph_fresh_operand_name(g, name));
    operand_rename(x, name);
}

void results_restore(struct graph *g, struct results *results)
{
    if (results->output)
        part_inputs(results->output);
    ncnn_restore_splits(g, results->splits);
    if (!results->output)
        return;
    const struct value *list = operator_get(results->output, "input");
    for (size_t i = 0; i < list->list.count; i++)
        take_name(list->list.items[i].operand, results->names[i]);
    operator_remove(results->output);
}
