/* reduce.c - sums, extremes and statistics over axes; running sums; sorting. */
#include <math.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

enum reduction {
    REDUCE_NONE, /* not evaluated */
    REDUCE_SUM,
    REDUCE_PROD,
    REDUCE_MEAN,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_ANY,
    REDUCE_ALL,
    REDUCE_INDEX, /* argmax, argmin */
    REDUCE_FLOAT, /* norms, logsumexp: integers become floats */
    REDUCE_COUNT,
};

static enum dtype reduced_type(const struct call *c, enum dtype t)
{
    switch ((enum reduction)c->row->code) {
    case REDUCE_SUM:
    case REDUCE_PROD: return dtype_is_integer(t) || t == DTYPE_BOOL ? DTYPE_I64 : t;
    case REDUCE_ANY:
    case REDUCE_ALL: return t == DTYPE_U8 ? DTYPE_U8 : DTYPE_BOOL;
    case REDUCE_INDEX:
    case REDUCE_COUNT: return DTYPE_I64;
    case REDUCE_FLOAT: return dtype_to_real(dtype_to_float(t));
    default: return t;
    }
}

/* The shape without the axes, or with 1 in their place. */
static int reduced_dims(const struct fact *x, unsigned axes, bool keep, int64_t *dims)
{
    int rank = 0;
    for (int i = 0; i < x->rank; i++) {
        if (!(axes >> i & 1))
            dims[rank++] = x->dims[i];
        else if (keep)
            dims[rank++] = 1;
    }
    return rank;
}

static void shape_reduce(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    unsigned axes;
    enum dtype dtype = arg_dtype(c, "dtype", reduced_type(c, x.dtype));
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    result(c, 1, dtype, RANK_UNKNOWN, NULL);
    if (x.rank == RANK_UNKNOWN || !arg_axes(c, "dim", x.rank, &axes))
        return;
    int rank = reduced_dims(&x, axes, arg_bool(c, "keepdim", false), dims);
    for (size_t i = 0; i < c->result_count; i++)
        result(c, i, dtype, rank, dims);
}

/* max, min, median: over all, over one axis with indices, or of two tensors. */
static void shape_extreme(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    if (arg_present(c, "other")) {
        shape_pair(c);
        return;
    }
    shape_reduce(c);
    if (c->result_count > 1)
        c->results[1].dtype = DTYPE_I64;
    c->results[0].dtype = x.dtype;
}

/* kthvalue, mode: over the last axis unless told. */
static void shape_axis_extreme(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int axis;
    if (x.rank == RANK_UNKNOWN || !arg_axis(c, "dim", x.rank, -1, &axis))
        return;
    int rank = reduced_dims(&x, 1u << axis, arg_bool(c, "keepdim", false), dims);
    result(c, 0, x.dtype, rank, dims);
    result(c, 1, DTYPE_I64, rank, dims);
}

/* One number more into an accumulator. */
static double accumulate(enum reduction code, double sum, double x)
{
    switch (code) {
    case REDUCE_PROD: return sum * x;
    case REDUCE_MAX: return isnan(sum) || sum > x ? sum : x;
    case REDUCE_MIN: return isnan(sum) || sum < x ? sum : x;
    case REDUCE_ANY: return sum != 0 || x != 0;
    case REDUCE_ALL: return sum != 0 && x != 0;
    default: return sum + x;
    }
}

static int64_t accumulate_int(enum reduction code, int64_t sum, int64_t x)
{
    switch (code) {
    case REDUCE_PROD: return (int64_t)((uint64_t)sum * (uint64_t)x);
    case REDUCE_MAX: return sum > x ? sum : x;
    case REDUCE_MIN: return sum < x ? sum : x;
    case REDUCE_ANY: return sum || x;
    case REDUCE_ALL: return sum && x;
    default: return (int64_t)((uint64_t)sum + (uint64_t)x);
    }
}

/* Reduces the last axes, `inner` elements at a time. */
static const struct tensor *reduce_inner(struct call *c, const struct tensor *x, int64_t inner)
{
    enum reduction code = (enum reduction)c->row->code;
    const struct fact *f = &c->results[0];
    bool reals = dtype_is_float(x->dtype) || dtype_is_float(f->dtype);
    uint8_t *data;
    struct tensor *out = tensor_new(c, f->dtype, f->rank, f->dims, x->weight, &data);
    if (!out || inner < 1)
        return NULL;
    for (int64_t i = 0; i < out->count; i++) {
        size_t at = (size_t)(i * inner);
        double sum = element_real(x->dtype, x->data, at);
        int64_t isum = element_int(x->dtype, x->data, at);
        for (int64_t j = 1; j < inner; j++) {
            if (reals)
                sum = accumulate(code, sum, element_real(x->dtype, x->data, ++at));
            else
                isum = accumulate_int(code, isum, element_int(x->dtype, x->data, ++at));
        }
        if (code == REDUCE_MEAN)
            sum /= (double)inner;
        if (reals)
            element_set_real(out->dtype, data, (size_t)i, sum);
        else
            store_int(data, out->dtype, i, isum);
    }
    return out;
}

static bool evaluate_reduce(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    int64_t dims[MAX_RANK], strides[MAX_RANK], own[MAX_RANK], inner = 1;
    unsigned axes;
    int rank = 0;
    if (c->row->code == REDUCE_NONE || !x || c->result_count != 1 || c->results[0].rank == RANK_UNKNOWN ||
        x->rank > MAX_RANK || !dtype_evaluable(x->dtype) || !arg_axes(c, "dim", x->rank, &axes))
        return false;
    row_major(x->rank, x->dims, own);
    for (int last = 0; last < 2; last++)
        for (int i = 0; i < x->rank; i++)
            if ((axes >> i & 1) == (unsigned)last) {
                strides[rank] = own[i];
                dims[rank++] = x->dims[i];
                inner *= last ? x->dims[i] : 1;
            }
    x = tensor_strided(c, x, rank, dims, 0, strides);
    if (x)
        x = reduce_inner(c, x, inner);
    if (x)
        result_constant(c, 0, x);
    return x;
}

static bool evaluate_max(struct call *c)
{
    if (arg_present(c, "other"))
        return evaluate_extreme(c, c->row->code == REDUCE_MAX);
    return evaluate_reduce(c);
}

static bool reduction_none(const struct call *c)
{
    const struct value *v = arg_value(c, "reduction");
    return v && ((v->kind == VALUE_INT && v->integer == 0) ||
                 (v->kind == VALUE_STRING && strcmp(v->string, "none") == 0));
}

/* Losses: one number, or with reduction='none' (0 in aten) the operands' shape. */
static void shape_loss(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "target") };
    int64_t dims[MAX_RANK];
    int rank;
    if (!reduction_none(c))
        result(c, 0, promote_facts(facts, 2), 0, NULL);
    else if (broadcast_facts(c, facts, 2, &rank, dims))
        result(c, 0, promote_facts(facts, 2), rank, dims);
}

/* One number for each row, or a row of places: (n, c, ...) gives (n, ...), (c) gives (). */
static void shape_class_loss(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int rank = 0;
    if (x.rank == RANK_UNKNOWN)
        return;
    for (int i = 0; i < x.rank && reduction_none(c); i++)
        if (i != 1 && x.rank > 1)
            dims[rank++] = x.dims[i];
    result(c, 0, x.dtype, rank, dims);
}

/* Two or three tensors of the same rows; the code: how many axes a row has at the end. */
static void shape_rows_loss(struct call *c)
{
    static const char *const keys[] = { "input1", "input2", "anchor", "positive", "negative" };
    struct fact facts[4];
    int64_t dims[MAX_RANK];
    int count = 0, rank;
    for (size_t i = 0; i < LENGTH(keys); i++)
        if (arg_present(c, keys[i]))
            facts[count++] = arg_fact(c, keys[i]);
    if (count == 0)
        return;
    enum dtype dtype = promote_facts(facts, count);
    if (!reduction_none(c))
        result(c, 0, dtype, 0, NULL);
    else if (broadcast_facts(c, facts, count, &rank, dims) && rank >= c->row->code)
        result(c, 0, dtype, rank - c->row->code, dims);
}

/* One number for each sequence of the batch. */
static void shape_ctc_loss(struct call *c)
{
    struct fact x = arg_fact(c, "log_probs");
    if (!reduction_none(c))
        result(c, 0, x.dtype, 0, NULL);
    else if (x.rank == 3)
        result(c, 0, x.dtype, 1, x.dims + 1);
    else if (x.rank == 2)
        result(c, 0, x.dtype, 0, NULL);
}

/* Reduced along `dim`; several places of the order are an axis in front. */
static void shape_quantile(struct call *c)
{
    struct fact x = arg_fact(c, "input"), q = arg_fact(c, "q");
    int64_t dims[MAX_RANK + 1];
    unsigned axes;
    if (x.rank == RANK_UNKNOWN || q.rank == RANK_UNKNOWN || q.rank > 1 || !arg_axes(c, "dim", x.rank, &axes))
        return;
    int rank = reduced_dims(&x, axes, arg_bool(c, "keepdim", false), dims + q.rank);
    if (q.rank == 1)
        dims[0] = q.dims[0];
    if (rank + q.rank <= MAX_RANK)
        result(c, 0, x.dtype, rank + q.rank, dims);
}

static void shape_histc(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t bins = arg_size(c, "bins", 100), edges = dim_add(c->graph, bins, 1);
    result(c, 0, x.dtype, 1, &bins);
    result(c, 1, x.dtype, 1, &edges);
}

/* As many as the largest number wants. */
static void shape_bincount(struct call *c)
{
    struct fact weights = arg_fact(c, "weights");
    int64_t unknown = DIM_UNKNOWN;
    enum dtype wide = weights.dtype == DTYPE_F32 ? DTYPE_F32 : DTYPE_F64;
    result(c, 0, weights.present ? wide : DTYPE_I64, 1, &unknown);
}

/* The area under points: the code is 1 where each step has its own. */
static void shape_trapezoid(struct call *c)
{
    struct fact y = arg_fact(c, "y");
    int64_t dims[MAX_RANK];
    int axis;
    if (y.rank < 1 || !arg_axis(c, "dim", y.rank, -1, &axis))
        return;
    int rank = reduced_dims(&y, 1u << axis, c->row->code, dims);
    if (c->row->code)
        dims[axis] = dim_sub(c->graph, y.dims[axis], 1);
    result(c, 0, dtype_to_float(y.dtype), rank, dims);
}

/* One derivative for each axis. */
static void shape_gradient(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    for (size_t i = 0; i < c->result_count; i++)
        result(c, i, dtype_to_float(x.dtype), x.rank, x.dims);
}

/* The values, where each element is among them, and how often each occurs: the last two where they are asked for. */
static void shape_unique(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t unknown = DIM_UNKNOWN, dims[MAX_RANK];
    bool along = arg_present(c, "dim");
    int axis = 0;
    size_t next = 1;
    if (along && (x.rank < 1 || !arg_axis(c, "dim", x.rank, 0, &axis)))
        return;
    if (along)
        memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[axis] = DIM_UNKNOWN;
    result(c, 0, x.dtype, along ? x.rank : 1, dims);
    if (arg_bool(c, "return_inverse", false))
        result(c, next++, DTYPE_I64, along ? 1 : x.rank, along ? x.dims + axis : x.dims);
    if (arg_bool(c, "return_counts", false))
        result(c, next, DTYPE_I64, 1, &unknown);
}

/* Random numbers like a tensor, of a size, or one for each mean and deviation. */
static void shape_normal(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "mean"), arg_fact(c, "std") };
    int64_t dims[MAX_RANK];
    int rank;
    if (arg_present(c, "input")) {
        shape_same(c);
        return;
    }
    if (arg_present(c, "size")) {
        rank = arg_sizes(c, "size", dims, MAX_RANK);
        if (rank >= 0)
            result(c, 0, DTYPE_F32, rank, dims);
        return;
    }
    if (broadcast_facts(c, facts, 2, &rank, dims))
        result(c, 0, promote_facts(facts, 2), rank, dims);
}

/* Indices: so many for each row. */
static void shape_multinomial(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[2];
    if (x.rank != 1 && x.rank != 2)
        return;
    dims[0] = x.dims[0];
    dims[x.rank - 1] = arg_size(c, "num_samples", DIM_UNKNOWN);
    result(c, 0, DTYPE_I64, x.rank, dims);
}

/* ---- running sums ---- */

static void shape_cumulative(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    bool sums = dtype_is_integer(x.dtype) || x.dtype == DTYPE_BOOL;
    result(c, 0, arg_dtype(c, "dtype", sums ? DTYPE_I64 : x.dtype), x.rank, x.dims);
}

static void shape_cummax(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result_like(c, 0, &x);
    result(c, 1, DTYPE_I64, x.rank, x.dims);
}

static bool evaluate_cumulative(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    enum reduction code = (enum reduction)c->row->code;
    int64_t strides[MAX_RANK];
    struct tensor *out;
    uint8_t *data;
    int axis;
    if (!x || !dtype_evaluable(x->dtype) || x->rank > MAX_RANK || x->rank < 1 ||
        !arg_axis(c, "dim", x->rank, 0, &axis))
        return false;
    out = tensor_new(c, c->results[0].dtype, x->rank, x->dims, x->weight, &data);
    if (!out)
        return false;
    row_major(x->rank, x->dims, strides);
    for (int64_t i = 0; i < out->count; i++) {
        bool first = i / strides[axis] % x->dims[axis] == 0;
        size_t at = (size_t)i, before = (size_t)(i - strides[axis]);
        if (dtype_is_float(out->dtype)) {
            double v = element_real(x->dtype, x->data, at);
            element_set_real(out->dtype, data, at,
                             first ? v : accumulate(code, element_real(out->dtype, data, before), v));
        } else {
            int64_t v = element_int(x->dtype, x->data, at);
            store_int(data, out->dtype, i,
                      first ? v : accumulate_int(code, element_int(out->dtype, data, before), v));
        }
    }
    result_constant(c, 0, out);
    return true;
}

/* ---- differences ---- */

/* prepend, input, append: what diff() subtracts in.  Their number. */
static int diff_parts(struct call *c, struct fact parts[3])
{
    static const char *const keys[] = { "prepend", "input", "append" };
    int count = 0;
    for (size_t i = 0; i < LENGTH(keys); i++)
        if (arg_present(c, keys[i]))
            parts[count++] = arg_fact(c, keys[i]);
    return count;
}

static void shape_diff(struct call *c)
{
    struct fact x = arg_fact(c, "input"), parts[3];
    int64_t dims[MAX_RANK], n;
    int count = diff_parts(c, parts), axis;
    enum dtype dtype = promote_facts(parts, count);
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    if (x.rank < 1 || !arg_axis(c, "dim", x.rank, -1, &axis) || !arg_int(c, "n", 1, &n) || n < 0)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[axis] = 0;
    for (int i = 0; i < count; i++)
        dims[axis] =
            dim_add(c->graph, dims[axis], parts[i].rank == x.rank ? parts[i].dims[axis] : DIM_UNKNOWN);
    if (dim_known(dims[axis]))
        dims[axis] = dims[axis] > n ? dims[axis] - n : 0;
    else
        dims[axis] = n == 0 ? dims[axis] : DIM_UNKNOWN;
    result(c, 0, dtype, x.rank, dims);
}

/* The joined parts: a row of `behind` elements for each place on the axis, for each place in front of it. */
struct row_of_parts {
    const struct fact *parts;
    int axis;
    int64_t behind;
};

/* The tensor that has the element, and where in it. */
static const struct tensor *part_with(const struct row_of_parts *r, int64_t outer, int64_t at, int64_t inner,
                                      size_t *place)
{
    const struct fact *f = r->parts;
    while (at >= f->constant->dims[r->axis])
        at -= f++->constant->dims[r->axis];
    *place = (size_t)((outer * f->constant->dims[r->axis] + at) * r->behind + inner);
    return f->constant;
}

static void store_difference(struct tensor *out, uint8_t *data, int64_t i, const struct tensor *x, size_t a,
                             const struct tensor *y, size_t b)
{
    if (dtype_is_float(out->dtype)) {
        element_set_real(out->dtype, data, (size_t)i,
                         element_real(x->dtype, x->data, a) - element_real(y->dtype, y->data, b));
        return;
    }
    uint64_t v = (uint64_t)element_int(x->dtype, x->data, a), w = (uint64_t)element_int(y->dtype, y->data, b);
    store_int(data, out->dtype, i, out->dtype == DTYPE_BOOL ? v != w : (int64_t)(v - w));
}

/* The first difference only. */
static bool evaluate_diff(struct call *c)
{
    const struct fact *f = &c->results[0];
    struct fact parts[3];
    int64_t strides[MAX_RANK], n;
    int count = diff_parts(c, parts), axis;
    struct tensor *out;
    uint8_t *data;
    if (f->rank < 1 || !dtype_evaluable(f->dtype) || !arg_axis(c, "dim", f->rank, -1, &axis) ||
        !arg_int(c, "n", 1, &n) || n != 1)
        return false;
    for (int i = 0; i < count; i++)
        if (!parts[i].constant || parts[i].rank != f->rank)
            return false;
    out = tensor_new(c, f->dtype, f->rank, f->dims, false, &data);
    if (!out)
        return false;
    row_major(f->rank, f->dims, strides);
    const struct row_of_parts r = { parts, axis, strides[axis] };
    for (int64_t i = 0; i < out->count; i++) {
        int64_t at = i / r.behind % f->dims[axis], outer = i / r.behind / f->dims[axis];
        size_t a, b;
        const struct tensor *y = part_with(&r, outer, at, i % r.behind, &b);
        const struct tensor *x = part_with(&r, outer, at + 1, i % r.behind, &a);
        store_difference(out, data, i, x, a, y, b);
    }
    result_constant(c, 0, out);
    return true;
}

/* ---- sorting ---- */

static void shape_topk(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK], k = arg_size(c, "k", DIM_UNKNOWN);
    int axis;
    if (x.rank < 1 || !arg_axis(c, "dim", x.rank, -1, &axis))
        return;
    if (dim_known(k) && dim_known(x.dims[axis]) && k > x.dims[axis]) {
        wrong(c, "k=%lld of %lld", (long long)k, (long long)x.dims[axis]);
        return;
    }
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[axis] = k;
    result(c, 0, x.dtype, x.rank, dims);
    result(c, 1, DTYPE_I64, x.rank, dims);
}

static void shape_argsort(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result(c, 0, DTYPE_I64, x.rank, x.dims);
}

static void shape_bucketize(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result(c, 0, arg_bool(c, "out_int32", false) ? DTYPE_I32 : DTYPE_I64, x.rank, x.dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "sum nansum", shape_reduce, evaluate_reduce, REDUCE_SUM },
    { "trace", shape_reduce, NULL, REDUCE_SUM },
    { "prod", shape_reduce, evaluate_reduce, REDUCE_PROD },
    { "mean", shape_reduce, evaluate_reduce, REDUCE_MEAN },
    { "amax", shape_reduce, evaluate_reduce, REDUCE_MAX },
    { "amin", shape_reduce, evaluate_reduce, REDUCE_MIN },
    { "any", shape_reduce, evaluate_reduce, REDUCE_ANY },
    { "all", shape_reduce, evaluate_reduce, REDUCE_ALL },
    { "argmax argmin", shape_reduce, NULL, REDUCE_INDEX },
    { "count_nonzero", shape_reduce, NULL, REDUCE_COUNT },
    { "nanmean aminmax", shape_reduce, NULL, REDUCE_NONE },
    { "std var std_mean var_mean norm frobenius_norm nuclear_norm logsumexp linalg.norm linalg_norm "
      "linalg.vector_norm linalg_vector_norm vector_norm norm_except_dim", shape_reduce, NULL, REDUCE_FLOAT },
    { "max", shape_extreme, evaluate_max, REDUCE_MAX },
    { "min", shape_extreme, evaluate_max, REDUCE_MIN },
    { "median nanmedian", shape_extreme, NULL, REDUCE_NONE },
    { "kthvalue mode", shape_axis_extreme, NULL, 0 },
    { "l1_loss mse_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits "
      "kl_div soft_margin_loss poisson_nll_loss hinge_embedding_loss", shape_loss, NULL, 0 },
    { "cross_entropy nll_loss multi_margin_loss multilabel_margin_loss", shape_class_loss, NULL, 0 },
    { "margin_ranking_loss", shape_rows_loss, NULL, 0 },
    { "cosine_embedding_loss triplet_margin_loss", shape_rows_loss, NULL, 1 },
    { "ctc_loss", shape_ctc_loss, NULL, 0 },
    { "quantile nanquantile", shape_quantile, NULL, 0 },
    { "histc histogram", shape_histc, NULL, 0 },
    { "bincount", shape_bincount, NULL, 0 },
    { "trapz trapezoid", shape_trapezoid, NULL, 0 },
    { "cumulative_trapezoid", shape_trapezoid, NULL, 1 },
    { "gradient", shape_gradient, NULL, 0 },
    { "torch.unique torch.unique_consecutive", shape_unique, NULL, 0 },
    { "normal", shape_normal, NULL, 0 },
    { "multinomial", shape_multinomial, NULL, 0 },
    { "cumsum", shape_cumulative, evaluate_cumulative, REDUCE_SUM },
    { "cumprod", shape_cumulative, evaluate_cumulative, REDUCE_PROD },
    { "logcumsumexp poisson aten::normal_functional uniform random exponential mvlgamma "
      "aten::fill_diagonal", shape_same, NULL, 0 },
    { "diff", shape_diff, evaluate_diff, 0 },
    { "cummax cummin", shape_cummax, NULL, 0 },
    { "sort msort", shape_cummax, NULL, 0 },
    { "topk", shape_topk, NULL, 0 },
    { "argsort", shape_argsort, NULL, 0 },
    { "bucketize searchsorted", shape_bucketize, NULL, 0 },
};
/* clang-format on */

const struct family family_reduce = { rows, LENGTH(rows) };
