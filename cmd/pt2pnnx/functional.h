/* functional.h - writes made functional. */
#ifndef PT2PNNX_FUNCTIONAL_H
#define PT2PNNX_FUNCTIONAL_H

#include "common/graph/graph.h"

/* Replaces every operator that writes into its argument (aten::add_, copy_, index_put_ ...) by one that computes
 * the new value, and lets later readers of that memory, under whatever view, read the new value.  A write through
 * views is scattered back into what they are views of.  What cannot be expressed is reported
 * (STATUS_CONVERSION) with the user's source line. */
void functionalise(struct graph *g);

#endif
