/* build.c - from a match to a changed graph.
 *
 * First the whole result is planned (plan.c): every value in it is computed, and nothing is built when one is unknown.
 * Then the operators are made, take over the results of the root, and what was matched and is read no more goes. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/rewrite/result/result.h"
#include "common/rewrite/value/value.h"

/* ---- building ---- */

struct build {
    struct match *match;
    struct graph *graph;
    struct operator *before;      /* new operators come before this one */
    struct operator *first;       /* the first new one */
    const struct operator *model; /* whose scope and line they inherit */
    const char *stem;             /* for names */
    struct operand **outputs;     /* what is replaced; NULL: a result that nobody has */
    size_t output_count;
    size_t absent; /* results at the end, w?, that the root does not have */
};

static struct operator *new_operator(struct build *b, const char *type, const char *name)
{
    struct operator *op = graph_add(b->graph, b->before, type, name);
    op->scope =
        b->match->box ? b->match->box->scope->parent : b->model->scope; /* a box is a call made outside */
    op->source = b->model->source;
    op->line = b->model->line;
    if (!b->first)
        b->first = op;
    return op;
}

static struct operator *realize(struct build *b, struct plan *plan, const char *name);

/* Lets an operator that is none of the root's have so many results, and says what they are. */
static void add_results(struct operator *op, size_t count)
{
    if (op->output_count >= count)
        return;
    while (op->output_count < count)
        operator_add_output(op, NULL);
    operator_infer(op);
}

/* A constant tensor becomes an operator of its own. */
static struct operand *realize_tensor(struct build *b, const struct attribute *tensor, const char *key)
{
    const char *stem = arena_printf(&b->graph->arena, "%s.%s", b->stem, key ? key : "data");
    struct operator *op = new_operator(b, "pnnx.Attribute", graph_fresh_operator_name(b->graph, stem));
    return operator_add_constant(op, NULL, *tensor);
}

static struct value realize_item(struct build *b, const struct item *item, const char *key)
{
    struct value *items;
    switch (item->kind) {
    case ITEM_VALUE: return item->value;
    case ITEM_TENSOR: return value_operand(realize_tensor(b, item->tensor, key));
    case ITEM_OPERATOR: return value_operand(item->op->outputs[0]);
    case ITEM_PLAN: {
        struct operator *op = realize(b, item->plan, NULL);
        add_results(op, item->result + 1);
        return value_operand(op->outputs[item->result]);
    }
    case ITEM_LIST: break;
    default: return value_none();
    }
    items = scratch_array(b->match->scratch, item->list.count, sizeof *items);
    for (size_t i = 0; i < item->list.count; i++)
        items[i] = realize_item(b, &item->list.items[i], key);
    return value_list(items, item->list.count);
}

/* Makes the operator of a plan, those of its arguments before it.  Without a name: a fresh one. */
static struct operator *realize(struct build *b, struct plan *plan, const char *name)
{
    if (plan->op)
        return plan->op;
    struct value *values = scratch_array(b->match->scratch, plan->argument_count, sizeof *values);
    for (size_t i = 0; i < plan->argument_count; i++)
        values[i] = realize_item(b, &plan->arguments[i].item, plan->arguments[i].key);
    name = name ? name : plan->name;
    struct operator *op =
        new_operator(b, plan->type, name ? name : graph_fresh_operator_name(b->graph, b->stem));
    for (size_t i = 0; i < plan->argument_count; i++)
        operator_set(op, plan->arguments[i].key, values[i]);
    for (size_t i = 0; i < plan->attribute_count; i++) {
        struct attribute copy = *plan->attributes[i].tensor;
        copy.key = plan->attributes[i].key;
        operator_add_attribute(op, copy);
    }
    if (plan->results > 1)
        add_results(op, plan->results);
    plan->op = op;
    return op;
}

/* ---- taking over ---- */

static struct value replaced(struct match *m, const struct value *v, const struct operand *old,
                             struct value new)
{
    if (v->kind == VALUE_OPERAND && v->operand == old)
        return new;
    if (v->kind != VALUE_LIST)
        return *v;
    struct value list = value_list(scratch_array(m->scratch, v->list.count, sizeof *v), v->list.count);
    for (size_t i = 0; i < v->list.count; i++)
        list.list.items[i] = replaced(m, &v->list.items[i], old, new);
    return list;
}

/* Lets readers have a value that is no operand. */
static void replace_by_value(struct match *m, struct operand *old, struct value new)
{
    while (old->uses) {
        struct operator *op = old->uses->op;
        for (size_t i = 0; i < op->argument_count; i++) {
            const struct value *v = &op->arguments[i].value;
            bool direct = v->kind == VALUE_OPERAND && v->operand == old;
            if (direct || v->kind == VALUE_LIST)
                operator_set(op, op->arguments[i].key, replaced(m, v, old, new));
        }
    }
}

static bool has_reader_of_type(const struct operand *x, const char *type)
{
    for (const struct use *use = x->uses; use; use = use->next)
        if (operator_is(use->op, type))
            return true;
    return false;
}

static void replace_output(struct build *b, struct operand *old, const struct item *item)
{
    struct value v = realize_item(b, item, NULL);
    if (v.kind != VALUE_OPERAND) {
        replace_by_value(b->match, old, v);
        return;
    }
    struct operand *x = v.operand;
    if (x->rank == RANK_UNKNOWN && old->rank != RANK_UNKNOWN)
        operand_set_shape(x, old->dtype, old->rank, old->shape);
    if (x->batch == BATCH_UNKNOWN)
        x->batch = old->batch;
    operand_replace(old, x);
}

static bool can_replace(const struct item *item, const struct operand *old)
{
    bool operand = item->kind != ITEM_LIST && (item->kind != ITEM_VALUE || item->value.kind == VALUE_OPERAND);
    return operand || !old || !has_reader_of_type(old, "pnnx.Output");
}

/* ---- what was matched goes ---- */

struct dead {
    struct operator **items;
    bool *removed;
    size_t count, room;
};

static void add_candidate(struct dead *d, struct operator *op)
{
    if (d->count == d->room) {
        d->room = d->room ? d->room * 2 : 64;
        d->items = xrealloc(d->items, d->room * sizeof *d->items);
        d->removed = xrealloc(d->removed, d->room * sizeof *d->removed);
    }
    d->items[d->count] = op;
    d->removed[d->count++] = false;
}

static bool is_unread(const struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++)
        if (op->outputs[i]->use_count)
            return false;
    return !operator_is(op, "pnnx.Input") && !operator_is(op, "pnnx.Output");
}

static void visit_producer(struct operand *x, void *context)
{
    struct dead *d = context;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i] == x->producer)
            return;
    add_candidate(d, x->producer);
}

/* Removes what is read no more, and what only that read. */
static void remove_dead(struct dead *d, struct operator **next)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < d->count; i++) {
            struct operator *op = d->items[i];
            if (d->removed[i] || !is_unread(op))
                continue;
            operator_each_operand(op, visit_producer, d);
            if (*next == op)
                *next = op->next;
            operator_remove(op);
            d->removed[i] = true;
            changed = true;
        }
    }
}

static void remove_matched(struct match *m, struct operator **next)
{
    struct dead d = { 0 };
    if (m->box)
        for (size_t i = m->box->count; i-- > 0;)
            add_candidate(&d, m->box->items[i]);
    else
        for (size_t i = 0; i < m->operator_count; i++)
            add_candidate(&d, m->operators[i]);
    remove_dead(&d, next);
    free(d.items);
    free(d.removed);
}

/* ---- the whole ---- */

static struct operand *slot_operand(const struct match *m, size_t slot)
{
    const struct item *item = slot == NO_SLOT ? NULL : &m->slots[slot];
    return item && item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND ? item->value.operand : NULL;
}

static void add_output(struct build *b, struct operand *x)
{
    struct operand **grown = scratch_array(b->match->scratch, b->output_count + 1, sizeof *grown);
    if (b->output_count)
        memcpy(grown, b->outputs, b->output_count * sizeof *grown);
    grown[b->output_count++] = x;
    b->outputs = grown;
}

static void add_targets(struct build *b, const struct targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct target *t = &targets->items[i];
        const struct item *item = t->slot == NO_SLOT ? NULL : &b->match->slots[t->slot];
        if (t->rest && item && item_is_list(item)) {
            for (size_t k = 0; k < item_length(item); k++) {
                struct item one = item_at(item, k);
                add_output(b, one.value.operand);
            }
        } else {
            add_output(b, slot_operand(b->match, t->slot));
        }
    }
}

/* The operands that the result takes over, in its order; absent ones at the end are left out. */
static void find_outputs(struct build *b)
{
    const struct match *m = b->match;
    if (m->chosen->targets.given) {
        add_targets(b, &m->chosen->targets);
    } else if (m->rule->targets.given) {
        add_targets(b, &m->rule->targets);
    } else {
        add_output(b, m->root->outputs[0]);
    }
    if (!m->chosen->targets.given)
        for (size_t i = 0; i < m->rule->also_count; i++)
            add_targets(b, &m->rule->also[i]->targets);
    while (b->output_count > 1 && !b->outputs[b->output_count - 1]) {
        const struct targets *given = &m->rule->targets;
        b->output_count--;
        b->absent += !m->chosen->targets.given && b->output_count < given->count &&
                     given->items[b->output_count].optional;
    }
}

/* Whether somebody could say what the pattern gives: then its result is that by contract. */
static bool is_told(const struct operand *x)
{
    return x->rank != RANK_UNKNOWN && x->dtype != DTYPE_NULL;
}

/* Lets `op` have all outputs as its results. */
static void take_over(struct build *b, struct operator *op)
{
    bool told = true;
    assert(op->output_count == 0 && op != b->match->root);
    for (size_t i = 0; i < b->output_count; i++) {
        if (b->outputs[i])
            operand_move(b->outputs[i], op);
        else
            operator_add_output(op, NULL);
        told = told && is_told(op->outputs[i]);
    }
    if (!told)
        operator_infer(op);
}

/* What a name says: a string, or that of an operator or of the module; NULL: nothing. */
static const char *name_of(struct match *m, const struct node *name)
{
    struct item item = evaluate(m, name);
    if (item.kind == ITEM_OPERATOR)
        return item.op->name;
    if (item.kind == ITEM_TENSORS && m->box)
        return m->box->scope->path;
    return item.kind == ITEM_VALUE && item.value.kind == VALUE_STRING ? item.value.string : NULL;
}

static const char *result_name(struct match *m)
{
    const char *name = m->root->name;
    if (m->box && m->box->scope->path[0])
        name = m->box->scope->path;
    else if (m->scope && m->scope->path[0])
        name = m->scope->path;
    return m->chosen->name ? name_of(m, m->chosen->name) : name;
}

/* Lets a result of `op` be an output; what another part of the result reads already is one of its own. */
static void give_output(struct operand *x, struct operator *op, size_t result)
{
    if (op->output_count == 0 && result == 0) {
        operand_move(x, op);
        if (!is_told(x))
            operator_infer(op);
        return;
    }
    add_results(op, result + 1);
    if (is_told(x))
        operand_set_like(op->outputs[result], x);
    operand_replace(x, op->outputs[result]);
}

/* A result of several operands from one value: a list, item by item. */
static bool build_parts(struct build *b, struct item *parts, size_t count, const char *name)
{
    if (count == 1 && parts[0].kind == ITEM_PLAN && parts[0].plan->results == 0) {
        take_over(b, realize(b, parts[0].plan, name));
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (!b->outputs[i])
            continue;
        if (parts[i].kind != ITEM_PLAN) {
            replace_output(b, b->outputs[i], &parts[i]);
            continue;
        }
        give_output(b->outputs[i], realize(b, parts[i].plan, i == 0 ? name : NULL), parts[i].result);
    }
    return true;
}

/* Binds the names of a part to it, or to its operator's results: to each one, or to the list of them. */
static bool bind_share(struct match *m, const struct share *share)
{
    const struct targets *t = &share->targets;
    struct item part = evaluate(m, share->part);
    if (share->name && part.kind == ITEM_PLAN)
        part.plan->name = name_of(m, share->name);
    if (!share->tuple && !share->count) {
        m->slots[t->items[0].slot] = part;
        return true;
    }
    struct item count = share->count ? evaluate(m, share->count) : item_value(value_int((int64_t)t->count));
    if (part.kind != ITEM_PLAN || part.plan->op || count.kind != ITEM_VALUE ||
        count.value.kind != VALUE_INT || count.value.integer < 1 || count.value.integer > MOST_RESULTS)
        return false;
    part.plan->results = (size_t)count.value.integer;
    struct item *items = scratch_array(m->scratch, part.plan->results, sizeof *items);
    for (size_t i = 0; i < part.plan->results; i++) {
        items[i] = (struct item){ .kind = ITEM_PLAN, .plan = part.plan, .result = i };
        if (share->tuple && t->items[i].slot != NO_SLOT)
            m->slots[t->items[i].slot] = items[i];
    }
    if (share->count)
        m->slots[t->items[0].slot] =
            (struct item){ .kind = ITEM_LIST, .list = { items, part.plan->results } };
    return true;
}

/* Computes what replaces each output; false: something is unknown, or the numbers differ. */
static bool plan_parts(struct build *b, struct item **parts, size_t *count)
{
    struct match *m = b->match;
    const struct choice *choice = m->chosen;
    for (size_t i = 0; i < m->rule->share_count; i++)
        if (!bind_share(m, &m->rule->shares[i]))
            return false;
    *count = choice->part_count;
    *parts = scratch_array(m->scratch, size_add(choice->part_count, b->output_count), sizeof **parts);
    for (size_t i = 0; i < choice->part_count; i++) {
        (*parts)[i] = evaluate(m, choice->parts[i]);
        if (!item_is_known(&(*parts)[i]))
            return false;
    }
    bool one = *count == 1 && (*parts)[0].kind == ITEM_PLAN && (*parts)[0].plan->results == 0;
    struct item list = (*parts)[0];
    if (*count == 1 && item_is_list(&list) &&
        (b->output_count > 1 || (m->chosen->targets.given && m->chosen->targets.items[0].rest) ||
         (m->rule->targets.given && m->rule->targets.count && m->rule->targets.items[0].rest))) {
        *count = item_length(&list);
        if (*count != b->output_count)
            return false;
        for (size_t i = 0; i < *count; i++)
            (*parts)[i] = item_at(&list, i);
    }
    if (!one && *count == b->output_count + b->absent)
        *count = b->output_count;
    if (!one && *count != b->output_count)
        return false;
    for (size_t i = 0; !one && i < *count; i++)
        if (!can_replace(&(*parts)[i], b->outputs[i]))
            return false;
    return true;
}

/* What a part of the result is called in an explanation: a type, the name of an operand, "a value". */
static const char *part_text(const struct item *part)
{
    if (part->kind == ITEM_PLAN)
        return part->plan->type;
    bool operand = part->kind == ITEM_VALUE && part->value.kind == VALUE_OPERAND;
    return operand ? part->value.operand->name : "(a value)";
}

/* One line: the rule, the operator, the types that were matched in the order of the graph, and what they become. */
static void explain(const struct match *m, const struct item *parts, size_t count)
{
    struct arena arena;
    arena_init(&arena);
    const char *before = "", *after = "";
    size_t matched = m->box ? m->box->count : m->operator_count;
    for (size_t i = 0; i < matched; i++)
        before = arena_printf(&arena, "%s %s", before,
                              m->box ? m->box->items[i]->type : m->operators[matched - 1 - i]->type);
    for (size_t i = 0; i < count; i++)
        after = arena_printf(&arena, "%s %s", after, part_text(&parts[i]));
    note(operator_place(m->root), "%s: '%s':%s =>%s", m->rule->name, m->root->name, before, after);
    arena_release(&arena);
}

/* ---- order ---- */

struct reach {
    const struct match *match;
    const struct operator **stack;
    size_t count, room;
    struct map seen;
};

static void visit_source(struct operand *x, void *context)
{
    struct reach *r = context;
    if (map_get(&r->seen, x->producer))
        return;
    map_put(&r->seen, x->producer, x->producer);
    if (r->count == r->room) {
        r->room = r->room ? r->room * 2 : 64;
        r->stack = xrealloc(r->stack, r->room * sizeof *r->stack);
    }
    r->stack[r->count++] = x->producer;
}

static void visit_item(struct reach *r, const struct item *item)
{
    if (item->kind == ITEM_LIST)
        for (size_t i = 0; i < item->list.count; i++)
            visit_item(r, &item->list.items[i]);
    if (item->kind == ITEM_PLAN)
        for (size_t i = 0; i < item->plan->argument_count; i++)
            visit_item(r, &item->plan->arguments[i].item);
    if (item->kind == ITEM_VALUE && item->value.kind == VALUE_LIST)
        for (size_t i = 0; i < item->value.list.count; i++) {
            struct item one = item_value(item->value.list.items[i]);
            visit_item(r, &one);
        }
    if (item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND &&
        !match_has(r->match, item->value.operand->producer))
        visit_source(item->value.operand, r);
}

static bool is_output(const struct build *b, const struct operand *x)
{
    for (size_t i = 0; i < b->output_count; i++)
        if (b->outputs[i] == x)
            return true;
    return false;
}

static bool value_reads_output(const struct build *b, const struct value *v)
{
    if (v->kind == VALUE_OPERAND)
        return is_output(b, v->operand);
    bool found = false;
    for (size_t i = 0; v->kind == VALUE_LIST && i < v->list.count && !found; i++)
        found = value_reads_output(b, &v->list.items[i]);
    return found;
}

/* Whether the result reads what it replaces. */
static bool reads_output(const struct build *b, const struct item *item)
{
    bool found = false;
    switch (item->kind) {
    case ITEM_VALUE: return value_reads_output(b, &item->value);
    case ITEM_OPERATOR: return item->op->output_count && is_output(b, item->op->outputs[0]);
    case ITEM_LIST:
        for (size_t i = 0; i < item->list.count && !found; i++)
            found = reads_output(b, &item->list.items[i]);
        return found;
    case ITEM_PLAN:
        for (size_t i = 0; i < item->plan->argument_count && !found; i++)
            found = reads_output(b, &item->plan->arguments[i].item);
        return found;
    default: return false;
    }
}

/* With several roots, what the result reads may depend on what it replaces: then it cannot be built. */
static bool makes_cycle(const struct build *b, const struct item *parts, size_t count)
{
    const struct match *m = b->match;
    for (size_t i = 0; i < count; i++)
        if (reads_output(b, &parts[i]))
            return true;
    if (!m->box && m->rule->also_count == 0)
        return false;
    struct reach r = { .match = m };
    map_init(&r.seen);
    for (size_t i = 0; i < count; i++)
        visit_item(&r, &parts[i]);
    bool found = false;
    while (r.count && !found) {
        const struct operator *op = r.stack[--r.count];
        found = match_has(m, op);
        operator_each_operand(op, visit_source, &r);
    }
    map_release(&r.seen);
    free(r.stack);
    return found;
}

/* New operators stand where all that they read is made: at the last of the roots. */
static struct operator *last_root(const struct match *m)
{
    if (m->box)
        return m->box->items[m->box->count - 1];
    if (m->rule->also_count == 0)
        return m->root;
    for (struct operator *op = m->graph->last; op; op = op->prev)
        if (match_has(m, op))
            return op;
    return m->root;
}

/* With CHECK=1: a result has the root's type and shape, as far as they can be inferred from what was built. */
static void check_result(const struct match *m, const struct item *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct operator *op = parts[i].kind == ITEM_PLAN ? parts[i].plan->op : NULL;
        const char *text = op ? operator_contradiction(op) : NULL;
        if (text)
            report(STATUS_CONVERSION, operator_place(op),
                   "the rule '%s' (%s:%d) makes %s '%s', which gives %s", m->rule->name, m->rule->file,
                   m->rule->line, op->type, op->name, text);
    }
}

bool build_result(struct match *m, struct operator **next)
{
    struct build b = { .match = m, .graph = m->graph, .model = m->root };
    struct item *parts;
    size_t count;
    const char *name = result_name(m);
    find_outputs(&b);
    if (!name || !plan_parts(&b, &parts, &count) || makes_cycle(&b, parts, count))
        return false;
    name = intern(m->rules->strings, name);
    b.before = last_root(m);
    b.stem = name;
    if (m->rules->explain)
        explain(m, parts, count);
    *next = m->box ? NULL : m->root->next;
    build_parts(&b, parts, count, name);
    if (CHECKED)
        check_result(m, parts, count);
    remove_matched(m, next);
    struct operator *made = count && parts[0].kind == ITEM_PLAN ? parts[0].plan->op : NULL;
    if (made && graph_find(m->graph, name) != made)
        operator_rename(made, graph_fresh_operator_name(m->graph, name));
    if (b.first)
        *next = b.first;
    return true;
}
