/* history.c - what has been applied to a graph, and when it is too much.
 *
 * Rules chase each other in three ways, and each has its bound: without end at one operator that they make no smaller,
 * all over the graph, and, where sets of rules take turns, from round to round. */
#include <stdlib.h>
#include <string.h>

#include "common/rewrite/history.h"

enum { CHAIN_LIMIT = 10000, ROUND_LIMIT = 100, RECENT = 64 };

struct rule_history {
    struct graph *graph;
    size_t count, limit;
    size_t rounds, smallest; /* rounds since the graph had that many operators for the first time */
    uint32_t *chains; /* by operator id: applications that led to it without making the graph smaller */
    size_t chain_room;
    const struct rule *recent[RECENT]; /* the last ones, in a ring */
    const char *last_name;
    struct place last_place;
    bool stopped;
};

struct rule_history *rule_history_new(struct graph *g)
{
    struct rule_history *h = xmalloc(sizeof *h);
    *h = (struct rule_history){ .graph = g, .smallest = g->operator_count };
    h->limit = size_add(size_mul(g->operator_count, 100), 10000);
    return h;
}

void rule_history_free(struct rule_history *h)
{
    free(h->chains);
    free(h);
}

size_t history_count(const struct rule_history *h)
{
    return h->count;
}

bool history_stopped(const struct rule_history *h)
{
    return h->stopped;
}

/* The names of the rules that were applied last, each once, with where they are. */
static const char *recent_names(const struct rule_history *h)
{
    const char *names = "";
    const struct rule *seen[RECENT];
    size_t seen_count = 0;
    for (size_t i = 0; i < RECENT && i < h->count; i++) {
        const struct rule *rule = h->recent[(h->count - 1 - i) % RECENT];
        bool known = false;
        for (size_t k = 0; k < seen_count; k++)
            known = known || seen[k] == rule;
        if (known)
            continue;
        seen[seen_count++] = rule;
        names = arena_printf(&h->graph->arena, "%s%s'%s' (%s:%d)", names, *names ? ", " : "", rule->name,
                             rule->file, rule->line);
    }
    return names;
}

static void stop(struct rule_history *h)
{
    report(STATUS_CONVERSION, h->last_place, "rules do not come to an end at '%.60s': %s", h->last_name,
           recent_names(h));
    h->stopped = true;
}

size_t history_chain(const struct rule_history *h, const struct operator *op)
{
    return op->id < h->chain_room ? h->chains[op->id] : 0;
}

static void set_chain(struct rule_history *h, size_t id, uint32_t length)
{
    if (id >= h->chain_room) {
        size_t room = size_mul(id + 1, 2);
        h->chains = xrealloc(h->chains, size_mul(room, sizeof *h->chains));
        memset(h->chains + h->chain_room, 0, (room - h->chain_room) * sizeof *h->chains);
        h->chain_room = room;
    }
    h->chains[id] = length;
}

void history_add(struct rule_history *h, const struct rule *rule, const struct application_before *before,
                 const struct operator *at)
{
    size_t chain = before->chain + (h->graph->operator_count >= before->operators);
    h->recent[h->count++ % RECENT] = rule;
    for (size_t id = before->ids; id < h->graph->operator_ids; id++)
        set_chain(h, id, (uint32_t)chain);
    if (!at)
        return;
    h->last_name = at->name;
    h->last_place = operator_place(at);
    if (h->count > h->limit || chain > CHAIN_LIMIT)
        stop(h);
}

void rule_history_round(struct rule_history *h)
{
    h->rounds++;
    if (h->graph->operator_count < h->smallest) {
        h->smallest = h->graph->operator_count;
        h->rounds = 0;
    }
    if (h->rounds > ROUND_LIMIT && h->count && !h->stopped)
        stop(h);
}
