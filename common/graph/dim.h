/* dim.h - arithmetic on dimensions that may be unknown or symbolic.
 *
 * A dimension is an int64_t: a size >= 0; DIM_UNKNOWN; or, below that, the number of a polynomial over named
 * sizes in graph.symbols, kept in a normal form, so that equal polynomials are equal numbers.  Anything with
 * DIM_UNKNOWN is DIM_UNKNOWN, and so is what overflows. */
#ifndef COMMON_GRAPH_DIM_H
#define COMMON_GRAPH_DIM_H

#include <stdbool.h>
#include <stdint.h>

struct graph;

static inline bool dim_known(int64_t d)
{
    return d >= 0;
}

/* The dimension called `name` (a letter, then letters, digits, underscores). */
int64_t dim_named(struct graph *g, const char *name);
/* A dimension with a name that none has yet: d0, d1 ... */
int64_t dim_fresh(struct graph *g);
/* What is said of a named size, 0: nothing: one that it has, and the largest that it has. */
struct dim_note {
    int64_t example, most;
};
void dim_set_note(struct graph *g, int64_t name, struct dim_note note);
struct dim_note dim_get_note(const struct graph *g, int64_t d); /* of what is no name, nothing */
/* The largest that d is, from what is said of its names; false: nothing bounds it. */
bool dim_most(struct graph *g, int64_t d, int64_t *out);
/* d where each name is its example, or else `other`, or the largest that it is. */
int64_t dim_example(struct graph *g, int64_t d, int64_t other);
/* The dimension that the text describes: "17", "?", "%h", "%2*h+1", "%(h+1)//2", "%min(h;64)", "%max(h;64)",
 * "%floor(0.7*h)" (the percent sign is how the format marks a symbolic one, `//` is floor division as in Python; no text has a
 * comma or a space), or a name and what is said of it, "%h=224", "%h<=1024", "%h=224<=1024"; false when it is none of
 * these. */
bool dim_parse(struct graph *g, const char *text, int64_t *out);
/* Its text, as dim_parse() reads it; interned in the graph. */
const char *dim_text(struct graph *g, int64_t d);
/* The same with what is said of it, if it is a name. */
const char *dim_text_noted(struct graph *g, int64_t d);

int64_t dim_add(struct graph *g, int64_t a, int64_t b);
int64_t dim_sub(struct graph *g, int64_t a, int64_t b);
int64_t dim_mul(struct graph *g, int64_t a, int64_t b);
/* a / b where it is exact for all values of the names, else DIM_UNKNOWN. */
int64_t dim_div_exact(struct graph *g, int64_t a, int64_t b);
/* floor(a / b), kept as a symbolic term "(h+1)//2" where it is not exact.  Names and divisors are sizes: not
 * negative; a division by 0 or by a negative number is DIM_UNKNOWN. */
int64_t dim_div_floor(struct graph *g, int64_t a, int64_t b);
/* The lesser and the greater of two. */
int64_t dim_min(struct graph *g, int64_t a, int64_t b);
int64_t dim_max(struct graph *g, int64_t a, int64_t b);
/* floor(a * factor), the product in double, as Python has it; factor > 0. */
int64_t dim_scale(struct graph *g, int64_t a, double factor);
/* The product of `count` dimensions, and of none: 1. */
int64_t dim_product(struct graph *g, const int64_t *dims, int count);
/* A number that need not be a size: a negative one is a symbolic dimension without names, so that 3 - 5 + 4 is
 * 2.  dim_constant() gets numbers back: true for sizes and for these. */
int64_t dim_int(struct graph *g, int64_t i);
bool dim_constant(const struct graph *g, int64_t d, int64_t *out);
/* Notes that d is at least 1: the size of a tensor that PyTorch makes only if it has an element. */
void dim_note_positive(struct graph *g, int64_t d);
/* True when d cannot be negative, as the names stand for sizes of at least 1. */
bool dim_not_negative(struct graph *g, int64_t d);
/* One product of the sum that a symbolic dimension is: an integer times `count` parts. */
enum { DIM_DEGREE = 8 };
enum dim_kind {
    DIM_NAME,
    DIM_FLOOR, /* top // bottom */
    DIM_LESSER,
    DIM_GREATER, /* of top and bottom */
    DIM_SCALED,  /* floor(factor * top) */
};
struct dim_term {
    int64_t factor;
    int count;
    struct dim_part {
        enum dim_kind kind;
        const char *name; /* DIM_NAME */
        int64_t top, bottom;
        double factor;
    } parts[DIM_DEGREE];
};
/* Writes the i-th product of d, from 0; false: there are no more, or d is not symbolic. */
bool dim_term(const struct graph *g, int64_t d, int i, struct dim_term *out);
/* The size that two sizes are broadcast to, DIM_UNKNOWN where that is not known; false, and nothing written: they cannot
 * be. */
bool dim_broadcast(int64_t a, int64_t b, int64_t *out);
/* True when a and b are known to be equal. */
bool dim_equal(int64_t a, int64_t b);

#endif
