/* npy.c - see npy.h. */
#include "formats/npy.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/report.h"

#define MAGIC     "\x93NUMPY"
#define MAX_RANK  64 /* NumPy's */
#define ALIGNMENT 64 /* of the data, as NumPy writes it */

/* What NumPy calls the element types, without the byte order. */
static const struct {
    const char *code;
    enum dtype dtype;
    size_t part; /* bytes of what byte order turns around: a half of a complex number */
} codes[] = {
    { "f4", DTYPE_F32, 4 },  { "f8", DTYPE_F64, 8 }, { "f2", DTYPE_F16, 2 },   { "i4", DTYPE_I32, 4 },
    { "i8", DTYPE_I64, 8 },  { "i2", DTYPE_I16, 2 }, { "i1", DTYPE_I8, 1 },    { "u1", DTYPE_U8, 1 },
    { "b1", DTYPE_BOOL, 1 }, { "c8", DTYPE_C64, 4 }, { "c16", DTYPE_C128, 8 },
};

struct header {
    size_t code; /* index into codes */
    bool big_endian, by_columns;
    int rank;
    int64_t shape[MAX_RANK];
};

static _Noreturn void die_malformed(const struct mapping *map, const char *what)
{
    die(STATUS_MALFORMED, (struct place){ .file = map->name }, "not a NumPy array file: %s", what);
}

/* ---- the header: a Python dictionary in text ---- */

struct cursor {
    const struct mapping *map;
    const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n'))
        c->at++;
}

static bool take(struct cursor *c, const char *text)
{
    skip_blanks(c);
    size_t length = strlen(text);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0)
        return false;
    c->at += length;
    return true;
}

static void read_descr(struct cursor *c, struct header *h)
{
    if (!take(c, "'") || c->at == c->end || strchr("<>|=", *c->at) == NULL)
        die_malformed(c->map, "it holds records, or its 'descr' is damaged");
    h->big_endian = *c->at++ == '>';
    for (h->code = 0; h->code < sizeof codes / sizeof *codes; h->code++) {
        struct cursor here = *c;
        if (take(c, codes[h->code].code) && take(c, "'"))
            return;
        *c = here;
    }
    die_malformed(c->map, "its elements are of a type that PNNX does not have");
}

static void read_shape(struct cursor *c, struct header *h)
{
    if (!take(c, "("))
        die_malformed(c->map, "its 'shape' is damaged");
    for (h->rank = 0; !take(c, ")"); h->rank++) {
        int64_t size = 0;
        const char *digits = c->at;
        for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
            if (!int_mul(size, 10, &size) || !int_add(size, *c->at - '0', &size))
                die_malformed(c->map, "its 'shape' is damaged");
        if (c->at == digits || h->rank == MAX_RANK || (!take(c, ",") && (c->at == c->end || *c->at != ')')))
            die_malformed(c->map, "its 'shape' is damaged");
        h->shape[h->rank] = size;
    }
}

static struct header read_header(struct cursor *c)
{
    struct header h = { 0 };
    bool descr = false, order = false, shape = false;
    if (!take(c, "{"))
        die_malformed(c->map, "its header is damaged");
    while (!take(c, "}")) {
        if (!descr && take(c, "'descr':")) {
            read_descr(c, &h);
            descr = true;
        } else if (!order && take(c, "'fortran_order':")) {
            h.by_columns = take(c, "True");
            order = h.by_columns || take(c, "False");
        } else if (!shape && take(c, "'shape':")) {
            read_shape(c, &h);
            shape = true;
        } else {
            die_malformed(c->map, "its header is damaged");
        }
        take(c, ",");
    }
    if (!descr || !order || !shape)
        die_malformed(c->map, "its header is damaged");
    return h;
}

/* ---- the data ---- */

static size_t size_of(const struct mapping *map, const struct header *h)
{
    int64_t bytes = (int64_t)dtype_size(codes[h->code].dtype);
    for (int i = 0; i < h->rank; i++)
        if (!int_mul(bytes, h->shape[i], &bytes))
            die_malformed(map, "its 'shape' is too large");
    return (size_t)bytes;
}

/* Copies the elements, which lie column by column, row by row. */
static void transpose(const struct header *h, size_t element, const uint8_t *from, uint8_t *to, size_t size)
{
    int64_t index[MAX_RANK] = { 0 };
    size_t stride[MAX_RANK], offset = 0, step = element;
    for (int i = 0; i < h->rank; i++) {
        stride[i] = step;
        step *= (size_t)h->shape[i];
    }
    for (size_t done = 0; done < size; done += element) {
        memcpy(to + done, from + offset, element);
        for (int i = h->rank - 1; i >= 0; i--) {
            offset += stride[i];
            if (++index[i] < h->shape[i])
                break;
            offset -= stride[i] * (size_t)h->shape[i];
            index[i] = 0;
        }
    }
}

static void swap_bytes(uint8_t *data, size_t size, size_t part)
{
    for (size_t at = 0; at + part <= size; at += part)
        for (size_t i = 0; i < part / 2; i++) {
            uint8_t byte = data[at + i];
            data[at + i] = data[at + part - 1 - i];
            data[at + part - 1 - i] = byte;
        }
}

/* Reads the header, and gives the offset of the data. */
static size_t read_start(const struct mapping *map, struct header *h)
{
    const uint8_t *p = map->data;
    if (map->size < 10 || memcmp(p, MAGIC, 6) != 0)
        die_malformed(map, "it does not begin with NumPy's signature");
    bool wide = p[6] >= 2; /* version 1 has a 16-bit length, 2 and 3 have 32 bits */
    if (p[6] < 1 || p[6] > 3 || (wide && map->size < 12))
        die_malformed(map, "its version is unknown");
    size_t start = wide ? 12 : 10, length = (size_t)p[8] | (size_t)p[9] << 8;
    if (wide)
        length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
    if (length > map->size - start)
        die_malformed(map, "its header is cut off");

    struct cursor cursor = { map, (const char *)p + start, (const char *)p + start + length };
    *h = read_header(&cursor);
    return start + length;
}

struct npy npy_read(struct arena *arena, const struct mapping *map)
{
    struct header h;
    size_t start = read_start(map, &h);
    struct npy array = { .dtype = codes[h.code].dtype, .rank = h.rank, .size = size_of(map, &h) };
    if (array.size > map->size - start)
        die_malformed(map, "its data is cut off");
    array.shape = arena_copy(arena, h.shape, sizeof *h.shape * (size_t)h.rank);
    array.data = map->data + start;

    bool turn = h.by_columns && h.rank > 1, swap = h.big_endian && codes[h.code].part > 1;
    if (!turn && !swap)
        return array;
    uint8_t *data = arena_alloc(arena, array.size);
    if (turn)
        transpose(&h, dtype_size(array.dtype), array.data, data, array.size);
    else
        memcpy(data, array.data, array.size);
    if (swap)
        swap_bytes(data, array.size, codes[h.code].part);
    array.data = data;
    return array;
}

static bool begins_npy(const uint8_t *bytes, size_t size)
{
    return size >= 6 && memcmp(bytes, MAGIC, 6) == 0;
}

struct shape_list npy_shapes(const struct text_list *files)
{
    struct shape_list shapes = { .items = xmalloc(size_mul(files->count, sizeof *shapes.items)) };
    for (size_t i = 0; i < files->count; i++) {
        struct mapping *map = mapping_open_as(files->items[i], begins_npy);
        struct shape_spec *spec = &shapes.items[shapes.count++];
        struct header h;
        read_start(map, &h);
        *spec = (struct shape_spec){ .rank = h.rank, .dtype = codes[h.code].dtype };
        if ((size_t)h.rank > sizeof spec->dims / sizeof *spec->dims)
            die(STATUS_CONVERSION, (struct place){ .file = map->name },
                "an array of %d dimensions: a tensor has at most 16", h.rank);
        memcpy(spec->dims, h.shape, (size_t)h.rank * sizeof *h.shape);
        mapping_close(map);
    }
    return shapes;
}

/* ---- writing ---- */

/* Enough for MAX_RANK sizes of 19 digits. */
#define HEADER_ROOM 2048

static int format_header(char *text, const struct npy *array, size_t code)
{
    int n = snprintf(text, HEADER_ROOM, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                     codes[code].part > 1 ? '<' : '|', codes[code].code);
    for (int i = 0; i < array->rank; i++)
        n += snprintf(text + n, HEADER_ROOM - (size_t)n, i > 0 ? ", %" PRId64 : "%" PRId64, array->shape[i]);
    return n + snprintf(text + n, HEADER_ROOM - (size_t)n, array->rank == 1 ? ",), }" : "), }");
}

void npy_write(struct output *out, const struct npy *array)
{
    char text[HEADER_ROOM + ALIGNMENT];
    size_t code = 0;
    while (code < sizeof codes / sizeof *codes && codes[code].dtype != array->dtype)
        code++;
    if (code == sizeof codes / sizeof *codes || array->rank > MAX_RANK)
        die(STATUS_CONVERSION, nowhere, "an array of %s cannot be written as a NumPy file",
            dtype_tag(array->dtype));
    size_t length = (size_t)format_header(text, array, code);
    while ((10 + length + 1) % ALIGNMENT != 0)
        text[length++] = ' ';
    text[length++] = '\n';
    const uint8_t start[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)length, (uint8_t)(length >> 8) };
    output_write(out, start, sizeof start);
    output_write(out, text, length);
    output_write(out, array->data, array->size);
}
