/* braces.c - torch.mul{a, b, c}: a tree of one commutative, associative operator against leaves in any order.
 *
 * The arguments of the operator are taken one by one: each is a leaf that is still free, or is cut into its own two
 * operands.  The number of leaves says how many cuts there can be, so most ways end at once. */
#include <string.h>

#include "common/rewrite/search/search.h"
#include "common/rewrite/value/value.h"

enum { MAX_LEAVES = 60 };

/* A leaf that fits little is tried before one that fits much. */
static int generality(const struct node *n)
{
    switch (n->kind) {
    case NODE_NAME:
    case NODE_ANY: return 3;
    case NODE_KIND:
    case NODE_AT: return 2;
    case NODE_OPTIONAL:
    case NODE_ALTERNATIVE:
    case NODE_AS: return 1;
    default: return 0;
    }
}

/* The braces of the same operator that a leaf may be: themselves, optional ones, a definition's, an alternative's. */
static const struct node *inner_braces(const struct match *m, const struct node *n, const char *type,
                                       size_t depth)
{
    if (n->kind == NODE_BRACES)
        return n->text == type ? n : NULL;
    if (depth > 20)
        return NULL;
    if (n->kind == NODE_ALTERNATIVE) {
        const struct node *found = inner_braces(m, n->kids[0], type, depth + 1);
        return found ? found : inner_braces(m, n->kids[1], type, depth + 1);
    }
    if (n->kind != NODE_NAME)
        return NULL;
    const struct definition *d = m->rule->slots[n->slot].definition;
    return d && !d->tuple && m->slots[n->slot].kind == ITEM_UNBOUND
               ? inner_braces(m, d->node, type, depth + 1)
               : NULL;
}

/* The leaves of one way to flatten braces.  Plain braces below always flatten; where a leaf only may be braces, a bit
 * of *variant says whether it does here. */
struct leaves {
    const struct match *match;
    const struct node *items[MAX_LEAVES];
    size_t count;
    size_t variant, bits; /* bits used so far */
};

static void gather_leaves(struct leaves *l, const struct node *braces, size_t depth)
{
    for (size_t i = 0; i < braces->argument_count; i++) {
        const struct node *n = braces->arguments[i].value;
        const struct node *inner = depth < 20 ? inner_braces(l->match, n, braces->text, 0) : NULL;
        bool plain = inner == n && !n->optional;
        bool flatten = inner && (plain || (l->bits < 8 && l->variant >> l->bits & 1));
        l->bits += inner && !plain && l->bits < 8;
        if (flatten)
            gather_leaves(l, inner, depth + 1);
        else if (l->count < MAX_LEAVES)
            l->items[l->count++] = n;
    }
}

static void sort_leaves(const struct node **leaves, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct node *leaf = leaves[i];
        size_t k = i;
        for (; k > 0 && generality(leaves[k - 1]) > generality(leaf); k--)
            leaves[k] = leaves[k - 1];
        leaves[k] = leaf;
    }
}

/* The two operands of a commutative operator whose other arguments have their defaults. */
static bool operands_of(const struct operator *op, const struct value **a, const struct value **b)
{
    const struct signature *s = op->signature;
    if (s->parameter_count < 2)
        return false;
    *a = operator_get(op, s->parameters[0].name);
    *b = operator_get(op, s->parameters[1].name);
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *given = &op->arguments[i];
        if (&given->value != *a && &given->value != *b && !argument_is_default(op, given))
            return false;
    }
    return *a && *b;
}

static const struct pending *push_pending(struct match *m, const struct value *v, const struct pending *next)
{
    struct pending *p = scratch_alloc(m->scratch, sizeof *p);
    *p = (struct pending){ v, next };
    return p;
}

static void push_tree(struct match *m, const struct tree *tree)
{
    struct goal *goal = search_goal(m, GOAL_TREE);
    goal->tree = tree;
}

bool match_braces(struct match *m, const struct node *braces, struct operator *op, size_t variant)
{
    const struct value *a, *b;
    if (op->type != braces->text || !operands_of(op, &a, &b) || !search_take(m, op, false))
        return false;
    struct leaves leaves = { .match = m, .variant = variant };
    gather_leaves(&leaves, braces, 0);
    if (variant + 1 < (size_t)1 << leaves.bits) {
        struct goal *other = scratch_alloc(m->scratch, sizeof *other);
        *other = (struct goal){
            .kind = GOAL_BRACES, .next = m->goals, .node = braces, .op = op, .option = variant + 1
        };
        search_choice(m, other);
    }
    sort_leaves(leaves.items, leaves.count);
    struct tree *tree = scratch_alloc(m->scratch, sizeof *tree);
    const struct node **items = scratch_array(m->scratch, leaves.count, sizeof *items);
    memcpy(items, leaves.items, leaves.count * sizeof *items);
    tree->leaves = items;
    tree->leaf_count = leaves.count;
    tree->type = braces->text;
    tree->pending = push_pending(m, a, push_pending(m, b, NULL));
    tree->pending_count = 2;
    push_tree(m, tree);
    return true;
}

static size_t leaves_left(const struct tree *tree)
{
    size_t left = 0;
    for (size_t i = 0; i < tree->leaf_count; i++)
        left += !(tree->used >> i & 1);
    return left;
}

/* Cuts the first pending argument: its two operands take its place. */
static bool cut(struct match *m, const struct tree *tree)
{
    struct operator *op = search_producer(tree->pending->value);
    const struct value *a, *b;
    if (!op || op->type != tree->type || op->outputs[0]->use_count != 1 || !operands_of(op, &a, &b) ||
        !search_take(m, op, false))
        return false;
    struct tree *rest = scratch_alloc(m->scratch, sizeof *rest);
    *rest = *tree;
    rest->pending = push_pending(m, a, push_pending(m, b, tree->pending->next));
    rest->pending_count++;
    push_tree(m, rest);
    return true;
}

/* One way to go on with the first pending argument: as leaf number `option`, or cut (after all leaves). */
bool match_tree(struct match *m, const struct goal *goal)
{
    const struct tree *tree = goal->tree;
    size_t left = leaves_left(tree);
    if (left == 0)
        return tree->pending_count == 0;
    if (tree->pending_count == 0)
        return false;
    size_t option = goal->option;
    while (option < tree->leaf_count && tree->used >> option & 1)
        option++;
    bool can_cut = left > tree->pending_count;
    if (option < tree->leaf_count && (option + 1 < tree->leaf_count || can_cut)) {
        struct goal *other = search_copy(m, goal);
        other->option = option + 1;
        search_choice(m, other);
    }
    if (option >= tree->leaf_count)
        return can_cut && cut(m, tree);
    struct tree *rest = scratch_alloc(m->scratch, sizeof *rest);
    *rest = *tree;
    rest->used |= (uint64_t)1 << option;
    rest->pending = tree->pending->next;
    rest->pending_count--;
    push_tree(m, rest);
    search_match(m, tree->leaves[option], tree->pending->value, NULL, NULL);
    return true;
}
