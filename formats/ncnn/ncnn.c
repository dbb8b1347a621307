/* ncnn.c - see ncnn.h.  The facts are in ncnn(5): text limits, tags, padding. */
#include "formats/ncnn/ncnn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/graph/element.h"
#include "formats/output.h"

#define MAGIC    7767517
#define TAG_HALF 0x01306B47u

#define WITHOUT_HALF 3 /* arithmetic and storage in float16 are off */

void ncnn_float_text(char text[24], float f)
{
    char *e;
    if (f == 0) {
        snprintf(text, 24, "0.0");
        return;
    }
    /* The reader takes nine digits after the point, so small and large numbers need an exponent. */
    bool plain = fabsf(f) >= 1e-4f && fabsf(f) < 1e6f;
    for (int digits = plain ? 6 : 7; digits <= 9; digits++) {
        snprintf(text, 24, plain ? "%.*g" : "%.*e", plain ? digits : digits - 1, (double)f);
        if (strtof(text, NULL) == f)
            break;
    }
    char *dot = strchr(text, '.');
    if (plain && dot && strlen(dot + 1) > 9)
        snprintf(text, 24, "%.8e", (double)f);
    if (!strpbrk(text, ".e"))
        snprintf(text + strlen(text), 24 - strlen(text), ".0");
    if ((e = strchr(text, 'e'))) { /* 1.5e+06 is 1.5e6, 1e-05 is 1e-5 */
        char *from = e + 1 + (e[1] == '+' || e[1] == '-');
        char *to = e + 1 + (e[1] == '-');
        while (*from == '0' && from[1])
            from++;
        memmove(to, from, strlen(from) + 1);
    }
}

/* The id that a key like "23" stands for; -1: it is no parameter. */
static int parameter_id(const char *key)
{
    if (!*key || strlen(key) > 2 || strspn(key, "0123456789") != strlen(key))
        return -1;
    int id = (int)strtol(key, NULL, 10);
    return id < NCNN_PARAMETERS ? id : -1;
}

static size_t weight_count(const struct attribute *w)
{
    size_t size = dtype_size(w->dtype);
    return size ? w->size / size : 0;
}

static bool is_tagged(const struct attribute *w)
{
    return w->key[0] && w->key[1] == 't';
}

/* Integers stay integers only in raw weights: they are indices, which the runtime reads as 32-bit ones. */
static bool is_integer_weight(const struct attribute *w)
{
    return !is_tagged(w) && (w->dtype == DTYPE_I64 || w->dtype == DTYPE_I32);
}

/* ---- what the format cannot carry ---- */

static void refuse(const struct operator *op, const char *what)
{
    report(STATUS_CONVERSION, operator_place(op), "%s '%s': %s", op->type, op->name, what);
}

static void check_number(const struct operator *op, const struct value *v)
{
    if (v->kind == VALUE_INT && (v->integer < INT32_MIN || v->integer > INT32_MAX))
        refuse(op, "a parameter is an integer beyond 32 bits");
    if (v->kind == VALUE_FLOAT && !isfinite((float)v->real))
        refuse(op, "a parameter is not a finite float");
}

static void check_parameter(const struct operator *op, const struct argument *a)
{
    switch (a->value.kind) {
    case VALUE_INT:
    case VALUE_FLOAT: check_number(op, &a->value); break;
    case VALUE_STRING:
        if (strlen(a->value.string) > 255 || !*a->value.string || strpbrk(a->value.string, "\"\n"))
            refuse(op, "a parameter is a text that ncnn cannot read");
        break;
    case VALUE_LIST:
        for (size_t i = 0; i < a->value.list.count; i++)
            check_number(op, &a->value.list.items[i]);
        break;
    default: break;
    }
}

static void check_weight(const struct operator *op, const struct attribute *w)
{
    if (!weight_count(w) || dtype_is_complex(w->dtype)) {
        refuse(op, "a weight is empty, or of a type that is no real number");
        return;
    }
    if (!is_integer_weight(w))
        return;
    for (size_t i = 0; i < weight_count(w); i++) {
        int64_t n = element_int(w->dtype, w->data, i);
        if (n < INT32_MIN || n > INT32_MAX) {
            refuse(op, "a constant has integers beyond 32 bits");
            return;
        }
    }
}

static void check(const struct operator *op)
{
    for (size_t i = 0; i < op->argument_count; i++)
        if (parameter_id(op->arguments[i].key) >= 0)
            check_parameter(op, &op->arguments[i]);
    for (size_t i = 0; i < op->attribute_count; i++)
        check_weight(op, &op->attributes[i]);
}

/* ---- .param ---- */

static void write_number(struct output *out, const struct value *v, bool as_float)
{
    char text[24];
    double f = 0;
    if (value_number(v, &f) && (as_float || v->kind == VALUE_FLOAT)) {
        ncnn_float_text(text, (float)f);
        output_printf(out, "%s", text);
    } else {
        output_printf(out, "%lld", (long long)f);
    }
}

/* The runtime classifies a list's elements one by one but stores one type: so all are floats, or none. */
static void write_list(struct output *out, int id, const struct value *v)
{
    bool any_float = false;
    for (size_t i = 0; i < v->list.count; i++)
        any_float = any_float || v->list.items[i].kind == VALUE_FLOAT;
    output_printf(out, " %d=%zu", -23300 - id, v->list.count);
    for (size_t i = 0; i < v->list.count; i++) {
        output_printf(out, ",");
        write_number(out, &v->list.items[i], any_float);
    }
}

static void write_parameter(struct output *out, int id, const struct value *v)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    switch (v->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT:
        output_printf(out, " %d=", id);
        write_number(out, v, false);
        break;
    case VALUE_STRING: {
        bool bare = strspn(v->string, word) == strlen(v->string) && strspn(v->string, "0123456789_") == 0;
        output_printf(out, bare ? " %d=%s" : " %d=\"%s\"", id, v->string);
        break;
    }
    case VALUE_LIST: write_list(out, id, v); break;
    default: break; /* None: the runtime's own default */
    }
}

static void write_blob(struct operand *x, void *out)
{
    output_printf(out, " %s", x->name);
}

static void count_blob(struct operand *x, void *count)
{
    (void)x;
    ++*(size_t *)count;
}

static void write_layer(struct output *out, const struct operator *op)
{
    size_t inputs = 0;
    operator_each_operand(op, count_blob, &inputs);
    output_printf(out, "%-24s %-24s %zu %zu", op->type, op->name, inputs, op->output_count);
    operator_each_operand(op, write_blob, out);
    for (size_t i = 0; i < op->output_count; i++)
        output_printf(out, " %s", op->outputs[i]->name);
    for (int id = 0; id < NCNN_PARAMETERS; id++)
        for (size_t i = 0; i < op->argument_count; i++)
            if (parameter_id(op->arguments[i].key) == id)
                write_parameter(out, id, &op->arguments[i].value);
    output_printf(out, "\n");
}

/* ---- .bin ---- */

/* Bytes in file order on any machine. */
static void put32(uint8_t *to, uint32_t u)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(u >> 8 * i);
}

#define CHUNK 4096

static void write_raw(struct output *out, const struct attribute *w)
{
    uint8_t buffer[CHUNK * 4];
    size_t count = weight_count(w);
    if (w->dtype == DTYPE_F32 || w->dtype == DTYPE_I32) {
        output_write(out, w->data, w->size);
        return;
    }
    for (size_t start = 0; start < count; start += CHUNK) {
        size_t n = count - start < CHUNK ? count - start : CHUNK;
        for (size_t i = 0; i < n; i++) {
            uint32_t u;
            float f = (float)element_real(w->dtype, w->data, start + i);
            if (is_integer_weight(w)) {
                u = (uint32_t)element_int(w->dtype, w->data, start + i);
            } else {
                memcpy(&u, &f, 4);
            }
            put32(buffer + 4 * i, u);
        }
        output_write(out, buffer, n * 4);
    }
}

static void write_half(struct output *out, const struct attribute *w)
{
    float floats[CHUNK];
    uint16_t halves[CHUNK + 1];
    size_t count = weight_count(w);
    for (size_t start = 0; start < count; start += CHUNK) {
        size_t n = count - start < CHUNK ? count - start : CHUNK;
        elements_float(w->dtype, w->data, start, n, floats);
        halves_from_floats(halves, floats, n);
        if (n % 2) /* only in the last chunk: every weight is padded to four bytes */
            halves[n++] = 0;
        output_write(out, halves, n * sizeof *halves);
    }
}

static void write_weight(struct output *out, const struct attribute *w, bool fp16)
{
    uint8_t tag[4];
    if (is_tagged(w)) {
        put32(tag, fp16 ? TAG_HALF : 0);
        output_write(out, tag, 4);
    }
    if (is_tagged(w) && fp16)
        write_half(out, w);
    else
        write_raw(out, w);
}

static bool exceeds_half(const struct attribute *w)
{
    float floats[CHUNK];
    size_t count = weight_count(w);
    for (size_t start = 0; start < count && !is_integer_weight(w); start += CHUNK) {
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
    for (size_t i = 0; i < op->attribute_count; i++)
        tagged = tagged || is_tagged(&op->attributes[i]);
    for (size_t i = 0; tagged && i < op->attribute_count; i++)
        exceeds = exceeds || exceeds_half(&op->attributes[i]);
    return exceeds;
}

void ncnn_write(struct graph *g, const char *param, const char *bin, bool fp16)
{
    size_t blobs = 0, before = report_count();
    for (const struct operator *op = g->first; op; op = op->next) {
        blobs += op->output_count;
        check(op);
    }
    if (report_count() > before)
        return;
    struct output *weights = output_open(bin);
    struct output *text = output_open(param);
    output_printf(text, "%d\n%zu %zu\n", MAGIC, g->operator_count, blobs);
    for (struct operator *op = g->first; op; op = op->next) {
        bool half = fp16 && !ncnn_keeps_float(op);
        if (fp16 && !half)
            operator_set(op, NCNN_FEATURES, value_int(operator_int(op, NCNN_FEATURES, 0) | WITHOUT_HALF));
        write_layer(text, op);
        for (size_t i = 0; i < op->attribute_count; i++)
            write_weight(weights, &op->attributes[i], half);
    }
}
