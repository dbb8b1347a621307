/* read.c - rules from a text or a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/rewrite/private.h"
#include "common/rewrite/text/parse.h"

void rules_read(struct rules *rules, const char *name, const char *text, size_t size)
{
    rules->file = name;
    map_init(&rules->macros);
    rules_parse(rules, name, text, size);
    map_release(&rules->macros);
}

void rules_read_file(struct rules *rules, const char *name)
{
    FILE *file = fopen(name, "rb");
    if (!file)
        die(STATUS_IO, nowhere, "cannot read '%s': %s", name, strerror(errno));
    char *text = NULL;
    size_t size = 0, room = 0, got;
    do {
        if (size == room) {
            room = room ? size_mul(room, 2) : 65536;
            text = xrealloc(text, room);
        }
        got = fread(text + size, 1, room - size, file);
        size += got;
    } while (got);
    if (ferror(file))
        die(STATUS_IO, nowhere, "cannot read '%s': %s", name, strerror(errno));
    fclose(file);
    const char *kept = arena_text(&rules->arena, text, size);
    free(text);
    rules_read(rules, intern(rules->strings, name), kept, size);
}
