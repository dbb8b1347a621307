/* read.c - the directory of a zip archive; see zip.h. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/report.h"
#include "formats/zip/format.h"
#include "formats/zip/zip.h"

uint32_t crc32_of(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint32_t crc = 0;
    bool large = size >= MAPPING_PIECE / 4;
    for (size_t piece; size > 0; p += piece, size -= piece) {
        piece = size < MAPPING_PIECE ? size : MAPPING_PIECE;
        crc = libdeflate_crc32(crc, p, piece);
        if (large)
            mapping_forget(p, piece);
    }
    return crc;
}

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static uint64_t get64(const uint8_t *p)
{
    return (uint64_t)get32(p) | (uint64_t)get32(p + 4) << 32;
}

/* What is known while the directory is read. */
struct directory {
    struct mapping *map;
    size_t start; /* where the archive begins */
    uint64_t
        base; /* what offsets count from, modulo 2^64: 0 or start, or another place when the text before was edited */
    uint64_t first; /* position of the first central record; no member's data reaches beyond it */
    uint64_t at;    /* position of the next one */
    uint64_t end;   /* where the records end */
    uint64_t count; /* records */
};

static _Noreturn void die_damaged(const struct mapping *map, const char *what)
{
    die(STATUS_MALFORMED, (struct place){ .file = map->name }, "the zip archive is damaged: %s", what);
}

/* The position of the end record: the last that, with its comment, ends where the file does. */
static size_t find_end(const struct mapping *map, size_t start)
{
    size_t size = map->size;
    for (size_t comment = 0; comment <= ALL16 && start + END_SIZE + comment <= size; comment++) {
        const uint8_t *p = map->data + size - END_SIZE - comment;
        if (get32(p) == END_SIGNATURE && get16(p + 20) == comment)
            return size - END_SIZE - comment;
    }
    die_damaged(map, "it has no end record (is the file cut off?)");
}

/* Notes that records of `size` bytes, of which the first is at `offset`, end at `end`.  That tells what offsets count
 * from, also in a stream whose text has become longer or shorter since: pt2pnnx m.pt | sed s/a/bc/ | pnnxopt. */
static bool directory_fits(struct directory *d, uint64_t offset, uint64_t size, uint64_t end)
{
    if (size > end - d->start)
        return false;
    d->first = d->at = end - size;
    d->end = end;
    d->base = d->first - offset;
    return true;
}

/* Reads the zip64 end record before the locator before `end`; false when there is no locator. */
static bool read_end64(struct directory *d, size_t end)
{
    const uint8_t *p = d->map->data + end - LOCATOR64_SIZE;
    if (end - d->start < LOCATOR64_SIZE + END64_SIZE || get32(p) != LOCATOR64_SIGNATURE)
        return false;
    uint64_t said = get64(p + 8), at = end - LOCATOR64_SIZE - END64_SIZE;
    p -= END64_SIZE;
    if (get32(p) != END64_SIGNATURE || !directory_fits(d, get64(p + 48), get64(p + 40), at) ||
        d->base + said != at)
        die_damaged(d->map, "its zip64 end record is not where the locator says");
    if (get32(p + 16) != 0 || get32(p + 20) != 0 || get64(p + 24) != get64(p + 32))
        die_damaged(d->map, "it is one of several parts");
    d->count = get64(p + 32);
    return true;
}

static void find_directory(struct directory *d)
{
    size_t end = find_end(d->map, d->start);
    const uint8_t *p = d->map->data + end;
    if (!read_end64(d, end)) {
        if (get16(p + 4) != 0 || get16(p + 6) != 0 || get16(p + 8) != get16(p + 10))
            die_damaged(d->map, "it is one of several parts");
        d->count = get16(p + 10);
        if (!directory_fits(d, get32(p + 16), get32(p + 12), end))
            die_damaged(d->map, "its directory is not where the end record says");
    }
    if (d->count > (d->end - d->at) / CENTRAL_SIZE)
        die_damaged(d->map, "its end record counts more members than there are");
}

/* Replaces those of the three numbers that are all ones by those of the zip64 field, which come in order. */
static bool read_zip64(const uint8_t *extra, size_t length, uint64_t *size, uint64_t *packed,
                       uint64_t *offset)
{
    uint64_t *numbers[] = { size, packed, offset };
    while (length >= 4) {
        unsigned id = get16(extra);
        size_t room = get16(extra + 2);
        if (room > length - 4)
            return false;
        const uint8_t *p = extra + 4;
        extra += 4 + room;
        length -= 4 + room;
        if (id != ZIP64_EXTRA)
            continue;
        for (size_t i = 0; i < 3; i++) {
            if (*numbers[i] != ALL32)
                continue;
            if (room < 8)
                return false;
            *numbers[i] = get64(p);
            p += 8;
            room -= 8;
        }
        return true;
    }
    return true;
}

/* Finds the data of a member behind its local header at `offset` (from d->base). */
static void find_data(const struct directory *d, const char *name, uint64_t offset, uint64_t packed,
                      struct zip_member *member)
{
    uint64_t first = d->first, at = d->base + offset;
    if (at < d->start || at > first || first - at < LOCAL_SIZE)
        die_damaged(d->map, "a member lies outside of it");
    const uint8_t *p = d->map->data + at;
    if (get32(p) != LOCAL_SIGNATURE)
        die_damaged(d->map, "a member does not begin where the directory says");
    uint64_t name_length = get16(p + 26);
    uint64_t skip = LOCAL_SIZE + name_length + get16(p + 28);
    if (skip > first - at || packed > first - at - skip)
        die_damaged(d->map, "a member is cut off");
    if (name_length != strlen(name) || memcmp(p + LOCAL_SIZE, name, name_length) != 0)
        die_damaged(d->map, "a member has another name than the directory says");
    member->data = member->stored ? p + skip : NULL;
}

/* Reads one central record and moves on to the next. */
static void read_record(struct arena *arena, struct directory *d, struct zip_member *member)
{
    const uint8_t *p = d->map->data + d->at;
    if (d->end - d->at < CENTRAL_SIZE || get32(p) != CENTRAL_SIGNATURE)
        die_damaged(d->map, "its directory is cut off");
    size_t name_length = get16(p + 28), extra_length = get16(p + 30);
    uint64_t length = (uint64_t)CENTRAL_SIZE + name_length + extra_length + get16(p + 32);
    if (length > d->end - d->at)
        die_damaged(d->map, "its directory is cut off");
    if (memchr(p + CENTRAL_SIZE, 0, name_length) != NULL)
        die_damaged(d->map, "a member's name holds a zero byte");

    uint64_t packed = get32(p + 20), size = get32(p + 24), offset = get32(p + 42);
    if (!read_zip64(p + CENTRAL_SIZE + name_length, extra_length, &size, &packed, &offset))
        die_damaged(d->map, "a zip64 field is cut off");
    member->name = arena_text(arena, (const char *)p + CENTRAL_SIZE, name_length);
    member->size = size;
    member->crc = get32(p + 16);
    member->stored = get16(p + 10) == 0 && (get16(p + 8) & FLAG_ENCRYPTED) == 0;
    if (member->stored && packed != size)
        die_damaged(d->map, "a stored member has two sizes");
    find_data(d, member->name, offset, packed, member);
    d->at += length;
}

/* By name; members of one name in directory order, which is that of their addresses. */
static int compare_members(const void *a, const void *b)
{
    const struct zip_member *x = *(const struct zip_member *const *)a;
    const struct zip_member *y = *(const struct zip_member *const *)b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x > y) - (x < y);
}

struct zip *zip_read(struct arena *arena, struct mapping *map, size_t start)
{
    struct directory d = { .map = map, .start = start };
    if (start > map->size || map->size - start < END_SIZE)
        die_damaged(map, "it is too short");
    find_directory(&d);

    struct zip *zip = arena_alloc(arena, sizeof *zip);
    zip->map = map;
    zip->start = start;
    zip->count = (size_t)d.count;
    zip->members = arena_array(arena, zip->count, sizeof *zip->members);
    zip->index = arena_array(arena, zip->count, sizeof *zip->index);
    for (size_t i = 0; i < zip->count; i++) {
        read_record(arena, &d, &zip->members[i]);
        zip->index[i] = &zip->members[i];
    }
    if (d.at != d.end)
        die_damaged(map, "its directory holds more than the end record counts");
    if (zip->count > 1)
        qsort(zip->index, zip->count, sizeof *zip->index, compare_members);
    return zip;
}

bool zip_begins(const struct mapping *map, size_t start)
{
    return start < map->size && zip_starts(map->data + start, map->size - start);
}

bool zip_starts(const uint8_t *bytes, size_t size)
{
    if (size < 4)
        return false;
    uint32_t signature = get32(bytes);
    return signature == LOCAL_SIGNATURE || signature == END_SIGNATURE || signature == END64_SIGNATURE;
}

/* How many entries of the index come before the member (name, address); address NULL: after all of that
 * name. */
static size_t index_position(const struct zip *zip, const char *name, const struct zip_member *address)
{
    size_t low = 0, high = zip->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(zip->index[middle]->name, name);
        if (order < 0 || (order == 0 && (address == NULL || zip->index[middle] < address)))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct zip_member *index_before(const struct zip *zip, size_t position, const char *name)
{
    if (position == 0 || strcmp(zip->index[position - 1]->name, name) != 0)
        return NULL;
    return zip->index[position - 1];
}

const struct zip_member *zip_find(const struct zip *zip, const char *name)
{
    return index_before(zip, index_position(zip, name, NULL), name);
}

const struct zip_member *zip_find_earlier(const struct zip *zip, const struct zip_member *member)
{
    return index_before(zip, index_position(zip, member->name, member), member->name);
}

bool zip_check(const struct zip_member *member)
{
    return member->data != NULL && crc32_of(member->data, (size_t)member->size) == member->crc;
}
