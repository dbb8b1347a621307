/* lower.c - see passes.h: the rule files of this program, in the order in which they are tried. */
#include <stdlib.h>

#include "cmd/pnnx2ncnn/batch.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "formats/example.h"

extern const char activation_text[], arithmetic_text[], attention_text[], compare_text[], conv_text[],
    linear_text[], norm_text[];
extern const char pad_text[], pool_text[], recurrent_text[], reduce_text[], resize_text[], shape_text[];
extern const size_t activation_text_size, arithmetic_text_size, attention_text_size, conv_text_size,
    linear_text_size;
extern const size_t norm_text_size, pad_text_size, pool_text_size, recurrent_text_size, reduce_text_size;
extern const size_t resize_text_size, shape_text_size, compare_text_size;
extern const char written_text[], moves_text[], heads_text[], free_text[], complex_text[], types_text[],
    picks_text[];
extern const size_t written_text_size, moves_text_size, heads_text_size, free_text_size, complex_text_size,
    types_text_size, picks_text_size;

/* The embedded files. */
static const struct file {
    const char *name, *text;
    const size_t *size;
} files[] = {
    { "activation.rules", activation_text, &activation_text_size },
    { "arithmetic.rules", arithmetic_text, &arithmetic_text_size },
    { "attention.rules", attention_text, &attention_text_size },
    { "compare.rules", compare_text, &compare_text_size },
    { "conv.rules", conv_text, &conv_text_size },
    { "linear.rules", linear_text, &linear_text_size },
    { "norm.rules", norm_text, &norm_text_size },
    { "pad.rules", pad_text, &pad_text_size },
    { "pool.rules", pool_text, &pool_text_size },
    { "recurrent.rules", recurrent_text, &recurrent_text_size },
    { "reduce.rules", reduce_text, &reduce_text_size },
    { "resize.rules", resize_text, &resize_text_size },
    { "shape.rules", shape_text, &shape_text_size },
};

struct lowering {
    struct rules *user, *own; /* owned; user is NULL without -r */
    struct rules *written;    /* owned: those that make no layers yet ... */
    struct rules *types;      /* ... and, behind them, those of PyTorch's types */
};

static struct rules *new_rules(struct strings *strings, const struct signatures *signatures, bool explain)
{
    struct rules *rules = rules_new(strings, signatures, lower_functions, lower_function_count);
    rules_explain(rules, explain);
    return rules;
}

struct lowering *lowering_new(struct strings *strings, const struct signatures *signatures,
                              const struct text_list *names, const struct text_list *without, bool explain)
{
    struct lowering *lowering = xmalloc(sizeof *lowering);
    lowering->user = names->count ? new_rules(strings, signatures, explain) : NULL;
    lowering->own = new_rules(strings, signatures, explain);
    lowering->written = new_rules(strings, signatures, explain);
    lowering->types = new_rules(strings, signatures, explain);
    rules_read(lowering->written, "complex.rules", complex_text, complex_text_size);
    rules_read(lowering->written, "moves.rules", moves_text, moves_text_size);
    rules_read(lowering->written, "heads.rules", heads_text, heads_text_size);
    rules_read(lowering->written, "written.rules", written_text, written_text_size);
    rules_read(lowering->written, "picks.rules", picks_text, picks_text_size);
    rules_read(lowering->written, "free.rules", free_text, free_text_size);
    rules_read(lowering->types, "types.rules", types_text, types_text_size);
    for (size_t i = 0; i < names->count; i++)
        rules_read_file(lowering->user, names->items[i]);
    if (lowering->user) { /* the built-in ones are checked by the tests */
        rules_check(lowering->user);
        rules_note_misses(lowering->user);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        rules_read(lowering->own, files[i].name, files[i].text, *files[i].size);
    struct rules *built_in[] = { lowering->own, lowering->written, lowering->types };
    rules_without(built_in, 3, without);
    report_stop();
    return lowering;
}

void lowering_write(struct lowering *lowering, struct graph *g)
{
    rules_apply(lowering->written, g);
    graph_remove_dead(g);
}

void lowering_write_types(struct lowering *lowering, struct graph *g)
{
    rules_apply(lowering->types, g);
    graph_remove_dead(g);
}

void lowering_apply(struct lowering *lowering, struct graph *g)
{
    if (lowering->user) {
        rules_apply(lowering->user, g);
        rules_report_misses(lowering->user, true);
    }
    rules_apply(lowering->own, g);
    graph_remove_dead(g);
}

/* In an example the batch axes are those that the program finds. */
static size_t apply_example(struct rules *rules, struct graph *g)
{
    batch_solve(g);
    return rules_apply(rules, g);
}

void lowering_check(const char *file, struct strings *strings, const struct signatures *signatures,
                    bool explain)
{
    struct rules *rules = new_rules(strings, signatures, explain);
    rules_read_file(rules, file);
    rules_check(rules);
    report_stop();
    examples_check(rules, file, apply_example);
    rules_free(rules);
}

void lowering_free(struct lowering *lowering)
{
    if (lowering->user)
        rules_free(lowering->user);
    rules_free(lowering->own);
    rules_free(lowering->written);
    rules_free(lowering->types);
    free(lowering);
}
