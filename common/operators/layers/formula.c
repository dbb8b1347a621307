/* formula.c - see formula.h: by recursive descent over the text, a function for each rank of operators.  The depth is that
 * of the table's own brackets. */
#include "common/operators/layers/formula.h"

#include <stdlib.h>
#include <string.h>

struct formula {
    const char *at;
    const struct signature *signature;
    const struct operator *op; /* NULL: only whether the text is a formula */
    bool broken;               /* the text is none */
    bool unknown;              /* it has no value */
};

struct term {
    int64_t value;
    bool given; /* no parameter that is left out */
};

static struct term read_else(struct formula *f);

static struct term number(int64_t value)
{
    return (struct term){ value, true };
}

static bool accept(struct formula *f, const char *word)
{
    size_t length = strlen(word);
    f->at += strspn(f->at, " ");
    bool letters = word[0] >= 'a' && word[0] <= 'z';
    if (strncmp(f->at, word, length) != 0 || (letters && f->at[length] != ' ' && f->at[length] != '('))
        return false;
    f->at += length;
    return true;
}

static struct term parameter(struct formula *f)
{
    char name[48];
    size_t length = strspn(f->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (length == 0 || length >= sizeof name) {
        f->broken = true;
        return number(1);
    }
    memcpy(name, f->at, length);
    name[length] = 0;
    f->at += length;
    const struct parameter *p = signature_parameter(f->signature, name);
    f->broken = f->broken || !p;
    const struct value *v = p && f->op ? operator_get(f->op, p->name) : NULL;
    f->unknown = f->unknown || (v && v->kind != VALUE_INT);
    return v && v->kind == VALUE_INT ? number(v->integer) : (struct term){ 0, false };
}

static struct term read_atom(struct formula *f)
{
    if (accept(f, "(")) {
        struct term t = read_else(f);
        f->broken = f->broken || !accept(f, ")");
        return t;
    }
    if (accept(f, "-"))
        return number(-read_atom(f).value);
    if (*f->at < '0' || *f->at > '9')
        return parameter(f);
    char *end;
    long long digits = strtoll(f->at, &end, 10);
    f->at = end;
    return number(digits);
}

static struct term divided(struct formula *f, int64_t a, int64_t b, bool remainder)
{
    if (b <= 0) {
        f->unknown = true;
        return number(0);
    }
    return number(remainder ? a % b : a / b);
}

static struct term read_product(struct formula *f)
{
    struct term t = read_atom(f);
    for (;;) {
        if (accept(f, "*")) {
            int64_t a = t.value;
            t = number(0);
            f->unknown = !int_mul(a, read_atom(f).value, &t.value) || f->unknown;
        } else if (accept(f, "/")) {
            t = divided(f, t.value, read_atom(f).value, false);
        } else if (accept(f, "%")) {
            t = divided(f, t.value, read_atom(f).value, true);
        } else {
            return t;
        }
    }
}

static struct term read_sum(struct formula *f)
{
    struct term t = read_product(f);
    for (;;) {
        int sign = accept(f, "+") ? 1 : accept(f, "-") ? -1 : 0;
        if (!sign)
            return t;
        int64_t a = t.value, b = read_product(f).value;
        t = number(0);
        f->unknown = b == INT64_MIN || !int_add(a, sign * b, &t.value) || f->unknown;
    }
}

static struct term read_comparison(struct formula *f)
{
    struct term t = read_sum(f);
    int64_t a = t.value;
    if (accept(f, "=="))
        return number(a == read_sum(f).value);
    if (accept(f, "!="))
        return number(a != read_sum(f).value);
    if (accept(f, "<="))
        return number(a <= read_sum(f).value);
    if (accept(f, ">="))
        return number(a >= read_sum(f).value);
    if (accept(f, "<"))
        return number(a < read_sum(f).value);
    if (accept(f, ">"))
        return number(a > read_sum(f).value);
    return t;
}

static struct term read_not(struct formula *f)
{
    if (accept(f, "not"))
        return number(!read_not(f).value);
    return read_comparison(f);
}

static struct term read_and(struct formula *f)
{
    struct term t = read_not(f);
    while (accept(f, "and")) {
        struct term right = read_not(f);
        t = number(t.value ? right.value : t.value);
    }
    return t;
}

static struct term read_or(struct formula *f)
{
    struct term t = read_and(f);
    while (accept(f, "or")) {
        struct term right = read_and(f);
        t = number(t.value ? t.value : right.value);
    }
    return t;
}

static struct term read_else(struct formula *f)
{
    struct term t = read_or(f);
    while (accept(f, "else")) {
        struct term right = read_or(f);
        t = t.given ? t : right;
    }
    return t;
}

static struct term read_formula(struct formula *f)
{
    struct term t = read_else(f);
    f->at += strspn(f->at, " ");
    f->broken = f->broken || *f->at != 0;
    return t;
}

bool formula_fits(const char *text, const struct signature *signature)
{
    struct formula f = { .at = text, .signature = signature };
    read_formula(&f);
    return !f.broken;
}

bool formula_value(const char *text, const struct operator *op, int64_t *value)
{
    struct formula f = { .at = text, .op = op };
    f.signature = signature_find(op->graph->signatures, op->type);
    *value = read_formula(&f).value;
    return !f.unknown && !f.broken;
}
