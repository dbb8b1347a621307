/* output.h - output files that appear complete, together, or not at all.
 *
 * Each file is written to a temporary file beside its target; outputs_commit() closes all of them, checks,
 * and renames them in the order in which they were opened (so open .bin first and .param last); a failure on
 * the way removes what was already renamed.  A target that exists and is no regular file (/dev/full, a FIFO),
 * and standard output, are written through.  Every failure ends the program with STATUS_IO and a message that
 * names the file; a signal or die() removes the temporaries.  Nothing is fsync'ed unless asked. */
#ifndef FORMATS_OUTPUT_H
#define FORMATS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output; /* one file being written, buffered */

/* Opens a target; NULL is standard output.  Borrows the name. */
struct output *output_open(const char *name);
void output_write(struct output *out, const void *bytes, size_t size);
void output_printf(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t output_position(const struct output *out); /* bytes written so far */

/* Completes everything opened since the last commit.  With `sync`, fsyncs files before they are renamed. */
void outputs_commit(bool sync);

#endif
