/* graph - checks the graph's functions on random edits: use lists, names, order.  Prints what it did; a broken invariant
 * ends it through graph_check(). */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/graph/graph.h"

/* xorshift: the same edits on every machine. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* A random operand of the graph that is produced before `op`, or NULL. */
static struct operand *pick(const struct graph *g, const struct operator *before, uint32_t *state)
{
    size_t count = 0;
    for (const struct operator *op = g->first; op && op != before; op = op->next)
        count += op->output_count;
    if (count == 0)
        return NULL;
    size_t at = next_random(state) % count;
    for (const struct operator *op = g->first; op; op = op->next) {
        if (at < op->output_count)
            return op->outputs[at];
        at -= op->output_count;
    }
    return NULL;
}

static void add_operator(struct graph *g, uint32_t *state)
{
    struct operand *a = pick(g, NULL, state), *b = pick(g, NULL, state);
    struct operator *op =
        graph_add(g, NULL, a ? "torch.cat" : "pnnx.Input", graph_fresh_operator_name(g, "op"));
    if (a) {
        struct value inner[] = { value_operand(a), value_int(3), value_operand(b) };
        struct value outer[] = { value_operand(a), value_list(inner, 3) };
        operator_set(op, "tensors", value_list(outer, 2));
        operator_set(op, "dim", value_int(1));
    }
    for (uint32_t i = next_random(state) % 3; i < 3; i++)
        operator_add_output(op, NULL);
}

static void edit(struct graph *g, uint32_t *state)
{
    struct operator *op = g->first;
    for (uint32_t i = next_random(state) % (uint32_t)(g->operator_count + 1); i > 1; i--)
        op = op->next;
    struct operand *x = pick(g, op, state);
    switch (next_random(state) % 6) {
    case 0: operator_set(op, "other", x ? value_operand(x) : value_none()); break;
    case 1: operator_unset(op, "tensors"); break;
    case 2: operator_set(op, "dim", value_string("text")); break;
    case 3:
        if (x && op->output_count)
            operand_replace(op->outputs[0], x);
        break;
    case 4:
        if (x && op->argument_count && op->arguments[0].value.kind == VALUE_LIST)
            operator_replace(op, op->arguments[0].value.list.items[0].operand, x);
        break;
    default:
        if (next_random(state) % 64 == 0)
            graph_remove_dead(g);
        break;
    }
}

static void random_edits(struct strings *strings, const struct signatures *signatures)
{
    struct graph *g = graph_new(strings, signatures);
    uint32_t state = 2463534242u;
    for (int i = 0; i < 2000; i++) {
        if (g->operator_count < 5 || i % 3 == 0)
            add_operator(g, &state);
        else
            edit(g, &state);
        graph_check(g);
    }
    printf("random edits: %zu operators made, %zu left\n", g->operator_ids, g->operator_count);
    graph_free(g);
}

/* The order is restored with producers first, and a cycle is seen. */
static void sorting(struct strings *strings, const struct signatures *signatures)
{
    struct graph *g = graph_new(strings, signatures);
    struct operator *reader = graph_add(g, NULL, "F.relu", "reader");
    struct operator *other = graph_add(g, NULL, "pnnx.Input", "other");
    struct operator *producer = graph_add(g, NULL, "F.gelu", "producer");
    struct operand *y = operator_add_output(producer, NULL);
    operator_set(reader, "input", value_operand(y));
    assert(graph_sort(g));
    assert(g->first == producer && producer->next == reader && reader->next == other);
    graph_check(g);
    operator_set(producer, "input", value_operand(operator_add_output(reader, NULL)));
    assert(!graph_sort(g));
    printf("sorting: producers first, a cycle is seen\n");
    graph_free(g);
}

static void names(struct strings *strings, const struct signatures *signatures)
{
    struct graph *g = graph_new(strings, signatures);
    struct operator *first = graph_add(g, NULL, "F.relu", "a"), *second = graph_add(g, NULL, "F.relu", "a");
    assert(graph_find(g, "a") == first);
    assert(strcmp(graph_fresh_operator_name(g, "a"), "a_1") == 0);
    operator_remove(first);
    assert(graph_find(g, "a") == second);
    operator_rename(second, "b");
    assert(!graph_find(g, "a") && strcmp(graph_fresh_operator_name(g, "a"), "a") == 0);
    printf("names: found, dropped, made\n");
    graph_free(g);
}

/* Aliases become names; the overload is chosen by the keys; arguments stand in the order of the signature. */
static void arguments(struct strings *strings, const struct signatures *signatures)
{
    struct graph *g = graph_new(strings, signatures);
    struct operator *op = graph_add(g, NULL, "Tensor.slice", "s");
    operator_set(op, "steps", value_none());
    operator_set(op, "dims", value_none());
    assert(strcmp(op->arguments[0].key, "dims") == 0 && signature_parameter(op->signature, "selects"));
    operator_set_type(op, "nn.MultiheadAttention");
    operator_set(op, "kv", value_int(1));
    assert(operator_int(op, "key", 0) == 1 && !operator_get(op, "kv"));
    printf("arguments: aliases, overloads, order\n");
    graph_free(g);
}

int main(void)
{
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    report_start("graph");
    random_edits(strings, signatures);
    sorting(strings, signatures);
    names(strings, signatures);
    arguments(strings, signatures);
    signatures_free(signatures);
    strings_free(strings);
    return 0;
}
