/* read.h - TorchScript as a graph: the sink of formats/torchscript/torchscript.h, and opening the reader. */
#ifndef PT2PNNX_READ_H
#define PT2PNNX_READ_H

#include "common/command/options.h"
#include "common/graph/graph.h"
#include "formats/zip/zip.h"

/* What of the command line the reader needs. */
struct read_options {
    struct shape_list shapes, other_shapes; /* inputshape, inputshape2 */
    struct text_list module_classes;        /* moduleop */
    struct text_list libraries;             /* customop */
};

/* Reads the archive into a graph of aten calls with scopes and source lines: still with in-place operators.  What
 * cannot be expressed is reported; a damaged archive ends the program with STATUS_MALFORMED.  `zip` must live as
 * long as the graph, which points into its mapping. */
struct graph *read_torchscript(struct strings *strings, const struct signatures *signatures,
                               const struct zip *zip, const struct read_options *options);

#endif
