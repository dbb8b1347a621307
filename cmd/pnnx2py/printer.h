/* printer.h - the parts of the Python printer.
 *
 * A printed file holds no text of the model but as a quoted string or as a name made by identifiers.c, and no
 * type or key that is not a plain dotted identifier. */
#ifndef PNNX2PY_PRINTER_H
#define PNNX2PY_PRINTER_H

#include <stdbool.h>

#include "common/base/map.h"
#include "common/graph/graph.h"
#include "lines.h"

struct printer {
    struct graph *graph;
    struct lines out;         /* the file so far */
    struct map variables;     /* operand -> "v_x" */
    struct map modules;       /* operator -> what it is called behind "self." */
    struct map spellings;     /* interned type -> how it is printed; spelling.c */
    bool *number;             /* by operand id: a Python number, not a tensor */
    const char *bin;          /* the path of the weights that the file opens */
    bool uses_math;           /* the forward function calls math.* */
    bool uses_torchvision;    /* or torchaudio: imported where they are installed */
    bool uses_moduleop;       /* classes of the user's */
    struct map archive_names; /* of the weights' members: how often each occurs */
    struct map archive_seen;  /* and how often it was printed */
    bool repeats_names;       /* one occurs twice */
    size_t refused;           /* operators that Python cannot say */
};

/* ---- identifiers.c ---- */

/* Names every operand and every operator that becomes a member; no two share a name. */
void identifiers_choose(struct printer *p);
const char *variable(const struct printer *p, const struct operand *x);
const char *member(const struct printer *p, const struct operator *op);
/* Letters, digits, underscores, no digit first, no Python keyword: safe as the name of an argument. */
bool is_identifier(const char *s);
/* Identifiers joined by dots: safe as an expression. */
bool is_dotted(const char *s);
/* Whether an operator is a member of the model: nn.*, torchvision.ops.*, a class of the user's. */
bool is_module(const struct operator *op);
/* "package.Class", or "Class": a type of a moduleop. */
bool is_user_class(const struct operator *op);

/* ---- literal.c ---- */

void print_string(struct lines *t, const char *s);
void print_float(struct lines *t, double f);
/* A constant or an operand, or a list of them, as a Python expression; lists are tuples. */
void print_value(struct printer *p, const struct value *v);
/* Starts a statement of the forward function: "        v_a, v_b = ". */
void print_results(struct printer *p, const struct operator *op);

/* ---- call.c ---- */

/* A call being printed: what comes behind the opening parenthesis. */
struct call {
    struct printer *printer;
    bool any; /* an argument has been printed */
};

/* Starts `callee(`.  The format holds only checked text. */
struct call call_open(struct printer *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void call_argument(struct call *c, const struct value *v);
void call_variable(struct call *c, const struct operand *x);
void call_keyword(struct call *c, const char *key, const struct value *v);
/* Text that the printer made itself. */
void call_text(struct call *c, const char *text);
/* The arguments of `op` as keywords, but for those named in `without` (NULL-terminated) and, from `first` on
 * only, those of the signature. */
void call_rest(struct call *c, const struct operator *op, const char *const *without);
void call_close(struct call *c);

/* The arguments of `op` from `first` on, as print_call() has them. */
void call_arguments(struct call *c, const struct operator *op, size_t first);
/* A value that has to be a tensor: a number is made one. */
void print_tensor(struct printer *p, const struct value *v);
/* Prints `callee(first, key=value, ...)`: the arguments up to the signature's first (for aten: up to `self`)
 * by position, the others as keywords. */
void print_call(struct printer *p, const struct operator *op, const char *callee);
/* Reports that an operator cannot be printed; `why` says what to do. */
void refuse(struct printer *p, const struct operator *op, const char *why);

/* ---- operator.c ---- */

/* Prints the statements of an operator. */
void print_operator(struct printer *p, struct operator *op);

/* ---- arithmetic.c ---- */

/* Prints torch.add, aten::mul ... as Python operators where that says the same and a call would not work (a
 * number on the left) or read worse; false: not arithmetic, nothing was printed. */
bool print_arithmetic(struct printer *p, const struct operator *op);
/* Finds the operands that are Python numbers. */
void numbers_find(struct printer *p);
bool is_number(const struct printer *p, const struct value *v);

/* ---- spelling.c ---- */

/* Reads spellings.txt, which says how types are printed that are no plain call. */
void spellings_read(struct printer *p);
/* Prints an operator that has a spelling; false: it has none, nothing was printed. */
bool print_spelled(struct printer *p, const struct operator *op);

/* ---- special.c, subscript.c, recurrent.c ---- */

/* Prints an operator as whole statements. */
typedef void print_function(struct printer *p, const struct operator *op);
/* The function that spellings.txt calls by that name, or NULL. */
print_function *special_find(const char *name, size_t length);
/* The items of `inputs`, with a comma behind a single one. */
void print_inputs(struct printer *p, const struct operator *op);
/* Whether the first argument is a tensor; reports when not. */
bool is_method(struct printer *p, const struct operator *op);

void print_slice(struct printer *p, const struct operator *op);
void print_slice_copy(struct printer *p, const struct operator *op);
void print_index(struct printer *p, const struct operator *op);
void print_copy(struct printer *p, const struct operator *op);

void print_lstm(struct printer *p, const struct operator *op);
void print_gru(struct printer *p, const struct operator *op);
void print_attention(struct printer *p, const struct operator *op);

/* ---- module.c ---- */

/* True when the value is one of the inputs of a module rather than of its constructor. */
bool is_module_input(const struct operator *op, const struct argument *a);
/* The body of Model.__init__: modules, then weights. */
void print_members(struct printer *p);

/* ---- script.c ---- */

/* The whole file; what cannot be printed has been reported then.  The caller releases it. */
struct lines python_of(struct graph *g, const char *bin);

#endif
