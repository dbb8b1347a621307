/* pool.c - pooling. */
#include <string.h>

#include "common/operators/shapes/shape.h"

enum { SPATIAL_MAX = 3 };

struct window {
    int64_t kernel, stride, padding, dilation;
};

static int64_t ceil_div(struct graph *g, int64_t a, int64_t b)
{
    return dim_div_floor(g, dim_sub(g, dim_add(g, a, b), 1), b);
}

/* With ceil_mode the last window must begin inside the input or the left padding, else it is dropped. */
static int64_t pool_ceil(struct graph *g, int64_t in, int64_t room, const struct window *w)
{
    int64_t out = dim_add(g, ceil_div(g, room, w->stride), 1);
    int64_t begin = dim_mul(g, dim_sub(g, out, 1), w->stride), limit = dim_add(g, in, w->padding), x, y;
    if (dim_constant(g, begin, &x) && dim_constant(g, limit, &y))
        return x >= y ? dim_sub(g, out, 1) : out;
    /* It begins at most at room + stride - 1, which is inside when padding + stride <= reach. */
    y = dim_add(g, dim_mul(g, w->dilation, dim_sub(g, w->kernel, 1)), 1);
    return dim_not_negative(g, dim_sub(g, y, dim_add(g, w->padding, w->stride))) ? out : DIM_UNKNOWN;
}

static int64_t pool_size(struct call *c, int64_t in, const struct window *w, bool ceil_mode)
{
    struct graph *g = c->graph;
    int64_t reach = dim_add(g, dim_mul(g, w->dilation, dim_sub(g, w->kernel, 1)), 1), number;
    int64_t room = dim_sub(g, dim_add(g, in, dim_mul(g, 2, w->padding)), reach), out;
    out = ceil_mode ? pool_ceil(g, in, room, w) : dim_add(g, dim_div_floor(g, room, w->stride), 1);
    if (dim_constant(g, out, &number) && number < 1) {
        wrong(c, "the size %s is smaller than the window, which reaches over %s", dim_text(g, in),
              dim_text(g, reach));
        return DIM_UNKNOWN;
    }
    dim_note_positive(g, out);
    return out;
}

/* One result, or with indices as a second one. */
static void pool_results(struct call *c, const struct fact *x, const int64_t *dims)
{
    result(c, 0, x->dtype, x->rank, dims);
    result(c, 1, DTYPE_I64, x->rank, dims);
}

static bool pool_rank(struct call *c, const struct fact *x, int spatial)
{
    if (x->rank == RANK_UNKNOWN)
        return false;
    if (x->rank == spatial + 1 || x->rank == spatial + 2)
        return true;
    wrong(c, "expected %d or %d dimensions", spatial + 1, spatial + 2);
    return false;
}

/* The row's code is the number of spatial dimensions. */
static void shape_pool(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int spatial = c->row->code, given;
    int64_t kernel[SPATIAL_MAX], stride[SPATIAL_MAX], padding[SPATIAL_MAX], dilation[SPATIAL_MAX],
        dims[MAX_RANK];
    if (!pool_rank(c, &x, spatial))
        return;
    arg_spatial(c, "kernel_size", spatial, DIM_UNKNOWN, kernel);
    arg_spatial(c, "stride", spatial, DIM_UNKNOWN, stride);
    arg_spatial(c, "padding", spatial, 0, padding);
    arg_spatial(c, "dilation", spatial, 1, dilation);
    given = arg_sizes(c, "stride", dims, MAX_RANK);
    if (given == ABSENT || given == 0)
        memcpy(stride, kernel, sizeof stride);
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    for (int i = 0; i < spatial; i++) {
        struct window w = { kernel[i], stride[i], padding[i], dilation[i] };
        int64_t *size = &dims[x.rank - spatial + i];
        *size = pool_size(c, *size, &w, arg_bool(c, "ceil_mode", false));
    }
    pool_results(c, &x, dims);
}

/* An output size of None keeps the input's; upstream writes 0 for that. */
static void shape_adaptive_pool(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    const struct value *v = arg_value(c, "output_size");
    int spatial = c->row->code;
    int64_t size[SPATIAL_MAX], dims[MAX_RANK];
    if (!pool_rank(c, &x, spatial))
        return;
    arg_spatial(c, "output_size", spatial, 0, size);
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    for (int i = 0; i < spatial; i++) {
        bool none =
            v && v->kind == VALUE_LIST && (size_t)i < v->list.count && v->list.items[i].kind == VALUE_NONE;
        if (size[i] != 0 && !none)
            dims[x.rank - spatial + i] = size[i];
    }
    pool_results(c, &x, dims);
}

/* The output size is given; from a ratio it is not inferred. */
static void shape_fractional_pool(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int spatial = c->row->code;
    int64_t size[SPATIAL_MAX], dims[MAX_RANK];
    if (!pool_rank(c, &x, spatial))
        return;
    arg_spatial(c, "output_size", spatial, DIM_UNKNOWN, size);
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    memcpy(dims + x.rank - spatial, size, (size_t)spatial * sizeof *dims);
    pool_results(c, &x, dims);
}

static void shape_max_unpool(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int spatial = c->row->code;
    int64_t kernel[SPATIAL_MAX], stride[SPATIAL_MAX], padding[SPATIAL_MAX], size[MAX_RANK], dims[MAX_RANK];
    int given = arg_sizes(c, "output_size", size, MAX_RANK);
    if (!pool_rank(c, &x, spatial))
        return;
    arg_spatial(c, "kernel_size", spatial, DIM_UNKNOWN, kernel);
    arg_spatial(c, "stride", spatial, DIM_UNKNOWN, stride);
    arg_spatial(c, "padding", spatial, 0, padding);
    if (!arg_present(c, "stride"))
        memcpy(stride, kernel, sizeof stride);
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    for (int i = 0; i < spatial; i++) {
        int64_t *d = &dims[x.rank - spatial + i];
        *d = dim_add(c->graph, dim_mul(c->graph, dim_sub(c->graph, *d, 1), stride[i]), kernel[i]);
        *d = dim_sub(c->graph, *d, dim_mul(c->graph, 2, padding[i]));
        if (given >= spatial)
            *d = size[given - spatial + i];
    }
    result(c, 0, x.dtype, x.rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "max_pool1d max_pool1d_with_indices avg_pool1d lp_pool1d nn.MaxPool1d nn.AvgPool1d nn.LPPool1d",
      shape_pool, NULL, 1 },
    { "max_pool2d max_pool2d_with_indices avg_pool2d lp_pool2d nn.MaxPool2d nn.AvgPool2d nn.LPPool2d",
      shape_pool, NULL, 2 },
    { "max_pool3d max_pool3d_with_indices avg_pool3d lp_pool3d nn.MaxPool3d nn.AvgPool3d nn.LPPool3d",
      shape_pool, NULL, 3 },
    { "adaptive_avg_pool1d adaptive_max_pool1d adaptive_max_pool1d_with_indices nn.AdaptiveAvgPool1d "
      "nn.AdaptiveMaxPool1d", shape_adaptive_pool, NULL, 1 },
    { "adaptive_avg_pool2d adaptive_max_pool2d adaptive_max_pool2d_with_indices _adaptive_avg_pool2d "
      "nn.AdaptiveAvgPool2d nn.AdaptiveMaxPool2d", shape_adaptive_pool, NULL, 2 },
    { "adaptive_avg_pool3d adaptive_max_pool3d adaptive_max_pool3d_with_indices nn.AdaptiveAvgPool3d "
      "nn.AdaptiveMaxPool3d", shape_adaptive_pool, NULL, 3 },
    { "fractional_max_pool2d fractional_max_pool2d_with_indices nn.FractionalMaxPool2d",
      shape_fractional_pool, NULL, 2 },
    { "fractional_max_pool3d fractional_max_pool3d_with_indices nn.FractionalMaxPool3d",
      shape_fractional_pool, NULL, 3 },
    { "max_unpool1d nn.MaxUnpool1d", shape_max_unpool, NULL, 1 },
    { "max_unpool2d nn.MaxUnpool2d", shape_max_unpool, NULL, 2 },
    { "max_unpool3d nn.MaxUnpool3d", shape_max_unpool, NULL, 3 },
};
/* clang-format on */

const struct family family_pool = { rows, LENGTH(rows) };
