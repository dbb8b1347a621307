/* passes.h - the steps of pnnx2ncnn, in the order in which main() takes them. */
#ifndef CMD_PNNX2NCNN_PASSES_PASSES_H
#define CMD_PNNX2NCNN_PASSES_PASSES_H

#include <stdbool.h>

#include "common/command/options.h"
#include "common/graph/graph.h"
#include "common/rewrite/rewrite.h"
#include "formats/ncnn/ncnn.h"

/* ---- prepare.c: what rules cannot do ---- */

/* Lets pnnx.Output read the members of tuples, lists and dicts, however deep: the runtime's results are blobs. */
void prepare_outputs(struct graph *g);

/* Lets complex inputs and results be pairs of real numbers, along a last axis. */
void prepare_complex(struct graph *g);

/* ---- grids.c ---- */

/* Gives quantised tensors, which PNNX has as integers, the type of the floats that they stand for. */
void prepare_grids(struct graph *g);

/* ---- indices.c ---- */

/* Lets what computes on indices that are looked up by, too, read them as floats: looked up in the table of 0, 1, 2 ... */
void prepare_indices(struct graph *g);

/* ---- elements.c ---- */

/* Gives every operand the type of its blob's elements, floats or int32; conversions between types become roundings, or
 * nothing. */
void prepare_elements(struct graph *g);
/* True for operators that move elements, whatever they are. */
bool elements_are_moved(const struct operator *op);
/* True for the network's ends, constants, lists and what is not known: they compute nothing. */
bool elements_are_neutral(const struct operator *op);

/* ---- ranks.c ---- */

/* Operators on tensors of more dimensions than a blob has become operators on tensors of fewer, where sizes are known and
 * axes that lie side by side are treated alike. */
void reduce_ranks(struct graph *g);

/* ---- tables.c ---- */

/* Tables of sizes that have a bound become constants, cut to the sizes. */
void prepare_tables(struct graph *g);

/* ---- sizes.c ---- */

/* What computes a size from those of tensors becomes one pnnx.Expression, where a size is asked. */
void prepare_sizes(struct graph *g);

/* ---- refuse.c: what cannot be converted ---- */

struct refusals;
struct lowering;
struct custom;

/* Sizes that the user gave no name, ?: they have one all the same. */
struct unnamed_sizes {
    const char **names; /* interned; arena */
    size_t count;
};

/* Borrows both. */
struct refusals *refusals_new(struct graph *g, const struct unnamed_sizes *unnamed);
/* Reports operators that compute on int32 blobs, which can be moved and looked up by, no more, and those whose integers
 * are not what floats would be: of 8 or 16 bits. */
void refuse_integers(struct refusals *r, struct graph *g);
/* Reports operators with a result of size 0. */
void refuse_empties(struct refusals *r, struct graph *g);
/* Reports modules that lack weights. */
void refuse_weightless(struct refusals *r, struct graph *g);
/* Reports whatever is no layer after lowering, but for those that are to be layers of the user's.  Where sizes are free, what could be said
 * of them is tried: the graph is none to go on with then. */
void refuse_unlowered(struct refusals *r, struct graph *g, const struct custom *custom,
                      struct lowering *lowering);
/* The last line, "N operators of K kinds cannot be converted"; frees `r`. */
void refusals_end(struct refusals *r);

/* ---- lower.c: operators become layers, by rules ---- */

/* Reads the rules: the user's, which come first, and the built-in ones, but for those that `without` names.  Ends the
 * program (STATUS_USAGE) when there are mistakes in them, and when `without` has a name that no rule has. */
struct lowering *lowering_new(struct strings *strings, const struct signatures *signatures,
                              const struct text_list *files, const struct text_list *without, bool explain);
/* The phases of rules, each to its fixed point. */
enum phase {
    PHASE_QUANTIZED = 1, /* quantised operators as those on floats, between quantising and its inverse */
    PHASE_GRIDS,         /* quantised tensors as floats on a grid */
    PHASE_WRITTEN,       /* operators as other operators ... */
    PHASE_PICKS,         /* ... and elements picked by constants, which rules of the first may join before */
    PHASE_TYPES,         /* what depends on PyTorch's types as arithmetic of floats */
    PHASE_INT8,          /* operators on floats on a grid as layers with weights in int8 */
    PHASE_LAYERS,        /* operators as layers: the user's rules first */
    PHASE_FUSED,         /* layers as fewer layers, by common/layers/: the user's rules first */
    PHASE_END
};
void lowering_apply(struct lowering *lowering, enum phase phase, struct graph *g);
/* Applies those to operators and to what they make layers of once more, without a word, to see whether any applies. */
void lowering_try(struct lowering *lowering, struct graph *g);
void lowering_free(struct lowering *lowering);
/* examples=FILE: runs the examples of a file of rules (formats/example.h), nothing else. */
void lowering_check(const char *file, struct strings *strings, const struct signatures *signatures,
                    bool explain);
/* list=1: writes to standard output, for every type of PyTorch's that rules have, what they make of it and when. */
void lowering_list(struct lowering *lowering);

/* ---- functions.c and weights.c: C functions that the rules call ---- */

extern const struct rule_function lower_functions[];
extern const size_t lower_function_count;

/* ---- finish.c: from operators to a file of layers ---- */

/* Which operator a layer comes from, for messages after the layers have their final names; by operator id. */
struct origins {
    const char **names; /* malloc'ed */
    size_t count;
};

/* What the script must know of the network's inputs and results. */
struct port {
    const char *blob; /* "in0"; interned */
    enum dtype dtype; /* of the blob's elements */
    int bound;        /* 0; floats that are integers or booleans in PyTorch: more than these shall be */
    int rank;
    const int64_t *shape; /* arena; of an input, that of an example */
    int batch;
    struct operand *operand; /* that is the blob; NULL before it has its name */
};
struct ports {
    struct port *inputs, *outputs; /* arena */
    size_t input_count, output_count;
    struct port
        *results; /* what the network's results are, before passes moved their axes; output_count, or none */
    size_t result_count;
};

/* Notes what the results are: in the order of pnnx.Output, whose arguments must be operands. */
void finish_note_results(struct graph *g, struct ports *ports);
/* Reshapes of reshapes, and layers that change nothing, go. */
void finish_reshapes(struct graph *g);
/* Constants and inputs become layers, and operands blobs: their shapes are those of one sample.  Notes in *ports what the inputs
 * and results were. */
void finish_layers(struct graph *g, struct ports *ports);
/* Inputs and results get blobs of their names, and every blob one reader. */
void finish_blobs(struct graph *g, struct ports *ports);

/* ---- target.c ---- */

enum {
    TARGET_FIRST = 20230816
}; /* the first release that releases.txt speaks of: before it, blobs were broadcast otherwise */

/* target=DATE: reports (STATUS_CONVERSION) layers and what of them the runtime of that release does not have.  Layers have the
 * names of the operators that they were. */
void target_check(struct graph *g, const struct ports *ports, int64_t date, enum ncnn_storage storage);

/* ---- names.c ---- */

struct naming {
    bool
        keep; /* the names of the model's operators and operands; else those that the existing converter gives */
    struct text_list renames; /* "in0:data": a blob, by its name in the file, and what it is called instead */
};

/* Gives layers and blobs their names; inputs and results keep those of finish_blobs() unless they are renamed.  Reports
 * (STATUS_USAGE) what cannot be renamed. */
struct origins name_all(struct graph *g, struct ports *ports, const struct naming *naming);

/* ---- script.c ---- */

/* Writes the Python script that runs the network with pyncnn, from the files `param` and `bin` as they are seen from the
 * script's folder, in the arithmetic that the weights' storage is for. */
void script_write(const char *file, const struct ports *ports, const char *param, const char *bin,
                  enum ncnn_storage storage);

#endif
