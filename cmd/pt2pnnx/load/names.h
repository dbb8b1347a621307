/* names.h - names that say where in the user's network an operator is. */
#ifndef PT2PNNX_NAMES_H
#define PT2PNNX_NAMES_H

#include "common/graph/graph.h"

/* Names every operator after the module invocation it was made in: the module's path where it is the whole module,
 * else the path and what it does, "layer1.0.add_0".  Inputs, outputs and attributes keep theirs.  Operands are
 * numbered in order. */
void names_from_scopes(struct graph *g);

#endif
