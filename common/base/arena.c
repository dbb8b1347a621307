/* arena.c - see arena.h. */
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/report.h"

/* A block is as large as those before it together, so that there are few; the system gives large ones as zeros. */
enum { FIRST_BLOCK = 64 * 1024, LAST_BLOCK = 1024 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t used, size; /* bytes of data[] */
    alignas(max_align_t) unsigned char data[];
};

static _Noreturn void out_of_memory(void)
{
    die(STATUS_IO, nowhere, "out of memory");
}

void *xmalloc(size_t size)
{
    void *memory = malloc(size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

/* The same, of zeros: the system gives large memory as zeros, which are not written again. */
static void *xcalloc(size_t size)
{
    void *memory = calloc(1, size);
    if (!memory)
        out_of_memory();
    return memory;
}

char *xprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        die(STATUS_IO, nowhere, "cannot write a text");
    char *text = xmalloc((size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

void *xrealloc(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

size_t size_mul(size_t a, size_t b)
{
    if (b && a > SIZE_MAX / b)
        out_of_memory();
    return a * b;
}

size_t size_add(size_t a, size_t b)
{
    if (a > SIZE_MAX - b)
        out_of_memory();
    return a + b;
}

bool int_add(int64_t a, int64_t b, int64_t *out)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b)
        return false;
    *out = a + b;
    return true;
}

/* The magnitude as an unsigned number, which -INT64_MIN has too. */
static uint64_t magnitude(int64_t a)
{
    return a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
}

bool int_mul(int64_t a, int64_t b, int64_t *out)
{
    uint64_t x = magnitude(a), y = magnitude(b);
    bool negative = (a < 0) != (b < 0);
    if (x && y > ((uint64_t)INT64_MAX + negative) / x)
        return false;
    *out = (int64_t)(negative ? 0 - x * y : x * y);
    return true;
}

void arena_init(struct arena *arena)
{
    arena->blocks = NULL;
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->blocks, *next;
    for (; block; block = next) {
        next = block->next;
        free(block);
    }
    arena->blocks = NULL;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t need = size_add(size, sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < need) {
        size_t usual = !block ? FIRST_BLOCK : block->size < LAST_BLOCK / 2 ? 2 * block->size : LAST_BLOCK;
        size_t room = need > usual / 4 ? need : usual;
        block = xcalloc(size_add(sizeof *block, room));
        block->size = room;
        if (room == need && arena->blocks) { /* a big one: the block being filled stays first */
            block->next = arena->blocks->next;
            arena->blocks->next = block;
        } else {
            block->next = arena->blocks;
            arena->blocks = block;
        }
    }
    void *memory = block->data + block->used;
    block->used += need;
    return memory;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    return arena_alloc(arena, size_mul(count, size));
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, size_add(length, 1));
    memcpy(copy, text, length);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        out_of_memory();
    char *text = arena_alloc(arena, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0; /* 0 and the powers of two, at which the array is full */
    if (!full)
        return items;
    void *grown = arena_array(arena, count ? size_mul(count, 2) : 1, size);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}
