/* intern.c - a hash table with open addressing; the strings lie in an arena. */
#include "common/base/intern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"

struct entry {
    const char *text; /* NULL: free */
    size_t length;
    uint64_t hash;
};

struct strings {
    struct arena arena;
    struct entry *entries; /* owned; `room` of them, a power of two */
    size_t room, count;
};

/* FNV-1a. */
static uint64_t hash_of(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

/* The entry that holds the text, or the free one where it belongs. */
static struct entry *entry_of(const struct strings *set, const char *text, size_t length, uint64_t hash)
{
    size_t i = hash & (set->room - 1);
    for (;; i = (i + 1) & (set->room - 1)) {
        struct entry *e = &set->entries[i];
        if (!e->text || (e->hash == hash && e->length == length && memcmp(e->text, text, length) == 0))
            return e;
    }
}

static struct entry *entries_new(size_t room)
{
    struct entry *entries = xmalloc(size_mul(room, sizeof *entries));
    memset(entries, 0, room * sizeof *entries);
    return entries;
}

static void strings_grow(struct strings *set)
{
    struct entry *old = set->entries;
    size_t old_room = set->room;
    set->room = size_mul(old_room, 2);
    set->entries = entries_new(set->room);
    for (size_t i = 0; i < old_room; i++)
        if (old[i].text)
            *entry_of(set, old[i].text, old[i].length, old[i].hash) = old[i];
    free(old);
}

struct strings *strings_new(void)
{
    struct strings *set = xmalloc(sizeof *set);
    arena_init(&set->arena);
    set->room = 4096;
    set->count = 0;
    set->entries = entries_new(set->room);
    return set;
}

void strings_free(struct strings *set)
{
    arena_release(&set->arena);
    free(set->entries);
    free(set);
}

const char *intern_length(struct strings *set, const char *text, size_t length)
{
    uint64_t hash = hash_of(text, length);
    struct entry *e = entry_of(set, text, length, hash);
    if (e->text)
        return e->text;
    if (set->count >= set->room / 2) {
        strings_grow(set);
        e = entry_of(set, text, length, hash);
    }
    *e = (struct entry){ arena_text(&set->arena, text, length), length, hash };
    set->count++;
    return e->text;
}

const char *intern(struct strings *set, const char *text)
{
    return intern_length(set, text, strlen(text));
}

const char *intern_find(const struct strings *set, const char *text)
{
    size_t length = strlen(text);
    return entry_of(set, text, length, hash_of(text, length))->text;
}
