/* near.c - see near.h. */
#include "common/base/near.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 64 }; /* longer words are nobody's slip */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau's distance, of neighbours that are swapped: three rows of the table. */
static size_t distance_of(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][LONGEST + 1];
    for (size_t k = 0; k <= m; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = rows[i % 3], *before = rows[(i + 2) % 3];
        row[0] = i;
        for (size_t k = 1; k <= m; k++) {
            size_t change = lower(a[i - 1]) != lower(b[k - 1]);
            row[k] = least(before[k - 1] + change, least(before[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && lower(a[i - 1]) == lower(b[k - 2]) && lower(a[i - 2]) == lower(b[k - 1]))
                row[k] = least(row[k], rows[(i + 1) % 3][k - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

/* Behind the last dot or colon. */
static const char *last_part(const char *word, size_t length)
{
    while (length && word[length - 1] != '.' && word[length - 1] != ':')
        length--;
    return word + length;
}

/* The distance of the last parts, and one more for what stands before; SIZE_MAX: they have little in common. */
static size_t distance_of_parts(const struct near *near, const char *word, size_t length)
{
    const char *given = last_part(near->given, near->length), *own = last_part(word, length);
    size_t size = (size_t)(near->given + near->length - given), distance;
    if (size == 0)
        return SIZE_MAX;
    distance = distance_of(given, size, own, (size_t)(word + length - own));
    return distance <= size / 3 ? distance + 1 : SIZE_MAX;
}

struct near near_start(const char *given, size_t length)
{
    return (struct near){ .given = given, .length = length, .distance = 1 + (length + 1) / 3 };
}

void near_offer(struct near *near, const char *word)
{
    size_t length = strlen(word);
    if (length > LONGEST || near->length > LONGEST)
        return;
    size_t distance =
        least(distance_of(near->given, near->length, word, length), distance_of_parts(near, word, length));
    if (distance >= near->distance)
        return;
    near->word = word;
    near->distance = distance;
}

const char *near_hint(const struct near *near, char text[200])
{
    if (!near->word)
        return "";
    snprintf(text, 200, " (did you mean '%s'?)", near->word);
    return text;
}
