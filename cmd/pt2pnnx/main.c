/* pt2pnnx - read a TorchScript archive as a PNNX graph.  The manual is man/pt2pnnx.1. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/pt2pnnx/functional.h"
#include "cmd/pt2pnnx/load/child.h"
#include "cmd/pt2pnnx/load/container.h"
#include "cmd/pt2pnnx/load/names.h"
#include "cmd/pt2pnnx/load/read.h"
#include "cmd/pt2pnnx/load/reader.h"
#include "cmd/pt2pnnx/raise.h"
#include "common/base/report.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/expression/expression.h"
#include "formats/pnnx/pnnx.h"

struct settings {
    struct read_options reading;
    struct text_list without;
    bool raising, explain, sync;
    const char *name;  /* of the model, for messages */
    const char *model; /* NULL: standard input */
    struct model_names out;
};

/* --version names libtorch, too. */
static bool asks_for_version(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0)
            return true;
    return false;
}

static _Noreturn void print_versions(void)
{
    printf("pt2pnnx %s\n", VERSION);
    reader_print_version();
    fflush(NULL);
    _exit(ferror(stdout) ? STATUS_IO : STATUS_DONE); /* as at the end of main() */
}

static void parse_options(struct settings *s, int argc, char **argv)
{
    const struct option_row table[] = {
        { "customop", 0, OPTION_TEXTS, &s->reading.libraries, 0, 0, true, "LIB[,LIB]",
          "load shared libraries that register operators" },
        { "explain", 0, OPTION_FLAG, &s->explain, 0, 0, false, NULL, "print every rule that is applied" },
        { "inputshape", 0, OPTION_SHAPES, &s->reading.shapes, 0, 0, false, "[N,...]TYPE,...",
          "shapes of the inputs, where branches depend on them" },
        { "inputshape2", 0, OPTION_SHAPES, &s->reading.other_shapes, 0, 0, false, "[N,...]TYPE,...",
          "other shapes, which must decide them alike" },
        { "moduleop", 0, OPTION_TEXTS, &s->reading.module_classes, 0, 0, true, "CLASS[,CLASS]",
          "keep each module of these classes as one operator" },
        { "raise", 0, OPTION_FLAG, &s->raising, 0, 0, false, NULL,
          "raise aten calls to Python's API (default 1)" },
        { "sync", 0, OPTION_FLAG, &s->sync, 0, 0, false, NULL,
          "flush the files to the disk before they are renamed" },
        { "without", 0, OPTION_TEXTS, &s->without, 0, 0, true, "RULE,...", "leave out rules" },
    };
    const char *names[3];
    size_t count;
    options_parse(table, sizeof table / sizeof *table, "[key=value]... model.pt|- [out.param out.bin]", argc,
                  argv, names, 3, &count);
    if (count != 1 && count != 3)
        die(STATUS_USAGE, nowhere, "expected a model, or a model and two output names, got %zu names", count);
    if (s->reading.other_shapes.count && s->reading.other_shapes.count != s->reading.shapes.count)
        die(STATUS_USAGE, nowhere, "inputshape2= has %zu shapes, inputshape= %zu: expected as many",
            s->reading.other_shapes.count, s->reading.shapes.count);
    s->name = names[0];
    s->model = strcmp(names[0], "-") == 0 ? NULL : names[0];
    if (count == 3)
        s->out = options_model_names(names + 1);
    options_check_output(&s->out);
    options_check_input(&(struct model_names){ .param = s->model });
    const char *outputs[] = { s->out.param, s->out.bin };
    paths_check_outputs(names, 1, outputs, 2);
    paths_check_outputs(s->reading.libraries.items, s->reading.libraries.count, outputs, 2);
}

static void convert(struct graph *g, const struct settings *s)
{
    functionalise(g);
    report_stop();
    graph_remove_dead(g);
    if (s->raising) {
        raise_custom_operators(g);
        raise_calls(g, &s->without, s->explain);
        graph_remove_dead(g);
    }
    names_from_scopes(g);
    lists_form(g);
    if (CHECKED)
        graph_check(g);
}

int main(int argc, char **argv)
{
    struct settings s = { .raising = true };
    report_start("pt2pnnx");
    if (asks_for_version(argc, argv))
        print_versions();
    parse_options(&s, argc, argv);
    child_start(s.name);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct arena arena;
    arena_init(&arena);
    struct zip *zip = container_open(&arena, mapping_open_as(s.model, zip_starts));
    struct graph *g = read_torchscript(strings, signatures, zip, &s.reading);
    report_stop();
    convert(g, &s);
    pnnx_write(g, &s.out, s.sync);
    fflush(NULL);
    _exit(report_status()); /* libtorch's destructors take a fifth of a second and free what ends anyway */
}
