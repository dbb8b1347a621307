/* load.c - the weights of layers, found in their file: which a layer has, and how many elements, the table of weights knows
 * (common/operators/layers).  They lie one behind the other, so one that is missed would shift all that follow. */
#include <stdlib.h>
#include <string.h>

#include "formats/ncnn/reader.h"

struct loader {
    struct ncnn_reader *r;
    const struct mapping *map; /* NULL: weights are made up */
    size_t at;                 /* bytes of the file that have been taken */
    uint64_t seed;             /* of weights that are made up */
    const struct operator
        *custom; /* the first layer of an unknown type, taken to have no weights; NULL: none */
};

/* Bytes of weights that are made up: more is no network, but a mistake in the text. */
#define MADE_UP_MOST ((uint64_t)4 << 30)

/* Types in one message. */
enum { TYPES_SHOWN = 8 };

static _Noreturn void refuse_custom(const struct loader *l)
{
    size_t count;
    const char **types = ncnn_custom_types(l->r->g, &count), *text = "";
    for (size_t i = 0; i < count && i < TYPES_SHOWN; i++)
        text = arena_printf(&l->r->g->arena, "%s%s%s", text, i ? ", " : "", types[i]);
    die(STATUS_CONVERSION, operator_place(l->custom),
        "%s '%s': a layer that ncnn does not have; '%s' has weights of such layers, and which is not known: "
        "%s%s (instead: "
        "take these layers out of both files)",
        l->custom->type, l->custom->name, l->map->name, text, count > TYPES_SHOWN ? " ..." : "");
}

/* The next `size` bytes of the file. */
static const uint8_t *take(struct loader *l, const struct operator *op, const struct layer_weight *w,
                           uint64_t size)
{
    if (size > l->map->size - l->at) {
        if (l->custom)
            refuse_custom(l);
        die(STATUS_MALFORMED, operator_place(op),
            "%s '%s': '%s' ends within its %s: %llu bytes from %zu on, of which there are %zu", op->type,
            op->name, l->map->name, w->name, (unsigned long long)size, l->at, l->map->size - l->at);
    }
    l->at += (size_t)size;
    return l->map->data + (l->at - (size_t)size);
}

/* What a tag says: the type, and the bytes between the tag and the elements. */
static enum dtype stored_type(uint32_t tag, size_t *table)
{
    *table = 0;
    if (tag == 0 || tag == NCNN_FLOAT)
        return DTYPE_F32;
    if (tag == NCNN_HALF)
        return DTYPE_F16;
    if (tag == NCNN_BFLOAT)
        return DTYPE_BF16;
    if (tag == NCNN_INT8)
        return DTYPE_I8;
    *table = NCNN_TABLE;
    return DTYPE_U8;
}

/* Numbers that are the same in every run: up to 1.2, those of tagged weights of either sign, others, of which some are
 * variances and scales, positive. */
static const uint8_t *make_up(struct loader *l, size_t count, bool tagged)
{
    float *data = arena_array(&l->r->g->arena, count, sizeof *data), low = tagged ? -1.2f : 0.1f;
    for (size_t i = 0; i < count; i++) {
        l->seed = l->seed * 6364136223846793005u + 1442695040888963407u;
        data[i] = (float)(l->seed >> 40) / (float)(1 << 24) * (1.2f - low) + low;
    }
    return (const uint8_t *)data;
}

static void add_weight(struct loader *l, struct operator *op, const struct layer_weight *w, size_t count)
{
    static const char places[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    static const char letters[] = { [STORAGE_TAGGED] = 't', [STORAGE_RAW] = 'r', [STORAGE_PACKED] = 'p' };
    char key[3] = { places[op->attribute_count], letters[w->storage], 0 };
    int64_t shape = (int64_t)count;
    struct attribute a = { .key = key, .rank = 1, .shape = &shape };
    a.dtype = w->storage == STORAGE_PACKED ? DTYPE_I8 : DTYPE_F32;
    if (!l->map) {
        a.size = size_mul(count, sizeof(float));
        if (a.size > MADE_UP_MOST - l->at)
            die(STATUS_CONVERSION, operator_place(op),
                "%s '%s': its %s would be %zu bytes: no more than %llu are made up", op->type, op->name,
                w->name, a.size, (unsigned long long)MADE_UP_MOST);
        l->at += a.size;
        a.data = make_up(l, count, w->storage == STORAGE_TAGGED);
        operator_add_attribute(op, a);
        return;
    }
    if (w->storage == STORAGE_TAGGED) {
        size_t table;
        a.dtype = stored_type(ncnn_get32(take(l, op, w, 4)), &table);
        take(l, op, w, table);
        l->r->style->half = l->r->style->half || a.dtype == DTYPE_F16;
    }
    a.size = size_mul(count, dtype_size(a.dtype));
    a.data = take(l, op, w, (size_add(a.size, 3)) / 4 * 4);
    operator_add_attribute(op, a);
}

/* Whether a parameter that most layers do not have is there and not 0. */
static bool has_term(const struct operator *op, const char *name)
{
    const struct parameter *p = signature_parameter(signature_find(op->graph->signatures, op->type), name);
    return p && operator_int(op, p->name, 0);
}

static void load_layer(struct loader *l, struct operator *op, const struct layer_type *layer)
{
    if (!l->map && (has_term(op, "int8_scale_term") || has_term(op, "quantize_term")))
        die(STATUS_CONVERSION, operator_place(op),
            "%s '%s': weights in int8 are not made up (instead: name a file of weights)", op->type, op->name);
    for (const struct layer_weight *w = layer->weights; w; w = w->next) {
        int64_t count;
        if (!layer_weight_count(w, op, &count))
            die(STATUS_MALFORMED, operator_place(op),
                "%s '%s': its parameters do not say how large its %s is: expected %s", op->type, op->name,
                w->name, w->elements);
        if (count && w->storage == STORAGE_UNKNOWN)
            die(STATUS_CONVERSION, operator_place(op),
                "%s '%s': its weights are quantised in a way that is not known (instead: quantise after "
                "this)",
                op->type, op->name);
        if (count)
            add_weight(l, op, w, (size_t)count);
    }
}

void ncnn_read_weights(struct ncnn_reader *r, const struct mapping *weights)
{
    struct loader l = { .r = r, .map = weights, .seed = NCNN_MAGIC };
    for (struct operator *op = r->g->first; op; op = op->next) {
        const struct layer_type *layer = layer_find(r->layers, op->type);
        if (layer)
            load_layer(&l, op, layer);
        else if (!l.custom)
            l.custom = op;
    }
    r->style->weights = l.at;
    if (weights && l.at < weights->size && l.custom)
        refuse_custom(&l);
}
