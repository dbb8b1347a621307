/* options.h - the command line: upstream's key=value and the getopt form, and file names.
 *
 *     tool [key=value | -o option]... [in.param in.bin] [out.param out.bin]
 *
 * An option has one row in its program's table, whichever way it is written: `optlevel=2`, `-O2`, `-O 2` and
 * `--optlevel=2` are the same.  --help and --version are every program's.  An unknown key, a malformed value
 * and a wrong number of names end the program with STATUS_USAGE; so does a number out of its range. */
#ifndef COMMON_COMMAND_OPTIONS_H
#define COMMON_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/dtype.h"

enum option_kind {
    OPTION_FLAG,   /* bool: key, --key, -k, key=0, key=1 */
    OPTION_INT,    /* int64_t, between low and high */
    OPTION_TEXT,   /* const char *: borrowed from argv */
    OPTION_TEXTS,  /* struct text_list: may be repeated; each value is split at commas when `split` */
    OPTION_SHAPES, /* struct shape_list */
};

struct option_row {
    const char *key; /* "optlevel" */
    char letter;     /* 'O'; 0: none */
    enum option_kind kind;
    void *target;      /* where the value goes; holds the default before */
    int64_t low, high; /* OPTION_INT only */
    bool split;        /* OPTION_TEXTS only */
    const char *value; /* for --help: "N", "FILE" */
    const char *help;  /* one line, lower case, no full stop */
};

struct text_list {
    const char **items; /* owned; the texts may be owned copies */
    size_t count;
};

/* One input's shape, "[1,3,h=224,?]f32".  The dtype is f32 where it is left out. */
struct shape_spec {
    int rank;
    int64_t dims[16];               /* >= 0; or -1 where names[i] says */
    int64_t examples[16], most[16]; /* of a symbolic size, h=224<=1024; 0: not said */
    const char *names[16];          /* NULL for a number; "?" unknown; else the name of a symbolic size */
    enum dtype dtype;
};

/* "[1,3,224,224]f32,[1,10]i64": spaces are allowed anywhere but inside a number or name. */
struct shape_list {
    struct shape_spec *items; /* owned */
    size_t count;
};

/* Parses argv.  What is no option goes to names[0 .. *name_count - 1], at most `room`; "--" ends options, a
 * name with `=` is written ./a=b.  `synopsis` is the text after the program's name in --help. */
void options_parse(const struct option_row *table, size_t rows, const char *synopsis, int argc, char **argv,
                   const char **names, size_t room, size_t *name_count);

/* The names of a model's two files.  NULL param: the stream (standard input or output). */
struct model_names {
    const char *param;
    const char *bin;
    bool trust; /* input: no checksum is compared, because no weight is read */
    bool link;  /* output: an unchanged .bin may be a hard link to the input's, not a copy */
};

/* The four names of a filter: none is stream to stream, two are the input, four are both, `- -` stands for
 * the stream on either side; anything else is wrong usage, and so is an output that is an input, unless both files are
 * replaced in place. */
void options_filter_names(const char *const *names, size_t count, struct model_names *in,
                          struct model_names *out);

/* Two names at names[0], or the stream for `- -`. */
struct model_names options_model_names(const char *const *names);

/* Die with STATUS_USAGE when the stream would come from, or go to, a terminal. */
void options_check_input(const struct model_names *in);
void options_check_output(const struct model_names *out);

/* Parses one shape list; false (and *error, a static text) when it is malformed. */
bool shape_list_parse(const char *text, struct shape_list *out, const char **error);

#endif
