/* signature.h - the arguments of every operator type: order, kinds, defaults.
 *
 * The table is common/operators/signatures.txt, made by scripts/make-signatures, compiled into every program.  One line
 * is one signature; a type with overloads has several lines:
 *
 *     F.leaky_relu input:tensor negative_slope:float=0.01
 *     torch.cat *tensors:tensor dim:int=0
 *     nn.MultiheadAttention query/input:tensor key/kv:tensor? value:tensor? attn_mask:tensor? embed_dim:int
 * ...
 *
 * `*name` takes the remaining positional operands as one list; `a/b` is an argument with an alias that is
 * read but never written; a kind is one of tensor number int float bool str dtype any, `kind[]` a list of
 * these, `a|b` either, `kind?` may also be None; `=` a default, in the PNNX text notation.  An argument with
 * neither default nor `?` is required.  Results are not described. */
#ifndef COMMON_OPERATORS_SIGNATURE_H
#define COMMON_OPERATORS_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/intern.h"
#include "common/base/near.h"
#include "common/graph/value.h"
#include "common/operators/traits.h"
#include "common/operators/weights.h"

/* Bits of parameter.kinds. */
enum parameter_kind {
    KIND_TENSOR = 1 << 0,
    KIND_INT = 1 << 1,
    KIND_FLOAT = 1 << 2,
    KIND_BOOL = 1 << 3,
    KIND_STR = 1 << 4, /* a dtype, layout or memory format is a string too: "torch.float" */
    KIND_COMPLEX = 1 << 5,
    KIND_NONE = 1 << 6, /* None is a value of it */
    KIND_LIST = 1 << 7, /* a list of the other kinds (a single value may stand for a list of one) */
    KIND_NUMBER = KIND_INT | KIND_FLOAT | KIND_BOOL | KIND_COMPLEX,
    KIND_ANY = KIND_TENSOR | KIND_NUMBER | KIND_STR | KIND_NONE | KIND_LIST,
};

struct parameter {
    const char *name;  /* interned */
    const char *alias; /* interned; NULL: none */
    unsigned kinds;    /* KIND_ bits */
    bool variadic;     /* takes all remaining positional operands, as a list */
    bool has_default;
    struct value initial; /* the default; VALUE_NONE for `?` without one */
};

struct signature {
    const char *type; /* interned; "" for the signature of unknown types */
    const struct parameter *parameters;
    size_t parameter_count;
    struct traits traits;                /* of the type: the same for all overloads */
    const struct module_weight *weights; /* of the type, the first; NULL: none */
    const struct signature *next;        /* the next overload of this type, or NULL */
};

struct signatures;

/* Parses the built-in table. */
struct signatures *signatures_new(struct strings *strings);
void signatures_free(struct signatures *table);

/* The first overload of a type (by interned pointer or equal text), or NULL. */
const struct signature *signature_find(const struct signatures *table, const char *type);
/* The signature (*inputs) of types that the table does not have. */
const struct signature *signature_unknown(const struct signatures *table);
/* Offers all types: those of aten only to a name with `::`. */
void signature_offer_types(const struct signatures *table, struct near *near);
/* Offers the parameters of all overloads from `s` on. */
void signature_offer_parameters(const struct signature *s, struct near *near);
/* Whether constants may be written into it as an expression, as the existing converter does: it is called `expr`, too. */
bool parameter_is_text(const struct parameter *p);
/* The parameter with that name or alias, or NULL. */
const struct parameter *signature_parameter(const struct signature *s, const char *name);

#endif
