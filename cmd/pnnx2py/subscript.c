/* subscript.c - x[...]: slices, selections, index tensors, and writes into them. */

#include "printer.h"

/* Where a file says "to the end", or "no selection". */
static bool is_end(const struct value *v)
{
    return !v || v->kind == VALUE_NONE || (v->kind == VALUE_INT && v->integer >= INT32_MAX - 1);
}

static bool is_int(const struct value *v, int64_t i)
{
    return v && v->kind == VALUE_INT && v->integer == i;
}

/* One axis of a subscript. */
struct axis {
    int64_t dim;
    const struct value *start, *end, *step, *select; /* NULL: not said */
};

static void print_axis(struct printer *p, const struct axis *a)
{
    if (!is_end(a->select)) {
        print_value(p, a->select);
        return;
    }
    if (a->start && a->start->kind != VALUE_NONE && !is_int(a->start, 0))
        print_value(p, a->start);
    lines_add(&p->out, ":");
    if (!is_end(a->end))
        print_value(p, a->end);
    if (a->step && a->step->kind != VALUE_NONE && !is_int(a->step, 1)) {
        lines_add(&p->out, ":");
        print_value(p, a->step);
    }
}

static const struct axis *axis_of(const struct axis *axes, size_t count, int64_t dim)
{
    for (size_t i = 0; i < count; i++)
        if (axes[i].dim == dim)
            return &axes[i];
    return NULL;
}

static void print_axis_or_all(struct printer *p, const struct axis *axes, size_t count, int64_t dim,
                              bool *any)
{
    const struct axis *a = axis_of(axes, count, dim);
    lines_add(&p->out, *any ? ", " : "");
    *any = true;
    if (a)
        print_axis(p, a);
    else
        lines_add(&p->out, ":");
}

/* "[:, 1:3, ..., 0]": axes from the left, then those counted from the right. */
static void print_axes(struct printer *p, const struct axis *axes, size_t count)
{
    int64_t last = -1, first = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        last = axes[i].dim > last ? axes[i].dim : last;
        first = axes[i].dim < first ? axes[i].dim : first;
    }
    lines_add(&p->out, "[");
    for (int64_t dim = 0; dim <= last; dim++)
        print_axis_or_all(p, axes, count, dim, &any);
    if (first < 0)
        lines_add(&p->out, any ? ", ..." : "...");
    any = any || first < 0;
    for (int64_t dim = first; dim < 0; dim++)
        print_axis_or_all(p, axes, count, dim, &any);
    lines_add(&p->out, "]");
}

#define MAX_AXES 64

/* The i-th entry of a list argument; NULL when it has none. */
static const struct value *entry(const struct operator *op, const char *key, size_t i)
{
    const struct value *v = operator_get(op, key);
    if (!v || v->kind != VALUE_LIST)
        return i == 0 ? v : NULL;
    return i < v->list.count ? &v->list.items[i] : NULL;
}

/* The axes that a Tensor.slice, .slice_copy or .select speaks of; 0: it cannot be read. */
static size_t read_axes(const struct operator *op, struct axis *axes)
{
    const struct value *dims = operator_get(op, "dims");
    if (!dims) {
        const char *select = operator_get(op, "index") ? "index" : "select";
        axes[0] =
            (struct axis){ operator_int(op, "dim", 0), operator_get(op, "start"), operator_get(op, "end"),
                           operator_get(op, "step"), operator_get(op, select) };
        return axes[0].dim < MAX_AXES && axes[0].dim >= -MAX_AXES;
    }
    size_t count = dims->kind == VALUE_LIST ? dims->list.count : 1;
    if (count > MAX_AXES)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const struct value *dim = entry(op, "dims", i);
        if (dim->kind != VALUE_INT || dim->integer >= MAX_AXES || dim->integer < -MAX_AXES)
            return 0;
        axes[i] = (struct axis){ dim->integer, entry(op, "starts", i), entry(op, "ends", i),
                                 entry(op, "steps", i), entry(op, "selects", i) };
    }
    return count;
}

static const char *const cannot_read = "its slice has no constant dims between -64 and 63";

static const struct value *first_argument(const struct operator *op)
{
    return op->argument_count > 0 ? &op->arguments[0].value : NULL;
}

void print_slice(struct printer *p, const struct operator *op)
{
    struct axis axes[MAX_AXES];
    size_t count = read_axes(op, axes);
    if (count == 0 || !first_argument(op)) {
        refuse(p, op, cannot_read);
        return;
    }
    print_results(p, op);
    print_value(p, first_argument(op));
    print_axes(p, axes, count);
    lines_add(&p->out, "\n");
}

void print_slice_copy(struct printer *p, const struct operator *op)
{
    struct axis axes[MAX_AXES];
    size_t count = read_axes(op, axes);
    const struct value *src = operator_get(op, "src");
    if (count == 0 || !first_argument(op) || !src || op->output_count != 1) {
        refuse(p, op, cannot_read);
        return;
    }
    print_results(p, op);
    print_value(p, first_argument(op));
    lines_printf(&p->out, ".clone()\n        %s", variable(p, op->outputs[0]));
    print_axes(p, axes, count);
    lines_add(&p->out, " = ");
    print_value(p, src);
    lines_add(&p->out, "\n");
}

/* ---- Tensor.index ---- */

/* An index: None takes the whole axis, nested lists are constant index tensors. */
static void print_index_list(struct printer *p, const struct value *v)
{
    lines_add(&p->out, "[");
    for (size_t i = 0; i < v->list.count; i++) {
        lines_add(&p->out, i ? ", " : "");
        if (v->list.items[i].kind == VALUE_LIST)
            print_index_list(p, &v->list.items[i]);
        else
            print_value(p, &v->list.items[i]);
    }
    lines_add(&p->out, "]");
}

void print_index(struct printer *p, const struct operator *op)
{
    const struct value *indices = operator_get(op, "indices");
    if (!first_argument(op) || !indices || indices->kind == VALUE_STRING) {
        refuse(p, op, "its index is not a list");
        return;
    }
    print_results(p, op);
    print_value(p, first_argument(op));
    lines_add(&p->out, "[");
    size_t count = indices->kind == VALUE_LIST ? indices->list.count : 1;
    for (size_t i = 0; i < count; i++) {
        const struct value *v = indices->kind == VALUE_LIST ? &indices->list.items[i] : indices;
        lines_add(&p->out, i ? ", " : "");
        if (v->kind == VALUE_NONE)
            lines_add(&p->out, ":");
        else if (v->kind == VALUE_LIST)
            print_index_list(p, v);
        else
            print_value(p, v);
    }
    lines_add(&p->out, count ? "]\n" : "...]\n");
}

/* ---- writes into views ---- */

static bool is_view(const struct operator *op)
{
    return operator_is(op, "Tensor.slice") || operator_is(op, "Tensor.select") ||
           operator_is(op, "aten::slice") || operator_is(op, "aten::select") ||
           operator_is(op, "Tensor.reshape") || operator_is(op, "aten::view");
}

/* The subscripts that lead from the root of a chain of views to its end; the root comes back. */
static const struct value *print_path(struct printer *p, const struct value *v, int depth, bool *bad)
{
    struct axis axes[MAX_AXES];
    const struct operator *op = v->kind == VALUE_OPERAND ? v->operand->producer : NULL;
    if (!op || !is_view(op) || !first_argument(op) || depth > 100)
        return v;
    const struct value *root = print_path(p, first_argument(op), depth + 1, bad);
    const struct value *shape = operator_get(op, operator_is(op, "aten::view") ? "size" : "shape");
    if (shape) {
        lines_add(&p->out, ".view(");
        print_value(p, shape);
        lines_add(&p->out, ")");
        return root;
    }
    size_t count = read_axes(op, axes);
    *bad = *bad || count == 0;
    print_axes(p, axes, count);
    return root;
}

/* Tensor.copy writes `src` into `self`, which may be a view: the result is the whole root with that part replaced. */
void print_copy(struct printer *p, const struct operator *op)
{
    const struct value *self = operator_get(op, "self"), *src = operator_get(op, "src");
    if (!self || !src || op->output_count != 1) {
        refuse(p, op, "needs self and src");
        return;
    }
    struct lines line = p->out;
    bool bad = false;
    p->out = (struct lines){ 0 };
    const struct value *root = print_path(p, self, 0, &bad);
    struct lines path = p->out;
    p->out = line;
    print_results(p, op);
    print_value(p, root);
    lines_printf(&p->out, ".clone()\n        %s%s.copy_(", variable(p, op->outputs[0]),
                 path.bytes ? path.bytes : "");
    print_value(p, src);
    lines_add(&p->out, ")\n");
    lines_release(&path);
    if (bad)
        refuse(p, op, cannot_read);
}
