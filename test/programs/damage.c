/* damage.c - reads a model damaged at many places, in this process: nothing may crash, hang, or take a weight with a changed
 * byte for a good one.
 *
 *     damage text|weights|stream IN.param IN.bin COUNT [FIRST]          in PNNX
 *     damage ncnn-text|ncnn-weights IN.param IN.bin COUNT [FIRST]       of ncnn, whose weights have no checksums
 *
 * Each damage is made by its number, so that FIRST repeats one: the bytes end early, one bit is flipped, one byte
 * becomes another, or a piece is missing.  Prints how many were refused and accepted; a signal or a sanitizer's report
 * ends the program, and the last line on standard error says at which number. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/expression/expression.h"
#include "formats/ncnn/ncnn.h"
#include "formats/pnnx/pnnx.h"

#define SECONDS_FOR_ONE 20

struct bytes {
    uint8_t *data;
    size_t size;
};

static struct bytes slurp(const char *path)
{
    struct mapping *map = mapping_open(path);
    struct bytes b = { malloc(map->size + 1), map->size };
    if (b.data && map->size)
        memcpy(b.data, map->data, map->size);
    mapping_close(map);
    return b;
}

static uint64_t random_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

enum kind { CUT, FLIP, REPLACE, REMOVE, KINDS };

struct damage {
    enum kind kind;
    size_t at;
};

/* The damage of a number, done to a fresh copy of exactly its size, so that a sanitizer sees a read behind it. */
static struct bytes damaged(struct bytes whole, uint64_t number, struct damage *d)
{
    uint64_t state = number * 0x9E3779B97F4A7C15u + 1;
    random_next(&state);
    d->kind = (enum kind)(number % KINDS);
    d->at = (size_t)(random_next(&state) % (whole.size ? whole.size : 1));
    size_t gone = d->kind == CUT      ? whole.size - d->at
                  : d->kind == REMOVE ? (size_t)(random_next(&state) % 64 + 1)
                                      : 0;
    if (gone > whole.size - d->at)
        gone = whole.size - d->at;
    struct bytes b = { malloc(whole.size - gone ? whole.size - gone : 1), whole.size - gone };
    memcpy(b.data, whole.data, d->at);
    memcpy(b.data + d->at, whole.data + d->at + gone, whole.size - gone - d->at);
    if (d->kind == FLIP)
        b.data[d->at] ^= (uint8_t)(1u << random_next(&state) % 8);
    else if (d->kind == REPLACE)
        b.data[d->at] ^= (uint8_t)(random_next(&state) % 255 + 1);
    return b;
}

/* How a model is read: weights NULL for a stream. */
typedef struct graph *read_function(struct strings *strings, const struct signatures *signatures,
                                    struct mapping *text, struct mapping *weights);

static struct graph *read_pnnx(struct strings *strings, const struct signatures *signatures,
                               struct mapping *text, struct mapping *weights)
{
    struct graph *g = pnnx_parse(strings, signatures, text, weights, false);
    expressions_take_apart(g);
    return g;
}

static struct graph *read_ncnn(struct strings *strings, const struct signatures *signatures,
                               struct mapping *text, struct mapping *weights)
{
    struct ncnn_style style;
    return ncnn_parse(strings, signatures, text, weights, &style);
}

/* What is read, and how. */
struct trial {
    read_function *read;
    struct strings *strings;
    const struct signatures *signatures;
    bool stream, in_text; /* what is damaged: both files as one, or the text; else the weights */
};

/* Reads a model; whether it was accepted.  What die() leaves behind is not freed: this is a test. */
static bool accepts(const struct trial *trial, struct bytes text, struct bytes weights)
{
    jmp_buf trap;
    size_t before = report_count();
    if (setjmp(trap) != 0) {
        report_trap(NULL);
        return false;
    }
    report_trap(&trap);
    struct mapping *t = mapping_of("damaged.param", text.data, text.size);
    struct mapping *w = trial->stream ? NULL : mapping_of("damaged.bin", weights.data, weights.size);
    struct graph *g = trial->read(trial->strings, trial->signatures, t, w);
    graph_check(g);
    report_trap(NULL);
    graph_free(g);
    return report_count() == before;
}

/* Whether a byte of the .bin (or of the stream) belongs to some weight of the undamaged model. */
struct region {
    size_t start, end;
};
static struct region regions[4096];
static size_t region_count;

static void find_regions(const struct graph *g, const uint8_t *base)
{
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->attribute_count && region_count < 4096; i++) {
            const struct attribute *a = &op->attributes[i];
            size_t start = (size_t)(a->data - base);
            regions[region_count++] = (struct region){ start, start + a->size };
        }
}

static bool in_weight(size_t at)
{
    for (size_t i = 0; i < region_count; i++)
        if (at >= regions[i].start && at < regions[i].end)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: damage [ncnn-]text|weights|stream IN.param IN.bin COUNT [FIRST]\n");
        return 2;
    }
    report_start("damage");
    const char *what = argv[1];
    struct bytes text = slurp(argv[2]), weights = slurp(argv[3]);
    bool ncnn = strncmp(what, "ncnn-", 5) == 0;
    what += ncnn ? 5 : 0;
    struct trial trial = { .read = ncnn ? read_ncnn : read_pnnx,
                           .strings = strings_new(),
                           .stream = strcmp(what, "stream") == 0,
                           .in_text = strcmp(what, "text") == 0 };
    trial.signatures = signatures_new(trial.strings);
    struct bytes both = { malloc(text.size + weights.size), text.size + weights.size };
    memcpy(both.data, text.data, text.size);
    memcpy(both.data + text.size, weights.data, weights.size);
    struct bytes whole = trial.stream ? both : trial.in_text ? text : weights;
    struct bytes first_file = trial.stream ? both : text;
    struct mapping *t = mapping_of(argv[2], first_file.data, first_file.size);
    struct mapping *w = trial.stream ? NULL : mapping_of(argv[3], weights.data, weights.size);
    struct graph *undamaged = trial.read(trial.strings, trial.signatures, t, w);
    if (!ncnn)
        find_regions(undamaged, trial.stream ? t->data : w->data);

    uint64_t count = strtoull(argv[4], NULL, 10), first = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
    size_t refused = 0, accepted = 0, missed = 0;
    for (uint64_t n = first; n < first + count; n++) {
        struct damage d;
        struct bytes b = damaged(whole, n, &d);
        fprintf(stderr, "damage: number %llu at %zu\n", (unsigned long long)n, d.at);
        alarm(SECONDS_FOR_ONE);
        bool ok = accepts(&trial, trial.in_text || trial.stream ? b : text, trial.in_text ? weights : b);
        alarm(0);
        ok ? accepted++ : refused++;
        if (ok && !trial.in_text && in_weight(d.at) &&
            memcmp(b.data, whole.data, b.size < whole.size ? b.size : whole.size)) {
            missed++;
            printf("number %llu changed a weight and was accepted\n", (unsigned long long)n);
        }
        free(b.data);
    }
    printf("%zu refused, %zu accepted, %zu missed\n", refused, accepted, missed);
    return missed ? 1 : 0;
}
