/* target.c - see passes.h. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/base/word_table.h"

extern const char releases_text[];
extern const size_t releases_text_size;

struct target {
    struct graph *graph;
    int64_t date;
};

/* The release that has what the word says, where that is later than the target; else NULL. */
static const char *later(const struct target *t, const char *word)
{
    const char *since = word_table_find(&t->graph->arena, releases_text, releases_text_size, word);
    return since && strtoll(since, NULL, 10) > t->date ? since : NULL;
}

/* What a layer without the parameter has, too: most of them do. */
static bool is_off(const struct value *v)
{
    double f;
    return v->kind == VALUE_NONE || (value_number(v, &f) && (f == 0 || f == NO_AXIS));
}

static void refuse(const struct target *t, const struct operator *op, const char *what, const char *since)
{
    report(STATUS_CONVERSION, operator_place(op), "%s '%s': %s the runtime of %s, and target=%" PRId64,
           op->type, op->name, what, since, t->date);
}

static void check_parameter(const struct target *t, const struct operator *op, const struct argument *a)
{
    struct arena *arena = &t->graph->arena;
    const struct parameter *p = signature_parameter(op->signature, a->key);
    const char *name = p && p->alias ? arena_printf(arena, " (%s)", p->alias) : "", *since;
    if (a->value.kind == VALUE_INT &&
        (since = later(t, arena_printf(arena, "%s.%s=%" PRId64, op->type, a->key, a->value.integer))))
        refuse(t, op, arena_printf(arena, "%s=%" PRId64 "%s needs", a->key, a->value.integer, name), since);
    else if (!is_off(&a->value) && (since = later(t, arena_printf(arena, "%s.%s", op->type, a->key))))
        refuse(t, op, arena_printf(arena, "its parameter %s%s needs", a->key, name), since);
}

static void find_rank(struct operand *x, void *most)
{
    if (x->rank > *(int *)most)
        *(int *)most = x->rank;
}

static void check_layer(const struct target *t, const struct operator *op)
{
    int rank = 0;
    const char *since = later(t, op->type);
    if (since) {
        refuse(t, op, "this layer needs", since);
        return;
    }
    operator_each_operand(op, find_rank, &rank);
    since = later(t, arena_printf(&t->graph->arena, "%s/%d", op->type, rank));
    if (since)
        refuse(t, op, arena_printf(&t->graph->arena, "with %d dimensions it needs", rank), since);
    for (size_t i = 0; i < op->argument_count; i++)
        if (isdigit((unsigned char)*op->arguments[i].key))
            check_parameter(t, op, &op->arguments[i]);
}

static bool is_counted(const struct port *port)
{
    return port->batch >= 0 && port->batch < port->rank && port->shape[port->batch] != 1;
}

static bool any_counted(const struct ports *ports)
{
    for (size_t i = 0; i < ports->input_count; i++)
        if (is_counted(&ports->inputs[i]))
            return true;
    for (size_t i = 0; i < ports->output_count; i++)
        if (is_counted(&ports->outputs[i]))
            return true;
    return false;
}

void target_check(struct graph *g, const struct ports *ports, int64_t date, enum ncnn_storage storage)
{
    const struct target t = { g, date };
    const char *since;
    for (const struct operator *op = g->first; op; op = op->next)
        check_layer(&t, op);
    if (storage == NCNN_BFLOAT16 && (since = later(&t, "bfloat16")))
        report(STATUS_CONVERSION, nowhere, "bf16=1 needs the runtime of %s, and target=%" PRId64, since,
               date);
    if (any_counted(ports) && (since = later(&t, "batch")))
        report(STATUS_CONVERSION, nowhere,
               "a batch that is not 1 needs the runtime of %s, and target=%" PRId64
               " (instead: inputshape=[1,...])",
               since, date);
}
