/* weights.h - the functions of weights that the lowering rules call; the table in functions.c names them. */
#ifndef CMD_PNNX2NCNN_WEIGHTS_H
#define CMD_PNNX2NCNN_WEIGHTS_H

#include "common/rewrite/rewrite.h"

typedef bool weight_function(struct graph *g, const struct rule_item *arguments, size_t count,
                             struct rule_item *result);

/* A float tensor to fill: *data has as many elements as the shape says.  Both are in the graph's arena. */
const struct attribute *weights_new(struct graph *g, int rank, const int64_t *shape, float **data);

weight_function weights_filled, weights_reshaped, weights_outside_triangle, weights_swap_groups,
    weights_transposed, weights_rows, weights_grid, weights_mask_scores, weights_hides_rows,
    weights_of_layers;
weight_function weights_lstm_input, weights_lstm_hidden, weights_lstm_projection, weights_lstm_bias;
weight_function weights_gru_bias, weights_recurrent_input, weights_recurrent_hidden, weights_recurrent_bias;

/* ---- fourier.c ---- */

weight_function complex_value, complex_zeros, complex_real_of, complex_imag_of, complex_real_parts,
    complex_imag_parts;
weight_function fourier_cosines, fourier_sines, fourier_windowed, fourier_envelope;

#endif
