/* dim.c - prints what dim_parse() makes of each argument: "%2*h-h" gives "%h"; "wrong" when it is no dimension. */
#include "common/graph/dim.h"

#include <stdio.h>

#include "common/graph/graph.h"

int main(int argc, char **argv)
{
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    struct graph *g = graph_new(strings, signatures);
    for (int i = 1; i < argc; i++) {
        int64_t d, again;
        const char *text = dim_parse(g, argv[i], &d) ? dim_text(g, d) : "wrong";
        puts(text);
        if (*text != 'w' && (!dim_parse(g, text, &again) || again != d))
            puts("does not read back");
    }
    graph_free(g);
    signatures_free(signatures);
    strings_free(strings);
    return 0;
}
