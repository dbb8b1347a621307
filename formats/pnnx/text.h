/* text.h - what the reader and the writer of the PNNX text share: how names and values are spelled.
 * Private to this folder; the rules are in pnnx(5). */
#ifndef FORMATS_PNNX_TEXT_H
#define FORMATS_PNNX_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/intern.h"
#include "common/graph/value.h"

/* The parameter that lists the keys of attributes without dimensions, which are written with the shape (1); or that is
 * the type of an input without dimensions. */
#define PNNX_SCALARS "0d"

/* Text that grows; bytes are owned, malloc'ed, not terminated. */
struct text_buffer {
    char *bytes;
    size_t size, room;
};

void text_put(struct text_buffer *buffer, const char *bytes, size_t size);
void text_puts(struct text_buffer *buffer, const char *text);
void text_release(struct text_buffer *buffer);

/* Where a name stands decides what it must not look like. */
enum name_place {
    NAME_FIELD, /* type and name of an operator: anything without blanks */
    NAME_INNER, /* an operand; a key behind `@` or `$`: no `=` */
    NAME_KEY,   /* of a parameter: none of @ $ # at its beginning besides */
};

/* Appends the name, percent-encoded where it must be. */
void pnnx_put_name(struct text_buffer *buffer, const char *name, enum name_place place);
/* The name that the text spells; interned. */
const char *pnnx_decode(struct strings *strings, const char *text, size_t length);

/* Parameters that hold a little language of their own, and are strings whatever they look like: expr, indexes
 * and equation.  Only in an equation are there percent codes. */
bool pnnx_key_is_raw(const char *key);
struct value pnnx_scan_raw(struct strings *strings, const char *key, const char *text, size_t length);

/* Appends a value without operands as the parameter `key` spells it (NULL: any but the raw ones).  Returns
 * false when it cannot be written: an operand, or an expression with blanks. */
bool pnnx_put_value(struct text_buffer *buffer, const char *key, const struct value *v);
/* Appends an integer in decimal. */
void pnnx_put_int(struct text_buffer *buffer, int64_t i);

/* A parameter of any key but the raw ones.  The text lies between `text` and `text + length`.  What the value
 * points to is interned or in the arena. */
struct value pnnx_scan_value(struct arena *arena, struct strings *strings, const char *text, size_t length);

#endif
