/* store.c - the weights of layers to the file: tags, float16, padding.  Weights that were read and stay as they are are
 * copied with what stands around them. */
#include <math.h>
#include <string.h>

#include "common/graph/element.h"
#include "formats/ncnn/writer.h"

size_t ncnn_weight_count(const struct attribute *w)
{
    size_t size = dtype_size(w->dtype);
    return size ? w->size / size : 0;
}

static bool is_tagged(const struct attribute *w)
{
    return w->key[0] && w->key[1] == 't';
}

bool ncnn_is_integer_weight(const struct attribute *w)
{
    return !is_tagged(w) && (w->dtype == DTYPE_I64 || w->dtype == DTYPE_I32);
}

#define CHUNK 4096

static void write_raw(struct output *out, const struct attribute *w)
{
    uint8_t buffer[CHUNK * 4];
    size_t count = ncnn_weight_count(w);
    if (w->dtype == DTYPE_F32 || w->dtype == DTYPE_I32) {
        output_write(out, w->data, w->size);
        return;
    }
    for (size_t start = 0; start < count; start += CHUNK) {
        size_t n = count - start < CHUNK ? count - start : CHUNK;
        for (size_t i = 0; i < n; i++) {
            uint32_t u;
            float f = (float)element_real(w->dtype, w->data, start + i);
            if (ncnn_is_integer_weight(w)) {
                u = (uint32_t)element_int(w->dtype, w->data, start + i);
            } else {
                memcpy(&u, &f, 4);
            }
            ncnn_put32(buffer + 4 * i, u);
        }
        output_write(out, buffer, n * 4);
    }
}

/* No finite number becomes infinite: the next smaller one is stored. */
static void bfloats_from_floats(uint16_t *out, const float *floats, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = bfloat16_from_float(floats[i]);
        if (isfinite(floats[i]) && !isfinite(bfloat16_to_float(out[i])))
            out[i]--;
    }
}

/* Two bytes for each. */
static void write_short(struct output *out, const struct attribute *w, enum ncnn_storage storage)
{
    float floats[CHUNK];
    uint16_t shorts[CHUNK + 1];
    size_t count = ncnn_weight_count(w);
    for (size_t start = 0; start < count; start += CHUNK) {
        size_t n = count - start < CHUNK ? count - start : CHUNK;
        elements_float(w->dtype, w->data, start, n, floats);
        (storage == NCNN_FLOAT16 ? halves_from_floats : bfloats_from_floats)(shorts, floats, n);
        if (n % 2) /* only in the last chunk: every weight is padded to four bytes */
            shorts[n++] = 0;
        output_write(out, shorts, n * sizeof *shorts);
    }
}

/* ---- weights that were read ---- */

/* The weight as it stands in its file, with the tag (and the table) before it and the padding behind; a size of 0: it is not
 * in a file. */
struct stored {
    const uint8_t *data;
    size_t size;
};

static struct stored stored_bytes(const struct attribute *w, const struct ncnn_style *style)
{
    size_t before = !is_tagged(w)          ? 0
                    : w->dtype == DTYPE_U8 ? 4 + NCNN_TABLE
                                           : 4,
           padding = (4 - w->size % 4) % 4;
    if (!style->read || !mapping_around(w->data, w->size))
        return (struct stored){ NULL, 0 };
    return (struct stored){ w->data - before, before + w->size + padding };
}

/* Whether a tagged weight can stay as it is stored; `as` is what its layer's are to be. */
static bool stays(const struct attribute *w, enum ncnn_storage storage, enum ncnn_storage as)
{
    static const enum dtype types[] = {
        [NCNN_FLOAT32] = DTYPE_F32, [NCNN_FLOAT16] = DTYPE_F16, [NCNN_BFLOAT16] = DTYPE_BF16
    };
    return storage == NCNN_AS_READ || !dtype_is_float(w->dtype) || w->dtype == types[as];
}

/* Bytes, padded. */
static void write_bytes(struct output *out, const struct attribute *w)
{
    static const uint8_t zeros[3];
    output_write(out, w->data, w->size);
    output_write(out, zeros, (4 - w->size % 4) % 4);
}

/* `whole`: what is in int8 stays so. */
static void write_weight(struct output *out, const struct attribute *w, const struct ncnn_style *style,
                         enum ncnn_storage as, bool whole)
{
    static const uint32_t tags[] = {
        [NCNN_FLOAT32] = 0, [NCNN_FLOAT16] = NCNN_HALF, [NCNN_BFLOAT16] = NCNN_BFLOAT
    };
    struct stored stored = stored_bytes(w, style);
    bool int8 = whole && w->dtype == DTYPE_I8;
    uint8_t tag[4];
    if (stored.size && stays(w, style->storage, as)) {
        output_write(out, stored.data, stored.size);
        return;
    }
    if (w->key[1] == 'p') {
        write_bytes(out, w);
        return;
    }
    if (!is_tagged(w)) {
        write_raw(out, w);
        return;
    }
    ncnn_put32(tag, int8 ? NCNN_INT8 : tags[as]);
    output_write(out, tag, sizeof tag);
    if (int8)
        write_bytes(out, w);
    else if (as != NCNN_FLOAT32)
        write_short(out, w, as);
    else
        write_raw(out, w);
}

/* ---- float16 or not ---- */

/* Whether a layer computes on int8: its scales are no numbers that become short ones. */
static bool is_int8(const struct operator *op)
{
    static const char *const names[] = { "int8_scale_term", "quantize_term" };
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct parameter *p = signature_parameter(op->signature, names[i]);
        found = found || (p && operator_int(op, p->name, 0));
    }
    return found;
}

static bool exceeds_half(const struct attribute *w)
{
    float floats[CHUNK];
    size_t count = ncnn_weight_count(w);
    for (size_t start = 0; start < count && !ncnn_is_integer_weight(w); start += CHUNK) {
        size_t n = count - start < CHUNK ? count - start : CHUNK;
        elements_float(w->dtype, w->data, start, n, floats);
        if (floats_exceed_half(floats, n))
            return true;
    }
    return false;
}

bool ncnn_keeps_float(const struct operator *op)
{
    bool tagged = false, exceeds = false;
    if (is_int8(op))
        return false;
    for (size_t i = 0; i < op->attribute_count; i++)
        tagged = tagged || is_tagged(&op->attributes[i]);
    for (size_t i = 0; tagged && i < op->attribute_count; i++)
        exceeds = exceeds || exceeds_half(&op->attributes[i]);
    return exceeds;
}

/* Whether some tagged weight is not stored already. */
static bool has_new_weights(const struct operator *op, const struct ncnn_style *style)
{
    for (size_t i = 0; i < op->attribute_count; i++)
        if (is_tagged(&op->attributes[i]) && !stored_bytes(&op->attributes[i], style).size)
            return true;
    return false;
}

/* Whether weights are to be float16 that are not stored yet. */
static bool wants_half(const struct operator *op, const struct ncnn_style *style)
{
    return style->storage == NCNN_FLOAT16 ||
           (style->storage == NCNN_AS_READ && style->half && has_new_weights(op, style));
}

bool ncnn_lacks_half(const struct operator *op, const struct ncnn_style *style)
{
    return (style->storage == NCNN_BFLOAT16 || wants_half(op, style)) && ncnn_keeps_float(op);
}

static enum ncnn_storage layer_storage(const struct operator *op, const struct ncnn_style *style)
{
    if (style->storage == NCNN_BFLOAT16)
        return NCNN_BFLOAT16;
    return wants_half(op, style) && !ncnn_keeps_float(op) ? NCNN_FLOAT16 : NCNN_FLOAT32;
}

void ncnn_store_weights(struct output *out, const struct operator *op, const struct ncnn_style *style)
{
    enum ncnn_storage as = layer_storage(op, style);
    bool whole = style->read || is_int8(op);
    for (size_t i = 0; i < op->attribute_count; i++)
        write_weight(out, &op->attributes[i], style, as, whole);
}
