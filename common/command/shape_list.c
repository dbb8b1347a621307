/* shape_list.c - the shapes of inputs on the command line: "[1,3,224,224]f32,[1,10]i64". */
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/command/options.h"

enum { RANK_MAX = 16 };

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_space(const char **text)
{
    while (is_space(**text))
        (*text)++;
}

/* Takes the character `c` with the space around it. */
static bool take(const char **text, char c)
{
    skip_space(text);
    if (**text != c)
        return false;
    (*text)++;
    skip_space(text);
    return true;
}

static size_t word_length(const char *text)
{
    size_t length = 0;
    while (is_letter(text[length]) || is_digit(text[length]))
        length++;
    return length;
}

static bool take_size(const char **text, int64_t *out)
{
    int64_t size = 0;
    if (!is_digit(**text))
        return false;
    for (; is_digit(**text); (*text)++)
        if (!int_mul(size, 10, &size) || !int_add(size, **text - '0', &size))
            return false;
    *out = size;
    return !is_letter(**text);
}

/* What is said behind a name: "=224", "<=1024", or both. */
static bool take_note(const char **text, int64_t *example, int64_t *most)
{
    *example = *most = 0;
    if (take(text, '=') && (!take_size(text, example) || *example == 0))
        return false;
    if (take(text, '<') && (!take(text, '=') || !take_size(text, most) || *most == 0))
        return false;
    return *most == 0 || *example <= *most;
}

/* One dimension: a number, `?`, or a name. */
static bool take_dim(const char **text, struct shape_spec *shape)
{
    int i = shape->rank;
    shape->dims[i] = -1;
    shape->names[i] = NULL;
    if (**text == '?') {
        (*text)++;
        shape->names[i] = "?";
        return true;
    }
    if (!is_letter(**text))
        return take_size(text, &shape->dims[i]);
    size_t length = word_length(*text);
    char *name = xmalloc(length + 1); /* lives as long as the program, as argv does */
    memcpy(name, *text, length);
    name[length] = '\0';
    shape->names[i] = name;
    *text += length;
    return take_note(text, &shape->examples[i], &shape->most[i]);
}

static bool take_shape(const char **text, struct shape_spec *shape, const char **error)
{
    *shape = (struct shape_spec){ .dtype = DTYPE_F32 };
    *error = "expected '[' before the dimensions";
    if (!take(text, '['))
        return false;
    if (!take(text, ']')) {
        do {
            *error = "a shape has at most 16 dimensions";
            if (shape->rank == RANK_MAX)
                return false;
            *error =
                "expected a size, '?' or a name as a dimension, with =SIZE, <=SIZE or both behind the name";
            if (!take_dim(text, shape))
                return false;
            shape->rank++;
        } while (take(text, ','));
        *error = "expected ',' or ']' behind a dimension";
        if (!take(text, ']'))
            return false;
    }
    size_t length = word_length(*text);
    if (length == 0)
        return true;
    *error = "unknown type behind a shape; types are f32 f64 f16 bf16 i64 i32 i16 i8 u8 bool c64 c128 c32";
    shape->dtype = dtype_from_tag(*text, length);
    *text += length;
    return shape->dtype != DTYPE_COUNT && shape->dtype != DTYPE_NULL;
}

bool shape_list_parse(const char *text, struct shape_list *out, const char **error)
{
    out->count = 0;
    do {
        out->items = xrealloc(out->items, size_mul(out->count + 1, sizeof *out->items));
        if (!take_shape(&text, &out->items[out->count], error))
            return false;
        out->count++;
    } while (take(&text, ','));
    skip_space(&text);
    *error = "expected ',' and another shape";
    return *text == '\0';
}
