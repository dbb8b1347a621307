/* windows.c - sizes of what slides a kernel over a blob.  Parameters are those of w, h and d; a blob's last size is that of w. */
#include <string.h>

#include "common/layers/sizes/sizes.h"

/* Pads that the runtime computes: what does not fit goes to the end, or to the front. */
#define SAME_UPPER (-233)
#define SAME_LOWER (-234)

/* Names of a parameter along w, h, d, each of which is that of the one before where it is not given. */
static const char *const kernels[] = { "kernel_w", "kernel_h", "kernel_d" };
static const char *const dilations[] = { "dilation_w", "dilation_h", "dilation_d" };
static const char *const strides[] = { "stride_w", "stride_h", "stride_d" };
static const char *const fronts[] = { "pad_left", "pad_top", "pad_front" };
static const char *const backs[] = { "pad_right", "pad_bottom", "pad_behind" };

/* Along axis `axis` counted from w: those of h and d are w's where they are not given. */
static int64_t along(const struct operator *op, const char *const *names, int axis, int64_t otherwise)
{
    int64_t w = layer_int(op, names[0], otherwise);
    return axis == 0 ? w : layer_int(op, names[axis], w);
}

/* What is put behind; where it is not given, as much as in front. */
static int64_t back_of(const struct operator *op, int axis, int64_t front)
{
    return layer_int(op, backs[axis], front);
}

static int64_t extent_of(const struct operator *op, int axis)
{
    return along(op, dilations, axis, 1) * (along(op, kernels, axis, 0) - 1) + 1;
}

/* The places of a kernel within `room`; `up`: the last one may reach out. */
static int64_t places(int64_t room, int64_t extent, int64_t stride, bool up)
{
    if (room < extent || stride < 1 || extent < 1)
        return DIM_UNKNOWN;
    return (room - extent + (up ? stride - 1 : 0)) / stride + 1;
}

/* Enough padding that the kernel has a place at each stride. */
static int64_t places_same(int64_t size, int64_t extent, int64_t stride)
{
    if (stride < 1 || extent < 1)
        return DIM_UNKNOWN;
    int64_t pad = extent + (size - 1) / stride * stride - size;
    return places(size + (pad > 0 ? pad : 0), extent, stride, false);
}

/* The axes that a layer's kernel has: one of Convolution1D, two of Convolution, three of Convolution3D. */
static int window_rank(const struct operator *op)
{
    size_t length = strlen(op->type);
    char digit = length > 2 && op->type[length - 1] == 'D' ? op->type[length - 2] : '2';
    return digit >= '1' && digit <= '3' ? digit - '0' : 2;
}

struct blob size_convolution(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int n = window_rank(op);
    if (x.rank != n + 1 && x.rank != RANK_UNKNOWN) /* a vector is taken, too */
        x = blob_of_rank(x.rank == 1 ? 1 : RANK_UNKNOWN);
    else if (x.rank == RANK_UNKNOWN)
        return x;
    for (int axis = 0; axis < x.rank - 1; axis++) {
        int64_t *size = &x.size[x.rank - 1 - axis], extent = extent_of(op, axis),
                stride = along(op, strides, axis, 1);
        int64_t front = along(op, fronts, axis, 0), back = back_of(op, axis, front);
        if (*size == DIM_UNKNOWN)
            continue;
        *size = front == SAME_UPPER || front == SAME_LOWER
                    ? places_same(*size, extent, stride)
                    : places(*size + front + back, extent, stride, false);
    }
    if (x.rank > 0)
        x.size[0] = layer_int(op, "num_output", DIM_UNKNOWN);
    return x;
}

struct blob size_deconvolution(const struct operator *op, size_t i)
{
    static const char *const outputs[] = { "output_w", "output_h", "output_d" };
    static const char *const extra[] = { "output_pad_right", "output_pad_bottom", "output_pad_behind" };
    (void)i;
    struct blob x = blob_input(op, 0);
    if (x.rank != window_rank(op) + 1)
        return blob_of_rank(RANK_UNKNOWN);
    for (int axis = 0; axis < x.rank - 1; axis++) {
        int64_t *size = &x.size[x.rank - 1 - axis], front = along(op, fronts, axis, 0),
                back = back_of(op, axis, front);
        int64_t asked = along(op, outputs, axis, 0);
        if (asked > 0 || front < 0)
            *size = asked > 0 ? asked : DIM_UNKNOWN;
        else if (*size != DIM_UNKNOWN)
            *size = (*size - 1) * along(op, strides, axis, 1) + extent_of(op, axis) +
                    along(op, extra, axis, 0) - front - back;
    }
    x.size[0] = layer_int(op, "num_output", DIM_UNKNOWN);
    return x;
}

/* A size that may keep the input's. */
static int64_t adapted(int64_t asked, int64_t size)
{
    return asked == SAME_UPPER ? size : asked > 0 ? asked : DIM_UNKNOWN;
}

struct blob size_pooling(const struct operator *op, size_t i)
{
    static const char *const outs[] = { "out_w", "out_h", "out_d" };
    enum { FULL, VALID };
    (void)i;
    struct blob x = blob_input(op, 0), vector = blob_of_rank(1);
    int64_t mode = layer_int(op, "pad_mode", FULL);
    if (layer_int(op, "global_pooling", 0)) {
        vector.size[0] = x.rank == RANK_UNKNOWN ? DIM_UNKNOWN : x.size[0];
        return vector;
    }
    if (x.rank != window_rank(op) + 1)
        return blob_of_rank(RANK_UNKNOWN);
    for (int axis = 0; axis < x.rank - 1; axis++) {
        int64_t *size = &x.size[x.rank - 1 - axis], extent = along(op, kernels, axis, 0),
                stride = along(op, strides, axis, 1);
        int64_t front = along(op, fronts, axis, 0), left = layer_int(op, fronts[0], 0);
        int64_t back = layer_int(op, backs[axis], axis == 0 ? left : front);
        if (layer_int(op, "adaptive_pooling", 0))
            *size = adapted(along(op, outs, axis, 0), *size);
        else if (*size != DIM_UNKNOWN)
            *size = mode == FULL || mode == VALID ? places(*size + front + back, extent, stride, mode == FULL)
                                                  : places_same(*size, extent, stride);
    }
    return x;
}

struct blob size_unfold(const struct operator *op, size_t i)
{
    (void)op, (void)i;
    return blob_of_rank(2);
}
