/* custom.h - operators that become layers of the user's: which, with which parameters and weights, and their C++ skeletons. */
#ifndef CMD_PNNX2NCNN_CUSTOM_CUSTOM_H
#define CMD_PNNX2NCNN_CUSTOM_CUSTOM_H

#include "common/command/options.h"
#include "common/graph/graph.h"
#include "formats/ncnn/ncnn.h"

#define CUSTOM_OPERATOR "pnnx.custom_op." /* what the types of a library's operators begin with */

/* ---- what the user says ---- */

/* One of what layer=TYPE:NAME(...) lists. */
struct custom_item {
    enum custom_source {
        CUSTOM_ARGUMENT, /* 0=kernel_size: the operator's argument is the parameter */
        CUSTOM_SIZE,     /* 1=size(conv.weight): the number of the weight's elements is */
        CUSTOM_NUMBER,   /* 2=0.5: the number is */
        CUSTOM_WEIGHT,   /* @conv.weight, tagged @conv.weight: the next of the weights */
    } source;
    int id;              /* of the parameter; -1: a weight */
    const char *key;     /* of the argument or the weight; arena */
    struct value number; /* CUSTOM_NUMBER */
    bool tagged;         /* CUSTOM_WEIGHT: stored behind a tag, as fp16= and bf16= say; else float32 */
};

struct custom_spec {
    const char *text;          /* as given; borrowed */
    const char *type, *name;   /* of the operator, whole or its last part; of the layer; arena */
    struct custom_item *items; /* arena */
    size_t count;
    bool listed; /* there are parentheses; without, parameters and weights are as custom= has them */
};

struct custom {
    const struct text_list *types; /* custom=; borrowed */
    struct custom_spec *specs;     /* layer=; arena */
    size_t count;
};

/* option.c: reads layer=; reports (STATUS_USAGE) what is none. */
struct custom custom_read(struct graph *g, const struct text_list *types, const struct text_list *layers);

/* ---- custom.c ---- */

/* Whether a library of the user's has registered the operator. */
bool custom_registered(const struct operator *op);
/* Reports (STATUS_USAGE) types that custom= and layer= name and the graph does not have. */
void custom_check(const struct graph *g, const struct custom *custom);
/* Whether the operator becomes a layer: an option names it, whole or by its last part, or a library of the user's registers
 * it. */
bool custom_stays(const struct operator *op, const struct custom *custom);
/* Whether it would if custom= named it: a module that was kept whole, an operator of any library. */
bool custom_may(const struct operator *op);

/* How a class reads a parameter: all its layers have it so. */
enum custom_kind {
    CUSTOM_NONE, /* no layer has it */
    CUSTOM_INT,
    CUSTOM_FLOAT,
    CUSTOM_TEXT,
    CUSTOM_INTS,
    CUSTOM_FLOATS,
    CUSTOM_MIXED, /* some have a list, others a number: no class can read it */
};

/* The layers of one type, as a C++ class. */
struct custom_class {
    const char *layer, *type;     /* "Focus"; of the operators that became it, "models.Focus" */
    const struct operator *first; /* of its layers */
    bool single;                  /* all have one input and one result */
    struct custom_parameter {
        const char *from; /* the argument, the weight whose size it is, or the number; NULL: there is none */
        enum custom_kind kind;
    } parameters[NCNN_PARAMETERS];
    struct custom_weight {
        const char *key;
        size_t elements; /* of the first layer */
        bool tagged, varies;
        int size; /* the parameter that is the number of its elements; -1: none */
    } * weights;  /* arena */
    size_t weight_count;
    bool differs; /* some layer has other weights */
};

struct custom_classes {
    struct custom_class *items; /* arena */
    size_t count;
};

/* Makes those that stay layers, with the parameters and weights that layer= lists, else arg_3 as the parameter 3 and the weights
 * as they are in the order of their names.  A parameter that is a float in one layer is in all of that type.  Reports
 * (STATUS_CONVERSION) what an operator does not have.  Gives the types of layers that the runtime does not have. */
struct custom_classes custom_finish(struct graph *g, const struct custom *custom);

/* ---- skeleton.c ---- */

/* Reports (STATUS_CONVERSION) classes that could not read all their layers, and (STATUS_USAGE) that there are none. */
void skeleton_check(const struct custom_classes *classes);
/* Writes a C++ file with a class for each, whose load_param() and load_model() read what is written. */
void skeleton_write(const char *file, const struct graph *g, const struct custom_classes *classes);

#endif
