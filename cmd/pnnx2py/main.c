/* pnnx2py - print a PNNX graph as a PyTorch module.  The manual is man/pnnx2py.1. */

#include "cmd/pnnx2py/printer.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/expression/expression.h"
#include "formats/output.h"
#include "formats/pnnx/pnnx.h"

struct settings {
    const char *pnnxbin; /* the path of the weights that the printed file opens; NULL: those given */
    struct model_names in;
    const char *target; /* NULL: standard output */
};

static void parse_options(struct settings *s, int argc, char **argv)
{
    const struct option_row table[] = {
        { "pnnxbin", 0, OPTION_TEXT, &s->pnnxbin, 0, 0, false, "FILE",
          "the weights that the printed file opens (default: those given)" },
    };
    const char *names[3];
    size_t count;
    options_parse(table, sizeof table / sizeof *table, "[pnnxbin=FILE] [in.param in.bin [out.py]]", argc,
                  argv, names, 3, &count);
    if (count == 1)
        die(STATUS_USAGE, nowhere, "'%s' needs the file of the weights beside it (try --help)", names[0]);
    if (count >= 2)
        s->in = options_model_names(names);
    s->target = count == 3 ? names[2] : NULL;
    if (!s->in.param && !s->pnnxbin)
        die(STATUS_USAGE, nowhere, "a stream has no file that the Python can open: say pnnxbin=FILE");
    s->in.trust = true;
    options_check_input(&s->in);
    paths_check_outputs((const char *[]){ s->in.param, s->in.bin }, 2, &s->target, 1);
}

static void write_text(const char *target, const struct lines *text)
{
    struct output *out = output_open(target);
    output_write(out, text->bytes, text->size);
    outputs_commit(false);
}

int main(int argc, char **argv)
{
    struct settings s = { .pnnxbin = NULL };
    report_start("pnnx2py");
    parse_options(&s, argc, argv);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct graph *g = pnnx_read(strings, signatures, &s.in);
    expressions_take_apart(g);
    report_stop();
    struct lines text = python_of(g, s.pnnxbin ? s.pnnxbin : s.in.bin);
    report_stop();
    write_text(s.target, &text);
    lines_release(&text);
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return report_status();
}
