/* norm.c - normalisations: the shape stays, the sizes of the statistics must fit. */
#include "common/operators/shapes/shape.h"

/* Channels are axis 1; `count` is what the operator expects. */
static void check_channels(struct call *c, const struct fact *x, int axis, int64_t count)
{
    if (x->rank > axis && axis >= 0 && sizes_differ(c, x->dims[axis], count))
        wrong(c, "expected %s channels, not %s", dim_text(c->graph, count),
              dim_text(c->graph, x->dims[axis]));
}

static int64_t vector_size(const struct call *c, const char *key)
{
    struct fact f = arg_fact(c, key);
    return f.present && f.rank == 1 ? f.dims[0] : DIM_UNKNOWN;
}

/* The row's code: how many dimensions an input without batch has, which then has its channels first; 0: none. */
static void shape_channel_norm(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int axis = c->row->code && x.rank == c->row->code ? 0 : 1;
    check_channels(c, &x, axis, arg_size(c, "num_features", DIM_UNKNOWN));
    check_channels(c, &x, axis, vector_size(c, "running_mean"));
    check_channels(c, &x, axis, vector_size(c, "weight"));
    result_like(c, 0, &x);
}

static void shape_group_norm(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t groups;
    check_channels(c, &x, 1, arg_size(c, "num_channels", DIM_UNKNOWN));
    check_channels(c, &x, 1, vector_size(c, "weight"));
    if (x.rank > 1 && dim_known(x.dims[1]) && arg_int(c, "num_groups", 1, &groups) && groups > 0 &&
        x.dims[1] % groups)
        wrong(c, "the channels are not divisible into %lld groups", (long long)groups);
    result_like(c, 0, &x);
}

static void shape_layer_norm(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t shape[MAX_RANK];
    int count = arg_sizes(c, "normalized_shape", shape, MAX_RANK);
    for (int i = 0; i < count && x.rank != RANK_UNKNOWN; i++)
        if (count > x.rank || sizes_differ(c, shape[i], x.dims[x.rank - count + i])) {
            wrong(c, "the last dimensions are not %s", sizes_text(c, shape, count));
            break;
        }
    result_like(c, 0, &x);
}

/* aten::native_layer_norm and the like: more results, of which only the first is as the input. */
static void shape_first_same(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result_like(c, 0, &x);
}

/* clang-format off */
static const struct row rows[] = {
    { "batch_norm nn.BatchNorm1d nn.BatchNorm2d nn.BatchNorm3d nn.SyncBatchNorm native_batch_norm "
      "cudnn_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training instance_norm",
      shape_channel_norm, NULL, 0 },
    { "nn.InstanceNorm1d", shape_channel_norm, NULL, 2 },
    { "nn.InstanceNorm2d", shape_channel_norm, NULL, 3 },
    { "nn.InstanceNorm3d", shape_channel_norm, NULL, 4 },
    { "group_norm nn.GroupNorm", shape_group_norm, NULL, 0 },
    { "layer_norm rms_norm nn.LayerNorm nn.RMSNorm", shape_layer_norm, NULL, 0 },
    { "native_layer_norm native_group_norm", shape_first_same, NULL, 0 },
    { "local_response_norm normalize nn.LocalResponseNorm nn.CrossMapLRN2d", shape_same, NULL, 0 },
};
/* clang-format on */

const struct family family_norm = { rows, LENGTH(rows) };
