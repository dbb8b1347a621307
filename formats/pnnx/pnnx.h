/* pnnx.h - PNNX models: the text (.pnnx.param), the weights (.pnnx.bin), and both in one stream. */
#ifndef FORMATS_PNNX_PNNX_H
#define FORMATS_PNNX_PNNX_H

#include <stdbool.h>
#include <stddef.h>

#include "common/command/options.h"
#include "common/graph/graph.h"
#include "formats/mapping.h"
#include "formats/output.h"

/* How an operator was written in the file it was read from, so that an untouched line is written as it was.  The
 * writer ignores it when it no longer fits the operator. */
struct text_layout {
    const char *type;                /* of the operator then; interned */
    const struct text_input *inputs; /* in the order of the line */
    size_t input_count;
    const struct text_alias *aliases; /* parameters that were written under an alias */
    size_t alias_count;
};

/* One input: where it went, and the key that it had. */
struct text_input {
    const char *argument;          /* interned; NULL: nowhere, see `surplus` */
    size_t item;                   /* of the list that the argument is; SIZE_MAX: it is the argument itself */
    const char *key;               /* as written behind `$`; interned; NULL: it had no such entry */
    const struct operand *surplus; /* an operand that the operator does not take; NULL: it takes this one */
};

struct text_alias {
    const char *argument, *written; /* interned */
};

/* Reads a model; NULL in->param is standard input as a stream.  Dies with STATUS_MALFORMED or STATUS_IO.
 * Expressions stay operators: see common/expression/expression.h. */
struct graph *pnnx_read(struct strings *strings, const struct signatures *signatures,
                        const struct model_names *in);
/* The same from mapped bytes: `text`, and `weights` (NULL: behind the text); `trust` as in struct model_names. */
struct graph *pnnx_parse(struct strings *strings, const struct signatures *signatures, struct mapping *text,
                         struct mapping *weights, bool trust);

/* Writes a model, whole or not at all (formats/output.h); NULL out->param is standard output as a stream.  With
 * out->link, a .bin that would equal the input's becomes another name of it.
 * Lists that hold operands must have been formed (lists_form). */
void pnnx_write(struct graph *g, const struct model_names *out, bool sync);

/* The name of an attribute's member in the zip: operator and key, spelled as in the text.  Arena. */
const char *pnnx_member_name(struct arena *arena, const char *operator_name, const char *key);

/* The text of a value as the format writes it, percent-encoded where it must be; and back.  pnnx_parse_value
 * takes any text: what is no other value is a string.  Arena. */
const char *pnnx_value_text(struct arena *arena, struct value v);
struct value pnnx_parse_value(struct graph *g, const char *text, size_t length);
/* The shortest digits that read back as `f`, laid out upstream's way: "0.1", "1.000000e-5", "3.0", "inf",
 * "nan". */
const char *pnnx_float_text(struct arena *arena, double f);

/* The weight that a module lacks, which PyTorch would make up at random: "bias"; or NULL. */
const char *pnnx_missing_weight(const struct operator *op);

#endif
