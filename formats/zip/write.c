/* write.c - a store-only zip archive with aligned members; see zip.h. */
#include <stdlib.h>
#include <string.h>

#include "common/base/report.h"
#include "formats/zip/format.h"
#include "formats/zip/zip.h"

struct zip_entry {
    char *name; /* owned */
    uint64_t size, offset;
    uint32_t crc;
};

struct zip_writer {
    struct output *out;
    uint64_t origin; /* the position in `out` that offsets count from, modulo 2^64 */
    struct zip_entry *entries;
    size_t count, room;
};

/* A record is put together here, then written at once. */
struct record {
    size_t length;
    uint8_t bytes[128];
};

static void put(struct record *r, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        r->bytes[r->length++] = (uint8_t)(number >> 8 * i);
}

static void put_zip64_extra(struct record *r, uint64_t size, uint64_t offset)
{
    put(r, ZIP64_EXTRA, 2);
    put(r, ZIP64_LENGTH, 2);
    put(r, size, 8);
    put(r, size, 8);
    put(r, offset, 8);
    put(r, 0, 4);
}

/* True for text that is UTF-8 and not plain ASCII: then the zip says so. */
static bool needs_utf8_flag(const char *name)
{
    const uint8_t *p = (const uint8_t *)name;
    bool plain = true;
    while (*p != 0) {
        int more = *p < 0x80 ? 0 : *p >> 5 == 6 ? 1 : *p >> 4 == 14 ? 2 : *p >> 3 == 30 ? 3 : -1;
        if (more < 0)
            return false;
        plain = plain && more == 0;
        for (p++; more > 0; more--, p++)
            if (*p >> 6 != 2)
                return false;
    }
    return !plain;
}

/* The bytes between an entry's zip64 field and its data, so that the data is aligned in the stream; a field of
 * its own, which has at least its header and the alignment. */
static size_t padding_of(uint64_t position)
{
    size_t padding = (size_t)(-position % ALIGNMENT);
    return padding == 0 || padding >= 6 ? padding : padding + ALIGNMENT;
}

struct zip_writer *zip_writer_new(struct output *out, uint64_t base)
{
    struct zip_writer *zip = xmalloc(sizeof *zip);
    *zip = (struct zip_writer){ .out = out, .origin = output_position(out) - base };
    return zip;
}

static struct zip_entry *add_entry(struct zip_writer *zip, const char *name)
{
    if (zip->count == zip->room) {
        zip->room = zip->room == 0 ? 64 : size_mul(zip->room, 2);
        zip->entries = xrealloc(zip->entries, size_mul(zip->room, sizeof *zip->entries));
    }
    size_t length = strlen(name);
    struct zip_entry *entry = &zip->entries[zip->count++];
    entry->name = xmalloc(length + 1);
    memcpy(entry->name, name, length + 1);
    entry->offset = output_position(zip->out) - zip->origin;
    return entry;
}

void zip_writer_add(struct zip_writer *zip, const char *name, const void *data, uint64_t size,
                    const uint32_t *crc)
{
    static const uint8_t zeros[2 * ALIGNMENT];
    size_t name_length = strlen(name);
    if (name_length > ALL16)
        die(STATUS_IO, nowhere, "the name '%.60s...' is too long for a zip archive", name);
    struct zip_entry *entry = add_entry(zip, name);
    entry->size = size;
    entry->crc = crc != NULL ? *crc : crc32_of(data, (size_t)size);

    struct record header = { 0 }, extra = { 0 };
    put_zip64_extra(&extra, size, 0);
    size_t padding = padding_of(output_position(zip->out) + LOCAL_SIZE + name_length + extra.length);
    put(&header, LOCAL_SIGNATURE, 4);
    put(&header, 0, 2); /* version */
    put(&header, needs_utf8_flag(name) ? FLAG_UTF8 : 0, 2);
    put(&header, 0, 2); /* method: stored */
    put(&header, 0, 4); /* time and date */
    put(&header, entry->crc, 4);
    put(&header, ALL32, 4);
    put(&header, ALL32, 4);
    put(&header, name_length, 2);
    put(&header, extra.length + padding, 2);
    if (padding > 0) {
        put(&extra, ALIGNMENT_EXTRA, 2);
        put(&extra, padding - 4, 2);
        put(&extra, ALIGNMENT, 2);
    }
    output_write(zip->out, header.bytes, header.length);
    output_write(zip->out, name, name_length);
    output_write(zip->out, extra.bytes, extra.length);
    output_write(zip->out, zeros, padding > 0 ? padding - 6 : 0);
    output_write(zip->out, data, (size_t)size);
}

static void write_central(struct output *out, const struct zip_entry *entry)
{
    size_t name_length = strlen(entry->name);
    struct record header = { 0 }, extra = { 0 };
    put_zip64_extra(&extra, entry->size, entry->offset);
    put(&header, CENTRAL_SIGNATURE, 4);
    put(&header, 0, 4); /* versions */
    put(&header, needs_utf8_flag(entry->name) ? FLAG_UTF8 : 0, 2);
    put(&header, 0, 2); /* method */
    put(&header, 0, 4); /* time and date */
    put(&header, entry->crc, 4);
    put(&header, ALL32, 4);
    put(&header, ALL32, 4);
    put(&header, name_length, 2);
    put(&header, extra.length, 2);
    put(&header, 0, 2); /* comment */
    put(&header, ALL16, 2);
    put(&header, 0, 6); /* attributes */
    put(&header, ALL32, 4);
    output_write(out, header.bytes, header.length);
    output_write(out, entry->name, name_length);
    output_write(out, extra.bytes, extra.length);
}

static void write_ends(struct zip_writer *zip, uint64_t offset, uint64_t size)
{
    struct record r = { 0 };
    put(&r, END64_SIGNATURE, 4);
    put(&r, END64_SIZE - 12, 8);
    put(&r, 0, 4); /* versions */
    put(&r, 0, 8); /* disks */
    put(&r, zip->count, 8);
    put(&r, zip->count, 8);
    put(&r, size, 8);
    put(&r, offset, 8);
    put(&r, LOCATOR64_SIGNATURE, 4);
    put(&r, 0, 4);
    put(&r, offset + size, 8);
    put(&r, 1, 4);
    put(&r, END_SIGNATURE, 4);
    put(&r, ALL32, 4); /* disks */
    put(&r, ALL16, 2);
    put(&r, ALL16, 2);
    put(&r, ALL32, 4);
    put(&r, ALL32, 4);
    put(&r, 0, 2); /* comment */
    output_write(zip->out, r.bytes, r.length);
}

void zip_writer_finish(struct zip_writer *zip)
{
    uint64_t offset = output_position(zip->out) - zip->origin;
    for (size_t i = 0; i < zip->count; i++) {
        write_central(zip->out, &zip->entries[i]);
        free(zip->entries[i].name);
    }
    write_ends(zip, offset, output_position(zip->out) - zip->origin - offset);
    free(zip->entries);
    free(zip);
}
