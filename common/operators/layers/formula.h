/* formula.h - arithmetic of a layer's parameters, as layer_weights.txt has it: private to this folder. */
#ifndef COMMON_OPERATORS_LAYERS_FORMULA_H
#define COMMON_OPERATORS_LAYERS_FORMULA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/graph/graph.h"

/* Whether the text is a formula, of parameters that the signature has. */
bool formula_fits(const char *text, const struct signature *signature);

/* Its value for that operator; false: a parameter of it is no integer, a divisor is 0, or 63 bits are too few. */
bool formula_value(const char *text, const struct operator *op, int64_t *value);

#endif
