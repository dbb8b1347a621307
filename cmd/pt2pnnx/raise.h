/* raise.h - from aten calls to the Python API that they came from. */
#ifndef PT2PNNX_RAISE_H
#define PT2PNNX_RAISE_H

#include "common/graph.h"

/* Applies the rules of this program, phase by phase, until nothing changes.  What no rule knows stays an aten call.
 * `explain` prints every application. */
void raise_calls(struct graph *g, bool explain);

/* Operators of other libraries become pnnx.custom_op.NAMESPACE.NAME, with arguments by position: arg_0, arg_1 ... */
void raise_custom_operators(struct graph *g);

#endif
