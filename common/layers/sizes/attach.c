/* attach.c - how large the results of layers are, as far as it follows from their inputs and parameters.  Which function a layer
 * has stands in layer_types.txt; of the results of one without, nothing is known. */
#include <stdlib.h>
#include <string.h>

#include "common/layers/layers.h"
#include "common/layers/sizes/sizes.h"

static const struct {
    const char *name; /* in layer_types.txt */
    size_function *function;
} functions[] = {
    { "given", size_given },
    { "same", size_same },
    { "broadcast", size_broadcast },
    { "product", size_product },
    { "reduction", size_reduction },
    { "embed", size_embed },
    { "recurrent", size_recurrent },
    { "convolution", size_convolution },
    { "deconvolution", size_deconvolution },
    { "pooling", size_pooling },
    { "unfold", size_unfold },
    { "concat", size_concat },
    { "slice", size_slice },
    { "flatten", size_flatten },
    { "reshape", size_reshape },
    { "permute", size_permute },
    { "squeeze", size_squeeze },
    { "expand", size_expand },
    { "crop", size_crop },
    { "padding", size_padding },
    { "interp", size_interp },
    { "shuffled", size_shuffled },
    { "attention", size_attention },
    { "scores", size_scores },
    { "matmul", size_matmul },
    { "gemm", size_gemm },
    { "tile", size_tile },
    { "halved", size_halved },
};

/* Whether a parameter is a float that the runtime reads as an integer: nobody knows what that means. */
static bool is_garbled(const struct layer_type *layer, const struct operator *op)
{
    for (size_t i = 0; i < op->argument_count; i++)
        if (op->arguments[i].value.kind == VALUE_FLOAT &&
            !layer_has_float(layer, op->graph->signatures, op->arguments[i].key))
            return true;
    return false;
}

static size_function *function_of(const struct layer_table *layers, const struct operator *op)
{
    const struct layer_type *layer = layer_find(layers, op->type);
    if (!layer || !layer->sizes || is_garbled(layer, op))
        return NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, layer->sizes) == 0)
            return functions[i].function;
    return NULL;
}

/* Sizes that are not known from the inputs stay as they were recorded. */
static void infer(void *layers, struct operator *op)
{
    size_function *f = function_of(layers, op);
    for (size_t i = 0; f && i < op->output_count; i++) {
        struct blob y = f(op, i), known = blob_of(op->outputs[i]);
        if (y.rank == RANK_UNKNOWN)
            continue;
        for (int k = 0; k < y.rank; k++)
            if (y.size[k] == DIM_UNKNOWN && known.rank == y.rank)
                y.size[k] = op->outputs[i]->shape[k]; /* it may be a named one */
        operand_set_shape(op->outputs[i], DTYPE_F32, y.rank, y.size);
    }
}

static const char *contradiction(void *layers, const struct operator *op)
{
    size_function *f = function_of(layers, op);
    for (size_t i = 0; f && i < op->output_count; i++) {
        struct blob y = f(op, i), known = blob_of(op->outputs[i]);
        bool differ = y.rank != known.rank && y.rank != RANK_UNKNOWN && known.rank != RANK_UNKNOWN;
        for (int k = 0; !differ && y.rank == known.rank && k < y.rank; k++)
            differ = y.size[k] != known.size[k] && y.size[k] != DIM_UNKNOWN && known.size[k] != DIM_UNKNOWN;
        if (differ)
            return arena_printf(&op->graph->arena, "another size to result %zu", i);
    }
    return NULL;
}

void layers_attach_sizes(struct graph *g)
{
    struct layer_table *layers = layer_table_new(g->strings, g->signatures);
    g->infer = infer;
    g->contradiction = contradiction;
    g->inference = layers;
    bool stale = false; /* behind inputs that have other sizes now, what was recorded is not true */
    for (struct operator *op = g->first; op; op = op->next) {
        stale = stale || contradiction(layers, op);
        for (size_t i = 0; stale && i < op->output_count; i++)
            operand_set_shape(op->outputs[i], DTYPE_F32, RANK_UNKNOWN, NULL);
        infer(layers, op);
    }
}

void layers_detach_sizes(struct graph *g)
{
    layer_table_free(g->inference);
    g->infer = NULL;
    g->contradiction = NULL;
    g->inference = NULL;
}
