/* write_binary.c - layers to the binary form of the text; binary.c reads it, and says how it is made. */
#include <stdint.h>
#include <string.h>

#include "common/base/map.h"
#include "common/operators/layers/table.h"
#include "formats/ncnn/writer.h"

/* What has been written so far. */
struct bytes {
    uint8_t *data; /* owned */
    size_t size, room;
};

static void put_bytes(struct bytes *out, const void *bytes, size_t size)
{
    if (size > out->room - out->size) {
        out->room = size_add(size_mul(out->room, 2), size_add(size, 1024));
        out->data = xrealloc(out->data, out->room);
    }
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
}

static void put(struct bytes *out, int64_t number)
{
    uint8_t bytes[4];
    ncnn_put32(bytes, (uint32_t)(int32_t)number);
    put_bytes(out, bytes, sizeof bytes);
}

static void put_number(struct bytes *out, const struct value *v)
{
    double f = 0;
    int32_t bits;
    value_number(v, &f);
    float single = (float)f;
    memcpy(&bits, &single, sizeof bits);
    put(out, v->kind == VALUE_FLOAT ? bits : (int64_t)f);
}

static void put_text(struct bytes *out, int id, const char *text)
{
    static const uint8_t zeros[3];
    size_t length = strlen(text);
    put(out, NCNN_TEXTS - id);
    put(out, (int64_t)length);
    put_bytes(out, text, length);
    put_bytes(out, zeros, (4 - length % 4) % 4);
}

static void put_parameter(struct bytes *out, int id, const struct value *v)
{
    switch (v->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT:
        put(out, id);
        put_number(out, v);
        break;
    case VALUE_STRING: put_text(out, id, v->string); break;
    case VALUE_LIST:
        put(out, NCNN_LISTS - id);
        put(out, (int64_t)v->list.count);
        for (size_t i = 0; i < v->list.count; i++)
            put_number(out, &v->list.items[i]);
        break;
    default: break; /* None: the runtime's own default */
    }
}

/* The numbers of blobs: in the order in which layers make them. */
struct numbers {
    int64_t *by_operand;
    struct bytes *out;
};

static void put_blob(struct operand *x, void *context)
{
    const struct numbers *n = context;
    put(n->out, n->by_operand[x->id]);
}

static void write_layer(const struct operator *op, struct numbers *n, const struct ncnn_style *style,
                        int64_t type)
{
    size_t inputs = 0;
    struct value hints;
    operator_each_operand(op, ncnn_count_blob, &inputs);
    put(n->out, type);
    put(n->out, (int64_t)inputs);
    put(n->out, (int64_t)op->output_count);
    operator_each_operand(op, put_blob, n);
    for (size_t i = 0; i < op->output_count; i++)
        put_blob(op->outputs[i], n);
    if (ncnn_hints(op, style->hint, &hints))
        put_parameter(n->out, NCNN_HINTS, &hints);
    for (int id = 0; id < NCNN_PARAMETERS; id++) {
        const struct value *v = ncnn_parameter(op, id);
        if (v)
            put_parameter(n->out, id, v);
    }
    put(n->out, NCNN_END);
}

/* The numbers of all types that the graph has, by interned name; plus 1, as a map has no zero. */
static void number_types(struct graph *g, const struct layer_table *layers, struct map *types)
{
    size_t custom = 0;
    for (const struct operator *op = g->first; op; op = op->next) {
        const struct layer_type *layer = layer_find(layers, op->type);
        size_t number = layer ? (size_t)layer->number : NCNN_CUSTOM + custom;
        if (map_get(types, op->type))
            continue;
        custom += !layer;
        map_put(types, op->type, (void *)(uintptr_t)(number + 1));
    }
}

const char **ncnn_custom_types(struct graph *g, size_t *count)
{
    struct layer_table *layers = layer_table_new(g->strings, g->signatures);
    struct map types;
    map_init(&types);
    number_types(g, layers, &types);
    const char **names = arena_array(&g->arena, types.count + 1, sizeof *names);
    *count = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        if ((uintptr_t)map_get(&types, op->type) == NCNN_CUSTOM + *count + 1)
            names[(*count)++] = op->type;
    map_release(&types);
    layer_table_free(layers);
    return names;
}

uint8_t *ncnn_binary(struct graph *g, const struct ncnn_style *style, size_t *size)
{
    if (!ncnn_check(g))
        return NULL;
    struct layer_table *layers = layer_table_new(g->strings, g->signatures);
    struct map types;
    map_init(&types);
    number_types(g, layers, &types);
    struct bytes out = { NULL, 0, 0 };
    struct numbers n = { arena_array(&g->arena, g->operand_ids + 1, sizeof *n.by_operand), &out };
    int64_t blobs = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            n.by_operand[op->outputs[i]->id] = blobs++;
    put(&out, NCNN_MAGIC);
    put(&out, (int64_t)g->operator_count);
    put(&out, blobs);
    for (const struct operator *op = g->first; op; op = op->next)
        write_layer(op, &n, style, (int64_t)(uintptr_t)map_get(&types, op->type) - 1);
    map_release(&types);
    layer_table_free(layers);
    *size = out.size;
    return out.data;
}
