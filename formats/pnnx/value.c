/* value.c - the spelling of names and values in the PNNX text, both ways.  The rules are in pnnx(5). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/float_text.h"
#include "formats/pnnx/pnnx.h"
#include "formats/pnnx/text.h"

/* Lists inside lists beyond this depth are a string. */
#define MAX_DEPTH 32

/* ---- growing text ---- */

void text_put(struct text_buffer *buffer, const char *bytes, size_t size)
{
    if (size > buffer->room - buffer->size) {
        buffer->room = size_add(size_mul(buffer->room, 2), size_add(size, 256));
        buffer->bytes = xrealloc(buffer->bytes, buffer->room);
    }
    if (size > 0)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

void text_puts(struct text_buffer *buffer, const char *text)
{
    text_put(buffer, text, strlen(text));
}

void text_release(struct text_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct text_buffer){ 0 };
}

/* ---- percent codes ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* The byte that the text encodes at its beginning; -1 when it begins no code. */
static int code_at(const char *text, size_t length)
{
    if (length < 3 || text[0] != '%' || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
        return -1;
    return hex_digit(text[1]) * 16 + hex_digit(text[2]);
}

const char *pnnx_decode(struct strings *strings, const char *text, size_t length)
{
    if (memchr(text, '%', length) == NULL)
        return intern_length(strings, text, length);
    char *plain = xmalloc(length);
    size_t size = 0;
    for (size_t i = 0; i < length;) {
        int code = code_at(text + i, length - i);
        if (code != 0) /* %00 is the empty text, where there must be one */
            plain[size++] = code > 0 ? (char)code : text[i];
        i += code >= 0 ? 3 : 1;
    }
    const char *name = intern_length(strings, plain, size);
    free(plain);
    return name;
}

static void put_code(struct text_buffer *buffer, char c)
{
    static const char digits[] = "0123456789ABCDEF";
    char code[3] = { '%', digits[(unsigned char)c >> 4], digits[(unsigned char)c & 15] };
    text_put(buffer, code, sizeof code);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool has_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_blank(text[i]))
            return true;
    return false;
}

/* Blanks end a word, control characters are none, and the percent sign begins codes. */
static bool is_special(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f || c == '%';
}

/* Appends text with the special characters, those of `also` and, if asked, the first one encoded. */
static void put_encoded(struct text_buffer *buffer, const char *text, const char *also, bool encode_first)
{
    if (text[0] != '\0' && encode_first)
        put_code(buffer, *text++);
    for (const char *plain = text;; text++) {
        if (*text != '\0' && !is_special(*text) && (also[0] == '\0' || strchr(also, *text) == NULL))
            continue;
        text_put(buffer, plain, (size_t)(text - plain));
        if (*text == '\0')
            return;
        put_code(buffer, *text);
        plain = text + 1;
    }
}

void pnnx_put_name(struct text_buffer *buffer, const char *name, enum name_place place)
{
    if (name[0] == '\0')
        text_puts(buffer, "%00");
    bool marked = place == NAME_KEY && name[0] != '\0' && strchr("@$#", name[0]) != NULL;
    put_encoded(buffer, name, place == NAME_FIELD ? "" : "=", marked);
}

/* ---- numbers ---- */

const char *pnnx_float_text(struct arena *arena, double f)
{
    char text[FLOAT_TEXT];
    float_text(text, f);
    return arena_text(arena, text, strlen(text));
}

static const char *scan_digits(const char *p, const char *end)
{
    while (p < end && is_digit(*p))
        p++;
    return p;
}

/* The end of "inf", "nan" or "nan.0" at p; NULL: none. */
static const char *scan_named(const char *p, const char *end)
{
    size_t room = (size_t)(end - p);
    if (room >= 3 && memcmp(p, "inf", 3) == 0)
        return p + 3;
    if (room >= 3 && memcmp(p, "nan", 3) == 0)
        return room >= 5 && memcmp(p + 3, ".0", 2) == 0 ? p + 5 : p + 3;
    return NULL;
}

/* The end of the number at p, or NULL; *integer tells whether it has neither point nor exponent. */
static const char *scan_number(const char *p, const char *end, bool *integer)
{
    *integer = false;
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *named = scan_named(p, end);
    if (named != NULL)
        return named;
    const char *whole = scan_digits(p, end), *after = whole;
    *integer = whole > p;
    if (after < end && *after == '.') {
        after = scan_digits(after + 1, end);
        if (whole == p && after == whole + 1)
            return NULL; /* a point alone */
        *integer = false;
    } else if (whole == p) {
        return NULL;
    }
    if (after < end && (*after == 'e' || *after == 'E')) {
        const char *power = after + 1;
        if (power < end && (*power == '-' || *power == '+'))
            power++;
        const char *last = scan_digits(power, end);
        if (last > power) {
            after = last;
            *integer = false;
        }
    }
    return after;
}

/* The double that [p, end) spells, a text that scan_number() has accepted. */
static double to_double(const char *p, const char *end)
{
    char small[64], *copy = small;
    size_t length = (size_t)(end - p);
    if (length >= sizeof small)
        copy = xmalloc(length + 1);
    memcpy(copy, p, length);
    copy[length] = '\0';
    double f = float_read(copy, NULL); /* out of range: 0 or infinity, as it should be */
    if (copy != small)
        free(copy);
    return f;
}

/* Decimal or, behind 0x, hexadecimal digits; false when the number has more than 64 bits. */
static bool to_int(const char *p, const char *end, int base, int64_t *out)
{
    bool negative = *p == '-';
    uint64_t limit = (uint64_t)INT64_MAX + negative, sum = 0;
    if (*p == '-' || *p == '+')
        p++;
    if (base == 16)
        p += 2;
    for (; p < end; p++) {
        uint64_t digit = (uint64_t)hex_digit(*p);
        if (sum > (limit - digit) / (uint64_t)base)
            return false;
        sum = sum * (uint64_t)base + digit;
    }
    *out = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

static bool is_hexadecimal(const char *p, const char *end)
{
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    if (end - p < 3 || p[0] != '0' || (p[1] != 'x' && p[1] != 'X'))
        return false;
    for (p += 2; p < end; p++)
        if (hex_digit(*p) < 0)
            return false;
    return true;
}

/* A complex number: "1.0-2.0j", "1.0+-2.0j" (upstream's), "2.0j". */
static bool scan_complex(const char *p, const char *end, struct value *out)
{
    bool integer;
    if (end == p || end[-1] != 'j')
        return false;
    end--;
    const char *middle = scan_number(p, end, &integer);
    if (middle == NULL)
        return false;
    if (middle == end) {
        *out = value_complex(0, to_double(p, end));
        return true;
    }
    const char *second = middle;
    if (end - middle >= 2 && middle[0] == '+' && middle[1] == '-')
        second++;
    else if (*middle != '+' && *middle != '-')
        return false;
    if (scan_number(second, end, &integer) != end)
        return false;
    *out = value_complex(to_double(p, middle), to_double(second, end));
    return true;
}

static bool scan_any_number(const char *p, const char *end, struct value *out)
{
    bool integer;
    int64_t i;
    const char *after = scan_number(p, end, &integer);
    if (after == end && !integer) {
        *out = value_float(to_double(p, end));
        return true;
    }
    int base = after == end ? 10 : is_hexadecimal(p, end) ? 16 : 0;
    if (base != 0 && to_int(p, end, base, &i)) {
        *out = value_int(i);
        return true;
    }
    return scan_complex(p, end, out);
}

/* ---- values from text ---- */

bool pnnx_key_is_raw(const char *key)
{
    return strcmp(key, "expr") == 0 || strcmp(key, "indexes") == 0 || strcmp(key, "equation") == 0;
}

struct scanner {
    struct arena *arena;
    struct strings *strings;
};

static struct value scan(const struct scanner *s, const char *text, size_t length, int depth);

static bool is_text(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

static bool is_list(const char *text, size_t length)
{
    return length >= 2 &&
           ((text[0] == '(' && text[length - 1] == ')') || (text[0] == '[' && text[length - 1] == ']'));
}

/* The end of the list item at p: the next comma outside of inner lists. */
static const char *item_end(const char *p, const char *end)
{
    int open = 0;
    for (; p < end && (open > 0 || *p != ','); p++) {
        open += *p == '(' || *p == '[';
        open -= open > 0 && (*p == ')' || *p == ']');
    }
    return p;
}

static struct value scan_list(const struct scanner *s, const char *p, const char *end, int depth)
{
    size_t count = 0, i = 0;
    for (const char *at = p; at < end; at = item_end(at, end) + 1)
        count++;
    struct value *items = arena_array(s->arena, count, sizeof *items);
    for (const char *at = p; at < end; i++) {
        const char *stop = item_end(at, end), *last = stop;
        while (at < last && is_blank(*at))
            at++;
        while (at < last && is_blank(last[-1]))
            last--;
        items[i] = scan(s, at, (size_t)(last - at), depth + 1);
        at = stop + 1;
    }
    return value_list(items, count);
}

static struct value scan_kind(const struct scanner *s, const char *text, size_t length, int depth)
{
    struct value number;
    if (memchr(text, '%', length) != NULL && !is_list(text, length))
        return value_string(pnnx_decode(s->strings, text, length));
    if (is_text(text, length, "None"))
        return value_none();
    if (is_text(text, length, "True") || is_text(text, length, "False"))
        return value_bool(text[0] == 'T');
    if (is_list(text, length) && depth < MAX_DEPTH)
        return scan_list(s, text + 1, text + length - 1, depth);
    if (scan_any_number(text, text + length, &number))
        return number;
    return value_string(pnnx_decode(s->strings, text, length));
}

static void put_value(struct text_buffer *buffer, const struct value *v, bool in_list);

/* Keeps the spelling where the writer would choose another one. */
static void keep_spelling(struct strings *strings, struct value *v, const char *text, size_t length,
                          bool in_list)
{
    struct text_buffer usual = { 0 };
    put_value(&usual, v, in_list);
    if (usual.size != length || (length > 0 && memcmp(usual.bytes, text, length) != 0))
        v->text = intern_length(strings, text, length);
    text_release(&usual);
}

static struct value scan(const struct scanner *s, const char *text, size_t length, int depth)
{
    struct value v = scan_kind(s, text, length, depth);
    keep_spelling(s->strings, &v, text, length, depth > 0);
    return v;
}

struct value pnnx_scan_value(struct arena *arena, struct strings *strings, const char *text, size_t length)
{
    struct scanner s = { arena, strings };
    return scan(&s, text, length, 0);
}

struct value pnnx_scan_raw(struct strings *strings, const char *key, const char *text, size_t length)
{
    struct value v = value_string(strcmp(key, "equation") == 0 ? pnnx_decode(strings, text, length)
                                                               : intern_length(strings, text, length));
    if (has_blank(text, length))
        v.text = intern_length(strings, text, length);
    return v;
}

struct value pnnx_parse_value(struct graph *g, const char *text, size_t length)
{
    return pnnx_scan_value(&g->arena, g->strings, text, length);
}

/* ---- values to text ---- */

/* True when the bare text would be read as something else than a string: by scan_kind(), or by upstream, which
 * takes what begins with a digit for a number. */
static bool looks_otherwise(const char *text)
{
    struct value number;
    size_t length = strlen(text);
    if (is_digit(text[0]) || (text[0] == '-' && is_digit(text[1])))
        return true;
    return is_text(text, length, "None") || is_text(text, length, "True") || is_text(text, length, "False") ||
           scan_any_number(text, text + length, &number);
}

static bool has_special(const char *text)
{
    for (; *text != '\0'; text++)
        if (is_special(*text))
            return true;
    return false;
}

static void put_string(struct text_buffer *buffer, const char *text, bool in_list)
{
    if (text[0] == '\0' && in_list)
        text_puts(buffer, "%00");
    bool bracket = text[0] == '(' || text[0] == '[';
    bool encode_first =
        bracket || (!has_special(text) && looks_otherwise(text));      /* a code makes it a string */
    put_encoded(buffer, text, in_list ? "=,()[]" : "=", encode_first); /* Netron takes one `=` a word */
}

static void put_float(struct text_buffer *buffer, double f)
{
    char text[FLOAT_TEXT];
    float_text(text, f);
    text_puts(buffer, text);
}

void pnnx_put_int(struct text_buffer *buffer, int64_t i)
{
    char text[24], *p = text + sizeof text;
    uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do
        *--p = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (i < 0)
        *--p = '-';
    text_put(buffer, p, (size_t)(text + sizeof text - p));
}

/* Upstream has 32-bit integers, and cannot read longer ones.  The ends of the 64-bit range, which mean "to the end"
 * where they occur, are written as those of its range, as upstream does. */
static int64_t upstream_int(int64_t i)
{
    if (i >= INT64_MAX - 1)
        return i - INT64_MAX + INT32_MAX;
    if (i <= INT64_MIN + 1)
        return i - INT64_MIN + INT32_MIN;
    return i;
}

static void put_complex(struct text_buffer *buffer, double re, double im)
{
    put_float(buffer, re);
    if (!signbit(im) || isnan(im))
        text_puts(buffer, "+");
    put_float(buffer, im);
    text_puts(buffer, "j");
}

static void put_list(struct text_buffer *buffer, const struct value *v)
{
    text_puts(buffer, "(");
    for (size_t i = 0; i < v->list.count; i++) {
        if (i > 0)
            text_puts(buffer, ",");
        put_value(buffer, &v->list.items[i], true);
    }
    text_puts(buffer, ")");
}

static void put_value(struct text_buffer *buffer, const struct value *v, bool in_list)
{
    if (v->text != NULL) {
        text_puts(buffer, v->text);
        return;
    }
    switch (v->kind) {
    case VALUE_NONE: text_puts(buffer, "None"); break;
    case VALUE_BOOL: text_puts(buffer, v->boolean ? "True" : "False"); break;
    case VALUE_INT: pnnx_put_int(buffer, upstream_int(v->integer)); break;
    case VALUE_FLOAT: put_float(buffer, v->real); break;
    case VALUE_COMPLEX: put_complex(buffer, v->complex.re, v->complex.im); break;
    case VALUE_STRING: put_string(buffer, v->string, in_list); break;
    case VALUE_LIST: put_list(buffer, v); break;
    case VALUE_OPERAND: break; /* excluded by the callers */
    }
}

bool pnnx_put_value(struct text_buffer *buffer, const char *key, const struct value *v)
{
    if (value_has_operand(v))
        return false;
    if (key == NULL || v->kind != VALUE_STRING || !pnnx_key_is_raw(key)) {
        put_value(buffer, v, false);
        return true;
    }
    if (v->text == NULL && strcmp(key, "equation") == 0) {
        put_encoded(buffer, v->string, "", false);
        return true;
    }
    if (v->text == NULL && has_blank(v->string, strlen(v->string)))
        return false;
    text_puts(buffer, v->text != NULL ? v->text : v->string);
    return true;
}

const char *pnnx_value_text(struct arena *arena, struct value v)
{
    struct text_buffer buffer = { 0 };
    put_value(&buffer, &v, false);
    const char *text = arena_text(arena, buffer.bytes != NULL ? buffer.bytes : "", buffer.size);
    text_release(&buffer);
    return text;
}
