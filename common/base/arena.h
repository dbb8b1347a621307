/* arena.h - memory that is freed all at once, and sizes that cannot overflow.
 *
 * Nothing here returns NULL: running out of memory, and a size that does not fit, end the program through
 * die() with STATUS_IO. */
#ifndef COMMON_BASE_ARENA_H
#define COMMON_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One chain of blocks; owner of everything allocated from it. */
struct arena {
    struct arena_block *blocks; /* owned, newest first */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);

/* `size` bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t size);
/* `count` elements of `size` bytes, zeroed; dies when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of `size` bytes. */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
/* A copy of `length` bytes with a NUL behind. */
char *arena_text(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A grown copy of an array of `count` elements with room for one more: doubles at powers of two, so that
 * appending is linear.  `*items` may be NULL when count is 0.  The old array stays in the arena. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);

/* malloc and realloc that do not fail.  The caller frees. */
void *xmalloc(size_t size);
void *xrealloc(void *old, size_t size);

/* A new text; the caller frees. */
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* a * b and a + b, or die: for sizes taken from input that was not checked otherwise. */
size_t size_mul(size_t a, size_t b);
size_t size_add(size_t a, size_t b);

/* Checked 64-bit arithmetic: false when the result does not fit; *out is then not written. */
bool int_mul(int64_t a, int64_t b, int64_t *out);
bool int_add(int64_t a, int64_t b, int64_t *out);

#endif
