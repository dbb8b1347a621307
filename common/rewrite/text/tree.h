/* tree.h - rules as they are read: the syntax tree of patterns, values and results.
 *
 * One kind of node serves all three, since they are written alike: what a node means follows from where it stands.
 * Everything lives in the arena of the rule set. */
#ifndef COMMON_REWRITE_TEXT_TREE_H
#define COMMON_REWRITE_TEXT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/rewrite/rewrite.h"

enum node_kind {
    NODE_NONE, /* literals */
    NODE_BOOL,
    NODE_INT,
    NODE_FLOAT,
    NODE_STRING,
    NODE_NAME,        /* text; after resolving: slot */
    NODE_ANY,         /* _ */
    NODE_LIST,        /* [kids] */
    NODE_CALL,        /* text(arguments): an operator, a pattern, a function */
    NODE_BRACES,      /* text{arguments} */
    NODE_ALTERNATIVE, /* kids[0] | kids[1] */
    NODE_AS,          /* kids[0] as text, slot */
    NODE_OPTIONAL,    /* kids[0]? */
    NODE_KIND,        /* kids[0]:text, a name and its kind */
    NODE_STAR,        /* *kids[0] in a list, or among results */
    NODE_AT,          /* @kids[0] */
    NODE_FIELD,       /* kids[0].text */
    NODE_OWNED,       /* kids[0]@text */
    NODE_INDEX,       /* kids[0][kids[1]] */
    NODE_SLICE,       /* kids[0][kids[1]:kids[2]:kids[3]], each may be NULL */
    NODE_NEGATE,      /* -kids[0] */
    NODE_NOT,
    NODE_BINARY,      /* kids[0] token kids[1] */
    NODE_AND,         /* kids[0] and kids[1] */
    NODE_OR,          /* kids[0] or kids[1] */
    NODE_CONDITIONAL, /* kids[0] if kids[1] else kids[2] */
    NODE_DEFAULT,     /* kids[0] else kids[1] */
    NODE_COMPREHENSION, /* [kids[0] for names in kids[1] if kids[2]], kids[2] may be NULL; kids[3]: a list of names */
    NODE_WEIGHT, /* tagged kids[0], raw kids[0]: text */
    NODE_ONCE, /* kids[0], an operator given to a let: however often its body reads it, there is one; boolean: resolved */
};

enum argument_kind {
    ARGUMENT_POSITION,   /* value */
    ARGUMENT_KEY,        /* key=value */
    ARGUMENT_ATTRIBUTE,  /* @key=value */
    ARGUMENT_ATTRIBUTES, /* @*=value */
    ARGUMENT_REST,       /* ... */
    ARGUMENT_REST_OF,    /* ...c: value is the name */
    ARGUMENT_COMPUTED,   /* **value */
};

struct node_argument {
    enum argument_kind kind;
    const char
        *key; /* interned; ARGUMENT_KEY, ARGUMENT_ATTRIBUTE; in patterns also positions after resolving, where
                      * all overloads agree */
    struct node *value;
    int line, column;
};

struct node {
    enum node_kind kind;
    int token;        /* NODE_BINARY: which operator */
    int line, column; /* of its first character */
    const char *text; /* interned */
    union {
        bool boolean;
        int64_t integer;
        double real;
    };
    size_t slot; /* names and `as`: the variable, from 0 */
    struct node **kids;
    size_t count;
    struct node_argument *arguments; /* calls and braces */
    size_t argument_count;
    int depth;     /* of a + b + c ...: limited, for trees are walked by recursion */
    bool optional; /* calls and braces: type?(P), the operator around P or P alone; weights: raw w? */
    bool shared;   /* calls: &type(...), an operator that others may read, too */
    bool quoted;   /* calls: the type was written in quotes, and is not checked */
    bool function; /* calls, after resolving: a function of values, not an operator */
    const struct rule_function *c_function; /* function calls: NULL for those of the language */
    int builtin;                            /* function calls: which of the language's */
    bool deferred; /* in a pattern: a condition on the value, checked when all is bound */
};

#define NO_SLOT ((size_t)-1)

/* (y, _, *ys, w?) on the left of a pattern or a result. */
struct target {
    const char *name; /* interned; NULL for _ */
    size_t slot;      /* NO_SLOT for _ */
    bool rest;        /* *ys */
    bool optional;    /* w? */
    int line, column;
};

struct targets {
    struct target *items;
    size_t count;
    bool given; /* without, the one result of the operator */
};

/* where NAME = PATTERN, also NAME = PATTERN: the targets are results of the pattern's operator. */
struct definition {
    struct targets targets;
    struct node *node;
    bool tuple; /* written with parentheses: results by position */
    bool used;
    int line, column;
};

/* where NAME = EXPR, where [a, b] = EXPR. */
struct taking {
    struct targets targets;
    struct node *value;
    bool list; /* taken apart */
};

/* with NAME = RESULT: a part of the result that it reads more than once.  with (a, b) = RESULT: the results of its
 * operator, _ for one that nobody reads; with NAME[COUNT] = RESULT: so many, as a list. */
struct share {
    struct targets targets;
    bool tuple;
    struct node *count; /* or NULL */
    struct node *part;
    struct node *name; /* as NAME; or NULL */
};

/* One of A if C else B ...: what replaces the match, and when. */
struct choice {
    struct targets targets;
    struct node **parts; /* one result for all, or with a tuple one for each */
    size_t part_count;
    bool tuple;
    struct node *name;      /* as NAME; or NULL */
    struct node *condition; /* NULL: always */
};

struct word_list {
    const char **items; /* interned */
    size_t count;
};

/* module CLASS(inputs) -> (outputs) finds ... calls ... */
struct box {
    struct targets inputs, outputs;
    struct node **finds;
    size_t find_count;
    struct word_list calls; /* types; "aten::*" allows all of them */
    bool any_call;          /* no `calls`: everything is foreseen */
    size_t self_slot;
};

struct slot {
    const char *name;
    struct definition *definition; /* where NAME = PATTERN, or NULL */
    size_t position;               /* among the definition's targets */
    bool bound;                    /* some pattern or `where` binds it */
    bool kept;                     /* read by a result: its operator may have other readers */
    bool is_operator;              /* `as c` */
};

struct rule {
    const char *name; /* its label, or the type at its root */
    const char *file;
    int line, column;
    struct targets targets;   /* of the root */
    struct node *pattern;     /* NULL for a box */
    struct box *box;          /* or NULL */
    struct word_list classes; /* in CLASS; none: no matter */
    struct definition **definitions;
    size_t definition_count;
    struct definition **also;
    size_t also_count;
    struct taking *takings; /* in order */
    size_t taking_count;
    struct node **conditions; /* of the rule as a whole */
    size_t condition_count;
    struct share *shares; /* in order */
    size_t share_count;
    struct choice *choices; /* the first whose condition is true */
    size_t choice_count;
    struct slot *slots;
    size_t slot_count;
    bool labelled; /* its author gave it the name */
    bool sound;    /* no mistake was found in it */
    bool off;      /* without=NAME */
};

/* pattern NAME(parameters) = body, let NAME(parameters) = body */
struct rule_macro {
    const char *name;
    struct word_list parameters;
    struct node *body;
    bool is_pattern;
};

struct node *node_new(struct arena *arena, enum node_kind kind, int line, int column);

#endif
