/* option.c - see custom.h: layer=TYPE:NAME(0=kernel_size, 1=size(weight), 2=0.5, @bias, tagged @weight). */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/custom/custom.h"
#include "common/base/float_text.h"

enum { FREE_PARAMETERS = 30 }; /* 30 and 31 are every layer's */

struct reader {
    struct arena *arena;
    const char *text; /* the whole option */
};

static void refuse(const struct reader *r, const char *item, const char *expected)
{
    report(STATUS_USAGE, nowhere, "layer=%s: '%s': expected %s", r->text, item, expected);
}

/* The characters between two places, without the blanks around them. */
static const char *trimmed(struct arena *arena, const char *from, const char *end)
{
    while (from < end && isspace((unsigned char)*from))
        from++;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    return arena_text(arena, from, (size_t)(end - from));
}

static bool is_word(const char *text)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
    return *text && strspn(text, word) == strlen(text);
}

static bool is_name(const char *text)
{
    return is_word(text) && (isalpha((unsigned char)*text) || *text == '_') && strlen(text) <= 255;
}

static bool read_number(const char *text, struct value *out)
{
    char *end;
    double f = float_read(text, &end);
    bool real = strpbrk(text, ".eE");
    if (end == text || *end || (real ? !isfinite((float)f) : f < INT32_MIN || f > INT32_MAX))
        return false;
    *out = real ? value_float(f) : value_int((int64_t)f);
    return true;
}

/* What stands behind ID=. */
static bool read_source(struct arena *arena, const char *text, struct custom_item *item)
{
    size_t length = strlen(text);
    if (strncmp(text, "size(", 5) == 0 && text[length - 1] == ')') {
        item->source = CUSTOM_SIZE;
        item->key = trimmed(arena, text + 5, text + length - 1);
        return is_word(item->key);
    }
    item->source = CUSTOM_NUMBER;
    item->key = text;
    if (read_number(text, &item->number))
        return true;
    item->source = CUSTOM_ARGUMENT;
    return is_name(text);
}

static bool read_id(const char *text, int *id)
{
    if (!isdigit((unsigned char)*text) || strlen(text) > 2 || (text[1] && !isdigit((unsigned char)text[1])))
        return false;
    *id = (int)strtol(text, NULL, 10);
    return *id < FREE_PARAMETERS;
}

static bool read_item(struct arena *arena, const char *text, struct custom_item *item)
{
    const char *equals = strchr(text, '='), *at = strchr(text, '@');
    *item = (struct custom_item){ .id = -1 };
    if (at && !equals) {
        const char *before = trimmed(arena, text, at);
        item->source = CUSTOM_WEIGHT;
        item->key = trimmed(arena, at + 1, at + strlen(at));
        item->tagged = strcmp(before, "tagged") == 0;
        return (item->tagged || !*before) && is_word(item->key);
    }
    return equals && read_id(trimmed(arena, text, equals), &item->id) &&
           read_source(arena, trimmed(arena, equals + 1, equals + strlen(equals)), item);
}

static void add_item(const struct reader *r, struct custom_spec *spec, const char *text)
{
    struct custom_item item;
    if (!read_item(r->arena, text, &item)) {
        refuse(r, text,
               "ID=argument, ID=size(weight), ID=number with an ID from 0 to 29, @weight or tagged @weight");
        return;
    }
    for (size_t i = 0; i < spec->count && item.id >= 0; i++)
        if (spec->items[i].id == item.id)
            refuse(r, text, "each ID once");
    spec->items = arena_grow(r->arena, spec->items, spec->count, sizeof *spec->items);
    spec->items[spec->count++] = item;
}

/* From behind the parenthesis to the one at the end. */
static void read_items(const struct reader *r, struct custom_spec *spec, const char *from, const char *end)
{
    while (from < end) {
        const char *comma = memchr(from, ',', (size_t)(end - from));
        comma = comma ? comma : end;
        add_item(r, spec, trimmed(r->arena, from, comma));
        from = comma + 1;
    }
}

/* The last colon before the parenthesis, for a type may have some: aten::add. */
static const char *find_colon(const char *text, const char *end)
{
    const char *colon = NULL;
    for (const char *c = text; c < end; c++)
        if (*c == ':')
            colon = c;
    return colon;
}

static void read_spec(const struct reader *r, struct custom_spec *spec)
{
    const char *end = r->text + strlen(r->text), *open = strchr(r->text, '(');
    const char *colon = find_colon(r->text, open ? open : end);
    bool closed = open && end[-1] == ')';
    *spec = (struct custom_spec){ .text = r->text, .type = "", .name = "", .listed = open };
    if (colon) {
        spec->type = trimmed(r->arena, r->text, colon);
        spec->name = trimmed(r->arena, colon + 1, open ? open : end);
    }
    if (!*spec->type || !is_name(spec->name) || (open && !closed))
        refuse(r, r->text, "TYPE:NAME or TYPE:NAME(...), a name of letters, digits, _ and . in it");
    else if (open)
        read_items(r, spec, open + 1, end - 1);
}

struct custom custom_read(struct graph *g, const struct text_list *types, const struct text_list *layers)
{
    struct custom custom = { .types = types, .count = layers->count };
    custom.specs = arena_array(&g->arena, layers->count + 1, sizeof *custom.specs);
    for (size_t i = 0; i < layers->count; i++)
        read_spec(&(struct reader){ &g->arena, layers->items[i] }, &custom.specs[i]);
    return custom;
}
