/* banned.h - functions that nobody here calls, as errors of the compiler; every file but those of the Makefile's
 * MAY_CALL is compiled with it.
 *
 *   strcpy strcat sprintf vsprintf gets    know no end: snprintf(), arena_printf(), xprintf()
 *   strtok                                 has state: strcspn(), strchr()
 *   atoi atol atof                         cannot say no: strtol(), float_read()
 *   strtod                                 reads what the locale says: float_read(), whose file is exempt
 *   setlocale                              changes that for the whole program */
#ifndef COMMON_BASE_BANNED_H
#define COMMON_BASE_BANNED_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atof strtod setlocale

#endif
