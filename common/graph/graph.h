/* graph.h - the graph that every program reads, edits and writes.
 *
 * A graph is a list of operators in an order in which every operand is produced before it is read.  An
 * operator has a type ("nn.Conv2d"), a name ("layer1.0.conv1"), named arguments in the order of its
 * signature, attributes (weights) and results, the operands.  An argument is an operand, a constant, None, or
 * a list of arguments.
 *
 * A graph lives in one arena and is freed at once; strings in it are interned.  It is edited only through the
 * functions below, which keep the use lists right.  Everything a caller gets is borrowed from the graph. */
#ifndef COMMON_GRAPH_GRAPH_H
#define COMMON_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/dtype.h"
#include "common/base/intern.h"
#include "common/base/report.h"
#include "common/graph/value.h"
#include "common/operators/signature.h"

/* A dimension is a size >= 0, or one of these.  Numbers below DIM_UNKNOWN are symbolic sizes ("h", "2*h+1"):
 * common/graph/dim.h knows them.  Equal symbolic sizes are equal numbers; DIM_UNKNOWN equals nothing, not even
 * itself. */
#define DIM_UNKNOWN ((int64_t)-1)

#define RANK_UNKNOWN (-1)

/* operand.batch */
#define BATCH_NONE    (-1) /* solved: no axis is the batch */
#define BATCH_UNKNOWN (-2) /* not solved */

/* One invocation of a module while the network ran: pt2pnnx builds on these, the text does not carry them. */
struct scope {
    const struct scope *parent; /* NULL: the network itself */
    const char *path;           /* dotted, from the network: "layer1.0.conv1"; "" for the network; interned */
    const char *class;          /* "torch.nn.modules.conv.Conv2d"; no mangling; interned */
};

/* One place where an operand is read: links of operand.uses.  Made and kept by the graph. */
struct use {
    struct operator *op; /* the reader */
    struct value *slot;  /* the value, inside op's arguments, that is the operand */
    struct use *prev, *next;
};

/* A result of an operator: a tensor, or a number. */
struct operand {
    const char *name;          /* unique in its graph; interned */
    struct operator *producer; /* never NULL */
    size_t index;              /* among the producer's outputs */
    size_t id;                 /* dense from 0, stable, never reused: for side tables of graph.operand_ids */
    struct use *uses;          /* in no order; one for each place, so twice for mul(x, x) */
    size_t use_count;
    enum dtype dtype; /* DTYPE_NULL: unknown */
    int rank;         /* RANK_UNKNOWN, or 0 (a number) and up */
    int64_t *shape;   /* rank dimensions; arena; NULL when rank <= 0 */
    int64_t
        number; /* a Python int: its value, a dimension that may be symbolic; DIM_UNKNOWN: it is none, or not known */
    int batch; /* pnnx2ncnn: which axis is the batch, or BATCH_NONE, BATCH_UNKNOWN */
};

/* A weight: what it is and where its bytes are.  The bytes stay in the mapped input until the writer copies
 * them. */
struct attribute {
    const char *key; /* interned; may have dots: "out_proj.weight" */
    enum dtype dtype;
    int rank;             /* 0: a scalar, one element */
    const int64_t *shape; /* rank entries, each >= 0: a weight has no unknown sizes; arena */
    size_t size;          /* bytes, not elements; == elements * dtype_size, checked when made */
    const uint8_t *data;  /* size bytes, row-major, little-endian; in a mapping that outlives the graph, or in
                           * the  arena; NULL only when size is 0 */
    bool has_crc;         /* crc is known: the bytes are those of an archive member, untouched */
    uint32_t crc;         /* CRC-32 as in zip */
};

struct argument {
    const char *key;    /* interned */
    struct value value; /* change it only through operator_set() */
};

struct operator {
    struct operator *prev, *next;
    struct graph *graph;
    size_t id;                         /* dense from 0, stable, never reused */
    const char *type;                  /* interned */
    const char *name;                  /* interned */
    const struct signature *signature; /* of its type, the overload that has all its keys; never NULL: an
                                        * unknown type has the signature (*inputs) */
    struct argument *arguments; /* those given, in the order of the signature; then other keys as set */
    size_t argument_count;
    struct attribute *attributes; /* sorted by key */
    size_t attribute_count;
    struct operand **outputs;
    size_t output_count;
    const struct scope *scope; /* pt2pnnx only; NULL elsewhere */
    const char *source;        /* the user's source line, "net.py:31"; NULL: unknown; interned */
    long line;                 /* of the .param file it was read from; 0: made here */
    const struct text_layout
        *layout; /* formats/pnnx: how its inputs were written; dropped when arguments change */
};

struct graph {
    struct arena arena;
    struct strings *strings;             /* borrowed; shared with the rules */
    const struct signatures *signatures; /* borrowed */
    const char *file;                    /* the name of the .param, for messages; NULL: a stream */
    struct operator *first, *last;
    size_t operator_count;
    size_t operator_ids, operand_ids;             /* bounds of the ids given so far */
    struct names *operator_names, *operand_names; /* those in use; names.c */
    struct symbols *symbols;                      /* symbolic dimensions; dim.c; NULL: none yet */
    /* Says what comes out of an operator that is new; NULL: nothing does.  operators/shapes/shapes.h sets it. */
    void (*infer)(void *inference, struct operator *op);
    const char *(*contradiction)(void *inference, const struct operator *op);
    void *inference;
};

/* Life.  Both borrowed things must outlive the graph. */
struct graph *graph_new(struct strings *strings, const struct signatures *signatures);
void graph_free(struct graph *g);

/* A new operator without arguments, before `before` (NULL: at the end).  The name is taken as it is. */
struct operator *graph_add(struct graph *g, struct operator *before, const char *type, const char *name);
/* A name that no operator (operand) of the graph has: `stem` itself if free, else stem_1, stem_2 ... */
const char *graph_fresh_operator_name(struct graph *g, const char *stem);
const char *graph_fresh_operand_name(struct graph *g, const char *stem);
/* The operator with that name, the first of several, or NULL.  Linear. */
struct operator *graph_find(const struct graph *g, const char *name);
struct operand *graph_find_operand(const struct graph *g, const char *name); /* constant time */

/* Puts the operators into an order in which producers come first, moving as few as possible (stable). Returns
 * false, and leaves the order, when there is a cycle. */
bool graph_sort(struct graph *g);
/* Removes operators whose results nobody reads, but for pnnx.Input and pnnx.Output.  Returns how many. */
size_t graph_remove_dead(struct graph *g);
/* Ends the program with a message on the first broken invariant: for tests and after passes in debug builds.
 */
void graph_check(const struct graph *g);

/* Removes an operator, whose results nobody may read any more. */
void operator_remove(struct operator *op);
void operator_move(struct operator *op, struct operator *before); /* NULL: to the end */
void operator_rename(struct operator *op, const char *name);
/* Changes the type; the arguments keep their keys. */
void operator_set_type(struct operator *op, const char *type);
struct place operator_place(const struct operator *op); /* file and line, for messages */

/* The argument `key`, or NULL when it is not given.
 */
const struct value *operator_get(const struct operator *op, const char *key);
/* As operator_get(), but the signature's default when the argument is not given; NULL when there is none. */
const struct value *operator_value(const struct operator *op, const char *key);
/* Sets an argument: copies the value deeply and links the operands in it. */
void operator_set(struct operator *op, const char *key, struct value value);
void operator_unset(struct operator *op, const char *key);
/* Lets `op` alone read `new` for `old`, wherever it reads it. */
void operator_replace(struct operator *op, struct operand *old, struct operand *new);
/* The operand that the argument is; NULL when it is absent, or no operand. */
struct operand *operator_operand(const struct operator *op, const char *key);
/* Typed look-ups with a fallback, for passes: the argument, else the signature's default, else `otherwise`.
 */
int64_t operator_int(const struct operator *op, const char *key, int64_t otherwise);
double operator_real(const struct operator *op, const char *key, double otherwise);
bool operator_bool(const struct operator *op, const char *key, bool otherwise);
const char *operator_string(const struct operator *op, const char *key, const char *otherwise);
/* Equal to that text: `op->type` is interned, but literals are not. */
bool operator_is(const struct operator *op, const char *type);

/* A new result; a NULL name is made from the operator's. */
struct operand *operator_add_output(struct operator *op, const char *name);
/* Sets dtype, rank and shape of the operator's results, as far as they follow from its operands and arguments: for one
 * that is new and complete. */
void operator_infer(struct operator *op);
/* What of the results' types and shapes contradicts that, as text in the graph's arena; NULL: nothing. */
const char *operator_contradiction(const struct operator *op);
/* Makes an existing operand the next result of `op` instead of its producer's: readers, name and shape stay.
 */
void operand_move(struct operand *x, struct operator *op);
/* Lets every reader of `old` read `new`. */
void operand_replace(struct operand *old, struct operand *new);
void operand_rename(struct operand *x, const char *name);
void operand_set_shape(struct operand *x, enum dtype dtype, int rank, const int64_t *shape);
/* Makes x a number, a size that may be symbolic. */
void operand_set_number(struct operand *x, int64_t size);
/* Gives x the type, shape and batch axis of y: it stands for the same tensor. */
void operand_set_like(struct operand *x, const struct operand *y);
/* The attribute behind an operand that a pnnx.Attribute produces, or NULL. */
const struct attribute *operand_constant(const struct operand *x);

/* Adds an attribute (or replaces the one with that key).  The key is interned and the shape copied; data is
 * borrowed and must outlive the graph.  Dies when size and shape disagree. */
struct attribute *operator_add_attribute(struct operator *op, struct attribute attribute);
const struct attribute *operator_attribute(const struct operator *op, const char *key); /* or NULL */
/* A pnnx.Attribute's data under its key, and its result, whose type and shape it has.  Name NULL: one is made up. */
struct operand *operator_add_constant(struct operator *op, const char *name, struct attribute data);

/* Calls `visit` for every operand in the arguments of `op`, in the order of the arguments, lists flattened.
 */
void operator_each_operand(const struct operator *op, void (*visit)(struct operand *x, void *context),
                           void *context);

#endif
