/* output.h - output files that appear complete, together, or not at all.
 *
 * Each file is written to a temporary file beside its target; outputs_commit() closes all of them, checks,
 * and renames them in the order in which they were opened (so open .bin first and .param last); a failure on
 * the way puts back what was there before.  A symbolic link stays one: the file that it names is replaced.  A target that
 * exists and is no regular file (/dev/full, a FIFO), and standard output by any name, are written through.  Every
 * failure ends the program with STATUS_IO and a message that names the file, a closed pipe without a message; a signal
 * or die() removes the temporaries.  Nothing is fsync'ed unless asked. */
#ifndef FORMATS_OUTPUT_H
#define FORMATS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/mapping.h"

struct output; /* one file being written, buffered */

/* Opens a target; NULL is standard output.  Borrows the name. */
struct output *output_open(const char *name);
void output_write(struct output *out, const void *bytes, size_t size);
void output_printf(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t output_position(const struct output *out); /* bytes written so far */

/* Makes a target that is another name of the file `source`, to appear with the other outputs.  False, and nothing is
 * done, when the file system cannot, or the target exists and is no regular file. */
bool output_link(const char *name, const char *source);

/* A target with the bytes of the file `source`; with `link` it may be another name of that file. */
void output_copy(const char *name, const char *source, bool link);
/* Makes a regular file go away when the others appear.  What is no regular file stays; so does a link to it. */
void output_remove(const char *name);

/* An output that writes nothing but compares what it gets with `with`. */
struct output *output_compare(const struct mapping *with);
/* Ends it: true when it got exactly the bytes of the mapping.  Bytes that lie in the mapping at their own place are
 * not looked at. */
bool output_was_same(struct output *out);

/* Completes everything opened since the last commit.  With `sync`, fsyncs files before they are renamed. */
void outputs_commit(bool sync);

#endif
