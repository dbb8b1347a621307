/* pnnx_check.c - the weights of a module have the shapes that its parameters ask for: an edited kernel_size with the
 * old weight is an error here, and not a wrong network later.  And which weights a module must have. */
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "formats/pnnx.h"
#include "formats/pnnx_line.h"

/* The shape of one weight: sizes separated by blanks, each a parameter (a list gives several sizes), or two factors
 * with * or /, of which one may be a number. */
struct weight_shape {
    const char *type; /* of the module; a `?` stands for 1, 2 and 3 */
    const char *keys;
    const char *sizes;
};

static const struct weight_shape weight_shapes[] = {
    { "nn.Conv?d", "weight", "out_channels in_channels/groups kernel_size" },
    { "nn.Conv?d", "bias", "out_channels" },
    { "nn.ConvTranspose?d", "weight", "in_channels out_channels/groups kernel_size" },
    { "nn.ConvTranspose?d", "bias", "out_channels" },
    { "nn.Linear", "weight", "out_features in_features" },
    { "nn.Linear", "bias", "out_features" },
    { "nn.BatchNorm?d", "weight bias running_mean running_var", "num_features" },
    { "nn.InstanceNorm?d", "weight bias running_mean running_var", "num_features" },
    { "nn.GroupNorm", "weight bias", "num_channels" },
    { "nn.LayerNorm", "weight bias", "normalized_shape" },
    { "nn.RMSNorm", "weight", "normalized_shape" },
    { "nn.PReLU", "weight", "num_parameters" },
    { "nn.Embedding", "weight", "num_embeddings embedding_dim" },
    { "nn.LSTM", "weight_ih_l0", "4*hidden_size input_size" },
    { "nn.GRU", "weight_ih_l0", "3*hidden_size input_size" },
    { "nn.RNN", "weight_ih_l0", "hidden_size input_size" },
};

enum { MOST_SIZES = 8 };

static bool type_is(const char *type, const char *pattern)
{
    for (; *pattern; type++, pattern++)
        if (*pattern == '?' ? *type < '1' || *type > '3' : *type != *pattern)
            return false;
    return *type == 0;
}

/* Whether the word (of `length`) is one of the words of `list`. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0))
            return true;
    return false;
}

/* The sizes that one factor is: a number, or the parameter of that name.  Returns how many; 0: not known. */
static size_t factor(const struct operator *op, const char *text, size_t length, int64_t *sizes)
{
    char name[32];
    if (length == 0 || length >= sizeof name)
        return 0;
    memcpy(name, text, length);
    name[length] = 0;
    if (*name >= '0' && *name <= '9') {
        *sizes = (int)strtol(name, NULL, 10);
        return 1;
    }
    const struct value *v = operator_get(op, name);
    if (v && v->kind == VALUE_INT) {
        *sizes = v->integer;
        return 1;
    }
    int count = v ? value_get_ints(v, sizes, MOST_SIZES) : -1;
    return count < 0 ? 0 : (size_t)count;
}

/* The shape that the parameters ask for; 0 sizes: they do not say. */
static size_t asked_shape(const struct operator *op, const char *text, int64_t *shape)
{
    size_t rank = 0;
    while (*text) {
        int64_t left[MOST_SIZES], right[MOST_SIZES];
        size_t length = strcspn(text, " */"), count = factor(op, text, length, left);
        char what = text[length];
        text += length + (what != 0);
        if (what == '*' || what == '/') {
            size_t second = strcspn(text, " ");
            if (count != 1 || factor(op, text, second, right) != 1 || right[0] <= 0)
                return 0;
            if (what == '/' ? left[0] % right[0] != 0 : !int_mul(left[0], right[0], left))
                return 0;
            if (what == '/')
                left[0] /= right[0];
            text += second + (text[second] != 0);
        }
        if (count == 0 || rank + count > MOST_SIZES)
            return 0;
        memcpy(shape + rank, left, count * sizeof *shape);
        rank += count;
    }
    return rank;
}

static const char *shape_text(struct arena *arena, const int64_t *shape, size_t rank)
{
    const char *text = "";
    for (size_t i = 0; i < rank; i++)
        text = arena_printf(arena, "%s%s%lld", text, i ? "," : "", (long long)shape[i]);
    return text;
}

void pnnx_check_weight(struct place at, const struct operator *op, const struct attribute *a)
{
    for (size_t i = 0; i < sizeof weight_shapes / sizeof *weight_shapes; i++) {
        const struct weight_shape *row = &weight_shapes[i];
        int64_t shape[MOST_SIZES];
        if (!type_is(op->type, row->type) || !has_word(row->keys, a->key))
            continue;
        size_t rank = asked_shape(op, row->sizes, shape);
        if (rank == 0 || (rank == (size_t)a->rank && memcmp(shape, a->shape, rank * sizeof *shape) == 0))
            return;
        struct arena *arena = &op->graph->arena;
        die(STATUS_MALFORMED, at, "%s '%s': %s has the shape (%s), but the parameters ask for (%s): %s",
            op->type, op->name, a->key, shape_text(arena, a->shape, (size_t)a->rank),
            shape_text(arena, shape, rank), row->sizes);
    }
}

/* ---- weights that are missing ---- */

/* Weights that a module has always, or when `key` is true. */
static const struct {
    const char *prefix, *attribute, *key;
} needed[] = {
    { "nn.Conv", "weight", NULL },
    { "nn.Conv", "bias", "bias" },
    { "nn.Linear", "weight", NULL },
    { "nn.Linear", "bias", "bias" },
    { "nn.Bilinear", "weight", NULL },
    { "nn.Bilinear", "bias", "bias" },
    { "nn.Embedding", "weight", NULL },
    { "nn.PReLU", "weight", NULL },
    { "nn.BatchNorm", "weight", "affine" },
    { "nn.BatchNorm", "bias", "affine" },
    { "nn.BatchNorm", "running_mean", "track_running_stats" },
    { "nn.InstanceNorm", "weight", "affine" },
    { "nn.InstanceNorm", "running_mean", "track_running_stats" },
    { "nn.GroupNorm", "weight", "affine" },
    { "nn.LayerNorm", "weight", "elementwise_affine" },
    { "nn.RMSNorm", "weight", "elementwise_affine" },
    { "nn.LSTM", "weight_ih_l0", NULL },
    { "nn.LSTM", "bias_ih_l0", "bias" },
    { "nn.GRU", "weight_ih_l0", NULL },
    { "nn.GRU", "bias_ih_l0", "bias" },
    { "nn.RNN", "weight_ih_l0", NULL },
    { "nn.RNN", "bias_ih_l0", "bias" },
    { "nn.MultiheadAttention", "out_proj.weight", NULL },
    { "nn.MultiheadAttention", "out_proj.bias", "bias" },
    { "nn.MultiheadAttention", "in_proj_bias", "bias" },
    { "nn.MultiheadAttention", "bias_k", "add_bias_kv" },
    { "nn.MultiheadAttention", "bias_v", "add_bias_kv" },
    { "torchvision.ops.DeformConv", "weight", NULL },
    { "torchvision.ops.DeformConv", "bias", "bias" },
};

const char *pnnx_missing_weight(const struct operator *op)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (strncmp(op->type, needed[i].prefix, strlen(needed[i].prefix)) == 0 && !strstr(op->type, "Cell") &&
            !operator_attribute(op, needed[i].attribute) &&
            (!needed[i].key || operator_bool(op, needed[i].key, false)))
            return needed[i].attribute;
    return NULL;
}
