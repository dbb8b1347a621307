/* cost.c - what one run of a model takes: multiplications, and the blobs that are there at a time. */
#include <stdlib.h>
#include <string.h>

#include "common/layers/layers.h"
#include "common/layers/sizes/sizes.h"

/* Parameters may be any numbers, so these are not dim_mul() and dim_add(), to which negative ones are symbols. */
static int64_t times(int64_t a, int64_t b)
{
    int64_t product;
    return a == DIM_UNKNOWN || b == DIM_UNKNOWN || !int_mul(a, b, &product) ? DIM_UNKNOWN : product;
}

static int64_t plus(int64_t a, int64_t b)
{
    int64_t sum;
    return a == DIM_UNKNOWN || b == DIM_UNKNOWN || !int_add(a, b, &sum) ? DIM_UNKNOWN : sum;
}

static struct blob output_of(const struct operator *op)
{
    return op->output_count ? blob_of(op->outputs[0]) : blob_of_rank(RANK_UNKNOWN);
}

/* The axis counted from the back, 0 the last. */
static int64_t from_back(const struct blob *x, int axis)
{
    return x->rank > axis ? x->size[x->rank - 1 - axis] : DIM_UNKNOWN;
}

/* The elements of a blob's first channel. */
static int64_t pixels(const struct blob *x)
{
    int64_t elements = x->rank < 1 ? DIM_UNKNOWN : 1;
    for (int k = 1; k < x->rank; k++)
        elements = times(elements, x->size[k]);
    return elements;
}

static int64_t of_convolution(const struct operator *op)
{
    struct blob y = output_of(op);
    return times(pixels(&y), layer_int(op, "weight_data_size", 0));
}

static int64_t of_deconvolution(const struct operator *op)
{
    struct blob x = blob_input(op, 0);
    return times(pixels(&x), layer_int(op, "weight_data_size", 0));
}

static int64_t of_product(const struct operator *op)
{
    struct blob y = output_of(op);
    return times(y.rank == 2   ? y.size[0]
                 : y.rank == 1 ? 1
                               : DIM_UNKNOWN,
                 layer_int(op, "weight_data_size", 0));
}

/* Each row by the weights of inputs and by those of states. */
static int64_t of_recurrent(const struct operator *op)
{
    struct blob x = blob_input(op, 0);
    int64_t outputs = layer_int(op, "num_output", 0), inner = layer_int(op, "hidden_size", 0);
    int64_t weights = layer_int(op, "weight_data_size", 0), width = from_back(&x, 0);
    int64_t states = width > 0 && weights % width == 0 ? times(weights / width, outputs) : DIM_UNKNOWN;
    int64_t projected = inner && inner != outputs
                            ? times(times(inner, outputs), layer_int(op, "direction", 0) == 2 ? 2 : 1)
                            : 0;
    return times(x.rank == 2 ? x.size[0] : DIM_UNKNOWN, plus(plus(weights, states), projected));
}

static int64_t of_gemm(const struct operator *op)
{
    struct blob y = output_of(op), x = blob_input(op, 0);
    int64_t depth = layer_int(op, "constantA", 0) || layer_int(op, "constantB", 0)
                        ? layer_int(op, "constantK", DIM_UNKNOWN)
                        : from_back(&x, layer_int(op, "transA", 0) ? 1 : 0);
    return times(blob_elements(&y), depth);
}

static int64_t of_matmul(const struct operator *op)
{
    struct blob y = output_of(op), x = blob_input(op, 0);
    return times(blob_elements(&y), from_back(&x, 0));
}

/* Every row of queries with every row of keys, and of values. */
static int64_t of_scores(const struct operator *op)
{
    struct blob q = blob_input(op, 0), k = blob_input(op, 1), y = output_of(op);
    return times(plus(blob_elements(&q), blob_elements(&y)), from_back(&k, 1));
}

/* Four projections, and the scores of all heads, which are as wide as the embedding. */
static int64_t of_attention(const struct operator *op)
{
    struct blob q = blob_input(op, 0), k = blob_inputs(op) > 1 ? blob_input(op, 1) : q;
    int64_t embed = layer_int(op, "embed_dim", 0), queries = from_back(&q, 1), keys = from_back(&k, 1);
    int64_t weights = layer_int(op, "weight_data_size", 0);
    int64_t width = plus(layer_int(op, "kdim", embed), layer_int(op, "vdim", embed));
    int64_t projections = plus(times(queries, times(2, weights)), times(keys, times(embed, width)));
    return plus(projections, times(times(queries, keys), times(2, embed)));
}

/* By what says how large the results are (layer_types.txt); of other layers none are counted. */
static const struct {
    const char *sizes;
    int64_t (*products)(const struct operator *op);
} functions[] = {
    { "convolution", of_convolution },
    { "deconvolution", of_deconvolution },
    { "product", of_product },
    { "recurrent", of_recurrent },
    { "gemm", of_gemm },
    { "matmul", of_matmul },
    { "scores", of_scores },
    { "attention", of_attention },
};

static const char *sizes_of(const struct layer_table *layers, const struct operator *op)
{
    const struct layer_type *layer = layer_find(layers, op->type);
    return layer && layer->sizes ? layer->sizes : "";
}

static int64_t products_of(const struct layer_table *layers, const struct operator *op)
{
    const char *sizes = sizes_of(layers, op);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].sizes, sizes) == 0)
            return functions[i].products(op);
    return 0;
}

/* ---- memory ---- */

static int64_t bytes_of(const struct operand *x)
{
    struct blob b = blob_of(x);
    return times(blob_elements(&b), sizeof(float));
}

/* The blobs that are there while layers run, in order. */
struct blobs {
    size_t *readers; /* by operand id: those still to come; owned */
    int64_t now, most;
};

/* Nobody reads it any more. */
static void go(const struct operand *x, struct blobs *blobs)
{
    int64_t bytes = bytes_of(x);
    if (bytes != DIM_UNKNOWN)
        int_add(blobs->now, -bytes, &blobs->now);
}

static void leave(struct operand *x, void *context)
{
    struct blobs *blobs = context;
    if (--blobs->readers[x->id] == 0)
        go(x, blobs);
}

/* A layer that changes each element writes over its input, if nobody else reads that. */
static bool writes_over(const struct layer_table *layers, const struct operator *op,
                        const struct blobs *blobs)
{
    const struct operand *x = blob_inputs(op) == 1 ? blob_operand(op, 0) : NULL;
    return x && strcmp(sizes_of(layers, op), "same") == 0 && blobs->readers[x->id] == 1;
}

/* Adds to a total; what is not known, or too large for it, is counted. */
static void gather(int64_t *total, int64_t amount, size_t *unknown)
{
    *unknown += amount == DIM_UNKNOWN || !int_add(*total, amount, total);
}

static void run_layer(const struct layer_table *layers, struct operator *op, struct blobs *blobs,
                      struct layers_cost *cost)
{
    bool over = writes_over(layers, op, blobs);
    int64_t made = 0;
    for (size_t i = 0; i < op->output_count; i++) {
        blobs->readers[op->outputs[i]->id] = op->outputs[i]->use_count;
        gather(&made, bytes_of(op->outputs[i]), &cost->unknown);
    }
    int64_t now = plus(blobs->now, over ? 0 : made);
    blobs->most = now > blobs->most ? now : blobs->most;
    gather(&blobs->now, made, &cost->unknown);
    for (size_t i = 0; i < op->output_count; i++)
        if (op->outputs[i]->use_count == 0)
            go(op->outputs[i], blobs);
    operator_each_operand(op, leave, blobs);
}

struct layers_cost layers_cost(const struct graph *g)
{
    const struct layer_table *layers = g->inference;
    struct layers_cost cost = { 0 };
    struct blobs blobs = { xmalloc(size_mul(g->operand_ids + 1, sizeof *blobs.readers)), 0, 0 };
    for (struct operator *op = g->first; op; op = op->next) {
        int64_t products = products_of(layers, op);
        run_layer(layers, op, &blobs, &cost);
        if (products != DIM_UNKNOWN || (op->output_count && bytes_of(op->outputs[0]) != DIM_UNKNOWN))
            gather(&cost.products, products, &cost.unknown);
        for (size_t i = 0; i < op->attribute_count; i++)
            cost.weights += (int64_t)op->attributes[i].size;
    }
    cost.blobs = blobs.most;
    free(blobs.readers);
    return cost;
}
