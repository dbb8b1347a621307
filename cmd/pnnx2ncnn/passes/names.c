/* names.c - see passes.h: what layers and blobs are called. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/base/map.h"
#include "common/base/near.h"
#include "common/base/word_table.h"

/* ---- as the existing converter does ---- */

extern const char names_text[];
extern const size_t names_text_size;

/* What the existing converter calls the layers of a type. */
static const char *prefix_of(struct graph *g, const char *type)
{
    const char *name = word_table_find(&g->arena, names_text, names_text_size, type);
    char *lower = arena_text(&g->arena, type, strlen(type));
    for (char *c = lower; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return name ? name : lower;
}

/* True when the layer's own name can stand in the file. */
static bool is_word(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < 200 && strcspn(name, " \t\r\n\v\f") == length;
}

static void name_layers(struct graph *g)
{
    size_t layers = 0, splits = 0;
    for (struct operator *op = g->first; op; op = op->next) {
        if (operator_is(op, "Input"))
            operator_rename(op, op->outputs[0]->name);
        else if (operator_is(op, "Split"))
            operator_rename(op, arena_printf(&g->arena, "splitncnn_%zu", splits++));
        else if (!operator_is(op, "MemoryData") || !is_word(op->name))
            operator_rename(op, arena_printf(&g->arena, "%s_%zu", prefix_of(g, op->type), layers++));
    }
}

static bool is_port(const struct operand *x, const struct ports *ports)
{
    for (size_t i = 0; i < ports->output_count; i++)
        if (ports->outputs[i].operand == x)
            return true;
    return operator_is(x->producer, "Input");
}

static void number_blobs(struct graph *g, const struct ports *ports)
{
    size_t blobs = 0;
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++, blobs++)
            if (!is_port(op->outputs[i], ports))
                operand_rename(op->outputs[i], arena_printf(&g->arena, "%zu", blobs));
}

/* ---- as the model does ---- */

enum { MOST_BYTES = 255, STEM_BYTES = 240 }; /* of a name, and of one that gets a number */

/* The name with _ for what the runtime's reader takes for its end, cut between characters; interned. */
static const char *valid_name(struct graph *g, const char *name)
{
    size_t length = strlen(name);
    char *text = arena_text(&g->arena, *name ? name : "_", *name ? length : 1);
    if (length > MOST_BYTES) {
        for (length = STEM_BYTES; ((unsigned char)text[length] & 0xC0) == 0x80; length--)
            ;
        text[length] = '\0';
    }
    for (char *c = text; *c; c++)
        if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
            *c = '_';
    return intern(g->strings, text);
}

/* A name that is valid as it is belongs to the first that has it: taken before any name is made. */
static void claim_name(struct graph *g, struct map *taken, const char *name, void *owner)
{
    if (valid_name(g, name) == name && !map_get(taken, name))
        map_put(taken, name, owner);
}

/* The name made valid and taken, or one with a number where another has it. */
static const char *take_name(struct graph *g, struct map *taken, const char *name, void *owner,
                             const char *(*fresh)(struct graph *g, const char *stem))
{
    name = valid_name(g, name);
    if (map_get(taken, name) && map_get(taken, name) != owner) {
        const char *stem = strlen(name) > STEM_BYTES ? arena_text(&g->arena, name, STEM_BYTES) : name;
        name = fresh(g, intern(g->strings, stem));
    }
    map_put(taken, name, owner);
    return name;
}

/* A layer Split, which the model has not, gives the blobs of its own. */
static void keep_layers(struct graph *g)
{
    struct map taken;
    size_t splits = 0;
    map_init(&taken);
    for (struct operator *op = g->first; op; op = op->next)
        if (!operator_is(op, "Split"))
            claim_name(g, &taken, op->name, op);
    for (struct operator *op = g->first; op; op = op->next) {
        const char *name =
            operator_is(op, "Split") ? arena_printf(&g->arena, "splitncnn_%zu", splits++) : op->name;
        operator_rename(op, take_name(g, &taken, name, op, graph_fresh_operator_name));
    }
    map_release(&taken);
}

static const char *split_source(const struct operator *op)
{
    const struct value *inputs = operator_get(op, "inputs");
    return inputs->list.items[0].operand->name;
}

static void keep_blobs(struct graph *g, const struct ports *ports)
{
    struct map taken;
    map_init(&taken);
    for (size_t i = 0; i < ports->input_count; i++)
        map_put(&taken, ports->inputs[i].blob, ports->inputs[i].operand);
    for (size_t i = 0; i < ports->output_count; i++)
        map_put(&taken, ports->outputs[i].blob, ports->outputs[i].operand);
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count && !operator_is(op, "Split"); i++)
            claim_name(g, &taken, op->outputs[i]->name, op->outputs[i]);
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            struct operand *x = op->outputs[i];
            const char *name = operator_is(op, "Split")
                                   ? arena_printf(&g->arena, "%s_splitncnn_%zu", split_source(op), i)
                                   : x->name;
            if (!is_port(x, ports))
                operand_rename(x, take_name(g, &taken, name, x, graph_fresh_operand_name));
        }
    map_release(&taken);
}

/* ---- as the user says ---- */

static void report_unknown(const struct graph *g, const char *name, const char *pair)
{
    struct near near = near_start(name, strlen(name));
    char hint[200];
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            near_offer(&near, op->outputs[i]->name);
    report(STATUS_USAGE, nowhere, "rename=%s: there is no blob '%s'%s", pair, name, near_hint(&near, hint));
}

/* The name in a:b that the blob gets; NULL, and reported: it cannot. */
static const char *new_name(struct graph *g, const char *pair)
{
    const char *colon = strrchr(pair, ':'), *name = colon ? colon + 1 : "";
    if (colon && colon > pair && *name && valid_name(g, name) == intern(g->strings, name))
        return intern(g->strings, name);
    report(STATUS_USAGE, nowhere, "rename=%s: expected BLOB:NAME, a name without blanks of at most %d bytes",
           pair, MOST_BYTES);
    return NULL;
}

/* Notes in `renamed` what the blobs shall be called: operand -> name. */
static void read_renames(struct graph *g, const struct text_list *pairs, struct map *renamed)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const char *pair = pairs->items[i], *name = new_name(g, pair);
        if (!name)
            continue;
        const char *old = arena_text(&g->arena, pair, (size_t)(strrchr(pair, ':') - pair));
        struct operand *x = graph_find_operand(g, old);
        if (!x)
            report_unknown(g, old, pair);
        else if (map_get(renamed, x))
            report(STATUS_USAGE, nowhere,
                   "rename=%s: '%s' has another name already (instead: one name a blob)", pair, old);
        else
            map_put(renamed, x, (void *)name);
    }
}

static const char *name_after(const struct map *renamed, const struct operand *x)
{
    const char *name = map_get(renamed, x);
    return name ? name : x->name;
}

/* Two blobs of one name would be one to the runtime. */
static void check_renames(const struct graph *g, const struct map *renamed)
{
    struct map names;
    map_init(&names);
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            const char *name = name_after(renamed, op->outputs[i]);
            const struct operand *other = map_get(&names, name);
            if (other)
                report(STATUS_USAGE, nowhere, "rename=: '%s' and '%s' would both be '%s'", other->name,
                       op->outputs[i]->name, name);
            map_put(&names, name, op->outputs[i]);
        }
    map_release(&names);
}

/* Old names are all looked up before the first is replaced: two blobs may change theirs. */
static void rename_blobs(struct graph *g, struct ports *ports, const struct text_list *pairs)
{
    struct map renamed;
    map_init(&renamed);
    read_renames(g, pairs, &renamed);
    check_renames(g, &renamed);
    for (size_t i = 0; i < ports->input_count; i++)
        ports->inputs[i].blob = name_after(&renamed, ports->inputs[i].operand);
    for (size_t i = 0; i < ports->output_count; i++)
        ports->outputs[i].blob = name_after(&renamed, ports->outputs[i].operand);
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            if (map_get(&renamed, op->outputs[i]))
                operand_rename(op->outputs[i], map_get(&renamed, op->outputs[i]));
    map_release(&renamed);
}

struct origins name_all(struct graph *g, struct ports *ports, const struct naming *naming)
{
    struct origins origins = { xmalloc(size_mul(g->operator_ids + 1, sizeof(char *))), g->operator_ids };
    for (struct operator *op = g->first; op; op = op->next)
        origins.names[op->id] = op->name;
    (naming->keep ? keep_blobs : number_blobs)(g, ports);
    rename_blobs(g, ports, &naming->renames);
    (naming->keep ? keep_layers : name_layers)(g);
    return origins;
}
