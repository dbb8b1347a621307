/* examples.c - the examples of a rule file, from the comment lines behind its rules. */
#include <string.h>

#include "common/rewrite/rewrite.h"
#include "common/rewrite/text/parse.h"
#include "common/rewrite/value/value.h"

/* Where words end. */
static size_t word_length(const char *at)
{
    return strcspn(at, " \n");
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " ");
}

/* The operator's line, in the scope (NULL: none) if it is a call and says none of its own. */
static const char *scoped(struct rules *rules, const char *line, const char *scope)
{
    bool call = strncmp(skip_blanks(line), "aten::", 6) == 0 || strncmp(skip_blanks(line), "prim::", 6) == 0;
    return scope && call && !strstr(line, " in=") ? arena_printf(&rules->arena, "%s in=%s", line, scope)
                                                  : line;
}

/* The lines of one kind from *line on, joined; *line goes behind them.  NULL: the next line is of another kind. */
static const char *join_lines(struct rules *rules, const struct example_line **line, char kind,
                              const char *scope)
{
    const char *text = NULL;
    const struct example_line *before = NULL;
    for (; *line && (*line)->kind == kind; *line = (*line)->next) {
        if (before && ((*line)->rule != before->rule || (*line)->line != before->line + 1))
            break;
        text = arena_printf(&rules->arena, "%s%s\n", text ? text : "", scoped(rules, (*line)->text, scope));
        before = *line;
    }
    return text;
}

/* ---- a near miss as a difference from its example ---- */

/* "NAME: words" of a line "#! NAME: words"; NULL: the line is an operator. */
static const char *difference_words(const char *line)
{
    line = skip_blanks(line);
    size_t length = word_length(line);
    return length > 1 && line[length - 1] == ':' && line[length - 2] != ':' ? skip_blanks(line + length)
                                                                            : NULL;
}

/* Whether a word "key=..." of the differences, or "-key", is about the word. */
static bool is_about(const char *difference, const char *word)
{
    bool left_out = *difference == '-';
    size_t key = strcspn(difference + left_out, "= \n"), own = strcspn(word, "= \n");
    return word[own] == '=' && key == own && strncmp(difference + left_out, word, key) == 0;
}

/* The differences that are about the word, or NULL. */
static const char *find_difference(const char *words, const char *word)
{
    for (const char *at = words; *at; at = skip_blanks(at + word_length(at)))
        if (is_about(at, word))
            return at;
    return NULL;
}

static const char *append(struct rules *rules, const char *text, const char *word, size_t length)
{
    return arena_printf(&rules->arena, "%s%s%.*s", text, *text ? " " : "", (int)length, word);
}

static bool is_setting(const char *word)
{
    return *word != '-' && memchr(word, '=', word_length(word));
}

/* The text with the settings among the words that the line has no word for. */
static const char *add_settings(struct rules *rules, const char *text, const char *line, const char *words)
{
    for (const char *w = words; *w; w = skip_blanks(w + word_length(w))) {
        const char *own = line;
        while (*own && !is_about(w, own))
            own = skip_blanks(own + word_length(own));
        if (is_setting(w) && !*own)
            text = append(rules, text, w, word_length(w));
    }
    return text;
}

/* The word of another type, or NULL. */
static const char *find_type(const char *words)
{
    for (const char *w = words; *w; w = skip_blanks(w + word_length(w)))
        if (*w != '-' && !is_setting(w))
            return w;
    return NULL;
}

/* The operator's line with the differences: key=value in the place of what the key had, or before what is known of shapes and
 * scopes; without -key; a word alone is another type. */
static const char *changed_line(struct rules *rules, const char *line, const char *words)
{
    const char *text = "", *type = find_type(words);
    bool added = false;
    for (const char *at = skip_blanks(line); *at; at = skip_blanks(at + word_length(at))) {
        if (!added && (*at == '#' || strncmp(at, "in=", 3) == 0)) {
            text = add_settings(rules, text, line, words);
            added = true;
        }
        const char *change = *text ? find_difference(words, at) : type;
        if (!change)
            text = append(rules, text, at, word_length(at));
        else if (*change != '-')
            text = append(rules, text, change, word_length(change));
    }
    return added ? text : add_settings(rules, text, line, words);
}

/* The example with one line of differences, "NAME: words". */
static const char *changed_example(struct rules *rules, const char *example, const struct example_line *line)
{
    const char *words = difference_words(line->text), *name = skip_blanks(line->text), *text = "";
    size_t length = word_length(name) - 1;
    bool found = false;
    for (const char *at = example, *next; *at; at = next) {
        const char *own = skip_blanks(at);
        own = skip_blanks(own + word_length(own));
        next = at + strcspn(at, "\n");
        bool meant = word_length(own) == length && strncmp(own, name, length) == 0;
        found = found || meant;
        const char *one = arena_text(&rules->arena, at, (size_t)(next - at));
        text = arena_printf(&rules->arena, "%s%s\n", text, meant ? changed_line(rules, one, words) : one);
        next += *next == '\n';
    }
    if (!found)
        rules_error(rules, line->line, 1, "no operator of the example before is called '%.*s'", (int)length,
                    name);
    return text;
}

/* The lines of a near miss from *line on: operators, or differences from the example. */
static const char *join_miss(struct rules *rules, const struct example_line **line, const char *example,
                             const char *scope)
{
    const char *text = NULL;
    const struct example_line *before = NULL;
    if (!*line || (*line)->kind != '!' || !difference_words((*line)->text) || !example)
        return join_lines(rules, line, '!', scope);
    for (; *line && (*line)->kind == '!' && difference_words((*line)->text); *line = (*line)->next) {
        if (before && ((*line)->rule != before->rule || (*line)->line != before->line + 1))
            break;
        text = changed_example(rules, text ? text : example, *line);
        before = *line;
    }
    return text;
}

/* ---- all ---- */

size_t rules_examples(struct rules *rules, const struct rule_example **examples)
{
    struct rule_example *list = NULL;
    size_t count = 0, of_rule = 0;
    const char *example = NULL, *scope = NULL;
    for (const struct example_line *line = rules->examples; line;) {
        if (line->kind == 'i') {
            scope = strcmp(line->text, "-") ? line->text : NULL;
            line = line->next;
            continue;
        }
        struct rule_example x = { .line = line->line };
        x.rule = line->rule < rules->count ? rules->items[line->rule]->name : "?";
        size_t rule = line->rule;
        x.before = join_lines(rules, &line, '>', scope);
        example = x.before ? x.before : rule == of_rule ? example : NULL;
        of_rule = rule;
        x.after = line && line->rule == rule ? join_lines(rules, &line, '=', NULL) : NULL;
        x.miss = line && line->rule == rule ? join_miss(rules, &line, example, scope) : NULL;
        list = arena_grow(&rules->arena, list, count, sizeof *list);
        list[count++] = x;
    }
    *examples = list;
    return count;
}
