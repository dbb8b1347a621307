/* attach.c - shapes of operators as they are made, one at a time.
 *
 * Nothing is remembered from one operator to the next: what is known of an operand is what the graph says of it, so it is
 * right whatever was edited in between. */
#include <stdlib.h>

#include "common/operators/shapes/shape.h"
#include "common/operators/shapes/shapes.h"

/* Most operators have fewer results. */
enum { FEW_RESULTS = 16 };

/* Infers the operator into results that fit `few` or are allocated; what is inferred lives until end_inference(). */
static struct fact *begin_inference(struct run *run, const struct operator *op, struct fact *few)
{
    struct fact *results =
        op->output_count > FEW_RESULTS ? xmalloc(size_mul(op->output_count, sizeof *few)) : few;
    arena_init(&run->arena);
    run->room = FEW_CONSTANTS;
    run->decision_count = 0;
    run->decisions = NULL;
    run_infer_one(run, op, results);
    return results;
}

static void end_inference(struct run *run, struct fact *results, const struct fact *few)
{
    arena_release(&run->arena);
    if (results != few)
        free(results);
}

static void infer_made(void *inference, struct operator *op)
{
    struct fact few[FEW_RESULTS], *results = begin_inference(inference, op, few);
    for (size_t i = 0; i < op->output_count; i++)
        fact_record(&results[i], op->outputs[i]);
    end_inference(inference, results, few);
}

static void look_for_tensor(struct operand *x, void *context)
{
    bool *tensor = context;
    *tensor |= x->number == DIM_UNKNOWN;
}

/* Whether the operator may make numbers: of numbers, or the size of a tensor. */
static bool makes_numbers(const struct operator *op)
{
    bool tensor = false;
    operator_each_operand(op, look_for_tensor, &tensor);
    return !tensor || operator_is(op, "Tensor.size");
}

void shapes_note_numbers(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next) {
        if (op->output_count != 1 || !makes_numbers(op))
            continue;
        struct fact few[FEW_RESULTS], *results = begin_inference(g->inference, op, few);
        if (results[0].number && results[0].sizes)
            op->outputs[0]->number = results[0].sizes[0];
        end_inference(g->inference, results, few);
    }
}

/* Whether a lesser or greater of two sizes is in d: what they are depends on which it is. */
static bool has_extreme(const struct graph *g, int64_t d)
{
    struct dim_term term;
    for (int i = 0; dim_term(g, d, i, &term); i++)
        for (int k = 0; k < term.count; k++) {
            const struct dim_part *part = &term.parts[k];
            if (part->kind == DIM_LESSER || part->kind == DIM_GREATER ||
                (part->kind != DIM_NAME && has_extreme(g, part->top)))
                return true;
        }
    return false;
}

/* Whether the result is another than the operand. */
static bool contradicts(const struct graph *g, const struct fact *f, const struct operand *x)
{
    bool extreme = false;
    for (int i = 0; f->rank == x->rank && i < x->rank; i++)
        extreme = extreme || has_extreme(g, f->dims[i]) || has_extreme(g, x->shape[i]);
    return !extreme && fact_differs(f, x);
}

static const char *find_contradiction(void *inference, const struct operator *op)
{
    struct fact few[FEW_RESULTS], *results = begin_inference(inference, op, few);
    const char *text = NULL;
    for (size_t i = 0; i < op->output_count && !text; i++) {
        const struct operand *x = op->outputs[i];
        struct call c = { .run = inference, .graph = op->graph };
        struct fact recorded = { .present = true, .dtype = x->dtype, .rank = x->rank, .dims = x->shape };
        if (contradicts(op->graph, &results[i], x))
            text = arena_printf(&op->graph->arena, "%s, not %s", fact_text(&c, &results[i]),
                                fact_text(&c, &recorded));
    }
    end_inference(inference, results, few);
    return text;
}

void shapes_attach(struct graph *g)
{
    struct run *run = xmalloc(sizeof *run);
    *run = (struct run){ .graph = g, .table = table_new(g->strings), .which = "" };
    g->infer = infer_made;
    g->contradiction = find_contradiction;
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
