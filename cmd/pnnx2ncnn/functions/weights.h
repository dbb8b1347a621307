/* weights.h - functions that the rules call, of weights and constants; the table in functions.c names them. */
#ifndef CMD_PNNX2NCNN_FUNCTIONS_WEIGHTS_H
#define CMD_PNNX2NCNN_FUNCTIONS_WEIGHTS_H

#include "common/rewrite/rewrite.h"

typedef bool call_function(struct rule_call *call);

/* A float tensor to fill: *data has as many elements as the shape says.  Both are in the graph's arena. */
const struct attribute *weights_new(struct graph *g, int rank, const int64_t *shape, float **data);

call_function weights_filled, weights_powers, weights_reshaped, weights_outside_triangle, weights_swap_groups,
    weights_transposed, weights_rows, weights_columns, weights_grid, weights_chosen, weights_hides_rows,
    weights_of_layers;
call_function weights_lstm, weights_recurrent, weights_lstm_bias, weights_gru_bias, weights_recurrent_bias;

/* ---- places.c: those along an axis that constant indices pick ---- */

call_function places_counted, places_nearest, places_repeated, places_combined, places_joined,
    places_gathered, places_strided, places_adaptive, places_same, places_written, places_runs, places_rows,
    places_matrix;

/* ---- quantized.c ---- */

/* Whether an operator's result is on the grid that its operands are on. */
bool quantized_keeps(const struct operand *x);

call_function quantized_grid, quantized_steps, quantized_rounds, quantized_floats, quantized_simulated,
    quantized_scales, quantized_integers, quantized_inverse, quantized_bias, quantized_cell_sizes,
    quantized_cell_weights;

/* ---- filters.c ---- */

call_function filters_resize;

/* ---- sizes.c ---- */

call_function sizes_resize_text, sizes_resize_blobs, sizes_slice_start, sizes_slice_end, sizes_slice_blobs,
    sizes_samples_like;

/* ---- einsum.c ---- */

call_function einsum_codes, einsum_total, einsum_terms;

/* ---- fourier.c ---- */

call_function complex_value, complex_zeros, complex_real_of, complex_imag_of, complex_real_parts,
    complex_imag_parts;
call_function fourier_cosines, fourier_sines, fourier_windowed, fourier_envelope;

#endif
