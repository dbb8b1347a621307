/* batch.h - which axis of every operand is the batch. */
#ifndef CMD_PNNX2NCNN_PASSES_BATCH_H
#define CMD_PNNX2NCNN_PASSES_BATCH_H

#include <stdbool.h>

#include "common/graph/graph.h"

/* Solves operand.batch for the whole graph, and inserts Reshape layers where an operator must read an operand in
 * another layout than it has (layout.h); afterwards every operator's operands are as its lowering expects them.  Also
 * gives the operands of arithmetic equal ranks: the runtime aligns missing dimensions on the inner side.
 *
 * Each operator type has a transfer function: from its operands' batch axes to those that it needs and those of its
 * results.  Only the graph's inputs are free; each takes the axis (the first, the second, none) with which the whole
 * graph needs the fewest conversions; in a tie the first axis of images and sequences, no axis of matrices.
 *
 * Reports (STATUS_CONVERSION) operators whose needs cannot be met because sizes are unknown. */
void batch_solve(struct graph *g);

/* Solves the axes without inserting anything: what batch_solve() will come to as the graph is now. */
void batch_guess(struct graph *g);

#endif
