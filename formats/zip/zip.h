/* zip.h - the store-only zip of PNNX weights, and the directory of any zip (a .pt is one).
 *
 * The reader walks the central directory (zip64 too) of mapped bytes and trusts no number in it before it is
 * checked against the size of the mapping; offsets may count from the start of the stream or from the start
 * of the archive. The writer stores, aligns member data to 64 bytes, uses zip64 throughout as upstream does,
 * and writes no time. */
#ifndef FORMATS_ZIP_ZIP_H
#define FORMATS_ZIP_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "formats/mapping.h"
#include "formats/output.h"

struct zip_member {
    const char *name;    /* arena; may hold any byte but NUL */
    const uint8_t *data; /* size bytes inside the mapping; NULL when the member is compressed */
    uint64_t size;       /* uncompressed bytes */
    uint32_t crc;        /* as the directory says; zip_check() compares */
    bool stored;         /* method 0, not encrypted */
};

struct zip {
    struct mapping *map;        /* borrowed */
    struct zip_member *members; /* in directory order; arena */
    size_t count;
    size_t start;                    /* where in the mapping the archive begins */
    const struct zip_member **index; /* by name, for zip_find(); arena */
};

/* Reads the directory of the archive that begins at byte `start` of `map` (0, or where the text of a stream
 * ends).  Dies with STATUS_MALFORMED and a message that names the file when the archive is damaged. */
struct zip *zip_read(struct arena *arena, struct mapping *map, size_t start);
/* True when the bytes at `start` look like the beginning of a zip ("PK"). */
bool zip_starts(const uint8_t *bytes,
                size_t size); /* whether these are the first of an archive: see mapping_open_as() */
bool zip_begins(const struct mapping *map, size_t start);
/* The last member with that name (a repeated name overwrites), or NULL. */
const struct zip_member *zip_find(const struct zip *zip, const char *name);
/* The one of the same name before `member` in the directory, or NULL: for archives that repeat a name. */
const struct zip_member *zip_find_earlier(const struct zip *zip, const struct zip_member *member);
/* Compares the CRC of a stored member with its bytes. */
bool zip_check(const struct zip_member *member);

struct zip_writer;

/* Starts an archive at the current position of `out`; offsets in it count from `base` bytes before (the
 * length of the text of a stream, or 0). */
struct zip_writer *zip_writer_new(struct output *out, uint64_t base);
/* Adds a stored member.  `crc` NULL: computed. */
void zip_writer_add(struct zip_writer *zip, const char *name, const void *data, uint64_t size,
                    const uint32_t *crc);
/* Writes the directory and frees the writer. */
void zip_writer_finish(struct zip_writer *zip);

uint32_t crc32_of(const void *data, size_t size);

#endif
