/* history.h - what the engine notes of its applications; struct rule_history is rewrite.h's. */
#ifndef COMMON_REWRITE_HISTORY_H
#define COMMON_REWRITE_HISTORY_H

#include "common/rewrite/private.h"

/* The graph before an application: its count of operators, the bound of their ids, and the chain of the root. */
struct application_before {
    size_t operators, ids, chain;
};

/* How many applications led to the operator without making the graph smaller. */
size_t history_chain(const struct rule_history *h, const struct operator *op);
/* Counts an application, after which the search goes on at `at` (or NULL); reports when there are too many. */
void history_add(struct rule_history *h, const struct rule *rule, const struct application_before *before,
                 const struct operator *at);
size_t history_count(const struct rule_history *h);
/* Whether the applications were reported as too many: then none may follow. */
bool history_stopped(const struct rule_history *h);

#endif
