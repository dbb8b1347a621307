/* match.h - one attempt to apply one rule at one operator: its bindings, and how far it has come. */
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

#endif
