/* options.c - see options.h. */
#include "common/command/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/near.h"
#include "common/base/report.h"
#include "common/command/paths.h"

/* What a parse is about; the tables are short, so look-ups are linear. */
struct parse {
    const struct option_row *table;
    size_t rows;
    const char *synopsis;
    const char *program; /* without its folder */
    int argc;
    char **argv;
    int next; /* the argument to take next */
};

static const struct option_row *row_by_key(const struct parse *p, const char *key, size_t length)
{
    for (size_t i = 0; i < p->rows; i++)
        if (strlen(p->table[i].key) == length && memcmp(p->table[i].key, key, length) == 0)
            return &p->table[i];
    return NULL;
}

static const struct option_row *row_by_letter(const struct parse *p, char letter)
{
    for (size_t i = 0; i < p->rows; i++)
        if (p->table[i].letter == letter)
            return &p->table[i];
    return NULL;
}

/* ---- values ---- */

static void set_int(const struct option_row *row, const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno || number < row->low || number > row->high)
        die(STATUS_USAGE, nowhere, "%s='%s' is not a number from %lld to %lld", row->key, text,
            (long long)row->low, (long long)row->high);
    *(int64_t *)row->target = number;
}

static void set_flag(const struct option_row *row, const char *text)
{
    if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
        die(STATUS_USAGE, nowhere, "%s='%s' is neither 0 nor 1", row->key, text);
    *(bool *)row->target = text[0] == '1';
}

static void add_text(struct text_list *list, const char *text)
{
    list->items = xrealloc(list->items, size_mul(list->count + 1, sizeof *list->items));
    list->items[list->count++] = text;
}

/* Copies are made once per option and live as long as the program, as argv does. */
static void add_split(const struct option_row *row, const char *text)
{
    for (;;) {
        size_t length = strcspn(text, ",");
        if (length == 0)
            die(STATUS_USAGE, nowhere, "%s has an empty item", row->key);
        char *item = xmalloc(length + 1);
        memcpy(item, text, length);
        item[length] = '\0';
        add_text(row->target, item);
        if (!text[length])
            return;
        text += length + 1;
    }
}

static void set_value(const struct option_row *row, const char *text)
{
    const char *error;
    switch (row->kind) {
    case OPTION_FLAG: set_flag(row, text); break;
    case OPTION_INT: set_int(row, text); break;
    case OPTION_TEXT: *(const char **)row->target = text; break;
    case OPTION_TEXTS:
        if (row->split)
            add_split(row, text);
        else
            add_text(row->target, text);
        break;
    case OPTION_SHAPES:
        if (!shape_list_parse(text, row->target, &error))
            die(STATUS_USAGE, nowhere, "%s='%s': %s", row->key, text, error);
        break;
    }
}

/* ---- help ---- */

static _Noreturn void print_help(const struct parse *p)
{
    printf("usage: %s %s\n", p->program, p->synopsis);
    for (size_t i = 0; i < p->rows; i++) {
        const struct option_row *row = &p->table[i];
        char left[64];
        snprintf(left, sizeof left, "%s=%s", row->key, row->kind == OPTION_FLAG ? "0|1" : row->value);
        char letter[8] = "";
        if (row->letter)
            snprintf(letter, sizeof letter, "-%c", row->letter);
        printf("  %-4s%-26s %s\n", letter, left, row->help);
    }
    printf("  %-4s%-26s %s\n", "-h", "--help", "print this");
    printf("  %-4s%-26s %s\n", "-V", "--version", "print the version");
    printf("the manual is %s(1)\n", p->program);
    exit(fflush(stdout) == 0 ? STATUS_DONE : STATUS_IO);
}

static _Noreturn void print_version(const struct parse *p)
{
    printf("%s %s\n", p->program, VERSION);
    exit(fflush(stdout) == 0 ? STATUS_DONE : STATUS_IO);
}

/* ---- the forms of options ---- */

/* The value behind an option that needs one: the rest of its argument, or the next argument. */
static const char *take_value(struct parse *p, const char *option, const char *rest)
{
    if (rest)
        return rest;
    if (p->next >= p->argc)
        die(STATUS_USAGE, nowhere, "%s needs a value", option);
    return p->argv[p->next++];
}

/* The key that was meant. */
static const char *key_hint(const struct parse *p, const char *key, size_t length, char hint[200])
{
    struct near near = near_start(key, length);
    for (size_t i = 0; i < p->rows; i++)
        near_offer(&near, p->table[i].key);
    return near_hint(&near, hint);
}

static void parse_long(struct parse *p, const char *arg)
{
    char hint[200];
    const char *key = arg + 2, *equals = strchr(key, '=');
    if (strcmp(key, "help") == 0)
        print_help(p);
    if (strcmp(key, "version") == 0)
        print_version(p);
    const struct option_row *row = row_by_key(p, key, equals ? (size_t)(equals - key) : strlen(key));
    if (!row)
        die(STATUS_USAGE, nowhere, "unknown option '%s'%s", arg,
            key_hint(p, key, equals ? (size_t)(equals - key) : strlen(key), hint));
    if (row->kind == OPTION_FLAG && !equals)
        set_flag(row, "1");
    else
        set_value(row, take_value(p, arg, equals ? equals + 1 : NULL));
}

/* "-O2", "-O 2", "-xv" (flags together). */
static void parse_short(struct parse *p, const char *arg)
{
    for (const char *c = arg + 1; *c; c++) {
        if (*c == 'h')
            print_help(p);
        if (*c == 'V')
            print_version(p);
        const struct option_row *row = row_by_letter(p, *c);
        if (!row)
            die(STATUS_USAGE, nowhere, "unknown option '-%c'", *c);
        if (row->kind != OPTION_FLAG) {
            set_value(row, take_value(p, arg, c[1] ? c + 1 : NULL));
            return;
        }
        set_flag(row, "1");
    }
}

static void parse_key_value(struct parse *p, const char *arg, const char *equals)
{
    char hint[200];
    const struct option_row *row = row_by_key(p, arg, (size_t)(equals - arg));
    if (!row)
        die(STATUS_USAGE, nowhere, "unknown key in '%s'%s (a file of that name is written ./%s)", arg,
            key_hint(p, arg, (size_t)(equals - arg), hint), arg);
    set_value(row, equals + 1);
}

/* A name may hold `=` only behind a slash, as in ./a=b. */
static bool is_key_value(const char *arg, const char **equals)
{
    *equals = strchr(arg, '=');
    return *equals && !memchr(arg, '/', (size_t)(*equals - arg));
}

void options_parse(const struct option_row *table, size_t rows, const char *synopsis, int argc, char **argv,
                   const char **names, size_t room, size_t *name_count)
{
    const char *slash = strrchr(argv[0], '/'), *equals;
    struct parse p = { table, rows, synopsis, slash ? slash + 1 : argv[0], argc, argv, 1 };
    bool only_names = false;
    *name_count = 0;
    while (p.next < argc) {
        const char *arg = argv[p.next++];
        if (!only_names && strcmp(arg, "--") == 0)
            only_names = true;
        else if (!only_names && strncmp(arg, "--", 2) == 0)
            parse_long(&p, arg);
        else if (!only_names && arg[0] == '-' && arg[1])
            parse_short(&p, arg);
        else if (!only_names && is_key_value(arg, &equals))
            parse_key_value(&p, arg, equals);
        else if (*name_count == room)
            die(STATUS_USAGE, nowhere, "'%s' is one name too many; usage: %s %s", arg, p.program, synopsis);
        else
            names[(*name_count)++] = arg;
    }
}

/* ---- names ---- */

static bool is_stream(const char *name)
{
    return strcmp(name, "-") == 0;
}

struct model_names options_model_names(const char *const *names)
{
    if (is_stream(names[0]) != is_stream(names[1]))
        die(STATUS_USAGE, nowhere, "'%s %s' is half a stream: the stream is written '- -'", names[0],
            names[1]);
    if (is_stream(names[0]))
        return (struct model_names){ .param = NULL };
    return (struct model_names){ .param = names[0], .bin = names[1] };
}

void options_check_input(const struct model_names *in)
{
    if (!in->param && isatty(STDIN_FILENO))
        die(STATUS_USAGE, nowhere,
            "standard input is a terminal: name the model's files, or send it through a pipe (--help shows "
            "how)");
}

void options_check_output(const struct model_names *out)
{
    if (!out->param && isatty(STDOUT_FILENO))
        die(STATUS_USAGE, nowhere,
            "standard output is a terminal: name the output's files, or send it to a pipe (--help shows "
            "how)");
}

/* In place: the text, or both files (a text whose weights were replaced would be left without them).  An output .bin
 * that was made a link of the input's (link=1) may be made again: what is replaced is its name. */
static void check_places(const struct model_names *in, const struct model_names *out)
{
    paths_check_outputs(NULL, 0, (const char *[]){ out->param, out->bin }, 2);
    if (!in->param)
        return;
    bool in_place = path_same(in->param, out->param);
    if (in_place && path_same(in->bin, out->bin))
        return;
    char *bin = path_target(in->bin), *target = path_target(out->bin);
    bool other_name = bin && target && strcmp(bin, target) != 0;
    free(bin);
    free(target);
    paths_check_outputs((const char *[]){ in_place ? NULL : in->param, in->bin }, 2, &out->param, 1);
    paths_check_outputs((const char *[]){ in->param, other_name ? NULL : in->bin }, 2, &out->bin, 1);
}

void options_filter_names(const char *const *names, size_t count, struct model_names *in,
                          struct model_names *out)
{
    *in = *out = (struct model_names){ .param = NULL };
    if (count != 0 && count != 2 && count != 4)
        die(STATUS_USAGE, nowhere,
            "%zu file names: expected none, two (the input) or four (input and output)", count);
    if (count >= 2)
        *in = options_model_names(names);
    if (count == 4)
        *out = options_model_names(names + 2);
    options_check_input(in);
    options_check_output(out);
    if (out->param)
        check_places(in, out);
}
