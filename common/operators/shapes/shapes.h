/* shapes.h - shapes and types of the operands of a graph, inferred from those of its inputs.
 *
 * What programs need that read a graph whose text may have been edited: pnnxshape, which writes shapes, uses shape.h. */
#ifndef COMMON_OPERATORS_SHAPES_SHAPES_H
#define COMMON_OPERATORS_SHAPES_SHAPES_H

#include "common/graph/graph.h"

enum shapes_extent {
    SHAPES_CORRECT, /* those that the graph has and that are not true (any more); and rank 0, which the text cannot say */
    SHAPES_ALL, /* of every operand */
};

/* Sets dtype, rank and shape of the operands that `extent` means, and of those with an id of at least `since` (what
 * expressions_take_apart() has made).  A shape that the graph has stays where nothing is inferred and nothing in front of
 * it has changed.  Contradictions are reported (STATUS_CONVERSION).  No expression may be left in the graph. */
void shapes_infer(struct graph *g, enum shapes_extent extent, size_t since);

/* From now on the results of an operator that somebody makes (operator_infer(), in graph.h) are inferred from what the graph
 * says of its operands: shapes_infer() comes before.  Ends with shapes_detach(), before graph_free(). */
void shapes_attach(struct graph *g);
/* Lets operands that are numbers know them, as far as what the graph says of the others goes; shapes stay as they are.  Between
 * shapes_attach() and shapes_detach(). */
void shapes_note_numbers(struct graph *g);
void shapes_detach(struct graph *g);

#endif
