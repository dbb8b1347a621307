/* functional.c - see functional.h.
 *
 * Each operand is either a root, memory of its own, or a view of another operand.  A root counts the writes into its
 * memory; an operand knows its value as of some count, and when it is read after later writes, its view is made
 * again, of the new value.  Operators are visited in order, once. */
#include "cmd/pt2pnnx/functional.h"

#include <string.h>

#include "cmd/pt2pnnx/views.h"
#include "common/base/report.h"

struct alias {
    struct operand *base;  /* what it is a view of; NULL: it is a root */
    struct operator *view; /* as first made; NULL: the same as its base */
    enum view_kind kind;
    bool contiguous;
    struct operand *value; /* its value as of `seen` writes */
    size_t seen;
    size_t writes; /* of a root */
};

struct aliases {
    struct graph *g;
    struct alias *of; /* by operand id; a zero one is a root that nobody wrote to */
    size_t count;     /* operands there were at the start: those made here are values, never looked up */
    bool mixed;       /* the network knows floats, or integers, of several widths */
};

static struct alias *alias_of(struct aliases *a, const struct operand *x)
{
    return &a->of[x->id];
}

static struct operand *root_of(struct aliases *a, struct operand *x)
{
    while (alias_of(a, x)->base)
        x = alias_of(a, x)->base;
    return x;
}

/* ---- reading ---- */

static struct operand *current(struct aliases *a, struct operand *x, struct operator *before);

/* A copy of a view operator on the present value of its base. */
static void view_again(struct aliases *a, struct operand *x, struct operator *before)
{
    struct alias *alias = alias_of(a, x);
    struct operator *view = alias->view;
    struct operand *base = current(a, alias->base, before);
    struct operator *op = graph_add(a->g, before, view->type, graph_fresh_operator_name(a->g, view->name));
    op->scope = view->scope;
    op->source = view->source;
    for (size_t i = 0; i < view->argument_count; i++)
        operator_set(op, view->arguments[i].key, view->arguments[i].value);
    operator_set(op, view->arguments[0].key, value_operand(base));
    size_t writes = alias_of(a, root_of(a, x))->writes;
    for (size_t i = 0; i < view->output_count; i++) {
        struct alias *sibling = alias_of(a, view->outputs[i]);
        struct operand *out = operator_add_output(op, NULL);
        if (sibling->value && sibling->seen == writes)
            continue;
        sibling->value = out;
        sibling->seen = writes;
    }
}

/* The value that reading `x` gives now.  New operators go before `before`. */
static struct operand *current(struct aliases *a, struct operand *x, struct operator *before)
{
    if (x->id >= a->count)
        return x;
    struct alias *alias = alias_of(a, x);
    size_t writes = alias_of(a, root_of(a, x))->writes;
    if (alias->seen == writes)
        return alias->value ? alias->value : x;
    if (!alias->view)
        return current(a, alias->base, before);
    view_again(a, x, before);
    return alias->value;
}

/* Operators that look at the shape or type of these arguments only: not worth making a view again. */
static bool reads_shape(const struct operator *op, const char *key)
{
    static const char *const shapes[] = { "aten::size",       "aten::dim",       "aten::numel",
                                          "aten::zeros_like", "aten::ones_like", "aten::full_like",
                                          "aten::new_zeros",  "aten::new_ones",  "aten::empty_like",
                                          "aten::new_full",   "aten::new_empty" };
    static const char *const others[] = { "aten::expand_as", "aten::view_as", "aten::reshape_as",
                                          "aten::type_as" };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (operator_is(op, shapes[i]))
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (operator_is(op, others[i]) && strcmp(key, "other") == 0)
            return true;
    return false;
}

/* Replaces the operands in a value by what reading them gives; true when one changed. */
static bool refresh(struct aliases *a, struct operator *op, struct value *v, bool shape)
{
    bool changed = false;
    if (v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->list.count; i++)
            changed |= refresh(a, op, &v->list.items[i], shape);
    if (v->kind != VALUE_OPERAND || (shape && v->operand->id < a->count && alias_of(a, v->operand)->base))
        return changed;
    struct operand *x = current(a, v->operand, op);
    changed = x != v->operand;
    v->operand = x;
    return changed;
}

static void refresh_arguments(struct aliases *a, struct operator *op)
{
    for (size_t i = 0; i < op->argument_count; i++) {
        const char *key = op->arguments[i].key;
        if (!value_has_operand(&op->arguments[i].value))
            continue;
        struct value v = value_copy(&a->g->arena, op->arguments[i].value);
        if (refresh(a, op, &v, reads_shape(op, key)))
            operator_set(op, key, v);
    }
}

/* ---- writing ---- */

/* The values of all results of a view that has several. */
static struct operand **siblings_of(struct aliases *a, struct operator *view, struct operator *before)
{
    struct operand **out = arena_array(&a->g->arena, view->output_count, sizeof *out);
    for (size_t i = 0; i < view->output_count; i++)
        out[i] = current(a, view->outputs[i], before);
    return out;
}

static void refuse(const struct operator *op, const char *what, const char *type)
{
    report(STATUS_CONVERSION, operator_place(op), "%s '%s' %s %s", op->type, op->name, what, type);
}

/* `x` has become `value`: so have what it is a view of, up to the root.  New operators go before `before`. */
static void write(struct aliases *a, struct operator *op, struct operand *x, struct operand *value,
                  struct operator *before)
{
    struct operand *root = root_of(a, x);
    size_t writes = alias_of(a, root)->writes + 1;
    /* First all the new values, while the old ones can still be read. */
    struct operand *old = NULL, *new = value;
    size_t depth = 0;
    struct operand *path[64], *values[64];
    for (struct operand *at = x;; at = alias_of(a, at)->base) {
        struct alias *alias = alias_of(a, at);
        if (depth == 64) {
            refuse(op, "writes through too many views of", root->name);
            return;
        }
        path[depth] = at;
        values[depth++] = new;
        if (!alias->base)
            break;
        if (!alias->view)
            continue;
        old = current(a, alias->base, before);
        struct operand **siblings = alias->kind == VIEW_SPLIT ? siblings_of(a, alias->view, before) : NULL;
        new = view_scatter(before, alias->view, alias->kind, at->index, old, new, siblings);
        if (!new) {
            refuse(op, "writes into the result of", alias->view->type);
            return;
        }
    }
    for (size_t i = 0; i < depth; i++) {
        alias_of(a, path[i])->value = values[i];
        alias_of(a, path[i])->seen = writes;
    }
    alias_of(a, root)->writes = writes;
}

/* ---- operators ---- */

/* In-place operators whose functional form is not the name without underscore. */
static const struct {
    const char *type, *functional;
} renamed[] = {
    { "aten::zero_", "aten::zeros_like" },       { "aten::normal_", "aten::normal_functional" },
    { "aten::__iadd__", "aten::add" },           { "aten::__isub__", "aten::sub" },
    { "aten::__imul__", "aten::mul" },           { "aten::__idiv__", "aten::div" },
    { "aten::__iand__", "aten::__and__" },       { "aten::__ior__", "aten::__or__" },
    { "aten::__ixor__", "aten::__xor__" },       { "aten::__ilshift__", "aten::__lshift__" },
    { "aten::__irshift__", "aten::__rshift__" },
};

/* In-place operators that change how the tensor is seen, not the memory. */
static bool changes_shape_only(const struct operator *op)
{
    static const char *const types[] = { "aten::squeeze_",  "aten::unsqueeze_", "aten::transpose_",
                                         "aten::swapaxes_", "aten::t_",         "aten::swapdims_" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (operator_is(op, types[i]))
            return true;
    return false;
}

/* The functional form of an in-place operator, or NULL. */
static const char *functional_type(struct graph *g, const struct operator *op)
{
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (operator_is(op, renamed[i].type))
            return renamed[i].functional;
    size_t length = strlen(op->type);
    bool in_place = strncmp(op->type, "aten::", 6) == 0 && length > 7 && op->type[length - 1] == '_' &&
                    op->type[length - 2] != '_';
    return in_place ? arena_text(&g->arena, op->type, length - 1) : NULL;
}

/* The first argument of aten::dropout_ is `self`, that of aten::dropout `input`. */
static void rename_first(struct operator *op)
{
    const struct signature *signature = signature_find(op->graph->signatures, op->type);
    const struct value *self = operator_get(op, "self");
    if (!signature || !self || signature->parameter_count == 0 || signature_parameter(signature, "self"))
        return;
    struct value x = *self;
    operator_unset(op, "self");
    operator_set(op, signature->parameters[0].name, x);
}

/* fill_ with a number makes a tensor like its argument. */
static void make_full_like(struct operator *op)
{
    const struct value *v = operator_get(op, "value");
    if (!operator_is(op, "aten::fill") || !v || v->kind == VALUE_OPERAND)
        return;
    struct value number = *v;
    operator_unset(op, "value");
    operator_set_type(op, "aten::full_like");
    operator_set(op, "fill_value", number);
}

static void set_view(struct aliases *a, struct operand *x, struct operand *base, struct operator *view,
                     enum view_kind kind)
{
    struct alias *alias = alias_of(a, x), *of = alias_of(a, base);
    /* What is the same as its base is passed over, so that a thousand writes, each into the result of the last, are
     * not a thousand views of each other. */
    alias->base = of->base && !of->view ? of->base : base;
    alias->view = view;
    alias->kind = kind;
    alias->contiguous = of->contiguous && (!view || view_keeps_contiguous(view, kind));
    alias->value = x;
    alias->seen = alias_of(a, root_of(a, base))->writes;
}

/* The first argument before anything is changed: what the operator is a view of, or writes to. */
static struct operand *first_operand(const struct operator *op)
{
    bool is = op->argument_count > 0 && op->arguments[0].value.kind == VALUE_OPERAND;
    return is ? op->arguments[0].value.operand : NULL;
}

/* The functional form answers in truth values, the in-place form in the type of what it writes to. */
static bool answers_in_bool(const char *type)
{
    static const char *const names[] = { "eq",
                                         "ne",
                                         "lt",
                                         "le",
                                         "gt",
                                         "ge",
                                         "not_equal",
                                         "less",
                                         "less_equal",
                                         "greater",
                                         "greater_equal",
                                         "logical_and",
                                         "logical_or",
                                         "logical_xor",
                                         "logical_not" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(type + strlen("aten::"), names[i]) == 0)
            return true;
    return false;
}

/* The functional form of two tensors answers in the wider of their types, the in-place form in that of the first. */
static bool may_widen(const struct operator *op, const char *type)
{
    static const char *const names[] = {
        "add",         "sub",         "mul",       "div",          "subtract",  "multiply",  "divide",
        "true_divide", "fmod",        "remainder", "floor_divide", "pow",       "atan2",     "arctan2",
        "hypot",       "copysign",    "clamp",     "clamp_min",    "clamp_max", "clip",      "addcmul",
        "addcdiv",     "xlogy",       "ldexp",     "gcd",          "lcm",       "nextafter", "bitwise_and",
        "bitwise_or",  "bitwise_xor", "__and__",   "__or__",       "__xor__",
    };
    size_t tensors = 0, i = 0;
    for (size_t k = 0; k < op->argument_count; k++)
        tensors += op->arguments[k].value.kind == VALUE_OPERAND;
    while (i < sizeof names / sizeof *names && strcmp(type + strlen("aten::"), names[i]) != 0)
        i++;
    return tensors > 1 && i < sizeof names / sizeof *names;
}

/* Makes the result of `op` that of x's type: a cast behind `op` gives it. */
static void cast_result(struct operator *op, struct operand *x, struct operator *before)
{
    struct graph *g = op->graph;
    struct operand *out = op->outputs[0];
    struct operator *cast = graph_add(g, before, "aten::type_as", graph_fresh_operator_name(g, op->name));
    cast->scope = op->scope;
    cast->source = op->source;
    operand_move(out, cast);
    struct operand *truth = operator_add_output(op, graph_fresh_operand_name(g, out->name));
    operator_set(cast, "self", value_operand(truth));
    operator_set(cast, "other", value_operand(x));
}

static void visit_write(struct aliases *a, struct operator *op, struct operand *x, const char *type)
{
    struct operator *before = op->next;
    if (operator_is(op, "aten::resize_") || operator_is(op, "aten::set_") || op->output_count != 1) {
        refuse(op, "changes the memory of", x->name);
        return;
    }
    operator_set_type(op, type);
    rename_first(op);
    make_full_like(op);
    struct operand *out = op->outputs[0];
    if (answers_in_bool(type) || (a->mixed && may_widen(op, type)))
        cast_result(op, first_operand(op), before);
    write(a, op, x, out, before);
    set_view(a, out, x, NULL, VIEW_SAME);
    alias_of(a, out)->seen = alias_of(a, root_of(a, x))->writes;
}

/* x.squeeze_(0): from here on, `x` is a view of what it was. */
static void visit_shape_change(struct aliases *a, struct operator *op, struct operand *x, const char *type)
{
    struct operand *out = op->outputs[0];
    operator_set_type(op, type);
    set_view(a, out, x, op, view_kind(op, true));
    for (struct operator *later = op->next; later; later = later->next)
        for (size_t i = 0; i < later->argument_count; i++) {
            struct value v = later->arguments[i].value;
            if (v.kind == VALUE_OPERAND && v.operand == x)
                operator_set(later, later->arguments[i].key, value_operand(out));
        }
}

static void visit(struct aliases *a, struct operator *op)
{
    struct operand *x = first_operand(op);
    const char *type = functional_type(a->g, op);
    refresh_arguments(a, op);
    for (size_t i = 0; i < op->output_count; i++)
        alias_of(a, op->outputs[i])->contiguous = true;
    if (!x || x->id >= a->count)
        return;
    if (type && changes_shape_only(op)) {
        visit_shape_change(a, op, x, type);
        return;
    }
    if (type) {
        visit_write(a, op, x, type);
        return;
    }
    enum view_kind kind = view_kind(op, alias_of(a, x)->contiguous);
    for (size_t i = 0; i < op->output_count && kind != VIEW_NONE; i++)
        set_view(a, op->outputs[i], x, kind == VIEW_SAME ? NULL : op, kind);
}

/* Whether an operator has or makes anything but f32, i64 and bool.  A tensor of rank 0 widens no other. */
static bool has_other_width(const struct operator *op)
{
    static const char *const wide[] = { "torch.double", "torch.half", "torch.bfloat16", "torch.int",
                                        "torch.short",  "torch.int8", "torch.uint8" };
    for (size_t i = 0; i < op->output_count; i++) {
        enum dtype type = op->outputs[i]->dtype;
        if (op->outputs[i]->rank != 0 && type != DTYPE_NULL && type != DTYPE_F32 && type != DTYPE_I64 &&
            type != DTYPE_BOOL)
            return true;
    }
    for (size_t i = 0; i < op->argument_count; i++)
        for (size_t k = 0; k < sizeof wide / sizeof *wide; k++)
            if (op->arguments[i].value.kind == VALUE_STRING &&
                strcmp(op->arguments[i].value.string, wide[k]) == 0)
                return true;
    return false;
}

/* Whether a network has types whose sum with f32 or i64 is another one of the same kind. */
static bool mixes_widths(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        if (has_other_width(op))
            return true;
    return false;
}

void functionalise(struct graph *g)
{
    struct aliases a = { .g = g, .count = g->operand_ids, .mixed = mixes_widths(g) };
    a.of = arena_array(&g->arena, a.count + 1, sizeof *a.of);
    struct operator *next;
    for (struct operator *op = g->first; op; op = next) {
        next = op->next;
        visit(&a, op);
    }
}
