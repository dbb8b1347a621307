/* pt2pnnx - read a TorchScript archive as a PNNX graph.  The manual is man/pt2pnnx.1. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/pt2pnnx/child.h"
#include "cmd/pt2pnnx/container.h"
#include "cmd/pt2pnnx/functional.h"
#include "cmd/pt2pnnx/names.h"
#include "cmd/pt2pnnx/raise.h"
#include "cmd/pt2pnnx/read.h"
#include "cmd/pt2pnnx/reader.h"
#include "common/base/report.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/expression/expression.h"
#include "formats/pnnx.h"

static struct read_options reading;
static struct text_list without;
static bool raising = true, explain, sync_files;

static const struct option_row option_table[] = {
    { "without", 0, OPTION_TEXTS, &without, 0, 0, true, "RULE,...", "leave out rules" },
    { "customop", 0, OPTION_TEXTS, &reading.libraries, 0, 0, true, "LIB[,LIB]",
      "load shared libraries that register operators" },
    { "explain", 0, OPTION_FLAG, &explain, 0, 0, false, NULL, "print every rule that is applied" },
    { "inputshape", 0, OPTION_SHAPES, &reading.shapes, 0, 0, false, "[N,...]TYPE,...",
      "shapes of the inputs, where branches depend on them" },
    { "moduleop", 0, OPTION_TEXTS, &reading.module_classes, 0, 0, true, "CLASS[,CLASS]",
      "keep each module of these classes as one operator" },
    { "raise", 0, OPTION_FLAG, &raising, 0, 0, false, NULL, "raise aten calls to Python's API (default 1)" },
    { "sync", 0, OPTION_FLAG, &sync_files, 0, 0, false, NULL,
      "flush the files to the disk before they are renamed" },
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

int main(int argc, char **argv)
{
    const char *names[3];
    size_t count;
    report_start("pt2pnnx");
    if (asks_for_version(argc, argv))
        print_versions();
    options_parse(option_table, sizeof option_table / sizeof *option_table,
                  "[key=value]... model.pt|- [out.param out.bin]", argc, argv, names, 3, &count);
    if (count != 1 && count != 3)
        die(STATUS_USAGE, nowhere, "expected a model, or a model and two output names, got %zu names", count);
    struct model_names out =
        count == 3 ? options_model_names(names + 1) : (struct model_names){ .param = NULL };
    options_check_output(&out);
    paths_check_outputs(names, 1, (const char *[]){ out.param, out.bin }, 2);
    paths_check_outputs(reading.libraries.items, reading.libraries.count,
                        (const char *[]){ out.param, out.bin }, 2);

    const char *model = strcmp(names[0], "-") == 0 ? NULL : names[0]; /* NULL: standard input */
    options_check_input(&(struct model_names){ .param = model });
    child_start(names[0]);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct arena arena;
    arena_init(&arena);
    struct zip *zip = container_open(&arena, mapping_open_as(model, zip_starts));
    struct graph *g = read_torchscript(strings, signatures, zip, &reading);
    report_stop();
    functionalise(g);
    report_stop();
    graph_remove_dead(g);
    if (raising) {
        raise_custom_operators(g);
        raise_calls(g, &without, explain);
        graph_remove_dead(g);
    }
    names_from_scopes(g);
    lists_form(g);
    pnnx_write(g, &out, sync_files);
    fflush(NULL);
    _exit(report_status()); /* libtorch's destructors take a fifth of a second and free what ends anyway */
}
