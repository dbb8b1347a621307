/* views.c - see views.h. */
#include "cmd/pt2pnnx/views.h"

#include <string.h>

/* Rows with `copies` view contiguous memory and copy other. */
static const struct view_row {
    const char *type;
    enum view_kind kind;
    bool copies;
} rows[] = {
    { "aten::alias", VIEW_SAME, false },           { "aten::detach", VIEW_SAME, false },
    { "aten::lift_fresh", VIEW_SAME, false },      { "aten::resolve_conj", VIEW_SAME, false },
    { "aten::resolve_neg", VIEW_SAME, false },     { "aten::contiguous", VIEW_SAME, true },
    { "aten::slice", VIEW_SLICE, false },          { "aten::select", VIEW_SELECT, false },
    { "aten::narrow", VIEW_NARROW, false },        { "aten::diagonal", VIEW_DIAGONAL, false },
    { "aten::view", VIEW_RESHAPE, false },         { "aten::view_as", VIEW_RESHAPE, false },
    { "aten::_unsafe_view", VIEW_RESHAPE, false }, { "aten::squeeze", VIEW_RESHAPE, false },
    { "aten::unflatten", VIEW_RESHAPE, false },    { "aten::reshape", VIEW_RESHAPE, true },
    { "aten::reshape_as", VIEW_RESHAPE, true },    { "aten::flatten", VIEW_RESHAPE, true },
    { "aten::ravel", VIEW_RESHAPE, true },         { "aten::unsqueeze", VIEW_UNSQUEEZE, false },
    { "aten::transpose", VIEW_SWAP, false },       { "aten::swapaxes", VIEW_SWAP, false },
    { "aten::swapdims", VIEW_SWAP, false },        { "aten::t", VIEW_SWAP, false },
    { "aten::numpy_T", VIEW_SWAP, false },         { "aten::mT", VIEW_SWAP, false },
    { "aten::permute", VIEW_PERMUTE, false },      { "aten::movedim", VIEW_MOVE, false },
    { "aten::moveaxis", VIEW_MOVE, false },        { "aten::unbind", VIEW_UNBIND, false },
    { "aten::split", VIEW_SPLIT, false },          { "aten::split_with_sizes", VIEW_SPLIT, false },
    { "aten::chunk", VIEW_SPLIT, false },          { "aten::tensor_split", VIEW_SPLIT, false },
    { "aten::view_as_real", VIEW_REAL, false },    { "aten::view_as_complex", VIEW_REAL, false },
    { "aten::expand", VIEW_OTHER, false },         { "aten::expand_as", VIEW_OTHER, false },
    { "aten::broadcast_to", VIEW_OTHER, false },   { "aten::unfold", VIEW_OTHER, false },
    { "aten::as_strided", VIEW_OTHER, false },     { "aten::real", VIEW_OTHER, false },
    { "aten::imag", VIEW_OTHER, false },           { "aten::conj", VIEW_OTHER, false },
    { "aten::hsplit", VIEW_OTHER, false },         { "aten::vsplit", VIEW_OTHER, false },
    { "aten::dsplit", VIEW_OTHER, false },         { "aten::__getitem__", VIEW_OTHER, false },
};

/* Outside training they return their argument. */
static bool is_idle_dropout(const struct operator *op)
{
    return (operator_is(op, "aten::dropout") || operator_is(op, "aten::feature_dropout") ||
            operator_is(op, "aten::alpha_dropout") || operator_is(op, "aten::feature_alpha_dropout")) &&
           !operator_bool(op, "train", true);
}

enum view_kind view_kind(const struct operator *op, bool contiguous)
{
    if (is_idle_dropout(op))
        return VIEW_SAME;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].type, op->type) == 0)
            return rows[i].copies && !contiguous ? VIEW_NONE : rows[i].kind;
    return VIEW_NONE;
}

bool view_keeps_contiguous(const struct operator *op, enum view_kind kind)
{
    switch (kind) {
    case VIEW_SAME:
    case VIEW_RESHAPE:
    case VIEW_UNSQUEEZE:
    case VIEW_REAL: return true;
    case VIEW_SLICE: return operator_int(op, "dim", 0) == 0 && operator_int(op, "step", 1) == 1;
    case VIEW_SELECT:
    case VIEW_NARROW:
    case VIEW_UNBIND:
    case VIEW_SPLIT: return operator_int(op, "dim", 0) == 0;
    default: return false;
    }
}

/* ---- scattering back ---- */

static struct operator *add_like(struct operator *before, const struct operator *view, const char *type)
{
    struct graph *g = before->graph;
    const char *colon = strrchr(type, ':');
    const char *path = view->scope && *view->scope->path ? view->scope->path : NULL;
    const char *stem = arena_printf(&g->arena, "%s%s%s", path ? path : "", path ? "." : "", colon + 1);
    struct operator *op = graph_add(g, before, type, graph_fresh_operator_name(g, stem));
    op->scope = view->scope;
    op->source = view->source;
    return op;
}

static void copy_argument(struct operator *to, const char *key, const struct operator *from,
                          const char *from_key)
{
    const struct value *v = operator_get(from, from_key);
    if (v)
        operator_set(to, key, *v);
}

static struct operand *finish(struct operator *op)
{
    return operator_add_output(op, NULL);
}

/* aten::NAME_scatter: takes the keys of the view, with `base` and `value`. */
static struct operand *scatter(struct operator *before, const struct operator *view, const char *type,
                               const char *const *keys, struct operand *base, struct operand *value)
{
    struct operator *op = add_like(before, view, type);
    operator_set(op, "self", value_operand(base));
    operator_set(op, "src", value_operand(value));
    for (; *keys; keys++)
        copy_argument(op, *keys, view, *keys);
    return finish(op);
}

static struct operand *select_scatter(struct operator *before, const struct operator *view, int64_t index,
                                      struct operand *base, struct operand *value)
{
    static const char *const keys[] = { "dim", NULL };
    struct operand *out = scatter(before, view, "aten::select_scatter", keys, base, value);
    operator_set(out->producer, "index", value_int(index));
    return out;
}

static struct operand *narrow_scatter(struct operator *before, const struct operator *view,
                                      struct operand *base, struct operand *value)
{
    static const char *const keys[] = { "dim", "start", NULL };
    const struct value *start = operator_get(view, "start"), *length = operator_get(view, "length");
    int64_t end;
    if (!start || !length || start->kind != VALUE_INT || length->kind != VALUE_INT || start->integer < 0 ||
        !int_add(start->integer, length->integer, &end))
        return NULL;
    struct operand *out = scatter(before, view, "aten::slice_scatter", keys, base, value);
    operator_set(out->producer, "end", value_int(end));
    return out;
}

/* The view back: an operator of `type` on the value. */
static struct operator *unary(struct operator *before, const struct operator *view, const char *type,
                              struct operand *value)
{
    struct operator *op = add_like(before, view, type);
    operator_set(op, "self", value_operand(value));
    return op;
}

static struct operand *reshape_back(struct operator *before, const struct operator *view,
                                    struct operand *base, struct operand *value)
{
    struct operator *op = unary(before, view, "aten::reshape_as", value);
    operator_set(op, "other", value_operand(base));
    return finish(op);
}

static struct operand *squeeze_back(struct operator *before, const struct operator *view,
                                    struct operand *value)
{
    struct operator *op = unary(before, view, "aten::squeeze", value);
    copy_argument(op, "dim", view, "dim");
    return finish(op);
}

static struct operand *swap_back(struct operator *before, const struct operator *view, struct operand *value)
{
    struct operator *op = unary(before, view, view->type, value);
    for (size_t i = 1; i < view->argument_count; i++)
        operator_set(op, view->arguments[i].key, view->arguments[i].value);
    return finish(op);
}

static struct operand *permute_back(struct operator *before, const struct operator *view,
                                    struct operand *value)
{
    int64_t dims[32], inverse[32];
    const struct value *v = operator_get(view, "dims");
    int rank = v ? value_get_ints(v, dims, 32) : -1;
    if (rank < 0)
        return NULL;
    for (int i = 0; i < rank; i++) {
        int64_t d = dims[i] < 0 ? dims[i] + rank : dims[i];
        if (d < 0 || d >= rank)
            return NULL;
        inverse[d] = i;
    }
    struct operator *op = unary(before, view, "aten::permute", value);
    operator_set(op, "dims", value_ints(&op->graph->arena, inverse, (size_t)rank));
    return finish(op);
}

static struct operand *move_back(struct operator *before, const struct operator *view, struct operand *value)
{
    struct operator *op = unary(before, view, view->type, value);
    copy_argument(op, "source", view, "destination");
    copy_argument(op, "destination", view, "source");
    return finish(op);
}

/* Side by side again, with one part replaced. */
static struct operand *join(struct operator *before, const struct operator *view, size_t index,
                            struct operand *value, struct operand *const *siblings)
{
    struct value *parts = arena_array(&before->graph->arena, view->output_count, sizeof *parts);
    for (size_t i = 0; i < view->output_count; i++)
        parts[i] = value_operand(i == index ? value : siblings[i]);
    struct operator *op = add_like(before, view, "aten::cat");
    operator_set(op, "tensors", value_list(parts, view->output_count));
    operator_set(op, "dim", value_int(operator_int(view, "dim", 0)));
    return finish(op);
}

static struct operand *real_back(struct operator *before, const struct operator *view, struct operand *value)
{
    bool real = operator_is(view, "aten::view_as_real");
    return finish(unary(before, view, real ? "aten::view_as_complex" : "aten::view_as_real", value));
}

struct operand *view_scatter(struct operator *before, const struct operator *view, enum view_kind kind,
                             size_t index, struct operand *base, struct operand *value,
                             struct operand *const *siblings)
{
    static const char *const slice[] = { "dim", "start", "end", "step", NULL };
    static const char *const select[] = { "dim", "index", NULL };
    static const char *const diagonal[] = { "offset", "dim1", "dim2", NULL };
    switch (kind) {
    case VIEW_SAME: return value;
    case VIEW_SLICE: return scatter(before, view, "aten::slice_scatter", slice, base, value);
    case VIEW_SELECT: return scatter(before, view, "aten::select_scatter", select, base, value);
    case VIEW_DIAGONAL: return scatter(before, view, "aten::diagonal_scatter", diagonal, base, value);
    case VIEW_NARROW: return narrow_scatter(before, view, base, value);
    case VIEW_RESHAPE: return reshape_back(before, view, base, value);
    case VIEW_UNSQUEEZE: return squeeze_back(before, view, value);
    case VIEW_SWAP: return swap_back(before, view, value);
    case VIEW_PERMUTE: return permute_back(before, view, value);
    case VIEW_MOVE: return move_back(before, view, value);
    case VIEW_UNBIND: return select_scatter(before, view, (int64_t)index, base, value);
    case VIEW_SPLIT: return join(before, view, index, value, siblings);
    case VIEW_REAL: return real_back(before, view, value);
    default: return NULL;
    }
}
