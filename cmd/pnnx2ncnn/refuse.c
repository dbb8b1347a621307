/* refuse.c - see passes.h. */
#include <stdio.h>
#include <string.h>

#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/base/map.h"
#include "common/base/word_table.h"
#include "formats/pnnx/pnnx.h"

extern const char remedies_text[];
extern const size_t remedies_text_size;

struct refusals {
    size_t before; /* operators with a lower id were there before lowering */
    size_t count;
    struct map kinds; /* types refused; their number is that of kinds */
    struct map names; /* operators refused, by name: one cause, one message */
    const struct operator *first,
        *input; /* first refused; an input of unknown shape: the one cause of all; or NULL */
};

static const struct operator *shapeless_input(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; operator_is(op, "pnnx.Input") && i < op->output_count; i++)
            if (op->outputs[i]->rank == RANK_UNKNOWN)
                return op;
    return NULL;
}

struct refusals *refusals_new(struct graph *g)
{
    struct refusals *r = arena_alloc(&g->arena, sizeof *r);
    map_init(&r->kinds);
    map_init(&r->names);
    r->before = g->operator_ids;
    r->first = NULL;
    r->input = shapeless_input(g);
    return r;
}

/* What a user can do instead; NULL: nothing is known. */
static const char *remedy_of(const struct operator *op)
{
    return word_table_find(&op->graph->arena, remedies_text, remedies_text_size, op->type);
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

static void add_shape(struct operand *x, void *context)
{
    struct text *t = context;
    char number[32];
    if (x->rank < 0) {
        add(t, " (?)");
    } else {
        add(t, " (");
        for (int i = 0; i < x->rank; i++) {
            snprintf(number, sizeof number, x->shape[i] < 0 ? "?" : "%lld", (long long)x->shape[i]);
            add(t, i ? "," : "");
            add(t, number);
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

static void refuse(struct refusals *r, const struct operator *op, const char *why, const char *remedy)
{
    struct text shapes = { .length = 0 };
    if (map_get(&r->names, op->name))
        return;
    map_put(&r->names, op->name, (void *)op->name);
    map_put(&r->kinds, op->type, (void *)op->type);
    if (r->count++ == 0)
        r->first = op;
    if (r->input) /* that is why: refusals_end() says it once */
        return;
    operator_each_operand(op, add_shape, &shapes);
    report(STATUS_CONVERSION, operator_place(op), "%s '%s'%s: %s%s%s%s", op->type, op->name, shapes.bytes,
           why, remedy ? " (instead: " : "", remedy ? remedy : "", remedy ? ")" : "");
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
                   remedy_of(op));
    }
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
}

/* ---- weights ---- */

void refuse_weightless(struct refusals *r, struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        if (pnnx_missing_weight(op))
            refuse(r, op, arena_printf(&g->arena, "has no weight @%s", pnnx_missing_weight(op)), NULL);
}

/* ---- the rest ---- */

static void find_unknown(struct operand *x, void *found)
{
    if (x->rank < 0)
        *(struct operand **)found = x;
}

static void refuse_one(struct refusals *r, const struct operator *op)
{
    struct text why = { .length = 0 };
    struct operand *unknown = NULL;
    operator_each_operand(op, find_unknown, &unknown);
    if (unknown) {
        const char *why = arena_printf(&op->graph->arena, "the shape of what %s '%s' gives is not known",
                                       unknown->producer->type, unknown->producer->name);
        refuse(r, op, why, NULL);
        return;
    }
    add_arguments(op, &why);
    add(&why, why.length ? " has no ncnn layer" : "has no ncnn layer");
    refuse(r, op, why.bytes + (why.bytes[0] == ' '), remedy_of(op));
}

/* Layers have plain names, operators a dot or colons in theirs; a class without a package, which the model had before
 * lowering, is an operator, too. */
static bool is_layer(const struct refusals *r, const struct operator *op)
{
    return !strpbrk(op->type, ".:") && (op->id >= r->before || !custom_may(op));
}

/* A module kept whole, or a library's operator: only the user can have its layer. */
static void refuse_foreign(struct refusals *r, const struct operator *op)
{
    const char *remedy = arena_printf(&op->graph->arena, "custom=%s, a layer that your program registers",
                                      op->type + (custom_registered(op) ? strlen(CUSTOM_OPERATOR) : 0));
    bool quantized =
        strncmp(op->type, CUSTOM_OPERATOR "quantized.", strlen(CUSTOM_OPERATOR "quantized.")) == 0;
    refuse(r, op, "has no ncnn layer", quantized ? "the network before it was quantized" : remedy);
}

void refuse_unlowered(struct refusals *r, struct graph *g, const struct text_list *custom)
{
    for (struct operator *op = g->first; op; op = op->next) {
        bool end = operator_is(op, "pnnx.Input") || operator_is(op, "pnnx.Output") ||
                   operator_is(op, "pnnx.Attribute");
        if (end || is_layer(r, op) || custom_stays(op, custom))
            continue;
        (custom_may(op) ? refuse_foreign : refuse_one)(r, op);
    }
}

void refusals_end(struct refusals *r)
{
    size_t kinds = r->kinds.count;
    if (r->count && r->input)
        report(STATUS_CONVERSION, operator_place(r->input),
               "the shape of the input '%s' is not known, and %s '%s' needs it (instead: inputshape=%s)",
               r->input->outputs[0]->name, r->first->type, r->first->name,
               report_in_driver() ? "" : " of pnnxshape or pnnx");
    else if (r->count)
        note(nowhere, "%zu operator%s of %zu kind%s cannot be converted; %s was written", r->count,
             r->count == 1 ? "" : "s", kinds, kinds == 1 ? "" : "s",
             report_in_driver() ? "no ncnn file" : "nothing");
    map_release(&r->kinds);
    map_release(&r->names);
}
