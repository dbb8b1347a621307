/* layer.c - see reader.h: what the text and the binary form have in common. */
#include <stdio.h>

#include "formats/ncnn/reader.h"

struct operator *ncnn_add_layer(struct ncnn_reader *r, const char *type, const char *name, long line)
{
    struct operator *op = graph_add(r->g, NULL, intern(r->g->strings, type), intern(r->g->strings, name));
    op->line = line;
    if (r->input_count)
        operator_set(op, "inputs", value_list(r->inputs, r->input_count));
    r->input_count = 0;
    return op;
}

void ncnn_add_input(struct ncnn_reader *r, struct operand *x)
{
    r->inputs = arena_grow(&r->g->arena, r->inputs, r->input_count, sizeof *r->inputs);
    r->inputs[r->input_count++] = value_operand(x);
}

/* One record, dims w h [d] c, as a shape; false: it says nothing. */
static bool read_hint(const struct value *items, size_t size, int *rank, int64_t shape[4])
{
    int64_t n[5];
    for (size_t i = 0; i < size; i++) {
        if (items[i].kind != VALUE_INT)
            return false;
        n[i] = items[i].integer;
    }
    if (n[0] < 1 || n[0] > 4 || (n[0] == 4 && size < 5))
        return false;
    *rank = (int)n[0];
    int64_t depth = n[3], channels = n[size - 1];
    int64_t dims[4] = { n[1], n[2], *rank == 4 ? depth : channels, channels };
    for (int i = 0; i < *rank; i++) {
        shape[i] = dims[*rank - 1 - i];
        if (shape[i] < 1)
            return false;
    }
    return true;
}

/* Sizes are for the eye and for plans of a GPU: what is no list of them is left out. */
static void set_hints(struct ncnn_reader *r, struct operator *op, const struct value *v)
{
    size_t count = op->output_count, size = v->kind == VALUE_LIST && count ? v->list.count / count : 0;
    if ((size != 4 && size != 5) || v->list.count != size * count)
        return;
    r->style->hint = (int)size;
    for (size_t i = 0; i < count; i++) {
        int rank;
        int64_t shape[4];
        if (read_hint(v->list.items + i * size, size, &rank, shape))
            operand_set_shape(op->outputs[i], DTYPE_F32, rank, shape);
    }
}

void ncnn_set_parameter(struct ncnn_reader *r, struct operator *op, int64_t id, struct value v)
{
    char key[8];
    if (id < 0 || id >= NCNN_PARAMETERS)
        die(STATUS_MALFORMED, operator_place(op), "%s '%s': there is no parameter %lld: they go from 0 to %d",
            op->type, op->name, (long long)id, NCNN_PARAMETERS - 1);
    snprintf(key, sizeof key, "%d", (int)id);
    if (id == NCNN_HINTS)
        set_hints(r, op, &v);
    else
        operator_set(op, key, v);
}
