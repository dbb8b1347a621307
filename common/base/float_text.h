/* float_text.h - a double as text. */
#ifndef COMMON_BASE_FLOAT_TEXT_H
#define COMMON_BASE_FLOAT_TEXT_H

#include "common/base/arena.h"

/* Room for any text that float_text() writes. */
#define FLOAT_TEXT 48

/* Writes the shortest digits that read back as `f`, laid out upstream's way: "0.1", "1.000000e-5", "3.0", "inf",
 * "nan". */
void float_text(char out[FLOAT_TEXT], double f);

/* The number that the text begins with, in the C locale, whatever the program's: as strtod(), with *end behind it (NULL:
 * no matter), or at the text when there is none. */
double float_read(const char *text, char **end);

#endif
