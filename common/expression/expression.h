/* expression.h - pnnx.Expression, taken apart into torch.* operators and formed again.
 *
 * The files of the existing converter hold arithmetic as one operator, pnnx.Expression with a text such as
 * "add(@0,mul(@1,2))".  Rules, shapes and lowering see only the operators (torch.add, torch.mul, Tensor.size)
 * and lists; so every program takes expressions apart after it has read a graph. */
#ifndef COMMON_EXPRESSION_EXPRESSION_H
#define COMMON_EXPRESSION_EXPRESSION_H

#include "common/graph/graph.h"

/* Replaces every pnnx.Expression by the operators of its text; constants and lists go into the arguments of
 * their readers.  The root operator keeps the expression's name and operand; inner ones are named after it.
 * Reports (STATUS_MALFORMED) texts it cannot parse. */
void expressions_take_apart(struct graph *g);

/* The reverse, for pnnxopt's last step: maximal trees of arithmetic whose inner results have one reader
 * become expressions, which take the root's name. */
void expressions_form(struct graph *g);

/* Makes a pnnx.Expression of every list argument that holds operands (but for variadic ones: torch.cat): the
 * last step before a graph is written.  Deterministic: the names come from the reader and the key. */
void lists_form(struct graph *g);

#endif
