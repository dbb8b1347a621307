/* raise.h - from aten calls to the Python API that they came from. */
#ifndef PT2PNNX_RAISE_H
#define PT2PNNX_RAISE_H

#include "common/command/options.h"
#include "common/graph/graph.h"

/* Applies the rules of this program, phase by phase, until nothing changes.  What no rule knows stays an aten call.
 * Rules named in `without` are left out (STATUS_USAGE: there is none); `explain` prints every application. */
void raise_calls(struct graph *g, const struct text_list *without, bool explain);

/* Operators of other libraries become pnnx.custom_op.NAMESPACE.NAME, with arguments by position: arg_0, arg_1 ... */
void raise_custom_operators(struct graph *g);

#endif
