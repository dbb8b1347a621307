/* grids.c - see passes.h: quantised tensors stand for floats, the multiples of a scale. */
#include "cmd/pnnx2ncnn/functions/weights.h"
#include "cmd/pnnx2ncnn/passes/passes.h"

struct quantized {
    const bool *is; /* by operand id */
    bool any;
};

static void find_quantized(struct operand *x, void *context)
{
    struct quantized *q = context;
    q->any = q->any || q->is[x->id];
}

/* Results of other operators on quantised tensors keep their type: it is refused. */
void prepare_grids(struct graph *g)
{
    bool *is = arena_array(&g->arena, g->operand_ids + 1, sizeof *is);
    for (const struct operator *op = g->first; op; op = op->next) {
        bool makes = op->signature->traits.bits & TRAIT_QUANTIZES;
        struct quantized reads = { is, false };
        operator_each_operand(op, find_quantized, &reads);
        for (size_t i = 0; i < op->output_count; i++) {
            struct operand *y = op->outputs[i];
            is[y->id] = makes || (reads.any && quantized_keeps(y));
            if (is[y->id])
                y->dtype = DTYPE_F32;
        }
    }
}
