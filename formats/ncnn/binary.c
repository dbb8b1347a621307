/* binary.c - the binary form of the text (.param.bin) to layers.  It is a row of 32-bit numbers, little-endian: the magic
 * number, how many layers and blobs there are, and of each layer the number of its type, how many blobs it reads and makes,
 * their numbers, and its parameters up to -233.  Types of numbers, and names, are not in it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/ncnn/reader.h"

struct binary {
    struct ncnn_reader *r;
    const uint8_t *data;
    size_t size, at;        /* bytes */
    struct operand **blobs; /* by their numbers; NULL: nothing made it so far */
    size_t blob_count;
};

static _Noreturn void broken(const struct binary *b, const char *what)
{
    die(STATUS_MALFORMED, (struct place){ .file = b->r->file }, "byte %zu: %s", b->at, what);
}

static uint32_t take_bits(struct binary *b)
{
    if (b->size - b->at < 4)
        broken(b, "the file ends within a layer");
    const uint8_t *p = b->data + b->at;
    b->at += 4;
    return ncnn_get32(p);
}

static int64_t take_int(struct binary *b)
{
    return (int32_t)take_bits(b);
}

/* How many things of so many bytes follow. */
static size_t take_count(struct binary *b, size_t bytes, const char *what)
{
    int64_t count = take_int(b);
    if (count < 0 || (uint64_t)count > (b->size - b->at) / bytes)
        broken(b, what);
    return (size_t)count;
}

static struct value take_number(struct binary *b, bool is_float)
{
    uint32_t bits = take_bits(b);
    float f;
    memcpy(&f, &bits, sizeof f);
    if (is_float && !isfinite(f))
        broken(b, "a float that is not finite");
    return is_float ? value_float((double)f) : value_int((int32_t)bits);
}

static struct value take_text(struct binary *b)
{
    size_t length = take_count(b, 1, "a text beyond the end of the file");
    const char *text = (const char *)b->data + b->at;
    size_t padded = (length + 3) / 4 * 4;
    if (length == 0 || length > NCNN_NAME || memchr(text, 0, length) || padded > b->size - b->at)
        broken(b, "a text that is empty, too long, or has a zero byte");
    b->at += padded;
    return value_string(intern_length(b->r->g->strings, text, length));
}

static struct value take_list(struct binary *b, bool is_float)
{
    size_t count = take_count(b, 4, "a list beyond the end of the file");
    struct value *items = arena_array(&b->r->g->arena, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = take_number(b, is_float);
    return value_list(items, count);
}

static bool is_float(const struct binary *b, const struct layer_type *layer, int64_t id)
{
    return layer_has_float(layer, b->r->g->signatures, arena_printf(&b->r->g->arena, "%lld", (long long)id));
}

static void read_parameters(struct binary *b, struct operator *op, const struct layer_type *layer)
{
    for (int64_t key; (key = take_int(b)) != NCNN_END;) {
        if (key <= NCNN_TEXTS)
            ncnn_set_parameter(b->r, op, NCNN_TEXTS - key, take_text(b));
        else if (key <= NCNN_LISTS)
            ncnn_set_parameter(b->r, op, NCNN_LISTS - key,
                               take_list(b, is_float(b, layer, NCNN_LISTS - key)));
        else
            ncnn_set_parameter(b->r, op, key, take_number(b, is_float(b, layer, key)));
    }
}

static struct operand **take_blob(struct binary *b)
{
    int64_t number = take_int(b);
    if (number < 0 || (uint64_t)number >= b->blob_count)
        broken(b, "there is no blob of that number");
    return &b->blobs[number];
}

static void read_layer(struct binary *b, size_t place)
{
    int64_t number = take_int(b);
    struct graph *g = b->r->g;
    const struct layer_type *layer = layer_at(b->r->layers, number);
    if (!layer && (number & NCNN_CUSTOM))
        broken(b,
               "a layer of a type that is not ncnn's own, whose name is not here (instead: read the text)");
    if (!layer)
        broken(b, "a layer of a type that ncnn does not have");
    size_t inputs = take_count(b, 4, "more inputs than the file has room for");
    size_t outputs = take_count(b, 4, "more outputs than the file has room for");
    for (size_t i = 0; i < inputs; i++) {
        struct operand *x = *take_blob(b);
        if (!x)
            broken(b, "a layer reads a blob that no layer before it makes");
        ncnn_add_input(b->r, x);
    }
    struct operator *op = ncnn_add_layer(b->r, layer->name, arena_printf(&g->arena, "layer%zu", place), 0);
    for (size_t i = 0; i < outputs; i++) {
        struct operand **blob = take_blob(b);
        if (*blob)
            broken(b, "a blob is made twice");
        *blob = operator_add_output(op, arena_printf(&g->arena, "%zu", (size_t)(blob - b->blobs)));
    }
    read_parameters(b, op, layer);
}

void ncnn_read_binary(struct ncnn_reader *r, const struct mapping *text)
{
    struct binary b = { .r = r, .data = text->data, .size = text->size };
    if (take_int(&b) != NCNN_MAGIC)
        broken(&b, "this is not how a binary .param begins");
    size_t layers = take_count(&b, 4, "more layers than the file has room for");
    b.blob_count = take_count(&b, 4, "more blobs than the file has room for");
    b.blobs = arena_array(&r->g->arena, b.blob_count + 1, sizeof(struct operand *));
    for (size_t i = 0; i < layers; i++)
        read_layer(&b, i);
    if (!layers || b.at != b.size)
        broken(&b, layers ? "bytes behind the last layer" : "a model without layers");
}
