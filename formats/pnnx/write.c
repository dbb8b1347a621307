/* write.c - a graph to PNNX text and weights.  The format is described in pnnx(5). */
#include <stdlib.h>
#include <string.h>

#include "common/graph/dim.h"
#include "formats/pnnx/pnnx.h"
#include "formats/pnnx/text.h"
#include "formats/zip/zip.h"

/* An input as it will stand on the line. */
struct line_input {
    const struct operand *operand;
    const char *key; /* behind `$`; NULL: no entry */
};

struct writer {
    struct output *out;
    struct text_buffer line;
    struct line_input *inputs;
    size_t input_count, input_room;
    struct argument_text *sorted; /* the parameters of an operator, by spelled key */
    size_t sorted_room;
};

struct argument_text {
    const char *key; /* as written: an alias where the file had one */
    const struct value *value;
};

static _Noreturn void die_unwritable(const struct operator *op, const char *key, const char *why)
{
    die(STATUS_CONVERSION, operator_place(op), "%s '%s': the argument '%s' cannot be written: %s", op->type,
        op->name, key, why);
}

/* ---- inputs ---- */

static void add_input(struct writer *w, const struct operand *x, const char *key)
{
    if (w->input_count == w->input_room) {
        w->input_room = w->input_room == 0 ? 64 : size_mul(w->input_room, 2);
        w->inputs = xrealloc(w->inputs, size_mul(w->input_room, sizeof *w->inputs));
    }
    w->inputs[w->input_count++] = (struct line_input){ x, key };
}

/* The operands among the arguments: themselves, or in the lists. */
static size_t count_operands(const struct operator *op)
{
    size_t count = 0;
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct value *v = &op->arguments[i].value;
        count += v->kind == VALUE_OPERAND;
        for (size_t k = 0; v->kind == VALUE_LIST && k < v->list.count; k++)
            count += v->list.items[k].kind == VALUE_OPERAND;
    }
    return count;
}

/* The inputs as the file had them; false when the operator has become another since. */
static bool lay_out_as_read(struct writer *w, const struct operator *op)
{
    const struct text_layout *layout = op->layout;
    if (layout == NULL || layout->type != op->type)
        return false;
    size_t taken = 0;
    const struct value *v = NULL;
    const char *argument = NULL;
    for (size_t i = 0; i < layout->input_count; i++) {
        const struct text_input *input = &layout->inputs[i];
        if (input->surplus != NULL) {
            if (graph_find_operand(op->graph, input->surplus->name) != input->surplus)
                return false;
            add_input(w, input->surplus, NULL);
            continue;
        }
        if (argument != input->argument) {
            argument = input->argument;
            v = operator_get(op, argument);
        }
        const struct value *slot = v;
        if (v != NULL && input->item != SIZE_MAX)
            slot = v->kind == VALUE_LIST && input->item < v->list.count ? &v->list.items[input->item] : NULL;
        if (slot == NULL || slot->kind != VALUE_OPERAND)
            return false;
        add_input(w, slot->operand, input->key);
        taken++;
    }
    return taken == count_operands(op);
}

/* Types whose inputs are written without keys, as upstream does. */
static bool is_positional(const struct operator *op)
{
    static const char *const prefixes[] = { "nn.", "pnnx.", "prim::" };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(op->type, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

/* The first parameter from *next on that the reader would give to an input without key; NULL: none. */
static const struct parameter *next_free(const struct operator *op, size_t *next)
{
    const struct signature *s = op->signature;
    for (; *next < s->parameter_count; ++*next) {
        const struct value *v = operator_get(op, s->parameters[*next].name);
        if (v == NULL || value_has_operand(v))
            return &s->parameters[*next];
    }
    return NULL;
}

/* Dies unless the reader would give inputs without keys to the argument: it must be the variadic one, and nothing
 * before it may be left out. */
static void check_reachable(const struct operator *op, const char *argument)
{
    const struct signature *s = op->signature;
    for (size_t i = 0; i < s->parameter_count; i++) {
        if (s->parameters[i].variadic && s->parameters[i].name == argument)
            return;
        if (operator_get(op, s->parameters[i].name) == NULL)
            break;
    }
    if (signature_parameter(s, argument) == NULL && strcmp(argument, "inputs") == 0)
        return; /* an aten:: call that no overload takes: the reader will make the same of it again */
    die_unwritable(op, argument, "a list that holds operands");
}

static void add_list_inputs(struct writer *w, const struct operator *op, const struct argument *a)
{
    check_reachable(op, a->key);
    for (size_t i = 0; i < a->value.list.count; i++) {
        const struct value *item = &a->value.list.items[i];
        if (item->kind != VALUE_OPERAND)
            die_unwritable(op, a->key, "a list that holds operands and constants");
        add_input(w, item->operand, NULL);
    }
}

/* Inputs in the order of the arguments.  One goes without a key if its type is of those written so and the
 * reader, which fills parameters in order, would give it to the same argument. */
static void lay_out_anew(struct writer *w, const struct operator *op)
{
    size_t next = 0;
    bool positional = is_positional(op);
    w->input_count = 0;
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        if (!value_has_operand(&a->value))
            continue;
        if (a->value.kind == VALUE_LIST) {
            add_list_inputs(w, op, a);
            continue;
        }
        const struct parameter *p = next_free(op, &next);
        bool in_turn = positional && p != NULL && p->name == a->key && !p->variadic;
        add_input(w, a->value.operand, in_turn ? NULL : a->key);
        next += in_turn;
    }
}

/* ---- one line ---- */

static void put_field(struct text_buffer *line, const char *name)
{
    static const char blanks[] = "                        ";
    size_t start = line->size;
    pnnx_put_name(line, name, NAME_FIELD);
    size_t width = line->size - start;
    if (width < sizeof blanks - 1)
        text_put(line, blanks, sizeof blanks - 1 - width);
    text_put(line, " ", 1);
}

static int compare_arguments(const void *a, const void *b)
{
    return strcmp(((const struct argument_text *)a)->key, ((const struct argument_text *)b)->key);
}

static const char *written_key(const struct operator *op, const char *key)
{
    const struct text_layout *layout = op->layout;
    for (size_t i = 0; layout != NULL && i < layout->alias_count; i++)
        if (layout->aliases[i].argument == key)
            return layout->aliases[i].written;
    return key;
}

static void put_parameters(struct writer *w, const struct operator *op)
{
    if (op->argument_count > w->sorted_room) {
        w->sorted_room = size_mul(op->argument_count, 2);
        w->sorted = xrealloc(w->sorted, size_mul(w->sorted_room, sizeof *w->sorted));
    }
    size_t count = 0;
    for (size_t i = 0; i < op->argument_count; i++)
        if (!value_has_operand(&op->arguments[i].value))
            w->sorted[count++] =
                (struct argument_text){ written_key(op, op->arguments[i].key), &op->arguments[i].value };
    if (count > 1)
        qsort(w->sorted, count, sizeof *w->sorted, compare_arguments);
    for (size_t i = 0; i < count; i++) {
        text_put(&w->line, " ", 1);
        pnnx_put_name(&w->line, w->sorted[i].key, NAME_KEY);
        text_put(&w->line, "=", 1);
        if (!pnnx_put_value(&w->line, w->sorted[i].key, w->sorted[i].value))
            die_unwritable(op, w->sorted[i].key, "an expression with blanks");
    }
}

static void put_shape(struct text_buffer *line, struct graph *g, int rank, const int64_t *shape,
                      enum dtype dtype, bool noted)
{
    text_put(line, "(", 1);
    for (int i = 0; i < rank; i++) {
        if (i > 0)
            text_put(line, ",", 1);
        if (shape[i] >= 0)
            pnnx_put_int(line, shape[i]);
        else
            text_puts(line, noted ? dim_text_noted(g, shape[i]) : dim_text(g, shape[i]));
    }
    text_put(line, ")", 1);
    text_puts(line, dtype_tag(dtype));
}

/* True for an attribute without dimensions that has bytes: upstream cannot read its shape. */
static bool is_scalar(const struct attribute *a)
{
    return a->rank == 0 && a->size > 0;
}

static void put_scalars(struct text_buffer *line, const struct operator *op)
{
    bool any = false;
    for (size_t i = 0; i < op->attribute_count; i++) {
        if (!is_scalar(&op->attributes[i]))
            continue;
        struct value key = value_string(op->attributes[i].key);
        struct value list = value_list(&key, 1);
        struct text_buffer text = { 0 };
        pnnx_put_value(&text, NULL, &list);
        text_puts(line, any ? "," : " " PNNX_SCALARS "=(");
        text_put(line, text.bytes + 1, text.size - 2); /* without its parentheses */
        text_release(&text);
        any = true;
    }
    if (any)
        text_put(line, ")", 1);
    if (operator_is(op, "pnnx.Input") && op->output_count == 1 && op->outputs[0]->rank == 0) {
        text_puts(line, " " PNNX_SCALARS "=");
        text_puts(line, dtype_tag(op->outputs[0]->dtype));
    }
}

static void put_attributes(struct text_buffer *line, const struct operator *op)
{
    static const int64_t one = 1;
    for (size_t i = 0; i < op->attribute_count; i++) {
        const struct attribute *a = &op->attributes[i];
        text_put(line, " @", 2);
        pnnx_put_name(line, a->key, NAME_INNER);
        text_put(line, "=", 1);
        put_shape(line, op->graph, is_scalar(a) ? 1 : a->rank, is_scalar(a) ? &one : a->shape, a->dtype,
                  false);
    }
}

/* What is said of a named size is said where it comes from. */
static void put_operand_shape(struct text_buffer *line, const struct operator *op, const struct operand *x)
{
    bool noted = op == x->producer && operator_is(op, "pnnx.Input");
    if (x->rank <= 0) /* upstream cannot read the shape of a number */
        return;
    text_put(line, " #", 2);
    pnnx_put_name(line, x->name, NAME_INNER);
    text_put(line, "=", 1);
    put_shape(line, x->producer->graph, x->rank, x->shape, x->dtype, noted);
}

static void put_operator(struct writer *w, const struct operator *op)
{
    struct text_buffer *line = &w->line;
    line->size = 0;
    w->input_count = 0;
    if (!lay_out_as_read(w, op))
        lay_out_anew(w, op);
    put_field(line, op->type);
    put_field(line, op->name);
    pnnx_put_int(line, (int64_t)w->input_count);
    text_put(line, " ", 1);
    pnnx_put_int(line, (int64_t)op->output_count);
    for (size_t i = 0; i < w->input_count; i++) {
        text_put(line, " ", 1);
        pnnx_put_name(line, w->inputs[i].operand->name, NAME_INNER);
    }
    for (size_t i = 0; i < op->output_count; i++) {
        text_put(line, " ", 1);
        pnnx_put_name(line, op->outputs[i]->name, NAME_INNER);
    }
    put_parameters(w, op);
    put_scalars(line, op);
    put_attributes(line, op);
    for (size_t i = 0; i < w->input_count; i++) {
        if (w->inputs[i].key == NULL)
            continue;
        text_put(line, " $", 2);
        pnnx_put_name(line, w->inputs[i].key, NAME_INNER);
        text_put(line, "=", 1);
        pnnx_put_name(line, w->inputs[i].operand->name, NAME_INNER);
    }
    for (size_t i = 0; i < w->input_count; i++)
        put_operand_shape(line, op, w->inputs[i].operand);
    for (size_t i = 0; i < op->output_count; i++)
        put_operand_shape(line, op, op->outputs[i]);
    text_put(line, "\n", 1);
    output_write(w->out, line->bytes, line->size);
}

/* ---- a model ---- */

static void write_text(struct graph *g, struct output *out)
{
    struct writer w = { .out = out };
    size_t operands = 0;
    for (const struct operator *op = g->first; op != NULL; op = op->next)
        operands += op->output_count;
    output_printf(out, "7767517\n%zu %zu\n", g->operator_count, operands);
    for (const struct operator *op = g->first; op != NULL; op = op->next)
        put_operator(&w, op);
    text_release(&w.line);
    free(w.inputs);
    free(w.sorted);
}

static void put_member_name(struct text_buffer *name, const char *operator_name, const char *key)
{
    pnnx_put_name(name, operator_name, NAME_FIELD);
    text_put(name, ".", 1);
    pnnx_put_name(name, key, NAME_INNER);
    text_put(name, "", 1);
}

const char *pnnx_member_name(struct arena *arena, const char *operator_name, const char *key)
{
    struct text_buffer name = { 0 };
    put_member_name(&name, operator_name, key);
    const char *text = arena_text(arena, name.bytes, name.size - 1);
    text_release(&name);
    return text;
}

static void write_weights(const struct graph *g, struct output *out, uint64_t base)
{
    struct zip_writer *zip = zip_writer_new(out, base);
    struct text_buffer name = { 0 };
    for (const struct operator *op = g->first; op != NULL; op = op->next)
        for (size_t i = 0; i < op->attribute_count; i++) {
            const struct attribute *a = &op->attributes[i];
            name.size = 0;
            put_member_name(&name, op->name, a->key);
            zip_writer_add(zip, name.bytes, a->data, a->size, a->has_crc ? &a->crc : NULL);
        }
    text_release(&name);
    zip_writer_finish(zip);
}

/* The file whose bytes the .bin would have exactly: all weights are untouched and lie in it, and the archive around
 * them is as this writer makes it.  NULL: there is none. */
static const struct mapping *unchanged_file(const struct graph *g)
{
    const struct mapping *file = NULL;
    for (const struct operator *op = g->first; op != NULL; op = op->next)
        for (size_t i = 0; i < op->attribute_count; i++) {
            const struct attribute *a = &op->attributes[i];
            if (a->size == 0)
                continue;
            if (file == NULL)
                file = mapping_around(a->data, a->size);
            if (file == NULL || !a->has_crc || mapping_around(a->data, a->size) != file)
                return NULL;
        }
    if (file == NULL || !mapping_is(file, file->name))
        return NULL;
    struct output *comparison = output_compare(file);
    write_weights(g, comparison, 0);
    return output_was_same(comparison) ? file : NULL;
}

static void write_weights_file(const struct graph *g, const struct model_names *out)
{
    const struct mapping *file = out->link ? unchanged_file(g) : NULL;
    if (file == NULL || !output_link(out->bin, file->name))
        write_weights(g, output_open(out->bin), 0);
}

void pnnx_write(struct graph *g, const struct model_names *out, bool sync)
{
    if (out->param == NULL) {
        struct output *stream = output_open(NULL);
        write_text(g, stream);
        write_weights(g, stream, output_position(stream));
    } else {
        write_weights_file(g, out); /* opened first: renamed first */
        write_text(g, output_open(out->param));
    }
    outputs_commit(sync);
}
