/* pnnxopt - simplify a PNNX graph.  The manual is man/pnnxopt.1. */
#include <string.h>

#include "cmd/pnnxopt/functions.h"
#include "cmd/pnnxopt/passes.h"
#include "common/expression.h"
#include "common/options.h"
#include "common/paths.h"
#include "common/rewrite.h"
#include "formats/pnnx.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

extern const char static_text[], fold_text[], fuse_text[], tidy_text[];
extern const size_t static_text_size, fold_text_size, fuse_text_size, tidy_text_size;

/* A step is a pass in C or a file of rules. */
struct step {
    const char *name;
    size_t (*pass)(struct graph *g); /* NULL: rules */
    const char *text;                /* of the rules */
    const size_t *size;
};

/* The step of the files given with -r. */
static const char user_rules[] = "user rules";

/* In this order, repeated until nothing changes; all of it is optlevel 2. */
static const struct step steps[] = {
    {"pool-constants", pass_pool_constants, NULL,        NULL             },
    { "static.rules",  NULL,                static_text, &static_text_size},
    { "tidy.rules",    NULL,                tidy_text,   &tidy_text_size  },
    { "fold.rules",    NULL,                fold_text,   &fold_text_size  },
    { "fuse.rules",    NULL,                fuse_text,   &fuse_text_size  },
    { "shapes",        pass_shapes,         NULL,        NULL             },
    { user_rules,      NULL,                NULL,        NULL             },
    { "merge-equal",   pass_merge_equal,    NULL,        NULL             },
    { "unbind",        pass_unbind,         NULL,        NULL             },
    { "tensor-split",  pass_tensor_split,   NULL,        NULL             },
    { "merge-slices",  pass_merge_slices,   NULL,        NULL             },
    { "dead-code",     graph_remove_dead,   NULL,        NULL             },
};

/* The rules of one step: the built-in text, or the files given with -r. */
static struct rules *load_rules(const struct step *step, struct strings *strings,
                                const struct signatures *signatures, const struct text_list *files)
{
    struct rules *rules = rules_new(strings, signatures, opt_functions, opt_function_count);
    if (step->text)
        rules_read(rules, step->name, step->text, *step->size);
    for (size_t i = 0; step->name == user_rules && i < files->count; i++)
        rules_read_file(rules, files->items[i]);
    if (step->name == user_rules)
        rules_check(rules); /* the built-in ones are checked by the tests */
    return rules;
}

/* Ends: every rule application is counted by the engine, which reports rules that chase each other; a pass makes the
 * graph shorter or leaves it. */
static void simplify(struct graph *g, struct rules *const *rules)
{
    size_t changed;
    do {
        changed = 0;
        for (size_t i = 0; i < LENGTH(steps); i++)
            changed += steps[i].pass ? steps[i].pass(g) : rules_apply(rules[i], g);
    } while (changed > 0 && report_count() == 0);
}

int main(int argc, char **argv)
{
    int64_t level = 2;
    bool explain = false, link = false, sync = false;
    struct text_list files = { 0 };
    const struct option_row options[] = {
        {"explain",   'e', OPTION_FLAG,  &explain, 0, 0, false, NULL,   "print every application of a rule"         },
        { "optlevel", 'O', OPTION_INT,   &level,   0, 2, false, "N",
         "0 nothing, 1 lists and expressions, 2 all"                                                                },
        { "rules",    'r', OPTION_TEXTS, &files,   0, 0, false, "FILE",
         "more rules, applied after the built-in ones"                                                              },
        { "link",     0,   OPTION_FLAG,  &link,    0, 0, false, NULL,
         "make an unchanged out.bin a hard link to in.bin"                                                          },
        { "sync",     0,   OPTION_FLAG,  &sync,    0, 0, false, NULL,   "flush files to the disk before they appear"},
    };
    const char *names[4];
    size_t count;
    struct model_names in, out;

    report_start("pnnxopt");
    options_parse(options, LENGTH(options), "[option]... [in.param in.bin] [out.param out.bin]", argc, argv,
                  names, LENGTH(names), &count);
    options_filter_names(names, count, &in, &out);
    paths_check_outputs(files.items, files.count, (const char *[]){ out.param, out.bin }, 2);
    out.link = link;
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct rules *rules[LENGTH(steps)] = { 0 };
    for (size_t i = 0; i < LENGTH(steps); i++)
        if (!steps[i].pass) {
            rules[i] = load_rules(&steps[i], strings, signatures, &files);
            rules_explain(rules[i], explain);
        }
    report_stop();
    struct graph *g = pnnx_read(strings, signatures, &in);
    expressions_take_apart(g);
    report_stop();
    if (level >= 1)
        pass_unique_names(g);
    if (level >= 2)
        simplify(g, rules);
    report_stop();
    if (level >= 1)
        expressions_form(g);
    lists_form(g);
    if (level >= 2)
        pass_number_operands(g);
    pnnx_write(g, &out, sync);
    graph_free(g);
    for (size_t i = 0; i < LENGTH(steps); i++)
        if (rules[i])
            rules_free(rules[i]);
    signatures_free(signatures);
    strings_free(strings);
    return (int)report_status();
}
