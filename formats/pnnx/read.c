/* read.c - PNNX text to a graph: lines, words, operands, shapes.  The format is described in pnnx(5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/near.h"
#include "common/graph/dim.h"
#include "formats/pnnx/line.h"
#include "formats/pnnx/pnnx.h"
#include "formats/pnnx/text.h"
#include "formats/zip/zip.h"

#define MAGIC "7767517"

/* More dimensions than this are damage. */
#define MAX_RANK 64

/* What is known of an operand while a line is read; by operand id. */
struct mark {
    long line;   /* the last line that it was on */
    size_t last; /* its last input on that line without key, plus 1; 0: none */
};

struct reader {
    struct graph *g;
    const char *file; /* for messages; NULL: a stream */
    const char *at;   /* the next line */
    const char *end;  /* of the text; of all bytes while that is not known */
    long line;        /* the number of the current line */
    const char *line_start;

    /* The current operator line. */
    struct word *words;
    size_t word_count, word_room;
    struct read_line current;

    struct mark *marks;
    size_t mark_room;
    struct read_attribute *attributes; /* of all lines */
    size_t attribute_count, attribute_room;
};

static void *grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room == 0 ? 64 : size_mul(*room, 2);
    return xrealloc(items, size_mul(*room, size));
}

/* ---- places and messages ---- */

static struct place place_at(const struct reader *r, const char *text)
{
    return (struct place){ r->file, r->line, (long)(text - r->line_start) + 1 };
}

/* For "%.*s": a word, cut to what a message can take. */
static int shown(struct word w)
{
    return w.length < 60 ? (int)w.length : 60;
}

/* ---- lines and words ---- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *line_end(const struct reader *r)
{
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    return stop != NULL ? stop : r->end;
}

/* True where the zip of a stream begins. */
static bool at_zip(const struct reader *r)
{
    const char *p = r->at;
    return r->end - p >= 4 && p[0] == 'P' && p[1] == 'K' &&
           ((p[2] == 3 && p[3] == 4) || (p[2] == 5 && p[3] == 6) || (p[2] == 6 && p[3] == 6));
}

static void split_line(struct reader *r, const char *stop)
{
    r->word_count = 0;
    for (const char *p = r->line_start;;) {
        while (p < stop && is_blank(*p))
            p++;
        if (p == stop)
            return;
        const char *start = p;
        while (p < stop && !is_blank(*p))
            p++;
        r->words = grow(r->words, r->word_count, &r->word_room, sizeof *r->words);
        r->words[r->word_count++] = (struct word){ start, (size_t)(p - start) };
    }
}

/* Reads the next line that is not blank into words; false at the end of the text. */
static bool next_line(struct reader *r)
{
    while (r->at < r->end && !at_zip(r)) {
        const char *stop = line_end(r);
        r->line++;
        r->line_start = r->at;
        const char *zero = memchr(r->at, 0, (size_t)(stop - r->at));
        if (zero != NULL)
            die(STATUS_MALFORMED, place_at(r, zero), "a zero byte: this is no PNNX text");
        r->at = stop < r->end ? stop + 1 : stop;
        split_line(r, stop);
        if (r->word_count > 0)
            return true;
    }
    return false;
}

/* A count in decimal; dies with `what` in the message when it is none. */
static size_t read_count(const struct reader *r, struct word w, const char *what)
{
    size_t count = 0;
    for (size_t i = 0; i < w.length; i++) {
        if (w.text[i] < '0' || w.text[i] > '9' || i > 9)
            die(STATUS_MALFORMED, place_at(r, w.text), "'%.*s' is no number of %s", shown(w), w.text, what);
        count = count * 10 + (size_t)(w.text[i] - '0');
    }
    return count;
}

/* ---- the head ---- */

static void read_magic(struct reader *r)
{
    if (r->at == r->end && strcmp(r->file, "-") == 0) /* what failed in front of the pipe has said why */
        die(STATUS_MALFORMED, nowhere, "nothing came on standard input");
    if (!next_line(r))
        die(STATUS_MALFORMED, (struct place){ .file = r->file }, "an empty file: expected '%s'", MAGIC);
    struct word w = r->words[0];
    if (w.length != strlen(MAGIC) || memcmp(w.text, MAGIC, w.length) != 0 || r->word_count != 1)
        die(STATUS_MALFORMED, place_at(r, w.text),
            "'%.*s' is not the first line of a PNNX file: expected '%s'", shown(w), w.text, MAGIC);
}

static void read_counts(struct reader *r, size_t *operators, size_t *operands)
{
    if (!next_line(r))
        die(STATUS_MALFORMED, (struct place){ r->file, r->line + 1, 1 },
            "the file ends before the numbers of operators and operands");
    if (r->word_count != 2)
        die(STATUS_MALFORMED, place_at(r, r->line_start),
            "expected two numbers: of operators and of operands");
    *operators = read_count(r, r->words[0], "operators");
    *operands = read_count(r, r->words[1], "operands");
}

/* The operator lines from here to the end of the text. */
static size_t count_lines(struct reader *r)
{
    size_t count = 0;
    while (next_line(r))
        count++;
    return count;
}

/* ---- values, shapes ---- */

static void check_closed(const struct reader *r, struct word token, struct word value)
{
    char open = value.length > 0 ? value.text[0] : '\0';
    char close = open == '(' ? ')' : open == '[' ? ']' : '\0';
    if (close != '\0' && (value.length < 2 || value.text[value.length - 1] != close))
        die(STATUS_MALFORMED, place_at(r, token.text), "'%.*s' is not closed: expected %s'%c'", shown(token),
            token.text, value.text[value.length - 1] == ',' ? "a value or " : "", close);
}

/* Splits `key=value` behind `skip` marking bytes. */
static void split_token(struct word token, size_t skip, struct word *key, struct word *value)
{
    const char *end = token.text + token.length, *equals = memchr(token.text, '=', token.length);
    *key = (struct word){ token.text + skip, (size_t)(equals - token.text) - skip };
    *value = (struct word){ equals + 1, (size_t)(end - equals - 1) };
}

/* One dimension; `symbols` allows "?" and symbolic ones. */
static int64_t read_dimension(struct reader *r, struct word token, struct word w, bool symbols)
{
    char small[256];
    int64_t dim = DIM_UNKNOWN;
    while (w.length > 0 && is_blank(w.text[0]))
        w = (struct word){ w.text + 1, w.length - 1 };
    while (w.length > 0 && is_blank(w.text[w.length - 1]))
        w.length--;
    bool good = w.length > 0 && w.length < sizeof small;
    if (good) {
        memcpy(small, w.text, w.length);
        small[w.length] = '\0';
        good = dim_parse(r->g, small, &dim) && (symbols || dim_known(dim));
    }
    if (!good)
        die(STATUS_MALFORMED, place_at(r, w.text), "'%.*s' in '%.*s' is no size: expected an integer%s",
            shown(w), w.text, shown(token), token.text, symbols ? ", '?' or a named size such as '%h'" : "");
    return dim;
}

/* Reads "(1,3,224,224)f32" into shape[MAX_RANK]; returns the rank. */
static int read_shape(struct reader *r, struct word token, struct word text, bool symbols, int64_t *shape,
                      enum dtype *dtype)
{
    const char *p = text.text, *end = text.text + text.length, *close = end;
    while (close > p && close[-1] != ')')
        close--;
    if (text.length == 0 || *p != '(' || close <= p + 1)
        die(STATUS_MALFORMED, place_at(r, token.text), "'%.*s' is no shape: expected one such as (1,3,?)f32",
            shown(token), token.text);
    *dtype = dtype_from_tag(close, (size_t)(end - close));
    if (*dtype == DTYPE_COUNT)
        die(STATUS_MALFORMED, place_at(r, close),
            "'%.*s' ends in no known type: expected f32, i64, ... behind ')'", shown(token), token.text);
    int rank = 0;
    for (p++; p < close - 1;) {
        const char *comma = memchr(p, ',', (size_t)(close - 1 - p));
        const char *stop = comma != NULL ? comma : close - 1;
        if (rank == MAX_RANK)
            die(STATUS_MALFORMED, place_at(r, p), "'%.*s' has more than %d dimensions", shown(token),
                token.text, MAX_RANK);
        shape[rank++] = read_dimension(r, token, (struct word){ p, (size_t)(stop - p) }, symbols);
        p = stop + 1;
        if (comma != NULL && p == close - 1)
            die(STATUS_MALFORMED, place_at(r, p), "'%.*s' has a comma too many", shown(token), token.text);
    }
    return rank;
}

/* ---- operands of a line ---- */

static struct mark *mark_of(struct reader *r, const struct operand *x)
{
    if (x->id >= r->mark_room) {
        size_t old = r->mark_room;
        r->mark_room = size_mul(x->id + 64, 2);
        r->marks = xrealloc(r->marks, size_mul(r->mark_room, sizeof *r->marks));
        memset(r->marks + old, 0, (r->mark_room - old) * sizeof *r->marks);
    }
    struct mark *mark = &r->marks[x->id];
    if (mark->line != r->line)
        *mark = (struct mark){ .line = r->line };
    return mark;
}

/* The input that a token of this line speaks of; dies when it is not on the line. */
static struct operand *input_on_line(struct reader *r, struct word token, struct word name)
{
    struct operand *x = graph_find_operand(r->g, pnnx_decode(r->g->strings, name.text, name.length));
    if (x == NULL || x->id >= r->mark_room || r->marks[x->id].line != r->line)
        die(STATUS_MALFORMED, place_at(r, token.text),
            "'%.*s' names an operand that is no input of this operator", shown(token), token.text);
    return x;
}

static void read_inputs(struct reader *r, const struct word *words, size_t count)
{
    for (r->current.input_count = 0; r->current.input_count < count; r->current.input_count++) {
        struct word w = words[r->current.input_count];
        struct operand *x = graph_find_operand(r->g, pnnx_decode(r->g->strings, w.text, w.length));
        if (x == NULL)
            die(STATUS_MALFORMED, place_at(r, w.text),
                "the operand '%.*s' is not produced by any operator before", shown(w), w.text);
        struct mark *mark = mark_of(r, x);
        r->current.inputs = grow(r->current.inputs, r->current.input_count, &r->current.input_room,
                                 sizeof *r->current.inputs);
        r->current.inputs[r->current.input_count] = (struct read_input){ .operand = x, .before = mark->last };
        mark->last = r->current.input_count + 1;
    }
}

static void read_outputs(struct reader *r, struct operator *op, const struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = pnnx_decode(r->g->strings, words[i].text, words[i].length);
        const struct operand *other = graph_find_operand(r->g, name);
        if (other != NULL)
            die(STATUS_MALFORMED, place_at(r, words[i].text),
                "the operand '%.*s' is produced a second time%s", shown(words[i]), words[i].text,
                other->producer == op ? " by the same operator" : ": an earlier operator has it");
        mark_of(r, operator_add_output(op, name));
    }
}

/* ---- the words behind the operands ---- */

/* `$key=operand`.  Entries are taken from the last to the first, and each gets the last input that is this operand
 * and has no key yet: so the second of two equal inputs can be the one with a key. */
static void read_input_key(struct reader *r, struct word token)
{
    struct word key, name;
    split_token(token, 1, &key, &name);
    struct operand *x = input_on_line(r, token, name);
    struct mark *mark = mark_of(r, x);
    if (mark->last == 0)
        die(STATUS_MALFORMED, place_at(r, token.text),
            "'%.*s' names an operand that is no input without a key", shown(token), token.text);
    struct read_input *input = &r->current.inputs[mark->last - 1];
    mark->last = input->before;
    input->key = pnnx_decode(r->g->strings, key.text, key.length);
}

/* `#operand=(1,3)f32` on the line of the operand's producer or of a reader. */
static void read_operand_shape(struct reader *r, struct word token)
{
    struct word name, text;
    int64_t shape[MAX_RANK];
    enum dtype dtype;
    split_token(token, 1, &name, &text);
    struct operand *x = graph_find_operand(r->g, pnnx_decode(r->g->strings, name.text, name.length));
    int rank = read_shape(r, token, text, true, shape, &dtype);
    if (x == NULL || x->id >= r->mark_room || r->marks[x->id].line != r->line) {
        note(place_at(r, token.text), "'%.*s' is the shape of no operand of this operator, and is left out",
             shown(token), token.text);
        return;
    }
    if (x->rank == RANK_UNKNOWN) {
        operand_set_shape(x, dtype, rank, shape);
        return;
    }
    if (x->dtype != dtype || x->rank != rank ||
        (rank > 0 && memcmp(x->shape, shape, (size_t)rank * sizeof *shape) != 0))
        die(STATUS_MALFORMED, place_at(r, token.text), "'%.*s' contradicts an earlier shape of this operand",
            shown(token), token.text);
}

/* `@key=(8,3)f32`: the bytes come later. */
static void read_attribute(struct reader *r, struct operator *op, struct word name, struct word token)
{
    struct word key, text;
    int64_t shape[MAX_RANK];
    struct read_attribute p = { .op = op, .name = name, .at = place_at(r, token.text) };
    split_token(token, 1, &key, &text);
    p.key = key;
    p.attribute.key = pnnx_decode(r->g->strings, key.text, key.length);
    p.attribute.rank = read_shape(r, token, text, false, shape, &p.attribute.dtype);
    p.attribute.shape = arena_copy(&r->g->arena, shape, (size_t)p.attribute.rank * sizeof *shape);
    for (size_t i = r->attribute_count; i > 0 && r->attributes[i - 1].op == op; i--)
        if (r->attributes[i - 1].attribute.key == p.attribute.key)
            die(STATUS_MALFORMED, place_at(r, token.text), "the attribute '%.*s' is given twice", shown(key),
                key.text);
    r->attributes = grow(r->attributes, r->attribute_count, &r->attribute_room, sizeof *r->attributes);
    r->attributes[r->attribute_count++] = p;
}

static void read_parameter(struct reader *r, struct word token)
{
    struct word key, text;
    split_token(token, 0, &key, &text);
    if (key.length == 0)
        die(STATUS_MALFORMED, place_at(r, token.text), "'%.*s' is no parameter: expected key=value",
            shown(token), token.text);
    struct read_parameter p = { .key = pnnx_decode(r->g->strings, key.text, key.length) };
    if (pnnx_key_is_raw(p.key)) {
        p.value = pnnx_scan_raw(r->g->strings, p.key, text.text, text.length);
    } else {
        check_closed(r, token, text);
        p.value = pnnx_scan_value(&r->g->arena, r->g->strings, text.text, text.length);
    }
    for (size_t i = 0; i < r->current.parameter_count; i++)
        if (r->current.parameters[i].key == p.key)
            die(STATUS_MALFORMED, place_at(r, token.text), "the parameter '%.*s' is given twice", shown(key),
                key.text);
    r->current.parameters = grow(r->current.parameters, r->current.parameter_count,
                                 &r->current.parameter_room, sizeof *r->current.parameters);
    r->current.parameters[r->current.parameter_count++] = p;
}

/* Takes the parameter "0d" away, which lists the attributes without dimensions: upstream has no way to write these but
 * as (1).  An input without dimensions has its type there. */
static void read_scalars(struct reader *r, struct operator *op)
{
    size_t i = 0;
    while (i < r->current.parameter_count && strcmp(r->current.parameters[i].key, PNNX_SCALARS) != 0)
        i++;
    if (i == r->current.parameter_count)
        return;
    struct value keys = r->current.parameters[i].value;
    bool input = keys.kind == VALUE_STRING && operator_is(op, "pnnx.Input") && op->output_count == 1;
    enum dtype dtype = input ? dtype_from_tag(keys.string, strlen(keys.string)) : DTYPE_COUNT;
    if (keys.kind != VALUE_LIST && dtype == DTYPE_COUNT)
        return;
    r->current.parameters[i] = r->current.parameters[--r->current.parameter_count];
    if (dtype != DTYPE_COUNT) {
        operand_set_shape(op->outputs[0], dtype, 0, NULL);
        return;
    }
    for (size_t k = 0; k < keys.list.count; k++)
        for (size_t j = r->attribute_count; j > 0 && r->attributes[j - 1].op == op; j--) {
            struct attribute *a = &r->attributes[j - 1].attribute;
            if (keys.list.items[k].kind == VALUE_STRING && keys.list.items[k].string == a->key &&
                a->rank == 1 && a->shape[0] == 1)
                a->rank = 0;
        }
}

static bool has_equals(struct word w)
{
    return memchr(w.text, '=', w.length) != NULL;
}

/* Joins words to tokens, in place: a word without `=` belongs to the value before it.  So a string with blanks, which
 * the existing converter writes as it is, and `(3, 3)` are read.  Returns the number of tokens. */
static size_t join_words(struct word *words, size_t count)
{
    size_t tokens = 0;
    for (size_t i = 0; i < count; i++) {
        if (tokens == 0 || has_equals(words[i]))
            words[tokens++] = words[i];
        else
            words[tokens - 1].length = (size_t)(words[i].text + words[i].length - words[tokens - 1].text);
    }
    return tokens;
}

static void read_tokens(struct reader *r, struct operator *op, struct word *words, size_t count)
{
    r->current.parameter_count = 0;
    count = join_words(words, count);
    for (size_t i = 0; i < count; i++) {
        switch (words[i].text[0]) {
        case '@': read_attribute(r, op, r->words[1], words[i]); break;
        case '#': read_operand_shape(r, words[i]); break;
        case '$': break; /* below */
        default: read_parameter(r, words[i]);
        }
    }
    for (size_t i = count; i > 0; i--)
        if (words[i - 1].text[0] == '$')
            read_input_key(r, words[i - 1]);
    read_scalars(r, op);
}

/* ---- operators ---- */

static bool is_word(struct word w, const char *text)
{
    return w.length == strlen(text) && memcmp(w.text, text, w.length) == 0;
}

/* A type that a slip made of one of PyTorch's; other unknown types are the user's own, or newer than the table.  Classes
 * in full, torch.nn.modules.pooling.MaxPool2d, are modules that were kept whole. */
static void note_slip(const struct reader *r, const struct operator *op)
{
    static const char *const spaces[] = { "nn.", "F.", "torch.", "Tensor." };
    struct near near = near_start(op->type, strlen(op->type));
    const char *dot = strrchr(op->type, '.');
    bool ours = false;
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        ours = ours || strncmp(op->type, spaces[i], strlen(spaces[i])) == 0;
    if (!ours || strncmp(op->type, "torch.nn.", 9) == 0 || signature_find(r->g->signatures, op->type))
        return;
    signature_offer_types(r->g->signatures, &near);
    if (near.word && near.distance <= 2 &&
        2 * near.distance < strlen(dot + 1)) /* of a short name nothing is left */
        note(place_at(r, r->words[0].text), "unknown operator '%s' (did you mean '%s'?)", op->type,
             near.word);
}

/* The same of the keys of a type that the table has. */
static void note_key_slips(const struct reader *r, const struct operator *op)
{
    const struct signature *first = signature_find(r->g->signatures, op->type);
    for (size_t i = 0; first && i < op->argument_count; i++) {
        const char *key = op->arguments[i].key;
        struct near near = near_start(key, strlen(key));
        bool known = strlen(key) < 3; /* ids of layers */
        for (const struct signature *s = first; s && !known; s = s->next)
            known = signature_parameter(s, key);
        if (known)
            continue;
        signature_offer_parameters(first, &near);
        if (near.word && near.distance <= 2 && !operator_get(op, near.word))
            note(place_at(r, r->line_start), "%s '%s' has no argument '%s' (did you mean '%s'?)", op->type,
                 op->name, key, near.word);
    }
}

static void read_operator(struct reader *r)
{
    struct word *w = r->words;
    if (r->word_count < 4)
        die(STATUS_MALFORMED, place_at(r, r->line_start),
            "expected an operator: its type, its name, the numbers of its inputs and outputs");
    size_t inputs = read_count(r, w[2], "inputs"), outputs = read_count(r, w[3], "outputs");
    size_t operands = 0; /* the words up to the first with `=` in it */
    while (4 + operands < r->word_count && !has_equals(w[4 + operands]))
        operands++;
    if (operands != inputs + outputs)
        die(STATUS_MALFORMED, place_at(r, w[2].text),
            "the line has %zu operands: expected inputs and outputs that add up to it, not '%zu %zu'",
            operands, inputs, outputs);

    if (is_word(w[0], "pnnx.Output") && inputs > 1)
        die(STATUS_MALFORMED, place_at(r, w[2].text),
            "a pnnx.Output is one result: each has a line of its own");
    if (is_word(w[0], "Input") && inputs == 0 && r->g->operator_count == 0)
        die(STATUS_MALFORMED, place_at(r, w[0].text),
            "an ncnn model (its layers begin with Input): expected the PNNX model that it was made of");

    struct strings *strings = r->g->strings;
    struct operator *op = graph_add(r->g, NULL, pnnx_decode(strings, w[0].text, w[0].length),
                                    pnnx_decode(strings, w[1].text, w[1].length));
    op->line = r->line;
    read_inputs(r, w + 4, inputs);
    read_outputs(r, op, w + 4 + inputs, outputs);
    read_tokens(r, op, w + 4 + operands, r->word_count - 4 - operands);
    r->current.start = place_at(r, r->line_start);
    r->current.inputs_at = place_at(r, w[2].text);
    pnnx_set_arguments(op, &r->current);
    note_slip(r, op);
    note_key_slips(r, op);
}

static void read_text(struct reader *r)
{
    size_t operators, operands, read = 0;
    read_magic(r);
    read_counts(r, &operators, &operands);
    struct place at = place_at(r, r->words[0].text), operands_at = place_at(r, r->words[1].text);

    bool counted = operators > 0 || operands > 0; /* 0 0: by nobody */
    for (; (read < operators || !counted) && next_line(r); read++)
        read_operator(r);
    if (!counted)
        return;
    size_t found = read + (read == operators ? count_lines(r) : 0);
    if (found != operators)
        die(STATUS_MALFORMED, at, "the file has %zu operators: expected '%zu' here, not '%zu'", found, found,
            operators);
    if (r->g->operand_ids != operands)
        die(STATUS_MALFORMED, operands_at, "the file has %zu operands: expected '%zu' here, not '%zu'",
            r->g->operand_ids, r->g->operand_ids, operands);
}

/* ---- a model ---- */

struct graph *pnnx_parse(struct strings *strings, const struct signatures *signatures, struct mapping *text,
                         struct mapping *weights, bool trust)
{
    struct graph *g = graph_new(strings, signatures);
    g->file = text->name;
    const char *bytes = text->data != NULL ? (const char *)text->data : "";
    struct reader r = {
        .g = g, .file = text->name, .at = bytes, .end = bytes + text->size, .line_start = bytes
    };
    read_text(&r);
    size_t start = weights == NULL ? (size_t)(r.at - bytes) : 0; /* behind the text */
    pnnx_attach_weights(r.attributes, r.attribute_count, weights == NULL ? text : weights, start, trust);
    free(r.words);
    free(r.current.inputs);
    free(r.current.parameters);
    free(r.marks);
    free(r.attributes);
    return g;
}

static bool is_blank_line(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at == end;
}

/* The first two lines, and no zero byte in those that the second counts (0: nobody has counted them); then an archive or
 * the end. */
static bool begins_text(const uint8_t *bytes, size_t size)
{
    const char *at = (const char *)bytes, *end = at + size;
    char head[64] = "";
    long count, operands;
    memcpy(head, at, size < sizeof head ? size : sizeof head - 1);
    if (sscanf(head, MAGIC " %ld%*[ \t]%ld", &count, &operands) != 2 || count < 0)
        return false;
    for (long lines = count + 2; at < end && (lines > 0 || count == 0);) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *line = at;
        at = stop != NULL ? stop + 1 : end;
        if (count == 0 && zip_starts((const uint8_t *)line, (size_t)(end - line)))
            return true;
        if (memchr(line, 0, (size_t)(at - line)) != NULL)
            return false;
        lines -= !is_blank_line(line, at);
    }
    return end - at < 4 || zip_starts((const uint8_t *)at, (size_t)(end - at)) || *at == '\n';
}

struct graph *pnnx_read(struct strings *strings, const struct signatures *signatures,
                        const struct model_names *in)
{
    struct mapping *text = mapping_open_as(in->param, begins_text);
    if (in->param != NULL && text->size && zip_starts(text->data, text->size))
        die(STATUS_MALFORMED, (struct place){ .file = in->param },
            "an archive of weights: the text comes first, then the weights");
    struct mapping *weights = in->param != NULL ? mapping_open_as(in->bin, zip_starts) : NULL;
    return pnnx_parse(strings, signatures, text, weights, in->trust);
}
