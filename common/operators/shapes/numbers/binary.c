/* binary.c - operators on two operands that are broadcast against each other. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "common/operators/shapes/numbers/elementwise.h"

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

void walk_add(struct walk *w, const struct tensor *t)
{
    assert(w->operands < (int)LENGTH(w->at));
    broadcast_strides(t, w->rank, w->strides[w->operands++]);
}

void walk_next(struct walk *w)
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

static bool evaluate_symbolic_float(struct call *c, enum binary code)
{
    if (arg_size(c, "alpha", 1) != 1)
        return false;
    switch (code) {
    case BINARY_ADD: return evaluate_quotient(c, QUOTIENT_ADD);
    case BINARY_SUB: return evaluate_quotient(c, QUOTIENT_SUB);
    case BINARY_MUL: return evaluate_quotient(c, QUOTIENT_MUL);
    case BINARY_DIV: return evaluate_quotient(c, QUOTIENT_DIV);
    default: return false;
    }
}

/* Arithmetic on sizes that are not all known. */
static bool evaluate_symbolic(struct call *c, enum binary code)
{
    struct graph *g = c->graph;
    struct fact *f = &c->results[0];
    int64_t a = arg_size(c, "input", 0), b = dim_mul(g, arg_size(c, "other", 0), arg_size(c, "alpha", 1));
    if (f->rank == 0 && f->number && f->dtype == DTYPE_F64)
        return evaluate_symbolic_float(c, code);
    if (f->rank != 0 || !f->number || a == DIM_UNKNOWN || b == DIM_UNKNOWN)
        return false;
    switch (code) {
    case BINARY_ADD: result_size(c, 0, dim_add(g, a, b)); break;
    case BINARY_SUB: result_size(c, 0, dim_sub(g, a, b)); break;
    case BINARY_RSUB: result_size(c, 0, arg_size(c, "alpha", 1) == 1 ? dim_sub(g, b, a) : DIM_UNKNOWN); break;
    case BINARY_MUL: result_size(c, 0, dim_mul(g, a, b)); break;
    case BINARY_MAXIMUM: result_size(c, 0, dim_max(g, a, b)); break;
    case BINARY_MINIMUM: result_size(c, 0, dim_min(g, a, b)); break;
    case BINARY_TRUNC_DIVIDE:
    case BINARY_FLOOR_DIVIDE: result_size(c, 0, dim_div_floor(g, a, b)); break;
    case BINARY_REMAINDER: result_size(c, 0, dim_sub(g, a, dim_mul(g, b, dim_div_floor(g, a, b)))); break;
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
    enum binary code = maximum ? BINARY_MAXIMUM : BINARY_MINIMUM;
    if (c->results[0].rank == RANK_UNKNOWN)
        return false;
    return a && b ? evaluate_pair(c, code, binary_type(facts), a, b, 1) : evaluate_symbolic(c, code);
}

/* The product of two constants that are broadcast to the result, for matmul.c. */
bool evaluate_product(struct call *c, const struct tensor *a, const struct tensor *b)
{
    return a && b && c->results[0].rank != RANK_UNKNOWN &&
           evaluate_pair(c, BINARY_MUL, c->results[0].dtype, a, b, 1);
}

/* clang-format off */
static const struct row rows[] = {
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
};
/* clang-format on */

const struct family family_binary = { rows, LENGTH(rows) };
