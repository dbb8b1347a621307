/* infer.c - one walk over the graph: a fact for every operand. */
#include <stdlib.h>
#include <string.h>

#include "common/shapes/shape.h"

struct run *run_new(struct graph *g, const struct table *table)
{
    struct run *run = xmalloc(sizeof *run);
    *run = (struct run){ .graph = g,
                         .table = table,
                         .which = "",
                         .keep_recorded = true,
                         .operand_ids = g->operand_ids,
                         .operator_ids = g->operator_ids };
    arena_init(&run->arena);
    run->facts = arena_array(&run->arena, g->operand_ids, sizeof *run->facts);
    for (size_t i = 0; i < g->operand_ids; i++)
        run->facts[i] = (struct fact){ .present = true, .rank = RANK_UNKNOWN };
    return run;
}

void run_free(struct run *run)
{
    arena_release(&run->arena);
    free(run);
}

/* What is unknown of a result is as the file has it. */
static void add_recorded(struct run *run, const struct operand *x, struct fact *f)
{
    if (f->dtype == DTYPE_NULL)
        f->dtype = x->dtype;
    if (x->rank == RANK_UNKNOWN || x->rank == 0 || x->rank > MAX_RANK)
        return;
    if (f->rank == RANK_UNKNOWN) {
        f->rank = x->rank;
        f->dims = x->shape;
        return;
    }
    if (f->rank != x->rank || f->constant)
        return;
    int64_t *dims = arena_copy(&run->arena, f->dims, (size_t)f->rank * sizeof *dims);
    for (int i = 0; i < f->rank; i++)
        if (dims[i] == DIM_UNKNOWN)
            dims[i] = x->shape[i];
    f->dims = dims;
}

static void infer(struct run *run, const struct operator *op, struct fact *results)
{
    struct call c = { .run = run, .graph = run->graph, .op = op, .row = table_find(run->table, op->type) };
    c.results = results;
    c.result_count = op->output_count;
    for (size_t i = 0; i < op->output_count; i++)
        results[i] = (struct fact){ .present = true, .rank = RANK_UNKNOWN };
    if (!c.row || op->output_count == 0)
        return;
    c.row->shape(&c);
    if (c.row->evaluate)
        c.row->evaluate(&c);
}

void run_infer(struct run *run)
{
    struct fact *results = NULL;
    size_t room = 0;
    for (const struct operator *op = run->graph->first; op; op = op->next) {
        if (op->output_count > room) {
            room = op->output_count * 2;
            results = xrealloc(results, size_mul(room, sizeof *results));
        }
        if (operator_is(op, "pnnx.Input"))
            continue; /* main.c has set what is known of it */
        infer(run, op, results);
        for (size_t i = 0; i < op->output_count; i++) {
            if (run->keep_recorded)
                add_recorded(run, op->outputs[i], &results[i]);
            run->facts[op->outputs[i]->id] = results[i];
        }
    }
    free(results);
}

static bool constants_equal(const struct tensor *a, const struct tensor *b)
{
    if (!a || !b || a->dtype != b->dtype || a->rank != b->rank || a->count != b->count)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i])
            return false;
    return a->count == 0 || memcmp(a->data, b->data, (size_t)a->count * dtype_size(a->dtype)) == 0;
}

void run_merge(struct run *a, const struct run *b)
{
    for (size_t i = 0; i < a->graph->operand_ids; i++) {
        struct fact *f = &a->facts[i];
        const struct fact *g = &b->facts[i];
        int64_t *dims;
        if (f->dtype != g->dtype)
            f->dtype = DTYPE_NULL;
        if (!constants_equal(f->constant, g->constant))
            f->constant = NULL;
        if (f->rank != g->rank)
            f->rank = RANK_UNKNOWN;
        if (f->rank <= 0 || memcmp(f->dims, g->dims, (size_t)f->rank * sizeof *dims) == 0)
            continue;
        dims = arena_copy(&a->arena, f->dims, (size_t)f->rank * sizeof *dims);
        for (int j = 0; j < f->rank; j++)
            if (dims[j] != g->dims[j])
                dims[j] = DIM_UNKNOWN;
        f->dims = dims;
    }
}
