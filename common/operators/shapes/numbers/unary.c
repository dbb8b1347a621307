/* unary.c - operators that work on one element at a time. */
#include <math.h>
#include <string.h>

#include "common/operators/shapes/numbers/elementwise.h"

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
void unary_result(struct call *c, const struct fact *x, enum dtype dtype)
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
double compute_real(enum dtype type, double x)
{
    return type == DTYPE_F64 ? x : (double)(float)x;
}

static bool evaluate_symbolic_unary(struct call *c)
{
    switch (c->row->code) {
    case UNARY_FLOOR: return round_quotient(c, ROUND_DOWN);
    case UNARY_CEIL: return round_quotient(c, ROUND_UP);
    case UNARY_TRUNC: return round_quotient(c, ROUND_TO_ZERO);
    default: break;
    }
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
    { "erfc erfinv exp2 lgamma gammaln digamma polygamma logit sinc i0 i0e i1 i1e ndtri ndtr log_ndtr erfcx "
      "entr deg2rad rad2deg",
      shape_unary_float, NULL, 0 },
    { "logical_not __not__", shape_unary_bool, evaluate_unary, UNARY_LOGICAL_NOT },
    { "isnan", shape_unary_bool, evaluate_unary, UNARY_ISNAN },
    { "isinf", shape_unary_bool, evaluate_unary, UNARY_ISINF },
    { "isfinite isposinf isneginf isreal signbit", shape_unary_bool, NULL, 0 },
    { "real imag angle", shape_real, NULL, 0 },
    { "softmax log_softmax softmin nn.Softmax nn.LogSoftmax nn.Softmin nn.Softmax2d gumbel_softmax _softmax "
      "_log_softmax", shape_softmax, NULL, 0 },
    { "glu nn.GLU", shape_glu, NULL, 0 },
};
/* clang-format on */

const struct family family_unary = { rows, LENGTH(rows) };
