/* equal.c - operators and constants that stand in a graph more than once. */
#include <string.h>

#include "cmd/pnnxopt/passes.h"
#include "common/base/map.h"

/* ---- hashing: FNV-1a over what makes two things equal ---- */

static const uint64_t hash_seed = 0xcbf29ce484222325u;

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ b[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_value(uint64_t hash, const struct value *v)
{
    hash = hash_bytes(hash, &v->kind, sizeof v->kind);
    switch (v->kind) {
    case VALUE_NONE: return hash;
    case VALUE_BOOL: return hash_bytes(hash, &v->boolean, sizeof v->boolean);
    case VALUE_INT: return hash_bytes(hash, &v->integer, sizeof v->integer);
    case VALUE_FLOAT: return hash_bytes(hash, &v->real, sizeof v->real);
    case VALUE_COMPLEX: return hash_bytes(hash, &v->complex, sizeof v->complex);
    case VALUE_STRING: return hash_bytes(hash, &v->string, sizeof v->string); /* interned: the pointer */
    case VALUE_OPERAND: return hash_bytes(hash, &v->operand->id, sizeof v->operand->id);
    case VALUE_LIST: break;
    }
    for (size_t i = 0; i < v->list.count; i++)
        hash = hash_value(hash, &v->list.items[i]);
    return hash;
}

/* A hash as the key of a map, which takes pointers; never NULL. */
static const void *map_key(uint64_t hash)
{
    return (const void *)(uintptr_t)(hash | 1);
}

/* Lets the readers of `op` read `first`, which computes the same, and removes it. */
static void merge_into(struct operator *first, struct operator *op)
{
    for (size_t i = 0; i < op->output_count; i++)
        operand_replace(op->outputs[i], first->outputs[i]);
    operator_remove(op);
}

/* ---- constants ---- */

static uint64_t hash_constant(const struct attribute *a)
{
    uint64_t hash = hash_bytes(hash_seed, &a->dtype, sizeof a->dtype);
    hash = hash_bytes(hash, a->shape, (size_t)a->rank * sizeof *a->shape);
    /* The CRC stands for the bytes where it is known; the others are small, as a pass computed them. */
    return a->has_crc ? hash_bytes(hash, &a->crc, sizeof a->crc) : hash_bytes(hash, a->data, a->size);
}

static bool same_constant(const struct attribute *a, const struct attribute *b)
{
    return a->dtype == b->dtype && a->rank == b->rank && a->size == b->size &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0 &&
           (a->data == b->data || a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

size_t pass_pool_constants(struct graph *g)
{
    size_t merged = 0;
    struct map seen;
    map_init(&seen);
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        const struct attribute *a = op->output_count == 1 ? operand_constant(op->outputs[0]) : NULL;
        if (!a)
            continue;
        const void *key = map_key(hash_constant(a));
        struct operator *first = map_get(&seen, key);
        if (!first) {
            map_put(&seen, key, op);
        } else if (same_constant(a, operand_constant(first->outputs[0]))) {
            merge_into(first, op);
            merged++;
        }
    }
    map_release(&seen);
    return merged;
}

/* ---- operators ---- */

/* Whether two operators with equal arguments always compute the same: functions of PyTorch that draw no numbers. */
static bool is_pure(const struct operator *op)
{
    static const char *const families[] = { "F.", "torch.", "Tensor." };
    bool known = false;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        known = known || strncmp(op->type, families[i], strlen(families[i])) == 0;
    return known && *op->signature->type && !(op->signature->traits.bits & TRAIT_RANDOM) &&
           op->attribute_count == 0;
}

static uint64_t hash_operator(const struct operator *op)
{
    uint64_t hash = hash_bytes(hash_seed, &op->type, sizeof op->type);
    hash = hash_bytes(hash, &op->output_count, sizeof op->output_count);
    for (size_t i = 0; i < op->argument_count; i++) {
        hash = hash_bytes(hash, &op->arguments[i].key, sizeof op->arguments[i].key);
        hash = hash_value(hash, &op->arguments[i].value);
    }
    return hash;
}

static bool same_operator(const struct operator *a, const struct operator *b)
{
    if (a->type != b->type || a->argument_count != b->argument_count || a->output_count != b->output_count)
        return false;
    for (size_t i = 0; i < a->argument_count; i++)
        if (a->arguments[i].key != b->arguments[i].key ||
            !value_equal(&a->arguments[i].value, &b->arguments[i].value))
            return false;
    return true;
}

size_t pass_merge_equal(struct graph *g)
{
    size_t merged = 0;
    struct map seen;
    map_init(&seen);
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (!is_pure(op))
            continue;
        const void *key = map_key(hash_operator(op));
        struct operator *first = map_get(&seen, key);
        if (!first) {
            map_put(&seen, key, op);
        } else if (same_operator(first, op)) {
            merge_into(first, op);
            merged++;
        }
    }
    map_release(&seen);
    return merged;
}
