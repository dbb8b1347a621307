/* functions.h - what the rules of pt2pnnx compute on weights. */
#ifndef PT2PNNX_FUNCTIONS_H
#define PT2PNNX_FUNCTIONS_H

#include <stddef.h>

#include "common/rewrite/rewrite.h"

extern const struct rule_function raise_functions[];
extern const size_t raise_function_count;

#endif
