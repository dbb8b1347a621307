/* fft.c - Fourier transforms: complex or real in and out, sizes given or halved. */
#include <string.h>

#include "common/operators/shapes/shape.h"

enum fft {
    FFT_COMPLEX, /* complex out, sizes kept */
    FFT_HALF,    /* rfft, ihfft: n becomes n / 2 + 1 on the last axis */
    FFT_DOUBLE,  /* irfft, hfft: n becomes 2 * (n - 1), real out */
};

/* The row's code is 10 * how many axes by default (0: all) + the kind. */
static void shape_fft(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    struct graph *g = c->graph;
    enum fft kind = (enum fft)(c->row->code % 10);
    int64_t axes[MAX_RANK], sizes[MAX_RANK], dims[MAX_RANK];
    int axis = 0, count = arg_ints(c, "dim", axes, MAX_RANK);
    int given = arg_sizes(c, c->row->code / 10 == 1 ? "n" : "s", sizes, MAX_RANK), usual = c->row->code / 10;
    if (x.rank < 1 || count == UNKNOWN || given == UNKNOWN)
        return;
    if (count == ABSENT) {
        count = usual ? usual : given > 0 ? given : x.rank;
        for (int i = 0; i < count && i < MAX_RANK; i++)
            axes[i] = i - count;
    }
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    for (int i = 0; i < count; i++) {
        int64_t number, size;
        if (!axis_of(c, axes[i], x.rank, &axis))
            return;
        size = given > i ? sizes[i] : DIM_UNKNOWN;
        if (given > i && !(dim_constant(g, size, &number) && number < 0))
            dims[axis] = size;
        else if (kind == FFT_DOUBLE && i == count - 1)
            dims[axis] = dim_mul(g, 2, dim_sub(g, dims[axis], 1));
    }
    if (kind == FFT_HALF && count > 0)
        dims[axis] = dim_add(g, dim_div_floor(g, dims[axis], 2), 1);
    result(c, 0, kind == FFT_DOUBLE ? dtype_to_real(dtype_to_float(x.dtype)) : dtype_to_complex(x.dtype),
           x.rank, dims);
}

/* Frames of a signal: 1 + (n [+ n_fft when centred] - n_fft) / hop. */
static int64_t frame_count(struct call *c, int64_t length, bool center)
{
    struct graph *g = c->graph;
    int64_t n_fft = arg_size(c, "n_fft", DIM_UNKNOWN), hop = dim_div_floor(g, n_fft, 4);
    if (arg_present(c, "hop_length"))
        hop = arg_size(c, "hop_length", 0);
    if (center)
        length = dim_add(g, length, dim_mul(g, 2, dim_div_floor(g, n_fft, 2)));
    return dim_add(g, dim_div_floor(g, dim_sub(g, length, n_fft), hop), 1);
}

static int64_t bin_count(struct call *c, bool onesided)
{
    int64_t n_fft = arg_size(c, "n_fft", DIM_UNKNOWN);
    return onesided ? dim_add(c->graph, dim_div_floor(c->graph, n_fft, 2), 1) : n_fft;
}

/* aten::stft has no `center`: its input is padded already. */
static void shape_stft(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    bool center = operator_get(c->op, "center") && arg_bool(c, "center", true);
    bool complex = arg_bool(c, "return_complex", false);
    int64_t dims[4];
    int rank = x.rank;
    if (x.rank != 1 && x.rank != 2)
        return;
    dims[0] = x.dims[0];
    dims[rank - 1] = bin_count(c, arg_bool(c, "onesided", !dtype_is_complex(x.dtype)));
    dims[rank] = frame_count(c, x.dims[rank - 1], center);
    dims[rank + 1] = 2;
    result(c, 0, complex ? dtype_to_complex(x.dtype) : x.dtype, complex ? rank + 1 : rank + 2, dims);
}

static void shape_istft(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    struct graph *g = c->graph;
    int64_t n_fft = arg_size(c, "n_fft", DIM_UNKNOWN), hop = dim_div_floor(g, n_fft, 4), dims[2];
    if (x.rank != 2 && x.rank != 3)
        return;
    if (arg_present(c, "hop_length"))
        hop = arg_size(c, "hop_length", 0);
    dims[0] = x.dims[0];
    dims[x.rank - 2] = dim_add(g, n_fft, dim_mul(g, hop, dim_sub(g, x.dims[x.rank - 1], 1)));
    if (arg_bool(c, "center", true))
        dims[x.rank - 2] = dim_sub(g, dims[x.rank - 2], dim_mul(g, 2, dim_div_floor(g, n_fft, 2)));
    if (arg_present(c, "length"))
        dims[x.rank - 2] = arg_size(c, "length", 0);
    result(c, 0, arg_bool(c, "return_complex", false) ? x.dtype : dtype_to_real(x.dtype), x.rank - 1, dims);
}

/* torchaudio: (..., time) to (..., bins, frames). */
static void shape_spectrogram(struct call *c)
{
    struct fact x = arg_fact(c, "waveform");
    int64_t dims[MAX_RANK + 1], length;
    if (x.rank < 1 || x.rank >= MAX_RANK)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    length = dim_add(c->graph, dims[x.rank - 1], dim_mul(c->graph, 2, arg_size(c, "pad", 0)));
    dims[x.rank - 1] = bin_count(c, arg_bool(c, "onesided", true));
    dims[x.rank] = frame_count(c, length, arg_bool(c, "center", true));
    result(c, 0, arg_present(c, "power") ? x.dtype : dtype_to_complex(x.dtype), x.rank + 1, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "fft.fft fft_fft fft.ifft fft_ifft", shape_fft, NULL, 10 + FFT_COMPLEX },
    { "fft.fft2 fft_fft2 fft.ifft2 fft_ifft2", shape_fft, NULL, 20 + FFT_COMPLEX },
    { "fft.fftn fft_fftn fft.ifftn fft_ifftn", shape_fft, NULL, FFT_COMPLEX },
    { "fft.rfft fft_rfft fft.ihfft fft_ihfft", shape_fft, NULL, 10 + FFT_HALF },
    { "fft.rfft2 fft_rfft2 fft.ihfft2 fft_ihfft2", shape_fft, NULL, 20 + FFT_HALF },
    { "fft.rfftn fft_rfftn fft.ihfftn fft_ihfftn", shape_fft, NULL, FFT_HALF },
    { "fft.irfft fft_irfft fft.hfft fft_hfft", shape_fft, NULL, 10 + FFT_DOUBLE },
    { "fft.irfft2 fft_irfft2 fft.hfft2 fft_hfft2", shape_fft, NULL, 20 + FFT_DOUBLE },
    { "fft.irfftn fft_irfftn fft.hfftn fft_hfftn", shape_fft, NULL, FFT_DOUBLE },
    { "fft.fftshift fft_fftshift fft.ifftshift fft_ifftshift", shape_same, NULL, 0 },
    { "stft", shape_stft, NULL, 0 },
    { "istft", shape_istft, NULL, 0 },
    { "torchaudio.functional.spectrogram", shape_spectrogram, NULL, 0 },
};
/* clang-format on */

const struct family family_fft = { rows, LENGTH(rows) };
