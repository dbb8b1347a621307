/* moves.c - sizes of what moves elements, or takes some of them. */
#include <string.h>

#include "common/layers/sizes/sizes.h"

#define NOT_GIVEN (-233) /* a size of a Reshape, a start or an end of a Crop */

struct blob size_concat(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int axis = blob_axis(&x, layer_int(op, "axis", 0));
    for (size_t k = 1; axis >= 0 && k < blob_inputs(op); k++) {
        struct blob y = blob_input(op, k);
        bool known = y.rank == x.rank && y.size[axis] != DIM_UNKNOWN && x.size[axis] != DIM_UNKNOWN;
        x.size[axis] = known ? x.size[axis] + y.size[axis] : DIM_UNKNOWN;
    }
    return axis < 0 ? blob_of_rank(RANK_UNKNOWN) : x;
}

/* Sizes of pieces; -233 is an equal share of what is left. */
static int64_t piece(const struct operator *op, size_t i, int64_t size)
{
    int64_t slices[64], left = size;
    int count = layer_ints(op, "slices", slices, 64);
    if (count < 0 || i >= (size_t)count || layer_value(op, "indices"))
        return DIM_UNKNOWN;
    for (size_t k = 0;; k++) {
        int64_t share = slices[k] != NOT_GIVEN ? slices[k]
                        : left == DIM_UNKNOWN  ? DIM_UNKNOWN
                                               : left / (int64_t)(op->output_count - k);
        if (k == i)
            return share > 0 ? share : DIM_UNKNOWN;
        left = left == DIM_UNKNOWN || share == DIM_UNKNOWN ? DIM_UNKNOWN : left - share;
    }
}

struct blob size_slice(const struct operator *op, size_t i)
{
    struct blob x = blob_input(op, 0);
    int axis = blob_axis(&x, layer_int(op, "axis", 0));
    if (axis < 0)
        return blob_of_rank(RANK_UNKNOWN);
    x.size[axis] = piece(op, i, x.size[axis]);
    return x;
}

struct blob size_flatten(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_of_rank(1);
    y.size[0] = blob_elements(&x);
    return y;
}

struct blob size_reshape(const struct operator *op, size_t i)
{
    static const char *const names[] = { "c", "d", "h", "w" };
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_of_rank(RANK_UNKNOWN);
    int64_t elements = blob_elements(&x), product = 1, rest = -1;
    if (layer_value(op, "shape_expr") || layer_value(op, "input_batch_axis") ||
        layer_value(op, "output_batch_axis"))
        return y;
    y.rank = 0;
    for (int k = 0; k < BLOB_RANK; k++) {
        int64_t size = layer_int(op, names[k], NOT_GIVEN);
        if (size == NOT_GIVEN)
            continue;
        if (size == 0) /* that of the input's axis of that name */
            size = DIM_UNKNOWN;
        else if (size == -1)
            rest = y.rank, size = DIM_UNKNOWN;
        else if (!int_mul(product, size, &product))
            return blob_of_rank(RANK_UNKNOWN);
        y.size[y.rank++] = size;
    }
    bool copies = false;
    for (int k = 0; k < BLOB_RANK; k++)
        copies = copies || layer_int(op, names[k], NOT_GIVEN) == 0;
    if (rest >= 0 && !copies && elements != DIM_UNKNOWN && product > 0 && elements % product == 0)
        y.size[rest] = elements / product;
    return y.rank ? y : blob_of_rank(RANK_UNKNOWN);
}

/* The permutation of that place in the order of all. */
struct blob size_permute(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = x;
    int64_t code = layer_int(op, "order_type", 0), blocks = 1;
    int left[BLOB_RANK] = { 0, 1, 2, 3 };
    for (int k = 2; k < x.rank; k++)
        blocks *= k;
    if (x.rank < 1 || code < 0 || code >= blocks * x.rank)
        return blob_of_rank(x.rank);
    for (int k = 0, count = x.rank; k < x.rank; k++, count--) {
        int64_t place = code / blocks;
        y.size[k] = x.size[left[place]];
        memmove(left + place, left + place + 1, (size_t)(count - 1 - place) * sizeof *left);
        code %= blocks;
        blocks = count > 2 ? blocks / (count - 1) : 1;
    }
    return y;
}

struct blob size_squeeze(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y = blob_of_rank(RANK_UNKNOWN);
    int64_t axes[BLOB_RANK];
    int count = layer_ints(op, "axes", axes, BLOB_RANK);
    bool drop[BLOB_RANK] = { false };
    if (x.rank < 1 || count < 1)
        return y;
    for (int k = 0; k < count; k++) {
        int axis = blob_axis(&x, axes[k]);
        if (axis < 0 || x.size[axis] == DIM_UNKNOWN)
            return y;
        drop[axis] = x.size[axis] == 1;
    }
    y.rank = 0;
    for (int k = 0; k < x.rank; k++)
        if (!drop[k])
            y.size[y.rank++] = x.size[k];
    if (y.rank == 0)
        y.size[y.rank++] = 1;
    return y;
}

struct blob size_expand(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0), y;
    int64_t axes[BLOB_RANK];
    int count = layer_ints(op, "axes", axes, BLOB_RANK), from = 0;
    if (x.rank < 1 || count < 1 || x.rank + count > BLOB_RANK)
        return blob_of_rank(RANK_UNKNOWN);
    y = blob_of_rank(x.rank + count);
    for (int k = 0; k < count; k++) {
        int axis = blob_axis(&y, axes[k]);
        if (axis < 0 || y.size[axis] == 1)
            return blob_of_rank(RANK_UNKNOWN);
        y.size[axis] = 1;
    }
    for (int k = 0; k < y.rank; k++)
        if (y.size[k] != 1)
            y.size[k] = x.size[from++];
    return y;
}

/* Cut along some axes, each between numbers: what is 0 or less counts from the end. */
struct blob size_crop(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int64_t starts[BLOB_RANK], ends[BLOB_RANK], axes[BLOB_RANK] = { 0, 1, 2, 3 };
    int count = layer_ints(op, "starts", starts, BLOB_RANK);
    int given = layer_ints(op, "axes", axes, BLOB_RANK);
    if (count < 1 || layer_ints(op, "ends", ends, BLOB_RANK) != count || (given >= 0 && given != count) ||
        blob_inputs(op) != 1)
        return blob_of_rank(RANK_UNKNOWN);
    for (int k = 0; k < count && x.rank > 0; k++) {
        int axis = blob_axis(&x, axes[k]);
        if (axis < 0)
            return blob_of_rank(RANK_UNKNOWN);
        int64_t size = x.size[axis], start = starts[k] == NOT_GIVEN ? 0 : starts[k],
                end = ends[k] == NOT_GIVEN ? size : ends[k];
        start += start < 0 ? size : 0;
        end += end <= 0 ? size : 0;
        end = end < size ? end : size;
        x.size[axis] = size != DIM_UNKNOWN && start >= 0 && start < end ? end - start : DIM_UNKNOWN;
    }
    return x;
}

struct blob size_padding(const struct operator *op, size_t i)
{
    static const char *const names[3][2] = { { "left", "right" },
                                             { "top", "bottom" },
                                             { "front", "behind" } };
    (void)i;
    struct blob x = blob_input(op, 0);
    for (int axis = 0; axis < 3 && axis < x.rank; axis++) {
        /* A matrix and an image have no depth between h and their first axis. */
        int64_t *size = &x.size[x.rank - 1 - axis];
        if (*size != DIM_UNKNOWN)
            *size += layer_int(op, names[axis][0], 0) + layer_int(op, names[axis][1], 0);
    }
    return x;
}

static int64_t resized(const struct operator *op, const char *fixed, const char *scale, int64_t size)
{
    int64_t asked = layer_int(op, fixed, 0);
    float factor = (float)layer_real(op, scale, 1);
    if (asked > 0)
        return asked;
    return size == DIM_UNKNOWN || factor <= 0 || factor > 1e6f ? DIM_UNKNOWN
                                                               : (int64_t)((float)size * factor);
}

struct blob size_interp(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    if (x.rank != 3 || blob_inputs(op) != 1 || layer_value(op, "size_expr"))
        return blob_of_rank(x.rank == 3 ? 3 : RANK_UNKNOWN);
    x.size[1] = resized(op, "output_height", "height_scale", x.size[1]);
    x.size[2] = resized(op, "output_width", "width_scale", x.size[2]);
    return x;
}

/* Blocks of pixels become channels, or the other way. */
struct blob size_shuffled(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int64_t up = layer_int(op, "upscale_factor", 0), down = layer_int(op, "stride", 0);
    if (x.rank != 3 || x.size[0] == DIM_UNKNOWN || x.size[1] == DIM_UNKNOWN || x.size[2] == DIM_UNKNOWN ||
        (up < 1 && down < 1) || up > 64 || down > 64)
        return blob_of_rank(x.rank == 3 ? 3 : RANK_UNKNOWN);
    x.size[0] = up > 0 ? x.size[0] / (up * up) : x.size[0] * down * down;
    for (int k = 1; k < 3; k++)
        x.size[k] = up > 0 ? x.size[k] * up : x.size[k] / down;
    return x;
}

struct blob size_tile(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int axis = blob_axis(&x, layer_int(op, "axis", 0));
    if (axis < 0 || layer_value(op, "repeats"))
        return blob_of_rank(RANK_UNKNOWN);
    if (x.size[axis] == DIM_UNKNOWN || !int_mul(x.size[axis], layer_int(op, "tiles", 1), &x.size[axis]))
        x.size[axis] = DIM_UNKNOWN;
    return x;
}

struct blob size_halved(const struct operator *op, size_t i)
{
    (void)i;
    struct blob x = blob_input(op, 0);
    int axis = blob_axis(&x, layer_int(op, "axis", 0));
    if (axis >= 0 && x.size[axis] != DIM_UNKNOWN)
        x.size[axis] /= 2;
    return axis < 0 ? blob_of_rank(RANK_UNKNOWN) : x;
}
