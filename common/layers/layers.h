/* layers.h - rules on graphs of ncnn's layers: layers as fewer layers that compute the same.
 *
 * In such a graph every operator is a layer (formats/ncnn/ncnn.h), but for one pnnx.Output that reads the results; operands
 * are blobs, and their shapes those of one sample: w last, no batch.  Most are not known.  A blob may have many readers:
 * there are no Splits. */
#ifndef COMMON_LAYERS_LAYERS_H
#define COMMON_LAYERS_LAYERS_H

#include "common/operators/layers/table.h"
#include "common/rewrite/rewrite.h"

/* Adds the rules to a set. */
void layers_read_rules(struct rules *rules);

/* Adds those that need layer_functions: arithmetic on weights, and what converters of other models leave behind. */
void layers_read_folding(struct rules *rules);
extern const struct rule_function layer_functions[];
extern const size_t layer_function_count;

/* Infers the sizes of all blobs, as far as they follow from the inputs' and from parameters, and from then on those of blobs that
 * rules make; until it is detached.  Recorded sizes stay where nothing follows, unless others contradict what does. */
void layers_attach_sizes(struct graph *g);
void layers_detach_sizes(struct graph *g);

/* What one run of a model takes, where sizes are attached and known. */
struct layers_cost {
    int64_t products; /* multiplications of weights, and of matrices */
    int64_t weights;  /* bytes, as they are stored */
    int64_t
        blobs; /* bytes in float32 of those that are there at a time, at most: a blob goes behind its last reader */
    size_t unknown; /* results of which the sizes are not known, and layers of which the products are not */
};
struct layers_cost layers_cost(const struct graph *g);

#endif
