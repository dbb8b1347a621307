/* sizes.c - functions of rules that write sizes which are computed from those of tensors when the network runs.
 *
 * ncnn's Reshape, Interp and Crop take sizes as texts over the blobs that they read: "*(0w,2),1h" (references.h). */
#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/blobs/references.h"
#include "cmd/pnnx2ncnn/functions/weights.h"
#include "common/graph/dim.h"

/* The argument; NULL: None, or left out. */
static const struct value *given(const struct operator *op, const char *key)
{
    const struct value *v = operator_get(op, key);
    return v && v->kind != VALUE_NONE ? v : NULL;
}

static bool give_blobs(struct rule_call *call, const struct references *r)
{
    struct value *items = arena_array(&call->graph->arena, r->count, sizeof *items);
    for (size_t i = 0; i < r->count; i++)
        items[i] = value_operand(r->blobs[i]);
    return rule_give(call, value_list(items, r->count));
}

/* The text of the sizes that an image is resized to, innermost first, and the blobs that it is over; NULL: they are not
 * known. */
static const char *resize_text(struct operator *op, struct references *r)
{
    struct operand *x = operator_operand(op, "input");
    const struct operand *y = op->outputs[0];
    const char *text = "";
    *r = (struct references){ .at = op, .blobs = { x }, .count = 1 };
    if (!x || x->rank < 3 || x->rank > 4 || y->rank != x->rank || layout_rank(x) != x->rank - 1 ||
        layout_is_counted(x))
        return NULL;
    for (int i = y->rank - 1; text && i > 1; i--) {
        const char *size = references_size(r, y->shape[i]);
        text = size ? arena_printf(&op->graph->arena, "%s%s%s", text, *text ? "," : "", size) : NULL;
    }
    return text;
}

bool sizes_resize_text(struct rule_call *call)
{
    struct references r;
    return rule_give_text(call, resize_text(call->a[0].op->outputs[0]->producer, &r));
}

bool sizes_resize_blobs(struct rule_call *call)
{
    struct references r;
    return resize_text(call->a[0].op->outputs[0]->producer, &r) && give_blobs(call, &r);
}

/* The texts of where a slice begins and ends, and the blobs; the layer clips what is larger than the size, and counts what is
 * negative from the end, as PyTorch does. */
struct bounds {
    const char *first, *last;
    struct references r;
};

static const char *bound_text(struct references *r, const struct value *v)
{
    int64_t number = v->kind == VALUE_INT       ? dim_int(r->at->graph, v->integer)
                     : v->kind == VALUE_OPERAND ? v->operand->number
                                                : DIM_UNKNOWN;
    return references_size(r, number);
}

static bool slice_bounds(struct operator *op, struct bounds *b)
{
    const struct value *start = given(op, "start"), *end = given(op, "end");
    struct operand *x = operator_operand(op, "input");
    int64_t dim = operator_int(op, "dim", 0);
    bool open = !end || (end->kind == VALUE_INT && end->integer >= INT32_MAX);
    *b = (struct bounds){ .r = { .at = op, .blobs = { x }, .count = 1 } };
    bool computed = (start && value_has_operand(start)) || (end && value_has_operand(end));
    if (!x || !computed || layout_axis(x, dim) < 0 || layout_rank(x) > BLOB_RANK || layout_is_counted(x))
        return false;
    b->first = start ? bound_text(&b->r, start) : "0";
    b->last = open ? references_axis(&b->r, x, dim < 0 ? dim + x->rank : dim) : bound_text(&b->r, end);
    return b->first && b->last;
}

bool sizes_slice_start(struct rule_call *call)
{
    struct bounds b;
    return slice_bounds(call->a[0].op->outputs[0]->producer, &b) && rule_give_text(call, b.first);
}

bool sizes_slice_end(struct rule_call *call)
{
    struct bounds b;
    return slice_bounds(call->a[0].op->outputs[0]->producer, &b) && rule_give_text(call, b.last);
}

bool sizes_slice_blobs(struct rule_call *call)
{
    struct bounds b;
    return slice_bounds(call->a[0].op->outputs[0]->producer, &b) && give_blobs(call, &b.r);
}

/* ---- batches ---- */

/* The nearest tensor of floats before the operator with as many samples as its result has: in front, a number that is not
 * known.  A list, without any if there is none. */
bool sizes_samples_like(struct rule_call *call)
{
    const struct operator *op = call->a[0].op;
    const struct operand *y = op->output_count ? op->outputs[0] : NULL;
    if (!y || y->rank < 1 || dim_known(y->shape[0]) || y->shape[0] == DIM_UNKNOWN)
        return rule_give(call, value_list(NULL, 0));
    for (const struct operator *at = op->prev; at; at = at->prev)
        for (size_t i = 0; i < at->output_count; i++) {
            struct operand *x = at->outputs[i];
            if (x->dtype == DTYPE_F32 && x->rank > 1 && dim_equal(x->shape[0], y->shape[0])) {
                struct value found = value_operand(x);
                return rule_give(call, value_list(arena_copy(&call->graph->arena, &found, sizeof found), 1));
            }
        }
    return rule_give(call, value_list(NULL, 0));
}
