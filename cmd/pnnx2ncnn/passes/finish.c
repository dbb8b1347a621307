/* finish.c - see passes.h. */
#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/blobs/reshape.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/graph/dim.h"
#include "formats/ncnn/ncnn.h"

/* ---- reshapes ---- */

/* What a Reshape changes, the first of its blobs; of another layer, the only one that it reads, or NULL. */
static struct operand *single_input(const struct operator *op)
{
    const struct value *v = operator_get(op, "inputs");
    size_t most = operator_is(op, "Reshape") ? MOST_BLOBS : 1;
    bool single = v && v->kind == VALUE_LIST && v->list.count >= 1 && v->list.count <= most &&
                  v->list.items[0].kind == VALUE_OPERAND;
    return single ? v->list.items[0].operand : NULL;
}

static void set_reshape(struct operator *op, const struct reshape *r)
{
    struct parameter_pair pairs[RESHAPE_PAIRS];
    size_t count = reshape_parameters(&op->graph->arena, r, pairs);
    while (op->argument_count)
        operator_unset(op, op->arguments[0].key);
    operator_set(op, "inputs", reshape_inputs(op->graph, r));
    for (size_t i = 0; i < count; i++)
        operator_set(op, pairs[i].key, pairs[i].value);
}

/* True when both are the same blob. */
static bool is_identity(const struct operand *x, const struct operand *y)
{
    struct dims a, b;
    if (!layout_dims(x, &a) || !layout_dims(y, &b) || a.rank != b.rank)
        return false;
    if (layout_is_counted(x) != layout_is_counted(y) || (layout_is_counted(x) && x->batch != y->batch))
        return false;
    for (int i = 0; i < a.rank; i++)
        if (!dim_equal(a.size[i], b.size[i]))
            return false;
    return true;
}

/* The elements before the batch axis in one image: the product of the sizes in front of it. */
static int64_t before_batch(const struct operand *x)
{
    return dim_product(x->producer->graph, x->shape, x->batch);
}

/* True when the elements stay in the order of the labels.  A layer that only moves the batch axis is a Reshape too, which
 * moves no element of an image, but the elements of the whole. */
static bool keeps_order(const struct operand *from, const struct operand *to)
{
    if (!layout_is_counted(from) || !layout_is_counted(to) ||
        from->shape[from->batch] != to->shape[to->batch])
        return true;
    return dim_equal(before_batch(from), before_batch(to));
}

void finish_reshapes(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        struct operand *x = single_input(op), *source = x ? single_input(x->producer) : NULL;
        struct reshape r;
        next = op->next;
        if (!operator_is(op, "Reshape") || !x || op->output_count != 1)
            continue;
        if (operator_is(x->producer, "Reshape") && source && keeps_order(source, x) &&
            keeps_order(x, op->outputs[0]) && reshape_plan(source, op->outputs[0], &r)) {
            set_reshape(op, &r);
            x = source;
        }
        if (is_identity(x, op->outputs[0])) {
            struct operand *y = op->outputs[0];
            if (x->use_count == 1 &&
                !operator_is(x->producer, "pnnx.Input")) /* what the script says of a result */
                operand_set_like(x, y);
            operand_replace(y, x);
            operator_remove(op);
        }
    }
    graph_remove_dead(g);
}

/* ---- constants, inputs, results ---- */

static void finish_constant(struct operator *op)
{
    const struct attribute *data = operator_attribute(op, "data");
    struct dims d;
    if (!data || op->output_count != 1)
        return;
    if (!layout_dims(op->outputs[0], &d) || d.rank > BLOB_RANK) {
        report(STATUS_CONVERSION, operator_place(op), "constant '%s' has more than four dimensions",
               op->name);
        return;
    }
    struct operator *layer = graph_add(op->graph, op, "MemoryData", op->name);
    for (int i = 0; i < d.rank; i++)
        operator_set(layer, layout_id(d.rank, i), value_int(d.size[i]));
    struct attribute w = *data;
    w.key = "0r";
    operator_add_attribute(layer, w);
    operand_move(op->outputs[0], layer);
    operator_remove(op);
}

static struct port port_of(const struct operand *x)
{
    int bound = (int)operator_int(x->producer, "bound", 0);
    return (struct port){ NULL, x->dtype, bound, x->rank, x->shape, x->batch, NULL };
}

/* The results that a pnnx.Output lists; NULL: it is no such. */
static const struct value *results_of(const struct operator *op)
{
    const struct value *list = operator_is(op, "pnnx.Output") ? operator_get(op, "input") : NULL;
    return list && list->kind == VALUE_LIST ? list : NULL;
}

void finish_note_results(struct graph *g, struct ports *ports)
{
    *ports = (struct ports){ .input_count = 0 };
    for (const struct operator *op = g->first; op; op = op->next) {
        const struct value *list = results_of(op);
        for (size_t i = 0; list && i < list->list.count; i++) {
            const struct operand *x = list->list.items[i].operand;
            ports->results =
                arena_grow(&g->arena, ports->results, ports->result_count, sizeof *ports->results);
            ports->results[ports->result_count++] =
                (struct port){ NULL, x->dtype, 0, x->rank, x->shape, BATCH_NONE, NULL };
        }
    }
}

static void note_port(struct graph *g, struct port **ports, size_t *count, const struct operand *x)
{
    *ports = arena_grow(&g->arena, *ports, *count, sizeof **ports);
    (*ports)[(*count)++] = port_of(x);
}

/* The shape of an example of an input. */
static const int64_t *example_shape(const struct operand *x)
{
    enum { ANY_SIZE = 128 }; /* where nothing is said of it, as in the existing converter */
    struct graph *g = x->producer->graph;
    int64_t *shape = arena_array(&g->arena, (size_t)(x->rank > 0 ? x->rank : 0) + 1, sizeof *shape);
    for (int i = 0; i < x->rank; i++)
        shape[i] = dim_example(g, x->shape[i], ANY_SIZE);
    return shape;
}

static void note_ports(struct graph *g, struct ports *ports)
{
    for (const struct operator *op = g->first; op; op = op->next) {
        const struct value *list = results_of(op);
        for (size_t i = 0; list && i < list->list.count; i++)
            note_port(g, &ports->outputs, &ports->output_count, list->list.items[i].operand);
        for (size_t i = 0; operator_is(op, "Input") && i < op->output_count; i++) {
            note_port(g, &ports->inputs, &ports->input_count, op->outputs[i]);
            ports->inputs[ports->input_count - 1].shape = example_shape(op->outputs[i]);
        }
    }
}

/* The shape of the blob in place of the tensor's. */
static void shape_blob(struct operand *x)
{
    struct dims d;
    if (layout_dims(x, &d) && d.rank <= BLOB_RANK)
        operand_set_shape(x, x->dtype, d.rank, d.size);
    else
        operand_set_shape(x, x->dtype, RANK_UNKNOWN, NULL);
    x->batch = BATCH_NONE;
}

void finish_layers(struct graph *g, struct ports *ports)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (operator_is(op, "pnnx.Attribute"))
            finish_constant(op);
        else if (operator_is(op, "pnnx.Input"))
            operator_set_type(op, "Input");
    }
    note_ports(g, ports);
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            shape_blob(op->outputs[i]);
}

/* A result that is an input, or a result already, needs a blob of its own. */
static struct operand *own_blob(struct operator *output, struct operand *x)
{
    struct graph *g = output->graph;
    struct operator *noop = graph_add(g, output, "Noop", graph_fresh_operator_name(g, "noop"));
    struct value input = value_operand(x);
    operator_set(noop, "inputs", value_list(&input, 1));
    struct operand *y = operator_add_output(noop, NULL);
    operand_set_like(y, x);
    return y;
}

/* Every member of the results once, and none of them an input. */
static void part_results(struct operator *output)
{
    const struct value *list = results_of(output);
    struct graph *g = output->graph;
    struct value *items = arena_array(&g->arena, list->list.count + 1, sizeof *items);
    size_t count = list->list.count;
    for (size_t i = 0; i < count; i++) {
        struct operand *x = list->list.items[i].operand;
        bool taken = operator_is(x->producer, "Input");
        for (size_t j = 0; j < i && !taken; j++)
            taken = items[j].operand == x;
        items[i] = value_operand(taken ? own_blob(output, x) : x);
    }
    operator_set(output, "input", value_list(items, count));
}

/* ---- blobs ---- */

static void name_port(struct port *port, struct operand *x, const char *prefix, size_t number)
{
    operand_rename(x, arena_printf(&x->producer->graph->arena, "%s%zu", prefix, number));
    port->blob = x->name;
    port->operand = x;
}

static void name_ports(struct graph *g, struct ports *ports)
{
    size_t inputs = 0, outputs = 0;
    for (struct operator *op = g->first, *next; op; op = next) {
        const struct value *list = results_of(op);
        next = op->next;
        for (size_t i = 0; operator_is(op, "Input") && i < op->output_count; i++, inputs++)
            name_port(&ports->inputs[inputs], op->outputs[i], "in", inputs);
        for (size_t i = 0; list && i < list->list.count; i++, outputs++)
            name_port(&ports->outputs[outputs], list->list.items[i].operand, "out", outputs);
        if (list)
            operator_remove(op);
    }
}

void finish_blobs(struct graph *g, struct ports *ports)
{
    for (struct operator *op = g->first; op; op = op->next)
        if (results_of(op))
            part_results(op);
    ncnn_insert_splits(g);
    name_ports(g, ports);
}
