/* cast.c - the same numbers in another type; numbers out of tensors, and back. */
#include "common/operators/shapes/numbers/elementwise.h"

static void shape_to(struct call *c)
{
    struct fact x = arg_fact(c, "input"), other = arg_fact(c, "other");
    enum dtype otherwise = other.present && !other.number ? other.dtype : x.dtype;
    unary_result(c, &x, arg_dtype(c, "dtype", otherwise));
}

static void shape_type_as(struct call *c)
{
    struct fact x = arg_fact(c, "input"), other = arg_fact(c, "other");
    result(c, 0, other.dtype, x.rank, x.dims);
}

/* Tensor.float() and the like: the row's code is the type. */
static void shape_cast(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    unary_result(c, &x, (enum dtype)c->row->code);
}

static bool evaluate_cast(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    int64_t size;
    if (!x) {
        size = arg_size(c, "input", 0);
        if (!c->results[0].number || c->results[0].dtype != DTYPE_I64 || size == DIM_UNKNOWN)
            return false;
        result_size(c, 0, size);
        return true;
    }
    x = c->results[0].dtype == DTYPE_NULL ? NULL : tensor_cast(c, x, c->results[0].dtype);
    if (x)
        result_constant(c, 0, x);
    return x;
}

/* Numbers out of tensors and back: aten::Int, Tensor.item, prim::NumToTensor; the row's code is the type, 0 keeps. */
static void shape_number(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    enum dtype keep = dtype_is_float(x.dtype) ? DTYPE_F64 : dtype_is_integer(x.dtype) ? DTYPE_I64 : x.dtype;
    result_number(c, 0, c->row->code ? (enum dtype)c->row->code : keep);
}

static bool evaluate_number(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    if (x && x->count != 1)
        return false;
    if (!x && arg_fact(c, "input").quotient && c->results[0].dtype == DTYPE_I64)
        return round_quotient(c, ROUND_TO_ZERO);
    return evaluate_cast(c);
}

/* clang-format off */
static const struct row rows[] = {
    { "to _to_copy type", shape_to, evaluate_cast, 0 },
    { "type_as", shape_type_as, evaluate_cast, 0 },
    { "float", shape_cast, evaluate_cast, DTYPE_F32 },
    { "double", shape_cast, evaluate_cast, DTYPE_F64 },
    { "half", shape_cast, evaluate_cast, DTYPE_F16 },
    { "bfloat16", shape_cast, evaluate_cast, DTYPE_BF16 },
    { "long", shape_cast, evaluate_cast, DTYPE_I64 },
    { "int", shape_cast, evaluate_cast, DTYPE_I32 },
    { "short", shape_cast, evaluate_cast, DTYPE_I16 },
    { "char", shape_cast, evaluate_cast, DTYPE_I8 },
    { "byte", shape_cast, evaluate_cast, DTYPE_U8 },
    { "bool", shape_cast, evaluate_cast, DTYPE_BOOL },
    { "Int IntImplicit", shape_number, evaluate_number, DTYPE_I64 },
    { "Float FloatImplicit", shape_number, evaluate_number, DTYPE_F64 },
    { "Bool", shape_number, evaluate_number, DTYPE_BOOL },
    { "item ScalarImplicit Scalar NumToTensor", shape_number, evaluate_number, 0 },
};
/* clang-format on */

const struct family family_cast = { rows, LENGTH(rows) };
