/* arguments.c - which argument of its operator each input and parameter of a line is. */
#include <string.h>

#include "formats/pnnx/line.h"
#include "formats/pnnx/pnnx.h"

/* True when a parameter or a keyed input of the line is this parameter of the signature. */
static bool is_given(const struct read_line *line, const struct signature *s, const struct parameter *p)
{
    for (size_t i = 0; i < line->parameter_count; i++)
        if (signature_parameter(s, line->parameters[i].key) == p)
            return true;
    if (!p->variadic)
        for (size_t i = 0; i < line->input_count; i++)
            if (line->inputs[i].key != NULL && signature_parameter(s, line->inputs[i].key) == p)
                return true;
    return false;
}

static bool is_required(const struct parameter *p)
{
    return !p->has_default && !p->variadic && (p->kinds & KIND_NONE) == 0;
}

static bool has_keys(const struct read_line *line, const struct signature *s)
{
    for (size_t i = 0; i < line->parameter_count; i++)
        if (signature_parameter(s, line->parameters[i].key) == NULL)
            return false;
    for (size_t i = 0; i < line->input_count; i++)
        if (line->inputs[i].key != NULL && signature_parameter(s, line->inputs[i].key) == NULL)
            return false;
    return true;
}

/* How well the overload takes the line: 0 not at all, it has no room for the inputs without key; 1 with keys that
 * it does not have; 2 with required arguments left out; 3 well. */
static int fitness(const struct read_line *line, const struct signature *s)
{
    size_t unkeyed = 0;
    bool complete = true;
    for (size_t i = 0; i < line->input_count; i++)
        unkeyed += line->inputs[i].key == NULL && !line->inputs[i].surplus;
    for (size_t i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        if (is_given(line, s, p))
            continue;
        if (p->variadic)
            unkeyed = 0;
        else if (unkeyed > 0)
            unkeyed--;
        else if (is_required(p))
            complete = false;
    }
    if (unkeyed > 0)
        return 0;
    return !has_keys(line, s) ? 1 : complete ? 3 : 2;
}

static const struct signature *best_signature(const struct read_line *line, const struct signature *first)
{
    const struct signature *best = NULL;
    int best_fitness = 0;
    for (const struct signature *s = first; s != NULL && best_fitness < 3; s = s->next) {
        int f = fitness(line, s);
        if (f > best_fitness) {
            best = s;
            best_fitness = f;
        }
    }
    return best;
}

/* The existing converter gives a module whose weight is shared the weight as an input too, besides its own copy.
 * Takes one such input out; false when there is none. */
static bool drop_surplus(struct read_line *line, const struct operator *op)
{
    if (strncmp(op->type, "nn.", 3) != 0)
        return false;
    for (size_t i = 0; i < line->input_count; i++) {
        struct read_input *input = &line->inputs[i];
        if (input->key == NULL && !input->surplus && operator_is(input->operand->producer, "pnnx.Attribute"))
            return input->surplus = true;
    }
    return false;
}

static const struct signature *choose_signature(struct read_line *line, const struct operator *op)
{
    const struct signature *first = signature_find(op->graph->signatures, op->type), *best;
    if (first == NULL)
        return signature_unknown(op->graph->signatures);
    do
        best = best_signature(line, first);
    while (best == NULL && drop_surplus(line, op));
    if (best == NULL && strncmp(op->type, "aten::", 6) == 0)
        return signature_unknown(
            op->graph->signatures); /* with a device or layout, which the table leaves out */
    if (best == NULL)
        die(STATUS_MALFORMED, line->inputs_at, "%s '%s' has more inputs than %s takes", op->type, op->name,
            op->type);
    return best;
}

static const struct parameter *variadic_of(const struct signature *s)
{
    for (size_t i = 0; i < s->parameter_count; i++)
        if (s->parameters[i].variadic)
            return &s->parameters[i];
    return NULL;
}

/* Decides where each input goes; returns how many go into the list of the variadic parameter. */
static size_t place_inputs(struct read_line *line, const struct signature *s)
{
    const struct parameter *rest = variadic_of(s);
    bool unknown_type = s->type[0] == '\0';
    size_t next = 0, items = 0;
    for (size_t i = 0; i < line->input_count; i++) {
        struct read_input *input = &line->inputs[i];
        const struct parameter *p = NULL;
        if (input->surplus)
            continue;
        if (input->key != NULL) {
            p = signature_parameter(s, input->key);
            if (p == NULL && rest != NULL && !unknown_type)
                p = rest;
            input->argument = p != NULL ? p->name : input->key;
        } else {
            while (is_given(line, s, &s->parameters[next]))
                next++;
            p = &s->parameters[next];
            input->argument = p->name;
            if (!p->variadic)
                next++;
        }
        items += p != NULL && p == rest;
    }
    return items;
}

/* A list operand given for a variadic parameter as a whole: `$tensors=` of torch.cat, below optlevel 1. */
static bool is_whole_list(const struct read_line *line, const struct signature *s, size_t items)
{
    const struct parameter *rest = variadic_of(s);
    if (items != 1)
        return false;
    for (size_t i = 0; i < line->input_count; i++)
        if (line->inputs[i].argument == rest->name)
            return line->inputs[i].key == rest->name;
    return false;
}

static void check_free(const struct read_line *line, const struct operator *op, const char *argument)
{
    if (operator_get(op, argument) != NULL)
        die(STATUS_MALFORMED, line->start, "%s '%s' has its argument '%s' twice", op->type, op->name,
            argument);
}

static void set_inputs(struct read_line *line, struct operator *op, const struct signature *s,
                       struct text_input *layout)
{
    size_t room = place_inputs(line, s), count = 0;
    bool as_list = room > 0 && !is_whole_list(line, s, room);
    const struct parameter *rest = variadic_of(s);
    struct value *items = arena_array(&op->graph->arena, as_list ? room : 0, sizeof *items);
    for (size_t i = 0; i < line->input_count; i++) {
        const struct read_input *input = &line->inputs[i];
        if (input->surplus) {
            layout[i] = (struct text_input){ .surplus = input->operand };
            continue;
        }
        bool item = as_list && input->argument == rest->name;
        layout[i] = (struct text_input){ input->argument, item ? count : SIZE_MAX, input->key, NULL };
        if (item) {
            items[count++] = value_operand(input->operand);
            continue;
        }
        check_free(line, op, input->argument);
        operator_set(op, input->argument, value_operand(input->operand));
    }
    if (as_list) {
        check_free(line, op, rest->name);
        operator_set(op, rest->name, value_list(items, count));
    }
}

/* Sets the parameters; returns how many were written under an alias. */
static size_t set_parameters(struct read_line *line, struct operator *op, const struct signature *s)
{
    size_t aliases = 0;
    for (size_t i = 0; i < line->parameter_count; i++) {
        struct read_parameter *p = &line->parameters[i];
        const struct parameter *known = signature_parameter(s, p->key);
        p->argument = known != NULL ? known->name : p->key;
        aliases += p->argument != p->key;
        check_free(line, op, p->argument);
        operator_set(op, p->argument, p->value);
    }
    return aliases;
}

void pnnx_set_arguments(struct operator *op, struct read_line *line)
{
    struct arena *arena = &op->graph->arena;
    const struct signature *s = choose_signature(line, op);
    struct text_layout *layout = arena_alloc(arena, sizeof *layout);
    struct text_input *inputs = arena_array(arena, line->input_count, sizeof *inputs);
    layout->type = op->type;
    layout->inputs = inputs;
    layout->input_count = line->input_count;

    size_t alias_count = set_parameters(line, op, s);
    set_inputs(line, op, s, inputs);

    struct text_alias *aliases = arena_array(arena, alias_count, sizeof *aliases);
    for (size_t i = 0; i < line->parameter_count && alias_count > 0; i++)
        if (line->parameters[i].argument != line->parameters[i].key)
            aliases[layout->alias_count++] =
                (struct text_alias){ line->parameters[i].argument, line->parameters[i].key };
    layout->aliases = aliases;
    op->layout = layout; /* last: setting arguments drops it */
}
