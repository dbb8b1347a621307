/* value.c - see value.h. */
#include "common/graph/value.h"

#include <string.h>

#include "common/base/arena.h"

struct value value_none(void)
{
    return (struct value){ .kind = VALUE_NONE };
}

struct value value_bool(bool b)
{
    return (struct value){ .kind = VALUE_BOOL, .boolean = b };
}

struct value value_int(int64_t i)
{
    return (struct value){ .kind = VALUE_INT, .integer = i };
}

struct value value_float(double f)
{
    return (struct value){ .kind = VALUE_FLOAT, .real = f };
}

struct value value_complex(double re, double im)
{
    return (struct value){ .kind = VALUE_COMPLEX, .complex = { re, im } };
}

struct value value_string(const char *s)
{
    return (struct value){ .kind = VALUE_STRING, .string = s };
}

struct value value_operand(struct operand *x)
{
    return (struct value){ .kind = VALUE_OPERAND, .operand = x };
}

struct value value_list(struct value *items, size_t count)
{
    return (struct value){ .kind = VALUE_LIST, .list = { items, count } };
}

struct value value_ints(struct arena *arena, const int64_t *ints, size_t count)
{
    struct value *items = arena_array(arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = value_int(ints[i]);
    return value_list(items, count);
}

static bool same_float(double a, double b)
{
    return a == b || (a != a && b != b);
}

static bool lists_equal(const struct value *a, const struct value *b)
{
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count; i++)
        if (!value_equal(&a->list.items[i], &b->list.items[i]))
            return false;
    return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VALUE_NONE: return true;
    case VALUE_BOOL: return a->boolean == b->boolean;
    case VALUE_INT: return a->integer == b->integer;
    case VALUE_FLOAT: return same_float(a->real, b->real);
    case VALUE_COMPLEX:
        return same_float(a->complex.re, b->complex.re) && same_float(a->complex.im, b->complex.im);
    case VALUE_STRING: return a->string == b->string || strcmp(a->string, b->string) == 0;
    case VALUE_LIST: return lists_equal(a, b);
    case VALUE_OPERAND: return a->operand == b->operand;
    }
    return false;
}

bool value_number(const struct value *v, double *out)
{
    switch (v->kind) {
    case VALUE_BOOL: *out = v->boolean; return true;
    case VALUE_INT: *out = (double)v->integer; return true;
    case VALUE_FLOAT: *out = v->real; return true;
    default: return false;
    }
}

int value_get_ints(const struct value *v, int64_t *ints, int room)
{
    if (v->kind != VALUE_LIST || v->list.count > 1000)
        return -1;
    for (size_t i = 0; i < v->list.count; i++) {
        if (v->list.items[i].kind != VALUE_INT)
            return -1;
        if ((int)i < room)
            ints[i] = v->list.items[i].integer;
    }
    return (int)v->list.count;
}

bool value_has_operand(const struct value *v)
{
    if (v->kind == VALUE_OPERAND)
        return true;
    if (v->kind != VALUE_LIST)
        return false;
    for (size_t i = 0; i < v->list.count; i++)
        if (value_has_operand(&v->list.items[i]))
            return true;
    return false;
}

struct value value_copy(struct arena *arena, struct value v)
{
    if (v.kind != VALUE_LIST)
        return v;
    struct value *items = arena_array(arena, v.list.count, sizeof *items);
    for (size_t i = 0; i < v.list.count; i++)
        items[i] = value_copy(arena, v.list.items[i]);
    v.list.items = items;
    return v;
}
