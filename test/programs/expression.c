/* expression - takes the expressions of a model apart, what is new with its shapes; with form=1 forms them again.
 *
 *     expression [form=1] in.param in.bin out.param out.bin */
#include "common/expression/expression.h"
#include "common/command/options.h"
#include "common/operators/shapes/shapes.h"
#include "formats/pnnx/pnnx.h"

int main(int argc, char **argv)
{
    struct model_names in, out;
    const char *names[4];
    size_t count;
    bool form = false;
    const struct option_row table[] = {
        { .key = "form", .kind = OPTION_FLAG, .target = &form, .help = "form expressions again" },
    };
    report_start(argv[0]);
    options_parse(table, 1, "[form=1] [in.param in.bin] [out.param out.bin]", argc, argv, names, 4, &count);
    options_filter_names(names, count, &in, &out);

    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct graph *g = pnnx_read(strings, signatures, &in);
    size_t given = g->operand_ids;
    expressions_take_apart(g);
    if (report_count() == 0)
        shapes_infer(g, SHAPES_CORRECT, given);
    graph_check(g);
    if (form)
        expressions_form(g);
    lists_form(g);
    graph_check(g);
    if (report_count() == 0)
        pnnx_write(g, &out, false);
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return report_status();
}
