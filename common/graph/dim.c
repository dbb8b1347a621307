/* dim.c - polynomials over named sizes.
 *
 * A symbolic dimension is a sum of terms; a term is an integer times a product of atoms; an atom is a name, a
 * floor division that is not exact, a minimum or maximum that is not known, or a product with a float, rounded down.  Terms and atoms are kept in a fixed order that depends on their texts alone,
 * so that a polynomial has one text, whatever made it; the text identifies it. */
#include "common/graph/dim.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/base/float_text.h"
#include "common/graph/graph.h"

/* Larger polynomials become unknown: they mean that nobody can read them. */
enum { MAX_TERMS = 32, MAX_DEGREE = DIM_DEGREE, MAX_DEPTH = 40, MAX_TEXT = 1000 };

struct atom {
    const char *text;      /* interned: "h", "(h+1)//2" */
    struct dim_part value; /* its name is the text */
    int64_t least;         /* what it is at least */
    struct dim_note note;
};

struct term {
    int64_t factor; /* never 0 in a finished polynomial */
    int degree;
    uint32_t atoms[MAX_DEGREE]; /* degree indices into symbols.atoms, in the order of atom_compare() */
};

struct polynomial {
    int count;
    struct term terms[MAX_TERMS]; /* in the order of term_compare() */
};

/* A finished polynomial; its dimension is FIRST - its index. */
struct symbol {
    const char *text; /* interned, without the percent sign */
    int count;
    const struct term *terms;
};

struct symbols {
    struct atom *atoms;
    size_t atom_count;
    struct symbol *items;
    size_t count;
    uint32_t *index; /* hash of texts to items, numbers + 1; 0: free */
    size_t room;     /* of index: a power of two */
};

#define FIRST (DIM_UNKNOWN - 1)

static struct symbols *symbols_of(struct graph *g)
{
    if (!g->symbols)
        g->symbols = arena_alloc(&g->arena, sizeof *g->symbols);
    return g->symbols;
}

static const struct symbol *symbol_of(const struct graph *g, int64_t d)
{
    if (d > FIRST || !g->symbols || (uint64_t)(FIRST - d) >= g->symbols->count)
        return NULL;
    return &g->symbols->items[FIRST - d];
}

/* Order */

static int atom_compare(const struct symbols *s, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    if (s->atoms[a].value.kind != s->atoms[b].value.kind)
        return (int)s->atoms[a].value.kind - (int)s->atoms[b].value.kind;
    return strcmp(s->atoms[a].text, s->atoms[b].text);
}

/* Higher degrees first, then in the order of the atoms: an order that multiplication keeps, which is what
 * division needs. */
static int term_compare(const struct symbols *s, const struct term *a, const struct term *b)
{
    if (a->degree != b->degree)
        return b->degree - a->degree;
    for (int i = 0; i < a->degree; i++) {
        int order = atom_compare(s, a->atoms[i], b->atoms[i]);
        if (order)
            return order;
    }
    return 0;
}

/* Adds a term; false when the result does not fit. */
static bool polynomial_add(const struct symbols *s, struct polynomial *p, const struct term *t)
{
    assert(p->count >= 0 && p->count <= MAX_TERMS && t->degree <= MAX_DEGREE);
    int at = 0;
    int order = 1;
    if (t->factor == 0)
        return true;
    while (at < p->count && (order = term_compare(s, &p->terms[at], t)) < 0)
        at++;
    if (at < p->count && order == 0) {
        if (!int_add(p->terms[at].factor, t->factor, &p->terms[at].factor))
            return false;
        if (p->terms[at].factor == 0) {
            memmove(&p->terms[at], &p->terms[at + 1], (size_t)(p->count - at - 1) * sizeof *t);
            p->count--;
        }
        return true;
    }
    if (p->count == MAX_TERMS)
        return false;
    memmove(&p->terms[at + 1], &p->terms[at], (size_t)(p->count - at) * sizeof *t);
    p->terms[at] = *t;
    p->count++;
    return true;
}

static bool term_multiply(const struct symbols *s, const struct term *a, const struct term *b,
                          struct term *out)
{
    int i = 0, j = 0;
    *out = (struct term){ .degree = 0 };
    if (a->degree + b->degree > MAX_DEGREE || !int_mul(a->factor, b->factor, &out->factor))
        return false;
    while (i < a->degree || j < b->degree) {
        bool left = j == b->degree || (i < a->degree && atom_compare(s, a->atoms[i], b->atoms[j]) <= 0);
        out->atoms[out->degree++] = left ? a->atoms[i++] : b->atoms[j++];
    }
    return true;
}

/* a / b when b's atoms are among a's and the factors divide. */
static bool term_divide(const struct symbols *s, const struct term *a, const struct term *b, struct term *out)
{
    int j = 0;
    *out = (struct term){ .degree = 0 };
    if (b->factor == 0 || b->factor == -1 || a->factor % b->factor != 0)
        return false;
    out->factor = a->factor / b->factor;
    for (int i = 0; i < a->degree; i++) {
        if (j < b->degree && atom_compare(s, a->atoms[i], b->atoms[j]) == 0)
            j++;
        else
            out->atoms[out->degree++] = a->atoms[i];
    }
    return j == b->degree;
}

/* Between dimensions and polynomials */

/* False: unknown. */
static bool polynomial_of(const struct graph *g, int64_t d, struct polynomial *p)
{
    const struct symbol *symbol;
    p->count = 0;
    if (d > 0)
        p->terms[p->count++] = (struct term){ .factor = d };
    if (d >= 0)
        return true;
    symbol = symbol_of(g, d);
    if (!symbol)
        return false;
    memcpy(p->terms, symbol->terms, (size_t)symbol->count * sizeof *p->terms);
    p->count = symbol->count;
    return true;
}

/* A text that is built piece by piece; full when it got too long. */
struct text {
    char chars[MAX_TEXT];
    size_t length;
    bool full;
};

static void text_add(struct text *t, const char *piece)
{
    size_t n = strlen(piece);
    if (t->full || n >= sizeof t->chars - t->length) {
        t->full = true;
        return;
    }
    memcpy(t->chars + t->length, piece, n + 1);
    t->length += n;
}

static void text_add_int(struct text *t, int64_t i)
{
    char digits[24];
    char *at = digits + sizeof digits - 1;
    uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;
    *at = '\0';
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (i < 0)
        *--at = '-';
    text_add(t, at);
}

static void text_add_term(struct text *t, const struct symbols *s, const struct term *term, bool first)
{
    if (term->factor >= 0 && !first)
        text_add(t, "+");
    if (term->degree == 0 || (term->factor != 1 && term->factor != -1))
        text_add_int(t, term->factor);
    else if (term->factor == -1)
        text_add(t, "-");
    for (int i = 0; i < term->degree; i++) {
        const struct atom *a = &s->atoms[term->atoms[i]];
        bool parentheses = a->value.kind == DIM_FLOOR && (term->degree > 1 || term->factor != 1);
        if (i > 0 || (term->factor != 1 && term->factor != -1))
            text_add(t, "*");
        text_add(t, parentheses ? "(" : "");
        text_add(t, a->text);
        text_add(t, parentheses ? ")" : "");
    }
}

static size_t text_hash(const char *interned)
{
    return (size_t)(((uintptr_t)interned >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 20);
}

static void symbols_index(struct symbols *s, uint32_t number)
{
    size_t at = text_hash(s->items[number].text) & (s->room - 1);
    while (s->index[at])
        at = (at + 1) & (s->room - 1);
    s->index[at] = number + 1;
}

static void symbols_add(struct graph *g, const struct polynomial *p, const char *text)
{
    struct symbols *s = symbols_of(g);
    s->items = arena_grow(&g->arena, s->items, s->count, sizeof *s->items);
    s->items[s->count] = (struct symbol){
        .text = text,
        .count = p->count,
        .terms = arena_copy(&g->arena, p->terms, (size_t)p->count * sizeof *p->terms),
    };
    s->count++;
    if (s->count * 2 <= s->room) {
        symbols_index(s, (uint32_t)(s->count - 1));
        return;
    }
    s->room = s->room ? s->room * 2 : 64;
    s->index = arena_array(&g->arena, s->room, sizeof *s->index);
    for (size_t i = 0; i < s->count; i++)
        symbols_index(s, (uint32_t)i);
}

/* The number of the symbol with that interned text; -1: there is none. */
static int64_t symbols_find(const struct symbols *s, const char *text)
{
    if (!s->room)
        return -1;
    for (size_t at = text_hash(text) & (s->room - 1); s->index[at]; at = (at + 1) & (s->room - 1))
        if (s->items[s->index[at] - 1].text == text)
            return s->index[at] - 1;
    return -1;
}

/* The dimension of a finished polynomial.  A negative constant is a symbol too: it may become a size again. */
static int64_t polynomial_dim(struct graph *g, const struct polynomial *p)
{
    struct symbols *s = symbols_of(g);
    struct text t = { .length = 0 };
    const char *text;
    int64_t number;
    if (p->count == 0)
        return 0;
    if (p->count == 1 && p->terms[0].degree == 0 && p->terms[0].factor > 0)
        return p->terms[0].factor;
    for (int i = 0; i < p->count; i++)
        text_add_term(&t, s, &p->terms[i], i == 0);
    if (t.full || s->count >= UINT32_MAX / 4)
        return DIM_UNKNOWN;
    text = intern_length(g->strings, t.chars, t.length);
    number = symbols_find(s, text);
    if (number >= 0)
        return FIRST - number;
    symbols_add(g, p, text);
    return FIRST - (int64_t)(s->count - 1);
}

/* The dimension that is this atom; the text of an atom is that of the polynomial which is it alone. */
static int64_t atom_dim(struct graph *g, struct atom atom)
{
    struct symbols *s = symbols_of(g);
    struct polynomial p = { .count = 1, .terms = { { .factor = 1, .degree = 1 } } };
    int64_t number = symbols_find(s, atom.text);
    if (number >= 0)
        return FIRST - number;
    p.terms[0].atoms[0] = (uint32_t)s->atom_count;
    s->atoms = arena_grow(&g->arena, s->atoms, s->atom_count, sizeof *s->atoms);
    s->atoms[s->atom_count++] = atom;
    return polynomial_dim(g, &p);
}

int64_t dim_named(struct graph *g, const char *name)
{
    name = intern(g->strings, name);
    return atom_dim(g, (struct atom){ .text = name, .value = { .name = name }, .least = 1 });
}

/* The atom that a name is; NULL: d is none. */
static struct atom *name_of(const struct graph *g, int64_t d)
{
    const struct symbol *symbol = symbol_of(g, d);
    const struct term *t = symbol && symbol->count == 1 ? symbol->terms : NULL;
    struct atom *a = t && t->factor == 1 && t->degree == 1 ? &g->symbols->atoms[t->atoms[0]] : NULL;
    return a && a->value.kind == DIM_NAME ? a : NULL;
}

void dim_set_note(struct graph *g, int64_t name, struct dim_note note)
{
    name_of(g, name)->note = note;
}

struct dim_note dim_get_note(const struct graph *g, int64_t d)
{
    const struct atom *a = name_of(g, d);
    return a ? a->note : (struct dim_note){ 0 };
}

int64_t dim_fresh(struct graph *g)
{
    struct symbols *s = symbols_of(g);
    for (size_t i = 0;; i++) {
        const char *name = intern(g->strings, arena_printf(&g->arena, "d%zu", i));
        if (symbols_find(s, name) < 0)
            return dim_named(g, name);
    }
}

int64_t dim_int(struct graph *g, int64_t i)
{
    struct polynomial p = { .count = 1, .terms = { { .factor = i } } };
    return i >= 0 ? i : polynomial_dim(g, &p);
}

bool dim_constant(const struct graph *g, int64_t d, int64_t *out)
{
    const struct symbol *symbol = symbol_of(g, d);
    if (d >= 0)
        *out = d;
    if (d >= 0 || !symbol || symbol->count != 1 || symbol->terms[0].degree != 0)
        return d >= 0;
    *out = symbol->terms[0].factor;
    return true;
}

bool dim_term(const struct graph *g, int64_t d, int i, struct dim_term *out)
{
    const struct symbol *symbol = symbol_of(g, d);
    if (!symbol || i >= symbol->count)
        return false;
    const struct term *t = &symbol->terms[i];
    *out = (struct dim_term){ .factor = t->factor, .count = t->degree };
    for (int k = 0; k < t->degree; k++)
        out->parts[k] = g->symbols->atoms[t->atoms[k]].value;
    return true;
}

/* ---- bounds ---- */

static const struct atom *atom_of(const struct graph *g, const struct term *t, int i)
{
    return &g->symbols->atoms[t->atoms[i]];
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

static int64_t floor_int(int64_t a, int64_t b) /* b > 0 */
{
    return a / b - (a % b < 0);
}

/* floor(a * factor); 0 where that is no number that can be counted with. */
static int64_t scale_int(int64_t a, double factor)
{
    double product = floor((double)a * factor);
    return fabs(product) < 0x1p53 ? (int64_t)product : 0;
}

static bool dim_least(struct graph *g, int64_t d, int depth, int64_t *out);

/* What the atom is at least: what was noted, or what its parts say. */
static int64_t atom_least(struct graph *g, struct atom a, int depth)
{
    const struct dim_part *v = &a.value;
    int64_t top, bottom = v->bottom, least = a.least;
    bool extreme = v->kind == DIM_LESSER || v->kind == DIM_GREATER;
    if (v->kind == DIM_NAME || !dim_least(g, v->top, depth - 1, &top) ||
        (extreme && !dim_least(g, v->bottom, depth - 1, &bottom)) ||
        (v->kind == DIM_FLOOR && !dim_known(bottom)))
        return least;
    switch (v->kind) {
    case DIM_FLOOR: least = floor_int(top, bottom); break;
    case DIM_LESSER: least = top < bottom ? top : bottom; break;
    case DIM_GREATER: least = top > bottom ? top : bottom; break;
    default: least = scale_int(top, v->factor); break;
    }
    return least > a.least ? least : a.least;
}

/* The largest that d is: less than nothing is at least so much. */
static bool most_of(struct graph *g, int64_t d, int depth, int64_t *out)
{
    if (!dim_least(g, dim_sub(g, 0, d), depth - 1, out))
        return false;
    *out = -*out;
    return true;
}

/* The largest that the atom is; false: nothing says so. */
static bool atom_most(struct graph *g, struct atom a, int depth, int64_t *out)
{
    const struct dim_part *v = &a.value;
    int64_t top = 0, bottom = 0;
    *out = a.note.most;
    if (v->kind == DIM_NAME)
        return a.note.most > 0;
    bool tops = most_of(g, v->top, depth, &top);
    bool bottoms = v->kind != DIM_SCALED && most_of(g, v->bottom, depth, &bottom);
    switch (v->kind) {
    case DIM_FLOOR:
        *out = tops && v->bottom > 0 ? floor_int(top, v->bottom) : 0;
        return tops && v->bottom > 0;
    case DIM_LESSER: *out = tops && (!bottoms || top < bottom) ? top : bottom; return tops || bottoms;
    case DIM_GREATER: *out = top > bottom ? top : bottom; return tops && bottoms;
    default: *out = scale_int(top, v->factor); return tops;
    }
}

/* What a term is at least: the least of its atoms where its factor is positive, else the largest of them. */
static bool least_of_term(struct graph *g, const struct term *t, int depth, int64_t *out)
{
    *out = t->factor;
    for (int k = 0; k < t->degree; k++) {
        int64_t part = 0;
        if (t->factor > 0)
            part = atom_least(g, *atom_of(g, t, k), depth);
        else if (!atom_most(g, *atom_of(g, t, k), depth, &part) || part < 0)
            return false;
        if (!int_mul(*out, part, out))
            return false;
    }
    return true;
}

/* The least that a sum is, if what it takes away is bounded. */
static bool least_of_sum(struct graph *g, int64_t d, int depth, int64_t *out)
{
    int count = symbol_of(g, d)->count;
    *out = 0;
    for (int i = 0; i < count; i++) {
        struct term t = symbol_of(g, d)->terms[i];
        int64_t least;
        if (!least_of_term(g, &t, depth, &least) || !int_add(*out, least, out))
            return false;
    }
    return true;
}

/* The least number that is at least `bound` and that the dimension can be: its terms with names are multiples of
 * something. */
static int64_t round_up(const struct symbol *symbol, int64_t bound)
{
    int64_t step = 0, number = 0, rest;
    for (int i = 0; i < symbol->count; i++) {
        if (symbol->terms[i].degree > 0)
            step = gcd(step, symbol->terms[i].factor);
        else
            number = symbol->terms[i].factor;
    }
    if (step < 2 || !int_add(number, -bound, &rest))
        return bound;
    return number - floor_int(rest, step) * step;
}

/* A lower bound.  For a floor division that is taken away, c * (a // b) with a negative c, no more than c * a / b is:
 * b times the sum is then at least another, which has one floor division less. */
static bool dim_least(struct graph *g, int64_t d, int depth, int64_t *out)
{
    const struct symbol *symbol = symbol_of(g, d);
    int64_t least;
    if (dim_constant(g, d, out))
        return true;
    if (!symbol || depth == 0)
        return false;
    if (least_of_sum(g, d, depth, out)) {
        *out = round_up(symbol_of(g, d), *out);
        return true;
    }
    symbol = symbol_of(g, d);
    for (int i = 0; i < symbol->count; i++) {
        const struct term t = symbol->terms[i];
        struct dim_part a = t.degree == 1 ? atom_of(g, &t, 0)->value : (struct dim_part){ .kind = DIM_NAME };
        if (t.factor >= 0 || a.kind != DIM_FLOOR || !dim_known(a.bottom))
            continue;
        struct polynomial p = { .count = 1, .terms = { t } };
        int64_t rest = dim_sub(g, d, polynomial_dim(g, &p)), top = dim_mul(g, dim_int(g, t.factor), a.top);
        if (!dim_least(g, dim_add(g, dim_mul(g, rest, a.bottom), top), depth - 1, &least))
            return false;
        *out = round_up(symbol_of(g, d), -floor_int(-least, a.bottom));
        return true;
    }
    return false;
}

/* Notes that factor * atom + number is at least so much, of the atom and of what is in it. */
static void note_least(struct graph *g, int64_t d, int64_t least)
{
    for (int depth = 0; depth < MAX_TERMS; depth++) {
        const struct symbol *symbol = symbol_of(g, d);
        const struct term *t = symbol ? symbol->terms : NULL;
        if (!symbol || symbol->count > 2 || t[0].degree != 1 || t[0].factor < 1 ||
            (symbol->count == 2 && t[1].degree != 0))
            return;
        int64_t rest = symbol->count == 2 ? t[1].factor : 0;
        if (!int_add(least, -rest, &least))
            return;
        least = -floor_int(-least, t[0].factor);
        struct atom *a = &g->symbols->atoms[t[0].atoms[0]];
        a->least = a->least < least ? least : a->least;
        const struct dim_part *v = &a->value;
        if (v->kind != DIM_FLOOR || !dim_known(v->bottom) || !int_mul(a->least, v->bottom, &least))
            return;
        d = v->top;
    }
}

void dim_note_positive(struct graph *g, int64_t d)
{
    note_least(g, d, 1);
}

bool dim_not_negative(struct graph *g, int64_t d)
{
    int64_t least;
    return dim_least(g, d, MAX_TERMS, &least) && least >= 0;
}

bool dim_most(struct graph *g, int64_t d, int64_t *out)
{
    return most_of(g, d, MAX_TERMS, out);
}

bool dim_equal(int64_t a, int64_t b)
{
    return a == b && a != DIM_UNKNOWN;
}

bool dim_broadcast(int64_t a, int64_t b, int64_t *out)
{
    if (dim_known(a) && dim_known(b) && a != b && a != 1 && b != 1)
        return false;
    if (dim_equal(a, b) || b == 1)
        *out = a;
    else if (a == 1)
        *out = b;
    else if (dim_known(a) || b == DIM_UNKNOWN) /* one that is not known is 1, or the same as the other */
        *out = a;
    else
        *out = dim_known(b) || a == DIM_UNKNOWN ? b : DIM_UNKNOWN;
    return true;
}

/* Arithmetic */

static int64_t add_scaled(struct graph *g, int64_t a, int64_t b, int64_t scale)
{
    struct polynomial p, q;
    if (!polynomial_of(g, a, &p) || !polynomial_of(g, b, &q))
        return DIM_UNKNOWN;
    for (int i = 0; i < q.count; i++)
        if (!int_mul(q.terms[i].factor, scale, &q.terms[i].factor) ||
            !polynomial_add(g->symbols, &p, &q.terms[i]))
            return DIM_UNKNOWN;
    return polynomial_dim(g, &p);
}

int64_t dim_add(struct graph *g, int64_t a, int64_t b)
{
    int64_t sum;
    if (a >= 0 && b >= 0)
        return int_add(a, b, &sum) ? sum : DIM_UNKNOWN;
    return add_scaled(g, a, b, 1);
}

int64_t dim_sub(struct graph *g, int64_t a, int64_t b)
{
    if (a >= 0 && b >= 0)
        return dim_int(g, a - b);
    return add_scaled(g, a, b, -1);
}

int64_t dim_mul(struct graph *g, int64_t a, int64_t b)
{
    struct polynomial p, q, product = { .count = 0 };
    int64_t number;
    struct term t;
    if (a >= 0 && b >= 0)
        return int_mul(a, b, &number) ? number : DIM_UNKNOWN;
    if (!polynomial_of(g, a, &p) || !polynomial_of(g, b, &q))
        return DIM_UNKNOWN;
    for (int i = 0; i < p.count; i++)
        for (int j = 0; j < q.count; j++)
            if (!term_multiply(g->symbols, &p.terms[i], &q.terms[j], &t) ||
                !polynomial_add(g->symbols, &product, &t))
                return DIM_UNKNOWN;
    return polynomial_dim(g, &product);
}

int64_t dim_product(struct graph *g, const int64_t *dims, int count)
{
    int64_t product = 1;
    for (int i = 0; i < count; i++)
        product = dim_mul(g, product, dims[i]);
    return product;
}

/* Polynomial division by leading terms: exact where nothing remains. */
int64_t dim_div_exact(struct graph *g, int64_t a, int64_t b)
{
    struct polynomial p, q, quotient = { .count = 0 };
    if (a >= 0 && b > 0)
        return a % b == 0 ? a / b : DIM_UNKNOWN;
    if (!polynomial_of(g, a, &p) || !polynomial_of(g, b, &q) || q.count == 0)
        return DIM_UNKNOWN;
    for (int steps = 0; p.count > 0; steps++) {
        struct term t, product;
        if (steps == 4 * MAX_TERMS || !term_divide(g->symbols, &p.terms[0], &q.terms[0], &t) ||
            !polynomial_add(g->symbols, &quotient, &t))
            return DIM_UNKNOWN;
        if (t.factor == INT64_MIN)
            return DIM_UNKNOWN;
        t.factor = -t.factor;
        for (int i = 0; i < q.count; i++)
            if (!term_multiply(g->symbols, &t, &q.terms[i], &product) ||
                !polynomial_add(g->symbols, &p, &product))
                return DIM_UNKNOWN;
    }
    return polynomial_dim(g, &quotient);
}

/* True when the polynomial is one floor division plus an integer; both are written. */
static bool floor_plus_int(const struct symbols *s, const struct polynomial *p, struct dim_part *floor,
                           int64_t *plus)
{
    const struct term *t = p->terms;
    *plus = p->count == 2 ? t[1].factor : 0;
    if (p->count < 1 || p->count > 2 || t[0].degree != 1 || t[0].factor != 1 ||
        (p->count == 2 && t[1].degree))
        return false;
    *floor = s->atoms[t[0].atoms[0]].value;
    return floor->kind == DIM_FLOOR;
}

static void text_add_operand(struct text *t, const struct graph *g, int64_t d)
{
    const struct symbol *symbol = symbol_of(g, d);
    bool plain =
        !symbol || (symbol->count == 1 && symbol->terms[0].factor == 1 && symbol->terms[0].degree == 1 &&
                    g->symbols->atoms[symbol->terms[0].atoms[0]].value.kind != DIM_FLOOR);
    text_add(t, plain ? "" : "(");
    if (symbol)
        text_add(t, symbol->text);
    else
        text_add_int(t, d);
    text_add(t, plain ? "" : ")");
}

static int64_t floor_atom(struct graph *g, int64_t top, int64_t bottom)
{
    struct text t = { .length = 0 };
    if (top == DIM_UNKNOWN || bottom == DIM_UNKNOWN)
        return DIM_UNKNOWN;
    text_add_operand(&t, g, top);
    text_add(&t, "//");
    text_add_operand(&t, g, bottom);
    if (t.full)
        return DIM_UNKNOWN;
    return atom_dim(g, (struct atom){ .text = intern_length(g->strings, t.chars, t.length),
                                      .value = { .kind = DIM_FLOOR, .top = top, .bottom = bottom } });
}

/* floor(p / b) for an integer b > 1, normalised:  what b divides leaves the floor, what remains is reduced by
 * the common divisor (floor((2x+1)/4) is floor(x/2)), and floor(floor(x/a + c) / b) is floor((x+ac) / ab). */
static int64_t floor_by_int(struct graph *g, const struct polynomial *p, int64_t b)
{
    struct polynomial whole = { .count = 0 }, rest = { .count = 0 };
    struct dim_part inner;
    int64_t common = b, plus, divisor;
    for (int i = 0; i < p->count; i++) {
        struct term t = p->terms[i];
        t.factor = floor_int(p->terms[i].factor, b);
        if (!polynomial_add(g->symbols, &whole, &t))
            return DIM_UNKNOWN;
        t.factor = p->terms[i].factor - t.factor * b;
        if (t.degree > 0)
            common = gcd(common, t.factor);
        if (!polynomial_add(g->symbols, &rest, &t))
            return DIM_UNKNOWN;
    }
    if (rest.count == 0 || rest.terms[0].degree == 0)
        return polynomial_dim(g, &whole);
    for (int i = 0; i < rest.count; i++)
        rest.terms[i].factor /= common;
    if (rest.terms[rest.count - 1].factor == 0)
        rest.count--;
    b /= common;
    if (floor_plus_int(g->symbols, &rest, &inner, &plus) && dim_known(inner.bottom) &&
        int_mul(inner.bottom, b, &divisor) && int_mul(plus, inner.bottom, &plus)) {
        int64_t top = dim_add(g, inner.top, dim_int(g, plus));
        return dim_add(g, polynomial_dim(g, &whole), dim_div_floor(g, top, divisor));
    }
    return dim_add(g, polynomial_dim(g, &whole), floor_atom(g, polynomial_dim(g, &rest), b));
}

int64_t dim_div_floor(struct graph *g, int64_t a, int64_t b)
{
    struct polynomial p;
    int64_t exact, number;
    if (a >= 0 && b > 0)
        return a / b;
    if (b == 0 || a == DIM_UNKNOWN || b == DIM_UNKNOWN)
        return DIM_UNKNOWN;
    if (b > 0 && dim_constant(g, a, &number))
        return dim_int(g, floor_int(number, b));
    exact = dim_div_exact(g, a, b);
    if (exact != DIM_UNKNOWN)
        return exact;
    if (dim_constant(g, b, &number) && number < 0)
        return DIM_UNKNOWN;
    if (!polynomial_of(g, a, &p))
        return DIM_UNKNOWN;
    return b > 1 ? floor_by_int(g, &p, b) : floor_atom(g, a, b);
}

/* ---- minimum, maximum, products with floats ---- */

static void text_add_dim(struct text *t, const struct graph *g, int64_t d)
{
    const struct symbol *symbol = symbol_of(g, d);
    if (symbol)
        text_add(t, symbol->text);
    else
        text_add_int(t, d);
}

/* In the order of their texts: min(a;b) is min(b;a). */
static int64_t extreme(struct graph *g, enum dim_kind kind, int64_t a, int64_t b)
{
    struct text t = { .length = 0 };
    if (strcmp(dim_text(g, a), dim_text(g, b)) > 0)
        return extreme(g, kind, b, a);
    text_add(&t, kind == DIM_LESSER ? "min(" : "max(");
    text_add_dim(&t, g, a);
    text_add(&t, ";");
    text_add_dim(&t, g, b);
    text_add(&t, ")");
    return t.full ? DIM_UNKNOWN
                  : atom_dim(g, (struct atom){ .text = intern_length(g->strings, t.chars, t.length),
                                               .value = { .kind = kind, .top = a, .bottom = b } });
}

int64_t dim_min(struct graph *g, int64_t a, int64_t b)
{
    int64_t difference = dim_sub(g, b, a);
    if (difference == DIM_UNKNOWN)
        return DIM_UNKNOWN;
    if (dim_not_negative(g, difference))
        return a;
    return dim_not_negative(g, dim_sub(g, a, b)) ? b : extreme(g, DIM_LESSER, a, b);
}

int64_t dim_max(struct graph *g, int64_t a, int64_t b)
{
    int64_t difference = dim_sub(g, b, a);
    if (difference == DIM_UNKNOWN)
        return DIM_UNKNOWN;
    if (dim_not_negative(g, difference))
        return b;
    return dim_not_negative(g, dim_sub(g, a, b)) ? a : extreme(g, DIM_GREATER, a, b);
}

/* Exact where the factor is m / 2^n, and these are small. */
int64_t dim_scale(struct graph *g, int64_t a, double factor)
{
    char number[FLOAT_TEXT];
    struct text t = { .length = 0 };
    int64_t constant;
    if (a == DIM_UNKNOWN || !(factor > 0 && factor < 0x1p31))
        return DIM_UNKNOWN;
    if (dim_constant(g, a, &constant))
        return dim_int(g, scale_int(constant, factor));
    if (factor * 1024 == floor(factor * 1024))
        return dim_div_floor(g, dim_mul(g, a, (int64_t)(factor * 1024)), 1024);
    float_text(number, factor);
    text_add(&t, "floor(");
    text_add(&t, number);
    text_add(&t, "*");
    text_add_operand(&t, g, a);
    text_add(&t, ")");
    return t.full ? DIM_UNKNOWN
                  : atom_dim(g, (struct atom){ .text = intern_length(g->strings, t.chars, t.length),
                                               .value = { .kind = DIM_SCALED, .top = a, .factor = factor } });
}

/* Text */

const char *dim_text_noted(struct graph *g, int64_t d)
{
    struct dim_note note = dim_get_note(g, d);
    struct text t = { .length = 0 };
    text_add(&t, dim_text(g, d));
    if (note.example) {
        text_add(&t, "=");
        text_add_int(&t, note.example);
    }
    if (note.most) {
        text_add(&t, "<=");
        text_add_int(&t, note.most);
    }
    return intern_length(g->strings, t.chars, t.length);
}

const char *dim_text(struct graph *g, int64_t d)
{
    struct text t = { .length = 0 };
    const struct symbol *symbol = symbol_of(g, d);
    if (d < 0 && !symbol)
        return intern(g->strings, "?");
    text_add(&t, symbol ? "%" : "");
    if (symbol)
        text_add(&t, symbol->text);
    else
        text_add_int(&t, d);
    return intern_length(g->strings, t.chars, t.length);
}

struct parser {
    struct graph *graph;
    const char *at;
    bool wrong;
};

static int64_t parse_sum(struct parser *p, int depth);

static int64_t parse_number(struct parser *p)
{
    int64_t number = 0;
    for (; isdigit((unsigned char)*p->at); p->at++)
        if (!int_mul(number, 10, &number) || !int_add(number, *p->at - '0', &number))
            p->wrong = true;
    return number;
}

static bool parse_char(struct parser *p, char c)
{
    p->wrong |= *p->at != c;
    p->at += *p->at == c;
    return !p->wrong;
}

static int64_t parse_factor(struct parser *p, int depth);

/* What follows "min(", "max(" or "floor(". */
static int64_t parse_function(struct parser *p, char first, int depth)
{
    int64_t a, b = 0;
    double factor = 1;
    char *end;
    if (first == 'f') {
        factor = float_read(p->at, &end);
        p->wrong |= end == p->at || !(factor > 0);
        p->at = end;
        a = parse_char(p, '*') ? parse_factor(p, depth) : DIM_UNKNOWN;
    } else {
        a = parse_sum(p, depth);
        b = parse_char(p, ';') ? parse_sum(p, depth) : DIM_UNKNOWN;
    }
    if (!parse_char(p, ')'))
        return DIM_UNKNOWN;
    return first == 'f' ? dim_scale(p->graph, a, factor) : (first == 'a' ? dim_max : dim_min)(p->graph, a, b);
}

static int64_t parse_factor(struct parser *p, int depth)
{
    const char *start = p->at;
    int64_t d;
    if (depth > MAX_DEPTH || p->wrong) {
        p->wrong = true;
        return DIM_UNKNOWN;
    }
    if (isdigit((unsigned char)*p->at))
        return parse_number(p);
    if (*p->at == '-' || *p->at == '(') {
        p->at++;
        if (*start == '-')
            return dim_sub(p->graph, 0, parse_factor(p, depth + 1));
        d = parse_sum(p, depth + 1);
        p->wrong |= *p->at != ')';
        p->at += *p->at == ')';
        return d;
    }
    static const char *const functions[] = { "min(", "max(", "floor(" };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strncmp(start, functions[i], strlen(functions[i])) == 0) {
            p->at += strlen(functions[i]);
            return parse_function(p, functions[i][i == 1], depth + 1);
        }
    while (isalnum((unsigned char)*p->at) || *p->at == '_')
        p->at++;
    if (p->at == start || !isalpha((unsigned char)*start)) {
        p->wrong = true;
        return DIM_UNKNOWN;
    }
    return dim_named(p->graph, intern_length(p->graph->strings, start, (size_t)(p->at - start)));
}

static int64_t parse_product(struct parser *p, int depth)
{
    int64_t d = parse_factor(p, depth);
    while (!p->wrong) {
        if (p->at[0] == '/' && p->at[1] == '/') {
            p->at += 2;
            d = dim_div_floor(p->graph, d, parse_factor(p, depth));
        } else if (p->at[0] == '*') {
            p->at++;
            d = dim_mul(p->graph, d, parse_factor(p, depth));
        } else {
            break;
        }
    }
    return d;
}

static int64_t parse_sum(struct parser *p, int depth)
{
    int64_t d = parse_product(p, depth);
    while (!p->wrong && (*p->at == '+' || *p->at == '-')) {
        bool minus = *p->at++ == '-';
        int64_t other = parse_product(p, depth);
        d = minus ? dim_sub(p->graph, d, other) : dim_add(p->graph, d, other);
    }
    return d;
}

/* "=224", "<=1024" or both, behind a name. */
static void parse_note(struct parser *p, int64_t name)
{
    struct dim_note note = dim_get_note(p->graph, name);
    if (*p->at == '=') {
        p->at++;
        p->wrong = !isdigit((unsigned char)*p->at);
        note.example = parse_number(p);
    }
    if (*p->at == '<') {
        p->at++;
        p->wrong = p->wrong || !parse_char(p, '=') || !isdigit((unsigned char)*p->at);
        note.most = parse_number(p);
    }
    p->wrong = p->wrong || !name_of(p->graph, name) || (note.most && note.example > note.most);
    if (!p->wrong)
        dim_set_note(p->graph, name, note);
}

bool dim_parse(struct graph *g, const char *text, int64_t *out)
{
    struct parser p = { .graph = g, .at = text };
    int64_t number;
    if (strcmp(text, "?") == 0) {
        *out = DIM_UNKNOWN;
        return true;
    }
    if (*text == '%') {
        p.at++;
        *out = parse_sum(&p, 0);
    } else {
        p.wrong = !isdigit((unsigned char)*text);
        *out = parse_number(&p);
    }
    if (!p.wrong && (*p.at == '=' || *p.at == '<'))
        parse_note(&p, *out);
    if (p.wrong || *p.at != '\0')
        return false;
    return !dim_constant(g, *out, &number) || number >= 0;
}

/* ---- examples ---- */

static int64_t example_of(struct graph *g, int64_t d, int64_t other, int depth);

static int64_t atom_example(struct graph *g, const struct atom *a, int64_t other, int depth)
{
    const struct dim_part v = a->value;
    if (v.kind == DIM_NAME)
        return a->note.example                            ? a->note.example
               : a->note.most > 0 && a->note.most < other ? a->note.most
                                                          : other;
    int64_t top = example_of(g, v.top, other, depth - 1);
    int64_t bottom = v.kind == DIM_SCALED ? 0 : example_of(g, v.bottom, other, depth - 1);
    switch (v.kind) {
    case DIM_FLOOR: return dim_div_floor(g, top, bottom);
    case DIM_LESSER: return dim_min(g, top, bottom);
    case DIM_GREATER: return dim_max(g, top, bottom);
    default: return dim_scale(g, top, v.factor);
    }
}

static int64_t example_of(struct graph *g, int64_t d, int64_t other, int depth)
{
    int64_t sum = 0, constant;
    if (dim_constant(g, d, &constant) || depth == 0 || !symbol_of(g, d))
        return depth == 0 || d == DIM_UNKNOWN ? DIM_UNKNOWN : d;
    for (int i = 0, count = symbol_of(g, d)->count; i < count; i++) {
        struct term t = symbol_of(g, d)->terms[i];
        int64_t product = dim_int(g, t.factor);
        for (int k = 0; k < t.degree; k++)
            product = dim_mul(g, product, atom_example(g, atom_of(g, &t, k), other, depth));
        sum = dim_add(g, sum, product);
    }
    return sum;
}

int64_t dim_example(struct graph *g, int64_t d, int64_t other)
{
    int64_t size = example_of(g, d, other, MAX_TERMS);
    return dim_known(size) ? size : other;
}
