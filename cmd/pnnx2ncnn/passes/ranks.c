/* ranks.c - see passes.h: tensors with more dimensions than a blob.
 *
 * Such a tensor has a companion, a tensor of the same elements in the same order with few enough dimensions.  An operator
 * that reads or makes one works on companions: neighbouring axes that it treats alike become one.  A permutation that is
 * left with too many axes becomes several permutations of four blocks. */
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/passes/batch.h"
#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/base/map.h"
#include "common/graph/dim.h"

#define ANY (-1) /* the label of an axis that may join its neighbours: of size 1 */

/* Neighbouring axes that become one: group i has the axes from start[i] to before start[i + 1]. */
struct groups {
    int count;
    int start[TENSOR_RANK + 1];
};

static bool is_large(const struct operand *x)
{
    return x->rank - (x->batch >= 0) > BLOB_RANK;
}

static bool is_known(const struct operand *x)
{
    if (x->rank < 0 || x->rank > TENSOR_RANK)
        return false;
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] == DIM_UNKNOWN || x->shape[i] == 0)
            return false;
    return true;
}

/* The tensor that stands for `x`. */
static struct operand *companion(const struct map *companions, struct operand *x)
{
    struct operand *other = map_get(companions, x);
    return other ? other : x;
}

/* Lets `x`, a tensor of the same elements, be the result of `op`. */
static void finish(struct map *companions, struct operator *op, struct operand *x)
{
    if (is_large(op->outputs[0]))
        map_put(companions, op->outputs[0], x);
    else
        edit_finish(op, x);
}

/* ---- groups ---- */

static void group(const int *labels, int rank, struct groups *out)
{
    int current = ANY;
    out->count = 0;
    out->start[0] = 0;
    for (int i = 0; i < rank; i++) {
        if (labels[i] == ANY || (out->count && labels[i] == current))
            continue;
        if (out->count)
            out->start[out->count] = i;
        out->count++;
        current = labels[i];
    }
    if (out->count == 0)
        out->count = 1;
    out->start[out->count] = rank;
}

static int group_of(const struct groups *groups, int axis)
{
    int i = 0;
    while (axis >= groups->start[i + 1])
        i++;
    return i;
}

/* The shape of an operand whose axes are the last ones of those that were grouped. */
static void grouped_shape(const struct groups *groups, const struct operand *x, int64_t *shape)
{
    int rank = groups->start[groups->count], lacking = rank - x->rank;
    for (int i = 0; i < groups->count; i++) {
        shape[i] = 1;
        for (int axis = groups->start[i]; axis < groups->start[i + 1]; axis++)
            shape[i] = dim_mul(x->producer->graph, shape[i], axis < lacking ? 1 : x->shape[axis - lacking]);
    }
}

/* ---- permutations ---- */

/* How many groups follow one another as they shall, the first at the beginning included. */
static int adjacent(const int *order, const int *want, int count)
{
    int n = order[0] == want[0];
    for (int i = 0; i + 1 < count; i++)
        for (int j = 0; j + 1 < count; j++)
            n += order[i] == want[j] && order[i + 1] == want[j + 1];
    return n;
}

/* A permutation of up to four blocks: block i has the axes from cut[i] to before cut[i + 1]. */
struct step {
    int count, cut[BLOB_RANK + 1], order[BLOB_RANK];
};

static void apply(const struct step *step, const int *from, int *to)
{
    int n = 0;
    for (int i = 0; i < step->count; i++)
        for (int axis = step->cut[step->order[i]]; axis < step->cut[step->order[i] + 1]; axis++)
            to[n++] = from[axis];
}

static void try_orders(struct step *step, int at, const int *now, const int *want, struct step *best,
                       int *most)
{
    int there[TENSOR_RANK], count = step->cut[step->count];
    if (at < step->count) {
        for (int i = at; i < step->count; i++) {
            int swap = step->order[at];
            step->order[at] = step->order[i], step->order[i] = swap;
            try_orders(step, at + 1, now, want, best, most);
            step->order[i] = step->order[at], step->order[at] = swap;
        }
        return;
    }
    apply(step, now, there);
    if (adjacent(there, want, count) > *most) {
        *most = adjacent(there, want, count);
        *best = *step;
    }
}

/* The permutation of four blocks that brings most groups together.  There is always one that brings one more. */
static struct step best_step(const int *now, const int *want, int count)
{
    struct step best = { .count = 0 };
    int most = -1;
    for (int a = 1; a < count; a++)
        for (int b = a; b < count; b++)
            for (int c = b; c < count; c++) {
                struct step step = { .order = { 0, 1, 2, 3 } };
                int cuts[] = { 0, a, b, c, count };
                for (int i = 0; i < 5; i++)
                    if (i == 0 || cuts[i] > step.cut[step.count])
                        step.cut[i ? ++step.count : 0] = cuts[i];
                try_orders(&step, 0, now, want, &best, &most);
            }
    return best;
}

/* One step: a tensor with a dimension for each block, permuted, behind a batch that stays; 0: there is none. */
static struct operand *permute_blocks(struct operator *op, struct operand *x, const struct step *step,
                                      const int64_t *sizes, int64_t batch)
{
    int64_t shape[BLOB_RANK + 1] = { batch }, dims[BLOB_RANK + 1] = { 0 };
    int kept = batch != 0, rank = step->count + kept;
    for (int i = 0; i < step->count; i++) {
        shape[i + kept] = 1;
        for (int axis = step->cut[i]; axis < step->cut[i + 1]; axis++)
            shape[i + kept] = dim_mul(op->graph, shape[i + kept], sizes[axis]);
    }
    for (int i = 0; i < step->count; i++)
        dims[i + kept] = step->order[i] + kept;
    x = edit_reshape(op, x, rank, shape);
    struct operator *permute = edit_add(op, "Tensor.permute", x);
    operator_set(permute, "dims", value_ints(&op->graph->arena, dims, (size_t)rank));
    return edit_result(permute);
}

/* Groups of sizes `sizes` from their order to `want`, behind the batch. */
static struct operand *permute_groups(struct operator *op, struct operand *x, int64_t *sizes, const int *want,
                                      int count, int64_t batch)
{
    int now[TENSOR_RANK], next[TENSOR_RANK];
    int64_t moved[TENSOR_RANK];
    for (int i = 0; i < count; i++)
        now[i] = i;
    while (memcmp(now, want, (size_t)count * sizeof *now) != 0) {
        struct step step = best_step(now, want, count);
        x = permute_blocks(op, x, &step, sizes, batch);
        apply(&step, now, next);
        for (int i = 0; i < count; i++)
            for (int j = 0; j < count; j++)
                if (next[i] == now[j])
                    moved[i] = sizes[j];
        memcpy(now, next, sizeof now);
        memcpy(sizes, moved, sizeof moved);
    }
    return x;
}

/* The dims of a permutation, from the front; false: none. */
static bool get_permutation(const struct operator *op, int rank, int64_t *dims)
{
    const struct value *v = operator_value(op, "dims");
    if (operator_is(op, "torch.transpose") || operator_is(op, "torch.swapaxes")) {
        bool axes = operator_is(op, "torch.swapaxes");
        int64_t a = operator_int(op, axes ? "axis0" : "dim0", rank),
                b = operator_int(op, axes ? "axis1" : "dim1", rank);
        a += a < 0 ? rank : 0, b += b < 0 ? rank : 0;
        for (int i = 0; i < rank; i++)
            dims[i] = i == a ? b : i == b ? a : i;
    } else if (!v || value_get_ints(v, dims, TENSOR_RANK) != rank) {
        return false;
    }
    unsigned seen = 0;
    for (int i = 0; i < rank; i++) {
        dims[i] += dims[i] < 0 ? rank : 0;
        if (dims[i] < 0 || dims[i] >= rank || seen >> dims[i] & 1)
            return false;
        seen |= 1u << dims[i];
    }
    return true;
}

/* Axes that follow one another before and after belong together; those of size 1 do not matter. */
static void label_permutation(const struct operand *x, const int64_t *dims, bool batch, int *labels)
{
    int before = -1;
    for (int i = 0; i < x->rank; i++)
        labels[i] = ANY;
    for (int i = 0, label = 0; i < x->rank; i++) {
        int axis = (int)dims[i], previous = axis - 1;
        if (x->shape[axis] == 1 && !(batch && axis == 0))
            continue;
        while (previous >= 0 && x->shape[previous] == 1)
            previous--;
        bool joined = before >= 0 && previous == before && !(batch && before == 0);
        labels[axis] = joined ? label : ++label;
        before = axis;
    }
}

static void split_permutation(struct map *companions, struct operator *op)
{
    struct operand *source = operator_operand(op, "input");
    int64_t dims[TENSOR_RANK], sizes[TENSOR_RANK];
    int labels[TENSOR_RANK] = { 0 }, want[TENSOR_RANK], count = 0;
    struct groups groups;
    if (!source || !get_permutation(op, source->rank, dims))
        return;
    bool batch = layout_is_counted(source) && source->batch == 0 &&
                 dims[0] == 0; /* an axis beside those of the blob */
    label_permutation(source, dims, batch, labels);
    group(labels, source->rank, &groups);
    grouped_shape(&groups, source, sizes);
    for (int i = 0; i < source->rank; i++) {
        int g = group_of(&groups, (int)dims[i]) - batch;
        bool first = labels[dims[i]] != ANY && g >= 0 && (count == 0 || want[count - 1] != g);
        if (first)
            want[count++] = g;
    }
    finish(
        companions, op,
        permute_groups(op, companion(companions, source), sizes + batch, want, count, batch ? sizes[0] : 0));
}

/* ---- other operators ---- */

/* How an operator treats its axes. */
enum treatment { LIKE, ALONG, REDUCED, LAST, PRODUCT, REPEATED };

/* The operands that an operator reads, and the largest rank among them and its results. */
struct reader {
    struct operator *op;
    struct operand *operands[64];
    int count, rank;
    bool large, known;
};

static void read_operand(struct operand *x, void *context)
{
    struct reader *r = context;
    if (r->count < 64)
        r->operands[r->count++] = x;
    r->rank = x->rank > r->rank ? x->rank : r->rank;
    r->large = r->large || is_large(x);
    r->known = r->known && is_known(x) && r->count < 64;
}

static void read_operands(struct reader *r, struct operator *op)
{
    *r = (struct reader){ .op = op, .known = true };
    operator_each_operand(op, read_operand, r);
    for (size_t i = 0; i < op->output_count; i++) {
        const struct operand *y = op->outputs[i];
        r->rank = y->rank > r->rank ? y->rank : r->rank;
        r->large = r->large || is_large(y);
        r->known = r->known && is_known(y);
    }
}

/* A module of rows has weights that are no operands. */
static bool get_treatment(const struct reader *r, enum treatment *how)
{
    unsigned traits = r->op->signature->traits.bits;
    *how = traits & TRAIT_PRODUCT                                    ? PRODUCT
           : traits & (TRAIT_ROWS | TRAIT_TRAILING) && r->count == 1 ? LAST
           : traits & TRAIT_REPEATS                                  ? REPEATED
           : traits & TRAIT_REDUCES                                  ? REDUCED
           : traits & TRAIT_ALONG                                    ? ALONG
                                                                     : LIKE;
    return *how != LIKE || traits & TRAITS_ELEMENTWISE;
}

/* The axes that the argument names, from the front; how many, -1: none. */
static int get_axes(const struct operator *op, const char *key, int rank, int64_t *axes)
{
    const struct value *v = operator_value(op, key);
    int count = !v ? -1 : v->kind == VALUE_INT ? 1 : value_get_ints(v, axes, TENSOR_RANK);
    if (count == 1 && v->kind == VALUE_INT)
        axes[0] = v->integer;
    for (int i = 0; i < count; i++) {
        axes[i] += axes[i] < 0 ? rank : 0;
        if (axes[i] < 0 || axes[i] >= rank)
            return -1;
    }
    return count;
}

static const char *axes_key(const struct operator *op)
{
    return operator_value(op, "dims") ? "dims" : "dim";
}

/* Which operands (a bit for each) are repeated along an axis: these broadcast alike. */
static int pattern(const struct reader *r, int axis)
{
    int bits = 0;
    for (int i = 0; i < r->count; i++) {
        const struct operand *x = r->operands[i];
        int lacking = r->rank - x->rank;
        if (axis >= lacking && x->shape[axis - lacking] != 1)
            bits |= 1 << (i % 29);
    }
    return bits;
}

/* Labels beside the patterns. */
enum { TAKEN = 1 << 30, REPEAT, SINGLE };

/* The axes that the operator works along; how many, -1: a form that is not known here. */
static int worked_axes(const struct reader *r, enum treatment how, int64_t *axes)
{
    const struct value *v = operator_value(r->op, "normalized_shape");
    int64_t sizes[TENSOR_RANK];
    int count = how == LAST ? 1 : how == PRODUCT ? 2 : 0;
    if (how == ALONG || how == REDUCED) {
        count = get_axes(r->op, axes_key(r->op), r->rank, axes);
        if (r->operands[0]->rank != r->rank || (count < 1 && how == ALONG))
            return -1;
        for (int i = 0; count < 1 && i < r->rank; i++) /* all */
            axes[i] = i;
        return count < 1 ? r->rank : count;
    }
    bool broadcast = how != PRODUCT;
    for (int i = 0; i < count; i++)
        axes[i] = r->rank - count + i;
    for (int i = 0; i < r->count; i++) {
        broadcast = broadcast || r->operands[i]->rank == r->rank;
        if (r->operands[i]->rank < count)
            return -1;
    }
    if (!broadcast) /* torch.inner has the axes of both */
        return -1;
    return v && value_get_ints(v, sizes, TENSOR_RANK) != 1 ? -1 : count;
}

/* How the result of a repetition comes from an axis. */
static int repeat_label(const struct reader *r, int axis)
{
    const struct operand *x = r->operands[0], *y = r->op->outputs[0];
    int64_t from = axis < r->rank - x->rank ? 1 : x->shape[axis - (r->rank - x->rank)];
    if (y->rank != r->rank || from == y->shape[axis])
        return y->rank == r->rank && from == 1 ? ANY : 0;
    return from == 1 ? REPEAT : SINGLE + 1 + axis;
}

/* Axes with the same label, and neighbours, are treated alike. */
static bool label(const struct reader *r, enum treatment how, int *labels)
{
    int64_t axes[TENSOR_RANK];
    int count = worked_axes(r, how, axes);
    for (int i = 0; i < r->rank; i++) {
        int bits = pattern(r, i);
        labels[i] = how == REPEATED ? repeat_label(r, i) : bits ? bits : ANY;
    }
    for (int i = 0; i < count; i++)
        labels[axes[i]] = how == REDUCED ? TAKEN : SINGLE + 1 + (int)axes[i];
    return count >= 0;
}

/* The argument that names axes, for the groups. */
static void regroup_axes(struct operator *fresh, const struct reader *r, const struct groups *groups)
{
    const char *key = axes_key(r->op);
    const struct value *v = operator_value(r->op, key);
    int64_t axes[TENSOR_RANK], out[TENSOR_RANK];
    int count = get_axes(r->op, key, r->rank, axes), n = 0;
    for (int i = 0; i < count; i++) {
        int at = group_of(groups, (int)axes[i]);
        if (n == 0 || out[n - 1] != at)
            out[n++] = at;
    }
    if (n)
        operator_set(fresh, key,
                     v->kind == VALUE_INT ? value_int(out[0])
                                          : value_ints(&fresh->graph->arena, out, (size_t)n));
}

static struct value grouped_value(const struct map *companions, struct operator *op, const struct value *v,
                                  const struct groups *groups)
{
    int64_t shape[TENSOR_RANK];
    struct value copy = *v;
    if (v->kind == VALUE_OPERAND && v->operand->rank > 0) {
        grouped_shape(groups, v->operand, shape);
        return value_operand(edit_reshape(op, companion(companions, v->operand), groups->count, shape));
    }
    if (v->kind == VALUE_LIST) {
        copy.list.items = arena_array(&op->graph->arena, v->list.count, sizeof *copy.list.items);
        for (size_t i = 0; i < v->list.count; i++)
            copy.list.items[i] = grouped_value(companions, op, &v->list.items[i], groups);
    }
    return copy;
}

/* A repetition of groups: each as often as the result has its elements. */
static struct operator *repeat(const struct map *companions, struct operator *op, const struct groups *groups)
{
    struct operand *x = operator_operand(op, "input");
    int64_t from[TENSOR_RANK], to[TENSOR_RANK];
    grouped_shape(groups, x, from);
    grouped_shape(groups, op->outputs[0], to);
    for (int i = 0; i < groups->count; i++)
        to[i] = dim_div_exact(op->graph, to[i], from[i]);
    x = edit_reshape(op, companion(companions, x), groups->count, from);
    struct operator *fresh = edit_add(op, "Tensor.repeat", x);
    operator_set(fresh, "sizes", edit_sizes(fresh, to, groups->count));
    return fresh;
}

/* A copy of the operator that works on groups of axes. */
static void regroup(struct map *companions, const struct reader *r, enum treatment how)
{
    struct operator *op = r->op;
    struct groups groups;
    int labels[TENSOR_RANK] = { 0 };
    if (!label(r, how, labels))
        return;
    group(labels, r->rank, &groups);
    for (size_t i = 0; i < op->output_count; i++)
        if (groups.count > BLOB_RANK || (op->outputs[i]->rank != r->rank && how != REDUCED))
            return;
    struct operator *fresh = how == REPEATED ? repeat(companions, op, &groups) : edit_add(op, op->type, NULL);
    for (size_t i = 0; i < op->argument_count && how != REPEATED; i++)
        operator_set(fresh, op->arguments[i].key,
                     value_has_operand(&op->arguments[i].value)
                         ? grouped_value(companions, fresh, &op->arguments[i].value, &groups)
                         : op->arguments[i].value);
    for (size_t i = 0; i < op->attribute_count; i++)
        operator_add_attribute(fresh, op->attributes[i]);
    if (how == ALONG || how == REDUCED)
        regroup_axes(fresh, r, &groups);
    while (fresh->output_count < op->output_count)
        operator_add_output(fresh, NULL);
    operator_infer(fresh);
    for (size_t i = 0; i < op->output_count; i++) {
        struct operand *old = op->outputs[i], *y = fresh->outputs[i];
        if (is_large(old))
            map_put(companions, old, y);
        else
            operand_replace(old, edit_reshape(op, y, old->rank, old->shape));
    }
}

/* ---- all of them ---- */

static bool is_view(const struct operator *op)
{
    return op->signature->traits.bits & (TRAIT_RESHAPES | TRAIT_COPIES) && op->output_count == 1 &&
           operator_operand(op, "input");
}

static bool is_permutation(const struct operator *op)
{
    return op->signature->traits.bits & (TRAIT_PERMUTES | TRAIT_SWAPS);
}

static void reduce_one(struct map *companions, struct operator *op)
{
    struct reader r;
    enum treatment how;
    read_operands(&r, op);
    if (!r.large || !r.known || r.rank > TENSOR_RANK || !r.count || !op->output_count)
        return;
    if (is_view(op))
        finish(companions, op, companion(companions, operator_operand(op, "input")));
    else if (is_permutation(op))
        split_permutation(companions, op);
    else if (get_treatment(&r, &how))
        regroup(companions, &r, how);
}

static bool has_large(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            if (op->outputs[i]->rank > BLOB_RANK)
                return true;
    return false;
}

void reduce_ranks(struct graph *g)
{
    struct map companions;
    if (!has_large(g))
        return;
    batch_guess(g);
    map_init(&companions);
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (!operator_is(op, "pnnx.Input") && !operator_is(op, "pnnx.Output") &&
            !operator_is(op, "pnnx.Attribute"))
            reduce_one(&companions, op);
    }
    map_release(&companions);
    graph_remove_dead(g);
}
