/* recurrent.c - RNN, LSTM, GRU: modules, and aten's forms with their lists of weights. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* What the shapes of results depend on. */
struct recurrence {
    int64_t layers, directions; /* DIM_UNKNOWN: not known */
    int64_t hidden, projected;  /* sizes of a cell's state and of its output */
    bool batch_first;
    bool cell; /* two states: LSTM */
};

/* y, hn [, cn]; an input without batch has two dimensions, and so have the states. */
static void recurrent_results(struct call *c, const struct fact *x, const struct recurrence *r)
{
    int64_t y[3], h[3];
    int batch = x->rank - 2, last = x->rank - 1;
    enum dtype dtype = x->dtype;
    if (x->rank != 2 && x->rank != 3) {
        if (x->rank != RANK_UNKNOWN)
            wrong(c, "expected 2 or 3 dimensions");
        return;
    }
    memcpy(y, x->dims, (size_t)x->rank * sizeof *y);
    y[last] = dim_mul(c->graph, r->directions, r->projected);
    h[0] = dim_mul(c->graph, r->layers, r->directions);
    if (batch)
        h[1] = x->dims[r->batch_first ? 0 : 1];
    h[last] = r->projected;
    result(c, 0, dtype, x->rank, y);
    result(c, 1, dtype, x->rank, h);
    h[last] = r->hidden;
    if (r->cell)
        result(c, 2, dtype, x->rank, h);
}

/* nn.RNN, nn.GRU; nn.LSTM by the row's code. */
static void shape_recurrent(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t in = arg_size(c, "input_size", DIM_UNKNOWN), projection = arg_size(c, "proj_size", 0);
    struct recurrence r = { .layers = arg_size(c, "num_layers", 1),
                            .directions = arg_bool(c, "bidirectional", false) ? 2 : 1,
                            .hidden = arg_size(c, "hidden_size", DIM_UNKNOWN),
                            .batch_first = arg_bool(c, "batch_first", false),
                            .cell = c->row->code };
    r.projected = projection == 0 ? r.hidden : projection;
    if (x.rank > 0 && sizes_differ(c, x.dims[x.rank - 1], in)) {
        wrong(c, "expected %s features, not %s", dim_text(c->graph, in),
              dim_text(c->graph, x.dims[x.rank - 1]));
        return;
    }
    recurrent_results(c, &x, &r);
}

/* aten::lstm and its kin: sizes from the state, (layers * directions, batch, size). */
static void shape_aten_recurrent(struct call *c)
{
    struct fact x = arg_fact(c, "input"), states[2] = { { .rank = RANK_UNKNOWN }, { .rank = RANK_UNKNOWN } };
    struct recurrence r = { .directions = arg_bool(c, "bidirectional", false) ? 2 : 1,
                            .layers = arg_size(c, "num_layers", DIM_UNKNOWN),
                            .batch_first = arg_bool(c, "batch_first", false),
                            .cell = c->row->code,
                            .hidden = DIM_UNKNOWN };
    if (!r.cell)
        states[0] = arg_fact(c, "hx");
    else if (arg_facts(c, "hx", states, 2) != 2)
        return;
    if (states[0].rank < 1)
        return;
    r.projected = states[0].dims[states[0].rank - 1];
    r.hidden = r.cell && states[1].rank > 0 ? states[1].dims[states[1].rank - 1] : r.projected;
    recurrent_results(c, &x, &r);
}

/* One step: (batch, hidden), once more for the cell state of an LSTM. */
static void shape_cell(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[2];
    if (x.rank != 1 && x.rank != 2)
        return;
    dims[0] = x.dims[0];
    dims[x.rank - 1] = arg_size(c, "hidden_size", DIM_UNKNOWN);
    result(c, 0, x.dtype, x.rank, dims);
    result(c, 1, x.dtype, x.rank, dims);
}

/* aten::lstm_cell, aten::gru_cell: as the state. */
static void shape_aten_cell(struct call *c)
{
    struct fact states[2] = { { .rank = RANK_UNKNOWN }, { .rank = RANK_UNKNOWN } };
    if (!c->row->code)
        states[0] = arg_fact(c, "hx");
    else if (arg_facts(c, "hx", states, 2) != 2)
        return;
    result_like(c, 0, &states[0]);
    result_like(c, 1, &states[c->row->code]);
}

/* clang-format off */
static const struct row rows[] = {
    { "nn.RNN nn.GRU", shape_recurrent, NULL, 0 },
    { "nn.LSTM", shape_recurrent, NULL, 1 },
    { "gru rnn_tanh rnn_relu", shape_aten_recurrent, NULL, 0 },
    { "lstm", shape_aten_recurrent, NULL, 1 },
    { "nn.RNNCell nn.GRUCell nn.LSTMCell", shape_cell, NULL, 0 },
    { "gru_cell rnn_tanh_cell rnn_relu_cell", shape_aten_cell, NULL, 0 },
    { "lstm_cell", shape_aten_cell, NULL, 1 },
};
/* clang-format on */

const struct family family_recurrent = { rows, LENGTH(rows) };
