/* elements.c - see passes.h: what the numbers of a blob are.
 *
 * The runtime's layers compute on floats; an embedding's indices are int32 in the same places.  Booleans are the floats 0
 * and 1.  An integer tensor is int32 when it is looked up by, or only moved from an input to a result; when anything
 * computes on it, it is floats, exact up to 2^24.  Tensors that the same elements are moved through are one class. */
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/custom/custom.h"
#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/graph/element.h"

enum { COMPUTED = 1, INDEX = 2 };

/* Disjoint sets of operands, by id; a set's flags are those of its root. */
struct classes {
    size_t *parent;       /* malloc'ed */
    unsigned char *flags; /* malloc'ed */
};

static size_t root_of(const struct classes *c, size_t id)
{
    while (c->parent[id] != id)
        id = c->parent[id] = c->parent[c->parent[id]];
    return id;
}

static void mark(struct classes *c, const struct operand *x, int flag)
{
    c->flags[root_of(c, x->id)] |= (unsigned char)flag;
}

static void unite(struct classes *c, const struct operand *x, const struct operand *y)
{
    size_t a = root_of(c, x->id), b = root_of(c, y->id);
    c->parent[a] = b;
    c->flags[b] |= c->flags[a];
}

/* True when the tensor is int32: booleans never are, integers when nothing computes on them. */
static bool is_index(const struct classes *c, const struct operand *x)
{
    int flags = c->flags[root_of(c, x->id)];
    return x->dtype != DTYPE_BOOL && (flags & INDEX || !(flags & COMPUTED));
}

/* ---- what operators do ---- */

static bool is_conversion(const struct operator *op)
{
    return operator_is(op, "Tensor.to") || operator_is(op, "Tensor.type_as");
}

bool elements_are_moved(const struct operator *op)
{
    return op->signature->traits.bits & TRAITS_MOVED;
}

static bool is_wide(enum dtype type)
{
    return type == DTYPE_I32 || type == DTYPE_I64;
}

/* An operand that may be int32: its type is not always known. */
static bool may_be_index(const struct operand *x)
{
    return dtype_is_integer(x->dtype) || x->dtype == DTYPE_NULL;
}

static bool is_lookup(const struct operator *op)
{
    return op->signature->traits.bits & TRAIT_LOOKUP;
}

/* The ends of the network, and what is not known: they compute nothing. */
bool elements_are_neutral(const struct operator *op)
{
    return strncmp(op->type, "pnnx.", 5) == 0 || strncmp(op->type, "prim::", 6) == 0;
}

/* ---- classes ---- */

struct visit {
    struct classes *classes;
    const struct operator *op;
};

static void mark_read(struct operand *x, void *context)
{
    const struct visit *v = context;
    const struct operator *op = v->op;
    const struct operand *y = op->output_count ? op->outputs[0] : NULL;
    bool moved = elements_are_moved(op) || (is_conversion(op) && y && is_wide(y->dtype));
    if (operand_constant(x) || !may_be_index(x))
        return;
    if (custom_registered(op) || (is_lookup(op) && operator_operand(op, "input") == x))
        mark(v->classes, x, INDEX);
    else if (moved && may_be_index(y))
        for (size_t i = 0; i < op->output_count; i++)
            unite(v->classes, x, op->outputs[i]);
    else if (!elements_are_neutral(op))
        mark(v->classes, x, COMPUTED);
}

/* True for an operator that moves integers to integers. */
static void find_foreign(struct operand *x, void *found)
{
    if (!may_be_index(x))
        *(bool *)found = true;
}

static bool moves_integers(const struct operator *op)
{
    bool foreign = false;
    operator_each_operand(op, find_foreign, &foreign);
    if (is_conversion(op) && op->output_count)
        return !foreign && is_wide(op->outputs[0]->dtype);
    return elements_are_moved(op) && !foreign;
}

static bool is_narrow(const struct operand *x)
{
    return dtype_is_integer(x->dtype) && !is_wide(x->dtype);
}

static void find_narrow(struct operand *x, void *found)
{
    if (is_narrow(x) && !operand_constant(x))
        *(bool *)found = true;
}

/* What an operator computes is floats; of integers that wrap around below 2^24 it is not the same, but where a rule has
 * written of floats how they do (types.rules). */
static void mark_results(struct classes *c, const struct operator *op)
{
    bool wraps = is_conversion(op);
    operator_each_operand(op, find_narrow, &wraps);
    for (size_t i = 0; i < op->output_count; i++) {
        const struct operand *y = op->outputs[i];
        if (may_be_index(y))
            mark(c, y, is_narrow(y) && wraps ? INDEX : COMPUTED);
    }
}

static void classify(struct classes *c, struct graph *g)
{
    c->parent = xmalloc(size_mul(g->operand_ids + 1, sizeof *c->parent));
    c->flags = xmalloc(g->operand_ids + 1);
    for (size_t i = 0; i < g->operand_ids; i++) {
        c->parent[i] = i;
        c->flags[i] = 0;
    }
    for (struct operator *op = g->first; op; op = op->next) {
        struct visit visit = { c, op };
        operator_each_operand(op, mark_read, &visit);
        if (!elements_are_neutral(op) && !moves_integers(op))
            mark_results(c, op);
    }
}

/* ---- operators whose meaning depends on the type ---- */

/* What stands for the last bits of a float, a narrow integer, is that float. */
static void take_last_bits(struct operator *op)
{
    const struct value *list = operator_get(op, "inputs");
    if (operator_is(op, "pnnx.LastBits") && list && list->kind == VALUE_LIST && list->list.count == 1)
        operand_replace(op->outputs[0], list->list.items[0].operand);
}

/* A conversion is nothing or a rounding; others stay. */
static void write_conversion(const struct classes *c, struct operator *op)
{
    struct operand *x = operator_operand(op, "input"), *y = op->output_count ? op->outputs[0] : NULL;
    bool from_float = x && (dtype_is_float(x->dtype) || x->dtype == DTYPE_NULL);
    if (!x || !y || dtype_is_complex(x->dtype))
        return;
    if (is_wide(y->dtype) && from_float) {
        while (op->argument_count)
            operator_unset(op, op->arguments[0].key);
        operator_set_type(op, "torch.trunc");
        operator_set(op, "input", value_operand(x));
        return;
    }
    bool same = dtype_is_float(y->dtype) || is_wide(y->dtype) || x->dtype == y->dtype;
    bool from_index = dtype_is_integer(x->dtype) && is_index(c, x);
    bool to_index = dtype_is_integer(y->dtype) && is_index(c, y);
    if (same && from_index == to_index)
        operand_replace(y, x);
}

/* ---- constants ---- */

/* The constant in another type: nothing is lost of small integers. */
static struct operand *converted(struct operator *op, const struct attribute *from, enum dtype type)
{
    size_t count = element_count(from->rank, from->shape);
    uint8_t *data = arena_array(&op->graph->arena, count + 1, dtype_size(type));
    for (size_t i = 0; i < count; i++)
        element_set_real(type, data, i, element_real(from->dtype, from->data, i));
    return edit_constant(op, type, from->rank, from->shape, data);
}

static struct value with_constants(struct operator *op, const struct value *v, enum dtype type)
{
    struct value copy = *v;
    const struct attribute *w = v->kind == VALUE_OPERAND ? operand_constant(v->operand) : NULL;
    bool number = v->kind == VALUE_OPERAND && v->operand->rank == 0; /* rules know its value */
    if (w && !number && (dtype_is_integer(w->dtype) || w->dtype == DTYPE_BOOL)) {
        enum dtype want = w->dtype == DTYPE_BOOL ? DTYPE_F32 : type;
        bool same = want == DTYPE_I32 && is_wide(w->dtype); /* the writer narrows these */
        return same ? copy : value_operand(converted(op, w, want));
    }
    if (v->kind == VALUE_LIST) {
        copy.list.items = arena_array(&op->graph->arena, v->list.count, sizeof *copy.list.items);
        for (size_t i = 0; i < v->list.count; i++)
            copy.list.items[i] = with_constants(op, &v->list.items[i], type);
    }
    return copy;
}

/* Lets `op` read its integer and boolean constants in the type that it needs. */
static void convert_constants(const struct classes *c, struct operator *op)
{
    bool whole = is_lookup(op) || operator_is(op, "pnnx.Output") ||
                 (moves_integers(op) && op->output_count && is_index(c, op->outputs[0]));
    for (size_t i = 0; i < op->argument_count; i++)
        if (value_has_operand(&op->arguments[i].value))
            operator_set(op, op->arguments[i].key,
                         with_constants(op, &op->arguments[i].value, whole ? DTYPE_I32 : DTYPE_F32));
}

/* ---- all ---- */

/* The type of the blob that the operand will be. */
static enum dtype blob_type(const struct classes *c, size_t known, const struct operand *x)
{
    bool index = x->id < known && is_index(c, x);
    if (x->dtype == DTYPE_BOOL || (dtype_is_integer(x->dtype) && !index))
        return DTYPE_F32;
    bool looked_up = x->dtype == DTYPE_NULL && x->id < known && c->flags[root_of(c, x->id)] & INDEX;
    return looked_up ? DTYPE_I64 : x->dtype;
}

static void set_types(const struct classes *c, size_t known, struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++) {
        struct operand *x = op->outputs[i];
        enum dtype type = operand_constant(x) ? x->dtype : blob_type(c, known, x);
        if (operator_is(op, "pnnx.Input") && x->dtype != type)
            operator_set(op, "bound", value_int(x->dtype == DTYPE_BOOL ? 2 : 10));
        x->dtype = type;
    }
}

void prepare_elements(struct graph *g)
{
    struct classes classes;
    classify(&classes, g);
    size_t known = g->operand_ids;
    for (struct operator *op = g->first; op; op = op->next) /* as long as all types are those of PyTorch */
        convert_constants(&classes, op);
    for (struct operator *op = g->first; op; op = op->next) {
        take_last_bits(op);
        if (is_conversion(op))
            write_conversion(&classes, op);
    }
    for (struct operator *op = g->first; op; op = op->next)
        set_types(&classes, known, op);
    free(classes.parent);
    free(classes.flags);
    graph_remove_dead(g);
}
