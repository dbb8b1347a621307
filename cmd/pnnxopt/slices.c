/* slices.c - chains of slices and selects, and groups of them that belong together. */
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnxopt/passes.h"

enum { AXES_MAX = 16 };

/* "To the end", and "no select here", as the PNNX format writes them. */
static const int64_t slice_end = INT32_MAX;

/* What one axis goes through. */
struct cut {
    int64_t axis; /* of the tensor the chain starts from */
    int64_t start, end, step;
    int64_t select; /* slice_end: it is a slice */
};

/* Reads an integer argument that may be left out or None; false when it is an operand. */
static bool constant_int(const struct operator *op, const char *key, int64_t otherwise, int64_t *out)
{
    const struct value *v = operator_value(op, key);
    *out = otherwise;
    if (!v || v->kind == VALUE_NONE)
        return true;
    *out = v->integer;
    return v->kind == VALUE_INT;
}

/* The cut of a single-axis slice or select with constant arguments; its axis is still that of its own input.  False for
 * everything else. */
static bool read_cut(const struct operator *op, struct cut *cut)
{
    const struct operand *x = operator_operand(op, "input");
    bool is_select = operator_is(op, "Tensor.select");
    if (!x || (!is_select && !operator_is(op, "Tensor.slice")) || operator_get(op, "dims"))
        return false;
    if (!constant_int(op, "dim", 0, &cut->axis))
        return false;
    if (cut->axis < 0 && x->rank == RANK_UNKNOWN)
        return false;
    if (cut->axis < 0)
        cut->axis += x->rank;
    if (is_select) {
        cut->start = cut->end = cut->step = 0;
        return operator_get(op, "index") && constant_int(op, "index", 0, &cut->select);
    }
    cut->select = slice_end;
    return constant_int(op, "start", 0, &cut->start) && constant_int(op, "end", slice_end, &cut->end) &&
           constant_int(op, "step", 1, &cut->step);
}

/* ---- chains ---- */

/* The axis of the chain's first tensor that is axis `axis` behind the cuts: selected axes are gone. */
static int64_t original_axis(const struct cut *cuts, size_t count, int64_t axis)
{
    for (int64_t original = 0;; original++) {
        bool selected = false;
        for (size_t i = 0; i < count; i++)
            selected = selected || (cuts[i].axis == original && cuts[i].select != slice_end);
        if (!selected && axis-- == 0)
            return original;
    }
}

static bool has_axis(const struct cut *cuts, size_t count, int64_t axis)
{
    for (size_t i = 0; i < count; i++)
        if (cuts[i].axis == axis)
            return true;
    return false;
}

/* The one reader of the one result of `op`, if it takes it as its `input`. */
static struct operator *only_reader(const struct operator *op)
{
    const struct operand *x = op->outputs[0];
    struct operator *reader = x->use_count == 1 ? x->uses->op : NULL;
    return reader && operator_operand(reader, "input") == x ? reader : NULL;
}

/* Collects the cuts of the chain that starts at `op`; returns its length and its last operator. */
static size_t read_chain(struct operator *op, struct cut cuts[AXES_MAX], struct operator **last)
{
    size_t count = 0;
    struct cut cut;
    for (; op && count < AXES_MAX && read_cut(op, &cut) && cut.axis >= 0 && cut.axis < AXES_MAX;
         op = only_reader(op)) {
        cut.axis = original_axis(cuts, count, cut.axis);
        if (has_axis(cuts, count, cut.axis))
            break;
        cuts[count++] = cut;
        *last = op;
    }
    return count;
}

static int by_axis(const void *a, const void *b)
{
    const struct cut *x = a, *y = b;
    return (x->axis > y->axis) - (x->axis < y->axis);
}

/* Gives `op` one list argument: the member at `offset` of each cut. */
static void set_list(struct operator *op, const char *key, const struct cut *cuts, size_t count,
                     size_t offset)
{
    int64_t ints[AXES_MAX];
    for (size_t i = 0; i < count; i++)
        memcpy(&ints[i], (const char *)&cuts[i] + offset, sizeof *ints);
    operator_set(op, key, value_ints(&op->graph->arena, ints, count));
}

/* Removes the operators behind `op` up to `last` and makes `op` do the work of all. */
static void merge_chain(struct operator *op, struct operator *last, struct cut *cuts, size_t count)
{
    static const char *const single[] = { "dim", "start", "end", "step", "index" };
    struct graph *g = op->graph;
    struct operator *merged = graph_add(g, last, "Tensor.slice", last->name);
    operator_set(merged, "input", value_operand(operator_operand(op, "input")));
    qsort(cuts, count, sizeof *cuts, by_axis);
    set_list(merged, "dims", cuts, count, offsetof(struct cut, axis));
    set_list(merged, "starts", cuts, count, offsetof(struct cut, start));
    set_list(merged, "ends", cuts, count, offsetof(struct cut, end));
    set_list(merged, "steps", cuts, count, offsetof(struct cut, step));
    set_list(merged, "selects", cuts, count, offsetof(struct cut, select));
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        operator_unset(merged, single[i]);
    merged->line = last->line;
    merged->source = last->source;
    operand_move(last->outputs[0], merged);
    for (struct operator *gone = last; gone;) {
        struct operand *x = operator_operand(gone, "input");
        struct operator *before = gone == op ? NULL : x->producer;
        operator_remove(gone);
        gone = before;
    }
}

/* Starts only at the head of a chain, so that each is merged once and whole; the operators that go stand behind the
 * head, so the walk notes what follows only afterwards. */
size_t pass_merge_slices(struct graph *g)
{
    size_t merged = 0;
    struct operator *op = g->first;
    while (op) {
        struct cut cuts[AXES_MAX];
        struct operator *last, *prev = op->prev;
        size_t count = read_chain(op, cuts, &last);
        if (count < 2) {
            op = op->next;
            continue;
        }
        merge_chain(op, last, cuts, count);
        merged++;
        op = prev ? prev->next : g->first;
    }
    return merged;
}

/* ---- groups: several cuts of one tensor along one axis ---- */

struct group {
    struct operator **ops; /* malloc'ed */
    struct cut *cuts;      /* malloc'ed */
    size_t count;
};

/* Collects the readers of x that cut it along `axis` with constant arguments: selects or slices. */
static struct group group_read(const struct operand *x, int64_t axis, bool selects)
{
    struct group group = { 0 };
    group.ops = xmalloc(size_mul(x->use_count, sizeof *group.ops));
    group.cuts = xmalloc(size_mul(x->use_count, sizeof *group.cuts));
    for (const struct use *use = x->uses; use; use = use->next) {
        struct cut cut;
        if (operator_operand(use->op, "input") != x || !read_cut(use->op, &cut) || cut.axis != axis ||
            (cut.select != slice_end) != selects)
            continue;
        group.ops[group.count] = use->op;
        group.cuts[group.count++] = cut;
    }
    return group;
}

static void group_release(struct group *group)
{
    free(group->ops);
    free(group->cuts);
}

/* Moves the readers of every cut to output `index[i]` of `op`, and removes the cuts. */
static void group_replace(struct group *group, struct operator *op, const size_t *index)
{
    operator_infer(op);
    for (size_t i = 0; i < group->count; i++) {
        operand_replace(group->ops[i]->outputs[0], op->outputs[index[i]]);
        operator_remove(group->ops[i]);
    }
}

/* A new operator on x, right behind its producer, named after the first cut. */
static struct operator *add_behind(struct operand *x, const char *type, const char *name, size_t outputs,
                                   int64_t dim)
{
    struct graph *g = x->producer->graph;
    struct operator *op = graph_add(g, x->producer->next, type, graph_fresh_operator_name(g, name));
    operator_set(op, "input", value_operand(x));
    operator_set(op, "dim", value_int(dim));
    for (size_t i = 0; i < outputs; i++)
        operator_add_output(op, NULL);
    return op;
}

/* Turns the selects of x along `axis` into one unbind when they take every index. */
static bool unbind_axis(struct operand *x, int64_t axis, int64_t size)
{
    struct group group = group_read(x, axis, true);
    size_t *index = xmalloc(size_mul(group.count, sizeof *index));
    unsigned char *taken = xmalloc((size_t)size);
    memset(taken, 0, (size_t)size);
    int64_t distinct = 0;
    for (size_t i = 0; i < group.count; i++) {
        int64_t at = group.cuts[i].select < 0 ? group.cuts[i].select + size : group.cuts[i].select;
        if (at < 0 || at >= size) {
            distinct = -1;
            break;
        }
        index[i] = (size_t)at;
        distinct += !taken[at];
        taken[at] = 1;
    }
    if (distinct == size)
        group_replace(&group,
                      add_behind(x, "torch.unbind", group.ops[group.count - 1]->name, (size_t)size, axis),
                      index);
    free(taken);
    free(index);
    group_release(&group);
    return distinct == size;
}

/* Every operand that some operator of the type reads as `input`, with the axis it is cut along. */
static size_t each_cut(struct graph *g, bool selects, bool (*visit)(struct operand *x, int64_t axis))
{
    size_t changed = 0;
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        for (size_t i = 0; i < op->output_count; i++) {
            struct operand *x = op->outputs[i];
            unsigned tried = 0; /* a bit for each axis */
            for (struct use *use = x->uses; use;) {
                struct cut cut;
                bool fits = operator_operand(use->op, "input") == x && read_cut(use->op, &cut) &&
                            (cut.select != slice_end) == selects && cut.axis >= 0 && cut.axis < AXES_MAX &&
                            cut.axis < x->rank && !(tried & 1u << cut.axis);
                use = use->next;
                if (!fits)
                    continue;
                tried |= 1u << cut.axis;
                if (visit(x, cut.axis)) {
                    changed++;
                    use = x->uses; /* the list has changed */
                }
            }
        }
        next = op->next;
    }
    return changed;
}

static bool visit_unbind(struct operand *x, int64_t axis)
{
    int64_t size = x->shape[axis];
    return x->rank >= 2 && size >= 2 && (uint64_t)size <= x->use_count && unbind_axis(x, axis, size);
}

size_t pass_unbind(struct graph *g)
{
    return each_cut(g, true, visit_unbind);
}

static int by_start(const void *a, const void *b)
{
    const struct cut *x = *(const struct cut *const *)a, *y = *(const struct cut *const *)b;
    return (x->start > y->start) - (x->start < y->start);
}

/* Whether the slices, sorted, cut the axis into contiguous pieces from 0 to its end, and where: `at` has room for
 * count - 1 positions. */
static bool cut_positions(struct cut **sorted, size_t count, int64_t size, int64_t *at)
{
    for (size_t i = 0; i < count; i++) {
        const struct cut *cut = sorted[i];
        int64_t end = cut->end >= size ? size : cut->end;
        int64_t expected = i + 1 < count ? sorted[i + 1]->start : size;
        if (cut->step != 1 || cut->start < 0 || end != expected || cut->start >= end)
            return false;
        if (i > 0)
            at[i - 1] = cut->start;
    }
    return count >= 2 && sorted[0]->start == 0;
}

static bool visit_tensor_split(struct operand *x, int64_t axis)
{
    struct group group = group_read(x, axis, false);
    struct cut **sorted = xmalloc(size_mul(group.count, sizeof *sorted));
    int64_t *at = xmalloc(size_mul(group.count, sizeof *at));
    size_t *index = xmalloc(size_mul(group.count, sizeof *index));
    for (size_t i = 0; i < group.count; i++)
        sorted[i] = &group.cuts[i];
    qsort(sorted, group.count, sizeof *sorted, by_start);
    bool fits = x->shape[axis] >= 0 && cut_positions(sorted, group.count, x->shape[axis], at);
    if (fits) {
        for (size_t i = 0; i < group.count; i++)
            index[sorted[i] - group.cuts] = i;
        struct operator *op =
            add_behind(x, "torch.tensor_split", group.ops[sorted[0] - group.cuts]->name, group.count, axis);
        operator_set(op, "indices", value_ints(&op->graph->arena, at, group.count - 1));
        group_replace(&group, op, index);
    }
    free(sorted);
    free(at);
    free(index);
    group_release(&group);
    return fits;
}

size_t pass_tensor_split(struct graph *g)
{
    return each_cut(g, false, visit_tensor_split);
}
