/* map.c - open addressing; a removed key keeps its place with a NULL value until the table grows. */
#include "common/base/map.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"

void map_init(struct map *map)
{
    *map = (struct map){ 0 };
}

void map_release(struct map *map)
{
    free(map->entries);
    map_init(map);
}

/* The entry of the key, or the free one where it belongs; room must not be 0. */
static struct map_entry *entry_of(const struct map *map, const void *key)
{
    assert(map->room && !(map->room & (map->room - 1)) &&
           map->count < map->room); /* a free one ends the walk */
    uint64_t hash = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(hash >> 20) & (map->room - 1);
    while (map->entries[i].key && map->entries[i].key != key)
        i = (i + 1) & (map->room - 1);
    return &map->entries[i];
}

static void grow(struct map *map)
{
    struct map old = *map;
    map->room = old.room ? size_mul(old.room, 2) : 64;
    map->entries = xmalloc(size_mul(map->room, sizeof *map->entries));
    memset(map->entries, 0, map->room * sizeof *map->entries);
    map->count = 0;
    for (size_t i = 0; i < old.room; i++)
        if (old.entries[i].value) {
            *entry_of(map, old.entries[i].key) = old.entries[i];
            map->count++;
        }
    free(old.entries);
}

void *map_get(const struct map *map, const void *key)
{
    return map->room ? entry_of(map, key)->value : NULL;
}

void map_put(struct map *map, const void *key, void *value)
{
    if (map->count >= map->room / 2)
        grow(map);
    struct map_entry *e = entry_of(map, key);
    if (!e->key) {
        if (!value)
            return;
        map->count++;
    }
    *e = (struct map_entry){ key, value };
}
