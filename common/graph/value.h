/* value.h - what an argument can be. */
#ifndef COMMON_GRAPH_VALUE_H
#define COMMON_GRAPH_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct operand;

enum value_kind {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_COMPLEX,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_OPERAND,
};

/* Small, copied freely.  What it points to lives in the graph's arena (or the interned strings). */
struct value {
    enum value_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double real;
        struct {
            double re, im;
        } complex;
        const char *string; /* decoded: without percent signs of the text format; interned in a graph */
        struct {
            struct value *items;
            size_t count; /* may be 0 */
        } list;
        struct operand *operand;
    };
    const char *text; /* its spelling in the file it was read from, or NULL; the writer prefers it */
    struct use *use;  /* graph.c only: the link of an operand inside a graph */
};

struct value value_none(void);
struct value value_bool(bool b);
struct value value_int(int64_t i);
struct value value_float(double f);
struct value value_complex(double re, double im);
struct value value_string(const char *s); /* borrowed */
struct value value_operand(struct operand *x);
struct value value_list(struct value *items, size_t count); /* borrowed */
struct value value_ints(struct arena *arena, const int64_t *ints, size_t count);

/* Same kind and same content, lists item by item, spelling ignored; 1, 1.0 and True are three values; NaN
 * equals NaN. */
bool value_equal(const struct value *a, const struct value *b);
/* A number (bool, int or float) as a double; false when it is none. */
bool value_number(const struct value *v, double *out);
/* A list that holds nothing but ints: copies at most `room` of them and returns how many there are; -1: no
 * such list (or too long). */
int value_get_ints(const struct value *v, int64_t *ints, int room);
/* True when the value is an operand or a list that (however deep) holds one. */
bool value_has_operand(const struct value *v);
/* A deep copy of the lists in it. */
struct value value_copy(struct arena *arena, struct value v);

#endif
