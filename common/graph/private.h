/* private.h - what the files of the graph share among themselves. */
#ifndef COMMON_GRAPH_PRIVATE_H
#define COMMON_GRAPH_PRIVATE_H

#include "common/graph/graph.h"

/* Collects the operands in the arguments of `op`, in order, into an array that is grown as needed: *items is malloc'ed
 * (or NULL) with *room entries.  Returns how many there are. */
size_t operator_operands(const struct operator *op, struct operand ***items, size_t *room);

#endif
