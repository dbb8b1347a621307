/* spelling.c - the table of spellings: types that are printed as a text with arguments in it, or by a function.  A mistake
 * in it ends the program at its start, whatever is printed: so no test can miss it. */
#include <string.h>

#include "printer.h"

extern const char spellings_text[];
extern const size_t spellings_text_size;

struct spelling {
    print_function *print; /* NULL: the text */
    const char *text;      /* with $0, $x, $... and $* in it */
};

static _Noreturn void broken(long line, const char *what)
{
    die(STATUS_USAGE, (struct place){ "cmd/pnnx2py/spellings.txt", line, 0 }, "%s", what);
}

static void read_line(struct printer *p, const char *at, const char *end, long line)
{
    struct arena *arena = &p->graph->arena;
    const char *types = arena_text(arena, at, (size_t)(end - at)), *colon = strstr(types, ": ");
    if (!colon)
        broken(line, "expected TYPES: TEXT");
    struct spelling s = { NULL, colon + strlen(": ") };
    if (*s.text == '@' && !(s.print = special_find(s.text + 1, strlen(s.text + 1))))
        broken(line, "no such function");
    const struct spelling *known = arena_copy(arena, &s, sizeof s);
    for (size_t length; types < colon + 1; types += length + 1) {
        length = strcspn(types, " ");
        length = types + length > colon ? (size_t)(colon - types) : length;
        const char *type = intern_length(p->graph->strings, types, length);
        if (map_get(&p->spellings, type))
            broken(line, "a type stands twice");
        map_put(&p->spellings, type, (void *)known);
    }
}

void spellings_read(struct printer *p)
{
    const char *end = spellings_text + spellings_text_size;
    long line = 1;
    for (const char *at = spellings_text, *stop; at < end; at = stop + 1, line++) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (stop > at && *at != '#')
            read_line(p, at, stop, line);
    }
}

static void print_text(struct printer *p, const struct operator *op, const char *text)
{
    if (strstr(text, "$x") && !is_method(p, op))
        return;
    if (strstr(text, "$0") && op->argument_count == 0) {
        refuse(p, op, "has no input");
        return;
    }
    print_results(p, op);
    size_t next = 0;
    for (size_t length; *text; text += length) {
        if ((length = strcspn(text, "$"))) {
            lines_add_length(&p->out, text, length);
        } else if (text[1] == '*') {
            length = strlen("$*");
            print_inputs(p, op);
        } else if (text[1] == '.') {
            length = strlen("$...");
            for (const char *comma = ""; next < op->argument_count; comma = ", ") {
                lines_add(&p->out, comma);
                print_value(p, &op->arguments[next++].value);
            }
        } else {
            length = strlen("$0");
            print_value(p, &op->arguments[next++].value);
        }
    }
    lines_add(&p->out, "\n");
}

bool print_spelled(struct printer *p, const struct operator *op)
{
    const struct spelling *s = map_get(&p->spellings, op->type);
    if (s && s->print)
        s->print(p, op);
    else if (s)
        print_text(p, op, s->text);
    return s;
}
