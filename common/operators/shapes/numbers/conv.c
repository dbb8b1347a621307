/* conv.c - convolutions, their transposes, unfolding and resizing.
 *
 * The formulas are those of PyTorch's manual; on sizes that are not known they run on symbols. */
#include <math.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

/* The number of spatial dimensions, from the row. */
enum { SPATIAL_MAX = 3 };

/* d * (k - 1) + 1: how far a kernel reaches. */
static int64_t reach(struct graph *g, int64_t kernel, int64_t dilation)
{
    return dim_add(g, dim_mul(g, dilation, dim_sub(g, kernel, 1)), 1);
}

/* floor((in + 2 * padding - reach) / stride) + 1 */
static int64_t conv_size(struct call *c, int64_t in, int64_t kernel, int64_t stride, int64_t padding,
                         int64_t dilation)
{
    struct graph *g = c->graph;
    int64_t padded = dim_add(g, in, dim_mul(g, 2, padding));
    int64_t room = dim_sub(g, padded, reach(g, kernel, dilation)), number;
    if (dim_constant(g, room, &number) && number < 0) {
        wrong(c, "the padded size %s is smaller than the kernel, which reaches over %s", dim_text(g, padded),
              dim_text(g, reach(g, kernel, dilation)));
        return DIM_UNKNOWN;
    }
    int64_t out = dim_add(g, dim_div_floor(g, room, stride), 1);
    dim_note_positive(g, out);
    return out;
}

/* What a convolution's weight says, wherever it is: an operand, or the parameters of a module. */
struct weight {
    int64_t in, out;             /* channels, of the whole convolution */
    int64_t kernel[SPATIAL_MAX]; /* DIM_UNKNOWN where unknown */
};

static struct weight conv_weight(struct call *c, int spatial, bool transposed, int64_t groups)
{
    struct weight w = { DIM_UNKNOWN, DIM_UNKNOWN, { DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN } };
    struct fact f = arg_fact(c, "weight");
    if (strncmp(c->op->type, "nn.", 3) == 0 || !f.present) {
        w.in = arg_size(c, "in_channels", DIM_UNKNOWN);
        w.out = arg_size(c, "out_channels", DIM_UNKNOWN);
        arg_spatial(c, "kernel_size", spatial, DIM_UNKNOWN, w.kernel);
        return w;
    }
    if (f.rank == RANK_UNKNOWN)
        return w;
    if (f.rank != spatial + 2) {
        wrong(c, "the weight must have %d dimensions", spatial + 2);
        return w;
    }
    w.out = transposed ? dim_mul(c->graph, f.dims[1], groups) : f.dims[0];
    w.in = transposed ? f.dims[0] : dim_mul(c->graph, f.dims[1], groups);
    memcpy(w.kernel, f.dims + 2, (size_t)spatial * sizeof *w.kernel);
    return w;
}

/* Checks rank and channels; the axis of the channels, or -1.  An input without batch has one dimension less. */
static int channel_axis(struct call *c, const struct fact *x, int spatial, int64_t channels)
{
    int axis = x->rank - spatial - 1;
    if (x->rank == RANK_UNKNOWN)
        return -1;
    if (axis != 0 && axis != 1) {
        wrong(c, "expected %d or %d dimensions", spatial + 1, spatial + 2);
        return -1;
    }
    if (sizes_differ(c, x->dims[axis], channels)) {
        wrong(c, "expected %s channels, not %s", dim_text(c->graph, channels),
              dim_text(c->graph, x->dims[axis]));
        return -1;
    }
    return axis;
}

static void conv(struct call *c, int spatial)
{
    struct fact x = arg_fact(c, "input");
    int64_t stride[SPATIAL_MAX], padding[SPATIAL_MAX], dilation[SPATIAL_MAX], dims[MAX_RANK];
    const char *pad = arg_text(c, "padding", "");
    bool same = strcmp(pad, "same") == 0;
    struct weight w = conv_weight(c, spatial, false, arg_size(c, "groups", 1));
    int axis = channel_axis(c, &x, spatial, w.in);
    if (axis < 0)
        return;
    arg_spatial(c, "stride", spatial, 1, stride);
    arg_spatial(c, "dilation", spatial, 1, dilation);
    if (*pad)
        memset(padding, 0, sizeof padding);
    else
        arg_spatial(c, "padding", spatial, 0, padding);
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[axis] = w.out;
    for (int i = 0; i < spatial && !same; i++)
        dims[axis + 1 + i] =
            conv_size(c, dims[axis + 1 + i], w.kernel[i], stride[i], padding[i], dilation[i]);
    result(c, 0, x.dtype, x.rank, dims);
}

/* (in - 1) * stride - 2 * padding + reach + output_padding */
static int64_t transposed_size(struct graph *g, int64_t in, int64_t kernel, int64_t stride, int64_t padding,
                               int64_t output_padding, int64_t dilation)
{
    int64_t size = dim_mul(g, dim_sub(g, in, 1), stride);
    size = dim_sub(g, size, dim_mul(g, 2, padding));
    size = dim_add(g, size, reach(g, kernel, dilation));
    return dim_add(g, size, output_padding);
}

static void conv_transpose(struct call *c, int spatial)
{
    struct fact x = arg_fact(c, "input");
    int64_t stride[SPATIAL_MAX], padding[SPATIAL_MAX], output_padding[SPATIAL_MAX], dilation[SPATIAL_MAX];
    int64_t dims[MAX_RANK];
    struct weight w = conv_weight(c, spatial, true, arg_size(c, "groups", 1));
    int axis = channel_axis(c, &x, spatial, w.in);
    if (axis < 0)
        return;
    arg_spatial(c, "stride", spatial, 1, stride);
    arg_spatial(c, "padding", spatial, 0, padding);
    arg_spatial(c, "output_padding", spatial, 0, output_padding);
    arg_spatial(c, "dilation", spatial, 1, dilation);
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[axis] = w.out;
    for (int i = 0; i < spatial; i++) {
        int64_t *size = &dims[axis + 1 + i];
        *size = transposed_size(c->graph, *size, w.kernel[i], stride[i], padding[i], output_padding[i],
                                dilation[i]);
    }
    result(c, 0, x.dtype, x.rank, dims);
}

static void shape_conv(struct call *c)
{
    conv(c, c->row->code);
}

static void shape_conv_transpose(struct call *c)
{
    conv_transpose(c, c->row->code);
}

/* aten::_convolution, aten::convolution: the weight tells how many dimensions there are. */
static void shape_convolution(struct call *c)
{
    struct fact w = arg_fact(c, "weight");
    if (w.rank < 3 || w.rank > 2 + SPATIAL_MAX)
        return;
    if (arg_bool(c, "transposed", false))
        conv_transpose(c, w.rank - 2);
    else
        conv(c, w.rank - 2);
}

/* ---- F.unfold, F.fold ---- */

/* The number of windows over each of two sizes. */
static int64_t window_count(struct call *c, const int64_t *sizes)
{
    int64_t kernel[2], stride[2], padding[2], dilation[2], count = 1;
    arg_spatial(c, "kernel_size", 2, DIM_UNKNOWN, kernel);
    arg_spatial(c, "stride", 2, 1, stride);
    arg_spatial(c, "padding", 2, 0, padding);
    arg_spatial(c, "dilation", 2, 1, dilation);
    for (int i = 0; i < 2; i++)
        count =
            dim_mul(c->graph, count, conv_size(c, sizes[i], kernel[i], stride[i], padding[i], dilation[i]));
    return count;
}

static void shape_unfold(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t kernel[2], dims[3];
    if (x.rank != 4 && x.rank != 3)
        return;
    arg_spatial(c, "kernel_size", 2, DIM_UNKNOWN, kernel);
    dims[0] = x.dims[0];
    dims[x.rank - 3] = dim_mul(c->graph, x.dims[x.rank - 3], dim_product(c->graph, kernel, 2));
    dims[x.rank - 2] = window_count(c, x.dims + x.rank - 2);
    result(c, 0, x.dtype, x.rank - 1, dims);
}

static void shape_fold(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t kernel[2], dims[4], size[2], count;
    if (x.rank != 3 && x.rank != 2)
        return;
    arg_spatial(c, "kernel_size", 2, DIM_UNKNOWN, kernel);
    arg_spatial(c, "output_size", 2, DIM_UNKNOWN, size);
    count = window_count(c, size);
    if (sizes_differ(c, count, x.dims[x.rank - 1])) {
        wrong(c, "the output size has %s windows, not %s", dim_text(c->graph, count),
              dim_text(c->graph, x.dims[x.rank - 1]));
        return;
    }
    dims[0] = x.dims[0];
    dims[x.rank - 2] = dim_div_exact(c->graph, x.dims[x.rank - 2], dim_product(c->graph, kernel, 2));
    memcpy(dims + x.rank - 1, size, sizeof size);
    result(c, 0, x.dtype, x.rank + 1, dims);
}

/* ---- rearranging channels ---- */

/* Pixel shuffle: (..., c * r * r, h, w) to (..., c, h * r, w * r), and back. */
static void shape_pixel_shuffle(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    bool back = c->row->code;
    int64_t r = arg_size(c, back ? "downscale_factor" : "upscale_factor", DIM_UNKNOWN),
            square = dim_mul(c->graph, r, r);
    int64_t dims[MAX_RANK], *last;
    if (x.rank < 3)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    last = dims + x.rank - 3;
    if (!back && dim_known(last[0]) && square > 0 && last[0] % square) {
        wrong(c, "the channels are not divisible by %s", dim_text(c->graph, square));
        return;
    }
    last[0] = back ? dim_mul(c->graph, last[0], square) : dim_div_exact(c->graph, last[0], square);
    for (int i = 1; i < 3; i++)
        last[i] = back ? dim_div_exact(c->graph, last[i], r) : dim_mul(c->graph, last[i], r);
    result(c, 0, x.dtype, x.rank, dims);
}

/* ---- resizing ---- */

/* input (n, c, h, w), grid (n, h', w', 2): (n, c, h', w'), and the same with one dimension more. */
static void shape_grid_sample(struct call *c)
{
    struct fact x = arg_fact(c, "input"), grid = arg_fact(c, "grid");
    int64_t dims[MAX_RANK];
    if (x.rank == RANK_UNKNOWN || grid.rank == RANK_UNKNOWN)
        return;
    if (x.rank != grid.rank || x.rank < 4 || x.rank > 5 ||
        sizes_differ(c, grid.dims[x.rank - 1], x.rank - 2) || sizes_differ(c, grid.dims[0], x.dims[0])) {
        wrong(c, "the grid does not fit the input");
        return;
    }
    memcpy(dims, x.dims, 2 * sizeof *dims);
    memcpy(dims + 2, grid.dims + 1, (size_t)(x.rank - 2) * sizeof *dims);
    result(c, 0, x.dtype, x.rank, dims);
}

static void shape_affine_grid(struct call *c)
{
    struct fact theta = arg_fact(c, "theta");
    int64_t size[5], dims[5];
    int count = arg_sizes(c, "size", size, 5);
    if (count != 4 && count != 5)
        return;
    dims[0] = size[0];
    memcpy(dims + 1, size + 2, (size_t)(count - 2) * sizeof *dims);
    dims[count - 1] = count - 2;
    result(c, 0, theta.dtype, count, dims);
}

/* ---- padding ---- */

/* `pad` has pairs, the last axis first. */
static void shape_pad(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t pad[2 * MAX_RANK], dims[MAX_RANK];
    int count = arg_sizes(c, "padding", pad, 2 * MAX_RANK);
    if (x.rank == RANK_UNKNOWN)
        return;
    if (count == 1 && c->row->code) { /* a module's single number stands for all sides */
        count = 2 * c->row->code;
        for (int i = 1; i < count; i++)
            pad[i] = pad[0];
    }
    if (count >= 0 && (count % 2 || count / 2 > x.rank)) {
        wrong(c, "padding has %d numbers", count);
        return;
    }
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    for (int i = 0; i < count / 2; i++) {
        int64_t *size = &dims[x.rank - 1 - i];
        *size = dim_add(c->graph, dim_add(c->graph, *size, pad[2 * i]), pad[2 * i + 1]);
    }
    for (int i = 0; i < x.rank && count < 0; i++)
        dims[i] = DIM_UNKNOWN;
    result(c, 0, x.dtype, x.rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "conv1d nn.Conv1d nn.quantized.Conv1d", shape_conv, NULL, 1 },
    { "conv2d nn.Conv2d nn.quantized.Conv2d nn.intrinsic.quantized.ConvReLU2d torchvision.ops.DeformConv2d",
      shape_conv, NULL, 2 },
    { "conv3d nn.Conv3d", shape_conv, NULL, 3 },
    { "conv_transpose1d nn.ConvTranspose1d", shape_conv_transpose, NULL, 1 },
    { "conv_transpose2d nn.ConvTranspose2d", shape_conv_transpose, NULL, 2 },
    { "conv_transpose3d nn.ConvTranspose3d", shape_conv_transpose, NULL, 3 },
    { "_convolution _convolution_mode convolution", shape_convolution, NULL, 0 },
    { "F.unfold nn.Unfold aten::im2col", shape_unfold, NULL, 0 },
    { "F.fold nn.Fold aten::col2im", shape_fold, NULL, 0 },
    { "pixel_shuffle nn.PixelShuffle", shape_pixel_shuffle, NULL, 0 },
    { "pixel_unshuffle nn.PixelUnshuffle", shape_pixel_shuffle, NULL, 1 },
    { "channel_shuffle native_channel_shuffle nn.ChannelShuffle", shape_same, NULL, 0 },
    { "grid_sample grid_sampler grid_sampler_2d grid_sampler_3d", shape_grid_sample, NULL, 0 },
    { "affine_grid affine_grid_generator", shape_affine_grid, NULL, 0 },
    { "pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d "
      "replication_pad2d replication_pad3d", shape_pad, NULL, 0 },
    { "nn.ConstantPad1d nn.ZeroPad1d nn.ReflectionPad1d nn.ReplicationPad1d nn.CircularPad1d",
      shape_pad, NULL, 1 },
    { "nn.ConstantPad2d nn.ZeroPad2d nn.ReflectionPad2d nn.ReplicationPad2d nn.CircularPad2d",
      shape_pad, NULL, 2 },
    { "nn.ConstantPad3d nn.ZeroPad3d nn.ReflectionPad3d nn.ReplicationPad3d nn.CircularPad3d",
      shape_pad, NULL, 3 },
};
/* clang-format on */

const struct family family_conv = { rows, LENGTH(rows) };
