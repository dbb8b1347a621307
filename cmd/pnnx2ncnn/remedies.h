/* remedies.h - what a user can do instead of what is refused. */
#ifndef CMD_PNNX2NCNN_REMEDIES_H
#define CMD_PNNX2NCNN_REMEDIES_H

#include "common/graph/graph.h"

struct unnamed_sizes;

/* What remedies.txt says of the operator's type; NULL: nothing. */
const char *remedy_of(const struct operator *op);

/* A size in a message: its number, its name, or ? where the user gave it none. */
const char *size_said(struct graph *g, int64_t d, const struct unnamed_sizes *unnamed);

/* The names of sizes that are no numbers. */
struct free_sizes {
    const char *words; /* "h, w, ?"; NULL: there are none; arena */
    const char *named; /* one that has a name; or NULL */
};

/* Those in the shapes that the operator reads and gives. */
struct free_sizes sizes_of(const struct operator *op, const struct unnamed_sizes *unnamed);

/* What inputshape= can say more of sizes, from the least on: a bound; or, 0, numbers.  Each contains those before it. */
enum { SIZE_REMEDIES = 4 };
extern const int64_t size_remedies[SIZE_REMEDIES];

/* Says it of the sizes of the whole graph. */
void sizes_give(struct graph *g, int64_t remedy);
/* How the user says it. */
const char *sizes_remedy(struct arena *arena, const struct free_sizes *sizes, int64_t remedy);

#endif
