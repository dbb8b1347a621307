/* match.h - one attempt to apply one rule at one operator: bindings, values, the search. */
#ifndef COMMON_REWRITE_MATCH_H
#define COMMON_REWRITE_MATCH_H

#include "common/base/near.h"
#include "common/rewrite/private.h"

/* Memory of one attempt: blocks that are used again and again. */
struct scratch {
    struct scratch_block *first, *current;
};

void scratch_reset(struct scratch *scratch);
void scratch_release(struct scratch *scratch);
void *scratch_alloc(struct scratch *scratch, size_t size);
void *scratch_array(struct scratch *scratch, size_t count, size_t size);

enum item_kind {
    ITEM_UNBOUND, /* a variable that nothing was bound to yet */
    ITEM_UNKNOWN, /* what cannot be known from this graph */
    ITEM_ABSENT,  /* an argument that is left out, or None under `?` */
    ITEM_VALUE,
    ITEM_LIST, /* a list with items that are not all plain values */
    ITEM_DIM,  /* a symbolic size */
    ITEM_TENSOR,
    ITEM_TENSORS,
    ITEM_OPERATOR, /* `P as c` */
    ITEM_PLAN,     /* a result that is not built yet */
};

/* A variable's binding, or the value of an expression. */
struct item {
    enum item_kind kind;
    union {
        struct value value; /* borrowed from the graph, or in scratch memory */
        struct {
            struct item *items;
            size_t count;
        } list;
        int64_t dim;
        const struct attribute *tensor;
        struct rule_tensors tensors;
        const struct operator *op;
        struct {
            struct plan *plan;
            size_t result; /* which of its operator's */
        };
    };
};

/* All operators of one invocation of a module. */
struct box_match {
    const struct scope *scope;
    struct operator **items; /* in the order of the graph */
    size_t count;
    struct operand **inputs, **outputs;
    size_t input_count, output_count;
};

/* What the last step that failed met, for misses.h: an argument of an operator that is another one (wanted NULL: that the
 * pattern leaves out); a reader outside the match; or a condition. */
struct mismatch {
    const struct operator *op, *reader;
    const char *key;
    const struct value *given; /* NULL: left out */
    const struct node *wanted, *condition;
    bool unknown; /* the condition's value */
};

struct match {
    struct rules *rules;
    struct graph *graph;
    const struct rule *rule;
    struct scratch *scratch;
    struct operator *root;
    struct item *slots; /* rule->slot_count */
    size_t *trail;      /* slots in the order they were bound */
    size_t trail_count;
    struct operator **operators; /* matched, the root first */
    bool *shared;                /* of each: others may read it, too */
    size_t operator_count, operator_room;
    const struct scope *scope; /* `in`: the invocation that all operators must be of */
    const struct box_match *box;
    const struct goal *goals;
    const struct goal *deferred; /* conditions on arguments, for the end */
    struct choice_point *choices;
    size_t steps;
    const struct choice *chosen;
    struct mismatch mismatch;
    struct planned_size *sizes; /* symbolic ones of the result */
    size_t size_count;
    struct planned_once *once; /* operators that are given to lets */
    size_t once_count;
};

struct planned_once {
    const struct node *node;
    struct item item;
};

/* What a symbolic size is computed by. */
struct planned_size {
    int64_t dim;
    struct item item;
};

/* Matches the rule at the operator, or at the box; the bindings and the chosen result are then in *match. */
bool match_rule(struct match *match, struct rules *rules, struct graph *g, const struct rule *rule,
                struct operator *root, const struct box_match *box);
/* True when `in` or `module` of the rule names that class. */
bool rule_wants_class(const struct rule *rule, const char *class);
/* True when the operator is one of those matched. */
bool match_has(const struct match *match, const struct operator *op);

/* The value of an expression under the bindings.  In results, operators in it become plans. */
struct item evaluate(struct match *match, const struct node *node);
/* 1 true, 0 false, -1 unknown. */
int item_truth(const struct match *match, const struct item *item);
int items_equal(struct match *match, const struct item *a, const struct item *b);
/* How two numbers, sizes or strings may stand to each other, as far as that is known. */
enum { ORDER_LESS = 1, ORDER_EQUAL = 2, ORDER_GREATER = 4, ORDER_UNKNOWN = 7 };
int items_order(struct match *match, const struct item *a, const struct item *b);
/* a + b and so on, by the token of the operation. */
struct item item_arithmetic(struct match *match, int token, const struct item *a, const struct item *b);
/* The sum ('+') or the product ('*') of a list. */
struct item items_fold(struct match *match, int token, const struct item *list);
struct item item_value(struct value value);
struct item item_of_argument(const struct value *value); /* NULL: absent */
bool item_is_list(const struct item *item);
size_t item_length(const struct item *item);
struct item item_at(const struct item *item, size_t i);
/* The tensor behind an item: an attribute, or an operand that is a constant; NULL: none. */
const struct attribute *item_tensor(const struct item *item);

/* The one number in a tensor of rank 0; false when it is no such tensor. */
bool tensor_scalar(const struct attribute *tensor, struct value *out);
bool tensor_element(const struct attribute *tensor, int64_t index, struct value *out);
/* Numbers, equal after rounding to float32 unless both are integers; other values as value_equal() has it. */
bool values_match(const struct value *a, const struct value *b);

/* Functions of the language: their number, or -1. */
int builtin_find(const char *name);
void builtin_offer(struct near *near);
void builtin_arity(int builtin, size_t *least, size_t *most);
struct item builtin_call(struct match *match, int builtin, const struct item *arguments, size_t count);
/* A function of the program. */
struct item function_call(struct match *match, const struct rule_function *function,
                          const struct item *arguments, size_t count);

/* Builds the chosen result; false, with the graph unchanged, when a value in it is unknown.  On success *next is where
 * the sweep goes on. */
bool build_result(struct match *match, struct operator **next);

/* A result before it is built. */
struct plan {
    const char *type;
    struct plan_argument {
        const char *key;
        struct item item;
    } * arguments;
    size_t argument_count;
    struct plan_attribute {
        const char *key;
        const struct attribute *tensor;
    } * attributes;
    size_t attribute_count;
    size_t results;      /* where they have names, how many there are; else 0 */
    struct operator *op; /* once built */
};

/* More results than that no operator of a rule has. */
enum { MOST_RESULTS = 4096 };

struct item plan_operator(struct match *match, const struct node *call);
/* Whether a value or a result can be made of the item: no part of it is unknown. */
bool item_is_known(const struct item *item);

#endif
