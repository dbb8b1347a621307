/* lower.c - see passes.h: the rule files of this program, in the order in which they are tried. */
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/passes/batch.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/base/text.h"
#include "common/layers/layers.h"
#include "common/operators/shapes/shapes.h"
#include "formats/example.h"
#include "formats/output.h"

extern const char algebra_text[], bits_text[], complex_text[], losses_text[], moves_text[], heads_text[],
    steps_text[], vision_text[], windows_text[], written_text[], free_text[], picks_text[], computed_text[],
    order_text[], types_text[], activation_text[], arithmetic_text[], attention_text[], compare_text[],
    conv_text[], linear_text[], norm_text[], pad_text[], pool_text[], recurrent_text[], reduce_text[],
    resize_text[], shape_text[], special_text[], matrices_text[], quantized_text[], grids_text[], int8_text[],
    rounding_text[], clips_text[];
extern const size_t algebra_text_size, bits_text_size, complex_text_size, losses_text_size, moves_text_size,
    heads_text_size, steps_text_size, vision_text_size, windows_text_size, written_text_size, free_text_size,
    picks_text_size, computed_text_size, order_text_size, types_text_size, activation_text_size,
    arithmetic_text_size, attention_text_size, compare_text_size, conv_text_size, linear_text_size,
    norm_text_size, pad_text_size, pool_text_size, recurrent_text_size, reduce_text_size, resize_text_size,
    shape_text_size, special_text_size, matrices_text_size, quantized_text_size, grids_text_size,
    int8_text_size, rounding_text_size, clips_text_size;

/* The embedded files, of each phase in the order in which they are tried. */
static const struct file {
    enum phase phase;
    const char *name, *text;
    const size_t *size;
} files[] = {
    /* clang-format off */
    { PHASE_QUANTIZED, "quantized.rules", quantized_text, &quantized_text_size },
    { PHASE_GRIDS, "grids.rules", grids_text, &grids_text_size },
    { PHASE_WRITTEN, "complex.rules", complex_text, &complex_text_size },
    { PHASE_WRITTEN, "heads.rules", heads_text, &heads_text_size },
    { PHASE_WRITTEN, "moves.rules", moves_text, &moves_text_size },
    { PHASE_WRITTEN, "steps.rules", steps_text, &steps_text_size },
    { PHASE_WRITTEN, "vision.rules", vision_text, &vision_text_size },
    { PHASE_WRITTEN, "windows.rules", windows_text, &windows_text_size },
    { PHASE_WRITTEN, "written.rules", written_text, &written_text_size },
    { PHASE_WRITTEN, "algebra.rules", algebra_text, &algebra_text_size },
    { PHASE_WRITTEN, "special.rules", special_text, &special_text_size },
    { PHASE_WRITTEN, "matrices.rules", matrices_text, &matrices_text_size },
    { PHASE_WRITTEN, "bits.rules", bits_text, &bits_text_size },
    { PHASE_WRITTEN, "losses.rules", losses_text, &losses_text_size },
    { PHASE_WRITTEN, "free.rules", free_text, &free_text_size },
    { PHASE_PICKS, "picks.rules", picks_text, &picks_text_size },
    { PHASE_PICKS, "computed.rules", computed_text, &computed_text_size },
    { PHASE_PICKS, "order.rules", order_text, &order_text_size },
    { PHASE_TYPES, "types.rules", types_text, &types_text_size },
    { PHASE_INT8, "clips.rules", clips_text, &clips_text_size },
    { PHASE_INT8, "int8.rules", int8_text, &int8_text_size },
    { PHASE_LAYERS, "rounding.rules", rounding_text, &rounding_text_size },
    { PHASE_LAYERS, "activation.rules", activation_text, &activation_text_size },
    { PHASE_LAYERS, "arithmetic.rules", arithmetic_text, &arithmetic_text_size },
    { PHASE_LAYERS, "attention.rules", attention_text, &attention_text_size },
    { PHASE_LAYERS, "compare.rules", compare_text, &compare_text_size },
    { PHASE_LAYERS, "conv.rules", conv_text, &conv_text_size },
    { PHASE_LAYERS, "linear.rules", linear_text, &linear_text_size },
    { PHASE_LAYERS, "norm.rules", norm_text, &norm_text_size },
    { PHASE_LAYERS, "pad.rules", pad_text, &pad_text_size },
    { PHASE_LAYERS, "pool.rules", pool_text, &pool_text_size },
    { PHASE_LAYERS, "recurrent.rules", recurrent_text, &recurrent_text_size },
    { PHASE_LAYERS, "reduce.rules", reduce_text, &reduce_text_size },
    { PHASE_LAYERS, "resize.rules", resize_text, &resize_text_size },
    { PHASE_LAYERS, "shape.rules", shape_text, &shape_text_size },
    /* clang-format on */
};

struct lowering {
    struct rules *user;              /* owned; NULL without -r: tried before the layers */
    struct rules *phases[PHASE_END]; /* owned; by phase */
};

/* A set whose rules may call the C functions for operators, or those for layers. */
static struct rules *new_rules(struct strings *strings, const struct signatures *signatures, enum phase phase,
                               bool explain)
{
    bool fused = phase == PHASE_FUSED;
    struct rules *rules = rules_new(strings, signatures, fused ? layer_functions : lower_functions,
                                    fused ? layer_function_count : lower_function_count);
    rules_explain(rules, explain);
    return rules;
}

struct lowering *lowering_new(struct strings *strings, const struct signatures *signatures,
                              const struct text_list *names, const struct text_list *without, bool explain)
{
    struct lowering *lowering = xmalloc(sizeof *lowering);
    lowering->user = names->count ? new_rules(strings, signatures, PHASE_LAYERS, explain) : NULL;
    for (enum phase i = 1; i < PHASE_END; i++)
        lowering->phases[i] = new_rules(strings, signatures, i, explain);
    for (size_t i = 0; i < names->count; i++)
        rules_read_file(lowering->user, names->items[i]);
    if (lowering->user) { /* the built-in ones are checked by the tests */
        rules_check(lowering->user);
        rules_note_misses(lowering->user);
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        rules_read(lowering->phases[files[i].phase], files[i].name, files[i].text, *files[i].size);
    layers_read_rules(lowering->phases[PHASE_FUSED]);
    rules_without(lowering->phases + 1, PHASE_END - 1, without);
    report_stop();
    return lowering;
}

void lowering_apply(struct lowering *lowering, enum phase phase, struct graph *g)
{
    if (lowering->user && (phase == PHASE_LAYERS || phase == PHASE_FUSED))
        rules_apply(lowering->user, g);
    if (lowering->user && phase == PHASE_LAYERS)
        rules_report_misses(lowering->user, RULES_THAT_LOWER);
    if (lowering->user && phase == PHASE_FUSED)
        rules_report_misses(lowering->user, RULES_ON_LAYERS);
    rules_apply(lowering->phases[phase], g);
    graph_remove_dead(g);
}

static void try_rules(struct rules *rules, struct graph *g)
{
    rules_explain(rules, false);
    rules_apply(rules, g);
}

void lowering_try(struct lowering *lowering, struct graph *g)
{
    for (enum phase i = 1; i <= PHASE_LAYERS; i++) {
        if (lowering->user && i == PHASE_LAYERS)
            try_rules(lowering->user, g);
        try_rules(lowering->phases[i], g);
    }
}

/* In an example the shapes and batch axes are those that the program finds. */
static size_t apply_example(struct rules *rules, struct graph *g)
{
    shapes_infer(g, SHAPES_ALL, 0);
    batch_solve(g);
    return rules_apply(rules, g);
}

void lowering_check(const char *file, struct strings *strings, const struct signatures *signatures,
                    bool explain)
{
    struct rules *rules = new_rules(strings, signatures, PHASE_LAYERS, explain);
    rules_read_file(rules, file);
    rules_check(rules);
    report_stop();
    examples_check(rules, file, apply_example);
    rules_free(rules);
}

/* One rule, in the order in which the rules are tried. */
struct line {
    const char *type, *text;
    size_t number;
};

struct lines {
    struct line *items; /* owned */
    size_t count;
};

/* Layers have plain names; pnnx.* and prim::* stand for no call of PyTorch's. */
static void add_line(void *context, const char *type, const char *text)
{
    struct lines *lines = context;
    if (!strchr(type, '.') || starts_with(type, "pnnx."))
        return;
    lines->items = xrealloc(lines->items, size_mul(lines->count + 1, sizeof *lines->items));
    lines->items[lines->count] = (struct line){ type, text, lines->count };
    lines->count++;
}

static int compare_lines(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = strcmp(x->type, y->type);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

void lowering_list(struct lowering *lowering)
{
    struct lines lines = { NULL, 0 };
    if (lowering->user)
        rules_describe(lowering->user, add_line, &lines);
    for (enum phase i = 1; i < PHASE_END; i++)
        rules_describe(lowering->phases[i], add_line, &lines);
    if (lines.count)
        qsort(lines.items, lines.count, sizeof *lines.items, compare_lines);
    struct output *out = output_open(NULL);
    for (size_t i = 0; i < lines.count; i++) {
        bool first = i == 0 || strcmp(lines.items[i].type, lines.items[i - 1].type) != 0;
        output_printf(out, first ? "%s%s: %s" : "%.0s%.0s; %s", first && i ? "\n" : "", lines.items[i].type,
                      lines.items[i].text);
    }
    output_printf(out, "\n");
    outputs_commit(false);
    free(lines.items);
}

void lowering_free(struct lowering *lowering)
{
    if (lowering->user)
        rules_free(lowering->user);
    for (enum phase i = 1; i < PHASE_END; i++)
        rules_free(lowering->phases[i]);
    free(lowering);
}
