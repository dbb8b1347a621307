/* lines.h - a text that grows at its end. */
#ifndef PNNX2PY_LINES_H
#define PNNX2PY_LINES_H

#include <stddef.h>

/* Starts as { 0 }; lines_release() frees it. */
struct lines {
    char *bytes; /* owned; NUL behind the last byte once something was added */
    size_t size, room;
};

void lines_add(struct lines *t, const char *s);
void lines_add_length(struct lines *t, const char *s, size_t length);
void lines_printf(struct lines *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void lines_release(struct lines *t);

#endif
