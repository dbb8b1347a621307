/* value.h - the values of the rule language. */
#ifndef COMMON_REWRITE_VALUE_VALUE_H
#define COMMON_REWRITE_VALUE_VALUE_H

#include "common/rewrite/match.h"

/* The value of an expression under the bindings.  In results, operators in it become plans. */
struct item evaluate(struct match *match, const struct node *node);
/* 1 true, 0 false, -1 unknown. */
int item_truth(const struct match *match, const struct item *item);
int items_equal(struct match *match, const struct item *a, const struct item *b);
/* How two numbers, sizes or strings may stand to each other, as far as that is known. */
enum { ORDER_LESS = 1, ORDER_EQUAL = 2, ORDER_GREATER = 4, ORDER_UNKNOWN = 7 };
int items_order(struct match *match, const struct item *a, const struct item *b);
/* The lesser or greater of two sizes, whichever that is; unknown: one of them is none. */
struct item sizes_extreme(struct match *match, bool greater, const struct item *a, const struct item *b);
/* Whether an order is among those: as far as that is known. */
int order_is(int order, int wanted);
/* Whether the item is in the list, or the string. */
int items_contain(struct match *match, const struct item *list, const struct item *item);
/* a + b and so on, by the token of the operation. */
struct item item_arithmetic(struct match *match, int token, const struct item *a, const struct item *b);
/* The sum ('+') or the product ('*') of a list. */
struct item items_fold(struct match *match, int token, const struct item *list);
struct item item_value(struct value value);
struct item item_int(int64_t i);
struct item item_bool(int truth);                             /* -1: unknown */
struct item item_list_new(struct match *match, size_t count); /* its items are to be written */
struct item item_of_argument(const struct value *value);      /* NULL: absent */
bool item_is_int(const struct item *item);
bool item_is_list(const struct item *item);
size_t item_length(const struct item *item);
struct item item_at(const struct item *item, size_t i);
/* The tensor behind an item: an attribute, or an operand that is a constant; NULL: none. */
const struct attribute *item_tensor(const struct item *item);

/* The number that an item is, itself or in a constant of rank 0: int or float, of a truth 0 or 1; false: none that is known. */
bool item_number(const struct item *item, struct value *out);
double value_real(const struct value *number);
/* The one number in a tensor of rank 0; false when it is no such tensor. */
bool tensor_scalar(const struct attribute *tensor, struct value *out);
bool tensor_element(const struct attribute *tensor, int64_t index, struct value *out);
/* Numbers, equal after rounding to float32 unless both are integers; other values as value_equal() has it. */
bool values_match(const struct value *a, const struct value *b);

/* Functions of the language: their number, or -1. */
int builtin_find(const char *name);
void builtin_offer(struct near *near);
void builtin_arity(int builtin, size_t *least, size_t *most);
struct item builtin_call(struct match *match, int builtin, const struct item *arguments, size_t count);
/* A function of the program. */
struct item function_call(struct match *match, const struct rule_function *function,
                          const struct item *arguments, size_t count);

#endif
