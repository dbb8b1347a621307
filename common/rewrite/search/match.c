/* match.c - the search: does a rule's pattern occur at this operator?
 *
 * What is still to be shown is a list of goals, each a pattern against an argument.  Where there is a choice
 * (alternatives, optional operators, braces, readers), the other ways are kept as choice points; a failure goes back
 * to the last one and undoes the bindings made since.  Lists and goals are never changed once made, so going back is
 * only taking an older pointer.  There is no recursion over patterns or graph, and the number of steps is bounded. */
#include "common/rewrite/misses.h"
#include "common/rewrite/value/value.h"

#include <stdio.h>
#include <string.h>

enum { MAX_STEPS = 20000 };

/* ---- values ---- */

static bool is_absent(const struct value *v)
{
    return !v || v->kind == VALUE_NONE;
}

/* The number that an argument is: itself, or a constant of rank 0. */
static bool number_of(const struct value *v, struct value *out)
{
    if (v->kind == VALUE_INT || v->kind == VALUE_FLOAT) {
        *out = *v;
        return true;
    }
    const struct attribute *tensor = v->kind == VALUE_OPERAND ? operand_constant(v->operand) : NULL;
    return tensor && tensor_scalar(tensor, out);
}

static bool match_kind(struct match *m, const struct node *node, const struct value *v)
{
    const struct node *name = node->kids[0];
    struct value number;
    if (!v)
        return false;
    bool fits;
    switch (node->text[0]) {
    case 't': fits = v->kind == VALUE_OPERAND; break;
    case 'n':
        if (node->text[1] == 'o') {
            fits = v->kind == VALUE_NONE;
            break;
        }
        fits = number_of(v, &number);
        if (fits)
            v = &number;
        break;
    case 'i': fits = v->kind == VALUE_INT; break;
    case 'f': fits = v->kind == VALUE_FLOAT; break;
    case 's': fits = v->kind == VALUE_STRING; break;
    case 'l': fits = v->kind == VALUE_LIST; break;
    default: fits = v->kind == VALUE_BOOL;
    }
    return fits && (name->kind == NODE_ANY || search_bind(m, name->slot, item_value(*v)));
}

/* ---- axes ---- */

static int rank_of(const struct operand *x)
{
    const struct attribute *tensor = operand_constant(x);
    return tensor ? tensor->rank : x->rank;
}

/* The rank that an axis of `op` counts in: that of the first operand; the result's where that has an axis more. */
static int axis_rank(const struct operator *op)
{
    bool grows = op->signature->traits.bits & TRAIT_ADDS_AXIS;
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct value *v = &op->arguments[i].value;
        if (v->kind == VALUE_LIST && v->list.count)
            v = &v->list.items[0];
        if (v->kind != VALUE_OPERAND)
            continue;
        int rank = rank_of(v->operand);
        return rank == RANK_UNKNOWN ? rank : rank + grows;
    }
    return RANK_UNKNOWN;
}

/* -1 and 3 are one axis of a tensor of rank 4. */
static bool same_axis(const struct goal *goal, int64_t a, int64_t b)
{
    if (a == b)
        return true;
    if (!goal->op || !goal->parameter || !parameter_counts_axes(goal->parameter->name))
        return false;
    int rank = axis_rank(goal->op);
    return rank > 0 && (a < 0 ? a + rank : a) == (b < 0 ? b + rank : b);
}

static bool match_number(const struct goal *goal, struct value literal)
{
    struct value number;
    if (goal->value && argument_is_number(goal->parameter, &literal, goal->value))
        return true;
    if (!goal->value || !number_of(goal->value, &number))
        return false;
    if (literal.kind == VALUE_INT && number.kind == VALUE_INT)
        return same_axis(goal, literal.integer, number.integer);
    return values_match(&literal, &number);
}

/* ---- lists ---- */

static bool match_star(struct match *m, const struct node *star, const struct value *items, size_t count)
{
    const struct node *name = star->kids[0];
    if (name->kind == NODE_ANY)
        return true;
    return name->kind == NODE_NAME &&
           search_bind(m, name->slot, item_value(value_list((struct value *)items, count)));
}

static bool match_list(struct match *m, const struct goal *goal)
{
    const struct node *list = goal->node;
    const struct value *v = goal->value;
    if (!v || v->kind == VALUE_NONE)
        return false;
    const struct value *items = v->kind == VALUE_LIST ? v->list.items : v; /* one stands for a list of one */
    size_t count = v->kind == VALUE_LIST ? v->list.count : 1, star = list->count;
    for (size_t i = 0; i < list->count; i++)
        if (list->kids[i]->kind == NODE_STAR)
            star = i;
    bool open = star < list->count;
    if (open ? count < list->count - 1 : count != list->count)
        return false;
    size_t tail = open ? list->count - 1 - star : 0;
    for (size_t i = list->count; i-- > 0;) {
        if (i == star) {
            if (!match_star(m, list->kids[i], items + star, count - (list->count - 1)))
                return false;
        } else {
            size_t from = i < star ? i : count - tail + (i - star - 1);
            search_match(m, list->kids[i], &items[from], goal->op, goal->parameter);
        }
    }
    return true;
}

/* ---- operators ---- */

/* What the argument of the pattern's call is in the operator: a key, or a position of the operator's signature. */
static const struct parameter *argument_parameter(const struct operator *op, const struct node_argument *a,
                                                  size_t position)
{
    const struct signature *s = op->signature;
    if (a->kind == ARGUMENT_POSITION)
        return position < s->parameter_count ? &s->parameters[position] : NULL;
    return signature_parameter(s, a->key);
}

/* Whether the pattern names the argument `key` of the operator. */
static bool is_mentioned(const struct operator *op, const struct node *call, const char *key,
                         size_t positions)
{
    for (size_t i = 0; i < positions && i < op->signature->parameter_count; i++)
        if (op->signature->parameters[i].name == key)
            return true;
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].kind == ARGUMENT_KEY && call->arguments[i].key == key)
            return true;
    return false;
}

/* All that is given and not named by the pattern must have its default, unless the pattern says `...`. */
static bool rest_is_default(struct match *m, const struct operator *op, const struct node *call)
{
    size_t positions = 0;
    if (call->optional) /* an operator that is only skipped */
        return true;
    for (size_t i = 0; i < call->argument_count; i++) {
        if (call->arguments[i].kind == ARGUMENT_REST)
            return true;
        positions += call->arguments[i].kind == ARGUMENT_POSITION;
    }
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *given = &op->arguments[i];
        if (!is_mentioned(op, call, given->key, positions) && !argument_is_default(op, given)) {
            m->mismatch = (struct mismatch){ .op = op, .key = given->key, .given = &given->value };
            return false;
        }
    }
    return true;
}

static bool match_owned(struct match *m, const struct operator *op, const struct node_argument *a)
{
    const struct attribute *tensor = operator_attribute(op, a->key);
    const struct node *n = a->value;
    bool optional = n->kind == NODE_OPTIONAL;
    if (optional)
        n = n->kids[0];
    if (!tensor && !optional)
        return false;
    if (n->kind != NODE_NAME)
        return true;
    return search_bind(m, n->slot,
                       tensor ? (struct item){ .kind = ITEM_TENSOR, .tensor = tensor }
                              : (struct item){ .kind = ITEM_ABSENT });
}

/* A literal that cannot match, found before any goal is made: most attempts end here. */
static bool cannot_match(const struct node *n, const struct value *v)
{
    switch (n->kind) {
    case NODE_BOOL: return !v || v->kind != VALUE_BOOL || v->boolean != n->boolean;
    case NODE_STRING: return !v || v->kind != VALUE_STRING;
    case NODE_NONE: return v && v->kind != VALUE_NONE;
    case NODE_CALL:
        return !n->optional && !n->deferred &&
               (!v || v->kind != VALUE_OPERAND || v->operand->producer->type != n->text);
    case NODE_AS: return cannot_match(n->kids[0], v);
    default: return false;
    }
}

static bool match_operator(struct match *m, const struct node *call, struct operator *op)
{
    if (op->type != call->text || !rest_is_default(m, op, call) || !search_take(m, op, call->shared))
        return false;
    const struct goal *before = m->goals;
    size_t position = 0;
    for (size_t i = 0; i < call->argument_count; i++) {
        const struct node_argument *a = &call->arguments[i];
        if (a->kind == ARGUMENT_ATTRIBUTE && !match_owned(m, op, a))
            return false;
        if (a->kind != ARGUMENT_POSITION && a->kind != ARGUMENT_KEY)
            continue;
        const struct parameter *p = argument_parameter(op, a, position);
        position += a->kind == ARGUMENT_POSITION;
        const char *key = a->kind == ARGUMENT_KEY ? a->key : p ? p->name : NULL;
        if (!key && a->value->kind != NODE_ANY && a->value->kind != NODE_OPTIONAL)
            return false;
        const struct value *v = key ? operator_get(op, key) : NULL;
        if (!v && p && p->has_default)
            v = &p->initial;
        if (cannot_match(a->value, v)) {
            m->mismatch = (struct mismatch){ op, NULL, key, v, a->value, NULL, false };
            return false;
        }
        search_match(m, a->value, v, op, p);
    }
    /* The goals stand in reverse: put them in the order they are written. */
    const struct goal *reversed = before;
    while (m->goals != before) {
        struct goal *goal = (struct goal *)m->goals;
        m->goals = goal->next;
        goal->next = reversed;
        reversed = goal;
    }
    m->goals = reversed;
    return true;
}

/* ---- definitions: where NAME = PATTERN ---- */

/* Binds the names of a definition to the results of the operator. */
static bool bind_results(struct match *m, const struct targets *targets, struct operator *op)
{
    size_t position = targets->given ? 0 : 1; /* without names: the first result is the operator's value */
    for (size_t i = 0; i < targets->count; i++) {
        const struct target *t = &targets->items[i];
        size_t after = targets->count - i - 1;
        if (t->rest) {
            size_t count = op->output_count > position + after ? op->output_count - position - after : 0;
            struct value *items = scratch_array(m->scratch, count, sizeof *items);
            for (size_t k = 0; k < count; k++)
                items[k] = value_operand(op->outputs[position + k]);
            position += count;
            if (t->slot != NO_SLOT && !search_bind(m, t->slot, item_value(value_list(items, count))))
                return false;
            continue;
        }
        const struct operand *x = position < op->output_count ? op->outputs[position] : NULL;
        position++;
        if (t->slot == NO_SLOT) {
            if (x && x->use_count)
                return false;
            continue;
        }
        struct item item =
            x ? item_value(value_operand((struct operand *)x)) : (struct item){ .kind = ITEM_ABSENT };
        if (!search_bind(m, t->slot, item))
            return false;
    }
    for (; position < op->output_count; position++)
        if (op->outputs[position]->use_count)
            return false;
    return true;
}

/* The operator whose results a list holds, all of them in order; NULL when it does not. */
static struct operator *producer_of_all(const struct value *v)
{
    if (v->kind != VALUE_LIST || v->list.count == 0 || v->list.items[0].kind != VALUE_OPERAND)
        return NULL;
    return v->list.items[0].operand->producer;
}

static bool match_definition(struct match *m, const struct goal *goal, const struct slot *slot)
{
    const struct definition *d = slot->definition;
    const struct value *v = goal->value;
    if (!v)
        return false;
    if (!d->tuple) {
        search_set(m, goal->node->slot, item_value(*v));
        search_match(m, d->node, v, goal->op, goal->parameter);
        return true;
    }
    struct operator *op = v->kind == VALUE_OPERAND ? v->operand->producer : producer_of_all(v);
    if (!op || op->output_count == 0 || !bind_results(m, &d->targets, op) ||
        !search_bind(m, goal->node->slot, item_value(*v)))
        return false;
    struct value *first = scratch_alloc(m->scratch, sizeof *first);
    *first = value_operand(op->outputs[0]);
    search_match(m, d->node, first, NULL, NULL);
    return true;
}

static bool match_name(struct match *m, const struct goal *goal)
{
    const struct slot *slot = &m->rule->slots[goal->node->slot];
    if (slot->definition && m->slots[goal->node->slot].kind == ITEM_UNBOUND)
        return match_definition(m, goal, slot);
    return goal->value && search_bind(m, goal->node->slot, item_value(*goal->value));
}

/* ---- one goal ---- */

/* Under `?`, what is not there: every name below is absent. */
static bool match_absent(struct match *m, const struct node *n)
{
    if (n->kind == NODE_NAME)
        return search_bind(m, n->slot, (struct item){ .kind = ITEM_ABSENT });
    return n->count == 0 || match_absent(m, n->kids[0]);
}

/* The operator around its first argument; or, as the other choice, that argument alone. */
static bool match_wrapper(struct match *m, const struct goal *goal)
{
    const struct node *n = goal->node;
    struct operator *op = search_producer(goal->value);
    struct goal *alone = search_copy(m, goal);
    alone->node = n->arguments[0].value;
    if (!op || op->type != n->text) {
        m->goals = alone;
        return true;
    }
    search_choice(m, alone);
    return n->kind == NODE_BRACES ? match_braces(m, n, op, 0) : match_operator(m, n, op);
}

static bool match_as(struct match *m, const struct goal *goal)
{
    const struct value *v = goal->value;
    if (!v || v->kind != VALUE_OPERAND ||
        !search_bind(m, goal->node->slot, (struct item){ .kind = ITEM_OPERATOR, .op = v->operand->producer }))
        return false;
    search_match(m, goal->node->kids[0], v, goal->op, goal->parameter);
    return true;
}

static bool match_alternative(struct match *m, const struct goal *goal)
{
    struct goal *other = search_copy(m, goal);
    other->node = goal->node->kids[1];
    search_choice(m, other);
    search_match(m, goal->node->kids[0], goal->value, goal->op, goal->parameter);
    return true;
}

static bool defer_goal(struct match *m, const struct goal *goal)
{
    struct goal *copy = search_copy(m, goal);
    copy->next = m->deferred;
    m->deferred = copy;
    return true;
}

static bool match_value(struct match *m, const struct goal *goal)
{
    const struct node *n = goal->node;
    const struct value *v = goal->value;
    if (n->deferred)
        return defer_goal(m, goal);
    switch (n->kind) {
    case NODE_ANY: return true;
    case NODE_NAME: return match_name(m, goal);
    case NODE_NONE: return is_absent(v);
    case NODE_BOOL: return v && v->kind == VALUE_BOOL && v->boolean == n->boolean;
    case NODE_INT: return match_number(goal, value_int(n->integer));
    case NODE_FLOAT: return match_number(goal, value_float(n->real));
    case NODE_STRING: return v && v->kind == VALUE_STRING && strcmp(v->string, n->text) == 0;
    case NODE_KIND: return match_kind(m, n, v);
    case NODE_LIST: return match_list(m, goal);
    case NODE_ALTERNATIVE: return match_alternative(m, goal);
    case NODE_AS: return match_as(m, goal);
    case NODE_AT:
        if (!v || v->kind != VALUE_OPERAND || !operand_constant(v->operand))
            return false;
        search_match(m, n->kids[0], v, goal->op, goal->parameter);
        return true;
    case NODE_OPTIONAL:
        if (is_absent(v))
            return match_absent(m, n->kids[0]);
        search_match(m, n->kids[0], v, goal->op, goal->parameter);
        return true;
    case NODE_CALL:
    case NODE_BRACES: {
        if (n->optional)
            return match_wrapper(m, goal);
        struct operator *op = search_producer(v);
        return op && (n->kind == NODE_BRACES ? match_braces(m, n, op, 0) : match_operator(m, n, op));
    }
    default: return false;
    }
}

/* ---- second roots and operators of a box ---- */

static const struct node *call_below(const struct node *n)
{
    while (n->kind == NODE_AS)
        n = n->kids[0];
    return n;
}

/* Any bound operand that the call's arguments name: the second root is among its readers. */
static struct operand *bound_operand(const struct match *m, const struct node *n)
{
    if (n->kind == NODE_NAME && n->slot != NO_SLOT) {
        const struct item *item = &m->slots[n->slot];
        return item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND ? item->value.operand : NULL;
    }
    struct operand *found = NULL;
    for (size_t i = 0; i < n->count && !found; i++)
        found = n->kids[i] ? bound_operand(m, n->kids[i]) : NULL;
    for (size_t i = 0; i < n->argument_count && !found; i++)
        found = n->arguments[i].value ? bound_operand(m, n->arguments[i].value) : NULL;
    return found;
}

static void push_root(struct match *m, const struct node *node, struct operator *op)
{
    struct value *v = scratch_alloc(m->scratch, sizeof *v);
    *v = value_operand(op->outputs[0]);
    search_match(m, node, v, NULL, NULL);
}

/* Tries reader number `option` of an operand that is bound; after the last, the second root is absent. */
static bool match_also(struct match *m, const struct goal *goal)
{
    const struct definition *d = m->rule->also[goal->index];
    size_t i = 0;
    const char *type = call_below(d->node)->text;
    struct operand *x = bound_operand(m, d->node);
    struct use *use = x ? x->uses : NULL;
    for (; use && i < goal->option; i++)
        use = use->next;
    while (use &&
           (use->op->type != type || use->op == m->root || match_has(m, use->op) || !use->op->output_count)) {
        use = use->next;
        i++;
    }
    if (!use)
        return true;
    struct goal *other = search_copy(m, goal);
    other->option = i + 1;
    search_choice(m, other);
    push_root(m, d->node, use->op);
    return bind_results(m, &d->targets, use->op);
}

static bool match_find(struct match *m, const struct goal *goal)
{
    const char *type = call_below(goal->node)->text;
    size_t i = goal->option;
    while (i < m->box->count && (m->box->items[i]->type != type || m->box->items[i]->output_count == 0))
        i++;
    if (i == m->box->count)
        return false;
    struct goal *other = search_copy(m, goal);
    other->option = i + 1;
    search_choice(m, other);
    push_root(m, goal->node, m->box->items[i]);
    return true;
}

/* ---- the search ---- */

static bool step(struct match *m, const struct goal *goal)
{
    switch (goal->kind) {
    case GOAL_MATCH: return match_value(m, goal);
    case GOAL_BRACES: return match_braces(m, goal->node, goal->op, goal->option);
    case GOAL_TREE: return match_tree(m, goal);
    case GOAL_ALSO: return match_also(m, goal);
    case GOAL_FIND: return match_find(m, goal);
    case GOAL_FINISH: return match_finish(m);
    }
    return false;
}

static bool search(struct match *m)
{
    while (m->goals) {
        const struct goal *goal = m->goals;
        m->goals = goal->next;
        if (++m->steps > MAX_STEPS) {
            m->rules->given_up++;
            return false;
        }
        if (step(m, goal))
            continue;
        if (m->rules->misses)
            misses_note(m, goal);
        m->mismatch = (struct mismatch){ .op = NULL };
        if (!search_back(m))
            return false;
    }
    return true;
}

/* What a module with computed weights is: a class made while running, named after the module's own. */
static const char parametrized[] = "torch.nn.utils.parametrize.Parametrized";

/* nn.Conv2d is torch.nn.modules.conv.Conv2d; a full name is itself. */
static bool is_class(const char *class, const char *wanted)
{
    if (strcmp(class, wanted) == 0)
        return true;
    const char *last = strrchr(class, '.');
    if (strncmp(class, parametrized, sizeof parametrized - 1) == 0 && strncmp(wanted, "nn.", 3) == 0)
        return strcmp(class + sizeof parametrized - 1, wanted + 3) == 0;
    if (strncmp(wanted, "nn.", 3) == 0 && strncmp(class, "torch.nn.", 9) == 0)
        return strcmp(last + 1, wanted + 3) == 0;
    return last && !strchr(wanted, '.') && strcmp(last + 1, wanted) == 0;
}

bool rule_wants_class(const struct rule *rule, const char *class)
{
    for (size_t i = 0; i < rule->classes.count; i++)
        if (is_class(class, rule->classes.items[i]))
            return true;
    return false;
}

static const struct scope *find_invocation(const struct rule *rule, const struct scope *scope)
{
    while (scope && !rule_wants_class(rule, scope->class))
        scope = scope->parent;
    return scope;
}

/* Binds (q, k?, *rest) to the operands that the box reads. */
static bool bind_operands(struct match *m, const struct targets *targets, struct operand **operands,
                          size_t count)
{
    size_t position = 0;
    for (size_t i = 0; i < targets->count; i++) {
        const struct target *t = &targets->items[i];
        struct item item = { .kind = ITEM_ABSENT };
        if (t->rest) {
            size_t after = targets->count - i - 1,
                   size = count > position + after ? count - position - after : 0;
            struct value *items = scratch_array(m->scratch, size, sizeof *items);
            for (size_t k = 0; k < size; k++)
                items[k] = value_operand(operands[position + k]);
            position += size;
            item = item_value(value_list(items, size));
        } else if (position < count) {
            item = item_value(value_operand(operands[position++]));
        } else if (!t->optional) {
            return false;
        }
        if (t->slot != NO_SLOT && !search_bind(m, t->slot, item))
            return false;
    }
    return position == count;
}

/* The weights that the box reads below its path, with keys from there. */
static struct item box_tensors(struct match *m);

static void start(struct match *m)
{
    const struct rule *rule = m->rule;
    m->slots = scratch_array(m->scratch, rule->slot_count, sizeof *m->slots);
    m->trail = scratch_array(m->scratch, rule->slot_count, sizeof *m->trail);
    search_goal(m, GOAL_FINISH);
    for (size_t i = rule->also_count; i-- > 0;)
        search_goal(m, GOAL_ALSO)->index = i;
}

bool match_rule(struct match *m, struct rules *rules, struct graph *g, const struct rule *rule,
                struct operator *root, const struct box_match *box)
{
    struct operator **operators = m->operators;
    bool *shared = m->shared;
    size_t room = m->operator_room;
    *m = (struct match){
        .rules = rules, .graph = g, .rule = rule, .scratch = rules->scratch, .root = root, .box = box
    };
    m->operators = operators;
    m->shared = shared;
    m->operator_room = room;
    scratch_reset(m->scratch);
    if (box) {
        start(m);
        search_set(m, rule->box->self_slot, box_tensors(m));
        if (!bind_operands(m, &rule->box->inputs, box->inputs, box->input_count) ||
            !bind_operands(m, &rule->box->outputs, box->outputs, box->output_count))
            return false;
        for (size_t i = rule->box->find_count; i-- > 0;) {
            struct goal *goal = search_goal(m, GOAL_FIND);
            goal->node = rule->box->finds[i];
        }
        return search(m);
    }
    if (root->output_count == 0)
        return false;
    if (rule->classes.count && !(m->scope = find_invocation(rule, root->scope)))
        return false;
    start(m);
    if (!bind_results(m, &rule->targets, root))
        return false;
    push_root(m, rule->pattern, root);
    return search(m);
}

static void add_tensor(struct match *m, struct rule_tensors *list, const char *path, const char *key,
                       const struct attribute *tensor)
{
    size_t length = strlen(m->box->scope->path);
    if (strncmp(path, m->box->scope->path, length) != 0 || (path[length] && path[length] != '.' && length))
        return;
    const char *rest = path + length + (length > 0 && path[length] == '.');
    char full[1000];
    int size = snprintf(full, sizeof full, "%s%s%s", rest, *rest && key ? "." : "", key ? key : "");
    if (size < 0 || (size_t)size >= sizeof full)
        return;
    const char *name = intern(m->rules->strings, full);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].key == name)
            return;
    list->items = arena_grow(&m->graph->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count] = *tensor;
    list->items[list->count++].key = name;
}

struct tensor_walk {
    struct match *match;
    struct rule_tensors list;
};

static void visit_tensor(struct operand *x, void *context)
{
    struct tensor_walk *walk = context;
    const struct attribute *tensor = operand_constant(x);
    if (tensor)
        add_tensor(walk->match, &walk->list, x->producer->name, NULL, tensor);
}

static struct item box_tensors(struct match *m)
{
    struct tensor_walk walk = { m, { NULL, 0 } };
    for (size_t i = 0; i < m->box->count; i++) {
        const struct operator *op = m->box->items[i];
        operator_each_operand(op, visit_tensor, &walk);
        for (size_t k = 0; k < op->attribute_count; k++)
            add_tensor(m, &walk.list, op->name, op->attributes[k].key, &op->attributes[k]);
    }
    return (struct item){ .kind = ITEM_TENSORS, .tensors = walk.list };
}
