/* graph.c - operators and operands, their lists and names.  Arguments are in argument.c, the order of operators
 * in sort.c. */
#include "common/graph/graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/graph/names.h"
#include "common/graph/private.h"

struct graph *graph_new(struct strings *strings, const struct signatures *signatures)
{
    struct graph *g = xmalloc(sizeof *g);
    *g = (struct graph){ .strings = strings, .signatures = signatures };
    arena_init(&g->arena);
    g->operator_names = names_new(strings);
    g->operand_names = names_new(strings);
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    names_free(g->operator_names);
    names_free(g->operand_names);
    arena_release(&g->arena);
    free(g);
}

/* Links `op` into the list before `before`, at the end for NULL. */
static void link_operator(struct operator *op, struct operator *before)
{
    struct graph *g = op->graph;
    op->next = before;
    op->prev = before ? before->prev : g->last;
    *(op->prev ? &op->prev->next : &g->first) = op;
    *(op->next ? &op->next->prev : &g->last) = op;
}

static void unlink_operator(struct operator *op)
{
    struct graph *g = op->graph;
    *(op->prev ? &op->prev->next : &g->first) = op->next;
    *(op->next ? &op->next->prev : &g->last) = op->prev;
    op->prev = op->next = NULL;
}

struct operator *graph_add(struct graph *g, struct operator *before, const char *type, const char *name)
{
    struct operator *op = arena_alloc(&g->arena, sizeof *op);
    op->graph = g;
    op->id = g->operator_ids++;
    op->name = intern(g->strings, name);
    link_operator(op, before);
    names_take(g->operator_names, op->name, op);
    g->operator_count++;
    operator_set_type(op, type);
    return op;
}

const char *graph_fresh_operator_name(struct graph *g, const char *stem)
{
    return names_fresh(g->operator_names, stem);
}

const char *graph_fresh_operand_name(struct graph *g, const char *stem)
{
    return names_fresh(g->operand_names, stem);
}

struct operator *graph_find(const struct graph *g, const char *name)
{
    const char *known = intern_find(g->strings, name);
    return known ? names_owner(g->operator_names, known) : NULL;
}

struct operand *graph_find_operand(const struct graph *g, const char *name)
{
    const char *known = intern_find(g->strings, name);
    return known ? names_owner(g->operand_names, known) : NULL;
}

void operator_remove(struct operator *op)
{
    struct graph *g = op->graph;
    while (op->argument_count > 0)
        operator_unset(op, op->arguments[op->argument_count - 1].key);
    for (size_t i = 0; i < op->output_count; i++) {
        assert(op->outputs[i]->use_count == 0);
        names_drop(g->operand_names, op->outputs[i]->name, op->outputs[i]);
    }
    names_drop(g->operator_names, op->name, op);
    unlink_operator(op);
    g->operator_count--;
}

void operator_move(struct operator *op, struct operator *before)
{
    if (before == op)
        return;
    unlink_operator(op);
    link_operator(op, before);
}

void operator_rename(struct operator *op, const char *name)
{
    struct graph *g = op->graph;
    names_drop(g->operator_names, op->name, op);
    op->name = intern(g->strings, name);
    names_take(g->operator_names, op->name, op);
}

bool operator_is(const struct operator *op, const char *type)
{
    return strcmp(op->type, type) == 0;
}

struct place operator_place(const struct operator *op)
{
    if (op->line)
        return (struct place){ op->graph->file, op->line, 0 };
    return (struct place){ op->source, 0, 0 };
}

static void append_output(struct operator *op, struct operand *x)
{
    op->outputs = arena_grow(&op->graph->arena, op->outputs, op->output_count, sizeof *op->outputs);
    x->producer = op;
    x->index = op->output_count;
    op->outputs[op->output_count++] = x;
}

struct operand *operator_add_output(struct operator *op, const char *name)
{
    struct graph *g = op->graph;
    struct operand *x = arena_alloc(&g->arena, sizeof *x);
    x->id = g->operand_ids++;
    x->name = name ? intern(g->strings, name) : graph_fresh_operand_name(g, op->name);
    x->rank = RANK_UNKNOWN;
    x->number = DIM_UNKNOWN;
    x->batch = BATCH_UNKNOWN;
    names_take(g->operand_names, x->name, x);
    append_output(op, x);
    return x;
}

/* The outputs of an operator lie in an array that grew by arena_grow(): shrinking below a power of two and growing
 * again only copies once more. */
static void take_output(struct operand *x)
{
    struct operator *op = x->producer;
    assert(op->outputs[x->index] == x);
    op->output_count--;
    for (size_t i = x->index; i < op->output_count; i++) {
        op->outputs[i] = op->outputs[i + 1];
        op->outputs[i]->index = i;
    }
}

void operand_move(struct operand *x, struct operator *op)
{
    assert(x->producer != op && x->producer->graph == op->graph);
    take_output(x);
    append_output(op, x);
}

void operand_rename(struct operand *x, const char *name)
{
    struct graph *g = x->producer->graph;
    names_drop(g->operand_names, x->name, x);
    x->name = intern(g->strings, name);
    names_take(g->operand_names, x->name, x);
}

void operator_infer(struct operator *op)
{
    if (op->graph->infer)
        op->graph->infer(op->graph->inference, op);
}

const char *operator_contradiction(const struct operator *op)
{
    return op->graph->infer ? op->graph->contradiction(op->graph->inference, op) : NULL;
}

void operand_set_shape(struct operand *x, enum dtype dtype, int rank, const int64_t *shape)
{
    assert(rank >= RANK_UNKNOWN && (rank <= 0 || shape));
    x->dtype = dtype;
    x->rank = rank;
    x->shape = NULL;
    if (rank > 0)
        x->shape = arena_copy(&x->producer->graph->arena, shape, (size_t)rank * sizeof *shape);
}

const struct attribute *operand_constant(const struct operand *x)
{
    return operator_is(x->producer, "pnnx.Attribute") ? operator_attribute(x->producer, "data") : NULL;
}

/* The place of the key among the sorted attributes: of it, or where it belongs. */
static size_t attribute_index(const struct operator *op, const char *key)
{
    size_t i = 0;
    while (i < op->attribute_count && strcmp(op->attributes[i].key, key) < 0)
        i++;
    return i;
}

const struct attribute *operator_attribute(const struct operator *op, const char *key)
{
    size_t i = attribute_index(op, key);
    return i < op->attribute_count && strcmp(op->attributes[i].key, key) == 0 ? &op->attributes[i] : NULL;
}

/* Dies unless the size in bytes is that of the shape. */
static void check_attribute(const struct operator *op, const struct attribute *a)
{
    int64_t elements = 1;
    for (int i = 0; i < a->rank; i++)
        if (a->shape[i] < 0 || !int_mul(elements, a->shape[i], &elements))
            elements = -1;
    int64_t bytes = -1;
    if (elements < 0 || !int_mul(elements, (int64_t)dtype_size(a->dtype), &bytes) ||
        (uint64_t)bytes != a->size)
        die(STATUS_MALFORMED, operator_place(op),
            "'%s': attribute '%s' has %zu bytes, which is not its shape's size", op->name, a->key, a->size);
}

struct attribute *operator_add_attribute(struct operator *op, struct attribute attribute)
{
    struct graph *g = op->graph;
    check_attribute(op, &attribute);
    attribute.key = intern(g->strings, attribute.key);
    attribute.shape =
        arena_copy(&g->arena, attribute.shape, (size_t)attribute.rank * sizeof *attribute.shape);
    size_t i = attribute_index(op, attribute.key);
    if (i == op->attribute_count || op->attributes[i].key != attribute.key) {
        op->attributes = arena_grow(&g->arena, op->attributes, op->attribute_count, sizeof *op->attributes);
        memmove(&op->attributes[i + 1], &op->attributes[i],
                (op->attribute_count - i) * sizeof *op->attributes);
        op->attribute_count++;
    }
    op->attributes[i] = attribute;
    return &op->attributes[i];
}

void operand_set_number(struct operand *x, int64_t size)
{
    operand_set_shape(x, DTYPE_I64, 0, NULL);
    x->number = size;
}

void operand_set_like(struct operand *x, const struct operand *y)
{
    operand_set_shape(x, y->dtype, y->rank, y->shape);
    x->batch = y->batch;
}

struct operand *operator_add_constant(struct operator *op, const char *name, struct attribute data)
{
    struct operand *x = operator_add_output(op, name);
    data.key = "data";
    operator_add_attribute(op, data);
    operand_set_shape(x, data.dtype, data.rank, data.shape);
    return x;
}
