/* references.c - see references.h. */
#include "cmd/pnnx2ncnn/blobs/references.h"

#include <math.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "common/graph/dim.h"

/* What expressions call the dimension of the blob; NULL: it has none such. */
static const char *dimension_name(const struct operand *x, int64_t axis)
{
    static const char *const names[] = { "w", "h", "w", "c", "h", "w", "c", "d", "h", "w" };
    int at = layout_axis(x, axis), rank = layout_rank(x);
    if (layout_is_counted(x) && axis == x->batch)
        return "n";
    return at < 0 || rank < 1 || rank > BLOB_RANK ? NULL : names[rank * (rank - 1) / 2 + at];
}

const char *references_axis(struct references *r, struct operand *x, int64_t axis)
{
    const char *name = dimension_name(x, axis);
    size_t i = 0;
    while (i < r->count && r->blobs[i] != x)
        i++;
    if (!name || i == MOST_BLOBS)
        return NULL;
    r->blobs[i] = x;
    r->count += i == r->count;
    return arena_printf(&r->at->graph->arena, "%zu%s", i, name);
}

/* ---- what has a size ---- */

/* A tensor, and its axis that has the size times `factor`. */
struct carrier {
    struct operand *x;
    int axis;
    int64_t factor;
};

static bool carries(struct operand *x, int64_t d, bool multiple, struct carrier *out)
{
    if (x->batch == BATCH_UNKNOWN)
        return false;
    for (int i = 0; i < x->rank; i++) {
        int64_t factor = x->shape[i] == d ? 1
                         : multiple       ? dim_div_exact(x->producer->graph, x->shape[i], d)
                                          : -1;
        *out = (struct carrier){ x, i, factor };
        if (factor >= 1 && dimension_name(x, i))
            return true;
    }
    return false;
}

/* A count of blobs beside the layer's own would be taken for as many runs of the layer: only the first may have one. */
static bool find_carrier(const struct references *r, int64_t d, bool multiple, struct carrier *out)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->blobs[i] && carries(r->blobs[i], d, multiple, out))
            return true;
    for (const struct operator *op = r->at->prev; op && r->count < MOST_BLOBS; op = op->prev)
        for (size_t i = 0; i < op->output_count; i++)
            if (!layout_is_counted(op->outputs[i]) && carries(op->outputs[i], d, multiple, out))
                return true;
    return false;
}

/* ---- texts ---- */

enum { MOST_SCALED = 1 << 15 }; /* the largest size that is multiplied by a float */

static const char *operation(const struct references *r, const char *name, const char *a, const char *b)
{
    return a && b ? arena_printf(&r->at->graph->arena, "%s(%s,%s)", name, a, b) : NULL;
}

static const char *number_text(const struct references *r, int64_t i)
{
    return arena_printf(&r->at->graph->arena, "%lld", (long long)i);
}

static const char *carried_text(struct references *r, const struct carrier *c)
{
    const char *text = references_axis(r, c->x, c->axis);
    return c->factor == 1 ? text : operation(r, "//", text, number_text(r, c->factor));
}

/* The layer's // cuts off what PyTorch's rounds down: what may be negative is divided after so many times the divisor is added. */
static const char *floor_text(struct references *r, const struct dim_part *part, const char *top,
                              const char *bottom)
{
    enum { TIMES = 1 << 20 };
    if (dim_not_negative(r->at->graph, part->top))
        return operation(r, "//", top, bottom);
    if (!dim_known(part->bottom) || part->bottom >= INT32_MAX / 2 / TIMES)
        return NULL;
    const char *raised = operation(r, "+", top, number_text(r, part->bottom * TIMES));
    return operation(r, "-", operation(r, "//", raised, bottom), number_text(r, TIMES));
}

/* Whether p / q of every size to `most`, rounded down, is the size times the factor, as PyTorch has it: in double. */
static bool is_fraction(double factor, int64_t p, int64_t q, int64_t most)
{
    for (int64_t i = 1; i <= most; i++)
        if (i * p / q != (int64_t)floor((double)i * factor))
            return false;
    return true;
}

/* floor(factor * top) without floats, which are single ones in the layers: as a fraction. */
static const char *scaled_text(struct references *r, const struct dim_part *part, const char *top)
{
    int64_t most;
    if (!dim_most(r->at->graph, part->top, &most) || most > MOST_SCALED)
        most = MOST_SCALED;
    for (int64_t q = 1; q <= MOST_SCALED; q++) {
        int64_t p = llround(part->factor * (double)q);
        if (p > INT32_MAX / MOST_SCALED)
            return NULL;
        if (p > 0 && is_fraction(part->factor, p, q, most))
            return operation(r, "//", operation(r, "*", top, number_text(r, p)), number_text(r, q));
    }
    return NULL;
}

static const char *part_text(struct references *r, const struct dim_part *part)
{
    if (part->kind == DIM_NAME)
        return references_size(r, dim_named(r->at->graph, part->name));
    const char *top = references_size(r, part->top);
    if (part->kind == DIM_SCALED)
        return top ? scaled_text(r, part, top) : NULL;
    const char *bottom = references_size(r, part->bottom);
    return part->kind == DIM_FLOOR ? floor_text(r, part, top, bottom)
                                   : operation(r, part->kind == DIM_LESSER ? "min" : "max", top, bottom);
}

static const char *product_text(struct references *r, const struct dim_term *term)
{
    const char *text = term->factor == 1 && term->count ? NULL : number_text(r, term->factor);
    for (int i = 0; i < term->count; i++) {
        const char *next = part_text(r, &term->parts[i]);
        text = i == 0 && term->factor == 1 ? next : operation(r, "*", next, text);
        if (!text)
            return NULL;
    }
    return text;
}

static bool is_name(const struct graph *g, int64_t d)
{
    struct dim_term term, more;
    return dim_term(g, d, 0, &term) && !dim_term(g, d, 1, &more) && term.factor == 1 && term.count == 1 &&
           term.parts[0].name;
}

static const char *sum_text(struct references *r, int64_t d)
{
    const char *text = NULL;
    struct dim_term term;
    for (int i = 0; dim_term(r->at->graph, d, i, &term); i++) {
        const char *next = product_text(r, &term);
        text = i == 0 ? next : operation(r, "+", text, next);
        if (!text)
            return NULL;
    }
    return text;
}

const char *references_size(struct references *r, int64_t d)
{
    struct carrier carrier;
    int64_t number;
    bool name = is_name(r->at->graph, d);
    if (dim_constant(r->at->graph, d, &number))
        return number_text(r, number);
    if (d == DIM_UNKNOWN)
        return NULL;
    if (find_carrier(r, d, name, &carrier))
        return carried_text(r, &carrier);
    return name ? NULL : sum_text(r, d);
}
