/* ncnn.c - see ncnn.h: a graph of layers to the text.  The facts are in ncnn(5): limits, spelling. */
#include "formats/ncnn/writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/graph/element.h"

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

const struct value *ncnn_parameter(const struct operator *op, int id)
{
    for (size_t i = 0; i < op->argument_count; i++)
        if (parameter_id(op->arguments[i].key) == id)
            return &op->arguments[i].value;
    return NULL;
}

/* The sizes of one result, w h [d] c; false: they are not known, or do not fit. */
static bool hint_record(const struct operand *x, int size, struct value *record)
{
    if (x->rank < 1 || x->rank > 4 || (x->rank == 4 && size < 5))
        return false;
    for (int i = 0; i < size; i++)
        record[i] = value_int(i < 3 || i == size - 1 ? 1 : x->rank == 4 ? x->shape[1] : 1);
    record[0] = value_int(x->rank);
    for (int i = 0; i < x->rank; i++) {
        int64_t dim = x->shape[x->rank - 1 - i];
        if (dim < 1 || dim > INT32_MAX)
            return false;
        record[i < 2 ? 1 + i : i == x->rank - 1 ? size - 1 : 3] = value_int(dim);
    }
    return true;
}

bool ncnn_hints(const struct operator *op, int size, struct value *list)
{
    if (!size || !op->output_count)
        return false;
    struct value *items = arena_array(&op->graph->arena, op->output_count, (size_t)size * sizeof *items);
    for (size_t i = 0; i < op->output_count; i++)
        if (!hint_record(op->outputs[i], size, items + i * (size_t)size))
            return false;
    *list = value_list(items, op->output_count * (size_t)size);
    return true;
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
    if (!ncnn_weight_count(w) || dtype_is_complex(w->dtype)) {
        refuse(op, "a weight is empty, or of a type that is no real number");
        return;
    }
    if (!ncnn_is_integer_weight(w))
        return;
    for (size_t i = 0; i < ncnn_weight_count(w); i++) {
        int64_t n = element_int(w->dtype, w->data, i);
        if (n < INT32_MIN || n > INT32_MAX) {
            refuse(op, "a constant has integers beyond 32 bits");
            return;
        }
    }
}

static void check_layer(const struct operator *op)
{
    for (size_t i = 0; i < op->argument_count; i++)
        if (parameter_id(op->arguments[i].key) >= 0)
            check_parameter(op, &op->arguments[i]);
    for (size_t i = 0; i < op->attribute_count; i++)
        check_weight(op, &op->attributes[i]);
}

bool ncnn_check(const struct graph *g)
{
    size_t before = report_count();
    for (const struct operator *op = g->first; op; op = op->next)
        check_layer(op);
    return report_count() == before;
}

/* ---- the text ---- */

/* Ids in the order of their texts. */
static const int lexical_ids[NCNN_PARAMETERS] = { 0,  1, 10, 11, 12, 13, 14, 15, 16, 17, 18,
                                                  19, 2, 20, 21, 22, 23, 24, 25, 26, 27, 28,
                                                  29, 3, 30, 31, 4,  5,  6,  7,  8,  9 };

static void write_number(struct output *out, const struct value *v, bool as_float, bool spelled)
{
    char text[24];
    double f = 0;
    if (spelled && v->text) {
        output_printf(out, "%s", v->text);
    } else if (value_number(v, &f) && (as_float || v->kind == VALUE_FLOAT)) {
        ncnn_float_text(text, (float)f);
        output_printf(out, "%s", text);
    } else {
        output_printf(out, "%lld", (long long)f);
    }
}

/* The runtime classifies a list's elements one by one but stores one type: so all are floats, or none. */
static void write_list(struct output *out, int id, const struct value *v, bool spelled)
{
    bool any_float = false;
    for (size_t i = 0; i < v->list.count; i++)
        any_float = any_float || v->list.items[i].kind == VALUE_FLOAT;
    output_printf(out, " %d=%zu", NCNN_LISTS - id, v->list.count);
    for (size_t i = 0; i < v->list.count; i++) {
        output_printf(out, ",");
        write_number(out, &v->list.items[i], any_float, spelled);
    }
}

static void write_string(struct output *out, int id, const char *text)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool bare = strspn(text, word) == strlen(text) && strspn(text, "0123456789_") == 0;
    output_printf(out, bare ? " %d=%s" : " %d=\"%s\"", id, text);
}

/* With `spelled`, values that were read are written as they were. */
static void write_parameter(struct output *out, int id, const struct value *v, bool spelled)
{
    if (spelled && v->text) {
        output_printf(out, " %d=%s", id, v->text);
        return;
    }
    switch (v->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT:
        output_printf(out, " %d=", id);
        write_number(out, v, false, false);
        break;
    case VALUE_STRING: write_string(out, id, v->string); break;
    case VALUE_LIST: write_list(out, id, v, spelled); break;
    default: break; /* None: the runtime's own default */
    }
}

static void write_blob(struct operand *x, void *out)
{
    output_printf(out, " %s", x->name);
}

void ncnn_count_blob(struct operand *x, void *count)
{
    (void)x;
    ++*(size_t *)count;
}

static void write_layer(struct output *out, const struct operator *op, const struct ncnn_style *style)
{
    size_t inputs = 0;
    struct value hints;
    operator_each_operand(op, ncnn_count_blob, &inputs);
    output_printf(out, "%-24s %-24s %zu %zu", op->type, op->name, inputs, op->output_count);
    operator_each_operand(op, write_blob, out);
    for (size_t i = 0; i < op->output_count; i++)
        output_printf(out, " %s", op->outputs[i]->name);
    if (ncnn_hints(op, style->hint, &hints))
        write_list(out, NCNN_HINTS, &hints, false);
    for (int i = 0; i < NCNN_PARAMETERS; i++) {
        int id = style->lexical ? lexical_ids[i] : i;
        const struct value *v = ncnn_parameter(op, id);
        if (v)
            write_parameter(out, id, v, style->read);
    }
    output_printf(out, "\n");
}

/* ---- both files ---- */

void ncnn_write_styled(struct graph *g, const char *param, const char *bin, const struct ncnn_style *style)
{
    size_t blobs = 0;
    if (!ncnn_check(g))
        return;
    for (const struct operator *op = g->first; op; op = op->next)
        blobs += op->output_count;
    struct output *weights = output_open(bin);
    struct output *text = output_open(param);
    output_printf(text, "%d\n%zu %zu\n", NCNN_MAGIC, g->operator_count, blobs);
    for (struct operator *op = g->first; op; op = op->next) {
        if (ncnn_lacks_half(op, style))
            operator_set(op, NCNN_FEATURES, value_int(operator_int(op, NCNN_FEATURES, 0) | WITHOUT_HALF));
        write_layer(text, op, style);
        ncnn_store_weights(weights, op, style);
    }
}

void ncnn_write(struct graph *g, const char *param, const char *bin, bool fp16)
{
    ncnn_write_styled(g, param, bin, &(struct ncnn_style){ .storage = fp16 ? NCNN_FLOAT16 : NCNN_FLOAT32 });
}
