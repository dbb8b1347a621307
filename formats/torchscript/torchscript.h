/* torchscript.h - the reader of TorchScript archives, a shared object written in C++ over libtorch.
 *
 * This is the whole border between C and C++: plain structures and function pointers, nothing of torch:: and
 * nothing of our graph.  The reader walks the network's `forward` and everything that it calls, statically,
 * and hands over a flat list of calls: each with named arguments, the module invocation it was made in, and
 * the user's source line.  Python-level values (lists, tuples, numbers, attributes, decided branches) are gone
 * by then.  The network is never executed; only what depends on no input is computed.
 *
 * All texts and arrays that a sink function gets are valid during the call only, but for tensors: their bytes
 * live until the process ends. */
#ifndef FORMATS_TORCHSCRIPT_TORCHSCRIPT_H
#define FORMATS_TORCHSCRIPT_TORCHSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum torch_kind {
    TORCH_NONE,
    TORCH_BOOL,
    TORCH_INT,
    TORCH_FLOAT,
    TORCH_COMPLEX,
    TORCH_STRING,
    TORCH_LIST,
    TORCH_TUPLE,
    TORCH_DICT,    /* items: key, value, key, value ... */
    TORCH_OPERAND, /* a result, an input or a tensor, by its number */
};

struct torch_value {
    enum torch_kind kind;
    bool boolean;
    int64_t integer;
    double re, im;      /* TORCH_FLOAT: re */
    const char *string; /* dtypes and memory formats are strings: "torch.float" */
    const struct torch_value *items;
    size_t count;   /* of items */
    size_t operand; /* dense from 0 */
};

/* A constant tensor: row-major, little-endian. */
struct torch_tensor {
    int scalar_type; /* torch's number: 6 is float */
    int rank;
    const int64_t *shape;
    const void *data; /* in the mapped archive when it lies there as it is, else in the reader's memory */
    size_t size;      /* bytes */
};

/* An input of the network, flattened out of tuples, lists and dicts. */
struct torch_input {
    size_t operand;
    const char *name; /* of forward's argument: "x", "boxes.0"; for messages */
    int scalar_type;  /* -1: unknown */
    int rank;         /* -1: unknown */
    const int64_t *shape;
};

struct torch_shape {
    int scalar_type;
    int rank;                 /* -1: nothing is known */
    const int64_t *dims;      /* -1: unknown */
    const char *const *names; /* of the sizes that are not known, "?" for one of its own; or NULL */
};

/* One call of an operator. */
struct torch_call {
    const char *type;        /* "aten::conv2d", without overload; the class for a module that is kept whole */
    const char *const *keys; /* of the schema, NULL: the arguments are positional */
    const struct torch_value *arguments;
    size_t count;
    const size_t *results;
    size_t result_count;
    const char *const *weight_keys; /* a module that is kept whole: its tensors, by dotted path inside it */
    const struct torch_tensor *weights;
    size_t weight_count;
    const struct torch_shape *shapes; /* of the results, where a module is kept whole; NULL: unknown */
    size_t scope;                     /* number of the module invocation; 0 is the network itself */
    const char *file;                 /* the user's source; NULL: unknown */
    size_t line;
};

/* What the reader delivers to.  Operands are delivered before they are used, scopes too, parents first. */
struct torch_sink {
    void *context;
    void (*scope)(void *context, size_t number, size_t parent, const char *path, const char *class_name);
    void (*input)(void *context, const struct torch_input *input);
    /* A tensor becomes an operand: `name` is the dotted path of a parameter or buffer; when `own` is false it
     * is the kind of the call that computed it, or "tensor", and `scope` is where. */
    void (*tensor)(void *context, size_t operand, const char *name, bool own, size_t scope,
                   const struct torch_tensor *tensor);
    void (*call)(void *context, const struct torch_call *call);
    void (*output)(void *context, const struct torch_value *value);
    /* Something that the user should know about a network that is right. */
    void (*note)(void *context, const char *text);
    /* Something that cannot be expressed; the reader goes on to find the others. */
    void (*refuse)(void *context, const char *file, size_t line, const char *text);
    /* A class in module_classes that is not one of the network's modules: neither a whole name, nor the last part of
     * one name only.  `classes` are those meant: all there are, or the several with that last part. */
    void (*class_name)(void *context, const char *given, const char *const *classes, size_t count,
                       bool several);
    /* The archive cannot be read.  Does not return. */
    void (*fail)(void *context, const char *text);
    /* There is no memory.  Does not return. */
    void (*exhausted)(void *context);
};

struct torch_source {
    const char *name; /* of the file, for messages */
    const uint8_t *data;
    size_t size;
    const struct torch_shape *shapes; /* of the inputs, as the user gave them; used to decide control flow */
    size_t shape_count;
    const struct torch_shape *other_shapes; /* as many, that must decide alike; or NULL */
    const char *const
        *module_classes; /* modules of these classes are delivered as one call; a last part will do */
    size_t module_class_count;
};

/* The shared object hides all but what is declared with this. */
#define TORCHSCRIPT_BORDER __attribute__((visibility("default")))

/* Reads one archive.  No exception leaves it.  Delivers nothing but refusals when there are any. */
TORCHSCRIPT_BORDER void torchscript_read(const struct torch_source *source, const struct torch_sink *sink);

/* libtorch itself.  The texts live as long as the library. */
struct torch_release {
    const char *running; /* "2.13.0"; "" where it does not say */
    const char *built;   /* what this was built with */
    const char *path;    /* where it lies; "" where the system does not say */
};
TORCHSCRIPT_BORDER struct torch_release torchscript_release(void);

#ifdef __cplusplus
}
#endif

#endif
