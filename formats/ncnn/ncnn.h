/* ncnn.h - ncnn models: the text (.ncnn.param) or its binary form, and the weights (.ncnn.bin), as a graph of ncnn layers.
 *
 * In such a graph an operator is a layer: its type is the layer's, its list argument `inputs` holds the blobs it
 * reads, arguments whose keys are decimal numbers are its parameters (int, float, string, or a list of numbers),
 * and its attributes are its weights.  A weight's key is its place, one digit or letter, and how it is stored:
 * "0t" is tagged (float16 or float32, as told), "1r" is raw float32 or int32, "2p" is packed bytes.  The files are described in
 * ncnn(5).
 *
 * In a graph that was read weights are as they are stored, and point into the file: a tagged one is f32, f16, bf16, i8, or u8,
 * indices into a table of 256 floats before them.  Blobs that nobody reads are the results. */
#ifndef FORMATS_NCNN_NCNN_H
#define FORMATS_NCNN_NCNN_H

#include <stdbool.h>

#include "common/graph/graph.h"
#include "formats/mapping.h"

/* Parameters go from 0 to here, not including. */
#define NCNN_PARAMETERS 32
/* The one that switches features of the runtime off for its layer. */
#define NCNN_FEATURES "31"

/* Sizes of the layer's results, in its line of the text: in the graph they are the shapes of the operands. */
#define NCNN_HINTS 30

/* How tagged weights are stored: rounded to the nearest, ties to even. */
enum ncnn_storage {
    NCNN_FLOAT32,
    NCNN_FLOAT16,  /* but for layers of ncnn_keeps_float(), which keep float32 ... */
    NCNN_BFLOAT16, /* ... and with both get 31=3, by which the runtime does without float16 */
    NCNN_AS_READ,  /* those of the file as they were there; others float16 when the file has some */
};

/* How a file is written, so that a model that was read is written alike. */
struct ncnn_style {
    bool read; /* the graph was read: numbers keep their spelling, weights their tags and padding */
    enum ncnn_storage storage;
    bool half; /* the file has weights in float16 */
    bool
        lexical; /* ids stand in the order of their text, 0 1 10 11 2, as the existing converter writes them */
    int hint;    /* numbers in the record of a result's sizes, 4 or 5; 0: no sizes are written */
    size_t weights; /* of a model that was read: bytes of its file of weights; what lies behind is nobody's */
    bool nameless;  /* the same: it was the binary form, and names are made up */
};

/* Reads a model from mapped files, which must outlive the graph; `param` is a text, or binary; `bin` NULL: weights are made up,
 * always the same.  *style is the file's.  Dies with STATUS_MALFORMED, or, for a layer whose weights cannot be told from those of
 * others, STATUS_CONVERSION. */
struct graph *ncnn_parse(struct strings *strings, const struct signatures *signatures,
                         const struct mapping *param, const struct mapping *bin, struct ncnn_style *style);
/* Says that there are bytes behind the weights of the last layer, if so: the runtime does not mind. */
void ncnn_note_rest(const struct mapping *bin, const struct ncnn_style *style);

/* True for a layer with tagged weights of which one, or a raw one beside it, is finite, but infinite as float16. */
bool ncnn_keeps_float(const struct operator *op);

/* Gives every blob one reader at most: a layer Split behind each that has more, with a result for each reader. */
void ncnn_insert_splits(struct graph *g);

/* Takes the Splits out: who read a copy reads what was copied.  What they were called is kept for the second function, which
 * inserts Splits, with the names of those that were there, and frees. */
struct ncnn_splits;
struct ncnn_splits *ncnn_remove_splits(struct graph *g);
void ncnn_restore_splits(struct graph *g, struct ncnn_splits *splits);

/* Reports (STATUS_CONVERSION) what the format cannot carry: an integer beyond 32 bits, a number that is not finite, a string
 * of more than 255 bytes, a weight of a type without a number; false: there was something. */
bool ncnn_check(const struct graph *g);

/* Writes both files, whole or not at all: opens them through formats/output.h, .bin first, and leaves the commit
 * to the caller.  Every blob must have one reader at most (layers Split have been inserted).  Tagged weights are
 * float16 when `fp16`, rounded to the nearest, ties to even; but for layers of ncnn_keeps_float(), which keep float32 and
 * get the parameter 31=3, by which the runtime computes them in it.  Checks first, and returns with
 * nothing opened when there is anything to report. */
void ncnn_write(struct graph *g, const char *param, const char *bin, bool fp16);

/* The same for a graph that was read: what no one changed is written as it was, numbers in their spelling.  Tagged weights
 * in int8 or of a table stay as they are whatever the style says. */
void ncnn_write_styled(struct graph *g, const char *param, const char *bin, const struct ncnn_style *style);

/* The binary form of the text: `size` bytes, which the caller frees.  It has no names: layers have their order, and blobs the
 * numbers of the order in which layers make them.  Reports as ncnn_write() does, and is NULL then. */
uint8_t *ncnn_binary(struct graph *g, const struct ncnn_style *style, size_t *size);
/* The types of layers that are not the runtime's own, in the order of their first layers: in the binary form they are
 * number NCNN_CUSTOM and up.  In the graph's arena. */
#define NCNN_CUSTOM 256
const char **ncnn_custom_types(struct graph *g, size_t *count);

/* The text of a float that ncnn reads back as the same float: 15 characters at most, with a dot or an exponent.
 * `f` must be finite. */
void ncnn_float_text(char text[24], float f);

#endif
