/* generate.h - graphs that nobody wrote: examples of rules of one call, and what differs from an example in one thing. */
#ifndef TEST_PROGRAMS_REWRITE_GENERATE_H
#define TEST_PROGRAMS_REWRITE_GENERATE_H

#include "common/rewrite/private.h"

/* Whether the rule is of one call, whatever its arguments and its results are and whoever reads them: nothing that differs
 * from its example in one thing, but the name of the call, is none of its business. */
bool rule_is_plain(const struct rule *rule);

/* A graph with the call that the rule's pattern is; NULL when it is several, or nothing can be made up. */
struct graph *rule_example(struct rules *rules, const struct rule *rule);

/* Changes one thing of the graph, the number-th of those that can be: an argument of a call, a result with one more
 * reader, the module around.  Returns what, or NULL when there are no so many. */
const char *graph_vary(struct graph *g, size_t number);

#endif
