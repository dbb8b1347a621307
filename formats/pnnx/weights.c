/* weights.c - the bytes of the attributes that a PNNX text names. */
#include <string.h>

#include "common/base/near.h"
#include "formats/pnnx/line.h"
#include "formats/zip/zip.h"

/* The member of an attribute.  A repeated operator name makes repeated members: the last operator has the last. */
static const struct zip_member *take_member(const struct zip *zip, const char *name, bool *taken)
{
    const struct zip_member *member = zip != NULL ? zip_find(zip, name) : NULL, *earlier;
    while (member != NULL && taken[member - zip->members] &&
           (earlier = zip_find_earlier(zip, member)) != NULL)
        member = earlier;
    if (member != NULL)
        taken[member - zip->members] = true;
    return member;
}

/* The bytes of a shape; -1 when they do not fit into 63 bits. */
static int64_t shape_bytes(const struct attribute *a)
{
    int64_t bytes = (int64_t)dtype_size(a->dtype);
    for (int i = 0; i < a->rank; i++)
        if (!int_mul(bytes, a->shape[i], &bytes))
            return -1;
    return bytes;
}

/* The name of an attribute's member. */
static const char *member_name(struct arena *arena, const struct read_attribute *p)
{
    size_t length = size_add(size_add(p->name.length, 1), p->key.length);
    char *name = arena_alloc(arena, size_add(length, 1));
    memcpy(name, p->name.text, p->name.length);
    name[p->name.length] = '.';
    memcpy(name + p->name.length + 1, p->key.text, p->key.length);
    return name;
}

/* Weights have the names of their operators: one that was renamed has left its own behind. */
static _Noreturn void die_without(struct arena *scratch, const struct mapping *weights, const struct zip *zip,
                                  const struct read_attribute *p, int64_t bytes)
{
    const char *name = member_name(scratch, p);
    struct near near = near_start(name, strlen(name));
    char hint[200];
    for (size_t i = 0; zip && i < zip->count; i++) {
        const struct zip_member *m = &zip->members[i];
        size_t length = strlen(m->name), size = p->key.length + 1;
        if ((int64_t)m->size == bytes && length > size &&
            strcmp(m->name + length - size, name + strlen(name) - size) == 0)
            near_offer(&near, m->name);
    }
    if (near.word)
        die(STATUS_MALFORMED, p->at, "'%s' is not in '%s', whose members have the names of their operators%s",
            name, weights->name, near_hint(&near, hint));
    die(STATUS_MALFORMED, p->at, "'%s' is not in '%s'", name, weights->name);
}

/* Finds the bytes of one attribute and adds it to its operator. */
static void attach(struct arena *scratch, const struct mapping *weights, const struct zip *zip, bool *taken,
                   bool trust, struct read_attribute *p)
{
    struct place at = p->at;
    const char *name = member_name(scratch, p);
    struct attribute *a = &p->attribute;
    int64_t bytes = shape_bytes(a);
    const struct zip_member *member = take_member(zip, name, taken);
    if (member == NULL && bytes != 0) /* what has no bytes needs no member */
        die_without(scratch, weights, zip, p, bytes);
    if (member != NULL) {
        if (!member->stored)
            die(STATUS_MALFORMED, at, "'%s' in '%s' is compressed: weights are stored", name, weights->name);
        if (bytes < 0 || (uint64_t)bytes != member->size)
            die(STATUS_MALFORMED, at, "'%s' has %llu bytes in '%s', which is not the size of its shape", name,
                (unsigned long long)member->size, weights->name);
        if (!trust && !zip_check(member))
            die(STATUS_MALFORMED, at, "'%s' in '%s' is damaged: its checksum differs", name, weights->name);
        a->data = member->data;
        a->has_crc = true;
        a->crc = member->crc;
    }
    a->size = (size_t)bytes;
    pnnx_check_weight(at, p->op, a);
    operator_add_attribute(p->op, *a);
}

void pnnx_attach_weights(struct read_attribute *attributes, size_t count, struct mapping *weights,
                         size_t start, bool trust)
{
    struct arena scratch;
    arena_init(&scratch);
    struct zip *zip = NULL;
    if (start < weights->size)
        zip = zip_read(&scratch, weights, start);
    bool *taken = arena_array(&scratch, zip != NULL ? zip->count : 0, sizeof *taken);
    for (size_t i = count; i > 0; i--)
        attach(&scratch, weights, zip, taken, trust, &attributes[i - 1]);
    arena_release(&scratch);
}
