/* read.c - see ncnn.h: an ncnn model to a graph of layers. */
#include "formats/ncnn/reader.h"

static bool is_binary(const struct mapping *param)
{
    return param->size >= 4 && param->data[0] == (NCNN_MAGIC & 0xff) && param->data[3] == NCNN_MAGIC >> 24;
}

struct graph *ncnn_parse(struct strings *strings, const struct signatures *signatures,
                         const struct mapping *param, const struct mapping *bin, struct ncnn_style *style)
{
    struct layer_table *layers = layer_table_new(strings, signatures);
    *style = (struct ncnn_style){ .read = true, .storage = NCNN_AS_READ };
    struct ncnn_reader r = {
        .g = graph_new(strings, signatures), .layers = layers, .style = style, .file = param->name
    };
    r.g->file = param->name;
    style->nameless = is_binary(param);
    if (style->nameless)
        ncnn_read_binary(&r, param);
    else
        ncnn_read_text(&r, param);
    ncnn_read_weights(&r, bin);
    layer_table_free(layers);
    return r.g;
}

void ncnn_note_rest(const struct mapping *bin, const struct ncnn_style *style)
{
    if (bin->size > style->weights)
        note((struct place){ .file = bin->name },
             "%zu bytes behind the weights of the last layer are left out", bin->size - style->weights);
}
