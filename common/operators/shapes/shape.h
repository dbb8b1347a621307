/* shape.h - what a shape function sees, and how the table of them is made.
 *
 * To add an operator, add its name to a row, or a row, of the table of its family: numbers/ has those that compute,
 * layout/ those that arrange, make, pick and take apart:
 *
 *     { "relu hardswish nn.ReLU", shape_unary, evaluate_unary, UNARY_RELU },
 *
 * (clang-format is off there: it would put the columns where the longest row has them.)
 *
 * A name without a prefix stands for torch.NAME, Tensor.NAME, F.NAME, aten::NAME and the in-place NAME_; a row for
 * the full name ("F.unfold") comes before.  The shape function reads arguments with the arg_ functions and says
 * what comes out with result(); what it does not say stays unknown.  What contradicts PyTorch's rules goes to
 * wrong().  The evaluate function, where there is one, computes the results when it finds constant what it needs.
 *
 * Sizes are dimensions (common/graph/dim.h): known, symbolic or unknown, never plain integers. */
#ifndef COMMON_OPERATORS_SHAPES_SHAPE_H
#define COMMON_OPERATORS_SHAPES_SHAPE_H

#include "common/graph/dim.h"
#include "common/graph/element.h"
#include "common/graph/graph.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* Tensors of a higher rank are not inferred. */
enum { MAX_RANK = 16 };

/* The contents of a constant tensor, row-major.  Arena of the run, or a weight. */
struct tensor {
    enum dtype dtype;
    int rank;
    const int64_t *dims;
    int64_t count; /* elements */
    const uint8_t
        *data;   /* count * dtype_size(dtype) bytes; may be unaligned; NULL only when there are none */
    bool weight; /* from the file, not computed: see tensor_new() */
};

/* A float that is computed from sizes: top / over * factor.  A dimension, numbers above 0. */
struct quotient {
    int64_t top, over;
    double factor;
};

/* What is known of an operand, or of an argument. */
struct fact {
    bool present;        /* false: absent or None */
    bool number;         /* a Python number: weak in type promotion; rank 0, dtype I64, F64, BOOL or C128 */
    bool list;           /* a Python list of integers: rank 1, dtype I64 */
    enum dtype dtype;    /* DTYPE_NULL: unknown */
    int rank;            /* or RANK_UNKNOWN */
    const int64_t *dims; /* rank sizes */
    const struct tensor *constant; /* its contents; NULL: not known */
    const int64_t
        *sizes; /* integer contents that may be symbolic: 1 when rank is 0, dims[0] when it is 1; or NULL */
    const struct quotient *quotient; /* of a number of DTYPE_F64; or NULL */
};

/* One inference over a graph: a fact for each operand.  The graph is only read. */
struct run {
    struct graph *graph;
    struct arena arena;
    struct fact *facts; /* by operand id; NULL: what the graph says of an operand is asked each time */
    size_t operand_ids, operator_ids; /* bounds of the graph's ids when the run began */
    bool *stale;       /* by operand id: the shape that the graph has for it is none of this run */
    int64_t room;      /* for constants that are computed: bytes that are left */
    const char *which; /* for messages: "" or " for inputshape2"; NULL: mistakes are counted only */
    size_t mistakes;
    const struct table *table;
    struct decision *decisions; /* names that an operator decided, in order; arena */
    size_t decision_count;
};

/* Bytes for all constants of a run: of one that writes them into the graph, and of one that only needs sizes. */
#define ALL_CONSTANTS ((int64_t)1 << 30)
#define FEW_CONSTANTS ((int64_t)1 << 16)

/* An operator that fits one size only where the size has a name: tracing froze it, or the user named too much. */
struct decision {
    const struct operator *op;
    const char *text; /* "nn.Linear 'fc' (1,h*w)f32 in_features=400: h*w must be 400"; arena of the run */
};

struct row;

/* One operator being inferred. */
struct call {
    struct run *run;
    struct graph *graph;
    const struct operator *op;
    const struct row *row;
    struct fact *results; /* result_count of them: one for each output */
    size_t result_count;
    bool refused; /* a contradiction is reported: one will do */
};

typedef void shape_function(struct call *c);
typedef bool evaluate_function(struct call *c); /* false: not constant, or not possible */

struct row {
    const char *names; /* separated by blanks */
    shape_function *shape;
    evaluate_function *evaluate; /* NULL: never constant */
    int code;                    /* for functions with several rows: what this one is */
};

struct family {
    const struct row *rows;
    size_t count;
};

extern const struct family family_attention, family_binary, family_cast, family_conv, family_create,
    family_series, family_fft, family_index, family_join, family_linalg, family_matmul, family_misc,
    family_norm, family_pieces, family_pool, family_recurrent, family_reduce, family_repeat, family_reshape,
    family_resize, family_ternary, family_unary, family_view;

/* table.c */
struct table *table_new(struct strings *strings);
void table_free(struct table *table);
/* The row of an operator type, or NULL. */
const struct row *table_find(const struct table *table, const char *type);

/* infer.c; shapes.h has what programs need that do not write shapes */
struct run *run_new(struct graph *g, const struct table *table);
void run_free(struct run *run);
/* What is known of an input, before run_infer(); the sizes are borrowed. */
void run_set_input(struct run *run, const struct operand *x, enum dtype dtype, int rank, const int64_t *dims);
/* What is known of an operand. */
struct fact run_fact(struct run *run, const struct operand *x);
/* Infers one operator: `results` has room for its outputs. */
void run_infer_one(struct run *run, const struct operator *op, struct fact *results);
/* Infers every operator.  Contradictions are reported, decisions noted in the run. */
void run_infer(struct run *run);
/* Writes type, shape and number into the graph. */
void fact_record(const struct fact *f, struct operand *x);
/* True when the fact contradicts what the graph has for the operand: another type, rank or size. */
bool fact_differs(const struct fact *f, const struct operand *x);
/* What two runs agree on; the rest becomes unknown in `a`. */
void run_merge(struct run *a, const struct run *b);

/* apply.c: writes shapes into the graph, puts known values into the arguments that take them, turns constants that
 * are read into pnnx.Attribute, and removes what nobody reads any more. */
void run_apply(struct run *run);

/* call.c: arguments.  A key also finds the argument under the name that aten or another spelling of the operator
 * gives it (`input`: self; `shape`: size).  Absent arguments take the signature's default, then `otherwise`. */
enum { ABSENT = -1, UNKNOWN = -2 };
const struct value *arg_value(const struct call *c, const char *key); /* NULL: absent; may be None */
struct fact arg_fact(const struct call *c, const char *key);          /* a tensor or a number */
const struct tensor *arg_constant(struct call *c, const char *key);   /* NULL: not constant */
struct fact value_fact(const struct call *c, const struct value *v);
/* The items of a list of tensors: writes at most `room`; returns how many there are, ABSENT, or UNKNOWN. */
int arg_facts(const struct call *c, const char *key, struct fact *out, int room);
bool arg_present(const struct call *c, const char *key); /* and not None */
/* False: there, but not known. */
bool arg_int(const struct call *c, const char *key, int64_t otherwise, int64_t *out);
bool arg_real(const struct call *c, const char *key, double otherwise, double *out);
bool arg_bool(const struct call *c, const char *key, bool otherwise);
const char *arg_text(const struct call *c, const char *key, const char *otherwise);
enum dtype arg_dtype(const struct call *c, const char *key, enum dtype otherwise);
int64_t arg_size(const struct call *c, const char *key,
                 int64_t otherwise); /* a dimension, as `otherwise` is */
/* Lists of integers (a single one counts as a list): how many were written, ABSENT (also for None), or UNKNOWN (the
 * length is not known, or more than `room`).  arg_ints() is UNKNOWN too when an item is. */
int arg_sizes(const struct call *c, const char *key, int64_t *out, int room);
int arg_ints(const struct call *c, const char *key, int64_t *out, int room);
/* `count` sizes, one of them given for all perhaps; absent: `otherwise`; unknown ones are DIM_UNKNOWN. */
void arg_spatial(const struct call *c, const char *key, int count, int64_t otherwise, int64_t *out);
/* An axis among `rank`, counted from 0.  False: not known, or out of range, which is reported. */
bool arg_axis(struct call *c, const char *key, int rank, int64_t otherwise, int *axis);
bool axis_of(struct call *c, int64_t number, int rank, int *axis);
/* Axes of a reduction as bits; absent, None or an empty list: all. */
bool arg_axes(struct call *c, const char *key, int rank, unsigned *axes);

/* Results.  The sizes are copied.  Results beyond the operator's outputs are dropped. */
void result(struct call *c, size_t index, enum dtype dtype, int rank, const int64_t *dims);
void result_like(struct call *c, size_t index, const struct fact *f); /* dtype and shape only */
void result_number(struct call *c, size_t index, enum dtype dtype);
void result_size(struct call *c, size_t index, int64_t size); /* a number of known value */
void result_sizes(struct call *c, size_t index, const int64_t *sizes, int count); /* a Python list */
void result_constant(struct call *c, size_t index, const struct tensor *t);

/* Reports a contradiction, the first of the operator: place, operator, operand shapes, text. */
void wrong(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Notes that the operator fits only where a size with names in it is that number. */
void decide(struct call *c, int64_t named, int64_t number);
/* "(1,3,?)f32" in the run's arena. */
const char *fact_text(struct call *c, const struct fact *f);
const char *sizes_text(struct call *c, const int64_t *dims, int rank);

/* promote.c: PyTorch's type promotion and broadcasting. */
enum dtype promote_facts(const struct fact *facts, int count); /* DTYPE_NULL: not known */
/* Broadcasts shapes; false when they cannot be (reported).  *rank may become RANK_UNKNOWN. */
bool broadcast_facts(struct call *c, const struct fact *facts, int count, int *rank, int64_t *dims);
/* dim_broadcast(), with decisions noted as by sizes_differ(). */
bool broadcast_dims(struct call *c, int64_t a, int64_t b, int64_t *out);
/* True when the two sizes, which the operator needs to be equal, cannot be.  When a size with a name in it and a number
 * are only equal for some values of the name, that is noted as a decision. */
bool sizes_differ(struct call *c, int64_t a, int64_t b);

/* types.c */
/* False, and reported: the operator does not take its operands' types, or not together; PyTorch says so when it runs. */
bool check_types(struct call *c);

/* Tensors: tensor.c */
/* An uninitialised tensor in the run's arena, with `data` to be written; NULL when it is too large: more than 16 MB
 * (1 MB when a weight of the file goes into it), or not all sizes are known. */
struct tensor *tensor_new(struct call *c, enum dtype dtype, int rank, const int64_t *dims, bool weight,
                          uint8_t **data);
const struct tensor *tensor_number(struct call *c, const struct value *v); /* a rank-0 constant, or NULL */
const struct tensor *fact_constant(struct call *c, const struct fact *f);
/* The same bytes in another shape with as many elements. */
const struct tensor *tensor_reshaped(struct call *c, const struct tensor *t, int rank, const int64_t *dims);
/* Element [i] of the result is the element offset + sum(i * strides) of `t`. */
const struct tensor *tensor_strided(struct call *c, const struct tensor *t, int rank, const int64_t *dims,
                                    int64_t offset, const int64_t *strides);
void row_major(int rank, const int64_t *dims, int64_t *strides);
const struct tensor *tensor_cast(struct call *c, const struct tensor *t, enum dtype dtype);
/* Stores an integer as PyTorch does: what does not fit wraps around. */
void store_int(uint8_t *data, enum dtype dtype, int64_t i, int64_t value);
/* Stores element `at` of a tensor, through floats where the result is one. */
void store_element(uint8_t *data, enum dtype dtype, int64_t i, const struct tensor *from, size_t at);
bool dtype_evaluable(enum dtype t); /* neither complex nor unknown */

/* What several families use: numbers/unary.c, numbers/binary.c. */
void shape_same(struct call *c);                     /* every result is as `input` */
void shape_pair(struct call *c);                     /* `input` and `other`, broadcast and promoted */
bool evaluate_extreme(struct call *c, bool maximum); /* of `input` and `other` */
/* Of `input` and `other`, one of which is a number and the other a size, or computed from one. */
enum quotient_step { QUOTIENT_MUL, QUOTIENT_DIV, QUOTIENT_ADD, QUOTIENT_SUB };
bool evaluate_quotient(struct call *c, enum quotient_step step);
/* Of `input`, that is computed from a size: a size, or a float that is one. */
enum rounding { ROUND_DOWN, ROUND_UP, ROUND_TO_ZERO };
bool round_quotient(struct call *c, enum rounding rounding);
bool evaluate_product(struct call *c, const struct tensor *a,
                      const struct tensor *b); /* broadcast to the result */

#endif
