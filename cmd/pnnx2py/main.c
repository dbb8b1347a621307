/* pnnx2py - print a PNNX graph as a PyTorch module.  The manual is man/pnnx2py.1. */
#include <stdlib.h>

#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/expression/expression.h"
#include "formats/output.h"
#include "formats/pnnx.h"
#include "printer.h"

static const char *pnnxbin; /* the path of the weights that the printed file opens */

static const struct option_row option_table[] = {
    { .key = "pnnxbin",
      .kind = OPTION_TEXT,
      .target = &pnnxbin,
      .value = "FILE",
      .help = "the weights that the printed file opens (default: those given)" },
};

/* The input, and where the Python goes (NULL: standard output). */
static struct model_names names_of(const char *const *names, size_t count, const char **target)
{
    struct model_names in = { .param = NULL };
    if (count == 1)
        die(STATUS_USAGE, nowhere, "'%s' needs the file of the weights beside it (try --help)", names[0]);
    if (count >= 2)
        in = options_model_names(names);
    *target = count == 3 ? names[2] : NULL;
    if (!in.param && !pnnxbin)
        die(STATUS_USAGE, nowhere, "a stream has no file that the Python can open: say pnnxbin=FILE");
    return in;
}

static void write_text(const char *target, const struct lines *text)
{
    struct output *out = output_open(target);
    output_write(out, text->bytes, text->size);
    outputs_commit(false);
}

int main(int argc, char **argv)
{
    const char *names[3], *target;
    size_t count;
    report_start("pnnx2py");
    options_parse(option_table, sizeof option_table / sizeof *option_table,
                  "[pnnxbin=FILE] [in.param in.bin [out.py]]", argc, argv, names, 3, &count);
    struct model_names in = names_of(names, count, &target);
    in.trust = true;
    options_check_input(&in);
    paths_check_outputs((const char *[]){ in.param, in.bin }, 2, &target, 1);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct graph *g = pnnx_read(strings, signatures, &in);
    expressions_take_apart(g);
    report_stop();
    struct lines text = python_of(g, pnnxbin ? pnnxbin : in.bin);
    report_stop();
    write_text(target, &text);
    lines_release(&text);
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return report_status();
}
