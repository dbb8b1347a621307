/* attention.c - attention and embeddings. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* (..., length, size) and values of (..., ., size of a value) give (..., length, size of a value). */
static void shape_dot_product(struct call *c)
{
    struct fact q = arg_fact(c, "query"), k = arg_fact(c, "key"), v = arg_fact(c, "value");
    int64_t dims[MAX_RANK];
    result(c, 0, q.dtype, RANK_UNKNOWN, NULL);
    if (q.rank < 2 || k.rank < 2 || v.rank < 2)
        return;
    if (sizes_differ(c, q.dims[q.rank - 1], k.dims[k.rank - 1]) ||
        sizes_differ(c, k.dims[k.rank - 2], v.dims[v.rank - 2])) {
        wrong(c, "query, key and value do not fit");
        return;
    }
    memcpy(dims, q.dims, (size_t)q.rank * sizeof *dims);
    dims[q.rank - 1] = v.dims[v.rank - 1];
    result(c, 0, q.dtype, q.rank, dims);
}

/* (length, batch, size), or batch first, or without batch; and the weights (batch, length, keys). */
static void shape_multihead(struct call *c)
{
    struct fact q = arg_fact(c, "query"), k = arg_present(c, "key") ? arg_fact(c, "key") : q;
    bool first = arg_bool(c, "batch_first", false);
    int64_t embed = arg_size(c, "embed_dim", DIM_UNKNOWN), weights[3];
    if (q.rank != 2 && q.rank != 3)
        return;
    if (sizes_differ(c, q.dims[q.rank - 1], embed)) {
        wrong(c, "expected %s features, not %s", dim_text(c->graph, embed),
              dim_text(c->graph, q.dims[q.rank - 1]));
        return;
    }
    result_like(c, 0, &q);
    if (k.rank != q.rank)
        return;
    /* Without batch the two sizes are lengths; with it, the axes of batch and length depend on `first`. */
    weights[0] = q.rank == 3 ? q.dims[!first] : q.dims[0];
    weights[q.rank - 2] = q.rank == 3 ? q.dims[first] : q.dims[0];
    weights[q.rank - 1] = q.rank == 3 ? k.dims[first] : k.dims[0];
    int more = arg_bool(c, "add_zero_attn", false) +
               (arg_bool(c, "add_bias_kv", false) || operator_attribute(c->op, "bias_k"));
    weights[q.rank - 1] = dim_add(c->graph, weights[q.rank - 1], more);
    result(c, 1, q.dtype, q.rank, weights);
}

static void shape_embedding(struct call *c)
{
    bool aten = operator_get(c->op, "indices") != NULL;
    struct fact x = arg_fact(c, aten ? "indices" : "input"), w = arg_fact(c, "weight");
    int64_t dims[MAX_RANK + 1];
    enum dtype dtype = w.present ? w.dtype : DTYPE_F32;
    const struct attribute *a = operator_attribute(c->op, "weight");
    if (a)
        dtype = a->dtype;
    if (x.rank == RANK_UNKNOWN || x.rank >= MAX_RANK)
        return;
    if (x.rank)
        memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[x.rank] = w.present && w.rank == 2 ? w.dims[1] : arg_size(c, "embedding_dim", DIM_UNKNOWN);
    result(c, 0, dtype, x.rank + 1, dims);
}

/* Bags: rows of the input, or as many as there are offsets. */
static void shape_embedding_bag(struct call *c)
{
    bool aten = operator_get(c->op, "indices") != NULL;
    struct fact x = arg_fact(c, aten ? "indices" : "input"), w = arg_fact(c, "weight"),
                o = arg_fact(c, "offsets");
    int64_t dims[2];
    if ((x.rank != 1 && x.rank != 2) || (x.rank == 1 && o.rank != 1))
        return;
    dims[0] = x.rank == 1 ? o.dims[0] : x.dims[0];
    if (x.rank == 1 && arg_bool(c, "include_last_offset", false))
        dims[0] = dim_sub(c->graph, dims[0], 1);
    dims[1] = w.present && w.rank == 2 ? w.dims[1] : arg_size(c, "embedding_dim", DIM_UNKNOWN);
    result(c, 0, w.present ? w.dtype : DTYPE_F32, 2, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "scaled_dot_product_attention", shape_dot_product, NULL, 0 },
    { "nn.MultiheadAttention", shape_multihead, NULL, 0 },
    { "embedding nn.Embedding", shape_embedding, NULL, 0 },
    { "embedding_bag _embedding_bag nn.EmbeddingBag", shape_embedding_bag, NULL, 0 },
};
/* clang-format on */

const struct family family_attention = { rows, LENGTH(rows) };
