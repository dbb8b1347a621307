/* roundtrip - reads a PNNX model and writes it: what comes out must be what went in.
 *
 *     roundtrip [in.param in.bin [out.param out.bin]] */
#include "common/base/report.h"
#include "common/command/options.h"
#include "formats/pnnx/pnnx.h"

int main(int argc, char **argv)
{
    struct model_names in, out;
    const char *names[4];
    size_t count;
    bool anew = false, link = false;
    const struct option_row table[] = {
        { .key = "anew", .kind = OPTION_FLAG, .target = &anew, .help = "forget how lines were written" },
        { .key = "link", .kind = OPTION_FLAG, .target = &link, .help = "link an unchanged .bin" },
    };
    report_start(argv[0]);
    options_parse(table, 2, "[in.param in.bin] [out.param out.bin]", argc, argv, names, 4, &count);
    options_filter_names(names, count, &in, &out);
    out.link = link;

    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct graph *g = pnnx_read(strings, signatures, &in);
    graph_check(g);
    for (struct operator *op = g->first; anew && op != NULL; op = op->next)
        op->layout = NULL;
    pnnx_write(g, &out, false);
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return report_status();
}
