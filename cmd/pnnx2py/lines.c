/* lines.c - see lines.h. */
#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"

static void reserve(struct lines *t, size_t more)
{
    size_t need = size_add(size_add(t->size, more), 1);
    if (need <= t->room)
        return;
    t->room = size_mul(need, 2);
    t->bytes = xrealloc(t->bytes, t->room);
}

void lines_add_length(struct lines *t, const char *s, size_t length)
{
    reserve(t, length);
    memcpy(t->bytes + t->size, s, length);
    t->size += length;
    t->bytes[t->size] = '\0';
}

void lines_add(struct lines *t, const char *s)
{
    lines_add_length(t, s, strlen(s));
}

void lines_printf(struct lines *t, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    reserve(t, (size_t)length);
    va_start(list, format);
    vsnprintf(t->bytes + t->size, (size_t)length + 1, format, list);
    va_end(list);
    t->size += (size_t)length;
}

void lines_release(struct lines *t)
{
    free(t->bytes);
    *t = (struct lines){ 0 };
}
