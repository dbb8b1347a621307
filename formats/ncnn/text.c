/* text.c - the text of an ncnn model to layers.  The runtime reads words, whatever the lines: a value ends at a blank, a
 * layer before a word that is no parameter.  What it would read wrongly, or not at all, is refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/float_text.h"
#include "common/base/text.h"
#include "formats/ncnn/reader.h"

/* Characters of a number that the runtime reads. */
#define NUMBER 15

struct text {
    struct ncnn_reader *r;
    const char *at, *end;
    const char *line_start;
    long line;
    int64_t last_id;       /* of the current layer; -1: none yet */
    char last_text[8];     /* the same as text */
    bool ascending, texts; /* so far, ids were in the order of their numbers, of their texts */
};

/* Not terminated. */
struct word {
    const char *text;
    size_t length;
};

static struct place place_at(const struct text *t, const char *at)
{
    return (struct place){ t->r->file, t->line, (long)(at - t->line_start) + 1 };
}

/* For "%.*s": cut to what a message can take. */
static int shown(struct word w)
{
    return w.length < 60 ? (int)w.length : 60;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct text *t)
{
    for (; t->at < t->end && is_blank(*t->at); t->at++)
        if (*t->at == '\n') {
            t->line++;
            t->line_start = t->at + 1;
        }
}

/* The word that comes next; its length is 0 at the end of the file.  It is not taken. */
static struct word peek_word(struct text *t)
{
    skip_blanks(t);
    struct word w = { t->at, 0 };
    while (w.text + w.length < t->end && !is_blank(w.text[w.length])) {
        if (!w.text[w.length])
            die(STATUS_MALFORMED, place_at(t, w.text), "a zero byte: this is no ncnn text");
        w.length++;
    }
    return w;
}

static struct word take_word(struct text *t, const char *what)
{
    struct word w = peek_word(t);
    if (w.length == 0)
        die(STATUS_MALFORMED, place_at(t, t->at), "the file ends where %s was expected", what);
    if (w.length > NCNN_NAME)
        die(STATUS_MALFORMED, place_at(t, w.text), "%s of %zu bytes: the runtime reads %d", what, w.length,
            NCNN_NAME);
    t->at += w.length;
    return w;
}

static size_t take_count(struct text *t, const char *what)
{
    struct word w = take_word(t, what);
    size_t count = 0;
    for (size_t i = 0; i < w.length; i++) {
        if (w.text[i] < '0' || w.text[i] > '9' || i > 8)
            die(STATUS_MALFORMED, place_at(t, w.text), "'%.*s' is not %s", shown(w), w.text, what);
        count = count * 10 + (size_t)(w.text[i] - '0');
    }
    return count;
}

static const char *name_of(const struct text *t, struct word w)
{
    return intern_length(t->r->g->strings, w.text, w.length);
}

/* ---- values ---- */

/* What stands up to a comma or a blank: all that the runtime takes for one number. */
static struct word take_number(struct text *t)
{
    struct word w = { t->at, 0 };
    while (t->at + w.length < t->end && t->at[w.length] != ',' && !is_blank(t->at[w.length]))
        w.length++;
    if (w.length == 0)
        die(STATUS_MALFORMED, place_at(t, t->at), "expected a number");
    if (w.length > NUMBER)
        die(STATUS_MALFORMED, place_at(t, w.text),
            "'%.*s' has more than the %d characters that the runtime reads of a number", shown(w), w.text,
            NUMBER);
    t->at += w.length;
    return w;
}

static bool looks_float(struct word w)
{
    return memchr(w.text, '.', w.length) || memchr(w.text, 'e', w.length) || memchr(w.text, 'E', w.length);
}

static struct value read_float(const struct text *t, struct word w, const char *spelling)
{
    char *end;
    bool plain = true; /* no inf, nan or 0x10 */
    for (size_t i = 0; i < w.length; i++)
        plain = plain && (strchr("+-.eE", w.text[i]) || (w.text[i] >= '0' && w.text[i] <= '9'));
    double f = (double)(float)float_read(spelling, &end);
    if (!plain || *end || end == spelling || !isfinite(f))
        die(STATUS_MALFORMED, place_at(t, w.text), "'%.*s' is no finite float", shown(w), w.text);
    return value_float(f);
}

static struct value read_int(const struct text *t, struct word w, const char *spelling)
{
    char *end;
    long long i = strtoll(spelling, &end, 10);
    if (*end || end == spelling || i < INT32_MIN || i > INT32_MAX)
        die(STATUS_MALFORMED, place_at(t, w.text), "'%.*s' is no integer of 32 bits", shown(w), w.text);
    return value_int(i);
}

static struct value read_number(const struct text *t, struct word w, bool as_float)
{
    const char *spelling = name_of(t, w);
    struct value v = as_float ? read_float(t, w, spelling) : read_int(t, w, spelling);
    v.text = spelling;
    return v;
}

/* `count` numbers behind commas. */
static struct value read_counted(struct text *t)
{
    struct word w = take_number(t);
    int64_t count = read_number(t, w, false).integer;
    struct value *items = NULL;
    if (count < 0)
        die(STATUS_MALFORMED, place_at(t, w.text), "a list of %.*s numbers", shown(w), w.text);
    for (int64_t i = 0; i < count; i++) {
        if (t->at == t->end || *t->at != ',')
            die(STATUS_MALFORMED, place_at(t, t->at), "the list has %lld numbers, not %lld as it says",
                (long long)i, (long long)count);
        t->at++;
        struct word item = take_number(t);
        items = arena_grow(&t->r->g->arena, items, (size_t)i, sizeof *items);
        items[i] = read_number(t, item, looks_float(item));
    }
    return value_list(items, (size_t)count);
}

/* The rest of a list whose length nobody says; all numbers are of the first one's type.  A comma may stand at the end. */
static struct value read_list(struct text *t, struct word first)
{
    struct value *items = NULL;
    size_t count = 0;
    bool as_float = looks_float(first);
    for (struct word w = first;; w = take_number(t)) {
        items = arena_grow(&t->r->g->arena, items, count, sizeof *items);
        items[count++] = read_number(t, w, as_float);
        if (t->at == t->end || *t->at != ',')
            break;
        if (++t->at == t->end || is_blank(*t->at))
            break;
    }
    struct value v = value_list(items, count);
    v.text = name_of(t, (struct word){ first.text, (size_t)(t->at - first.text) });
    return v;
}

static struct value read_string(struct text *t)
{
    const char *start = t->at;
    bool quoted = *start == '"';
    struct word w = { start + quoted, 0 };
    for (const char *p = w.text; p < t->end && *p != '\n' && (quoted ? *p != '"' : !is_blank(*p)); p++)
        w.length++;
    if (memchr(w.text, 0, w.length))
        die(STATUS_MALFORMED, place_at(t, start), "a zero byte: this is no ncnn text");
    t->at = w.text + w.length;
    if (quoted && (t->at == t->end || *t->at++ != '"'))
        die(STATUS_MALFORMED, place_at(t, start), "a text that is not closed: expected '\"'");
    if (w.length == 0 || w.length > NCNN_NAME)
        die(STATUS_MALFORMED, place_at(t, start), "a text of %zu bytes: the runtime reads 1 to %d", w.length,
            NCNN_NAME);
    struct value v = value_string(name_of(t, w));
    v.text = name_of(t, (struct word){ start, (size_t)(t->at - start) });
    return v;
}

static struct value read_value(struct text *t, bool counted)
{
    if (counted)
        return read_counted(t);
    char c = t->at < t->end ? *t->at : ' ';
    if (c == '"' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return read_string(t);
    struct word w = take_number(t);
    if (t->at < t->end && *t->at == ',')
        return read_list(t, w);
    return read_number(t, w, looks_float(w));
}

/* ---- layers ---- */

/* Takes notice of the order of ids. */
static void note_order(struct text *t, int64_t id)
{
    char *text = arena_printf(&t->r->g->arena, "%d", (int)id);
    if (t->last_id >= 0) {
        t->ascending = t->ascending && t->last_id < id;
        t->texts = t->texts && strcmp(t->last_text, text) < 0;
    }
    t->last_id = id;
    memcpy(t->last_text, text, strlen(text) + 1);
}

/* The number before `=`; false: the word is no parameter, but the next layer's type. */
static bool take_id(struct text *t, int64_t *key)
{
    struct word w = peek_word(t);
    if (w.length == 0 || !(*w.text == '-' || *w.text == '+' || (*w.text >= '0' && *w.text <= '9')))
        return false;
    const char *equals = memchr(w.text, '=', w.length);
    if (!equals || equals - w.text > 6)
        die(STATUS_MALFORMED, place_at(t, w.text), "'%.*s' is no parameter: expected id=value", shown(w),
            w.text);
    w.length = (size_t)(equals - w.text);
    *key = read_int(t, w, name_of(t, w)).integer;
    t->at = equals + 1;
    return true;
}

static void read_parameters(struct text *t, struct operator *op)
{
    int64_t key;
    t->last_id = -1;
    while (take_id(t, &key)) {
        bool counted = key <= NCNN_LISTS;
        int64_t id = counted ? NCNN_LISTS - key : key;
        const char *start = t->at;
        struct value v = read_value(t, counted);
        if (t->at < t->end && !is_blank(*t->at))
            die(STATUS_MALFORMED, place_at(t, start), "'%.*s' is no value: expected a blank at '%c'",
                (int)(t->at - start + 1), start, *t->at);
        ncnn_set_parameter(t->r, op, id, v);
        if (id < NCNN_PARAMETERS && id != NCNN_HINTS)
            note_order(t, id);
    }
}

static struct operand *find_blob(struct text *t, struct word w, const char *type, const char *name)
{
    struct operand *x = graph_find_operand(t->r->g, name_of(t, w));
    if (!x)
        die(STATUS_MALFORMED, place_at(t, w.text), "%s '%s' reads '%.*s', which no layer before it makes",
            type, name, shown(w), w.text);
    return x;
}

static void read_layer(struct text *t)
{
    const char *start = peek_word(t).text, *type = name_of(t, take_word(t, "a layer's type"));
    if (!t->r->g->first && starts_with(type, "pnnx."))
        die(STATUS_MALFORMED, place_at(t, start),
            "'%s': a model in PNNX, not ncnn (instead: pnnx2ncnn converts it)", type);
    if (*type == '-' || *type == '+' || (*type >= '0' && *type <= '9'))
        die(STATUS_MALFORMED, place_at(t, start), "'%s' is no type of a layer", type);
    const char *name = name_of(t, take_word(t, "a layer's name"));
    long line = t->line;
    size_t inputs = take_count(t, "a number of inputs"), outputs = take_count(t, "a number of outputs");
    for (size_t i = 0; i < inputs; i++)
        ncnn_add_input(t->r, find_blob(t, take_word(t, "a blob that the layer reads"), type, name));
    struct operator *op = ncnn_add_layer(t->r, type, name, line);
    for (size_t i = 0; i < outputs; i++) {
        struct word w = take_word(t, "a blob that the layer makes");
        if (graph_find_operand(t->r->g, name_of(t, w)))
            die(STATUS_MALFORMED, place_at(t, w.text), "the blob '%.*s' is made twice", shown(w), w.text);
        operator_add_output(op, name_of(t, w));
    }
    read_parameters(t, op);
}

void ncnn_read_text(struct ncnn_reader *r, const struct mapping *text)
{
    struct text t = { .r = r, .line = 1, .ascending = true, .texts = true };
    t.at = t.line_start = (const char *)text->data;
    t.end = t.at + text->size;
    struct word magic = peek_word(&t);
    if (magic.length != 7 || memcmp(magic.text, "7767517", 7) != 0)
        die(STATUS_MALFORMED, place_at(&t, magic.text),
            "'%.*s' is not how an ncnn model begins: expected '%d'", shown(magic), magic.text, NCNN_MAGIC);
    t.at += magic.length;
    size_t layers = take_count(&t, "a number of layers"), blobs = take_count(&t, "a number of blobs"),
           made = 0;
    long counts = t.line;
    while (peek_word(&t).length)
        read_layer(&t);
    for (const struct operator *op = r->g->first; op; op = op->next)
        made += op->output_count;
    if (layers != r->g->operator_count || blobs < made)
        die(STATUS_MALFORMED, (struct place){ r->file, counts, 1 },
            "the file has %zu layers and %zu blobs, and says %zu and %zu", r->g->operator_count, made, layers,
            blobs);
    if (!layers)
        die(STATUS_MALFORMED, (struct place){ r->file, counts, 1 }, "a model without layers");
    r->style->lexical = t.texts && !t.ascending;
}
