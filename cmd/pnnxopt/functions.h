/* functions.h - the C functions that the rules of pnnxopt call: arithmetic on weights. */
#ifndef PNNXOPT_FUNCTIONS_H
#define PNNXOPT_FUNCTIONS_H

#include "common/rewrite/rewrite.h"

extern const struct rule_function opt_functions[];
extern const size_t opt_function_count;

#endif
