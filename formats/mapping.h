/* mapping.h - input bytes: a file mapped into memory, or a pipe spooled to an unlinked temporary file and
 * mapped. */
#ifndef FORMATS_MAPPING_H
#define FORMATS_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
    const char *name;    /* for messages; borrowed; "-" for the stream */
    const uint8_t *data; /* size bytes, read only; NULL when size is 0 */
    size_t size;
};

/* Maps the file `name`, or standard input for NULL.  Dies with STATUS_IO when it cannot be read.  A mapping
 * lives until the program ends (attributes point into it), or until mapping_close(). */
struct mapping *mapping_open(const char *name);
/* The same for input that begins as `begins` says, from its first bytes (up to a megabyte).
 * Of a device or a pipe that begins otherwise, which may have no end, only these bytes are taken: enough for a message.
 * NULL takes anything. */
typedef bool begins_function(const uint8_t *bytes, size_t size);
struct mapping *mapping_open_as(const char *name, begins_function *begins);
/* As if a file with these bytes had been mapped: for tests. */
struct mapping *mapping_of(const char *name, const void *bytes, size_t size);
void mapping_close(struct mapping *map);

/* The open mapping that the bytes lie in, or NULL. */
const struct mapping *mapping_around(const void *data, size_t size);
/* True when `path` names the very file that was mapped, of the same size still. */
bool mapping_is(const struct mapping *map, const char *path);

/* Says that these bytes, if they lie in a mapped file, are not needed for a while: they leave this process's memory
 * (not the page cache), so that a large model does not look like memory in use.  They can be read again. */
void mapping_forget(const void *data, size_t size);
/* Work through large data in pieces of this size, and forget each. */
#define MAPPING_PIECE ((size_t)4 << 20)

#endif
