/* passes.h - the passes of pnnxopt that are not local, and so not rules.  Each returns how many changes it made; each
 * leaves a graph that computes the same. */
#ifndef PNNXOPT_PASSES_H
#define PNNXOPT_PASSES_H

#include "common/graph/graph.h"

/* Gives every operator a name of its own.  A name that is free stays with its first owner. */
size_t pass_unique_names(struct graph *g);

/* Merges pnnx.Attribute operators with the same type, shape and bytes into the first. */
size_t pass_pool_constants(struct graph *g);

/* Merges operators with the same type and the same arguments into the first.  Modules, unknown operators and those
 * that draw random numbers are left alone. */
size_t pass_merge_equal(struct graph *g);

/* Merges chains of Tensor.slice and Tensor.select on different axes into one Tensor.slice with the lists dims, starts,
 * ends, steps and selects. */
size_t pass_merge_slices(struct graph *g);

/* Replaces Tensor.select operators that take every index of one axis by one torch.unbind. */
size_t pass_unbind(struct graph *g);

/* Replaces Tensor.slice operators that cut one axis into contiguous pieces by one torch.tensor_split. */
size_t pass_tensor_split(struct graph *g);

/* Names operands 0, 1, 2 ... in the order of operators, as the existing converter does. */
size_t pass_number_operands(struct graph *g);

#endif
