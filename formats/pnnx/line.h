/* line.h - what passes between the three parts of the PNNX reader: read.c takes lines apart,
 * arguments.c makes arguments of the pieces, weights.c finds the bytes of attributes.  Private to them. */
#ifndef FORMATS_PNNX_LINE_H
#define FORMATS_PNNX_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/graph/graph.h"
#include "formats/mapping.h"

/* A word of a line; not terminated. */
struct word {
    const char *text;
    size_t length;
};

/* One input of an operator line. */
struct read_input {
    struct operand *operand;
    const char *key;      /* decoded, of its `$` entry; NULL: none */
    size_t before;        /* the earlier input of this line with the same operand, plus 1; 0: none */
    const char *argument; /* where it goes; arguments.c */
    bool surplus;         /* it goes nowhere; arguments.c */
};

/* One parameter of an operator line. */
struct read_parameter {
    const char *key;      /* decoded, as written */
    const char *argument; /* what it is an alias of, or itself; arguments.c */
    struct value value;
};

/* An operator line, but for its attributes and shapes. */
struct read_line {
    struct place start;     /* of the line */
    struct place inputs_at; /* of the number of inputs */
    struct read_input *inputs;
    size_t input_count, input_room;
    struct read_parameter *parameters;
    size_t parameter_count, parameter_room;
};

/* Gives the operator its arguments, and the layout that remembers how they were written.  Dies with
 * STATUS_MALFORMED when they do not fit the signature. */
void pnnx_set_arguments(struct operator *op, struct read_line *line);

/* An attribute whose bytes are looked up when all lines are read. */
struct read_attribute {
    struct operator *op;
    struct word name, key; /* as spelled: together they name the zip member */
    struct attribute attribute;
    struct place at;
};

/* Finds the bytes of all attributes in the archive that begins at byte `start` of `weights`, and adds them to their
 * operators.  With `trust`, their checksums are not compared. */
void pnnx_attach_weights(struct read_attribute *attributes, size_t count, struct mapping *weights,
                         size_t start, bool trust);

/* Dies with STATUS_MALFORMED when a module's parameters ask for another shape of that weight; check.c. */
void pnnx_check_weight(struct place at, const struct operator *op, const struct attribute *a);

#endif
