/* compute.c - sizes of what computes elements, one by one, in rows, or all of them. */
#include "common/layers/sizes/sizes.h"

struct blob size_given(const struct operator *op, size_t i)
{
    static const char *const names[] = { "c", "d", "h", "w" };
    struct blob x = blob_of_rank(0);
    (void)i;
    for (int k = 0; k < BLOB_RANK; k++) {
        int64_t size = layer_int(op, names[k], 0);
        if (size > 0)
            x.size[x.rank++] = size;
    }
    return x.rank ? x : blob_of_rank(RANK_UNKNOWN);
}

struct blob size_same(const struct operator *op, size_t i)
{
    return blob_input(op, i < blob_inputs(op) ? i : 0);
}

static int64_t broadcast_size(int64_t a, int64_t b)
{
    if (a == 1 || b == 1)
        return a == 1 ? b : a;
    return a == b ? a : DIM_UNKNOWN;
}

/* A blob of fewer dimensions has its own first; a vector that does not fit there lies along w. */
struct blob size_broadcast(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_input(op, 1);
    if (blob_inputs(op) < 2)
        return x;
    if (x.rank == RANK_UNKNOWN || y.rank == RANK_UNKNOWN)
        return blob_of_rank(RANK_UNKNOWN);
    struct blob more = x.rank >= y.rank ? x : y, less = x.rank >= y.rank ? y : x,
                fitted = blob_of_rank(more.rank);
    bool last = less.rank == 1 && more.rank > 1 && less.size[0] != more.size[0];
    if (last && (less.size[0] == DIM_UNKNOWN || more.size[0] == DIM_UNKNOWN))
        return fitted;
    for (int k = 0; k < more.rank; k++)
        fitted.size[k] = k < less.rank && !last ? less.size[k] : 1;
    if (last)
        fitted.size[more.rank - 1] = less.size[0];
    for (int k = 0; k < more.rank; k++)
        fitted.size[k] = broadcast_size(more.size[k], fitted.size[k]);
    return fitted;
}

/* Rows of as many elements as a row of the weights has, or all elements as one. */
struct blob size_product(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int64_t outputs = layer_int(op, "num_output", 0), weights = layer_int(op, "weight_data_size", 0);
    if (outputs < 1 || x.rank == RANK_UNKNOWN || (x.rank == 2 && x.size[1] == DIM_UNKNOWN))
        return blob_of_rank(RANK_UNKNOWN);
    struct blob y = blob_of_rank(x.rank == 2 && x.size[1] == weights / outputs ? 2 : 1);
    y.size[y.rank - 1] = outputs;
    if (y.rank == 2)
        y.size[0] = x.size[0];
    return y;
}

struct blob size_reduction(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_of_rank(RANK_UNKNOWN);
    int64_t axes[BLOB_RANK], keep = layer_int(op, "keepdims", 0);
    int count = layer_ints(op, "axes", axes, BLOB_RANK);
    bool reduced[BLOB_RANK] = { false };
    if (x.rank < 1 || layer_int(op, "reduce_all", 1) || count < 1 || !layer_int(op, "fixbug0", 0))
        return y;
    for (int k = 0; k < count; k++) {
        int axis = blob_axis(&x, axes[k]);
        if (axis < 0)
            return y;
        reduced[axis] = true;
    }
    y.rank = 0;
    for (int k = 0; k < x.rank; k++)
        if (keep || !reduced[k])
            y.size[y.rank++] = reduced[k] ? 1 : x.size[k];
    return y.rank ? y : blob_of_rank(RANK_UNKNOWN);
}

struct blob size_embed(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_of_rank(2);
    y.size[0] = x.rank == 1 ? x.size[0] : DIM_UNKNOWN;
    y.size[1] = layer_int(op, "num_output", DIM_UNKNOWN);
    return y;
}

/* The sequence; states are another matter. */
struct blob size_recurrent(const struct operator *op, size_t i)
{
    struct blob x = blob_input(op, 0), y = blob_of_rank(i == 0 ? 2 : RANK_UNKNOWN);
    int64_t outputs = layer_int(op, "num_output", DIM_UNKNOWN);
    y.size[0] = x.rank == 2 ? x.size[0] : DIM_UNKNOWN;
    y.size[1] = outputs == DIM_UNKNOWN ? DIM_UNKNOWN : outputs * (layer_int(op, "direction", 0) == 2 ? 2 : 1);
    return y;
}

/* Rows as the query has them, and as wide as it is. */
struct blob size_attention(const struct operator *op, size_t i)
{
    struct blob q = blob_input(op, 0);
    int64_t width = layer_int(op, "embed_dim", 0), weights = layer_int(op, "weight_data_size", 0);
    if (i > 0 || q.rank != 2 || width < 1)
        return blob_of_rank(RANK_UNKNOWN);
    q.size[1] = weights / width;
    return q;
}

/* The same, as wide as the values. */
struct blob size_scores(const struct operator *op, size_t i)
{
    struct blob q = blob_input(op, 0), v = blob_input(op, 2);
    if (i > 0 || q.rank < 1)
        return blob_of_rank(RANK_UNKNOWN);
    q.size[q.rank - 1] = v.rank == q.rank ? v.size[v.rank - 1] : DIM_UNKNOWN;
    return q;
}

struct blob size_matmul(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_input(op, 1);
    if (x.rank < 2 || x.rank != y.rank)
        return blob_of_rank(RANK_UNKNOWN);
    for (int k = 0; k < x.rank - 2; k++)
        x.size[k] = broadcast_size(x.size[k], y.size[k]);
    x.size[x.rank - 1] = y.size[layer_int(op, "transB", 0) ? y.rank - 2 : y.rank - 1];
    return x;
}

/* The size that a factor brings, which is a constant, or the next of the inputs. */
static int64_t factor_size(const struct operator *op, const char *constant, const char *size,
                           const char *turned, int axis, size_t *next)
{
    if (layer_int(op, constant, 0))
        return layer_int(op, size, DIM_UNKNOWN);
    struct blob x = blob_input(op, (*next)++);
    return x.rank == 2 ? x.size[layer_int(op, turned, 0) ? 1 - axis : axis] : DIM_UNKNOWN;
}

struct blob size_gemm(const struct operator *op, size_t i)
{
    (void)i;
    struct blob y = blob_of_rank(2);
    size_t next = 0;
    if (layer_int(op, "output_N1M", 0) || layer_int(op, "output_transpose", 0))
        return blob_of_rank(RANK_UNKNOWN);
    y.size[0] = factor_size(op, "constantA", "constantM", "transA", 0, &next);
    y.size[1] = factor_size(op, "constantB", "constantN", "transB", 1, &next);
    return y;
}
