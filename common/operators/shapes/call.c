/* call.c - arguments and results of one operator, as shape functions see them. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

/* The names that operators give the argument which shape functions call `key`. */
static const struct {
    const char *key, *other;
} spellings[] = {
    { "input", "self" },
    { "input", "tensor" },
    { "input", "a" },
    { "input", "query" },
    { "shape", "size" },
    { "sizes", "size" },
    { "sizes", "repeats" },
    { "sizes", "shape" },
    { "size", "sizes" },
    { "dims", "dim" },
    { "dims", "axis" },
    { "dim", "axis" },
    { "dim", "axes" },
    { "hidden", "h0" },
    { "hidden", "hx" },
    { "indices", "expr" },
    { "mat1", "batch1" },
    { "mat2", "batch2" },
    { "split_size_or_sections", "split_size" },
    { "split_size_or_sections", "split_sizes" },
    { "indices_or_sections", "indices" },
    { "indices_or_sections", "sections" },
    { "indices_or_sections", "tensor_indices_or_sections" },
    { "scale_factor", "scale_factors" },
    { "size", "output_size" },
    { "other", "exponent" },
    { "other", "vec2" },
    { "keepdim", "keep_dims" },
    { "value", "fill_value" },
    { "padding", "pad" },
};

const struct value *arg_value(const struct call *c, const char *key)
{
    const struct value *v = operator_get(c->op, key);
    for (size_t i = 0; !v && i < LENGTH(spellings); i++)
        if (strcmp(spellings[i].key, key) == 0)
            v = operator_get(c->op, spellings[i].other);
    if (v)
        return v;
    if (strcmp(key, "input") == 0) {
        const struct value *inputs = operator_get(c->op, "inputs");
        if (inputs && inputs->kind == VALUE_LIST && inputs->list.count > 0)
            return &inputs->list.items[0];
    }
    return operator_value(c->op, key);
}

bool arg_present(const struct call *c, const char *key)
{
    const struct value *v = arg_value(c, key);
    return v && v->kind != VALUE_NONE;
}

struct fact value_fact(const struct call *c, const struct value *v)
{
    struct fact f = { .present = true, .number = true };
    if (!v || v->kind == VALUE_NONE)
        return (struct fact){ .rank = RANK_UNKNOWN };
    switch (v->kind) {
    case VALUE_OPERAND: f = run_fact(c->run, v->operand); break;
    case VALUE_BOOL: f.dtype = DTYPE_BOOL; break;
    case VALUE_INT: f.dtype = DTYPE_I64; break;
    case VALUE_FLOAT: f.dtype = DTYPE_F64; break;
    case VALUE_COMPLEX: f.dtype = DTYPE_C128; break;
    default: f = (struct fact){ .present = true, .rank = RANK_UNKNOWN }; break;
    }
    return f;
}

struct fact arg_fact(const struct call *c, const char *key)
{
    return value_fact(c, arg_value(c, key));
}

const struct tensor *arg_constant(struct call *c, const char *key)
{
    const struct value *v = arg_value(c, key);
    if (v && v->kind == VALUE_OPERAND)
        return run_fact(c->run, v->operand).constant;
    return tensor_number(c, v);
}

int arg_facts(const struct call *c, const char *key, struct fact *out, int room)
{
    const struct value *v = arg_value(c, key);
    if (!v || v->kind == VALUE_NONE)
        return ABSENT;
    if (v->kind != VALUE_LIST || v->list.count > (size_t)room)
        return UNKNOWN;
    for (size_t i = 0; i < v->list.count; i++)
        out[i] = value_fact(c, &v->list.items[i]);
    return (int)v->list.count;
}

/* A value as a dimension: its number, symbolic or not. */
static int64_t value_size(const struct call *c, const struct value *v)
{
    struct fact f;
    if (v->kind == VALUE_INT)
        return dim_int(c->graph, v->integer);
    if (v->kind == VALUE_BOOL)
        return v->boolean;
    if (v->kind == VALUE_FLOAT && v->real == (double)(int32_t)v->real)
        return dim_int(c->graph, (int64_t)v->real);
    if (v->kind != VALUE_OPERAND)
        return DIM_UNKNOWN;
    f = run_fact(c->run, v->operand);
    if (f.rank > 1 || (f.rank == 1 && !(dim_known(f.dims[0]) && f.dims[0] == 1)))
        return DIM_UNKNOWN;
    if (f.sizes)
        return f.sizes[0];
    if (f.constant && f.constant->count == 1)
        return dim_int(c->graph, element_int(f.constant->dtype, f.constant->data, 0));
    return DIM_UNKNOWN;
}

int64_t arg_size(const struct call *c, const char *key, int64_t otherwise)
{
    const struct value *v = arg_value(c, key);
    if (!v || v->kind == VALUE_NONE)
        return otherwise;
    if (v->kind == VALUE_LIST)
        return v->list.count == 1 ? value_size(c, &v->list.items[0]) : DIM_UNKNOWN;
    return value_size(c, v);
}

bool arg_int(const struct call *c, const char *key, int64_t otherwise, int64_t *out)
{
    if (!arg_present(c, key)) {
        *out = otherwise;
        return true;
    }
    return dim_constant(c->graph, arg_size(c, key, DIM_UNKNOWN), out);
}

bool arg_real(const struct call *c, const char *key, double otherwise, double *out)
{
    const struct value *v = arg_value(c, key);
    struct fact f;
    *out = otherwise;
    if (!v || v->kind == VALUE_NONE || value_number(v, out))
        return true;
    f = value_fact(c, v);
    if (!f.constant || f.constant->count != 1)
        return false;
    *out = element_real(f.constant->dtype, f.constant->data, 0);
    return true;
}

bool arg_bool(const struct call *c, const char *key, bool otherwise)
{
    const struct value *v = arg_value(c, key);
    double number;
    if (!v || v->kind == VALUE_NONE || !value_number(v, &number))
        return otherwise;
    return number != 0;
}

const char *arg_text(const struct call *c, const char *key, const char *otherwise)
{
    const struct value *v = arg_value(c, key);
    return v && v->kind == VALUE_STRING ? v->string : otherwise;
}

enum dtype arg_dtype(const struct call *c, const char *key, enum dtype otherwise)
{
    const struct value *v = arg_value(c, key);
    enum dtype t = DTYPE_NULL;
    if (!v || v->kind == VALUE_NONE)
        return otherwise;
    if (v->kind == VALUE_STRING)
        t = dtype_from_torch(v->string);
    if (v->kind == VALUE_INT && v->integer >= 0 && v->integer < 100)
        t = dtype_from_scalar_type((int)v->integer);
    return t == DTYPE_COUNT ? DTYPE_NULL : t;
}

int arg_sizes(const struct call *c, const char *key, int64_t *out, int room)
{
    const struct value *v = arg_value(c, key);
    struct fact f;
    if (!v || v->kind == VALUE_NONE)
        return ABSENT;
    if (v->kind == VALUE_LIST) {
        if (v->list.count > (size_t)room)
            return UNKNOWN;
        for (size_t i = 0; i < v->list.count; i++)
            out[i] = value_size(c, &v->list.items[i]);
        return (int)v->list.count;
    }
    f = value_fact(c, v);
    if (f.rank == RANK_UNKNOWN || f.rank > 1 || room < 1)
        return UNKNOWN;
    if (f.rank == 0) {
        out[0] = value_size(c, v);
        return 1;
    }
    if (!dim_known(f.dims[0]) || f.dims[0] > room)
        return UNKNOWN;
    for (int64_t i = 0; i < f.dims[0]; i++)
        out[i] = f.sizes      ? f.sizes[i]
                 : f.constant ? dim_int(c->graph, element_int(f.constant->dtype, f.constant->data, (size_t)i))
                              : DIM_UNKNOWN;
    return (int)f.dims[0];
}

int arg_ints(const struct call *c, const char *key, int64_t *out, int room)
{
    int count = arg_sizes(c, key, out, room);
    for (int i = 0; i < count; i++)
        if (!dim_constant(c->graph, out[i], &out[i]))
            return UNKNOWN;
    return count;
}

void arg_spatial(const struct call *c, const char *key, int count, int64_t otherwise, int64_t *out)
{
    int64_t given[MAX_RANK];
    int n = arg_sizes(c, key, given, MAX_RANK);
    for (int i = 0; i < count; i++)
        out[i] = n == ABSENT || n == 0 ? otherwise : n == 1 ? given[0] : n == count ? given[i] : DIM_UNKNOWN;
}

bool axis_of(struct call *c, int64_t number, int rank, int *axis)
{
    int64_t range = rank > 0 ? rank : 1;
    if (number < -range || number >= range) {
        wrong(c, "axis %lld is out of range for rank %d", (long long)number, rank);
        return false;
    }
    *axis = (int)(number < 0 ? number + range : number);
    return true;
}

bool arg_axis(struct call *c, const char *key, int rank, int64_t otherwise, int *axis)
{
    int64_t number;
    return arg_int(c, key, otherwise, &number) && axis_of(c, number, rank, axis);
}

bool arg_axes(struct call *c, const char *key, int rank, unsigned *axes)
{
    int64_t numbers[MAX_RANK];
    int count = arg_ints(c, key, numbers, MAX_RANK);
    *axes = count <= 0 ? ~0u : 0;
    for (int i = 0; i < count; i++) {
        int axis;
        if (!axis_of(c, numbers[i], rank, &axis))
            return false;
        *axes |= 1u << axis;
    }
    return count != UNKNOWN;
}

/* Results */

void result(struct call *c, size_t index, enum dtype dtype, int rank, const int64_t *dims)
{
    struct fact *f;
    if (index >= c->result_count)
        return;
    f = &c->results[index];
    *f = (struct fact){ .present = true, .dtype = dtype, .rank = RANK_UNKNOWN };
    if (rank < 0 || rank > MAX_RANK)
        return;
    for (int i = 0; i < rank; i++) {
        int64_t size;
        if (dim_constant(c->graph, dims[i], &size) && size < 0) {
            wrong(c, "the result would have a negative size: %s", sizes_text(c, dims, rank));
            return;
        }
    }
    f->rank = rank;
    f->dims = arena_copy(&c->run->arena, dims, (size_t)rank * sizeof *dims);
}

void result_like(struct call *c, size_t index, const struct fact *f)
{
    result(c, index, f->dtype, f->rank, f->dims);
}

void result_number(struct call *c, size_t index, enum dtype dtype)
{
    result(c, index, dtype, 0, NULL);
    if (index < c->result_count)
        c->results[index].number = true;
}

void result_size(struct call *c, size_t index, int64_t size)
{
    int64_t number;
    result_number(c, index, DTYPE_I64);
    if (index >= c->result_count || size == DIM_UNKNOWN)
        return;
    c->results[index].sizes = arena_copy(&c->run->arena, &size, sizeof size);
    if (dim_constant(c->graph, size, &number)) {
        struct value v = value_int(number);
        c->results[index].constant = tensor_number(c, &v);
    }
}

/* The sizes as a tensor, when all are numbers. */
static const struct tensor *tensor_ints(struct call *c, const int64_t *sizes, int count)
{
    int64_t length = count, number;
    uint8_t *data;
    struct tensor *t = tensor_new(c, DTYPE_I64, 1, &length, false, &data);
    for (int i = 0; t && i < count; i++) {
        if (!dim_constant(c->graph, sizes[i], &number))
            return NULL;
        element_set_int(DTYPE_I64, data, (size_t)i, number);
    }
    return t;
}

void result_sizes(struct call *c, size_t index, const int64_t *sizes, int count)
{
    int64_t length = count;
    result(c, index, DTYPE_I64, 1, &length);
    if (index >= c->result_count)
        return;
    c->results[index].list = true;
    c->results[index].sizes = arena_copy(&c->run->arena, sizes, (size_t)count * sizeof *sizes);
    c->results[index].constant = tensor_ints(c, sizes, count);
}

void result_constant(struct call *c, size_t index, const struct tensor *t)
{
    if (index >= c->result_count)
        return;
    assert(t->rank >= 0 && t->rank <= MAX_RANK &&
           t->data); /* shape functions say what it is before it is evaluated */
    bool number = c->results[index].number, list = c->results[index].list;
    c->results[index] = (struct fact){ .present = true,
                                       .number = number,
                                       .list = list,
                                       .dtype = t->dtype,
                                       .rank = t->rank,
                                       .dims = t->dims,
                                       .constant = t };
}

/* Messages */

const char *sizes_text(struct call *c, const int64_t *dims, int rank)
{
    const char *text = "(";
    for (int i = 0; i < rank; i++) {
        const char *size = dim_text(c->graph, dims[i]);
        text = arena_printf(&c->run->arena, "%s%s%s", text, i ? "," : "", size + (*size == '%'));
    }
    return arena_printf(&c->run->arena, "%s)", text);
}

const char *fact_text(struct call *c, const struct fact *f)
{
    const char *tag = f->dtype == DTYPE_NULL ? "" : dtype_tag(f->dtype);
    if (f->rank == RANK_UNKNOWN)
        return arena_printf(&c->run->arena, "(...)%s", tag);
    return arena_printf(&c->run->arena, "%s%s", sizes_text(c, f->dims, f->rank), tag);
}

struct shapes {
    struct call *call;
    const char *text;
};

static void add_shape(struct operand *x, void *context)
{
    struct shapes *s = context;
    struct fact fact = run_fact(s->call->run, x);
    if (strlen(s->text) < 300)
        s->text = arena_printf(&s->call->run->arena, "%s %s", s->text, fact_text(s->call, &fact));
}

/* "nn.Linear 'fc' (1,h*w)f32" */
static const char *call_text(struct call *c)
{
    struct shapes shapes = { c, "" };
    operator_each_operand(c->op, add_shape, &shapes);
    return arena_printf(&c->run->arena, "%s '%s'%s", c->op->type, c->op->name, shapes.text);
}

void wrong(struct call *c, const char *format, ...)
{
    va_list list, again;
    int length;
    char *text;
    if (c->refused)
        return;
    c->refused = true;
    c->run->mistakes++;
    if (!c->run->which)
        return;
    va_start(list, format);
    va_copy(again, list);
    length = vsnprintf(NULL, 0, format, list);
    text = arena_alloc(&c->run->arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(list);
    va_end(again);
    report(STATUS_CONVERSION, operator_place(c->op), "%s%s: %s", call_text(c), c->run->which, text);
}

/* " shape=(1,400) dim=1": the arguments that are integers, or lists of these. */
static const char *constants_text(struct call *c)
{
    const char *text = "";
    for (size_t i = 0; i < c->op->argument_count; i++) {
        const struct argument *a = &c->op->arguments[i];
        int64_t sizes[MAX_RANK];
        int count = a->value.kind == VALUE_LIST ? arg_sizes(c, a->key, sizes, MAX_RANK) : UNKNOWN;
        bool known = count >= 0;
        for (int j = 0; j < count; j++)
            known = known && sizes[j] != DIM_UNKNOWN;
        if (a->value.kind == VALUE_INT)
            text = arena_printf(&c->run->arena, "%s %s=%lld", text, a->key, (long long)a->value.integer);
        else if (known)
            text = arena_printf(&c->run->arena, "%s %s=%s", text, a->key, sizes_text(c, sizes, count));
    }
    return text;
}

void decide(struct call *c, int64_t named, int64_t number)
{
    struct run *run = c->run;
    const char *left = dim_text(c->graph, named);
    const char *text = arena_printf(&run->arena, "%s%s: fits only where %s is %s", call_text(c),
                                    constants_text(c), left + (*left == '%'), dim_text(c->graph, number));
    for (size_t i = 0; i < run->decision_count; i++)
        if (run->decisions[i].op == c->op && strcmp(run->decisions[i].text, text) == 0)
            return;
    run->decisions = arena_grow(&run->arena, run->decisions, run->decision_count, sizeof *run->decisions);
    run->decisions[run->decision_count++] = (struct decision){ c->op, text };
}
