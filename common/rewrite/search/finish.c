/* finish.c - the last step of a search: what is no pattern.  Results inside have no readers outside, values can
 * be taken apart, conditions are true, and one of the results is chosen. */
#include "common/rewrite/search/search.h"
#include "common/rewrite/value/value.h"

static bool is_kept(const struct match *m, const struct operator *op)
{
    for (size_t i = 0; i < m->rule->slot_count; i++) {
        const struct item *item = &m->slots[i];
        if (!m->rule->slots[i].kept)
            continue;
        if (item->kind == ITEM_OPERATOR && item->op == op)
            return true;
        if (item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND &&
            item->value.operand->producer == op)
            return true;
    }
    return false;
}

static bool is_root(const struct match *m, const struct operator *op)
{
    if (op == m->root)
        return true;
    for (size_t i = 0; i < m->rule->also_count; i++) {
        const struct targets *t = &m->rule->also[i]->targets;
        for (size_t k = 0; k < t->count; k++) {
            const struct item *item = t->items[k].slot == NO_SLOT ? NULL : &m->slots[t->items[k].slot];
            if (item && item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND &&
                item->value.operand->producer == op)
                return true;
        }
    }
    return false;
}

/* Results inside the match have no reader outside, unless the result reads them too, or the pattern says so. */
static bool inside_is_closed(struct match *m)
{
    for (size_t i = 0; i < m->operator_count; i++) {
        const struct operator *op = m->operators[i];
        if (m->shared[i] || is_root(m, op) || operator_is(op, "pnnx.Attribute") ||
            operator_is(op, "pnnx.Input"))
            continue;
        for (size_t k = 0; k < op->output_count; k++)
            for (const struct use *use = op->outputs[k]->uses; use; use = use->next)
                if (!match_has(m, use->op) && !is_kept(m, op)) {
                    m->mismatch = (struct mismatch){ .op = op, .reader = use->op };
                    return false;
                }
    }
    return true;
}

static bool take_apart(struct match *m, const struct taking *taking)
{
    struct item whole = evaluate(m, taking->value);
    const struct targets *t = &taking->targets;
    if (!taking->list)
        return search_bind(m, t->items[0].slot, whole);
    size_t rest = t->count;
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].rest)
            rest = i;
    if (!item_is_list(&whole))
        return false;
    size_t count = item_length(&whole);
    if (rest == t->count ? count != t->count : count + 1 < t->count)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        size_t from = i <= rest ? i : count - (t->count - i);
        struct item item;
        if (i == rest) {
            size_t size = count + 1 - t->count;
            item = (struct item){ .kind = ITEM_LIST,
                                  .list = { scratch_array(m->scratch, size, sizeof(struct item)), size } };
            for (size_t k = 0; k < size; k++)
                item.list.items[k] = item_at(&whole, from + k);
        } else {
            item = item_at(&whole, from);
        }
        if (t->items[i].slot != NO_SLOT && !search_bind(m, t->items[i].slot, item))
            return false;
    }
    return true;
}

static bool holds(struct match *m, const struct node *condition)
{
    struct item item = evaluate(m, condition);
    int truth = item_truth(m, &item);
    if (truth != 1)
        m->mismatch = (struct mismatch){ .condition = condition, .unknown = truth < 0 };
    return truth == 1;
}

static bool deferred_hold(struct match *m)
{
    for (const struct goal *goal = m->deferred; goal; goal = goal->next) {
        struct item wanted = evaluate(m, goal->node), given = item_of_argument(goal->value);
        if (items_equal(m, &wanted, &given) != 1) {
            m->mismatch = (struct mismatch){ .condition = goal->node };
            return false;
        }
    }
    return true;
}

/* The first result whose condition is true; none when one before it is unknown. */
static bool choose(struct match *m)
{
    for (size_t i = 0; i < m->rule->choice_count; i++) {
        const struct choice *choice = &m->rule->choices[i];
        struct item item;
        int truth = 1;
        if (choice->condition) {
            item = evaluate(m, choice->condition);
            truth = item_truth(m, &item);
        }
        if (truth != 1)
            m->mismatch = (struct mismatch){ .condition = choice->condition, .unknown = truth < 0 };
        if (truth < 0)
            return false;
        m->chosen = choice;
        if (truth == 1)
            return true;
    }
    return false;
}

bool match_finish(struct match *m)
{
    const struct rule *rule = m->rule;
    if (!inside_is_closed(m))
        return false;
    for (size_t i = 0; i < rule->slot_count; i++) {
        const struct slot *slot = &rule->slots[i];
        bool taken = !slot->bound;
        for (size_t t = 0; t < rule->taking_count; t++)
            for (size_t k = 0; k < rule->takings[t].targets.count; k++)
                taken = taken || rule->takings[t].targets.items[k].slot == i;
        if (m->slots[i].kind == ITEM_UNBOUND && !taken)
            search_set(m, i, (struct item){ .kind = ITEM_ABSENT });
    }
    for (size_t i = 0; i < rule->taking_count; i++)
        if (!take_apart(m, &rule->takings[i])) {
            m->mismatch = (struct mismatch){ .condition = rule->takings[i].value };
            return false;
        }
    if (!deferred_hold(m))
        return false;
    for (size_t i = 0; i < rule->condition_count; i++)
        if (!holds(m, rule->conditions[i]))
            return false;
    return choose(m);
}
