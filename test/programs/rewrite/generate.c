#include <ctype.h>
#include <string.h>

#include "formats/example.h"
#include "formats/pnnx/pnnx.h"
#include "test/programs/rewrite/generate.h"

/* ---- the example of a rule of one call ---- */

struct generator {
    struct graph *graph;
    struct operator *op;
    bool failed; /* the pattern is not one that examples are made for */
    size_t inputs;
    size_t axes; /* how long lists of ints are */
};

static struct value make_value(struct generator *g, const struct node *n, const struct parameter *p);

static struct value make_operand(struct generator *g, bool constant)
{
    struct graph *graph = g->graph;
    const char *stem = constant ? "weight" : "in";
    struct operator *op = graph_add(graph, g->op, constant ? "pnnx.Attribute" : "pnnx.Input",
                                    graph_fresh_operator_name(graph, stem));
    struct operand *x = operator_add_output(op, NULL);
    g->inputs += !constant;
    if (constant) {
        static const int64_t shape[] = { 8 };
        float *data = arena_array(&graph->arena, 8, sizeof *data);
        for (size_t i = 0; i < 8; i++)
            data[i] = (float)example_value(DTYPE_F32, i);
        operator_add_attribute(op, (struct attribute){ .key = "data",
                                                       .dtype = DTYPE_F32,
                                                       .rank = 1,
                                                       .shape = shape,
                                                       .size = 8 * sizeof *data,
                                                       .data = (const uint8_t *)data });
        operand_set_shape(x, DTYPE_F32, 1, shape);
    }
    return value_operand(x);
}

static struct value repeated(struct generator *g, struct value v, size_t count)
{
    struct value *items = arena_array(&g->graph->arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = v;
    return value_list(items, count);
}

static struct value make_operands(struct generator *g)
{
    struct value *items = arena_array(&g->graph->arena, 2, sizeof *items);
    items[0] = make_operand(g, false);
    items[1] = make_operand(g, false);
    return value_list(items, 2);
}

static struct value one_of_kind(struct generator *g, unsigned kinds)
{
    if ((kinds & ~(unsigned)KIND_NONE) == (KIND_TENSOR | KIND_LIST))
        return make_operands(g);
    if (kinds & KIND_TENSOR && (!(kinds & KIND_NUMBER) || g->inputs == 0))
        return make_operand(g, false);
    struct value v = value_none();
    if (kinds & KIND_INT)
        v = value_int(1);
    else if (kinds & KIND_FLOAT)
        v = value_float(0.5);
    else if (kinds & KIND_BOOL)
        v = value_bool(false);
    else
        g->failed = true;
    return kinds & KIND_LIST ? repeated(g, v, kinds & KIND_INT ? g->axes : 1) : v;
}

/* A value that `v:KIND` accepts. */
static struct value make_kind(struct generator *g, const char *kind)
{
    if (strcmp(kind, "tensor") == 0)
        return make_operand(g, false);
    if (strcmp(kind, "int") == 0)
        return value_int(1);
    if (strcmp(kind, "float") == 0 || strcmp(kind, "number") == 0)
        return value_float(0.5);
    if (strcmp(kind, "bool") == 0)
        return value_bool(false);
    g->failed = true;
    return value_none();
}

static struct value make_list(struct generator *g, const struct node *n, const struct parameter *p)
{
    struct value *items = arena_array(&g->graph->arena, n->count, sizeof *items);
    size_t count = 0;
    struct parameter item = { .kinds = KIND_TENSOR };
    if (p)
        item.kinds = p->kinds & ~(unsigned)KIND_LIST;
    for (size_t i = 0; i < n->count; i++)
        items[count++] =
            make_value(g, n->kids[i]->kind == NODE_STAR ? n->kids[i]->kids[0] : n->kids[i], &item);
    return value_list(items, count);
}

/* Something that the pattern of an argument accepts. */
static struct value make_value(struct generator *g, const struct node *n, const struct parameter *p)
{
    switch (n->deferred ? NODE_CALL : n->kind) {
    case NODE_NONE: return value_none();
    case NODE_BOOL: return value_bool(n->boolean);
    case NODE_INT: return value_int(n->integer);
    case NODE_FLOAT: return value_float(n->real);
    case NODE_STRING: return value_string(n->text);
    case NODE_AT: return make_operand(g, true);
    case NODE_KIND: return make_kind(g, n->text);
    case NODE_LIST: return make_list(g, n, p);
    case NODE_ANY:
    case NODE_NAME: return one_of_kind(g, p ? p->kinds & ~(unsigned)KIND_NONE : KIND_TENSOR);
    case NODE_ALTERNATIVE: return make_value(g, n->kids[0], p);
    default: g->failed = true; return value_none();
    }
}

static void make_argument(struct generator *g, const struct node_argument *a, const struct parameter *p)
{
    const struct node *n = a->value;
    bool name = n->kind == NODE_NAME || n->kind == NODE_ANY;
    if (n->kind == NODE_OPTIONAL || (name && p && p->has_default))
        return;
    if (!p && a->kind == ARGUMENT_POSITION)
        g->failed = true;
    else
        operator_set(g->op, p ? p->name : a->key, make_value(g, n, p));
}

/* What the pattern says nothing about: something where the call must have it, None where it may; a default is left out. */
static void make_rest(struct generator *g, const struct signature *s)
{
    for (size_t i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        bool given = operator_get(g->op, p->name) || p->variadic;
        if (!given && p->kinds & KIND_NONE)
            operator_set(g->op, p->name, value_none());
        else if (!given && !p->has_default)
            operator_set(g->op, p->name, one_of_kind(g, p->kinds));
    }
}

/* How many arguments the form must have that the call does not write; -1: the call is not of this form. */
static int missing_of(const struct signature *s, const struct node *call)
{
    size_t position = 0;
    int missing = 0;
    for (size_t i = 0; i < call->argument_count; i++) {
        position += call->arguments[i].kind == ARGUMENT_POSITION;
        if (call->arguments[i].kind == ARGUMENT_KEY && !signature_parameter(s, call->arguments[i].key))
            return -1;
    }
    if (position > s->parameter_count)
        return -1;
    for (size_t i = position; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        bool written = p->has_default || p->kinds & KIND_NONE;
        for (size_t k = 0; k < call->argument_count && !written; k++)
            written = call->arguments[k].kind == ARGUMENT_KEY &&
                      signature_parameter(s, call->arguments[k].key) == p;
        missing += !written;
    }
    return missing;
}

/* The form of which the call writes the most. */
static const struct signature *form_of(const struct rules *rules, const struct node *call)
{
    const struct signature *best = NULL;
    int least = 0;
    for (const struct signature *s = signature_find(rules->signatures, call->text); s; s = s->next) {
        int missing = missing_of(s, call);
        if (missing < 0 || (best && missing >= least))
            continue;
        best = s;
        least = missing;
    }
    return best;
}

static const struct node *call_of(const struct rule *rule)
{
    const struct node *n = rule->pattern;
    while (n && n->kind == NODE_AS)
        n = n->kids[0];
    return n && n->kind == NODE_CALL && !n->optional ? n : NULL;
}

/* The number of axes that a type's name ends with, as that of conv2d. */
static size_t axes_of(const char *type)
{
    for (const char *p = type; *p; p++)
        if (isdigit((unsigned char)*p) && p[1] == 'd' && !isalpha((unsigned char)p[2]))
            return (size_t)(*p - '0');
    return 1;
}

/* One invocation of the module that the rule is about. */
static const struct scope *make_scope(struct graph *g, const struct rule *rule)
{
    if (rule->classes.count == 0)
        return NULL;
    struct scope *scope = arena_alloc(&g->arena, sizeof *scope);
    const char *class = rule->classes.items[0];
    bool short_form = strncmp(class, "nn.", 3) == 0;
    *scope = (struct scope){
        .path = intern(g->strings, "m"),
        .class =
            intern(g->strings, short_form ? arena_printf(&g->arena, "torch.nn.modules.%s", class + 3) : class)
    };
    return scope;
}

/* Reads the results that have a name; of `*ys` there is one. */
static void make_results(struct generator *g, const struct rule *rule)
{
    size_t count = rule->targets.given ? rule->targets.count : 1;
    while (count > 1 && rule->targets.items[count - 1].optional)
        count--; /* as the operator has without further arguments */
    for (size_t i = 0; i < count; i++) {
        struct operand *x = operator_add_output(g->op, NULL);
        if (!rule->targets.given || rule->targets.items[i].name)
            operator_set(graph_add(g->graph, NULL, "pnnx.Output", graph_fresh_operator_name(g->graph, "out")),
                         "input", value_operand(x));
    }
}

struct graph *rule_example(struct rules *rules, const struct rule *rule)
{
    const struct node *n = call_of(rule);
    const struct signature *s = n ? form_of(rules, n) : NULL;
    if (!s || rule->also_count || rule->definition_count)
        return NULL;
    struct generator g = { .graph = graph_new(rules->strings, rules->signatures), .axes = axes_of(n->text) };
    g.op = graph_add(g.graph, NULL, n->text, "op");
    g.op->scope = make_scope(g.graph, rule);
    size_t position = 0;
    for (size_t i = 0; i < n->argument_count && !g.failed; i++) {
        const struct node_argument *a = &n->arguments[i];
        const struct parameter *p = a->kind == ARGUMENT_POSITION
                                        ? position < s->parameter_count ? &s->parameters[position++] : NULL
                                    : a->kind == ARGUMENT_KEY ? signature_parameter(s, a->key)
                                                              : NULL;
        if (a->kind == ARGUMENT_POSITION || a->kind == ARGUMENT_KEY)
            make_argument(&g, a, p);
        else
            g.failed = g.failed || a->kind != ARGUMENT_REST;
    }
    make_rest(&g, s);
    make_results(&g, rule);
    /* An example of nothing, or of garbage, proves nothing. */
    if (!g.failed && g.inputs > 0 && !strstr(n->text, "empty"))
        return g.graph;
    graph_free(g.graph);
    return NULL;
}

/* ---- plain rules ---- */

/* How often the pattern's arguments are that variable. */
static size_t times_named(const struct node *n, size_t slot)
{
    size_t times = n->kind == NODE_NAME && n->slot == slot;
    for (size_t i = 0; i < n->count; i++)
        times += n->kids[i] ? times_named(n->kids[i], slot) : 0;
    for (size_t i = 0; i < n->argument_count; i++)
        times += n->arguments[i].value ? times_named(n->arguments[i].value, slot) : 0;
    return times;
}

/* Whether the pattern of an argument accepts all that a call can have there. */
static bool takes_anything(const struct node *n, const struct node *call)
{
    if (n->kind == NODE_OPTIONAL || (n->kind == NODE_LIST && n->count == 1 && n->kids[0]->kind == NODE_STAR))
        return takes_anything(n->kids[0], call);
    if (n->kind == NODE_STAR)
        n = n->kids[0];
    return n->kind == NODE_ANY || (n->kind == NODE_NAME && !n->deferred && times_named(call, n->slot) == 1);
}

bool rule_is_plain(const struct rule *rule)
{
    const struct node *n = call_of(rule);
    if (!n || rule->also_count || rule->definition_count || rule->taking_count || rule->condition_count ||
        rule->classes.count || rule->choices[rule->choice_count - 1].condition)
        return false;
    for (size_t i = 0; i < rule->targets.count; i++)
        if (!rule->targets.items[i].name)
            return false;
    for (size_t i = 0; i < n->argument_count; i++)
        if (n->arguments[i].value && !takes_anything(n->arguments[i].value, n))
            return false;
    return true;
}

/* ---- variations ---- */

struct variation {
    struct graph *graph;
    size_t wanted, seen;
    const char *said; /* what was changed */
};

/* Whether this change is the one. */
static bool turn(struct variation *v)
{
    return v->seen++ == v->wanted;
}

static void change(struct variation *v, struct operator *op, const char *key, struct value value)
{
    if (v->said || !turn(v))
        return;
    const char *text = value.kind == VALUE_OPERAND ? "another operand"
                       : value_has_operand(&value) ? "another list"
                                                   : pnnx_value_text(&v->graph->arena, value);
    v->said = arena_printf(&v->graph->arena, "%s %s=%s", op->name, key, text);
    operator_set(op, key, value);
}

/* An input like that operand, or of nothing known. */
static struct value another_input(struct variation *v, const struct operand *like)
{
    struct operator *op =
        graph_add(v->graph, v->graph->first, "pnnx.Input", graph_fresh_operator_name(v->graph, "another"));
    struct operand *x = operator_add_output(op, NULL);
    if (like)
        operand_set_shape(x, like->dtype, like->rank, like->shape);
    return value_operand(x);
}

/* Another constant of the same kind; false: there is none. */
static bool another(struct variation *v, const struct value *old, struct value *new)
{
    switch (old->kind) {
    case VALUE_BOOL: *new = value_bool(!old->boolean); return true;
    case VALUE_INT: *new = value_int(old->integer < INT64_MAX ? old->integer + 1 : 1); return true;
    case VALUE_FLOAT: *new = value_float(old->real + 0.5); return true;
    case VALUE_STRING: {
        bool is_double = strcmp(old->string, "torch.double") == 0,
             dtype = strncmp(old->string, "torch.", 6) == 0;
        *new = value_string(intern(v->graph->strings, is_double ? "torch.int"
                                                      : dtype   ? "torch.double"
                                                                : "another"));
        return true;
    }
    default: return false;
    }
}

/* Each item on its own, one item less, one more. */
static void vary_list(struct variation *v, struct operator *op, const char *key, const struct value *old)
{
    struct arena *arena = &v->graph->arena;
    size_t count = old->list.count;
    for (size_t i = 0; i < count; i++) {
        struct value copy = value_copy(arena, *old);
        if (another(v, &old->list.items[i], &copy.list.items[i]))
            change(v, op, key, copy);
    }
    if (count == 0)
        return;
    struct value *more = arena_array(arena, count + 1, sizeof *more);
    for (size_t i = 0; i <= count; i++)
        more[i] = value_copy(arena, old->list.items[i < count ? i : count - 1]);
    change(v, op, key, value_list(more, count - 1));
    change(v, op, key, value_list(more, count + 1));
}

/* Something where there was nothing. */
static void vary_none(struct variation *v, struct operator *op, const struct parameter *p)
{
    struct value new = value_none();
    if (p->kinds & KIND_INT)
        new = value_int(1);
    else if (p->kinds & KIND_FLOAT)
        new = value_float(0.5);
    else if (p->kinds & KIND_BOOL)
        new = value_bool(true);
    else if (p->kinds & KIND_STR)
        new = value_string(
            intern(v->graph->strings, strcmp(p->name, "dtype") == 0 ? "torch.double" : "another"));
    else if (p->kinds & KIND_TENSOR && v->seen == v->wanted)
        new = another_input(v, NULL);
    else if (!(p->kinds & KIND_TENSOR))
        return;
    if (p->kinds & KIND_LIST && new.kind != VALUE_OPERAND)
        new = value_list(arena_copy(&v->graph->arena, &new, sizeof new), 1);
    change(v, op, p->name, new);
}

static void vary_argument(struct variation *v, struct operator *op, const struct parameter *p)
{
    const struct value *old = operator_value(op, p->name);
    struct value new;
    if (!old || old->kind == VALUE_NONE) {
        vary_none(v, op, p);
        return;
    }
    if (old->kind == VALUE_BOOL && op->attribute_count)
        return; /* says which attributes there are */
    if (old->kind == VALUE_LIST)
        vary_list(v, op, p->name, old);
    else if (old->kind == VALUE_OPERAND && old->operand->use_count > 1 && v->seen == v->wanted)
        change(v, op, p->name, another_input(v, old->operand));
    else if (old->kind == VALUE_OPERAND && old->operand->use_count > 1)
        v->seen++;
    else if (another(v, old, &new))
        change(v, op, p->name, new);
    if (!v->said && p->kinds & KIND_NONE)
        change(v, op, p->name, value_none());
}

/* A result is read once more, or by an output of the graph where nobody reads it. */
static void vary_results(struct variation *v, struct operator *op)
{
    for (size_t i = 0; i < op->output_count && !v->said; i++) {
        struct operand *x = op->outputs[i];
        bool leaves = false;
        for (const struct use *use = x->uses; use; use = use->next)
            leaves = leaves || operator_is(use->op, "pnnx.Output");
        if (leaves || !turn(v))
            continue;
        v->said = arena_printf(&v->graph->arena, "%s result %zu is read", op->name, i);
        operator_set(graph_add(v->graph, NULL, "pnnx.Output", graph_fresh_operator_name(v->graph, "out")),
                     "input", value_operand(x));
    }
}

/* All calls are made by no module. */
static void vary_scopes(struct variation *v)
{
    bool any = false;
    for (const struct operator *op = v->graph->first; op; op = op->next)
        any = any || op->scope;
    if (!any || v->said || !turn(v))
        return;
    v->said = "outside of the module";
    for (struct operator *op = v->graph->first; op; op = op->next)
        op->scope = NULL;
}

/* The shapes of what is computed were those of the graph before. */
static void forget_shapes(struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            if (strncmp(op->type, "pnnx.", 5) != 0)
                operand_set_shape(op->outputs[i], DTYPE_NULL, RANK_UNKNOWN, NULL);
}

const char *graph_vary(struct graph *g, size_t number)
{
    struct variation v = { .graph = g, .wanted = number };
    vary_scopes(&v);
    for (struct operator *op = g->first; op && !v.said; op = op->next) {
        if (strncmp(op->type, "pnnx.", 5) == 0)
            continue;
        const struct signature *s = op->signature;
        for (size_t i = 0; i < s->parameter_count && !v.said; i++)
            if (!s->parameters[i].variadic)
                vary_argument(&v, op, &s->parameters[i]);
        vary_results(&v, op);
    }
    if (v.said)
        forget_shapes(g);
    return v.said;
}
