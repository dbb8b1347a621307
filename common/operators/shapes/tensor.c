/* tensor.c - constant tensors: making, viewing and converting them. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* A result may not be larger than this, in bytes, unless it is no larger than what goes into it: a constant that is
 * expanded to a huge shape stays an operator.  With a weight of the file in it less is allowed: arithmetic on
 * weights is left to pnnxopt, and this program's memory is to grow with the graph only. */
enum { MAX_BYTES = 16 << 20, MAX_WEIGHT_BYTES = 1 << 20 };
bool dtype_evaluable(enum dtype t)
{
    return t != DTYPE_NULL && t != DTYPE_COUNT && !dtype_is_complex(t);
}

/* The number of elements; false when a size is not known, or there are too many. */
static bool count_of(int rank, const int64_t *dims, int64_t *count)
{
    *count = 1;
    for (int i = 0; i < rank; i++)
        if (!dim_known(dims[i]) || !int_mul(*count, dims[i], count))
            return false;
    return true;
}

struct tensor *tensor_new(struct call *c, enum dtype dtype, int rank, const int64_t *dims, bool weight,
                          uint8_t **data)
{
    struct run *run = c->run;
    struct tensor *t;
    int64_t count, bytes;
    if (rank == RANK_UNKNOWN || !dtype_evaluable(dtype) || !count_of(rank, dims, &count) ||
        !int_mul(count, (int64_t)dtype_size(dtype), &bytes))
        return NULL;
    if (bytes > (weight ? MAX_WEIGHT_BYTES : MAX_BYTES) || bytes > run->room)
        return NULL;
    run->room -= bytes;
    t = arena_alloc(&run->arena, sizeof *t);
    *data = arena_alloc(&run->arena, (size_t)bytes + 1);
    *t = (struct tensor){ .dtype = dtype,
                          .rank = rank,
                          .dims = arena_copy(&run->arena, dims, (size_t)rank * sizeof *dims),
                          .count = count,
                          .data = *data,
                          .weight = weight };
    return t;
}

const struct tensor *tensor_number(struct call *c, const struct value *v)
{
    uint8_t *data;
    struct tensor *t;
    double number;
    if (!v || !value_number(v, &number))
        return NULL;
    t = tensor_new(c,
                   v->kind == VALUE_INT    ? DTYPE_I64
                   : v->kind == VALUE_BOOL ? DTYPE_BOOL
                                           : DTYPE_F64,
                   0, NULL, false, &data);
    if (t && v->kind == VALUE_INT)
        element_set_int(DTYPE_I64, data, 0, v->integer);
    else if (t)
        element_set_real(t->dtype, data, 0, number);
    return t;
}

void row_major(int rank, const int64_t *dims, int64_t *strides)
{
    int64_t step = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = step;
        step *= dims[i];
    }
}

const struct tensor *tensor_reshaped(struct call *c, const struct tensor *t, int rank, const int64_t *dims)
{
    int64_t count;
    struct tensor *view;
    if (rank == RANK_UNKNOWN || !count_of(rank, dims, &count) || count != t->count)
        return NULL;
    view = arena_copy(&c->run->arena, t, sizeof *t);
    view->rank = rank;
    view->dims = arena_copy(&c->run->arena, dims, (size_t)rank * sizeof *dims);
    return view;
}

/* True when the first and the last element that strides reach are in the tensor. */
static bool reads_inside(const struct tensor *t, int rank, const int64_t *dims, int64_t offset,
                         const int64_t *strides)
{
    int64_t low = offset, high = offset, reach;
    for (int i = 0; i < rank; i++)
        if (!int_mul(dims[i] - 1, strides[i], &reach) ||
            !int_add(reach < 0 ? low : high, reach, reach < 0 ? &low : &high))
            return false;
    return low >= 0 && high < t->count;
}

const struct tensor *tensor_strided(struct call *c, const struct tensor *t, int rank, const int64_t *dims,
                                    int64_t offset, const int64_t *strides)
{
    int64_t index[MAX_RANK] = { 0 };
    size_t size = dtype_size(t->dtype);
    uint8_t *data;
    struct tensor *out;
    if (rank > MAX_RANK)
        return NULL;
    out = tensor_new(c, t->dtype, rank, dims, t->weight, &data);
    if (out && out->count > 0 && !reads_inside(t, rank, dims, offset, strides))
        return NULL;
    for (int64_t i = 0; out && i < out->count; i++) {
        memcpy(data + (size_t)i * size, t->data + (size_t)offset * size, size);
        for (int axis = rank - 1; axis >= 0; axis--) {
            offset += strides[axis];
            if (++index[axis] < dims[axis])
                break;
            offset -= dims[axis] * strides[axis];
            index[axis] = 0;
        }
    }
    return out;
}

void store_int(uint8_t *data, enum dtype dtype, int64_t i, int64_t value)
{
    switch (dtype) {
    case DTYPE_I32: value = (int32_t)(uint32_t)(uint64_t)value; break;
    case DTYPE_I16: value = (int16_t)(uint16_t)(uint64_t)value; break;
    case DTYPE_I8: value = (int8_t)(uint8_t)(uint64_t)value; break;
    case DTYPE_U8: value = (uint8_t)(uint64_t)value; break;
    default: break;
    }
    element_set_int(dtype, data, (size_t)i, value);
}

void store_element(uint8_t *data, enum dtype dtype, int64_t i, const struct tensor *from, size_t at)
{
    if (dtype_is_float(dtype))
        element_set_real(dtype, data, (size_t)i, element_real(from->dtype, from->data, at));
    else
        store_int(data, dtype, i, element_int(from->dtype, from->data, at));
}

const struct tensor *tensor_cast(struct call *c, const struct tensor *t, enum dtype dtype)
{
    bool reals = dtype_is_float(t->dtype);
    uint8_t *data;
    struct tensor *out;
    if (t->dtype == dtype)
        return t;
    if (!dtype_evaluable(t->dtype))
        return NULL;
    out = tensor_new(c, dtype, t->rank, t->dims, t->weight, &data);
    for (int64_t i = 0; out && i < t->count; i++) {
        if (reals && (dtype_is_float(dtype) || dtype == DTYPE_BOOL))
            element_set_real(dtype, data, (size_t)i, element_real(t->dtype, t->data, (size_t)i));
        else
            store_int(data, dtype, i, element_int(t->dtype, t->data, (size_t)i));
    }
    return out;
}
