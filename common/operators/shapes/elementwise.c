/* elementwise.c - operators that work on one element of each operand at a time, broadcasting. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

/* ---- one operand ---- */

enum unary {
    UNARY_NONE, /* not evaluated */
    UNARY_COPY,
    UNARY_NEG,
    UNARY_ABS,
    UNARY_SIGN,
    UNARY_SQUARE,
    UNARY_RELU,
    UNARY_RELU6,
    UNARY_CEIL,
    UNARY_FLOOR,
    UNARY_ROUND,
    UNARY_TRUNC,
    UNARY_NOT,
    UNARY_LOGICAL_NOT,
    UNARY_ISNAN,
    UNARY_ISINF,
    UNARY_SQRT,
    UNARY_RSQRT,
    UNARY_RECIPROCAL,
    UNARY_EXP,
    UNARY_EXPM1,
    UNARY_LOG,
    UNARY_LOG2,
    UNARY_LOG10,
    UNARY_LOG1P,
    UNARY_SIN,
    UNARY_COS,
    UNARY_TAN,
    UNARY_ASIN,
    UNARY_ACOS,
    UNARY_ATAN,
    UNARY_SINH,
    UNARY_COSH,
    UNARY_TANH,
    UNARY_ASINH,
    UNARY_ACOSH,
    UNARY_ATANH,
    UNARY_ERF,
    UNARY_SIGMOID,
    UNARY_SILU,
};

void shape_same(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    for (size_t i = 0; i < c->result_count; i++)
        result_like(c, i, &x);
}

/* The result of an operator on one operand; a Python number stays one. */
static void unary_result(struct call *c, const struct fact *x, enum dtype dtype)
{
    if (x->number)
        result_number(c, 0, dtype == DTYPE_F32 ? DTYPE_F64 : dtype);
    else
        result(c, 0, dtype, x->rank, x->dims);
}

static void shape_unary(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    bool power = c->row->code == UNARY_SQUARE && x.dtype == DTYPE_BOOL; /* with an integer exponent */
    unary_result(c, &x, power ? DTYPE_I64 : c->row->code == UNARY_ABS ? dtype_to_real(x.dtype) : x.dtype);
}

static void shape_unary_float(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    unary_result(c, &x, dtype_to_float(x.dtype));
}

static void shape_unary_bool(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    unary_result(c, &x, DTYPE_BOOL);
}

static void shape_real(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    unary_result(c, &x, dtype_to_real(x.dtype));
}

static int64_t unary_int(enum unary code, int64_t x)
{
    switch (code) {
    case UNARY_NEG: return (int64_t)(0 - (uint64_t)x);
    case UNARY_ABS: return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
    case UNARY_SIGN: return (x > 0) - (x < 0);
    case UNARY_SQUARE: return (int64_t)((uint64_t)x * (uint64_t)x);
    case UNARY_RELU: return x > 0 ? x : 0;
    case UNARY_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case UNARY_NOT: return ~x;
    case UNARY_LOGICAL_NOT: return !x;
    case UNARY_ISNAN:
    case UNARY_ISINF: return 0;
    default: return x;
    }
}

static double unary_real(enum unary code, double x)
{
    switch (code) {
    case UNARY_NEG: return -x;
    case UNARY_ABS: return fabs(x);
    case UNARY_SIGN: return (x > 0) - (x < 0);
    case UNARY_SQUARE: return x * x;
    case UNARY_RELU: return x <= 0 ? 0 : x;
    case UNARY_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case UNARY_CEIL: return ceil(x);
    case UNARY_FLOOR: return floor(x);
    case UNARY_ROUND: return rint(x);
    case UNARY_TRUNC: return trunc(x);
    case UNARY_LOGICAL_NOT: return x == 0;
    case UNARY_ISNAN: return isnan(x);
    case UNARY_ISINF: return isinf(x);
    case UNARY_SQRT: return sqrt(x);
    case UNARY_RSQRT: return 1 / sqrt(x);
    case UNARY_RECIPROCAL: return 1 / x;
    case UNARY_EXP: return exp(x);
    case UNARY_EXPM1: return expm1(x);
    case UNARY_LOG: return log(x);
    case UNARY_LOG2: return log2(x);
    case UNARY_LOG10: return log10(x);
    case UNARY_LOG1P: return log1p(x);
    case UNARY_SIN: return sin(x);
    case UNARY_COS: return cos(x);
    case UNARY_TAN: return tan(x);
    case UNARY_ASIN: return asin(x);
    case UNARY_ACOS: return acos(x);
    case UNARY_ATAN: return atan(x);
    case UNARY_SINH: return sinh(x);
    case UNARY_COSH: return cosh(x);
    case UNARY_TANH: return tanh(x);
    case UNARY_ASINH: return asinh(x);
    case UNARY_ACOSH: return acosh(x);
    case UNARY_ATANH: return atanh(x);
    case UNARY_ERF: return erf(x);
    case UNARY_SIGMOID: return 1 / (1 + exp(-x));
    case UNARY_SILU: return x / (1 + exp(-x));
    default: return x;
    }
}

/* As PyTorch computes: numbers are brought to the type of the computation first; half types compute in float. */
static double compute_real(enum dtype type, double x)
{
    return type == DTYPE_F64 ? x : (double)(float)x;
}

static bool evaluate_symbolic_unary(struct call *c)
{
    int64_t size = arg_size(c, "input", 0);
    if (!c->results[0].number || c->results[0].dtype != DTYPE_I64 || size == DIM_UNKNOWN)
        return false;
    if (c->row->code != UNARY_NEG && c->row->code != UNARY_COPY)
        return false;
    result_size(c, 0, c->row->code == UNARY_NEG ? dim_sub(c->graph, 0, size) : size);
    return true;
}

static bool evaluate_unary(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    enum unary code = (enum unary)c->row->code;
    struct tensor *out;
    uint8_t *data;
    bool reals;
    int64_t decimals = 0;
    if (!x)
        return evaluate_symbolic_unary(c);
    if (code == UNARY_NONE || !dtype_evaluable(x->dtype) || !arg_int(c, "decimals", 0, &decimals) || decimals)
        return false;
    out = tensor_new(c, c->results[0].dtype, x->rank, x->dims, x->weight, &data);
    reals = out && (dtype_is_float(x->dtype) || dtype_is_float(out->dtype));
    for (int64_t i = 0; out && i < out->count; i++) {
        size_t at = (size_t)i;
        if (reals)
            element_set_real(
                out->dtype, data, at,
                unary_real(code, dtype_is_float(out->dtype)
                                     ? compute_real(out->dtype, element_real(x->dtype, x->data, at))
                                     : element_real(x->dtype, x->data, at)));
        else if (x->dtype == DTYPE_BOOL && code == UNARY_NOT)
            store_int(data, out->dtype, i, !element_int(x->dtype, x->data, at));
        else
            store_int(data, out->dtype, i, unary_int(code, element_int(x->dtype, x->data, at)));
    }
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* ---- two operands ---- */

enum binary {
    BINARY_NONE,
    BINARY_ADD,
    BINARY_SUB,
    BINARY_RSUB,
    BINARY_MUL,
    BINARY_DIV,
    BINARY_FLOOR_DIVIDE,
    BINARY_REMAINDER,
    BINARY_FMOD,
    BINARY_POW,
    BINARY_MAXIMUM,
    BINARY_MINIMUM,
    BINARY_AND,
    BINARY_OR,
    BINARY_XOR,
    BINARY_LSHIFT,
    BINARY_RSHIFT,
    BINARY_EQ,
    BINARY_NE,
    BINARY_LT,
    BINARY_LE,
    BINARY_GT,
    BINARY_GE,
    BINARY_LOGICAL_AND,
    BINARY_LOGICAL_OR,
    BINARY_LOGICAL_XOR,
    BINARY_ATAN2,
    BINARY_HYPOT,
    BINARY_LOGADDEXP,
    BINARY_TRUNC_DIVIDE, /* div with a rounding mode; no row */
};

/* The operation, rounding mode taken into account; BINARY_NONE: not known. */
static enum binary binary_code(const struct call *c)
{
    const char *mode;
    if (c->row->code != BINARY_DIV)
        return (enum binary)c->row->code;
    mode = arg_text(c, "rounding_mode", "");
    return !*mode ? BINARY_DIV : strcmp(mode, "floor") == 0 ? BINARY_FLOOR_DIVIDE : BINARY_TRUNC_DIVIDE;
}

static bool binary_is_float(enum binary code)
{
    return code == BINARY_DIV || code == BINARY_ATAN2 || code == BINARY_HYPOT || code == BINARY_LOGADDEXP;
}

static bool binary_is_bool(enum binary code)
{
    return code >= BINARY_EQ && code <= BINARY_LOGICAL_XOR;
}

/* The type in which the operands meet. */
static enum dtype binary_type(const struct fact *facts)
{
    enum dtype t = promote_facts(facts, 2);
    return facts[0].number && facts[1].number && t == DTYPE_F32 ? DTYPE_F64 : t;
}

static void binary_shape(struct call *c, enum binary code)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "other") };
    enum dtype dtype = binary_type(facts);
    int64_t dims[MAX_RANK];
    int rank;
    if (binary_is_float(code))
        dtype = dtype_to_float(dtype);
    if (binary_is_bool(code))
        dtype = DTYPE_BOOL;
    if (!broadcast_facts(c, facts, 2, &rank, dims))
        return;
    if (facts[0].number && facts[1].number)
        result_number(c, 0, dtype == DTYPE_F32 ? DTYPE_F64 : dtype);
    else
        result(c, 0, dtype, rank, dims);
}

static void shape_binary(struct call *c)
{
    binary_shape(c, binary_code(c));
}

void shape_pair(struct call *c)
{
    binary_shape(c, BINARY_NONE);
}

static int64_t int_pow(int64_t base, int64_t exponent)
{
    uint64_t result = 1, power = (uint64_t)base;
    for (; exponent > 0; exponent >>= 1, power *= power)
        if (exponent & 1)
            result *= power;
    return (int64_t)result;
}

static int64_t int_floor(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

/* False: PyTorch would refuse. */
static bool binary_int(enum binary code, int64_t a, int64_t b, int64_t *out)
{
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    bool divides = code == BINARY_FLOOR_DIVIDE || code == BINARY_TRUNC_DIVIDE || code == BINARY_REMAINDER ||
                   code == BINARY_FMOD;
    if ((divides && (b == 0 || (a == INT64_MIN && b == -1))) || (code == BINARY_POW && b < 0))
        return false;
    if ((code == BINARY_LSHIFT || code == BINARY_RSHIFT) && (b < 0 || b > 63))
        return false;
    switch (code) {
    case BINARY_ADD: *out = (int64_t)(x + y); break;
    case BINARY_SUB: *out = (int64_t)(x - y); break;
    case BINARY_MUL: *out = (int64_t)(x * y); break;
    case BINARY_FLOOR_DIVIDE: *out = int_floor(a, b); break;
    case BINARY_TRUNC_DIVIDE: *out = a / b; break;
    case BINARY_REMAINDER: *out = a - int_floor(a, b) * b; break;
    case BINARY_FMOD: *out = a % b; break;
    case BINARY_POW: *out = int_pow(a, b); break;
    case BINARY_MAXIMUM: *out = a > b ? a : b; break;
    case BINARY_MINIMUM: *out = a < b ? a : b; break;
    case BINARY_AND: *out = a & b; break;
    case BINARY_OR: *out = a | b; break;
    case BINARY_XOR: *out = a ^ b; break;
    case BINARY_LSHIFT: *out = (int64_t)(x << b); break;
    case BINARY_RSHIFT: *out = a < 0 ? ~(~a >> b) : a >> b; break;
    case BINARY_EQ: *out = a == b; break;
    case BINARY_NE: *out = a != b; break;
    case BINARY_LT: *out = a < b; break;
    case BINARY_LE: *out = a <= b; break;
    case BINARY_GT: *out = a > b; break;
    case BINARY_GE: *out = a >= b; break;
    case BINARY_LOGICAL_AND: *out = a && b; break;
    case BINARY_LOGICAL_OR: *out = a || b; break;
    case BINARY_LOGICAL_XOR: *out = !a != !b; break;
    default: return false;
    }
    return true;
}

static double real_maximum(double a, double b)
{
    return isnan(a) ? a : isnan(b) ? b : a > b ? a : b;
}

static double real_remainder(double a, double b)
{
    double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static double real_logaddexp(double a, double b)
{
    double high = real_maximum(a, b);
    return isinf(high) ? high : high + log1p(exp(-fabs(a - b)));
}

static bool binary_real(enum binary code, double a, double b, double *out)
{
    switch (code) {
    case BINARY_ADD: *out = a + b; break;
    case BINARY_SUB: *out = a - b; break;
    case BINARY_MUL: *out = a * b; break;
    case BINARY_DIV: *out = a / b; break;
    case BINARY_FLOOR_DIVIDE: *out = floor((a - real_remainder(a, b)) / b + 0.5); break;
    case BINARY_TRUNC_DIVIDE: *out = trunc(a / b); break;
    case BINARY_REMAINDER: *out = real_remainder(a, b); break;
    case BINARY_FMOD: *out = fmod(a, b); break;
    case BINARY_POW: *out = pow(a, b); break;
    case BINARY_MAXIMUM: *out = real_maximum(a, b); break;
    case BINARY_MINIMUM: *out = -real_maximum(-a, -b); break;
    case BINARY_EQ: *out = a == b; break;
    case BINARY_NE: *out = a != b; break;
    case BINARY_LT: *out = a < b; break;
    case BINARY_LE: *out = a <= b; break;
    case BINARY_GT: *out = a > b; break;
    case BINARY_GE: *out = a >= b; break;
    case BINARY_LOGICAL_AND: *out = a != 0 && b != 0; break;
    case BINARY_LOGICAL_OR: *out = a != 0 || b != 0; break;
    case BINARY_LOGICAL_XOR: *out = (a != 0) != (b != 0); break;
    case BINARY_ATAN2: *out = atan2(a, b); break;
    case BINARY_HYPOT: *out = hypot(a, b); break;
    case BINARY_LOGADDEXP: *out = real_logaddexp(a, b); break;
    default: return false;
    }
    return true;
}

/* Strides that read a tensor as if it had the shape it is broadcast to. */
static void broadcast_strides(const struct tensor *t, int rank, int64_t *strides)
{
    int64_t own[MAX_RANK];
    int shift = rank - t->rank;
    row_major(t->rank, t->dims, own);
    for (int i = 0; i < rank; i++)
        strides[i] = i < shift || t->dims[i - shift] == 1 ? 0 : own[i - shift];
}

/* Walks over all elements of a shape, and along with it over operands that are broadcast to it. */
struct walk {
    int rank, operands;
    const int64_t *dims;
    int64_t index[MAX_RANK], at[3], strides[3][MAX_RANK];
};

static void walk_add(struct walk *w, const struct tensor *t)
{
    broadcast_strides(t, w->rank, w->strides[w->operands++]);
}

static void walk_next(struct walk *w)
{
    for (int axis = w->rank - 1; axis >= 0; axis--) {
        bool carry = ++w->index[axis] == w->dims[axis];
        for (int i = 0; i < w->operands; i++)
            w->at[i] += carry ? -(w->dims[axis] - 1) * w->strides[i][axis] : w->strides[i][axis];
        if (!carry)
            return;
        w->index[axis] = 0;
    }
}

/* One element of the result, from element i of a and j of b. */
static bool binary_element(enum binary code, enum dtype type, const struct tensor *a, int64_t i,
                           const struct tensor *b, int64_t j, double alpha, uint8_t *data, enum dtype out,
                           int64_t at)
{
    if (dtype_is_float(type)) {
        double x = compute_real(type, element_real(a->dtype, a->data, (size_t)i));
        double y = compute_real(type, element_real(b->dtype, b->data, (size_t)j));
        if (alpha != 1)
            y = compute_real(type, y * compute_real(type, alpha));
        if (!binary_real(code, x, y, &x))
            return false;
        element_set_real(out, data, (size_t)at, x);
        return true;
    }
    int64_t x = element_int(a->dtype, a->data, (size_t)i), y = element_int(b->dtype, b->data, (size_t)j);
    if (alpha != 1)
        y = (int64_t)((uint64_t)y * (uint64_t)(int64_t)alpha);
    if (!binary_int(code, x, y, &x))
        return false;
    store_int(data, out, at, x);
    return true;
}

static bool evaluate_pair(struct call *c, enum binary code, enum dtype type, const struct tensor *a,
                          const struct tensor *b, double alpha)
{
    const struct fact *f = &c->results[0];
    struct walk walk = { .rank = f->rank, .dims = f->dims };
    uint8_t *data;
    struct tensor *out = tensor_new(c, f->dtype, f->rank, f->dims, a->weight || b->weight, &data);
    if (!out || !dtype_evaluable(a->dtype) || !dtype_evaluable(b->dtype) || type == DTYPE_NULL)
        return false;
    walk_add(&walk, a);
    walk_add(&walk, b);
    for (int64_t i = 0; i < out->count; i++, walk_next(&walk))
        if (!binary_element(code, type, a, walk.at[0], b, walk.at[1], alpha, data, out->dtype, i))
            return false;
    result_constant(c, 0, out);
    return true;
}

/* Arithmetic on sizes that are not all known. */
static bool evaluate_symbolic(struct call *c, enum binary code)
{
    struct graph *g = c->graph;
    struct fact *f = &c->results[0];
    int64_t a = arg_size(c, "input", 0), b = dim_mul(g, arg_size(c, "other", 0), arg_size(c, "alpha", 1));
    if (f->rank != 0 || !f->number || a == DIM_UNKNOWN || b == DIM_UNKNOWN)
        return false;
    switch (code) {
    case BINARY_ADD: result_size(c, 0, dim_add(g, a, b)); break;
    case BINARY_SUB: result_size(c, 0, dim_sub(g, a, b)); break;
    case BINARY_MUL: result_size(c, 0, dim_mul(g, a, b)); break;
    case BINARY_TRUNC_DIVIDE:
    case BINARY_FLOOR_DIVIDE: result_size(c, 0, dim_div_floor(g, a, b)); break;
    case BINARY_REMAINDER: result_size(c, 0, dim_sub(g, a, dim_mul(g, b, dim_div_floor(g, a, b)))); break;
    case BINARY_DIV:
        if (dim_div_exact(g, a, b) == DIM_UNKNOWN)
            return false;
        f->sizes = arena_copy(&c->run->arena, &(int64_t){ dim_div_exact(g, a, b) }, sizeof(int64_t));
        break;
    default: return false;
    }
    return true;
}

static bool evaluate_binary(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "other") };
    const struct tensor *a = arg_constant(c, "input"), *b = arg_constant(c, "other");
    enum dtype type = binary_type(facts);
    enum binary code = binary_code(c);
    double alpha;
    if (c->results[0].rank == RANK_UNKNOWN || !arg_real(c, "alpha", 1, &alpha))
        return false;
    if (!a || !b)
        return evaluate_symbolic(c, code);
    if (binary_is_float(code))
        type = dtype_to_float(type);
    if (code == BINARY_RSUB)
        return evaluate_pair(c, BINARY_SUB, type, b, a, alpha);
    return evaluate_pair(c, code, type, a, b, alpha);
}

/* torch.max and torch.min of two tensors, for reduce.c. */
bool evaluate_extreme(struct call *c, bool maximum)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "other") };
    const struct tensor *a = arg_constant(c, "input"), *b = arg_constant(c, "other");
    if (!a || !b || c->results[0].rank == RANK_UNKNOWN)
        return false;
    return evaluate_pair(c, maximum ? BINARY_MAXIMUM : BINARY_MINIMUM, binary_type(facts), a, b, 1);
}

/* The product of two constants that are broadcast to the result, for matmul.c. */
bool evaluate_product(struct call *c, const struct tensor *a, const struct tensor *b)
{
    return a && b && c->results[0].rank != RANK_UNKNOWN &&
           evaluate_pair(c, BINARY_MUL, c->results[0].dtype, a, b, 1);
}

/* ---- three operands ---- */

static void result_broadcast(struct call *c, enum dtype dtype, const struct fact *facts, int count)
{
    int64_t dims[MAX_RANK];
    int rank;
    if (broadcast_facts(c, facts, count, &rank, dims))
        result(c, 0, dtype, rank, dims);
}

static void shape_where(struct call *c)
{
    struct fact facts[3] = { arg_fact(c, "condition"), arg_fact(c, "input"), arg_fact(c, "other") };
    /* where(condition) is nonzero(as_tuple=True); aten::where and Tensor.where have other places for the same. */
    int64_t unknown = DIM_UNKNOWN;
    if (!arg_present(c, "condition") || !arg_present(c, "other")) {
        for (size_t i = 0; i < c->result_count && (int)c->result_count == facts[0].rank; i++)
            result(c, i, DTYPE_I64, 1, &unknown);
        return;
    }
    result_broadcast(c, promote_facts(facts + 1, 2), facts, 3);
}

static bool evaluate_where(struct call *c)
{
    const struct tensor *condition = arg_constant(c, "condition"), *a = arg_constant(c, "input"),
                        *b = arg_constant(c, "other");
    const struct fact *f = &c->results[0];
    struct walk walk = { .rank = f->rank, .dims = f->dims };
    struct tensor *out;
    uint8_t *data;
    if (!condition || !a || !b || f->rank == RANK_UNKNOWN)
        return false;
    out = tensor_new(c, f->dtype, f->rank, f->dims, a->weight || b->weight, &data);
    if (!out || !dtype_evaluable(a->dtype) || !dtype_evaluable(b->dtype) ||
        !dtype_evaluable(condition->dtype))
        return false;
    walk_add(&walk, condition);
    walk_add(&walk, a);
    walk_add(&walk, b);
    for (int64_t i = 0; i < out->count; i++, walk_next(&walk)) {
        bool first = element_real(condition->dtype, condition->data, (size_t)walk.at[0]) != 0;
        const struct tensor *from = first ? a : b;
        size_t at = (size_t)walk.at[first ? 1 : 2];
        store_element(data, out->dtype, i, from, at);
    }
    result_constant(c, 0, out);
    return true;
}

static void shape_masked_fill(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "mask") };
    result_broadcast(c, facts[0].dtype, facts, 2);
}

static bool evaluate_masked_fill(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input"), *mask = arg_constant(c, "mask"),
                        *value = arg_constant(c, "value");
    const struct fact *f = &c->results[0];
    struct walk walk = { .rank = f->rank, .dims = f->dims };
    struct tensor *out;
    uint8_t *data;
    if (!x || !mask || !value || value->count != 1 || f->rank == RANK_UNKNOWN || !dtype_evaluable(x->dtype))
        return false;
    out = tensor_new(c, f->dtype, f->rank, f->dims, x->weight, &data);
    if (!out)
        return false;
    walk_add(&walk, x);
    walk_add(&walk, mask);
    for (int64_t i = 0; i < out->count; i++, walk_next(&walk)) {
        bool fill = element_int(mask->dtype, mask->data, (size_t)walk.at[1]) != 0;
        const struct tensor *from = fill ? value : x;
        size_t at = fill ? 0 : (size_t)walk.at[0];
        store_element(data, out->dtype, i, from, at);
    }
    result_constant(c, 0, out);
    return true;
}

static void shape_clamp(struct call *c)
{
    struct fact facts[3] = { arg_fact(c, "input"), arg_fact(c, "min"), arg_fact(c, "max") };
    if (facts[0].number)
        result_number(c, 0, facts[0].dtype);
    else
        result_broadcast(c, promote_facts(facts, 3), facts, 3);
}

static bool evaluate_clamp(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    double low, high;
    const struct fact *f = &c->results[0];
    struct tensor *out;
    uint8_t *data;
    if (!x || !dtype_evaluable(x->dtype) || !arg_real(c, "min", -INFINITY, &low) ||
        !arg_real(c, "max", INFINITY, &high) || f->rank != x->rank)
        return false;
    out = tensor_new(c, f->dtype, x->rank, x->dims, x->weight, &data);
    for (int64_t i = 0; out && i < out->count; i++) {
        double v = element_real(x->dtype, x->data, (size_t)i);
        if (v >= low && v <= high && !dtype_is_float(out->dtype))
            store_int(data, out->dtype, i, element_int(x->dtype, x->data, (size_t)i));
        else
            element_set_real(out->dtype, data, (size_t)i, v < low ? low : v > high ? high : v);
    }
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* All of three tensors, broadcast and promoted, with no value computed. */
static void shape_ternary(struct call *c)
{
    static const char *const keys[] = { "input", "tensor1", "tensor2", "end", "weight", "other", "value" };
    struct fact facts[LENGTH(keys)];
    for (size_t i = 0; i < LENGTH(keys); i++) {
        facts[i] = arg_fact(c, keys[i]);
        if (facts[i].number)
            facts[i].present = false; /* a factor of the operation, which must fit its type */
    }
    result_broadcast(c, promote_facts(facts, (int)LENGTH(keys)), facts, (int)LENGTH(keys));
}

static void shape_complex(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "real"), arg_fact(c, "imag") };
    if (!facts[0].present) {
        facts[0] = arg_fact(c, "abs");
        facts[1] = arg_fact(c, "angle");
    }
    result_broadcast(c, dtype_to_complex(facts[0].dtype), facts, 2);
}

/* ---- types ---- */

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
    return evaluate_cast(c);
}

/* Softmax and its kin: as the input, of another type when asked. */
static void shape_softmax(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int axis;
    if (x.rank != RANK_UNKNOWN && arg_present(c, "dim"))
        arg_axis(c, "dim", x.rank, 0, &axis);
    result(c, 0, arg_dtype(c, "dtype", x.dtype), x.rank, x.dims);
}

static void shape_glu(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int axis;
    if (x.rank == RANK_UNKNOWN || !arg_axis(c, "dim", x.rank, -1, &axis) || x.rank == 0)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    if (dim_known(dims[axis]) && dims[axis] % 2) {
        wrong(c, "the size of axis %d must be even", axis);
        return;
    }
    dims[axis] = dim_div_exact(c->graph, dims[axis], 2);
    result(c, 0, x.dtype, x.rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "clone contiguous detach positive alias lift lift_fresh lift_fresh_copy detach_copy resolve_conj "
      "resolve_neg requires_grad requires_grad_ data cpu cuda identity nn.Identity Tensor.clone dropout "
      "dropout1d dropout2d dropout3d alpha_dropout feature_dropout feature_alpha_dropout nn.Dropout "
      "nn.Dropout1d nn.Dropout2d nn.Dropout3d nn.AlphaDropout nn.FeatureAlphaDropout pnnx.Identity",
      shape_unary, evaluate_unary, UNARY_COPY },
    { "neg negative __neg__", shape_unary, evaluate_unary, UNARY_NEG },
    { "abs absolute", shape_unary, evaluate_unary, UNARY_ABS },
    { "sign sgn", shape_unary, evaluate_unary, UNARY_SIGN },
    { "square", shape_unary, evaluate_unary, UNARY_SQUARE },
    { "relu nn.ReLU", shape_unary, evaluate_unary, UNARY_RELU },
    { "relu6 nn.ReLU6", shape_unary, evaluate_unary, UNARY_RELU6 },
    { "ceil", shape_unary, evaluate_unary, UNARY_CEIL },
    { "floor", shape_unary, evaluate_unary, UNARY_FLOOR },
    { "round", shape_unary, evaluate_unary, UNARY_ROUND },
    { "trunc fix", shape_unary, evaluate_unary, UNARY_TRUNC },
    { "bitwise_not __invert__", shape_unary, evaluate_unary, UNARY_NOT },
    { "silu nn.SiLU", shape_unary, evaluate_unary, UNARY_SILU },
    { "hardswish hardsigmoid hardtanh leaky_relu elu selu celu gelu mish softplus softshrink hardshrink "
      "tanhshrink softsign threshold rrelu logsigmoid log_sigmoid prelu nn.Hardswish nn.Hardsigmoid "
      "nn.Hardtanh nn.LeakyReLU nn.ELU nn.SELU nn.CELU nn.GELU nn.Mish nn.Softplus nn.Softshrink "
      "nn.Hardshrink nn.Tanhshrink nn.Softsign nn.Threshold nn.RReLU nn.LogSigmoid nn.PReLU frac nan_to_num "
      "conj_physical conj _conj exponential bernoulli erfinv_ renorm fake_quantize_per_tensor_affine "
      "normal_ uniform_ random_ exponential_ clip_grad", shape_unary, NULL, 0 },
    { "sqrt", shape_unary_float, evaluate_unary, UNARY_SQRT },
    { "rsqrt", shape_unary_float, evaluate_unary, UNARY_RSQRT },
    { "reciprocal", shape_unary_float, evaluate_unary, UNARY_RECIPROCAL },
    { "exp", shape_unary_float, evaluate_unary, UNARY_EXP },
    { "expm1", shape_unary_float, evaluate_unary, UNARY_EXPM1 },
    { "log", shape_unary_float, evaluate_unary, UNARY_LOG },
    { "log2", shape_unary_float, evaluate_unary, UNARY_LOG2 },
    { "log10", shape_unary_float, evaluate_unary, UNARY_LOG10 },
    { "log1p", shape_unary_float, evaluate_unary, UNARY_LOG1P },
    { "sin", shape_unary_float, evaluate_unary, UNARY_SIN },
    { "cos", shape_unary_float, evaluate_unary, UNARY_COS },
    { "tan", shape_unary_float, evaluate_unary, UNARY_TAN },
    { "asin arcsin", shape_unary_float, evaluate_unary, UNARY_ASIN },
    { "acos arccos", shape_unary_float, evaluate_unary, UNARY_ACOS },
    { "atan arctan", shape_unary_float, evaluate_unary, UNARY_ATAN },
    { "sinh", shape_unary_float, evaluate_unary, UNARY_SINH },
    { "cosh", shape_unary_float, evaluate_unary, UNARY_COSH },
    { "tanh nn.Tanh", shape_unary_float, evaluate_unary, UNARY_TANH },
    { "asinh arcsinh", shape_unary_float, evaluate_unary, UNARY_ASINH },
    { "acosh arccosh", shape_unary_float, evaluate_unary, UNARY_ACOSH },
    { "atanh arctanh", shape_unary_float, evaluate_unary, UNARY_ATANH },
    { "erf", shape_unary_float, evaluate_unary, UNARY_ERF },
    { "sigmoid expit nn.Sigmoid", shape_unary_float, evaluate_unary, UNARY_SIGMOID },
    { "erfc erfinv exp2 lgamma gammaln digamma polygamma logit sinc i0 i0e i1 i1e ndtri ndtr entr deg2rad rad2deg",
      shape_unary_float, NULL, 0 },
    { "logical_not __not__", shape_unary_bool, evaluate_unary, UNARY_LOGICAL_NOT },
    { "isnan", shape_unary_bool, evaluate_unary, UNARY_ISNAN },
    { "isinf", shape_unary_bool, evaluate_unary, UNARY_ISINF },
    { "isfinite isposinf isneginf isreal signbit", shape_unary_bool, NULL, 0 },
    { "real imag angle", shape_real, NULL, 0 },
    { "softmax log_softmax softmin nn.Softmax nn.LogSoftmax nn.Softmin nn.Softmax2d gumbel_softmax _softmax "
      "_log_softmax", shape_softmax, NULL, 0 },
    { "glu nn.GLU", shape_glu, NULL, 0 },

    { "add __add__ __radd__ __iadd__", shape_binary, evaluate_binary, BINARY_ADD },
    { "sub subtract __sub__ __isub__", shape_binary, evaluate_binary, BINARY_SUB },
    { "rsub __rsub__", shape_binary, evaluate_binary, BINARY_RSUB },
    { "mul multiply __mul__ __rmul__ __imul__", shape_binary, evaluate_binary, BINARY_MUL },
    { "div divide true_divide __truediv__ __idiv__", shape_binary, evaluate_binary, BINARY_DIV },
    { "floor_divide floordiv __floordiv__", shape_binary, evaluate_binary, BINARY_FLOOR_DIVIDE },
    { "remainder __mod__ __remainder__", shape_binary, evaluate_binary, BINARY_REMAINDER },
    { "fmod", shape_binary, evaluate_binary, BINARY_FMOD },
    { "pow __pow__", shape_binary, evaluate_binary, BINARY_POW },
    { "maximum", shape_binary, evaluate_binary, BINARY_MAXIMUM },
    { "minimum", shape_binary, evaluate_binary, BINARY_MINIMUM },
    { "fmax fmin copysign nextafter gcd lcm heaviside ldexp", shape_binary, NULL, BINARY_NONE },
    { "bitwise_and __and__ __iand__", shape_binary, evaluate_binary, BINARY_AND },
    { "bitwise_or __or__ __ior__", shape_binary, evaluate_binary, BINARY_OR },
    { "bitwise_xor __xor__ __ixor__", shape_binary, evaluate_binary, BINARY_XOR },
    { "bitwise_left_shift __lshift__", shape_binary, evaluate_binary, BINARY_LSHIFT },
    { "bitwise_right_shift __rshift__", shape_binary, evaluate_binary, BINARY_RSHIFT },
    { "eq __eq__", shape_binary, evaluate_binary, BINARY_EQ },
    { "ne not_equal __ne__", shape_binary, evaluate_binary, BINARY_NE },
    { "lt less __lt__", shape_binary, evaluate_binary, BINARY_LT },
    { "le less_equal __le__", shape_binary, evaluate_binary, BINARY_LE },
    { "gt greater __gt__", shape_binary, evaluate_binary, BINARY_GT },
    { "ge greater_equal __ge__", shape_binary, evaluate_binary, BINARY_GE },
    { "isclose", shape_binary, NULL, BINARY_EQ },
    { "logical_and", shape_binary, evaluate_binary, BINARY_LOGICAL_AND },
    { "logical_or", shape_binary, evaluate_binary, BINARY_LOGICAL_OR },
    { "logical_xor", shape_binary, evaluate_binary, BINARY_LOGICAL_XOR },
    { "atan2 arctan2", shape_binary, evaluate_binary, BINARY_ATAN2 },
    { "hypot", shape_binary, evaluate_binary, BINARY_HYPOT },
    { "logaddexp logaddexp2 igamma igammac xlogy xlog1py zeta", shape_binary, NULL, BINARY_LOGADDEXP },

    { "where", shape_where, evaluate_where, 0 },
    { "masked_fill", shape_masked_fill, evaluate_masked_fill, 0 },
    { "clamp clip clamp_min clamp_max", shape_clamp, evaluate_clamp, 0 },
    { "addcmul addcdiv lerp", shape_ternary, NULL, 0 },
    { "complex polar", shape_complex, NULL, 0 },

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

const struct family family_elementwise = { rows, LENGTH(rows) };
