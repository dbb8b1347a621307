/* example.h - the examples of rule files (#> #= #!): as graphs, and run.
 *
 * An example's lines are operators in PNNX text.  Operands that nothing makes are inputs, those that nothing reads are
 * outputs, but for names that begin with an underscore.  An attribute may be given with its values, @data=(2)f32=0.5,1;
 * else it has some that are no zeros.  [2,3] is (2,3), and inside of a list it is its elements, so that the words of a
 * `for` can be lists: dims=(0,$(d)).  in=path:CLASS/path:CLASS says the module that made the call, outer ones first. */
#ifndef FORMATS_EXAMPLE_H
#define FORMATS_EXAMPLE_H

#include "common/graph/graph.h"
#include "common/rewrite/rewrite.h"

/* One side of an example. */
struct example;

/* The graph of an example's lines; inputs and outputs are those of `like`, a side read before, or its own (NULL).  Ends the
 * program (STATUS_MALFORMED) where the lines are no operators: `file` and `line` say where they stand. */
struct example *example_read(struct strings *strings, const struct signatures *signatures, const char *lines,
                             const char *file, long line, const struct example *like);
struct graph *example_graph(const struct example *e); /* owned by the example */
/* Whether some attribute was given with its values: then those of the result are compared. */
bool example_has_values(const struct example *e);
void example_free(struct example *e);

/* A graph as text, whatever its order and the names of its operands: operators behind the outputs, depth first.  Operators
 * keep a name that `names` has; with `values` the contents of attributes matter.  malloc'ed. */
char *example_text(struct graph *g, const struct graph *names, bool values);

/* Element i of weights whose values no one gave: floats between 0.25 and 1, integers that count up. */
double example_value(enum dtype dtype, size_t i);

/* Applies the set to a graph as its program does; returns how many applications there were. */
typedef size_t example_apply(struct rules *rules, struct graph *g);

/* Runs one example, and its near misses, with the rules of its name alone; says on standard output what does not hold. */
bool example_holds(struct rules *rules, const struct rule_example *x, const char *file, example_apply *apply);
bool example_misses(struct rules *rules, const struct rule_example *x, const char *file,
                    example_apply *apply);

/* check=FILE: runs all examples of the set, whose rules are of that file, and counts on standard output; reports
 * (STATUS_CONVERSION) when some do not hold. */
void examples_check(struct rules *rules, const char *file, example_apply *apply);

#endif
