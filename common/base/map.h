/* map.h - a hash table from pointers to pointers: interned names to what they name. */
#ifndef COMMON_BASE_MAP_H
#define COMMON_BASE_MAP_H

#include <stddef.h>

struct map_entry {
    const void *key; /* NULL: free */
    void *value;
};

/* Set up with map_init, freed with map_release. */
struct map {
    struct map_entry *entries; /* owned; `room` of them: 0, or a power of two */
    size_t room, count;        /* count: keys ever put, those with a NULL value included */
};

void map_init(struct map *map);
void map_release(struct map *map);
/* The value of the key, or NULL. */
void *map_get(const struct map *map, const void *key);
/* Sets the value of a key; NULL takes it away. */
void map_put(struct map *map, const void *key, void *value);

#endif
