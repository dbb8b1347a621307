/* parse.c - the grammar of pnnx.rules(5): items of a file.  Patterns and values are in expression.c.
 *
 * A mistake ends the item that it is in: parsing goes on behind its semicolon, or at the next label. */
#include "common/rewrite/text/parse.h"

#include <string.h>

#include "common/rewrite/text/parser.h"

/* Restarts behind a token. */
static void seek(struct parser *p, const struct token *t)
{
    lex_seek(&p->lexer, t->after, t->line);
    p->token = lex(&p->lexer);
    p->ahead = lex(&p->lexer);
}

/* Goes to where the next item can begin. */
static void skip_item(struct parser *p)
{
    for (; p->token.kind != TOKEN_END; parser_advance(p)) {
        if (p->token.first && (p->token.kind == '}' || (p->token.kind == TOKEN_NAME && p->ahead.kind == ':')))
            return;
        if (parser_accept(p, ';'))
            return;
    }
}

/* `(a, b) =`, `a =`, or nothing. */
static struct targets parse_left(struct parser *p)
{
    struct targets list = { 0 };
    if (parser_at_targets(p, '(', ')')) {
        list = parser_targets(p, '(', ')');
        parser_expect(p, '=', "'='");
    } else if (p->token.kind == TOKEN_NAME && p->ahead.kind == '=') {
        list.given = true;
        parser_target(p, &list);
        parser_expect(p, '=', "'='");
    }
    return list;
}

/* ---- what comes after => ---- */

static void parse_result(struct parser *p, struct choice *choice)
{
    choice->targets = parse_left(p);
    size_t room = 0;
    choice->tuple = p->token.kind == '(';
    if (parser_accept(p, '(')) {
        while (p->token.kind != ')') {
            choice->parts = arena_grow(p->lexer.arena, choice->parts, room, sizeof *choice->parts);
            choice->parts[room++] = parser_value(p);
            if (!parser_accept(p, ','))
                break;
        }
        choice->part_count = room;
        parser_expect(p, ')', "')'");
    } else {
        choice->parts = arena_alloc(p->lexer.arena, sizeof *choice->parts);
        choice->parts[0] = parser_value_without_if(p);
        choice->part_count = 1;
    }
    if (parser_accept(p, TOKEN_AS))
        choice->name = parser_value_without_if(p);
}

static void parse_choices(struct parser *p, struct rule *rule)
{
    do {
        rule->choices = arena_grow(p->lexer.arena, rule->choices, rule->choice_count, sizeof *rule->choices);
        struct choice *choice = &rule->choices[rule->choice_count++];
        *choice = (struct choice){ 0 };
        parse_result(p, choice);
        if (parser_accept(p, TOKEN_IF))
            choice->condition = parser_value_without_if(p);
    } while (parser_accept(p, TOKEN_ELSE));
}

/* True for nodes that can only be patterns: an operator somewhere at the top. */
static bool is_pattern(const struct parser *p, const struct node *n)
{
    switch (n->kind) {
    case NODE_BRACES:
    case NODE_ALTERNATIVE:
    case NODE_AS:
    case NODE_AT:
    case NODE_ANY:
    case NODE_KIND: return true;
    case NODE_CALL: break;
    default: return false;
    }
    const struct rule_macro *macro = rules_macro(p->rules, n->text);
    if (macro)
        return macro->is_pattern;
    return n->quoted || n->optional || !rules_is_function(p->rules, n->text);
}

static void add_definition(struct parser *p, struct definition ***list, size_t *count, struct definition d)
{
    *list = arena_grow(p->lexer.arena, *list, *count, sizeof **list);
    (*list)[*count] = arena_copy(p->lexer.arena, &d, sizeof d);
    (*count)++;
}

static bool at_definition(struct parser *p)
{
    return (p->token.kind == TOKEN_NAME && p->ahead.kind == '=') || parser_at_targets(p, '[', ']') ||
           parser_at_targets(p, '(', ')');
}

static void parse_where(struct parser *p, struct rule *rule)
{
    do {
        struct definition d = { .line = p->token.line, .column = p->token.column };
        bool list = p->token.kind == '[';
        d.tuple = p->token.kind == '(';
        if (list) {
            d.targets = parser_targets(p, '[', ']');
            parser_expect(p, '=', "'='");
        } else {
            d.targets = parse_left(p);
        }
        if (!d.targets.given)
            parser_fail(p, "a definition, NAME = ...");
        p->in_where = true;
        d.node = parser_pattern(p);
        p->in_where = false;
        if (!list && is_pattern(p, d.node)) {
            add_definition(p, &rule->definitions, &rule->definition_count, d);
        } else {
            rule->takings =
                arena_grow(p->lexer.arena, rule->takings, rule->taking_count, sizeof *rule->takings);
            rule->takings[rule->taking_count++] = (struct taking){ d.targets, d.node, list };
        }
        parser_accept(p, ',');
    } while (at_definition(p));
}

static void parse_also(struct parser *p, struct rule *rule)
{
    struct definition d = { .line = p->token.line, .column = p->token.column };
    d.tuple = p->token.kind == '(';
    d.targets = parse_left(p);
    if (!d.targets.given)
        parser_fail(p, "the name of the other result, also NAME = ...");
    d.node = parser_pattern(p);
    add_definition(p, &rule->also, &rule->also_count, d);
}

/* NAME, NAME[COUNT] or (NAMES), and the equals sign. */
static void parse_share_names(struct parser *p, struct share *share)
{
    share->tuple = p->token.kind == '(';
    if (p->token.kind == TOKEN_NAME && p->ahead.kind == '[') {
        parser_target(p, &share->targets);
        parser_expect(p, '[', "'['");
        share->count = parser_value(p);
        parser_expect(p, ']', "']'");
        parser_expect(p, '=', "'='");
        return;
    }
    share->targets = parse_left(p);
    if (share->targets.count == 0 || (!share->tuple && !share->targets.items[0].name))
        parser_fail(p, "a name, with NAME = RESULT");
    for (size_t i = 0; i < share->targets.count; i++)
        if (share->targets.items[i].rest)
            parser_fail(p, "names, with (NAME, NAME) = RESULT");
}

static void parse_with(struct parser *p, struct rule *rule)
{
    do {
        struct share share = { .tuple = false };
        parse_share_names(p, &share);
        share.part = parser_value_without_if(p);
        if (parser_accept(p, TOKEN_AS))
            share.name = parser_value_without_if(p);
        rule->shares = arena_grow(p->lexer.arena, rule->shares, rule->share_count, sizeof *rule->shares);
        rule->shares[rule->share_count++] = share;
        parser_accept(p, ',');
    } while (p->token.kind == TOKEN_NAME || p->token.kind == '(');
}

static bool parse_clause(struct parser *p, struct rule *rule)
{
    if (parser_accept(p, TOKEN_WHERE)) {
        parse_where(p, rule);
    } else if (parser_accept(p, TOKEN_ALSO)) {
        parse_also(p, rule);
    } else if (parser_accept(p, TOKEN_WITH)) {
        parse_with(p, rule);
    } else if (parser_accept(p, TOKEN_IF)) {
        rule->conditions =
            arena_grow(p->lexer.arena, rule->conditions, rule->condition_count, sizeof *rule->conditions);
        rule->conditions[rule->condition_count++] = parser_value_without_if(p);
    } else {
        return false;
    }
    return true;
}

/* ---- modules ---- */

/* aten::{linear size ...} aten::add nn.Linear */
static void parse_calls(struct parser *p, struct box *box)
{
    box->any_call = false;
    while (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_STRING) {
        const char *name = p->token.text;
        bool space = p->ahead.kind == ':' && p->token.next == ':';
        parser_advance(p);
        if (!space) {
            word_list_add(p->lexer.arena, &box->calls, name);
            continue;
        }
        parser_expect(p, ':', "'::'");
        parser_expect(p, ':', "'::{'");
        parser_expect(p, '{', "'{'");
        while (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_ELLIPSIS || p->token.kind == TOKEN_IN ||
               p->token.kind == TOKEN_NOT || p->token.kind == TOKEN_AND || p->token.kind == TOKEN_OR) {
            const char *word = p->token.kind == TOKEN_ELLIPSIS ? "*" : p->token.text;
            const char *type = arena_printf(p->lexer.arena, "%s::%s", name, word);
            word_list_add(p->lexer.arena, &box->calls, intern(p->lexer.strings, type));
            parser_advance(p);
        }
        parser_expect(p, '}', "the name of a call, or '}'");
    }
}

static void parse_box(struct parser *p, struct rule *rule)
{
    struct box *box = arena_alloc(p->lexer.arena, sizeof *box);
    rule->box = box;
    box->any_call = true;
    if (p->token.kind != TOKEN_STRING && p->token.kind != TOKEN_NAME)
        parser_fail(p, "the class of the module");
    word_list_add(p->lexer.arena, &rule->classes, p->token.text);
    if (!rule->name)
        rule->name = p->token.text;
    parser_advance(p);
    box->inputs = parser_targets(p, '(', ')');
    parser_expect(p, TOKEN_TO, "'->' and the results");
    box->outputs = parser_targets(p, '(', ')');
    rule->targets = box->outputs;
    for (;;) {
        if (parser_word(p, "finds")) {
            parser_advance(p);
            do {
                box->finds = arena_grow(p->lexer.arena, box->finds, box->find_count, sizeof *box->finds);
                box->finds[box->find_count++] = parser_pattern(p);
            } while (parser_accept(p, ','));
        } else if (parser_word(p, "calls")) {
            parser_advance(p);
            parse_calls(p, box);
        } else if (!parse_clause(p, rule)) {
            return;
        }
    }
}

/* ---- items ---- */

static void parse_rule(struct parser *p)
{
    struct rule *rule = arena_alloc(p->lexer.arena, sizeof *rule);
    p->rule = p->rules->count;
    rule->file = p->lexer.file;
    rule->line = p->token.line;
    rule->column = p->token.column;
    rule->classes = p->classes;
    if (p->token.kind == TOKEN_NAME && p->ahead.kind == ':') {
        rule->name = p->token.text;
        rule->labelled = true;
        parser_advance(p);
        parser_advance(p);
    }
    bool box = parser_word(p, "module") && (p->ahead.kind == TOKEN_NAME || p->ahead.kind == TOKEN_STRING);
    if (box) {
        parser_advance(p);
        rule->classes = (struct word_list){ 0 };
        parse_box(p, rule);
    } else {
        rule->targets = parse_left(p);
        rule->pattern = parser_pattern(p);
        while (parse_clause(p, rule))
            ;
    }
    parser_expect(p, TOKEN_ARROW, "'=>'");
    parse_choices(p, rule);
    while (parse_clause(p, rule))
        ;
    if (p->token.kind != ';')
        parser_fail(p, "';' at the end of the rule");
    rules_add(p->rules, rule);
    parser_advance(p);
}

/* pattern NAME(parameters) = body ;  let NAME(parameters) = body ; */
static void parse_macro(struct parser *p, bool is_pattern)
{
    struct rule_macro *macro = arena_alloc(p->lexer.arena, sizeof *macro);
    parser_advance(p);
    int line = p->token.line, column = p->token.column;
    macro->is_pattern = is_pattern;
    macro->name = parser_name(p, "a name");
    if (parser_accept(p, '(')) {
        while (p->token.kind != ')') {
            word_list_add(p->lexer.arena, &macro->parameters, parser_name(p, "the name of a parameter"));
            if (!parser_accept(p, ','))
                break;
        }
        parser_expect(p, ')', "')'");
    }
    parser_expect(p, '=', "'='");
    macro->body = parser_value(p);
    parser_expect(p, ';', "';' at the end of the definition");
    if (rules_macro(p->rules, macro->name))
        rules_error(p->rules, line, column, "'%s' is defined already", macro->name);
    map_put(&p->rules->macros, macro->name, macro);
}

static void parse_commutative(struct parser *p)
{
    parser_advance(p);
    while (p->token.kind == TOKEN_NAME) {
        if (!signature_find(p->rules->signatures, p->token.text))
            rules_error(p->rules, p->token.line, p->token.column, "unknown operator '%s'", p->token.text);
        map_put(&p->rules->commutative, p->token.text, (void *)p->token.text);
        parser_advance(p);
    }
    parser_expect(p, ';', "an operator or ';'");
}

static void parse_items(struct parser *p);

static void parse_body(struct parser *p, const struct token *open)
{
    if (++p->depth > 16) {
        rules_error(p->rules, open->line, open->column, "'for' and 'in' are nested too deep");
        longjmp(p->recover, 1);
    }
    parse_items(p);
    p->depth--;
    if (p->token.kind != '}')
        rules_error(p->rules, open->line, open->column, "'{' is not closed");
}

/* in CLASS ... { items } */
static void parse_in(struct parser *p)
{
    struct word_list outer = p->classes;
    p->classes = (struct word_list){ 0 };
    parser_advance(p);
    while (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_STRING) {
        word_list_add(p->lexer.arena, &p->classes, p->token.text);
        parser_advance(p);
    }
    if (!p->classes.count)
        parser_fail(p, "the class of a module");
    struct token open = p->token;
    parser_expect(p, '{', "'{'");
    parse_body(p, &open);
    p->classes = outer;
    parser_accept(p, '}');
}

struct for_head {
    struct word_list names, values;
    struct token open; /* { */
};

/* The names before `in`; the lexer stands behind `in`. */
static void parse_for_names(struct parser *p, struct for_head *head)
{
    parser_advance(p);
    if (parser_accept(p, '(')) {
        do
            word_list_add(p->lexer.arena, &head->names, parser_name(p, "a name"));
        while (parser_accept(p, ','));
        parser_expect(p, ')', "')'");
    } else {
        word_list_add(p->lexer.arena, &head->names, parser_name(p, "a name"));
    }
    if (p->token.kind != TOKEN_IN)
        parser_fail(p, "'in'");
    lex_seek(&p->lexer, p->token.after, p->token.line);
}

/* A mistake before the body: the body goes with it. */
static _Noreturn void fail_for(struct parser *p)
{
    size_t depth = 0;
    bool opened = false;
    p->token = lex(&p->lexer);
    p->ahead = lex(&p->lexer);
    while (p->token.kind != TOKEN_END && !(opened && depth == 0)) {
        opened = opened || p->token.kind == '{';
        depth += p->token.kind == '{';
        depth -= p->token.kind == '}' && depth > 0;
        parser_advance(p);
    }
    p->skipped = true;
    longjmp(p->recover, 1);
}

/* The values: words, or groups of as many words as there are names. */
static void parse_for_values(struct parser *p, struct for_head *head)
{
    bool group = false;
    size_t in_group = 0;
    for (char c = lex_peek(&p->lexer); c && c != '{'; c = lex_peek(&p->lexer)) {
        const char *word = c == '(' || c == ')' || c == ',' ? NULL : lex_word(&p->lexer);
        int line = p->lexer.line, column = (int)(p->lexer.p - p->lexer.line_start) + 1;
        if (word) {
            word_list_add(p->lexer.arena, &head->values, word);
            in_group++;
        } else if (c == '(' || c == ')' || c == ',') {
            p->lexer.p++;
        } else {
            break;
        }
        if (c == '(') {
            group = true;
            in_group = 0;
        }
        if ((c == ')' && in_group != head->names.count) || (word && !group && head->names.count > 1)) {
            rules_error(p->rules, line, column,
                        "'for' has %zu names here: expected that many words in parentheses",
                        head->names.count);
            fail_for(p);
        }
        group = group && c != ')';
    }
    p->token = lex(&p->lexer); /* and no token further: that is in the body, where variables are known */
    head->open = p->token;
    if (p->token.kind != '{')
        parser_fail(p, "a value or '{'");
}

/* Forgets examples from behind the body: it was read once too far, and that text comes again. */
static void drop_examples(struct parser *p, struct example_line **from, size_t offset)
{
    while (*from && (*from)->offset < offset)
        from = &(*from)->next;
    *from = NULL;
    p->lexer.examples = from;
}

static void parse_for(struct parser *p)
{
    struct for_head head = { 0 };
    const struct for_variable *outer = p->lexer.variables;
    struct token close = p->token;
    parse_for_names(p, &head);
    parse_for_values(p, &head);
    for (size_t i = 0; i + head.names.count <= head.values.count; i += head.names.count) {
        p->lexer.variables = outer;
        for (size_t k = 0; k < head.names.count; k++) {
            struct for_variable v = { head.names.items[k], head.values.items[i + k], p->lexer.variables };
            p->lexer.variables = arena_copy(p->lexer.arena, &v, sizeof v);
        }
        seek(p, &head.open);
        struct example_line **examples = p->lexer.examples;
        parse_body(p, &head.open);
        close = p->token;
        drop_examples(p, examples, close.after);
    }
    p->lexer.variables = outer;
    if (close.kind == '}')
        seek(p, &close);
}

static void parse_item(struct parser *p)
{
    bool named = p->ahead.kind == TOKEN_NAME;
    if (p->token.kind == TOKEN_FOR)
        parse_for(p);
    else if (p->token.kind == TOKEN_IN)
        parse_in(p);
    else if (parser_word(p, "pattern") && named)
        parse_macro(p, true);
    else if (parser_word(p, "let") && named)
        parse_macro(p, false);
    else if (parser_word(p, "commutative") && named)
        parse_commutative(p);
    else
        parse_rule(p);
}

/* Items up to a closing brace or the end. */
static void parse_items(struct parser *p)
{
    jmp_buf outer;
    const struct for_variable *volatile variables = p->lexer.variables;
    struct word_list classes = p->classes;
    size_t depth = p->depth;
    memcpy(&outer, &p->recover, sizeof outer);
    while (p->token.kind != TOKEN_END && p->token.kind != '}') {
        if (setjmp(p->recover)) {
            p->lexer.variables = variables;
            p->classes = classes;
            p->depth = depth;
            p->nesting = 0;
            p->in_where = p->in_index = false;
            if (!p->skipped)
                skip_item(p);
            p->skipped = false;
        } else {
            parse_item(p);
        }
    }
    memcpy(&p->recover, &outer, sizeof outer);
}

static void lexical_error(void *context, int line, int column, const char *text)
{
    rules_error(context, line, column, "%s", text);
}

void rules_parse(struct rules *rules, const char *file, const char *text, size_t size)
{
    struct parser *p = arena_alloc(&rules->arena, sizeof *p);
    p->rules = rules;
    p->lexer = (struct lexer){ .arena = &rules->arena,
                               .strings = rules->strings,
                               .file = file,
                               .text = text,
                               .p = text,
                               .end = text + size,
                               .line_start = text,
                               .line = 1,
                               .examples = rules->examples_end,
                               .rule = &p->rule,
                               .error = lexical_error,
                               .context = rules };
    p->token = lex(&p->lexer);
    p->ahead = lex(&p->lexer);
    while (p->token.kind != TOKEN_END) {
        parse_items(p);
        if (p->token.kind == '}') {
            rules_error(rules, p->token.line, p->token.column, "'}' closes nothing");
            parser_advance(p);
        }
    }
    rules->examples_end = p->lexer.examples;
}
