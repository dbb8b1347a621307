/* plan.c - what a rule's result will be: every value in it is computed, before anything is built. */
#include <string.h>

#include "common/graph/dim.h"
#include "common/rewrite/result/result.h"
#include "common/rewrite/value/value.h"

static const struct item unknown = { .kind = ITEM_UNKNOWN };

static struct plan *new_plan(struct match *m, const char *type)
{
    struct plan *plan = scratch_alloc(m->scratch, sizeof *plan);
    plan->type = type;
    return plan;
}

static void plan_argument(struct match *m, struct plan *plan, const char *key, struct item item)
{
    struct plan_argument *grown = scratch_array(m->scratch, plan->argument_count + 1, sizeof *grown);
    if (plan->argument_count)
        memcpy(grown, plan->arguments, plan->argument_count * sizeof *grown);
    grown[plan->argument_count++] = (struct plan_argument){ key, item };
    plan->arguments = grown;
}

static void plan_attribute(struct match *m, struct plan *plan, const char *key,
                           const struct attribute *tensor)
{
    for (size_t i = 0; i < plan->attribute_count; i++)
        if (strcmp(plan->attributes[i].key, key) == 0)
            return;
    struct plan_attribute *grown = scratch_array(m->scratch, plan->attribute_count + 1, sizeof *grown);
    if (plan->attribute_count)
        memcpy(grown, plan->attributes, plan->attribute_count * sizeof *grown);
    grown[plan->attribute_count++] = (struct plan_attribute){ key, tensor };
    plan->attributes = grown;
}

/* Whether an argument can be made of the item: no part of it is unknown. */
bool item_is_known(const struct item *item)
{
    switch (item->kind) {
    case ITEM_LIST:
        for (size_t i = 0; i < item->list.count; i++)
            if (!item_is_known(&item->list.items[i]))
                return false;
        return true;
    case ITEM_VALUE:
    case ITEM_TENSOR:
    case ITEM_PLAN:
    case ITEM_OPERATOR: return true;
    default: return false;
    }
}

static bool has_operand(const struct item *item)
{
    if (item->kind == ITEM_LIST) {
        for (size_t i = 0; i < item->list.count; i++)
            if (has_operand(&item->list.items[i]))
                return true;
        return false;
    }
    return item->kind == ITEM_VALUE ? value_has_operand(&item->value) : item->kind != ITEM_TENSOR;
}

/* ---- symbolic sizes ----
 *
 * In a result, h * 2 is what PyTorch computes it by: Tensor.size of an operand that has it, and arithmetic of numbers. */

static struct item item_of_plan(struct plan *plan)
{
    return (struct item){ .kind = ITEM_PLAN, .plan = plan };
}

static struct item plan_arithmetic(struct match *m, const char *type, struct item a, struct item b)
{
    struct plan *plan = new_plan(m, intern(m->rules->strings, type));
    plan_argument(m, plan, intern(m->rules->strings, "input"), a);
    plan_argument(m, plan, intern(m->rules->strings, "other"), b);
    return item_of_plan(plan);
}

/* Which operand has a size, and where; or a multiple of it. */
struct carrier {
    const struct match *match;
    int64_t dim;
    bool multiple;           /* looked for: the size times `factor` */
    struct operand *operand; /* NULL: none found yet */
    int axis;
    int64_t factor;
};

static void visit_carrier(struct operand *x, void *context)
{
    struct carrier *c = context;
    for (int i = 0; i < x->rank && !c->operand && !match_has(c->match, x->producer); i++) {
        c->factor = x->shape[i] == c->dim ? 1
                    : c->multiple         ? dim_div_exact(c->match->graph, x->shape[i], c->dim)
                                          : -1;
        if (c->factor >= 1) {
            c->operand = x;
            c->axis = i;
        }
    }
}

/* What the match reads, else an input of the network. */
static bool find_carrier(struct carrier *c)
{
    const struct match *m = c->match;
    for (size_t i = 0; i < m->operator_count; i++)
        operator_each_operand(m->operators[i], visit_carrier, c);
    const struct operator *op = m->graph->first;
    for (; op && operator_is(op, "pnnx.Input") && !c->operand; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            visit_carrier(op->outputs[i], c);
    return c->operand != NULL;
}

static struct item plan_carried(struct match *m, const struct carrier *c)
{
    struct plan *plan = new_plan(m, intern(m->rules->strings, "Tensor.size"));
    plan_argument(m, plan, intern(m->rules->strings, "input"), item_value(value_operand(c->operand)));
    plan_argument(m, plan, intern(m->rules->strings, "dim"), item_value(value_int(c->axis)));
    struct item factor = item_value(value_int(c->factor));
    return c->factor == 1 ? item_of_plan(plan)
                          : plan_arithmetic(m, "torch.floor_divide", item_of_plan(plan), factor);
}

static struct item plan_size(struct match *m, int64_t d);

/* int(top * factor), as Python has it of what is not negative. */
static struct item plan_scaled(struct match *m, const struct dim_part *part, struct item top)
{
    struct plan *whole = new_plan(m, intern(m->rules->strings, "aten::Int"));
    if (!dim_not_negative(m->graph, part->top))
        return unknown;
    struct item product = plan_arithmetic(m, "torch.mul", top, item_value(value_float(part->factor)));
    plan_argument(m, whole, intern(m->rules->strings, "a"), product);
    return item_of_plan(whole);
}

static struct item plan_part(struct match *m, const struct dim_part *part)
{
    static const char *const types[] = {
        [DIM_FLOOR] = "torch.floor_divide", [DIM_LESSER] = "torch.minimum", [DIM_GREATER] = "torch.maximum"
    };
    if (part->kind == DIM_NAME)
        return plan_size(m, dim_named(m->graph, part->name));
    struct item top = plan_size(m, part->top);
    if (part->kind == DIM_SCALED)
        return item_is_known(&top) ? plan_scaled(m, part, top) : unknown;
    struct item bottom = plan_size(m, part->bottom);
    return item_is_known(&top) && item_is_known(&bottom) ? plan_arithmetic(m, types[part->kind], top, bottom)
                                                         : unknown;
}

/* part * part * factor */
static struct item plan_product(struct match *m, const struct dim_term *term, int64_t factor)
{
    struct item product = item_value(value_int(factor));
    for (int i = 0; i < term->count; i++) {
        struct item part = plan_part(m, &term->parts[i]);
        if (!item_is_known(&part))
            return unknown;
        product = i == 0 && factor == 1 ? part : plan_arithmetic(m, "torch.mul", part, product);
    }
    return product;
}

static struct item plan_sum(struct match *m, int64_t d)
{
    struct item sum = unknown;
    struct dim_term term;
    for (int i = 0; dim_term(m->graph, d, i, &term); i++) {
        bool minus = i > 0 && term.factor < 0 && term.factor != INT64_MIN;
        struct item product = plan_product(m, &term, minus ? -term.factor : term.factor);
        if (!item_is_known(&product))
            return unknown;
        sum = i == 0 ? product : plan_arithmetic(m, minus ? "torch.sub" : "torch.add", sum, product);
    }
    return sum;
}

static bool is_name(const struct graph *g, int64_t d)
{
    struct dim_term term, more;
    return dim_term(g, d, 0, &term) && !dim_term(g, d, 1, &more) && term.factor == 1 && term.count == 1 &&
           term.parts[0].kind == DIM_NAME;
}

/* A name alone may be known from a multiple of it; what else no operand has is computed from its parts. */
static struct item plan_symbol(struct match *m, int64_t d)
{
    struct carrier c = { .match = m, .dim = d, .multiple = is_name(m->graph, d) };
    return find_carrier(&c) ? plan_carried(m, &c) : c.multiple ? unknown : plan_sum(m, d);
}

/* What computes the size, once for each match; unknown: no operand has what it is made of. */
static struct item plan_size(struct match *m, int64_t d)
{
    int64_t number;
    if (dim_constant(m->graph, d, &number))
        return item_value(value_int(number));
    for (size_t i = 0; i < m->size_count; i++)
        if (m->sizes[i].dim == d)
            return m->sizes[i].item;
    struct item item = plan_symbol(m, d);
    struct planned_size *grown = scratch_array(m->scratch, m->size_count + 1, sizeof *grown);
    if (m->size_count)
        memcpy(grown, m->sizes, m->size_count * sizeof *grown);
    grown[m->size_count++] = (struct planned_size){ d, item };
    m->sizes = grown;
    return item;
}

/* The item with operators for the symbolic sizes in it. */
static struct item with_sizes(struct match *m, struct item item)
{
    if (item.kind == ITEM_DIM)
        return plan_size(m, item.dim);
    if (item.kind != ITEM_LIST)
        return item;
    struct item list = { .kind = ITEM_LIST,
                         .list = { scratch_array(m->scratch, item.list.count, sizeof item),
                                   item.list.count } };
    for (size_t i = 0; i < item.list.count; i++)
        list.list.items[i] = with_sizes(m, item.list.items[i]);
    return list;
}

/* ncnn's layers take numbers only. */
static bool is_layer(const char *type)
{
    return !strchr(type, '.') && !strchr(type, ':');
}

/* ---- arguments ---- */

/* Whether the key is a parameter of a module's constructor, which runs before there are operands. */
static bool is_constructed(const struct match *m, const char *type, const char *key)
{
    const struct signature *s = signature_find(m->graph->signatures, type);
    const struct parameter *p = s ? signature_parameter(s, key) : NULL;
    return strncmp(type, "nn.", 3) == 0 && p && !(p->kinds & KIND_TENSOR);
}

static bool plan_value(struct match *m, struct plan *plan, const char *key, struct item item)
{
    if (item.kind == ITEM_ABSENT)
        return true;
    if (!is_layer(plan->type))
        item = with_sizes(m, item);
    if (!key || !item_is_known(&item))
        return false;
    if (has_operand(&item) && is_constructed(m, plan->type, key))
        return false;
    plan_argument(m, plan, key, item);
    return true;
}

static bool plan_owned(struct match *m, struct plan *plan, const char *key, struct item item)
{
    const struct attribute *tensor = item_tensor(&item);
    if (tensor)
        plan_attribute(m, plan, key, tensor);
    return tensor || item.kind == ITEM_ABSENT || (item.kind == ITEM_VALUE && item.value.kind == VALUE_NONE);
}

/* [tagged c@weight, raw c@bias?]: attributes "0t", "1r"; absent is only what has a `?`. */
static bool plan_weights(struct match *m, struct plan *plan, const struct node *list)
{
    size_t number = plan->attribute_count;
    for (size_t i = 0; i < list->count; i++) {
        const struct node *n = list->kids[i];
        struct item item = evaluate(m, n);
        const struct attribute *tensor = item_tensor(&item);
        bool absent = item.kind == ITEM_ABSENT || (item.kind == ITEM_VALUE && item.value.kind == VALUE_NONE);
        if (!tensor && (!absent || !n->optional))
            return false;
        if (!tensor)
            continue;
        char letter = n->kind == NODE_WEIGHT && n->text[0] == 'r' ? 'r' : 't';
        plan_attribute(m, plan, arena_printf(&m->graph->arena, "%zu%c", number++, letter), tensor);
    }
    return true;
}

static bool is_planned(const struct plan *plan, const char *key)
{
    for (size_t i = 0; i < plan->argument_count; i++)
        if (plan->arguments[i].key == key)
            return true;
    return false;
}

/* Whether the pattern of `op` names the argument. */
static bool pattern_names(const struct node *n, const struct operator *op, const char *key)
{
    if (n->kind != NODE_CALL || n->text != op->type)
        return false;
    size_t position = 0;
    for (size_t i = 0; i < n->argument_count; i++) {
        const struct node_argument *a = &n->arguments[i];
        const struct signature *s = op->signature;
        if (a->kind == ARGUMENT_KEY && a->key == key)
            return true;
        if (a->kind == ARGUMENT_POSITION && position < s->parameter_count &&
            s->parameters[position++].name == key)
            return true;
    }
    return false;
}

/* The call that `as c` stands behind, anywhere in the pattern. */
static const struct node *find_as(const struct node *n, size_t slot)
{
    if (!n)
        return NULL;
    if (n->kind == NODE_AS && n->slot == slot)
        return n->kids[0];
    const struct node *found = NULL;
    for (size_t i = 0; i < n->count && !found; i++)
        found = find_as(n->kids[i], slot);
    for (size_t i = 0; i < n->argument_count && !found; i++)
        found = find_as(n->arguments[i].value, slot);
    return found;
}

static const struct node *find_call(const struct rule *rule, size_t slot)
{
    const struct node *found = find_as(rule->pattern, slot);
    for (size_t i = 0; i < rule->definition_count && !found; i++)
        found = find_as(rule->definitions[i]->node, slot);
    for (size_t i = 0; i < rule->also_count && !found; i++)
        found = find_as(rule->also[i]->node, slot);
    for (size_t i = 0; rule->box && i < rule->box->find_count && !found; i++)
        found = find_as(rule->box->finds[i], slot);
    return found;
}

static bool is_default(const struct operator *op, const struct argument *a)
{
    const struct parameter *p = signature_parameter(op->signature, a->key);
    return a->value.kind == VALUE_NONE || (p && p->has_default && values_match(&p->initial, &a->value));
}

static bool type_takes(const struct match *m, const char *type, const char *key)
{
    for (const struct signature *s = signature_find(m->graph->signatures, type); s; s = s->next)
        if (signature_parameter(s, key))
            return true;
    return false;
}

/* ...c: what c has and the result does not write.  An argument that the new type does not know may be dropped when
 * the pattern dealt with it, or when it has its default; a type that has no signature takes all that the pattern does
 * not name. */
static bool plan_rest(struct match *m, struct plan *plan, const struct node *name)
{
    struct item item = evaluate(m, name);
    if (item.kind == ITEM_ABSENT)
        return true;
    if (item.kind != ITEM_OPERATOR)
        return false;
    const struct operator *op = item.op;
    const struct node *call = name->kind == NODE_NAME ? find_call(m->rule, name->slot) : NULL;
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        if (is_planned(plan, a->key))
            continue;
        bool named = call && pattern_names(call, op, a->key),
             open = !signature_find(m->graph->signatures, plan->type);
        if (open ? !named : type_takes(m, plan->type, a->key))
            plan_argument(m, plan, a->key, item_value(a->value));
        else if (!named && !is_default(op, a))
            return false;
    }
    for (size_t i = 0; i < op->attribute_count; i++)
        plan_attribute(m, plan, op->attributes[i].key, &op->attributes[i]);
    return true;
}

static const char *key_of(struct match *m, const struct item *item)
{
    if (item->kind == ITEM_VALUE && item->value.kind == VALUE_STRING)
        return item->value.string;
    if (item->kind != ITEM_VALUE || item->value.kind != VALUE_INT)
        return NULL;
    return intern(m->rules->strings, arena_printf(&m->graph->arena, "%lld", (long long)item->value.integer));
}

/* **LIST of [key, value] pairs. */
static bool plan_computed(struct match *m, struct plan *plan, struct item list)
{
    if (!item_is_list(&list))
        return false;
    for (size_t i = 0; i < item_length(&list); i++) {
        struct item pair = item_at(&list, i);
        if (!item_is_list(&pair) || item_length(&pair) != 2)
            return false;
        struct item key = item_at(&pair, 0);
        if (!plan_value(m, plan, key_of(m, &key), item_at(&pair, 1)))
            return false;
    }
    return true;
}

static bool plan_all_attributes(struct match *m, struct plan *plan, struct item item)
{
    if (item.kind != ITEM_TENSORS)
        return false;
    for (size_t i = 0; i < item.tensors.count; i++)
        plan_attribute(m, plan, item.tensors.items[i].key, &item.tensors.items[i]);
    return true;
}

static bool plan_one(struct match *m, struct plan *plan, const struct node_argument *a)
{
    bool weights = a->kind == ARGUMENT_POSITION && a->value->kind == NODE_LIST && a->value->count &&
                   a->value->kids[0]->kind == NODE_WEIGHT;
    if (weights)
        return plan_weights(m, plan, a->value);
    switch (a->kind) {
    case ARGUMENT_POSITION:
    case ARGUMENT_KEY: return plan_value(m, plan, a->key, evaluate(m, a->value));
    case ARGUMENT_ATTRIBUTE: return plan_owned(m, plan, a->key, evaluate(m, a->value));
    case ARGUMENT_ATTRIBUTES: return plan_all_attributes(m, plan, evaluate(m, a->value));
    case ARGUMENT_COMPUTED: return plan_computed(m, plan, evaluate(m, a->value));
    case ARGUMENT_REST_OF: return true; /* last, when all that is written is known */
    case ARGUMENT_REST: return false;
    }
    return false;
}

/* `whole` and one leaf more; false: one is unknown. */
static bool plan_leaf(struct match *m, const struct node *call, struct item *whole, struct item leaf)
{
    const struct signature *s = signature_find(m->graph->signatures, call->text);
    if (leaf.kind == ITEM_ABSENT)
        return true;
    leaf = with_sizes(m, leaf);
    if (!item_is_known(&leaf) || !s || s->parameter_count < 2)
        return false;
    if (whole->kind == ITEM_ABSENT) {
        *whole = leaf;
        return true;
    }
    struct plan *plan = new_plan(m, call->text);
    plan_argument(m, plan, s->parameters[0].name, *whole);
    plan_argument(m, plan, s->parameters[1].name, leaf);
    *whole = (struct item){ .kind = ITEM_PLAN, .plan = plan };
    return true;
}

/* Braces: ((a, b), c), without those that are absent; one alone is itself.  A list is its items. */
static struct item plan_braces(struct match *m, const struct node *call)
{
    struct item whole = { .kind = ITEM_ABSENT };
    for (size_t i = 0; i < call->argument_count; i++) {
        struct item item = evaluate(m, call->arguments[i].value);
        size_t count = item_is_list(&item) ? item_length(&item) : 1;
        for (size_t k = 0; k < count; k++)
            if (!plan_leaf(m, call, &whole, item_is_list(&item) ? item_at(&item, k) : item))
                return unknown;
    }
    return whole;
}

struct item plan_operator(struct match *m, const struct node *call)
{
    if (call->kind == NODE_BRACES)
        return plan_braces(m, call);
    struct plan *plan = new_plan(m, call->text);
    for (size_t i = 0; i < call->argument_count; i++)
        if (!plan_one(m, plan, &call->arguments[i]))
            return unknown;
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].kind == ARGUMENT_REST_OF && !plan_rest(m, plan, call->arguments[i].value))
            return unknown;
    return (struct item){ .kind = ITEM_PLAN, .plan = plan };
}
