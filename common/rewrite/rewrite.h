/* rewrite.h - the rule language: reading rules, and applying them to a graph.
 *
 * The language is described in pnnx.rules(5).  A program makes one rule set per phase:
 *
 *     struct rules *fuse = rules_new(strings, signatures, functions, LENGTH(functions));
 *     rules_read(fuse, "fuse.rules", text, size);
 *     report_stop();
 *     rules_apply(fuse, g);
 *
 * Weights of an ncnn layer, [tagged c@weight, raw c@bias?], become attributes whose keys are their position among those
 * that are present and the letter of their storage: "0t", "1r".  (A layer has at most ten.) */
#ifndef COMMON_REWRITE_REWRITE_H
#define COMMON_REWRITE_REWRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/command/options.h"
#include "common/graph/graph.h"

struct rules;
struct rule_history;

/* What a function called from a rule gets and gives.  An argument that is unknown (see pnnx.rules, three
 * values) makes the call unknown without calling. */
enum rule_kind {
    RULE_VALUE,   /* struct value: numbers, strings, lists, operands */
    RULE_TENSOR,  /* const struct attribute *: constant tensor, by reference */
    RULE_TENSORS, /* a named list of tensors: `self` of a module, the result of `@* = f(...)` */
    RULE_OPERATOR /* an operator, `P as c`; never a result */
};

struct rule_tensors {
    struct attribute *items; /* arena; key, dtype, shape and data each */
    size_t count;
};

struct rule_item {
    enum rule_kind kind;
    struct value value;             /* RULE_VALUE */
    const struct attribute *tensor; /* RULE_TENSOR; NULL: absent */
    struct rule_tensors tensors;    /* RULE_TENSORS */
    const struct operator *op;      /* RULE_OPERATOR */
};

/* One call. */
struct rule_call {
    struct graph *graph;       /* new memory comes from its arena */
    const struct rule_item *a; /* the arguments */
    size_t count;
    struct rule_item result; /* to be written */
};

/* One C function that rules of a program may call.  `types` has a letter for each argument and, after a colon,
 * one for the result: v a value, o an operand, t a tensor (a constant operand or an attribute), T tensors (`self` of a
 * module), i int, f float (an int is turned into one), s string, l list, b bool, c an operator (`P as c`), * any more
 * of the letter before.  A `?` behind a letter: the argument may be absent or None, and comes as a NULL tensor or
 * VALUE_NONE; trailing ones may be left out.  "ti:t" takes a tensor and an int and gives a tensor.  A result that is
 * a NULL tensor is absent. */
struct rule_function {
    const char *name;
    const char *types;
    /* Writes call->result and returns true; false: unknown, no match. */
    bool (*call)(struct rule_call *call);
};

/* What such a function may end with; each returns true. */
bool rule_give(struct rule_call *call, struct value v);
bool rule_give_text(struct rule_call *call, const char *text); /* interned here; false: NULL */
bool rule_give_ints(struct rule_call *call, const int64_t *ints, size_t count);
bool rule_give_tensor(struct rule_call *call, const struct attribute *w); /* borrowed; NULL: absent */

/* A rule set.  All that is passed is borrowed and must outlive it. */
struct rules *rules_new(struct strings *strings, const struct signatures *signatures,
                        const struct rule_function *functions, size_t function_count);
void rules_free(struct rules *rules);

/* Whether `in` and `module` are allowed: pt2pnnx only, the others have no scopes. */
void rules_allow_scopes(struct rules *rules);

/* Parses rules and adds them behind those there are.  Every mistake is reported (STATUS_USAGE) with file,
 * line and column; `text` must live as long as the rules.  The name is used in messages. */
void rules_read(struct rules *rules, const char *name, const char *text, size_t size);
/* The same from a file (-r FILE); STATUS_IO when it cannot be read. */
void rules_read_file(struct rules *rules, const char *name);

/* With --explain: prints every application on standard error, one line each. */
void rules_explain(struct rules *rules, bool on);

/* What a rule is for: operators, operators that become layers of ncnn, whose types are in no namespace (ReLU), or layers. */
enum rule_subject { RULES_ON_OPERATORS, RULES_THAT_LOWER, RULES_ON_LAYERS };
/* For -r: what kept each rule of the set from applying anywhere is noted, and said by rules_report_misses(), which comes
 * after the last rules_apply(): of those on a subject. */
void rules_note_misses(struct rules *rules);
void rules_report_misses(const struct rules *rules, enum rule_subject subject);

/* Applies the rules to the fixed point; returns how many applications there were.  Reports
 * (STATUS_CONVERSION) when rules chase each other. */
size_t rules_apply(struct rules *rules, struct graph *g);

/* Sets of rules that take turns on one graph, round after round, share a history: together they are stopped when they
 * undo each other.  rules_apply() has one of its own. */
struct rule_history *rule_history_new(struct graph *g); /* borrows the graph */
void rule_history_free(struct rule_history *history);
size_t rules_apply_with(struct rules *rules, struct graph *g, struct rule_history *history);
/* Ends a round; reports (STATUS_CONVERSION) after 100 rounds that made the graph no smaller. */
void rule_history_round(struct rule_history *history);

/* without=NAME,...: rules with these names, or of files with these names, of any of the sets (NULL: none), are not applied.
 * Reports (STATUS_USAGE) a name that no rule and no file has. */
void rules_without(struct rules *const *sets, size_t count, const struct text_list *names);

/* Rules that make layers of ncnn, or fewer of them, are not applied: a file of rules may hold some for each program. */
void rules_without_layers(struct rules *rules);

/* For -r: reports (STATUS_USAGE) rules of the user's set that undo a rule of another set, with which it takes turns. */
void rules_check_against(struct rules *user, const struct rules *other);

/* For tests and -r: reports (STATUS_USAGE) rules that an earlier one always shadows, rules that undo each other, and
 * patterns that hold, inside, what another rule of the set rewrites by itself. */
void rules_check(struct rules *rules);

/* Calls `visit` for each rule, in order, with the type at its root (for each, if it may be one of several) and what it says:
 * "Padding Pooling if ceil_mode=False and x.rank == 4 else ...", the operators that it makes, in the order in which they run,
 * the other operators and the arguments of its pattern, and its conditions.  The texts live as long as the rules. */
typedef void rule_visit(void *context, const char *type, const char *text);
void rules_describe(struct rules *rules, rule_visit *visit, void *context);

/* The examples of a rule file, for tests: each `#>` block with its `#=` and `#!` blocks.  Further `#!` blocks, apart by
 * a line that is none, are examples of their own, without the others.  A near miss may be differences from the example before,
 * "#! NAME: key=value ...": `miss` is the whole text then.  Reports (STATUS_USAGE) a difference of no operator. */
struct rule_example {
    const char *rule;   /* the rule they stand under */
    const char *before; /* PNNX operator lines of #> */
    const char *after;  /* of #=, or NULL */
    const char *miss;   /* of #!, or NULL */
    long line;
};
size_t rules_examples(struct rules *rules, const struct rule_example **examples);

#endif
