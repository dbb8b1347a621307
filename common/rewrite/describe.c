/* describe.c - what rules do, as a line of text for each: see rules_describe(). */
#include <inttypes.h>
#include <string.h>

#include "common/base/float_text.h"
#include "common/rewrite/private.h"

/* ---- values ---- */

static const char *said(struct arena *a, const struct node *n);

/* How tightly a node holds its operands: parentheses stand around what holds them less. */
static int strength(const struct node *n)
{
    switch (n->kind) {
    case NODE_CONDITIONAL:
    case NODE_DEFAULT: return 0;
    case NODE_OR: return 1;
    case NODE_AND: return 2;
    case NODE_NOT: return 3;
    case NODE_BINARY:
        switch (n->token) {
        case '+':
        case '-': return 5;
        case '*':
        case '/':
        case '%':
        case TOKEN_FLOOR: return 6;
        case TOKEN_POWER: return 8;
        default: return 4;
        }
    case NODE_NEGATE: return 7;
    default: return 9;
    }
}

/* In parentheses unless it holds at least so tightly. */
static const char *held(struct arena *a, const struct node *n, int least)
{
    return strength(n) < least ? arena_printf(a, "(%s)", said(a, n)) : said(a, n);
}

static const char *operator_said(int token)
{
    static const struct {
        int token;
        const char *text;
    } words[] = {
        { TOKEN_EQUAL, "==" },
        { TOKEN_UNEQUAL, "!=" },
        { TOKEN_LESS_EQUAL, "<=" },
        { TOKEN_POWER, "**" },
        { TOKEN_GREATER_EQUAL, ">=" },
        { TOKEN_FLOOR, "//" },
        { TOKEN_NOT_IN, "not in" },
        { TOKEN_IN, "in" },
        { '+', "+" },
        { '-', "-" },
        { '*', "*" },
        { '/', "/" },
        { '%', "%" },
        { '<', "<" },
        { '>', ">" },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].token == token)
            return words[i].text;
    return "?";
}

static const char *joined(struct arena *a, struct node *const *items, size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(a, "%s%s%s", text, i ? ", " : "", items[i] ? said(a, items[i]) : "");
    return text;
}

static const char *call_said(struct arena *a, const struct node *n)
{
    const char *text = "";
    for (size_t i = 0; i < n->argument_count; i++) {
        const struct node_argument *x = &n->arguments[i];
        const char *key = x->kind == ARGUMENT_KEY && x->key ? arena_printf(a, "%s=", x->key) : "";
        text = arena_printf(a, "%s%s%s%s", text, i ? ", " : "", key, x->value ? said(a, x->value) : "...");
    }
    return arena_printf(a, n->kind == NODE_BRACES ? "%s{%s}" : "%s(%s)", n->text, text);
}

static const char *slice_said(struct arena *a, const struct node *n)
{
    const char *text = arena_printf(a, "%s[", held(a, n->kids[0], 9));
    for (size_t i = 1; i < n->count; i++)
        if (n->kids[i] || i < 3)
            text = arena_printf(a, "%s%s%s", text, i > 1 ? ":" : "", n->kids[i] ? said(a, n->kids[i]) : "");
    return arena_printf(a, "%s]", text);
}

static const char *literal_said(struct arena *a, const struct node *n)
{
    char number[FLOAT_TEXT];
    switch (n->kind) {
    case NODE_NONE: return "None";
    case NODE_BOOL: return n->boolean ? "True" : "False";
    case NODE_INT: return arena_printf(a, "%" PRId64, n->integer);
    case NODE_FLOAT: float_text(number, n->real); return arena_printf(a, "%s", number);
    default: return arena_printf(a, "'%s'", n->text);
    }
}

/* Names of a let's own have a number behind an apostrophe. */
static const char *name_said(struct arena *a, const struct node *n)
{
    return n->text ? arena_printf(a, "%.*s", (int)strcspn(n->text, "'"), n->text) : "_";
}

static const char *said(struct arena *a, const struct node *n)
{
    struct node **k = n->kids;
    int s = strength(n);
    switch (n->kind) {
    case NODE_NONE:
    case NODE_BOOL:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING: return literal_said(a, n);
    case NODE_NAME: return name_said(a, n);
    case NODE_ANY: return "_";
    case NODE_LIST: return arena_printf(a, "[%s]", joined(a, k, n->count));
    case NODE_CALL:
    case NODE_BRACES: return call_said(a, n);
    case NODE_ALTERNATIVE: return arena_printf(a, "%s | %s", said(a, k[0]), said(a, k[1]));
    case NODE_AS:
    case NODE_ONCE:
    case NODE_WEIGHT: return said(a, k[0]);
    case NODE_OPTIONAL: return arena_printf(a, "%s?", said(a, k[0]));
    case NODE_KIND: return arena_printf(a, "%s:%s", said(a, k[0]), n->text);
    case NODE_STAR: return arena_printf(a, "*%s", said(a, k[0]));
    case NODE_AT: return arena_printf(a, "@%s", said(a, k[0]));
    case NODE_FIELD: return arena_printf(a, "%s.%s", held(a, k[0], s), n->text);
    case NODE_OWNED: return arena_printf(a, "%s@%s", held(a, k[0], s), n->text);
    case NODE_INDEX: return arena_printf(a, "%s[%s]", held(a, k[0], s), said(a, k[1]));
    case NODE_SLICE: return slice_said(a, n);
    case NODE_NEGATE: return arena_printf(a, "-%s", held(a, k[0], s));
    case NODE_NOT: return arena_printf(a, "not %s", held(a, k[0], s));
    case NODE_AND: return arena_printf(a, "%s and %s", held(a, k[0], s), held(a, k[1], s));
    case NODE_OR: return arena_printf(a, "%s or %s", held(a, k[0], s), held(a, k[1], s));
    case NODE_BINARY:
        return arena_printf(a, "%s %s %s", held(a, k[0], s), operator_said(n->token), held(a, k[1], s + 1));
    case NODE_CONDITIONAL:
        return arena_printf(a, "%s if %s else %s", held(a, k[0], 1), held(a, k[1], 1), held(a, k[2], 0));
    case NODE_DEFAULT: return arena_printf(a, "%s else %s", held(a, k[0], 1), held(a, k[1], 0));
    case NODE_COMPREHENSION:
        return arena_printf(a, "[%s for %s in %s%s%s]", said(a, k[0]), joined(a, k[3]->kids, k[3]->count),
                            said(a, k[2 - 1]), k[2] ? " if " : "", k[2] ? said(a, k[2]) : "");
    }
    return "";
}

/* ---- what a rule asks for, and makes ---- */

static bool is_operator_call(const struct node *n)
{
    return (n->kind == NODE_CALL || n->kind == NODE_BRACES) && !n->function && n->text;
}

/* Adds the types of the operators in a tree to the words, those that others read first; each once. */
static void add_types(struct arena *a, const struct node *n, const struct node *except, const char **words)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++)
        add_types(a, n->kids[i], except, words);
    for (size_t i = 0; i < n->argument_count; i++)
        add_types(a, n->arguments[i].value, except, words);
    if (!is_operator_call(n) || n == except)
        return;
    const char *padded = arena_printf(a, " %s ", *words);
    if (!strstr(padded, arena_printf(a, " %s ", n->text)))
        *words = arena_printf(a, "%s%s%s", *words, **words ? " " : "", n->text);
}

static void add_condition(struct arena *a, const char **text, const char *condition)
{
    *text = arena_printf(a, "%s%s%s", *text, **text ? " and " : "", condition);
}

static bool is_literal(const struct node *n)
{
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
        if (!is_literal(n->kids[i]))
            return false;
    return n->kind <= NODE_STRING || n->kind == NODE_LIST;
}

/* The arguments of the root that the pattern fixes. */
static void add_arguments(struct arena *a, const struct node *root, const char **text)
{
    for (size_t i = 0; i < root->argument_count; i++) {
        const struct node_argument *x = &root->arguments[i];
        const struct node *value = x->value;
        bool plain = value && (x->kind == ARGUMENT_KEY || x->kind == ARGUMENT_POSITION);
        if (plain && x->key && is_literal(value))
            add_condition(a, text, arena_printf(a, "%s=%s", x->key, said(a, value)));
        else if (plain && value->kind == NODE_KIND)
            add_condition(
                a, text,
                arena_printf(a, "%s is of kind %s", x->key ? x->key : said(a, value->kids[0]), value->text));
        else if (plain && value->kind == NODE_AT)
            add_condition(a, text,
                          arena_printf(a, "%s is constant", x->key ? x->key : said(a, value->kids[0])));
    }
}

/* The other operators of the pattern, and the conditions that the rule as a whole has. */
static const char *asked(struct arena *a, const struct rule *rule, const struct node *root)
{
    const char *text = "", *others = "";
    add_types(a, root, root, &others);
    for (size_t i = 0; i < rule->definition_count; i++)
        add_types(a, rule->definitions[i]->node, root, &others);
    if (*others)
        text = arena_printf(a, "with %s", others);
    add_arguments(a, root, &text);
    for (size_t i = 0; i < rule->condition_count; i++)
        add_condition(a, &text, held(a, rule->conditions[i], 2));
    return text;
}

static const char *made_by(struct arena *a, const struct rule *rule, const struct choice *choice)
{
    const char *words = "";
    for (size_t i = 0; i < rule->share_count; i++)
        add_types(a, rule->shares[i].part, NULL, &words);
    for (size_t i = 0; i < choice->part_count; i++)
        add_types(a, choice->parts[i], NULL, &words);
    return *words ? words : "nothing";
}

/* "A if C else B if D": every choice, the rule's own conditions with the first. */
static const char *rule_said(struct arena *a, const struct rule *rule, const struct node *root)
{
    const char *text = "", *condition = asked(a, rule, root);
    for (size_t i = 0; i < rule->choice_count; i++) {
        const struct choice *choice = &rule->choices[i];
        const char *own = i == 0 ? condition : "";
        if (choice->condition)
            add_condition(a, &own, held(a, choice->condition, 2));
        text = arena_printf(a, "%s%s%s%s%s", text, i ? " else " : "", made_by(a, rule, choice),
                            *own ? " if " : "", own);
    }
    return text;
}

static void describe_root(const struct rule *rule, const struct node *n, struct arena *a, rule_visit *visit,
                          void *context)
{
    if (!n)
        return;
    if (is_operator_call(n) && !n->deferred)
        visit(context, n->text, rule_said(a, rule, n));
    else if (n->kind == NODE_ALTERNATIVE || n->kind == NODE_AS)
        for (size_t i = 0; i < n->count; i++)
            describe_root(rule, n->kids[i], a, visit, context);
}

void rules_describe(struct rules *rules, rule_visit *visit, void *context)
{
    for (size_t i = 0; i < rules->count; i++)
        if (!rules->items[i]->off)
            describe_root(rules->items[i], rules->items[i]->pattern, &rules->arena, visit, context);
}
