/* create.c - tensors out of nothing, or out of a shape. */
#include <math.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

enum fill {
    FILL_NONE, /* contents not known: random, empty */
    FILL_ZERO,
    FILL_ONE,
    FILL_VALUE,
};

/* The type of `fill_value` when no dtype is given. */
static enum dtype value_type(const struct fact *value)
{
    return value->number && value->dtype == DTYPE_F64    ? DTYPE_F32
           : value->number && value->dtype == DTYPE_C128 ? DTYPE_C64
                                                         : value->dtype;
}

static void shape_full(struct call *c)
{
    int64_t dims[MAX_RANK];
    int rank = arg_sizes(c, "size", dims, MAX_RANK);
    struct fact value = arg_fact(c, arg_present(c, "fill_value") ? "fill_value" : "s");
    enum dtype otherwise = c->row->code == FILL_VALUE ? value_type(&value) : DTYPE_F32;
    result(c, 0, arg_dtype(c, "dtype", otherwise), rank < 0 ? RANK_UNKNOWN : rank, dims);
}

static void shape_full_like(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result(c, 0, arg_dtype(c, "dtype", x.dtype), x.rank, x.dims);
}

static void shape_new_full(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int rank = arg_sizes(c, "size", dims, MAX_RANK);
    result(c, 0, arg_dtype(c, "dtype", x.dtype), rank < 0 ? RANK_UNKNOWN : rank, dims);
}

static bool evaluate_full(struct call *c)
{
    const struct fact *f = &c->results[0];
    const struct tensor *value = NULL;
    struct tensor *out;
    uint8_t *data;
    if (c->row->code == FILL_VALUE) {
        value = arg_constant(c, arg_present(c, "fill_value") ? "fill_value" : "value");
        if (!value || value->count != 1)
            return false;
    }
    out = tensor_new(c, f->dtype, f->rank, f->dims, false, &data);
    for (int64_t i = 0; out && i < out->count && c->row->code != FILL_ZERO; i++)
        if (!value)
            store_int(data, out->dtype, i, 1);
        else if (dtype_is_float(value->dtype))
            element_set_real(out->dtype, data, (size_t)i, element_real(value->dtype, value->data, 0));
        else
            store_int(data, out->dtype, i, element_int(value->dtype, value->data, 0));
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* ---- arange ---- */

static enum dtype arange_type(const struct call *c)
{
    static const char *const keys[] = { "start", "end", "step" };
    enum dtype t = DTYPE_I64;
    for (size_t i = 0; i < LENGTH(keys); i++) {
        struct fact f = arg_fact(c, keys[i]);
        if (f.present && f.dtype == DTYPE_NULL)
            return DTYPE_NULL;
        if (f.present && dtype_is_float(f.dtype))
            t = DTYPE_F32;
    }
    return t;
}

/* ceil((end - start) / step); on symbols for integers. */
static int64_t arange_length(struct call *c)
{
    int64_t start = arg_size(c, "start", 0), end = arg_size(c, "end", 0), step = arg_size(c, "step", 1),
            length;
    double a, b, s;
    if (arg_real(c, "start", 0, &a) && arg_real(c, "end", 0, &b) && arg_real(c, "step", 1, &s)) {
        double count = s == 0 ? -1 : ceil((b - a) / s);
        if (!(count >= 0)) {
            wrong(c, "start, end and step make no range");
            return DIM_UNKNOWN;
        }
        return count < 0x1p53 ? (int64_t)count : DIM_UNKNOWN;
    }
    length = dim_sub(c->graph, end, start);
    if (step == 1)
        return length;
    return step > 1 ? dim_div_floor(c->graph, dim_sub(c->graph, dim_add(c->graph, length, step), 1), step)
                    : DIM_UNKNOWN;
}

static void shape_arange(struct call *c)
{
    int64_t length = arange_length(c);
    result(c, 0, arg_dtype(c, "dtype", arange_type(c)), 1, &length);
}

static bool evaluate_arange(struct call *c)
{
    const struct fact *f = &c->results[0];
    double start, end, step;
    struct tensor *out;
    uint8_t *data;
    if (!arg_real(c, "start", 0, &start) || !arg_real(c, "end", 0, &end) || !arg_real(c, "step", 1, &step))
        return false;
    out = tensor_new(c, f->dtype, f->rank, f->dims, false, &data);
    for (int64_t i = 0; out && i < out->count; i++)
        element_set_real(out->dtype, data, (size_t)i, start + step * (double)i);
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* ---- others ---- */

static void shape_eye(struct call *c)
{
    int64_t dims[2];
    dims[0] = arg_size(c, "n", DIM_UNKNOWN);
    dims[1] = arg_present(c, "m") ? arg_size(c, "m", DIM_UNKNOWN) : dims[0];
    result(c, 0, arg_dtype(c, "dtype", DTYPE_F32), 2, dims);
}

static bool evaluate_eye(struct call *c)
{
    const struct fact *f = &c->results[0];
    uint8_t *data;
    struct tensor *out = tensor_new(c, f->dtype, f->rank, f->dims, false, &data);
    for (int64_t i = 0; out && i < f->dims[0] && i < f->dims[1]; i++)
        store_int(data, out->dtype, i * f->dims[1] + i, 1);
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* The shape of nested lists, from their first items; false when it is too deep. */
static bool list_shape(const struct value *v, int *rank, int64_t *dims)
{
    for (*rank = 0; v->kind == VALUE_LIST; v = &v->list.items[0]) {
        if (*rank == MAX_RANK)
            return false;
        dims[(*rank)++] = (int64_t)v->list.count;
        if (v->list.count == 0)
            break;
    }
    return true;
}

static const struct value *first_item(const struct value *v)
{
    for (int depth = 0; v->kind == VALUE_LIST && depth <= MAX_RANK; depth++) {
        if (v->list.count == 0)
            return NULL;
        v = &v->list.items[0];
    }
    return v;
}

static const struct value *tensor_data(const struct call *c)
{
    static const char *const keys[] = { "data", "t", "obj" };
    for (size_t i = 0; i < LENGTH(keys); i++)
        if (operator_get(c->op, keys[i]))
            return operator_get(c->op, keys[i]);
    return NULL;
}

/* torch.tensor(data): numbers, known or not, in nested lists. */
static void shape_tensor(struct call *c)
{
    const struct value *data = tensor_data(c), *item = data ? first_item(data) : NULL;
    struct fact f = { .dtype = DTYPE_F32 };
    int64_t dims[MAX_RANK];
    int rank;
    if (!data || !list_shape(data, &rank, dims))
        return;
    if (data->kind == VALUE_OPERAND) {
        f = value_fact(c, data);
        rank = f.rank;
        if (rank > 0)
            memcpy(dims, f.dims, (size_t)rank * sizeof *dims);
    } else if (item) {
        f = value_fact(c, item);
    }
    result(c, 0, arg_dtype(c, "dtype", f.number ? value_type(&f) : f.dtype), rank, dims);
}

/* Fills from nested lists of the right lengths; false when something is not constant or ragged. */
static bool fill_list(struct call *c, const struct value *v, const int64_t *dims, int rank,
                      const struct tensor *out, uint8_t *data, int64_t *at)
{
    const struct tensor *item;
    if (rank > 0) {
        if (v->kind != VALUE_LIST || (int64_t)v->list.count != dims[0])
            return false;
        for (size_t i = 0; i < v->list.count; i++)
            if (!fill_list(c, &v->list.items[i], dims + 1, rank - 1, out, data, at))
                return false;
        return true;
    }
    item = v->kind == VALUE_OPERAND ? run_fact(c->run, v->operand).constant : tensor_number(c, v);
    if (!item || item->count != 1 || *at >= out->count)
        return false;
    if (dtype_is_float(item->dtype))
        element_set_real(out->dtype, data, (size_t)*at, element_real(item->dtype, item->data, 0));
    else
        store_int(data, out->dtype, *at, element_int(item->dtype, item->data, 0));
    ++*at;
    return true;
}

static bool evaluate_tensor(struct call *c)
{
    const struct value *v = tensor_data(c);
    const struct fact *f = &c->results[0];
    const struct tensor *t;
    struct tensor *out;
    uint8_t *data;
    int64_t at = 0;
    if (!v || f->rank == RANK_UNKNOWN)
        return false;
    if (v->kind == VALUE_OPERAND) {
        t = run_fact(c->run, v->operand).constant;
        t = t && dtype_evaluable(f->dtype) ? tensor_cast(c, t, f->dtype) : NULL;
        if (t)
            result_constant(c, 0, t);
        return t;
    }
    out = tensor_new(c, f->dtype, f->rank, f->dims, false, &data);
    if (!out || !fill_list(c, v, f->dims, f->rank, out, data, &at) || at != out->count)
        return false;
    result_constant(c, 0, out);
    return true;
}

static void shape_scalar_tensor(struct call *c)
{
    struct fact f = arg_fact(c, "s");
    result(c, 0, arg_dtype(c, "dtype", value_type(&f)), 0, NULL);
}

static bool evaluate_scalar_tensor(struct call *c)
{
    const struct tensor *t = arg_constant(c, "s");
    t = t && dtype_evaluable(c->results[0].dtype) ? tensor_cast(c, t, c->results[0].dtype) : NULL;
    if (t)
        result_constant(c, 0, t);
    return t;
}

static void shape_one_hot(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK + 1], classes = arg_size(c, "num_classes", DIM_UNKNOWN), number;
    if (x.rank == RANK_UNKNOWN || x.rank >= MAX_RANK)
        return;
    if (x.rank)
        memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[x.rank] = dim_constant(c->graph, classes, &number) && number < 0 ? DIM_UNKNOWN : classes;
    result(c, 0, DTYPE_I64, x.rank + 1, dims);
}

static void shape_length(struct call *c)
{
    int64_t length = arg_size(c, "n", DIM_UNKNOWN);
    result(c, 0, arg_dtype(c, "dtype", DTYPE_I64), 1, &length);
}

/* clang-format off */
static const struct row rows[] = {
    { "zeros", shape_full, evaluate_full, FILL_ZERO },
    { "ones", shape_full, evaluate_full, FILL_ONE },
    { "full", shape_full, evaluate_full, FILL_VALUE },
    { "empty rand randn empty_strided", shape_full, NULL, FILL_NONE },
    { "zeros_like", shape_full_like, evaluate_full, FILL_ZERO },
    { "ones_like", shape_full_like, evaluate_full, FILL_ONE },
    { "full_like Tensor.fill aten::fill Tensor.fill_ aten::fill_",
      shape_full_like, evaluate_full, FILL_VALUE },
    { "empty_like rand_like randn_like randint_like", shape_full_like, NULL, FILL_NONE },
    { "aten::zero aten::zero_ Tensor.zero_", shape_full_like, evaluate_full, FILL_ZERO },
    { "new_zeros", shape_new_full, evaluate_full, FILL_ZERO },
    { "new_ones", shape_new_full, evaluate_full, FILL_ONE },
    { "new_full", shape_new_full, evaluate_full, FILL_VALUE },
    { "new_empty", shape_new_full, NULL, FILL_NONE },
    { "randint", shape_full, NULL, FILL_VALUE },
    { "arange", shape_arange, evaluate_arange, 0 },
    { "eye", shape_eye, evaluate_eye, 0 },
    { "tensor as_tensor asarray torch.tensor", shape_tensor, evaluate_tensor, 0 },
    { "scalar_tensor", shape_scalar_tensor, evaluate_scalar_tensor, 0 },
    { "one_hot", shape_one_hot, NULL, 0 },
    { "randperm", shape_length, NULL, 0 },
};
/* clang-format on */

const struct family family_create = { rows, LENGTH(rows) };
