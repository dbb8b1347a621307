/* layers.c - see layers.h: the files of rules, in the order in which they are tried. */
#include "common/layers/layers.h"

extern const char activations_text[], vectors_text[], products_text[], reshapes_text[], kernels_text[],
    unread_text[], idle_text[], constants_text[], folding_text[], scales_text[];
extern const size_t activations_text_size, vectors_text_size, products_text_size, reshapes_text_size,
    kernels_text_size, unread_text_size, idle_text_size, constants_text_size, folding_text_size,
    scales_text_size;

struct file {
    const char *name, *text;
    const size_t *size;
};

static const struct file files[] = {
    { "activations.rules", activations_text, &activations_text_size },
    { "vectors.rules", vectors_text, &vectors_text_size },
    { "products.rules", products_text, &products_text_size },
    { "reshapes.rules", reshapes_text, &reshapes_text_size },
    { "scales.rules", scales_text, &scales_text_size },
    { "kernels.rules", kernels_text, &kernels_text_size },
    { "unread.rules", unread_text, &unread_text_size },
};

static const struct file folding[] = {
    { "idle.rules", idle_text, &idle_text_size },
    { "constants.rules", constants_text, &constants_text_size },
    { "folding.rules", folding_text, &folding_text_size },
};

void layers_read_rules(struct rules *rules)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        rules_read(rules, files[i].name, files[i].text, *files[i].size);
}

void layers_read_folding(struct rules *rules)
{
    for (size_t i = 0; i < sizeof folding / sizeof *folding; i++)
        rules_read(rules, folding[i].name, folding[i].text, *folding[i].size);
}
