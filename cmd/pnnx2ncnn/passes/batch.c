/* batch.c - see batch.h.  The runtime's needs are those of ncnn(5); the operators' are PyTorch's. */
#include "cmd/pnnx2ncnn/passes/batch.h"
#include "cmd/pnnx2ncnn/custom/custom.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/blobs/reshape.h"
#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/graph/dim.h"

/* What a conversion costs: a Reshape of one blob moves nothing, one that counts blobs copies, a blob with five
 * dimensions cannot be. */
enum { COST_TASTE = 1, COST_RESHAPE = 4, COST_COUNT = 40, COST_IMPOSSIBLE = 1000 };

struct solver {
    bool commit; /* insert the conversions, do not only count them */
    long cost;
    struct operand **operands; /* those of the operator at hand; malloc'ed */
    size_t count, room;
};

/* How the batch axes of an operator's operands become those that it needs, and those of its results. */
typedef void transfer(struct solver *s, struct operator *op);

static int absolute(const struct operand *x, int64_t axis)
{
    return (int)(axis < 0 ? axis + x->rank : axis);
}

/* ---- needs ---- */

static void refuse(struct operator *op, const struct operand *x)
{
    report(STATUS_CONVERSION, operator_place(op),
           "%s '%s' needs another batch axis of '%s' than there is, and a size that is not known to move it",
           op->type, op->name, x->name);
}

/* Lets `op` read `x` as a tensor of that shape and batch axis. */
static void convert(struct solver *s, struct operator *op, struct operand *x, int rank, const int64_t *shape,
                    int want)
{
    bool counted = layout_is_counted(x) || (want >= 0 && shape[want] != 1);
    s->cost += counted ? COST_COUNT : COST_RESHAPE;
    if (rank - (want >= 0) > BLOB_RANK)
        s->cost += COST_IMPOSSIBLE;
    if (!s->commit)
        return;
    struct operand *y = reshape_add(op, x, rank, shape, want);
    if (y)
        operator_replace(op, x, y);
    else
        refuse(op, x);
}

/* A constant has no layout before its first reader gives it one. */
static bool is_free(const struct operand *x)
{
    return x->batch == BATCH_UNKNOWN;
}

/* Whether an axis can be the batch: of a vector only where it counts blobs, each of one element. */
static bool can_be_batch(const struct operand *x, int axis)
{
    return axis >= 0 && axis < x->rank && (x->rank >= 2 || x->shape[0] != 1);
}

static void need(struct solver *s, struct operator *op, struct operand *x, int want)
{
    if (x->rank < 0)
        return;
    if (!can_be_batch(x, want))
        want = BATCH_NONE;
    if (is_free(x)) /* a constant is one blob: it has no count */
        x->batch = want >= 0 && x->shape[want] == 1 ? want : BATCH_NONE;
    if (x->batch != want)
        convert(s, op, x, x->rank, x->shape, want);
}

/* The batch axis to leave when the present one is worked on: none if a blob has room, else another of size 1. */
static int other_axis(const struct operand *x, const int64_t *dims, int count)
{
    if (x->rank <= BLOB_RANK)
        return BATCH_NONE;
    for (int axis = 0; axis < x->rank; axis++) {
        bool taken = x->shape[axis] != 1;
        for (int i = 0; i < count; i++)
            taken = taken || absolute(x, dims[i]) == axis;
        if (!taken)
            return axis;
    }
    return BATCH_NONE;
}

/* What a tensor without a history is: a batch of one image or sequence, or a table. */
static int default_axis(const struct operand *x)
{
    if (x->rank >= 3 && (x->shape[0] == 1 || !dim_known(x->shape[0])))
        return 0;
    return x->rank > BLOB_RANK ? other_axis(x, NULL, 0) : BATCH_NONE;
}

/* The operand's axis; a constant without one gets its default. */
static int axis_of(struct operand *x)
{
    if (is_free(x))
        x->batch = default_axis(x);
    return x->batch;
}

/* Its axis after making sure that it is none of the dims. */
static int axis_beside(struct solver *s, struct operator *op, struct operand *x, const int64_t *dims,
                       int count)
{
    int b = axis_of(x);
    for (int i = 0; i < count; i++) {
        if (b >= 0 && absolute(x, dims[i]) == b) {
            int other = other_axis(x, dims, count);
            need(s, op, x, other);
            return other;
        }
    }
    return b;
}

static void give(struct solver *s, struct operand *y, int batch)
{
    y->batch = can_be_batch(y, batch) ? batch : BATCH_NONE;
    if (y->rank - (y->batch >= 0) > BLOB_RANK)
        s->cost += COST_IMPOSSIBLE;
}

static void give_all(struct solver *s, struct operator *op, int batch)
{
    for (size_t i = 0; i < op->output_count; i++)
        give(s, op->outputs[i], batch);
}

/* An argument that is an int or a list of ints; how many; -1: absent, None, or not constant. */
static int get_ints(const struct operator *op, const char *key, int64_t ints[TENSOR_RANK])
{
    const struct value *v = operator_value(op, key);
    if (!v)
        return -1;
    if (v->kind == VALUE_INT) {
        ints[0] = v->integer;
        return 1;
    }
    return value_get_ints(v, ints, TENSOR_RANK);
}

/* "dim" or "dims". */
static int get_dims(const struct operator *op, int64_t dims[TENSOR_RANK])
{
    int count = get_ints(op, "dim", dims);
    return count >= 0 ? count : get_ints(op, "dims", dims);
}

/* ---- transfer functions ---- */

/* Any layout serves; the results have it too. */
static void transfer_same(struct solver *s, struct operator *op)
{
    give_all(s, op, s->count ? axis_of(s->operands[0]) : default_axis(op->outputs[0]));
}

/* An unknown operator: its result is taken to be like its first operand, or new. */
static void transfer_other(struct solver *s, struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++) {
        struct operand *y = op->outputs[i], *x = s->count ? s->operands[0] : NULL;
        int b = x ? axis_of(x) : BATCH_NONE;
        bool same = x && x->rank == y->rank && (b < 0 || dim_equal(x->shape[b], y->shape[b]));
        give(s, y, same ? b : default_axis(y));
    }
}

/* Axis `n` of the result, of that rank, in an operand that is broadcast to it; -1: it lacks the axis. */
static int aligned(const struct operand *x, int rank, int axis)
{
    int q = axis - (rank - x->rank);
    return axis < 0 || q < 0 ? BATCH_NONE : q;
}

/* The result's axis that most operands agree with. */
static int vote(const struct solver *s, const struct operand *y)
{
    int best = BATCH_NONE, best_cost = INT_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const struct operand *x = s->operands[i];
        int p = is_free(x) || x->batch < 0 ? BATCH_NONE : x->batch + y->rank - x->rank, cost = 0;
        if (is_free(x) || x->rank < 0 || x->rank > y->rank ||
            (p >= 0 && dim_known(y->shape[p]) && y->shape[p] != x->shape[x->batch]))
            continue;
        if (y->rank - (p >= 0) > BLOB_RANK)
            cost = COST_IMPOSSIBLE;
        for (size_t j = 0; j < s->count; j++)
            if (!is_free(s->operands[j]) && s->operands[j]->batch != aligned(s->operands[j], y->rank, p))
                cost += s->operands[j]->rank;
        if (cost < best_cost) {
            best = p;
            best_cost = cost;
        }
    }
    return best_cost == INT_MAX ? default_axis(y) : best;
}

/* Gives an operand of arithmetic the result's rank: sizes 1 in front, where PyTorch sees them. */
static void align(struct solver *s, struct operator *op, struct operand *x, const struct operand *y)
{
    int64_t shape[TENSOR_RANK];
    assert(y->batch < y->rank);
    int fresh = y->rank - x->rank, want = aligned(x, y->rank, y->batch);
    if (x->rank < 0 || fresh < 0 || y->rank > TENSOR_RANK)
        return;
    int rank = x->rank - can_be_batch(x, want); /* of its blob, the batch axis being there */
    if (layout_is_single(x) || (rank ? rank : 1) == layout_rank(y)) {
        need(s, op, x, want);
        return;
    }
    for (int i = 0; i < y->rank; i++)
        shape[i] = i < fresh ? 1 : x->shape[i - fresh];
    bool one = y->batch < 0 || shape[y->batch] == 1;
    if (operand_constant(x) && is_free(x) && x->use_count == 1 && s->commit && one) {
        struct operand *reshaped = edit_reshape(op, x, y->rank, shape);
        reshaped->batch = y->batch;
        operator_replace(op, x, reshaped);
    } else {
        axis_of(x);
        convert(s, op, x, y->rank, shape, y->batch);
    }
}

/* Arithmetic: operands are broadcast to the result. */
static void transfer_broadcast(struct solver *s, struct operator *op)
{
    struct operand *y = op->outputs[0];
    if (y->rank < 0) {
        give(s, y, BATCH_NONE);
        return;
    }
    give(s, y, vote(s, y));
    for (size_t i = 0; i < s->count; i++)
        if (aligned(s->operands[i], y->rank, y->batch) != s->operands[i]->batch && !is_free(s->operands[i]) &&
            s->operands[i]->rank == y->rank)
            need(s, op, s->operands[i], y->batch);
        else
            align(s, op, s->operands[i], y);
}

/* So many axes of space, channels and a batch before them, or no batch; 0: always a batch. */
static void transfer_spatial(struct solver *s, struct operator *op)
{
    int n = op->signature->traits.spatial, want = n && s->operands[0]->rank == n + 1 ? BATCH_NONE : 0;
    need(s, op, s->operands[0], want);
    for (size_t i = 1; i < s->count; i++) /* weights */
        need(s, op, s->operands[i], BATCH_NONE);
    give_all(s, op, want);
}

/* Several operands with a batch each. */
static void transfer_images(struct solver *s, struct operator *op)
{
    for (size_t i = 0; i < s->count; i++)
        need(s, op, s->operands[i], 0);
    give_all(s, op, 0);
}

/* A deformable convolution as a call: images, their offsets and masks; weights have none. */
static void transfer_deform(struct solver *s, struct operator *op)
{
    static const char *const keys[] = { "arg_0", "arg_2", "arg_3" };
    for (int i = 0; i < (operator_bool(op, "arg_13", true) ? 3 : 2); i++)
        if (operator_operand(op, keys[i]))
            need(s, op, operator_operand(op, keys[i]), 0);
    give_all(s, op, 0);
}

/* One image and one box of it: the layer takes no more. */
static void transfer_boxes(struct solver *s, struct operator *op)
{
    const struct operand *x = s->operands[0], *boxes = s->operands[s->count - 1];
    bool one = s->count == 2 && x->rank == 4 && boxes->rank == 2 && x->shape[0] == 1 && boxes->shape[0] == 1;
    (one ? transfer_images : transfer_other)(s, op);
}

/* A slice that takes all of its dimension works along none. */
static bool takes_all(const struct operator *op, const struct operand *x, int dim)
{
    int64_t start = operator_int(op, "start", 0), end = operator_int(op, "end", INT64_MAX);
    const struct value *v = operator_get(op, "end");
    bool open = !v || v->kind == VALUE_NONE || end >= INT32_MAX;
    return start == 0 && operator_int(op, "step", 1) == 1 &&
           (open || (dim_known(x->shape[dim]) && end >= x->shape[dim]));
}

/* Works along dim: that is not the batch. */
static void transfer_dim(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK];
    struct operand *x = s->operands[0];
    int count = get_dims(op, dims), axis = count == 1 ? absolute(x, dims[0]) : -1;
    if (operator_get(op, "step") && axis >= 0 && axis < x->rank && takes_all(op, x, axis))
        count = 0;
    give_all(s, op, axis_beside(s, op, x, dims, count));
}

/* Normalises the last dimensions. */
static void transfer_trailing(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK], shape[TENSOR_RANK];
    int count = get_ints(op, "normalized_shape", shape);
    for (int i = 0; i < count; i++)
        dims[i] = i - count;
    give_all(s, op, axis_beside(s, op, s->operands[0], dims, count));
    for (size_t i = 1; i < s->count; i++)
        need(s, op, s->operands[i], BATCH_NONE);
}

static struct operand *first_of_history(const struct solver *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (!is_free(s->operands[i]))
            return s->operands[i];
    return s->operands[0];
}

/* Joins along dim. */
static void transfer_cat(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK];
    struct operand *x = first_of_history(s);
    int count = get_dims(op, dims), b = axis_of(x);
    if (count == 1 && b >= 0 && absolute(x, dims[0]) == b)
        b = other_axis(x, dims, count);
    give_all(s, op, b);
    for (size_t i = 0; i < s->count; i++)
        need(s, op, s->operands[i], b);
}

/* Where the batch axis of `x` is in a reshaped tensor: where as much lies outside of it as before.  Without such an
 * axis the result has none, but for a size 1 that leaves a blob too many dimensions, or an image that was made a batch
 * of one. */
static int reshaped_axis(const struct operand *x, int b, const struct operand *y)
{
    struct graph *g = y->producer->graph;
    if (y->rank < 2)
        return BATCH_NONE;
    if (b >= 0) {
        int64_t outside = dim_product(g, x->shape, b);
        for (int p = 0; p < y->rank; p++) {
            bool same_size =
                dim_equal(y->shape[p], x->shape[b]) || (p == 0 && b == 0 && !dim_known(y->shape[0]));
            if (same_size && dim_equal(dim_product(g, y->shape, p), outside))
                return p;
        }
    }
    if (b >= 0 && layout_is_counted(x))
        return BATCH_NONE;
    if (y->rank > BLOB_RANK)
        return other_axis(y, NULL, 0);
    return y->rank >= 3 && y->shape[0] == 1 && (x->rank < 1 || x->shape[0] != 1) ? 0 : BATCH_NONE;
}

static void transfer_reshape(struct solver *s, struct operator *op)
{
    struct operand *x = s->operands[0];
    if (x->rank < 0 || op->outputs[0]->rank < 0)
        give_all(s, op, BATCH_NONE);
    else
        give_all(s, op, reshaped_axis(x, axis_of(x), op->outputs[0]));
}

static void transfer_permute(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK];
    struct operand *x = s->operands[0];
    int b = axis_of(x), count = get_dims(op, dims), to = BATCH_NONE;
    for (int i = 0; i < count; i++)
        if (b >= 0 && absolute(x, dims[i]) == b)
            to = i;
    give_all(s, op, to);
}

static void transfer_transpose(struct solver *s, struct operator *op)
{
    struct operand *x = s->operands[0];
    int b = axis_of(x);
    int from = absolute(x, operator_int(op, "dim0", 0)), to = absolute(x, operator_int(op, "dim1", 1));
    give_all(s, op, b < 0 ? b : b == from ? to : b == to ? from : b);
}

/* Takes dims together.  With the batch among them, one layer still does it while that is one, if it changes nothing there. */
static void transfer_reduce(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK];
    struct operand *x = s->operands[0];
    if (operator_get(op, "other")) { /* torch.max of two tensors */
        transfer_broadcast(s, op);
        return;
    }
    int count = get_dims(op, dims), b = axis_of(x), before = 0;
    bool keep = operator_bool(op, "keepdim", false), hit = count <= 0;
    for (int i = 0; i < count; i++) {
        hit = hit || absolute(x, dims[i]) == b;
        before += absolute(x, dims[i]) < b;
    }
    bool idle = op->signature->traits.bits & TRAIT_IDLE;
    if (b >= 0 && hit && (!idle || layout_is_counted(x))) {
        need(s, op, x, BATCH_NONE);
        b = BATCH_NONE;
    }
    give_all(s, op, b < 0 || keep ? b : hit ? BATCH_NONE : b - before);
}

/* The axis of the product that an operand's batch axis becomes; the dimensions before the last two are broadcast. */
static int product_axis(const struct operand *x, int outer, const struct operand *y)
{
    int p = x->batch + outer - (x->rank - 2);
    if (is_free(x) || x->batch < 0 || x->batch >= x->rank - 2 || p >= y->rank ||
        !dim_equal(y->shape[p], x->shape[x->batch]))
        return BATCH_NONE;
    return p;
}

static void transfer_matmul(struct solver *s, struct operator *op)
{
    struct operand *y = op->outputs[0];
    int outer = 0, p = BATCH_NONE;
    for (size_t i = 0; i < s->count; i++)
        outer = s->operands[i]->rank - 2 > outer ? s->operands[i]->rank - 2 : outer;
    for (size_t i = 0; i < s->count && p < 0 && y->rank >= 0; i++)
        p = product_axis(s->operands[i], outer, y);
    if (p < 0 && y->rank > BLOB_RANK && y->shape[0] == 1)
        p = 0;
    for (size_t i = 0; i < s->count; i++) {
        int q = p - (outer - (s->operands[i]->rank - 2));
        need(s, op, s->operands[i], p < 0 || q < 0 || q > s->operands[i]->rank - 3 ? BATCH_NONE : q);
    }
    give(s, y, p);
}

static void transfer_linear(struct solver *s, struct operator *op)
{
    int64_t last = -1;
    int b = axis_beside(s, op, s->operands[0], &last, 1);
    if (s->operands[0]->rank - (b >= 0) > 2)
        s->cost += 2 * COST_RESHAPE;
    for (size_t i = 1; i < s->count; i++)
        need(s, op, s->operands[i], BATCH_NONE);
    give_all(s, op, b);
}

/* What is added to a product of matrices has its rank. */
static void transfer_product_and_sum(struct solver *s, struct operator *op)
{
    struct operand *y = op->outputs[0], *added = operator_operand(op, "input");
    size_t count = s->count;
    struct operand **operands = s->operands;
    if (!added || count != 3 || operands[0] != added) {
        transfer_matmul(s, op);
        return;
    }
    s->operands++;
    s->count = 2;
    transfer_matmul(s, op);
    s->operands = operands;
    s->count = count;
    if (y->rank >= 0)
        align(s, op, added, y);
}

/* A matrix for each image becomes a grid for each: of one image, or all in one blob. */
static void transfer_grid(struct solver *s, struct operator *op)
{
    const struct operand *x = s->operands[0];
    int want = x->rank > 0 && x->shape[0] == 1 ? 0 : BATCH_NONE;
    need(s, op, s->operands[0], want);
    give_all(s, op, want);
}

/* True when two tensors of one rank have the same sizes but for one axis. */
static bool same_beside(const struct operand *x, const struct operand *y, int axis)
{
    for (int i = 0; i < x->rank; i++)
        if (i != absolute(x, axis) && !dim_equal(x->shape[i], y->shape[i]))
            return false;
    return true;
}

/* Two tensors of the same rank, and what is taken together along one axis of both: the last if there is no dim. */
static void transfer_distance(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK] = { -1 };
    int rank = s->operands[0]->rank;
    if (get_dims(op, dims) < 0)
        dims[0] = -1;
    int b = axis_beside(s, op, s->operands[0], dims, 1);
    if (s->count > 1 && s->operands[1]->rank == rank &&
        !same_beside(s->operands[0], s->operands[1], (int)dims[0])) {
        b = BATCH_NONE; /* they are broadcast */
        need(s, op, s->operands[0], b);
    }
    for (size_t i = 1; i < s->count; i++)
        need(s, op, s->operands[i], s->operands[i]->rank == rank ? b : BATCH_NONE);
    bool keep = operator_bool(op, "keepdim", false) || op->outputs[0]->rank == rank;
    give_all(s, op, b < 0 || keep ? b : b - (absolute(s->operands[0], dims[0]) < b));
}

/* No operand has a batch axis. */
static void transfer_tables(struct solver *s, struct operator *op)
{
    for (size_t i = 0; i < s->count; i++)
        need(s, op, s->operands[i], BATCH_NONE);
    give_all(s, op, BATCH_NONE);
}

/* True for (windows, heads, length, width) without a batch: their heads can all be heads of one sample. */
static bool is_windows(const struct operand *x)
{
    return x->rank == 4 && x->batch == BATCH_NONE && x->shape[0] != 1 && dim_known(x->shape[0]) &&
           dim_known(x->shape[2]) && dim_known(x->shape[3]);
}

/* (batch, heads, length, width), or without a batch; a mask that is the same for all heads is a table. */
static void transfer_sdpa(struct solver *s, struct operator *op)
{
    struct operand *mask = operator_operand(op, "attn_mask");
    bool windows = true;
    for (size_t i = 0; i < s->count; i++)
        windows = windows && (s->operands[i] == mask || is_windows(s->operands[i]));
    int want = s->operands[0]->rank == 4 && !windows ? 0 : BATCH_NONE;
    for (size_t i = 0; i < s->count; i++)
        if (s->operands[i] != mask)
            need(s, op, s->operands[i], want);
    if (mask && mask->rank > 2 && dim_equal(dim_product(op->graph, mask->shape, mask->rank - 2), 1)) {
        axis_of(mask);
        convert(s, op, mask, 2, mask->shape + mask->rank - 2, BATCH_NONE);
    } else if (mask) {
        need(s, op, mask, mask->rank == 4 ? want : BATCH_NONE);
    }
    give_all(s, op, want);
}

/* A mask for each head of each sample, all in one axis, becomes one for each head, a batch of them. */
static void part_samples(struct solver *s, struct operator *op, struct operand *mask, int64_t samples)
{
    int64_t heads = operator_int(op, "num_heads", 1);
    int64_t shape[4] = { samples, heads, mask->shape[1], mask->shape[2] };
    axis_of(mask);
    convert(s, op, mask, 4, shape, 0);
}

static void transfer_mha(struct solver *s, struct operator *op)
{
    struct operand *mask = operator_operand(op, "attn_mask"), *x = s->operands[0];
    int want = x->rank != 3 ? BATCH_NONE : operator_bool(op, "batch_first", false) ? 0 : 1;
    for (size_t i = 0; i < s->count; i++)
        if (s->operands[i] != mask)
            need(s, op, s->operands[i], want);
    if (mask && mask->rank == 3 && want >= 0 && x->shape[want] != 1)
        part_samples(s, op, mask, x->shape[want]);
    else if (mask)
        need(s, op, mask, BATCH_NONE);
    give_all(s, op, 0);
    give(s, op->outputs[0], want);
}

/* The states are (layers, batch, width). */
static void transfer_recurrent(struct solver *s, struct operator *op)
{
    bool batched = s->operands[0]->rank == 3;
    int want = !batched ? BATCH_NONE : operator_bool(op, "batch_first", false) ? 0 : 1;
    need(s, op, s->operands[0], want);
    for (size_t i = 1; i < s->count; i++)
        need(s, op, s->operands[i], batched ? 1 : BATCH_NONE);
    give_all(s, op, batched ? 1 : BATCH_NONE);
    give(s, op->outputs[0], want);
}

static void transfer_embedding(struct solver *s, struct operator *op)
{
    int b = axis_of(s->operands[0]);
    if (s->operands[0]->rank - (b >= 0) > 1)
        s->cost += 2 * COST_RESHAPE;
    for (size_t i = 1; i < s->count; i++)
        need(s, op, s->operands[i], BATCH_NONE);
    give_all(s, op, b);
}

/* Dimensions are repeated, and new ones made in front. */
static void transfer_expand(struct solver *s, struct operator *op)
{
    struct operand *x = s->operands[0], *y = op->outputs[0];
    if (y->rank < 0 || x->rank < 0) {
        give_all(s, op, BATCH_NONE);
        return;
    }
    int b = is_free(x) && x->rank >= 2 && x->shape[0] == 1 ? 0 : axis_of(x), p = b + y->rank - x->rank;
    if (b < 0 || p < 0 || !dim_equal(y->shape[p], x->shape[b]))
        b = BATCH_NONE;
    need(s, op, x, b);
    give_all(s, op, b < 0 ? BATCH_NONE : p);
}

static void transfer_pad(struct solver *s, struct operator *op)
{
    int64_t pad[2 * TENSOR_RANK], dims[TENSOR_RANK];
    const struct value *v = operator_value(op, "pad");
    int count = v ? value_get_ints(v, pad, 2 * TENSOR_RANK) : -1, padded = 0;
    for (int i = 0; i + 1 < count; i += 2)
        if (pad[i] || pad[i + 1])
            dims[padded++] = -1 - i / 2;
    give_all(s, op, axis_beside(s, op, s->operands[0], dims, padded));
}

/* A tensor, and what is written into it along dim, or lacks that dim. */
static void transfer_scatter(struct solver *s, struct operator *op)
{
    int64_t dims[TENSOR_RANK] = { 0 };
    struct operand *x = s->operands[0];
    int b = axis_beside(s, op, x, dims, get_dims(op, dims));
    if (s->count > 1)
        need(s, op, s->operands[1],
             b < 0 || s->operands[1]->rank == x->rank ? b : b - (absolute(x, dims[0]) < b));
    give_all(s, op, b);
}

static void transfer_none(struct solver *s, struct operator *op)
{
    (void)s, (void)op;
}

/* ---- the tables ---- */

/* What has a transfer of its own. */
static const struct type_transfer {
    const char *type;
    transfer *transfer;
} types[] = {
    { "F.affine_grid", transfer_grid },
    { "F.scaled_dot_product_attention", transfer_sdpa },
    { "nn.MultiheadAttention", transfer_mha },
    { "torchvision.ops.RoIAlign", transfer_boxes },
    { CUSTOM_OPERATOR "torchvision.roi_align", transfer_boxes },
    { CUSTOM_OPERATOR "torchvision.deform_conv2d", transfer_deform },
};

/* What its traits say: the first that it has. */
static const struct trait_transfer {
    unsigned trait;
    transfer *transfer;
} traits[] = {
    { TRAIT_JOINS, transfer_cat },
    { TRAIT_WRITES, transfer_scatter },
    { TRAIT_RESHAPES, transfer_reshape },
    { TRAIT_PERMUTES, transfer_permute },
    { TRAIT_SWAPS, transfer_transpose },
    { TRAIT_REPEATS, transfer_expand },
    { TRAIT_ALIKE, transfer_same },
    { TRAIT_BROADCAST, transfer_broadcast },
    { TRAIT_SPATIAL, transfer_spatial },
    { TRAIT_TRAILING, transfer_trailing },
    { TRAIT_ALONG, transfer_dim },
    { TRAIT_REDUCES, transfer_reduce },
    { TRAIT_PADS, transfer_pad },
    { TRAIT_PRODUCT, transfer_matmul },
    { TRAIT_ADDED, transfer_product_and_sum },
    { TRAIT_ROWS, transfer_linear },
    { TRAIT_PAIRED, transfer_distance },
    { TRAIT_TABLES, transfer_tables },
    { TRAIT_IMAGES, transfer_images },
    { TRAIT_LOOKUP, transfer_embedding },
    { TRAIT_RECURRENT, transfer_recurrent },
};

/* Its transfer; what reads nothing is new, whatever it is. */
static transfer *transfer_of(const struct solver *s, const struct operator *op)
{
    if (elements_are_neutral(op) && !custom_registered(op))
        return transfer_none;
    for (size_t i = 0; s->count && i < sizeof types / sizeof *types; i++)
        if (operator_is(op, types[i].type))
            return types[i].transfer;
    for (size_t i = 0; s->count && i < sizeof traits / sizeof *traits; i++)
        if (op->signature->traits.bits & traits[i].trait)
            return traits[i].transfer;
    return transfer_other;
}

/* ---- one walk, and the choice of the inputs ---- */

static void collect(struct operand *x, void *context)
{
    struct solver *s = context;
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 16;
        s->operands = xrealloc(s->operands, size_mul(s->room, sizeof *s->operands));
    }
    s->operands[s->count++] = x;
}

/* Walks the graph from its inputs' axes; returns what the conversions cost. */
static long walk(struct solver *s, struct graph *g, bool commit)
{
    s->commit = commit;
    s->cost = 0;
    for (struct operator *op = g->first; op; op = op->next)
        if (operator_is(op, "pnnx.Attribute"))
            for (size_t i = 0; i < op->output_count; i++)
                op->outputs[i]->batch = BATCH_UNKNOWN;
    for (struct operator *op = g->first; op; op = op->next) {
        s->count = 0;
        operator_each_operand(op, collect, s);
        if (op->output_count == 0 || operator_is(op, "Reshape"))
            continue; /* the end, or a conversion of this walk */
        transfer_of(s, op)(s, op);
    }
    return s->cost;
}

/* The axes that an input may take, the favoured one first; how many. */
static int candidates(const struct operand *x, int axes[3])
{
    int count = 0;
    axes[count++] = default_axis(x);
    if (x->rank >= 2 && axes[0] != 0)
        axes[count++] = 0;
    if (x->rank == 3)
        axes[count++] = 1;
    if (axes[0] != BATCH_NONE && count < 3)
        axes[count++] = BATCH_NONE;
    return count;
}

/* Lets one input take the cheapest axis, the others as they are. */
static void choose(struct solver *s, struct graph *g, struct operand *x)
{
    int axes[3], best = BATCH_NONE;
    long best_cost = LONG_MAX;
    int count = candidates(x, axes);
    for (int i = 0; i < count; i++) {
        x->batch = axes[i];
        long cost = walk(s, g, false) + (i ? COST_TASTE : 0);
        if (x->rank - (axes[i] >= 0) > BLOB_RANK)
            cost += COST_IMPOSSIBLE;
        if (cost < best_cost) {
            best = axes[i];
            best_cost = cost;
        }
    }
    x->batch = best;
}

static void solve(struct graph *g, bool commit)
{
    struct solver s = { .commit = false };
    for (struct operator *op = g->first; op; op = op->next)
        if (operator_is(op, "pnnx.Input"))
            for (size_t i = 0; i < op->output_count; i++)
                op->outputs[i]->batch = op->outputs[i]->rank < 0 ? BATCH_NONE : default_axis(op->outputs[i]);
    for (int round = 0; round < 2; round++) /* the second for inputs that meet each other */
        for (struct operator *op = g->first; op; op = op->next)
            if (operator_is(op, "pnnx.Input") && op->output_count == 1 && op->outputs[0]->rank >= 0)
                choose(&s, g, op->outputs[0]);
    walk(&s, g, commit);
    free(s.operands);
}

void batch_solve(struct graph *g)
{
    solve(g, true);
}

void batch_guess(struct graph *g)
{
    solve(g, false);
}
