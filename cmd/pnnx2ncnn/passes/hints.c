/* hints.c - see passes.h. */
#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "formats/ncnn/ncnn.h"

enum { RECORD = 5 }; /* dims, w, h, d, c */

static bool add_record(const struct operand *x, struct value *record)
{
    /* Where each dimension, outermost first, stands in the record. */
    static const int places[BLOB_RANK][BLOB_RANK] = { { 1 }, { 2, 1 }, { 4, 2, 1 }, { 4, 3, 2, 1 } };
    if (x->rank < 1 || x->rank > BLOB_RANK)
        return false;
    record[0] = value_int(x->rank);
    for (int i = 1; i < RECORD; i++)
        record[i] = value_int(1);
    for (int i = 0; i < x->rank; i++) {
        if (x->shape[i] < 1 || x->shape[i] > INT32_MAX)
            return false;
        record[places[x->rank - 1][i]] = value_int(x->shape[i]);
    }
    return true;
}

void hint_shapes(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next) {
        struct value *records = arena_array(&g->arena, op->output_count * RECORD + 1, sizeof *records);
        bool known = op->output_count > 0;
        for (size_t i = 0; known && i < op->output_count; i++)
            known = add_record(op->outputs[i], records + i * RECORD);
        if (known)
            operator_set(op, NCNN_SHAPES, value_list(records, op->output_count * RECORD));
    }
}
