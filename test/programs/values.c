/* values - what the PNNX text format makes of values: for every argument (or, without one, every line of standard
 * input) its kind and the text that the writer would choose, a line each. */
#include <stdio.h>
#include <string.h>

#include "common/graph/graph.h"
#include "formats/pnnx/pnnx.h"

static void forget_spelling(struct value *v)
{
    v->text = NULL;
    if (v->kind == VALUE_LIST)
        for (size_t i = 0; i < v->list.count; i++)
            forget_spelling(&v->list.items[i]);
}

static void show(struct graph *g, const char *text)
{
    static const char *const kinds[] = { "none",    "bool",   "int",  "float",
                                         "complex", "string", "list", "operand" };
    struct value v = pnnx_parse_value(g, text, strlen(text));
    forget_spelling(&v);
    printf("%s %s\n", kinds[v.kind], pnnx_value_text(&g->arena, v));
}

int main(int argc, char **argv)
{
    char line[4096];
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct graph *g = graph_new(strings, signatures);
    report_start(argv[0]);
    for (int i = 1; i < argc; i++)
        show(g, argv[i]);
    while (argc == 1 && fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        show(g, line);
    }
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return 0;
}
