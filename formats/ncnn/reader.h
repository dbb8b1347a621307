/* reader.h - what passes between the parts of the reader of ncnn models: text.c and binary.c make layers without weights,
 * load.c finds the weights, layer.c has what both share.  Private to them. */
#ifndef FORMATS_NCNN_READER_H
#define FORMATS_NCNN_READER_H

#include "common/operators/layers/table.h"
#include "formats/ncnn/format.h"
#include "formats/ncnn/ncnn.h"

struct ncnn_reader {
    struct graph *g;
    const struct layer_table *layers;
    struct ncnn_style *style;
    const char *file;     /* for messages */
    struct value *inputs; /* of the current layer */
    size_t input_count;
};

/* Adds a layer to the graph; its inputs, which were added before, become its argument. */
struct operator *ncnn_add_layer(struct ncnn_reader *r, const char *type, const char *name, long line);
void ncnn_add_input(struct ncnn_reader *r, struct operand *x);
/* Sets a parameter; that of the sizes becomes the shapes of the results instead, so it comes behind them. */
void ncnn_set_parameter(struct ncnn_reader *r, struct operator *op, int64_t id, struct value v);

void ncnn_read_text(struct ncnn_reader *r, const struct mapping *text);
void ncnn_read_binary(struct ncnn_reader *r, const struct mapping *text);
/* NULL: weights are made up. */
void ncnn_read_weights(struct ncnn_reader *r, const struct mapping *weights);

#endif
