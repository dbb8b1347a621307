/* headers.c - see headers.h.  In C++ the numbers are constants of a namespace, as upstream has them; C has no namespaces, so
 * there the name of the namespace stands before each, and they are of an enum. */
#include "cmd/ncnn2mem/headers.h"

#include <string.h>

#include "cmd/ncnn2mem/names.h"
#include "formats/output.h"

/* ---- numbers ---- */

/* One constant. */
struct id {
    const char *name;
    size_t number;
};

struct ids {
    struct graph *g;
    struct strings *taken;
    struct id *items; /* arena */
    size_t count;
};

/* `what` is of the message: a layer, a blob. */
static void add_id(struct ids *ids, struct place at, const char *what, const char *prefix, const char *name,
                   size_t number)
{
    struct arena *arena = &ids->g->arena;
    const char *wanted = arena_printf(arena, "%s%s", prefix, name_sanitised(arena, name));
    const char *given = name_unique(ids->taken, arena, wanted);
    if (strcmp(wanted, given) != 0)
        note(at, "%s '%s' is called %s: another one is %s", what, name, given, wanted);
    ids->items = arena_grow(arena, ids->items, ids->count, sizeof *ids->items);
    ids->items[ids->count++] = (struct id){ given, number };
}

static void collect_ids(struct ids *ids)
{
    size_t layer = 0, blob = 0, count;
    for (const struct operator *op = ids->g->first; op; op = op->next) {
        add_id(ids, operator_place(op), "layer", "LAYER_", op->name, layer++);
        for (size_t i = 0; i < op->output_count; i++)
            add_id(ids, operator_place(op), "blob", "BLOB_", op->outputs[i]->name, blob++);
    }
    const char **types = ncnn_custom_types(ids->g, &count);
    for (size_t i = 0; i < count; i++)
        add_id(ids, nowhere, "type", "TYPEINDEX_", types[i], NCNN_CUSTOM + i);
}

static void write_guard(struct output *out, const char *guard)
{
    output_printf(out, "#ifndef %s\n#define %s\n\n", guard, guard);
}

static const char *guard_of(struct arena *arena, const char *header)
{
    return arena_printf(arena, "NCNN_INCLUDE_GUARD_%s", name_of_file(arena, header, ""));
}

void ids_write(struct graph *g, const char *param, const char *ids)
{
    struct ids all = { .g = g, .taken = strings_new() };
    const char *space = name_of_file(&g->arena, param, "_id");
    collect_ids(&all);
    struct output *out = output_open(ids);
    write_guard(out, guard_of(&g->arena, ids));
    output_printf(out, "#ifdef __cplusplus\nnamespace %s {\n", space);
    for (size_t i = 0; i < all.count; i++)
        output_printf(out, "const int %s = %zu;\n", all.items[i].name, all.items[i].number);
    output_printf(out, "} // namespace %s\n#else\nenum {\n", space);
    for (size_t i = 0; i < all.count; i++)
        output_printf(out, "    %s_%s = %zu,\n", space, all.items[i].name, all.items[i].number);
    output_printf(out, "};\n#endif\n\n#endif\n");
    strings_free(all.taken);
}

/* ---- arrays ---- */

enum { BYTES_IN_A_LINE = 16 };

/* C has no arrays without elements. */
static const uint8_t nothing[1];

static void write_array(struct output *out, const char *name, const struct array *a)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *data = a->size ? a->data : nothing;
    size_t size = a->size ? a->size : sizeof nothing;
    output_printf(out,
                  "#ifdef _MSC_VER\n__declspec(align(4))\n#else\n__attribute__((aligned(4)))\n#endif\n"
                  "static const unsigned char %s[] = {\n",
                  name);
    for (size_t i = 0; i < size; i += BYTES_IN_A_LINE) {
        char line[BYTES_IN_A_LINE * 5 + 1], *to = line;
        for (size_t j = i; j < size && j < i + BYTES_IN_A_LINE; j++) {
            memcpy(to, "0x..,", 5);
            to[2] = digits[data[j] >> 4];
            to[3] = digits[data[j] & 15];
            to += 5;
        }
        *to++ = '\n';
        output_write(out, line, (size_t)(to - line));
        if (i % MAPPING_PIECE == 0 && i)
            mapping_forget(data + i - MAPPING_PIECE, MAPPING_PIECE);
    }
    output_printf(out, "};\n\n");
}

void arrays_write(struct arena *arena, const struct array *param, const struct array *bin, const char *ids,
                  const char *arrays)
{
    struct strings *taken = strings_new();
    name_unique(taken, arena, guard_of(arena, ids));
    const char *guard = name_unique(taken, arena, guard_of(arena, arrays));
    const char *first = name_unique(taken, arena, name_of_file(arena, param->file, ""));
    const char *wanted = name_of_file(arena, bin->file, ""), *second = name_unique(taken, arena, wanted);
    if (strcmp(wanted, second) != 0)
        note((struct place){ .file = bin->file }, "its array is called %s: that of '%s' is %s", second,
             param->file, wanted);
    struct output *out = output_open(arrays);
    write_guard(out, guard);
    write_array(out, first, param);
    write_array(out, second, bin);
    output_printf(out, "#endif\n");
    strings_free(taken);
}
