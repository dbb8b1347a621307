/* ncnn2mem - an ncnn model as C arrays.  The manual is man/ncnn2mem.1. */
#include <stdlib.h>

#include "cmd/ncnn2mem/headers.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "formats/output.h"

struct settings {
    bool sync;
    const char *param, *bin, *ids, *arrays; /* as given */
    char *binary;                           /* the text's name with .bin behind */
};

static void parse_options(struct settings *s, int argc, char **argv)
{
    const struct option_row table[] = {
        { "sync", 0, OPTION_FLAG, &s->sync, 0, 0, false, NULL, "flush the files to the disk" },
    };
    const char *names[4];
    size_t count;
    options_parse(table, sizeof table / sizeof *table, "[option]... in.param in.bin out.id.h out.mem.h", argc,
                  argv, names, 4, &count);
    if (count != 4)
        die(STATUS_USAGE, nowhere, "expected four names: in.param in.bin out.id.h out.mem.h");
    s->param = names[0];
    s->bin = names[1];
    s->ids = names[2];
    s->arrays = names[3];
    s->binary = xprintf("%s.bin", s->param);
    paths_check_outputs((const char *[]){ s->param, s->bin }, 2,
                        (const char *[]){ s->binary, s->ids, s->arrays }, 3);
}

int main(int argc, char **argv)
{
    struct settings s = { .sync = false };
    report_start(argv[0]);
    parse_options(&s, argc, argv);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct ncnn_style style;
    struct mapping *weights = mapping_open(s.bin);
    struct graph *g = ncnn_parse(strings, signatures, mapping_open(s.param), weights, &style);
    if (style.nameless)
        die(STATUS_CONVERSION, (struct place){ .file = s.param },
            "a binary .param, which has no names (instead: the text that it was made from)");
    ncnn_note_rest(weights, &style);
    size_t size;
    uint8_t *binary = ncnn_binary(g, &style, &size);
    report_stop();
    output_write(output_open(s.binary), binary, size);
    ids_write(g, s.param, s.ids);
    arrays_write(&g->arena, &(struct array){ s.binary, binary, size },
                 &(struct array){ s.bin, weights->data, style.weights }, s.ids, s.arrays);
    outputs_commit(s.sync);
    free(binary);
    graph_free(g);
    free(s.binary);
    signatures_free(signatures);
    strings_free(strings);
    return (int)report_status();
}
