/* container.c - see container.h. */
#include "cmd/pt2pnnx/load/container.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/base/report.h"

#define EXPORT "save torch.jit.trace(net.eval(), inputs)"

static _Noreturn void refuse(const struct mapping *map, const char *what)
{
    die(STATUS_MALFORMED, (struct place){ .file = map->name }, "%s", what);
}

static bool has_bytes(const void *data, size_t size, const char *bytes, size_t length)
{
    const uint8_t *p = data;
    for (size_t i = 0; length <= size && i <= size - length; i++) {
        const uint8_t *hit = memchr(p + i, bytes[0], size - length - i + 1);
        if (!hit)
            return false;
        i = (size_t)(hit - p);
        if (memcmp(hit, bytes, length) == 0)
            return true;
    }
    return false;
}

static bool begins_with(const struct mapping *map, const char *bytes, size_t length)
{
    return map->size >= length && memcmp(map->data, bytes, length) == 0;
}

/* ---- zip archives ---- */

/* The part of a member's name behind the first folder: torch's archives keep everything in one. */
static const char *inner_name(const struct zip_member *member)
{
    const char *slash = strchr(member->name, '/');
    return slash ? slash + 1 : member->name;
}

static const struct zip_member *find_inner(const struct zip *zip, const char *name)
{
    for (size_t i = 0; i < zip->count; i++)
        if (strcmp(inner_name(&zip->members[i]), name) == 0)
            return &zip->members[i];
    return NULL;
}

static bool any_begins(const struct zip *zip, const char *prefix)
{
    for (size_t i = 0; i < zip->count; i++)
        if (strncmp(zip->members[i].name, prefix, strlen(prefix)) == 0 ||
            strncmp(inner_name(&zip->members[i]), prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

static bool all_end(const struct zip *zip, const char *suffix)
{
    for (size_t i = 0; i < zip->count; i++) {
        size_t length = strlen(zip->members[i].name);
        if (length < strlen(suffix) || strcmp(zip->members[i].name + length - strlen(suffix), suffix) != 0)
            return false;
    }
    return zip->count > 0;
}

/* A pickle names each class that it makes: containers and tensors alone are a state dict. */
static bool is_state_dict(const uint8_t *data, size_t size)
{
    static const char layer[] = "torch.nn.modules", main_module[] = "__main__";
    return !has_bytes(data, size, layer, sizeof layer - 1) &&
           !has_bytes(data, size, main_module, sizeof main_module - 1);
}

static const char state_dict_text[] =
    "a state dict (weights without the network): load it into the network, then " EXPORT;
static const char module_text[] =
    "a pickled module (torch.save), which only Python can load: load it there, then " EXPORT;

static _Noreturn void refuse_zip(const struct mapping *map, const struct zip *zip)
{
    const struct zip_member *pickle = find_inner(zip, "data.pkl");
    if (any_begins(zip, "models/") || find_inner(zip, "serialized_exported_program.json"))
        refuse(map, "a .pt2 archive of torch.export, which is not read yet: " EXPORT " instead");
    if (pickle && pickle->data)
        refuse(map, is_state_dict(pickle->data, pickle->size) ? state_dict_text : module_text);
    if (all_end(zip, ".npy"))
        refuse(map, "NumPy arrays (.npz), no network: " EXPORT);
    if (zip->count > 0 && !strchr(zip->members[0].name, '/'))
        refuse(map, "a zip archive without a TorchScript network (the weights of a PNNX model?): " EXPORT);
    refuse(map, "a zip archive without a TorchScript network: " EXPORT);
}

/* Members are checked here because libtorch does not: a flipped weight would pass. */
static void check_members(const struct mapping *map, const struct zip *zip)
{
    for (size_t i = 0; i < zip->count; i++)
        if (zip->members[i].stored && !zip_check(&zip->members[i]))
            die(STATUS_MALFORMED, (struct place){ .file = map->name },
                "damaged: the bytes of '%s' do not have the checksum that the archive says",
                zip->members[i].name);
}

/* ---- other files ---- */

/* What a file is that begins with certain bytes. */
static const struct magic {
    size_t offset;
    const char *bytes;
    size_t length;
    const char *what;
} magics[] = {
    { 0, "7767517\n", 8, "a PNNX or ncnn .param, which the later stages read: pt2pnnx takes TorchScript" },
    { 0, "\211HDF\r\n", 6, "an HDF5 file (Keras?), no TorchScript: " EXPORT " from PyTorch" },
    { 4, "TFL3", 4, "a TensorFlow Lite model, no TorchScript: " EXPORT " from PyTorch" },
    { 0, "GGUF", 4, "GGUF weights, no network: load them into a PyTorch network, then " EXPORT },
    { 0, "\223NUMPY", 6, "a NumPy array, no network: " EXPORT },
    { 0, "\x1f\x8b", 2, "compressed with gzip: unpack it first" },
};

/* The pickle that torch.save wrote before version 1.6 begins with the pickled number 0x1950a86a20f9469cfc6c. */
static bool is_legacy_pickle(const struct mapping *map)
{
    static const char number[] = "\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.";
    return begins_with(map, "\x80", 1) && map->size > 2 + sizeof number &&
           memcmp(map->data + 2, number, sizeof number - 1) == 0;
}

/* A length in 8 bytes, then JSON. */
static bool is_safetensors(const struct mapping *map)
{
    uint64_t length = 0;
    if (map->size < 10 || map->data[8] != '{')
        return false;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | map->data[i];
    return length >= 2 && length <= map->size - 8;
}

/* A protobuf that begins with ModelProto's ir_version, a small number, and another of its fields. */
static bool is_onnx(const struct mapping *map)
{
    if (map->size < 4 || map->data[0] != 0x08 || map->data[1] == 0 || map->data[1] > 32)
        return false;
    uint8_t field = map->data[2];
    return field == 0x12 || field == 0x1a || field == 0x22 || field == 0x28 || field == 0x32 ||
           field == 0x3a || field == 0x42;
}

static bool is_text(const struct mapping *map)
{
    size_t end = map->size < 4096 ? map->size : 4096;
    for (size_t i = 0; i < end; i++)
        if (map->data[i] < 9 || (map->data[i] > 13 && map->data[i] < 32) || map->data[i] == 127)
            return false;
    return true;
}

static _Noreturn void refuse_other(const struct mapping *map)
{
    if (map->size == 0 && strcmp(map->name, "-") == 0)
        die(STATUS_MALFORMED, nowhere, "nothing came on standard input");
    if (map->size == 0)
        refuse(map, "empty");
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (map->size >= magics[i].offset + magics[i].length &&
            memcmp(map->data + magics[i].offset, magics[i].bytes, magics[i].length) == 0)
            refuse(map, magics[i].what);
    if (is_legacy_pickle(map))
        refuse(map, is_state_dict(map->data, map->size) ? state_dict_text : module_text);
    if (begins_with(map, "\x80", 1) && map->size > 1 && map->data[1] <= 5)
        refuse(map, "a Python pickle, which only Python can load: load it there, then " EXPORT);
    if (is_safetensors(map))
        refuse(map, "safetensors weights, no network: load them into the network, then " EXPORT);
    if (is_onnx(map))
        refuse(map,
               "an ONNX model, which is not read yet: " EXPORT " from the PyTorch network it was made of");
    if (is_text(map))
        refuse(map, "a text file, not a TorchScript archive: " EXPORT);
    refuse(map, "not a TorchScript archive: " EXPORT);
}

struct zip *container_open(struct arena *arena, struct mapping *map)
{
    if (!zip_begins(map, 0))
        refuse_other(map);
    struct zip *zip = zip_read(arena, map, 0);
    bool torchscript = find_inner(zip, "constants.pkl") && any_begins(zip, "code/");
    if (!torchscript)
        refuse_zip(map, zip);
    check_members(map, zip);
    return zip;
}
