/* misses.h - why a rule applied nowhere: of all attempts the one that came furthest, and what was other there. */
#ifndef COMMON_REWRITE_MISSES_H
#define COMMON_REWRITE_MISSES_H

#include "common/rewrite/search/search.h"

/* Keeps the attempt that has just failed at `goal`, when it came further than those before. */
void misses_note(const struct match *m, const struct goal *goal);
/* The same of an attempt that matched, but whose result has a value that is unknown, or would change what others read. */
void misses_note_result(const struct match *m);
/* The rule applied: nothing is to be said of it. */
void misses_forget(struct rules *rules, const struct rule *rule);
/* A line when the rule applied nowhere. */
void misses_report(const struct rules *rules, const struct rule *rule);

#endif
