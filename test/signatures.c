/* signatures - parses every line of the built-in table and prints it; a broken line ends it with a message. */
#include <stdio.h>
#include <string.h>

#include "common/base/intern.h"
#include "common/base/report.h"
#include "common/graph/signature.h"

extern const char signatures_text[];
extern const size_t signatures_text_size;

static void print_overloads(const struct signature *s)
{
    for (; s; s = s->next) {
        printf("%s", s->type);
        for (size_t i = 0; i < s->parameter_count; i++) {
            const struct parameter *p = &s->parameters[i];
            bool required = !p->has_default && !(p->kinds & KIND_NONE) && !p->variadic;
            printf(" %s%s%s", p->variadic ? "*" : "", p->name, required ? "" : "?");
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    report_start("signatures");
    struct strings *strings = strings_new();
    struct signatures *table = signatures_new(strings);
    for (int i = 1; i < argc; i++)
        print_overloads(signature_find(table, argv[i]));

    const char *previous = "", *end = signatures_text + signatures_text_size;
    for (const char *at = signatures_text; argc == 1 && at < end; at = strchr(at, '\n') + 1) {
        const char *type = intern_length(strings, at, strcspn(at, " \n"));
        if (*type != '#' && type != previous)
            print_overloads(signature_find(table, type));
        previous = type;
    }
    signatures_free(table);
    strings_free(strings);
    return 0;
}
