/* infer.c - one walk over the graph: a fact for every operand.
 *
 * The file's own shapes fill in what is not inferred.  They were true of the file's inputs and parameters: where an
 * inferred shape differs from the recorded one (an edited padding, another inputshape), the recorded ones behind it
 * are stale, and stay so until a shape is inferred that is as recorded. */
#include <stdlib.h>
#include <string.h>

#include "common/operators/shapes/shape.h"
#include "common/operators/shapes/shapes.h"

struct run *run_new(struct graph *g, const struct table *table)
{
    struct run *run = xmalloc(sizeof *run);
    *run = (struct run){ .graph = g,
                         .table = table,
                         .which = "",
                         .room = ALL_CONSTANTS,
                         .operand_ids = g->operand_ids,
                         .operator_ids = g->operator_ids };
    arena_init(&run->arena);
    run->facts = arena_array(&run->arena, g->operand_ids, sizeof *run->facts);
    run->stale = arena_array(&run->arena, g->operand_ids + 1, sizeof *run->stale);
    memset(run->stale, 0, (g->operand_ids + 1) * sizeof *run->stale);
    for (size_t i = 0; i < g->operand_ids; i++)
        run->facts[i] = (struct fact){ .present = true, .rank = RANK_UNKNOWN };
    return run;
}

struct fact run_fact(struct run *run, const struct operand *x)
{
    struct fact f = { .present = true, .dtype = x->dtype, .rank = x->rank, .dims = x->shape };
    if (run->facts)
        return run->facts[x->id];
    if (operator_is(x->producer, "pnnx.Attribute"))
        run_infer_one(run, x->producer, &f);
    else if (x->rank > MAX_RANK)
        f.rank = RANK_UNKNOWN;
    if (x->number != DIM_UNKNOWN) {
        f.number = true;
        f.sizes = &x->number;
    }
    return f;
}

void fact_record(const struct fact *f, struct operand *x)
{
    operand_set_shape(x, f->dtype, f->rank, f->dims);
    x->number = f->number && f->sizes ? f->sizes[0] : DIM_UNKNOWN;
}

void run_free(struct run *run)
{
    arena_release(&run->arena);
    free(run);
}

struct reading {
    struct run *run;
    bool stale; /* an operand is */
};

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

bool fact_differs(const struct fact *f, const struct operand *x)
{
    if (f->dtype != DTYPE_NULL && x->dtype != DTYPE_NULL && f->dtype != x->dtype)
        return true;
    if (f->rank == RANK_UNKNOWN || x->rank == RANK_UNKNOWN)
        return false;
    if (f->rank != x->rank)
        return true;
    for (int i = 0; i < f->rank; i++)
        if (f->dims[i] != x->shape[i] && f->dims[i] != DIM_UNKNOWN && x->shape[i] != DIM_UNKNOWN)
            return true;
    return false;
}

/* True when all is known of the result, and all as recorded. */
static bool is_as_recorded(const struct fact *f, const struct operand *x)
{
    if (f->dtype == DTYPE_NULL || f->rank == RANK_UNKNOWN || x->rank != f->rank || f->dtype != x->dtype)
        return false;
    for (int i = 0; i < f->rank; i++)
        if (f->dims[i] == DIM_UNKNOWN || f->dims[i] != x->shape[i])
            return false;
    return true;
}

static void look_stale(struct operand *x, void *context)
{
    struct reading *r = context;
    r->stale |= r->run->stale[x->id];
}

/* Results of an operator as inferred, and as recorded where that is still true. */
static void keep_results(struct run *run, const struct operator *op, struct fact *results)
{
    struct reading r = { run, false };
    operator_each_operand(op, look_stale, &r);
    for (size_t i = 0; i < op->output_count; i++) {
        const struct operand *x = op->outputs[i];
        run->stale[x->id] = r.stale ? !is_as_recorded(&results[i], x) : fact_differs(&results[i], x);
        if (!r.stale && !run->stale[x->id])
            add_recorded(run, x, &results[i]);
        run->facts[x->id] = results[i];
    }
}

void run_infer_one(struct run *run, const struct operator *op, struct fact *results)
{
    struct call c = { .run = run, .graph = run->graph, .op = op, .row = table_find(run->table, op->type) };
    c.results = results;
    c.result_count = op->output_count;
    for (size_t i = 0; i < op->output_count; i++)
        results[i] = (struct fact){ .present = true, .rank = RANK_UNKNOWN };
    if (op->output_count == 0 || !check_types(&c) || !c.row)
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
            continue; /* run_set_input() said what is known of it */
        run_infer_one(run, op, results);
        keep_results(run, op, results);
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

void run_set_input(struct run *run, const struct operand *x, enum dtype dtype, int rank, const int64_t *dims)
{
    run->facts[x->id] = (struct fact){ .present = true, .dtype = dtype, .rank = rank, .dims = dims };
    run->stale[x->id] = fact_differs(&run->facts[x->id], x);
}

/* ---- shapes for programs that do not write them ---- */

static void set_recorded_inputs(struct run *run)
{
    for (const struct operator *op = run->graph->first; op; op = op->next)
        for (size_t i = 0; operator_is(op, "pnnx.Input") && i < op->output_count; i++) {
            const struct operand *x = op->outputs[i];
            if (x->rank <= MAX_RANK)
                run_set_input(run, x, x->dtype, x->rank, x->shape);
        }
}

/* Whether the operand's shape in the graph becomes the inferred one. */
static bool is_corrected(const struct run *run, const struct operand *x)
{
    const struct fact *f = &run->facts[x->id];
    return run->stale[x->id] ? x->rank != RANK_UNKNOWN || f->rank == 0 : f->rank == 0;
}

void shapes_infer(struct graph *g, enum shapes_extent extent, size_t since)
{
    struct table *table = table_new(g->strings);
    struct run *run = run_new(g, table);
    run->room = FEW_CONSTANTS;
    set_recorded_inputs(run);
    run_infer(run);
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            const struct fact *f = &run->facts[op->outputs[i]->id];
            if (extent == SHAPES_ALL || op->outputs[i]->id >= since || is_corrected(run, op->outputs[i]))
                fact_record(f, op->outputs[i]);
        }
    run_free(run);
    table_free(table);
}
