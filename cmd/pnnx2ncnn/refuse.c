/* refuse.c - see passes.h. */
#include <stdio.h>
#include <string.h>

#include "cmd/pnnx2ncnn/custom/custom.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "cmd/pnnx2ncnn/remedies.h"
#include "common/base/map.h"
#include "common/graph/dim.h"
#include "formats/pnnx/pnnx.h"

/* One operator, and what is said of it: made while the graph is what it was. */
struct refusal {
    struct operator *op;
    struct place place;
    const char *type, *name, *shapes, *why; /* interned, and in the graph's arena */
    const char *remedy;                     /* NULL: nothing is known */
    struct free_sizes sizes;                /* that it reads or gives */
};

struct refusals {
    size_t before; /* operators with a lower id were there before lowering */
    size_t count, reported;
    struct refusal *items;               /* arena */
    const struct unnamed_sizes *unnamed; /* borrowed */
    struct map kinds;                    /* types refused; their number is that of kinds */
    struct map names;                    /* operators refused, by name: one cause, one message */
    const struct operator *input;        /* of unknown shape: the one cause of all; or NULL */
};

static const struct operator *shapeless_input(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; operator_is(op, "pnnx.Input") && i < op->output_count; i++)
            if (op->outputs[i]->rank == RANK_UNKNOWN)
                return op;
    return NULL;
}

struct refusals *refusals_new(struct graph *g, const struct unnamed_sizes *unnamed)
{
    struct refusals *r = arena_alloc(&g->arena, sizeof *r);
    map_init(&r->kinds);
    map_init(&r->names);
    r->before = g->operator_ids;
    r->count = r->reported = 0;
    r->items = NULL;
    r->unnamed = unnamed;
    r->input = shapeless_input(g);
    return r;
}

/* Where a description grows; what does not fit is cut. */
struct text {
    char bytes[512];
    size_t length;
};

static void add(struct text *t, const char *s)
{
    size_t n = strlen(s), room = sizeof t->bytes - 1 - t->length;
    n = n < room ? n : room;
    memcpy(t->bytes + t->length, s, n);
    t->length += n;
    t->bytes[t->length] = '\0';
}

/* A shape, and where it goes. */
struct shape_text {
    struct text text;
    const struct unnamed_sizes *unnamed;
};

static void add_shape(struct operand *x, void *context)
{
    struct shape_text *s = context;
    struct text *t = &s->text;
    if (x->rank < 0) {
        add(t, " (?)");
    } else {
        add(t, " (");
        for (int i = 0; i < x->rank; i++) {
            add(t, i ? "," : "");
            add(t, size_said(x->producer->graph, x->shape[i], s->unnamed));
        }
        add(t, ")");
    }
    if (x->dtype != DTYPE_NULL)
        add(t, dtype_tag(x->dtype));
}

/* " dim=1 step=2": the arguments that are constants. */
static void add_arguments(const struct operator *op, struct text *t)
{
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        if (value_has_operand(&a->value))
            continue;
        add(t, " ");
        add(t, a->key);
        add(t, "=");
        add(t, pnnx_value_text(&op->graph->arena, a->value));
    }
}

static void refuse(struct refusals *r, struct operator *op, const char *why, const char *remedy)
{
    struct graph *g = op->graph;
    struct shape_text shapes = { .unnamed = r->unnamed };
    if (map_get(&r->names, op->name))
        return;
    map_put(&r->names, op->name, (void *)op->name);
    map_put(&r->kinds, op->type, (void *)op->type);
    operator_each_operand(op, add_shape, &shapes);
    r->items = arena_grow(&g->arena, r->items, r->count, sizeof *r->items);
    r->items[r->count++] = (struct refusal){
        .op = op,
        .place = operator_place(op),
        .type = op->type,
        .name = op->name,
        .shapes = arena_text(&g->arena, shapes.text.bytes, shapes.text.length),
        .why = arena_text(&g->arena, why, strlen(why)),
        .remedy = remedy,
    };
}

/* Says what has not been said; nothing where an input of unknown shape is why: refusals_end() says that once. */
static void report_refusals(struct refusals *r)
{
    for (; r->reported < r->count; r->reported++) {
        const struct refusal *x = &r->items[r->reported];
        if (!r->input)
            report(STATUS_CONVERSION, x->place, "%s '%s'%s: %s%s%s%s", x->type, x->name, x->shapes, x->why,
                   x->remedy ? " (instead: " : "", x->remedy ? x->remedy : "", x->remedy ? ")" : "");
    }
}

/* ---- integers ---- */

/* Operators that take indices as they are: they move them, or look up by them. */
static bool takes_indices(const struct operator *op)
{
    return elements_are_moved(op) || elements_are_neutral(op) || op->signature->traits.bits & TRAIT_LOOKUP ||
           operator_is(op, "Reshape");
}

static void find_integer(struct operand *x, void *found)
{
    bool integer = dtype_is_integer(x->dtype) || x->dtype == DTYPE_BOOL || dtype_is_complex(x->dtype);
    if (integer && x->rank != 0 && !operand_constant(x))
        *(struct operand **)found = x;
}

/* Numbers that are compared with places are as many as sizes say; those that sizes decide are a table, where these have a bound. */
static const char *integer_remedy(const struct refusals *r, const struct operator *op)
{
    struct graph *g = op->graph;
    const char *remedy = remedy_of(op);
    struct free_sizes sizes = sizes_of(op, r->unnamed);
    if (remedy || !sizes.named || dim_get_note(g, dim_named(g, sizes.named)).most > 0)
        return remedy;
    return arena_printf(&g->arena, "%s; or %s", sizes_remedy(&g->arena, &sizes, size_remedies[0]),
                        sizes_remedy(&g->arena, &sizes, 0));
}

void refuse_integers(struct refusals *r, struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next) {
        struct operand *x = NULL;
        if (takes_indices(op) || !strchr(op->type, '.'))
            continue;
        operator_each_operand(op, find_integer, &x);
        for (size_t i = 0; i < op->output_count; i++)
            if (op->outputs[i]->use_count)
                find_integer(op->outputs[i], &x);
        if (x)
            refuse(r, op,
                   "computes what is no float (indices, integers of 8 or 16 bits, complex "
                   "numbers), which ncnn's layers cannot",
                   integer_remedy(r, op));
    }
    report_refusals(r);
}

/* ---- nothing ---- */

void refuse_empties(struct refusals *r, struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            for (int k = 0; k < op->outputs[i]->rank; k++)
                if (op->outputs[i]->shape[k] == 0) {
                    refuse(r, op, "gives a tensor without elements, which ncnn has not", NULL);
                    break;
                }
    report_refusals(r);
}

/* ---- weights ---- */

void refuse_weightless(struct refusals *r, struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        if (pnnx_missing_weight(op))
            refuse(r, op, arena_printf(&g->arena, "has no weight @%s", pnnx_missing_weight(op)), NULL);
    report_refusals(r);
}

/* ---- the rest ---- */

static void find_unknown(struct operand *x, void *found)
{
    if (x->rank < 0)
        *(struct operand **)found = x;
}

static void refuse_one(struct refusals *r, struct operator *op)
{
    struct text why = { .length = 0 };
    struct operand *unknown = NULL;
    operator_each_operand(op, find_unknown, &unknown);
    if (unknown) {
        const struct operator *from = unknown->producer;
        struct arena *arena = &op->graph->arena;
        refuse(r, op,
               arena_printf(arena, "the shape of what %s '%s' gives is not known", from->type, from->name),
               custom_may(from)
                   ? arena_printf(arena, "write it behind that operator in the file, as #%s=(1,8)f32",
                                  unknown->name)
                   : NULL);
        return;
    }
    add_arguments(op, &why);
    add(&why, why.length ? " has no ncnn layer" : "has no ncnn layer");
    refuse(r, op, why.bytes + (why.bytes[0] == ' '), remedy_of(op));
    r->items[r->count - 1].sizes = sizes_of(op, r->unnamed);
}

/* Gives those refused for their sizes the remedy that lets the rules apply: it is tried, on a graph that is given up. */
static void try_sizes(struct refusals *r, struct graph *g, struct lowering *lowering)
{
    for (size_t k = 0; k < SIZE_REMEDIES; k++) {
        bool any = false;
        for (size_t i = r->reported; i < r->count; i++)
            any = any || r->items[i].sizes.words;
        if (!any)
            return;
        sizes_give(g, size_remedies[k]);
        lowering_try(lowering, g);
        for (size_t i = r->reported; i < r->count; i++) {
            struct refusal *x = &r->items[i];
            if (!x->sizes.words || graph_find(g, x->name) == x->op)
                continue;
            x->remedy = sizes_remedy(&g->arena, &x->sizes, size_remedies[k]);
            x->sizes.words = NULL;
        }
    }
}

/* Layers have plain names, operators a dot or colons in theirs; a class without a package, which the model had before
 * lowering, is an operator, too. */
static bool is_layer(const struct refusals *r, const struct operator *op)
{
    return !strpbrk(op->type, ".:") && (op->id >= r->before || !custom_may(op));
}

/* A module kept whole, or a library's operator: only the user can have its layer. */
static void refuse_foreign(struct refusals *r, struct operator *op)
{
    const char *remedy = arena_printf(&op->graph->arena, "custom=%s, a layer that your program registers",
                                      op->type + (custom_registered(op) ? strlen(CUSTOM_OPERATOR) : 0));
    bool quantized =
        strncmp(op->type, CUSTOM_OPERATOR "quantized.", strlen(CUSTOM_OPERATOR "quantized.")) == 0;
    refuse(r, op, "has no ncnn layer", quantized ? "the network before it was quantized" : remedy);
}

void refuse_unlowered(struct refusals *r, struct graph *g, const struct custom *custom,
                      struct lowering *lowering)
{
    for (struct operator *op = g->first; op; op = op->next) {
        bool end = operator_is(op, "pnnx.Input") || operator_is(op, "pnnx.Output") ||
                   operator_is(op, "pnnx.Attribute");
        if (end || is_layer(r, op) || custom_stays(op, custom))
            continue;
        (custom_may(op) ? refuse_foreign : refuse_one)(r, op);
    }
    if (!r->input)
        try_sizes(r, g, lowering);
    report_refusals(r);
}

void refusals_end(struct refusals *r)
{
    size_t kinds = r->kinds.count;
    if (r->count && r->input)
        report(STATUS_CONVERSION, operator_place(r->input),
               "the shape of the input '%s' is not known, and %s '%s' needs it (instead: inputshape=%s)",
               r->input->outputs[0]->name, r->items[0].type, r->items[0].name,
               report_in_driver() ? "" : " of pnnxshape or pnnx");
    else if (r->count)
        note(nowhere, "%zu operator%s of %zu kind%s cannot be converted; %s was written", r->count,
             r->count == 1 ? "" : "s", kinds, kinds == 1 ? "" : "s",
             report_in_driver() ? "no ncnn file" : "nothing");
    map_release(&r->kinds);
    map_release(&r->names);
}
