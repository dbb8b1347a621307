/* reshape.c - see reshape.h. */
#include "cmd/pnnx2ncnn/blobs/reshape.h"

#include <assert.h>
#include <string.h>

#include "common/graph/dim.h"

/* Whether the count of `from` stays the count of `to` without moving an element: as much lies outside of it. */
static bool count_stays(const struct operand *from, const struct operand *to)
{
    struct graph *g = from->producer->graph;
    int64_t a = dim_product(g, from->shape, from->batch), b = dim_product(g, to->shape, to->batch);
    if (from->batch == 0 && to->batch == 0 && from->shape[0] == DIM_UNKNOWN && to->shape[0] == DIM_UNKNOWN)
        return true;
    return dim_equal(a, b) && dim_equal(from->shape[from->batch], to->shape[to->batch]);
}

/* The dimensions as Reshape counts them: all, where it sees the count as one of them. */
static void logical_dims(const struct operand *x, bool with_count, struct dims *out)
{
    if (!with_count) {
        layout_dims(x, out);
        return;
    }
    out->rank = x->rank;
    memcpy(out->size, x->shape, (size_t)x->rank * sizeof *x->shape);
}

/* Unknown sizes become 0, "as in the input": the sizes that the layer finds under the same name (w h d c, or the same
 * position where batch axes are given); or one of them -1.  From four dimensions to three the layer takes the channels as they
 * are packed, by 4 or 8: a fault of the runtime. */
static bool name_unknown(const struct dims *from, struct dims *to, bool logical)
{
    int inferred = 0;
    for (int i = 0; i < to->rank; i++) {
        int same = logical ? i : i == 0 && to->rank > 2 ? 0 : i + from->rank - to->rank;
        bool packed = from->rank == 4 && to->rank == 3 && i == 0;
        bool named =
            logical || from->rank == to->rank || (!packed && ((from->rank > 2) == (to->rank > 2) || i > 0));
        if (dim_known(to->size[i]))
            continue;
        if (named && same >= 0 && same < from->rank && dim_equal(to->size[i], from->size[same])) {
            to->size[i] = 0;
        } else {
            to->size[i] = -1;
            inferred++;
        }
    }
    return inferred <= 1;
}

/* The sizes as expressions, innermost first; -1 for one that cannot be said. */
static bool refer(const struct dims *to, struct reshape *out)
{
    const char *text = "";
    int inferred = 0;
    for (int i = 0; i < to->rank; i++) {
        const char *size = references_size(&out->blobs, to->size[i]);
        inferred += !size;
        text = arena_printf(&out->blobs.at->graph->arena, "%s%s%s", size ? size : "-1", i ? "," : "", text);
    }
    out->text = text;
    return inferred <= 1;
}

bool reshape_plan(struct operand *from, const struct operand *to, struct reshape *out)
{
    struct dims in, sizes;
    *out = (struct reshape){ .from_batch = NO_AXIS,
                             .to_batch = NO_AXIS,
                             .blobs = { .at = to->producer, .blobs = { from }, .count = 1 } };
    if (from->rank < 0 || to->rank < 0 || !layout_dims(from, &in) || !layout_dims(to, &out->to))
        return false;
    bool a = layout_is_counted(from), b = layout_is_counted(to);
    bool logical = (a || b) && !(a && b && count_stays(from, to));
    if (logical) {
        out->from_batch = a ? from->batch : NO_AXIS;
        out->to_batch = b ? to->batch : NO_AXIS;
        logical_dims(from, a, &in);
        logical_dims(to, b, &out->to);
    }
    if (out->to.rank > BLOB_RANK + (logical && b))
        return false;
    sizes = out->to;
    return name_unknown(&in, &out->to, logical) || refer(&sizes, out);
}

bool reshape_rows(const struct operand *to, struct reshape *out)
{
    int unknown = 0;
    *out = (struct reshape){ .from_batch = NO_AXIS,
                             .to_batch = NO_AXIS,
                             .blobs = { .at = to->producer, .count = 1 } };
    if (!layout_dims(to, &out->to) || out->to.rank > BLOB_RANK)
        return false;
    struct dims sizes = out->to;
    for (int i = 0; i < out->to.rank; i++) {
        unknown += !dim_known(out->to.size[i]);
        out->to.size[i] = dim_known(out->to.size[i]) ? out->to.size[i] : -1;
    }
    return unknown <= 1 || refer(&sizes, out);
}

struct value reshape_inputs(struct graph *g, const struct reshape *r)
{
    struct value *items = arena_array(&g->arena, r->blobs.count, sizeof *items);
    for (size_t i = 0; i < r->blobs.count; i++)
        items[i] = value_operand(r->blobs.blobs[i]);
    return value_list(items, r->blobs.count);
}

size_t reshape_parameters(struct arena *arena, const struct reshape *r,
                          struct parameter_pair pairs[RESHAPE_PAIRS])
{
    size_t count = 0;
    if (r->text) {
        pairs[count++] = (struct parameter_pair){ "6", value_string(r->text) };
    } else if (r->to.rank <= BLOB_RANK) {
        for (int i = 0; i < r->to.rank; i++)
            pairs[count++] = (struct parameter_pair){ layout_id(r->to.rank, i), value_int(r->to.size[i]) };
    } else { /* five with the count: only an expression can say it, innermost first */
        const char *text = "";
        for (int i = 0; i < r->to.rank; i++)
            text = arena_printf(arena, i ? "%lld,%s" : "%lld%s", (long long)r->to.size[i], text);
        pairs[count++] = (struct parameter_pair){ "6", value_string(text) };
    }
    if (r->from_batch != NO_AXIS || r->to_batch != NO_AXIS) {
        pairs[count++] = (struct parameter_pair){ "12", value_int(r->from_batch) };
        pairs[count++] = (struct parameter_pair){ "13", value_int(r->to_batch) };
    }
    assert(count <= RESHAPE_PAIRS);
    return count;
}

/* A Reshape layer that already does it. */
static struct operand *find_conversion(const struct operand *x, int rank, const int64_t *shape, int batch)
{
    for (const struct use *use = x->uses; use; use = use->next) {
        const struct operator *op = use->op;
        if (!operator_is(op, "Reshape") || op->output_count != 1)
            continue;
        struct operand *y = op->outputs[0];
        if (y->rank == rank && y->batch == batch &&
            (!rank || !memcmp(y->shape, shape, (size_t)rank * sizeof *shape)))
            return y;
    }
    return NULL;
}

struct operand *reshape_add(struct operator *before, struct operand *x, int rank, const int64_t *shape,
                            int batch)
{
    struct graph *g = before->graph;
    struct operand *found = find_conversion(x, rank, shape, batch);
    if (found)
        return found;
    const char *stem = arena_printf(&g->arena, "%s_layout", before->name);
    struct operator *op = graph_add(g, before, "Reshape", graph_fresh_operator_name(g, stem));
    struct operand *y = operator_add_output(op, NULL);
    struct reshape r;
    struct parameter_pair pairs[RESHAPE_PAIRS];
    operand_set_shape(y, x->dtype, rank, shape);
    y->batch = batch;
    if (!reshape_plan(x, y, &r)) {
        operator_remove(op);
        return NULL;
    }
    operator_set(op, "inputs", reshape_inputs(g, &r));
    size_t count = reshape_parameters(&g->arena, &r, pairs);
    for (size_t i = 0; i < count; i++)
        operator_set(op, pairs[i].key, pairs[i].value);
    return y;
}
