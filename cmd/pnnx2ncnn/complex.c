/* complex.c - see passes.h: complex tensors as two real ones, for the runtime has real numbers only.
 *
 * A complex operand has a companion, its real and its imaginary part.  An operator that treats both alike is there twice;
 * products, quotients and what reads a part are written out.  What is not known here stays, and is refused later. */
#include "cmd/pnnx2ncnn/complex.h"

#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/base/map.h"
#include "common/graph/dim.h"
#include "common/graph/element.h"

#define RANKS 16 /* dimensions of the tensors that are computed with */

struct split {
    struct graph *graph;
    struct map parts; /* from complex operands to struct parts in the graph's arena */
};

static bool is_complex(const struct operand *x)
{
    return dtype_is_complex(x->dtype);
}

static enum dtype real_type(enum dtype type)
{
    return type == DTYPE_C128 ? DTYPE_F64 : type == DTYPE_C64 || type == DTYPE_C32 ? DTYPE_F32 : type;
}

static bool is_zero(struct value v)
{
    return v.kind == VALUE_NONE;
}

static struct value number(double x)
{
    return x == 0 ? value_none() : value_float(x);
}

/* ---- real arithmetic ---- */

struct value parts_unary(struct operator *op, const char *type, struct value a)
{
    if (a.kind != VALUE_OPERAND)
        return a;
    struct operator *f = edit_add(op, type, a.operand);
    return value_operand(edit_result(f, a.operand, a.operand->rank, a.operand->shape));
}

struct value parts_binary(struct operator *op, const char *type, struct value a, struct value b, bool *ok)
{
    *ok &= a.kind == VALUE_OPERAND || b.kind == VALUE_OPERAND;
    return *ok ? value_operand(edit_pair(op, type, a, b)) : value_none();
}

struct value parts_add(struct operator *op, struct value a, struct value b, bool *ok)
{
    if (is_zero(a) || is_zero(b))
        return is_zero(a) ? b : a;
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return number(a.real + b.real);
    return parts_binary(op, "torch.add", a, b, ok);
}

static struct value negate(struct operator *op, struct value a)
{
    return a.kind == VALUE_FLOAT ? value_float(-a.real) : parts_unary(op, "torch.neg", a);
}

struct value parts_subtract(struct operator *op, struct value a, struct value b, bool *ok)
{
    if (is_zero(b))
        return a;
    if (is_zero(a))
        return negate(op, b);
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return number(a.real - b.real);
    return parts_binary(op, "torch.sub", a, b, ok);
}

struct value parts_multiply(struct operator *op, struct value a, struct value b, bool *ok)
{
    if (is_zero(a) || is_zero(b))
        return value_none();
    if (a.kind == VALUE_FLOAT && b.kind == VALUE_FLOAT)
        return number(a.real * b.real);
    return parts_binary(op, "torch.mul", a, b, ok);
}

static struct value divide(struct operator *op, struct value a, struct value b, bool *ok)
{
    return is_zero(a) ? a : parts_binary(op, "torch.div", a, b, ok);
}

struct operand *parts_constant(struct operator *op, int rank, const int64_t *shape, float **data)
{
    size_t count = element_count(rank, shape);
    *data = arena_array(&op->graph->arena, count ? count : 1, sizeof **data);
    return edit_constant(op, DTYPE_F32, rank, shape, *data);
}

/* ---- the parts of operands ---- */

/* One part of a constant. */
static struct value take_part(struct operator *op, const struct operand *x, const struct attribute *w,
                              size_t part)
{
    float *data;
    struct operand *y = parts_constant(op, w->rank, w->shape, &data);
    enum dtype type = real_type(w->dtype);
    for (size_t i = 0; i < element_count(x->rank, x->shape); i++)
        data[i] = (float)element_real(type, w->data, 2 * i + part);
    return value_operand(y);
}

static void remember(struct split *s, const struct operand *x, struct parts p)
{
    struct parts *kept = arena_alloc(&s->graph->arena, sizeof *kept);
    *kept = p;
    map_put(&s->parts, x, kept);
}

static bool is_sized(const struct operand *x)
{
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 0)
            return false;
    return x->rank >= 0;
}

static struct value filled(struct operator *op, const struct operand *like, double value)
{
    float *data;
    struct operand *y = parts_constant(op, like->rank, like->shape, &data);
    for (size_t i = 0; i < element_count(like->rank, like->shape); i++)
        data[i] = (float)value;
    return value_operand(y);
}

/* A part with the shape of the whole, `y`: sums of a large real and a small complex tensor have a small imaginary part. */
static struct value spread(struct operator *op, struct value v, const struct operand *y, bool *ok)
{
    if (is_zero(v))
        return v;
    if (v.kind == VALUE_OPERAND && v.operand->rank == y->rank && y->rank >= 0 &&
        !memcmp(v.operand->shape, y->shape, (size_t)y->rank * sizeof *y->shape))
        return v;
    if (!is_sized(y)) {
        *ok = false;
        return v;
    }
    return v.kind == VALUE_FLOAT ? filled(op, y, v.real)
                                 : parts_binary(op, "torch.add", v, filled(op, y, 0), ok);
}

/* Remembers the parts of the result of `op`; returns `ok`, or false when they have no shape. */
static bool keep(struct split *s, struct operator *op, struct parts p, bool ok)
{
    const struct operand *y = op->outputs[0];
    if (!ok)
        return false;
    p = (struct parts){ spread(op, p.re, y, &ok), spread(op, p.im, y, &ok) };
    if (ok)
        remember(s, y, p);
    return ok;
}

/* The parts of an argument; false when they are not known. */
static bool parts_of(struct split *s, const struct value *v, struct parts *out)
{
    double real;
    *out = (struct parts){ value_none(), value_none() };
    if (!v)
        return false;
    if (v->kind == VALUE_COMPLEX) {
        *out = (struct parts){ number(v->complex.re), number(v->complex.im) };
        return true;
    }
    if (value_number(v, &real)) {
        out->re = number(real);
        return true;
    }
    if (v->kind != VALUE_OPERAND)
        return false;
    if (!is_complex(v->operand)) {
        out->re = *v;
        return true;
    }
    struct operand *x = v->operand;
    const struct attribute *w = operand_constant(x);
    const struct parts *known = map_get(&s->parts, x);
    if (!known && w) {
        struct operator *after = x->producer->next;
        remember(s, x, (struct parts){ take_part(after, x, w, 0), take_part(after, x, w, 1) });
        known = map_get(&s->parts, x);
    }
    if (known)
        *out = *known;
    return known != NULL;
}

/* ---- operators that treat both parts alike ---- */

/* `v` with parts in the place of complex operands; zeros become constants of zeros. */
static bool replaced(struct split *s, struct operator *before, const struct value *v, bool imaginary,
                     struct value *out)
{
    struct parts p;
    *out = *v;
    if (v->kind == VALUE_LIST) {
        out->list.items = arena_array(&s->graph->arena, v->list.count ? v->list.count : 1, sizeof *v);
        for (size_t i = 0; i < v->list.count; i++)
            if (!replaced(s, before, &v->list.items[i], imaginary, &out->list.items[i]))
                return false;
        return true;
    }
    if (v->kind != VALUE_OPERAND)
        return true;
    const struct operand *x = v->operand;
    if (!parts_of(s, v, &p) || x->rank < 0)
        return false;
    *out = imaginary ? p.im : p.re;
    if (!is_zero(*out))
        return true;
    if (!is_sized(x))
        return false;
    *out = filled(before, x, 0);
    return true;
}

/* `op` again, of one part of each operand; NULL: that is not known.  Its parameters must hold for both parts. */
static struct operator *repeat(struct split *s, struct operator *op, bool imaginary)
{
    const struct value *dtype = operator_get(op, "dtype");
    if ((dtype && dtype->kind != VALUE_NONE) ||
        (operator_is(op, "F.pad") && operator_real(op, "value", 0) != 0))
        return NULL;
    struct operator *copy = edit_add(op, op->type, NULL);
    for (size_t i = 0; i < op->argument_count; i++) {
        struct value v;
        if (!replaced(s, copy, &op->arguments[i].value, imaginary, &v))
            return NULL;
        operator_set(copy, op->arguments[i].key, v);
    }
    for (size_t i = 0; i < op->output_count; i++) {
        const struct operand *y = op->outputs[i];
        operand_set_shape(operator_add_output(copy, NULL), real_type(y->dtype), y->rank, y->shape);
    }
    return copy;
}

static bool split_alike(struct split *s, struct operator *op)
{
    struct operator *re = repeat(s, op, false), *im = re ? repeat(s, op, true) : NULL;
    if (!im)
        return false;
    for (size_t i = 0; i < op->output_count; i++)
        remember(s, op->outputs[i],
                 (struct parts){ value_operand(re->outputs[i]), value_operand(im->outputs[i]) });
    return true;
}

/* ---- products ---- */

/* a * b of operators that are linear in each of their two operands: once for each pair of parts. */
struct product {
    struct split *split;
    struct operator *op;
    struct operand *a, *b;
};

static struct value product_of(const struct product *p, struct value a, struct value b)
{
    if (is_zero(a) || is_zero(b))
        return value_none();
    struct operator *op = p->op, *copy = edit_add(op, op->type, NULL);
    for (size_t i = 0; i < op->argument_count; i++)
        operator_set(copy, op->arguments[i].key, op->arguments[i].value);
    operator_replace(copy, p->a, a.operand);
    operator_replace(copy, p->b, b.operand);
    const struct operand *y = op->outputs[0];
    operand_set_shape(operator_add_output(copy, NULL), real_type(y->dtype), y->rank, y->shape);
    return value_operand(copy->outputs[0]);
}

struct operands {
    struct operand *items[2];
    size_t count;
};

static void collect(struct operand *x, void *context)
{
    struct operands *list = context;
    if (list->count < 2)
        list->items[list->count] = x;
    list->count++;
}

static bool split_product(struct split *s, struct operator *op)
{
    struct operands two = { { NULL, NULL }, 0 };
    struct parts a, b;
    bool ok = true;
    operator_each_operand(op, collect, &two);
    if (two.count != 2 || two.items[0] == two.items[1])
        return false;
    struct value first = value_operand(two.items[0]), second = value_operand(two.items[1]);
    if (!parts_of(s, &first, &a) || !parts_of(s, &second, &b))
        return false;
    struct product p = { s, op, two.items[0], two.items[1] };
    struct parts y = { parts_subtract(op, product_of(&p, a.re, b.re), product_of(&p, a.im, b.im), &ok),
                       parts_add(op, product_of(&p, a.re, b.im), product_of(&p, a.im, b.re), &ok) };
    return keep(s, op, y, ok);
}

/* ---- arithmetic ---- */

static struct parts multiply(struct operator *op, struct parts a, struct parts b, bool *ok)
{
    return (struct parts){
        parts_subtract(op, parts_multiply(op, a.re, b.re, ok), parts_multiply(op, a.im, b.im, ok), ok),
        parts_add(op, parts_multiply(op, a.re, b.im, ok), parts_multiply(op, a.im, b.re, ok), ok)
    };
}

static struct value squares(struct operator *op, struct parts z, bool *ok)
{
    return parts_add(op, parts_multiply(op, z.re, z.re, ok), parts_multiply(op, z.im, z.im, ok), ok);
}

static struct parts quotient(struct operator *op, struct parts a, struct parts b, bool *ok)
{
    if (is_zero(b.im))
        return (struct parts){ divide(op, a.re, b.re, ok), divide(op, a.im, b.re, ok) };
    struct parts conjugate = { b.re, negate(op, b.im) }, y = multiply(op, a, conjugate, ok);
    struct value scale = squares(op, b, ok);
    return (struct parts){ divide(op, y.re, scale, ok), divide(op, y.im, scale, ok) };
}

static bool split_arithmetic(struct split *s, struct operator *op)
{
    struct parts a, b, y;
    bool ok = true;
    double alpha = operator_real(op, "alpha", 1);
    if (!parts_of(s, operator_get(op, "input"), &a) || !parts_of(s, operator_get(op, "other"), &b) ||
        alpha != 1)
        return false;
    switch (op->type[strlen("torch.")]) {
    case 'a': y = (struct parts){ parts_add(op, a.re, b.re, &ok), parts_add(op, a.im, b.im, &ok) }; break;
    case 's':
        y = (struct parts){ parts_subtract(op, a.re, b.re, &ok), parts_subtract(op, a.im, b.im, &ok) };
        break;
    case 'm': y = multiply(op, a, b, &ok); break;
    default: y = quotient(op, a, b, &ok); break;
    }
    return keep(s, op, y, ok);
}

static bool split_power(struct split *s, struct operator *op)
{
    struct parts z;
    bool ok = true;
    if (!parts_of(s, operator_get(op, "input"), &z) || operator_real(op, "exponent", 2) != 2)
        return false;
    return keep(s, op, multiply(op, z, z, &ok), ok);
}

/* ---- from and to real tensors ---- */

/* Lets the real result of `op` be `v`. */
static bool finish(struct operator *op, struct value v)
{
    struct operand *y = op->outputs[0];
    if (is_zero(v) && !is_sized(y))
        return false;
    if (is_zero(v))
        v = filled(op, y, 0);
    operand_replace(y, v.operand);
    return true;
}

static struct value selected(struct operator *op, struct operand *x, int64_t index)
{
    struct operator *f = edit_add(op, "Tensor.select", x);
    operator_set(f, "dim", value_int(x->rank - 1));
    operator_set(f, "index", value_int(index));
    return value_operand(edit_result(f, x, x->rank - 1, x->shape));
}

static bool split_from_real(struct split *s, struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    if (!x || x->rank < 1)
        return false;
    remember(s, op->outputs[0], (struct parts){ selected(op, x, 0), selected(op, x, 1) });
    return true;
}

static bool split_complex_of(struct split *s, struct operator *op)
{
    struct operand *re = operator_operand(op, "real"), *im = operator_operand(op, "imag");
    if (!re || !im)
        return false;
    remember(s, op->outputs[0], (struct parts){ value_operand(re), value_operand(im) });
    return true;
}

static bool split_polar(struct split *s, struct operator *op)
{
    struct operand *length = operator_operand(op, "abs"), *angle = operator_operand(op, "angle");
    bool ok = true;
    if (!length || !angle)
        return false;
    struct value r = value_operand(length), t = value_operand(angle);
    return keep(s, op,
                (struct parts){ parts_multiply(op, r, parts_unary(op, "torch.cos", t), &ok),
                                parts_multiply(op, r, parts_unary(op, "torch.sin", t), &ok) },
                ok);
}

static bool split_conj(struct split *s, struct operator *op)
{
    struct parts z;
    if (!parts_of(s, operator_get(op, "input"), &z))
        return false;
    remember(s, op->outputs[0], (struct parts){ z.re, is_zero(z.im) ? z.im : negate(op, z.im) });
    return true;
}

/* Another precision, or from real to complex; to real is the real part. */
static bool split_conversion(struct split *s, struct operator *op)
{
    struct parts z;
    if (!parts_of(s, operator_get(op, "input"), &z))
        return false;
    if (!is_complex(op->outputs[0]))
        return finish(op, z.re);
    remember(s, op->outputs[0], z);
    return true;
}

static bool split_exp(struct split *s, struct operator *op)
{
    struct parts z;
    bool ok = true;
    if (!parts_of(s, operator_get(op, "input"), &z) || is_zero(z.re) || is_zero(z.im))
        return false;
    struct value r = parts_unary(op, "torch.exp", z.re);
    return keep(s, op,
                (struct parts){ parts_multiply(op, r, parts_unary(op, "torch.cos", z.im), &ok),
                                parts_multiply(op, r, parts_unary(op, "torch.sin", z.im), &ok) },
                ok);
}

static bool split_part(struct split *s, struct operator *op)
{
    struct parts z;
    return parts_of(s, operator_get(op, "input"), &z) &&
           finish(op, operator_is(op, "torch.real") ? z.re : z.im);
}

static bool split_abs(struct split *s, struct operator *op)
{
    struct parts z;
    bool ok = true;
    if (!parts_of(s, operator_get(op, "input"), &z))
        return false;
    struct value y = parts_unary(op, "torch.sqrt", squares(op, z, &ok));
    return ok && finish(op, y);
}

static bool split_angle(struct split *s, struct operator *op)
{
    struct parts z;
    bool ok = true;
    if (!parts_of(s, operator_get(op, "input"), &z) || is_zero(z.re) || is_zero(z.im))
        return false;
    struct value y = parts_binary(op, "torch.atan2", z.im, z.re, &ok);
    return ok && finish(op, y);
}

/* Lets the real result of `op` be both parts, as its last axis. */
static bool finish_parts(struct operator *op, struct value re, struct value im)
{
    struct value part[2] = { re, im };
    const struct operand *y = op->outputs[0];
    struct operator *stack = edit_add(op, "torch.stack", NULL);
    operator_set(stack, "tensors", value_list(part, 2));
    operator_set(stack, "dim", value_int(-1));
    return finish(op, value_operand(edit_result(stack, y, y->rank, y->shape)));
}

static bool split_to_real(struct split *s, struct operator *op)
{
    struct value re, im;
    const struct value *x = operator_get(op, "input");
    return x && replaced(s, op, x, false, &re) && replaced(s, op, x, true, &im) && finish_parts(op, re, im);
}

/* torch.fft.*, torch.stft and torch.istft. */
static bool split_fourier(struct split *s, struct operator *op)
{
    struct parts x, y;
    bool (*compute)(struct operator * op, struct parts x, struct parts * y) =
        operator_is(op, "torch.stft")    ? fourier_stft
        : operator_is(op, "torch.istft") ? fourier_istft
                                         : fourier_transform;
    if (!parts_of(s, operator_get(op, "input"), &x) || x.re.kind != VALUE_OPERAND || !compute(op, x, &y))
        return false;
    if (!is_complex(op->outputs[0]))
        return operator_is(op, "torch.stft") ? finish_parts(op, y.re, y.im) : finish(op, y.re);
    remember(s, op->outputs[0], y);
    return true;
}

static bool split_zeros(struct split *s, struct operator *op)
{
    remember(s, op->outputs[0], (struct parts){ value_none(), value_none() });
    return true;
}

/* ---- the pass ---- */

static bool is_among(const char *name, const char *names)
{
    size_t length = strlen(name);
    for (const char *at = names; (at = strstr(at, name)) != NULL; at += length)
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* clang-format off */
static const struct {
    const char *types;
    bool (*split)(struct split *s, struct operator *op);
} table[] = {
    { "torch.add torch.sub torch.mul torch.div", split_arithmetic },
    { "torch.pow torch.square", split_power },
    { "torch.matmul torch.mm torch.bmm torch.mv torch.dot torch.outer torch.einsum torch.kron", split_product },
    { "Tensor.to Tensor.type_as torch.resolve_conj torch.resolve_neg", split_conversion },
    { "torch.zeros torch.zeros_like", split_zeros },
    { "torch.view_as_complex", split_from_real },
    { "torch.complex", split_complex_of },
    { "torch.polar", split_polar },
    { "torch.conj", split_conj },
    { "torch.exp", split_exp },
    { "torch.real torch.imag", split_part },
    { "torch.abs", split_abs },
    { "torch.angle", split_angle },
    { "torch.view_as_real", split_to_real },
    { "torch.stft torch.istft", split_fourier },
};
/* clang-format on */

struct touch {
    bool complex;
};

static void look(struct operand *x, void *context)
{
    struct touch *t = context;
    t->complex |= is_complex(x);
}

static bool touches_complex(const struct operator *op)
{
    struct touch t = { false };
    operator_each_operand(op, look, &t);
    for (size_t i = 0; i < op->output_count; i++)
        t.complex |= is_complex(op->outputs[i]);
    return t.complex;
}

static void split_operator(struct split *s, struct operator *op)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (is_among(op->type, table[i].types)) {
            table[i].split(s, op);
            return;
        }
    if (op->signature->traits.bits & (TRAIT_ADDITIVE | TRAITS_MOVED))
        split_alike(s, op);
    else if (fourier_knows(op))
        split_fourier(s, op);
}

void split_complex(struct graph *g)
{
    struct split s = { .graph = g };
    bool any = false;
    map_init(&s.parts);
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (!touches_complex(op) && !operator_is(op, "torch.stft") && !fourier_knows(op))
            continue;
        any = true;
        split_operator(&s, op);
    }
    map_release(&s.parts);
    if (any)
        graph_remove_dead(g);
}
