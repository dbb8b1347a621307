/* float_text.c - see float_text.h.
 *
 * No program calls setlocale(), so strtod() and printf() see the C locale: what is banned elsewhere is right here. */
#include "common/base/float_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "e-308" with its end. */
enum { FLOAT_EXPONENT = 6 };

/* Lays out `count` decimal digits, the first of which stands for 10^exponent, upstream's way: positional
 * between 0.0001 and 1000000 if that takes no more than 17 decimals, else with an exponent and at least six
 * decimals. */
static void layout_digits(char *out, const char *digits, int count, int exponent)
{
    bool positional = exponent >= -4 && exponent < 6 && count - 1 - exponent <= 17;
    if (!positional) {
        *out++ = digits[0];
        *out++ = '.';
        for (int i = 1; i < count || i < 7; i++)
            *out++ = i < count ? digits[i] : '0';
        snprintf(out, FLOAT_EXPONENT, "e%d", exponent);
        return;
    }
    if (exponent < 0)
        *out++ = '0';
    for (int i = 0; i <= exponent; i++)
        *out++ = i < count ? digits[i] : '0';
    *out++ = '.';
    for (int i = -1; i > exponent; i--)
        *out++ = '0';
    int first = exponent < 0 ? 0 : exponent + 1;
    for (int i = first; i < count; i++)
        *out++ = digits[i];
    if (first >= count)
        *out++ = '0';
    *out = '\0';
}

/* Writes the shortest decimal digits that read back as f > 0 to `digits` (room for 17), the exponent of the
 * first to *exponent; returns how many there are. */
static int shortest_digits(double f, char *digits, int *exponent)
{
    /* 15 digits always survive the way to a normal double and back, so the shortest text that does is a
     * prefix of 15 digits if it is not longer; 17 always suffice. */
    char text[32];
    int count = f < DBL_MIN ? 1 : 15;
    do
        snprintf(text, sizeof text, "%.*e", count - 1, f);
    while (count++ < 17 && strtod(text, NULL) != f);

    char *e = strchr(text, 'e');
    *exponent = (int)strtol(e + 1, NULL, 10);
    int n = 0;
    for (char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

void float_text(char out[FLOAT_TEXT], double f)
{
    char digits[17];
    int exponent;
    if (isnan(f)) {
        memcpy(out, "nan", sizeof "nan");
        return;
    }
    if (signbit(f))
        *out++ = '-';
    f = fabs(f);
    if (isinf(f)) {
        memcpy(out, "inf", sizeof "inf");
    } else if (f == 0) {
        memcpy(out, "0.0", sizeof "0.0");
    } else {
        int count = shortest_digits(f, digits, &exponent);
        layout_digits(out, digits, count, exponent);
    }
}

double float_read(const char *text, char **end)
{
    return strtod(text, end);
}
