/* attach.c - shapes of operators as they are made, one at a time.
 *
 * Nothing is remembered from one operator to the next: what is known of an operand is what the graph says of it, so it is
 * right whatever was edited in between. */
#include <stdlib.h>

#include "common/operators/shapes/shape.h"
#include "common/operators/shapes/shapes.h"

/* Most operators have fewer results. */
enum { FEW_RESULTS = 16 };

static void infer_made(void *inference, struct operator *op)
{
    struct run *run = inference;
    struct fact few[FEW_RESULTS];
    struct fact *results =
        op->output_count > FEW_RESULTS ? xmalloc(size_mul(op->output_count, sizeof few[0])) : few;
    arena_init(&run->arena);
    run->room = FEW_CONSTANTS;
    run->decision_count = 0;
    run->decisions = NULL;
    run_infer_one(run, op, results);
    for (size_t i = 0; i < op->output_count; i++)
        operand_set_shape(op->outputs[i], results[i].dtype, results[i].rank, results[i].dims);
    arena_release(&run->arena);
    if (results != few)
        free(results);
}

void shapes_attach(struct graph *g)
{
    struct run *run = xmalloc(sizeof *run);
    *run = (struct run){ .graph = g, .table = table_new(g->strings), .which = "" };
    g->infer = infer_made;
    g->inference = run;
}

void shapes_detach(struct graph *g)
{
    struct run *run = g->inference;
    table_free((struct table *)run->table);
    free(run);
    g->infer = NULL;
    g->inference = NULL;
}
