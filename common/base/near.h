/* near.h - the word that somebody meant: of the words offered, the one that is closest to the one given. */
#ifndef COMMON_BASE_NEAR_H
#define COMMON_BASE_NEAR_H

#include <stddef.h>

struct near {
    const char *given; /* borrowed */
    size_t length;     /* of it: it need not end there */
    const char *word;  /* the best so far, borrowed from who offered it; NULL: none is close */
    size_t distance;   /* of that word: letters left out, put in, exchanged, or two swapped */
};

/* Starts a search for what the first `length` characters of `given` mean. */
struct near near_start(const char *given, size_t length);
/* Takes the word when it is closer than those before.  Upper and lower case are the same; words that are close behind
 * their last dots are close: `Conv22d` means nn.Conv2d. */
void near_offer(struct near *near, const char *word);
/* " (did you mean 'WORD'?)", in `text`; "" when no word is close. */
const char *near_hint(const struct near *near, char text[200]);

#endif
