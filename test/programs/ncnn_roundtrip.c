/* ncnn_roundtrip - reads an ncnn model and writes it: what comes out must be what went in.
 *
 *     ncnn_roundtrip [fp16=0|1] [binary=FILE] in.param in.bin|null out.param out.bin
 *
 * With `null`, weights are made up. */
#include <stdlib.h>
#include <string.h>

#include "common/base/report.h"
#include "common/command/options.h"
#include "formats/ncnn/ncnn.h"
#include "formats/output.h"

int main(int argc, char **argv)
{
    const char *names[4], *binary = NULL;
    int64_t fp16 = -1;
    size_t count;
    const struct option_row table[] = {
        { .key = "fp16", .kind = OPTION_INT, .target = &fp16, .high = 1, .help = "how weights are stored" },
        { .key = "binary", .kind = OPTION_TEXT, .target = &binary, .help = "also write the binary form" },
    };
    report_start(argv[0]);
    options_parse(table, 2, "in.param in.bin out.param out.bin", argc, argv, names, 4, &count);
    if (count != 4)
        die(STATUS_USAGE, nowhere, "expected four names");

    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct ncnn_style style;
    struct mapping *weights = strcmp(names[1], "null") ? mapping_open(names[1]) : NULL;
    struct graph *g = ncnn_parse(strings, signatures, mapping_open(names[0]), weights, &style);
    if (weights)
        ncnn_note_rest(weights, &style);
    graph_check(g);
    if (fp16 >= 0)
        style.storage = fp16 ? NCNN_FLOAT16 : NCNN_FLOAT32;
    size_t size;
    uint8_t *bytes = ncnn_binary(g, &style, &size);
    if (binary && bytes)
        output_write(output_open(binary), bytes, size);
    free(bytes);
    ncnn_write_styled(g, names[2], names[3], &style);
    report_stop();
    outputs_commit(false);
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return (int)report_status();
}
