/* signatures - parses every line of the built-in table and prints it; a broken line ends it with a message.
 *
 *     signatures [TYPE...]       these alone
 *     signatures -t TYPE...      those of them of which the table of traits says nothing, not even why
 *     signatures -w TYPE...      the weights that each of them has: TYPE KEY */
#include <stdio.h>
#include <string.h>

#include "common/base/intern.h"
#include "common/base/report.h"
#include "common/operators/signature.h"

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

static int print_unknown(struct strings *strings, char **types)
{
    struct trait_table *traits = traits_new(strings);
    for (; *types; types++)
        if (!traits_known(traits, *types))
            printf("%s\n", *types);
    traits_free(traits);
    strings_free(strings);
    return 0;
}

static int print_weights(struct strings *strings, char **types)
{
    struct signatures *table = signatures_new(strings);
    for (; *types; types++) {
        const struct signature *s = signature_find(table, *types);
        for (const struct module_weight *w = s ? s->weights : NULL; w; w = w->next) {
            printf("%s %s\n", *types, w->key);
            if (w->parameter && !signature_parameter(s, w->parameter))
                printf("%s has no parameter %s\n", *types, w->parameter);
        }
    }
    signatures_free(table);
    strings_free(strings);
    return 0;
}

int main(int argc, char **argv)
{
    report_start("signatures");
    struct strings *strings = strings_new();
    if (argc > 1 && strcmp(argv[1], "-t") == 0)
        return print_unknown(strings, argv + 2);
    if (argc > 1 && strcmp(argv[1], "-w") == 0)
        return print_weights(strings, argv + 2);
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
