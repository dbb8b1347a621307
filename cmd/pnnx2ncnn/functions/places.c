/* places.c - the functions that picks.rules calls: which places along one axis constant indices pick, and how these lie.
 *
 * Places are a constant tensor of integers of one dimension; a negative one counts from the end of its axis.  A place that is
 * none makes the rule not apply. */
#include <math.h>
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/functions/weights.h"
#include "common/graph/element.h"

#define MOST_RUNS    32
#define MOST_FACTORS (1 << 20) /* elements of a matrix of places */
#define MOST_PLACES  (1 << 24)

/* Gives a tensor of `count` places from the arena. */
static bool give_places(struct rule_call *call, const int64_t *places, int64_t count)
{
    struct attribute *w = arena_alloc(&call->graph->arena, sizeof *w);
    *w = (struct attribute){ .key = "", .dtype = DTYPE_I64, .rank = 1 };
    w->size = (size_t)count * sizeof *places;
    w->shape = arena_copy(&call->graph->arena, &count, sizeof count);
    w->data = (const uint8_t *)places;
    return count > 0 && rule_give_tensor(call, w);
}

/* The same as a matrix. */
static bool give_matrix(struct rule_call *call, const int64_t *places, int64_t rows, int64_t columns)
{
    struct attribute *w = arena_alloc(&call->graph->arena, sizeof *w);
    int64_t *shape = arena_copy(&call->graph->arena, (int64_t[]){ rows, columns }, 2 * sizeof *shape);
    *w = (struct attribute){ .key = "", .dtype = DTYPE_I64, .rank = 2, .shape = shape };
    w->size = (size_t)(rows * columns) * sizeof *places;
    w->data = (const uint8_t *)places;
    return rule_give_tensor(call, w);
}

/* The product of the sizes; false: there are no elements, or too many. */
static bool count_elements(const int64_t *shape, int rank, int64_t *count)
{
    *count = 1;
    for (int i = 0; i < rank; i++)
        if (shape[i] < 1 || !int_mul(*count, shape[i], count) || *count > MOST_PLACES)
            return false;
    return true;
}

/* The i-th place of an axis of that size; -1: none. */
static int64_t place_at(const struct attribute *w, int64_t i, int64_t size)
{
    int64_t place = element_int(w->dtype, w->data, (size_t)i);
    place += place < 0 ? size : 0;
    return place < size ? place : -1;
}

/* The whole numbers from one on, so many. */
bool places_counted(struct rule_call *call)
{
    int64_t from = call->a[0].value.integer, count = call->a[1].value.integer;
    if (count < 1 || count > MOST_PLACES || from < -MOST_PLACES || from > MOST_PLACES)
        return false;
    int64_t *places = arena_array(&call->graph->arena, (size_t)count, sizeof *places);
    for (int64_t i = 0; i < count; i++)
        places[i] = from + i;
    return give_places(call, places, count);
}

/* Of an axis that is resized, the element whose middle is nearest, for each of the result; in floats, as PyTorch has it.  A scale
 * of 0 is none: that of the sizes. */
bool places_nearest(struct rule_call *call)
{
    int64_t from = call->a[0].value.integer, to = call->a[1].value.integer;
    double given = call->a[2].value.real;
    float scale = given > 0 ? (float)(1.0 / given) : (float)from / (float)to;
    if (from < 1 || to < 1 || to > MOST_PLACES || given < 0)
        return false;
    int64_t *places = arena_array(&call->graph->arena, (size_t)to, sizeof *places);
    for (int64_t i = 0; i < to; i++) {
        float at = floorf(((float)i + 0.5f) * scale);
        places[i] = at < (float)(from - 1) ? (int64_t)at : from - 1;
    }
    return give_places(call, places, to);
}

/* Each place as often as a constant says. */
bool places_repeated(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t *places = NULL, count = 0, size = (int64_t)element_count(w->rank, w->shape);
    if (!dtype_is_integer(w->dtype))
        return false;
    for (int64_t i = 0; i < size; i++)
        for (int64_t k = element_int(w->dtype, w->data, (size_t)i); k > 0; k--) {
            if (count == MOST_PLACES)
                return false;
            places = arena_grow(&call->graph->arena, places, (size_t)count, sizeof *places);
            places[count++] = i;
        }
    return give_places(call, places, count);
}

/* The next choice of r of n numbers, in lexicographic order; false: there was none. */
static bool next_choice(int64_t *chosen, int64_t r, int64_t n, bool again)
{
    for (int64_t k = r; k-- > 0;) {
        int64_t last = again ? n - 1 : n - r + k;
        if (chosen[k] < last) {
            chosen[k]++;
            for (int64_t j = k + 1; j < r; j++)
                chosen[j] = again ? chosen[k] : chosen[j - 1] + 1;
            return true;
        }
    }
    return false;
}

/* All choices of r of the places 0 to n, one behind the other: a matrix of r columns. */
bool places_combined(struct rule_call *call)
{
    int64_t n = call->a[0].value.integer, r = call->a[1].value.integer, count = 0;
    int64_t chosen[TENSOR_RANK], *places = NULL;
    bool again = call->a[2].value.boolean;
    if (n < 1 || r < 1 || r > TENSOR_RANK || (!again && r > n))
        return false;
    for (int64_t k = 0; k < r; k++)
        chosen[k] = again ? 0 : k;
    do {
        for (int64_t k = 0; k < r; k++) {
            places = arena_grow(&call->graph->arena, places, (size_t)count, sizeof *places);
            places[count++] = chosen[k];
        }
        if (count > MOST_PLACES)
            return false;
    } while (next_choice(chosen, r, n, again));
    return give_matrix(call, places, count / r, r);
}

/* ---- several axes as one ---- */

/* Indices of axes that lie side by side, broadcast, as places of these axes joined. */
struct joined {
    struct graph *g;
    int rank;
    int64_t shape[TENSOR_RANK];
    int64_t *places, count; /* arena; count 0: no axis yet */
};

/* Where element k of a tensor of that shape is in another that is broadcast to it. */
static int64_t broadcast_from(int64_t k, const int64_t *shape, int rank, const int64_t *from, int from_rank)
{
    int64_t place = 0, step = 1;
    for (int i = rank; i-- > rank - from_rank; k /= shape[i]) {
        int64_t size = from[i - (rank - from_rank)];
        place += size == 1 ? 0 : k % shape[i] * step;
        step *= size;
    }
    return place;
}

/* Appends the index of an axis of that size. */
static bool join_index(struct joined *j, const struct attribute *w, int64_t size)
{
    int rank = j->rank > w->rank ? j->rank : w->rank;
    int64_t shape[TENSOR_RANK], count;
    if (w->rank > TENSOR_RANK || !dtype_is_integer(w->dtype))
        return false;
    for (int i = 0; i < rank; i++) {
        int a = i - (rank - j->rank), b = i - (rank - w->rank);
        int64_t m = a < 0 ? 1 : j->shape[a], n = b < 0 ? 1 : w->shape[b];
        if (m != n && m != 1 && n != 1)
            return false;
        shape[i] = m == 1 ? n : m;
    }
    if (!count_elements(shape, rank, &count))
        return false;
    int64_t *places = arena_array(&j->g->arena, (size_t)count, sizeof *places);
    for (int64_t k = 0; k < count; k++) {
        int64_t place = place_at(w, broadcast_from(k, shape, rank, w->shape, w->rank), size);
        int64_t before = j->count ? j->places[broadcast_from(k, shape, rank, j->shape, j->rank)] : 0;
        if (place < 0)
            return false;
        places[k] = before * size + place;
    }
    j->places = places;
    j->count = count;
    j->rank = rank;
    memcpy(j->shape, shape, sizeof shape);
    return true;
}

/* The places where a mask is true. */
static bool give_true(struct rule_call *call, const struct attribute *w)
{
    size_t size = element_count(w->rank, w->shape);
    int64_t *places = arena_array(&call->graph->arena, size + 1, sizeof *places), count = 0;
    for (size_t i = 0; i < size; i++)
        if (element_real(DTYPE_BOOL, w->data, i) != 0)
            places[count++] = (int64_t)i;
    return give_places(call, places, count);
}

bool places_joined(struct rule_call *call)
{
    const struct value *indices = &call->a[0].value;
    int64_t sizes[TENSOR_RANK];
    struct joined j = { .g = call->graph };
    int rank = value_get_ints(&call->a[1].value, sizes, TENSOR_RANK);
    for (size_t i = 0; i < indices->list.count; i++) {
        const struct value *v = &indices->list.items[i];
        const struct attribute *w = v->kind == VALUE_OPERAND ? operand_constant(v->operand) : NULL;
        if (w && w->dtype == DTYPE_BOOL)
            return indices->list.count == 1 && w->rank == rank &&
                   memcmp(w->shape, sizes, (size_t)rank * sizeof *sizes) == 0 && give_true(call, w);
        if (!w || (int)i >= rank || !join_index(&j, w, sizes[i]))
            return false;
    }
    return give_places(call, j.places, j.count);
}

/* ---- places of a whole tensor ---- */

/* Those that torch.gather picks along an axis. */
bool places_gathered(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t sizes[TENSOR_RANK], count, axis = call->a[2].value.integer;
    if (value_get_ints(&call->a[1].value, sizes, TENSOR_RANK) != w->rank || !dtype_is_integer(w->dtype) ||
        !count_elements(w->shape, w->rank, &count))
        return false;
    int64_t *places = arena_array(&call->graph->arena, (size_t)count, sizeof *places);
    for (int64_t k = 0; k < count; k++) {
        int64_t rest = k, step = 1, place = 0;
        for (int i = w->rank; i-- > 0; rest /= w->shape[i], step *= sizes[i]) {
            int64_t at = i == axis ? place_at(w, k, sizes[i]) : rest % w->shape[i];
            if (at < 0 || at >= sizes[i])
                return false;
            place += at * step;
        }
        places[k] = place;
    }
    return give_places(call, places, count);
}

/* Those of torch.as_strided: sizes, strides, the place of the first. */
bool places_strided(struct rule_call *call)
{
    int64_t sizes[TENSOR_RANK], strides[TENSOR_RANK], count;
    int rank = value_get_ints(&call->a[0].value, sizes, TENSOR_RANK);
    if (rank < 1 || value_get_ints(&call->a[1].value, strides, TENSOR_RANK) != rank ||
        !count_elements(sizes, rank, &count))
        return false;
    int64_t *places = arena_array(&call->graph->arena, (size_t)count, sizeof *places);
    for (int64_t k = 0; k < count; k++) {
        int64_t rest = k;
        places[k] = call->a[2].value.integer;
        for (int i = rank; i-- > 0; rest /= sizes[i])
            places[k] += rest % sizes[i] * strides[i];
    }
    return give_places(call, places, count);
}

/* How many elements the largest window of adaptive pooling has along an axis. */
static int64_t largest_window(int64_t size, int64_t windows)
{
    int64_t largest = 1;
    for (int64_t i = 0; i < windows; i++) {
        int64_t elements = ((i + 1) * size + windows - 1) / windows - i * size / windows;
        largest = elements > largest ? elements : largest;
    }
    return largest;
}

/* Where one element is of every window of adaptive pooling: sizes, those of the result, which element, of as many as the largest
 * window has.  A smaller one has its last again. */
bool places_adaptive(struct rule_call *call)
{
    int64_t sizes[TENSOR_RANK], windows[TENSOR_RANK], count, which = call->a[2].value.integer;
    int rank = value_get_ints(&call->a[0].value, sizes, TENSOR_RANK);
    if (rank < 1 || value_get_ints(&call->a[1].value, windows, TENSOR_RANK) != rank ||
        !count_elements(windows, rank, &count) || which < 0)
        return false;
    int64_t *places = arena_array(&call->graph->arena, (size_t)count, sizeof *places), step = 1;
    for (int64_t i = rank, below = 1; i-- > 0; below *= windows[i], step *= sizes[i]) {
        int64_t largest = largest_window(sizes[i], windows[i]);
        for (int64_t k = 0; k < count; k++) {
            int64_t at = k / below % windows[i], from = at * sizes[i] / windows[i];
            int64_t last = ((at + 1) * sizes[i] + windows[i] - 1) / windows[i] - 1;
            int64_t place = from + which % largest;
            places[k] += (place < last ? place : last) * step;
        }
        which /= largest;
    }
    return give_places(call, places, count);
}

/* Whether the places are the same in each of `images` parts of `size` elements. */
bool places_same(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t images = call->a[1].value.integer, size = call->a[2].value.integer,
            count = images > 0 ? w->shape[0] / images : 0;
    bool same = count > 0 && w->shape[0] % images == 0;
    for (int64_t i = 0; same && i < w->shape[0]; i++) {
        int64_t first = place_at(w, i % count, size);
        same = first >= 0 && place_at(w, i, images * size) == first + i / count * size;
    }
    return rule_give(call, value_bool(same));
}

/* Of an axis and what is put into it, one behind the other: where each element of the axis is then. */
bool places_written(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t size = call->a[1].value.integer,
            *places = arena_array(&call->graph->arena, (size_t)size + 1, sizeof *places);
    for (int64_t i = 0; i < size; i++)
        places[i] = i;
    for (int64_t i = 0; i < w->shape[0]; i++) {
        if (place_at(w, i, size) < 0)
            return false;
        places[place_at(w, i, size)] = size + i;
    }
    return give_places(call, places, size);
}

/* ---- how places lie ---- */

/* Places from `from` on that are a progression: how many, and its step; 0: one is none.  Two far from each other are none. */
static int64_t run(const struct attribute *w, int64_t size, int64_t from, int64_t *step)
{
    int64_t n = 1, count = w->shape[0], first = place_at(w, from, size);
    *step = from + 1 < count ? place_at(w, from + 1, size) - first : 1;
    while (from + n < count && place_at(w, from + n, size) == first + n * *step)
        n++;
    if (n == 2 && *step != 1)
        n = 1;
    *step = n == 1 ? 1 : *step;
    return first < 0 ? 0 : n;
}

/* The runs, [first, step, count] each. */
bool places_runs(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    struct value runs[MOST_RUNS];
    size_t count = 0;
    int64_t size = call->a[1].value.integer, length;
    for (int64_t i = 0; i < w->shape[0]; i += length) {
        int64_t step;
        length = count < MOST_RUNS ? run(w, size, i, &step) : 0;
        if (!length)
            return false;
        int64_t items[] = { place_at(w, i, size), step, length };
        runs[count++] = value_ints(&call->graph->arena, items, 3);
    }
    return count > 0 &&
           rule_give(call, value_list(arena_copy(&call->graph->arena, runs, count * sizeof *runs), count));
}

/* Places that are rows of so many neighbours, each so far behind the one before: [first, rows, neighbours, distance]. */
bool places_rows(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t size = call->a[1].value.integer, count = w->shape[0], step;
    int64_t first = count ? place_at(w, 0, size) : -1, width = count ? run(w, size, 0, &step) : 0;
    int64_t distance = width && width < count ? place_at(w, width, size) - first : 0;
    if (!width || (step != 1 && width > 1) || count % width || distance < width)
        return false;
    for (int64_t i = 0; i < count; i++)
        if (place_at(w, i, size) != first + i / width * distance + i % width)
            return false;
    return rule_give_ints(call, (int64_t[]){ first, count / width, width, distance }, 4);
}

/* The matrix with a row for each place, 1 at that place, of an axis of that size; or its transpose. */
bool places_matrix(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    int64_t size = call->a[1].value.integer, count = w->shape[0];
    bool columns = call->a[2].value.boolean;
    float *data;
    if (size < 1 || count > MOST_FACTORS / size)
        return false;
    const struct attribute *matrix =
        weights_new(call->graph, 2, (int64_t[]){ columns ? size : count, columns ? count : size }, &data);
    memset(data, 0, (size_t)(count * size) * sizeof *data);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = place_at(w, i, size);
        if (place < 0)
            return false;
        data[columns ? place * count + i : i * size + place] = 1;
    }
    return rule_give_tensor(call, matrix);
}
