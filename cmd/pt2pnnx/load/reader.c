/* reader.c - see reader.h.
 *
 * The reader says in itself where its libtorch lay when it was built.  Where that is gone, or is not what is wanted, the
 * libraries are opened before it: the dynamic linker then takes those for it. */
#define _GNU_SOURCE /* dladdr(), popen() */

#include "cmd/pt2pnnx/load/reader.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/report.h"
#include "common/command/paths.h"

typedef struct torch_release release_function(void);

struct open_reader {
    torch_reader *read;
    struct torch_release torch;
    char error[2 * PATH_MAX]; /* why there is none; "": there is one */
};

/* ISO C has no cast between the two kinds of pointer. */
static bool take_symbol(void *object, const char *name, void *function, size_t size)
{
    void *symbol = dlsym(object, name);
    memcpy(function, &symbol, size);
    return symbol != NULL;
}

static bool find_object(char *path, size_t room, char *error, size_t error_room)
{
    static const char *const places[] = { "../lib/pnnx/torchscript.so", "../lib/torchscript.so" };
    char *folder = program_folder();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, room, "%s/%s", folder, places[i]);
        if (access(path, R_OK) == 0) {
            free(folder);
            return true;
        }
    }
    snprintf(error, error_room, "it is not built: no '%.4096s' (instead: make, when there is a libtorch)",
             path);
    free(folder);
    return false;
}

/* Opens libtorch in a folder, for what is opened next. */
static bool open_torch(const char *folder)
{
    static const char *const libraries[] = { "libc10.so", "libtorch_cpu.so" };
    char path[PATH_MAX + 64];
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        snprintf(path, sizeof path, "%s/lib/%s", folder, libraries[i]);
        if (!dlopen(path, RTLD_NOW | RTLD_GLOBAL))
            return false;
    }
    return true;
}

/* The folder of the PyTorch of python3, which is asked without importing it. */
static bool python_torch(char *folder, size_t room)
{
    FILE *python = popen("exec python3 -c 'import importlib.util as u; s = u.find_spec(\"torch\"); "
                         "print(s.submodule_search_locations[0] if s else \"\")' 2>/dev/null",
                         "r");
    if (!python)
        return false;
    char *line = fgets(folder, (int)room, python);
    pclose(python);
    if (!line)
        return false;
    folder[strcspn(folder, "\n")] = '\0';
    return folder[0] == '/';
}

static void *open_with(struct open_reader *r, const char *path, const char *torch)
{
    void *object = open_torch(torch) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!object)
        snprintf(r->error, sizeof r->error, "%s", dlerror());
    return object;
}

/* Both releases without their last number, which changes no structure. */
static bool fits(const char *running, const char *built)
{
    const char *dot = strchr(built, '.'), *end = dot ? strchr(dot + 1, '.') : NULL;
    size_t length = end ? (size_t)(end - built) + 1 : strlen(built);
    return !*running || strncmp(running, built, length) == 0;
}

static void *open_object(struct open_reader *r, const char *path)
{
    char torch[PATH_MAX];
    const char *wanted = getenv("PNNX_TORCH");
    if (wanted && *wanted)
        return open_with(r, path, wanted);
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object)
        return object;
    snprintf(r->error, sizeof r->error, "%s", dlerror());
    return python_torch(torch, sizeof torch) ? open_with(r, path, torch) : NULL;
}

static struct open_reader find_reader(void)
{
    struct open_reader r = { .error = "" };
    char path[PATH_MAX + 64];
    release_function *release;
    void *object = NULL;
    if (find_object(path, sizeof path, r.error, sizeof r.error))
        object = open_object(&r, path);
    if (!object)
        return r;
    r.error[0] = '\0';
    if (!take_symbol(object, "torchscript_read", &r.read, sizeof r.read) ||
        !take_symbol(object, "torchscript_release", &release, sizeof release)) {
        snprintf(r.error, sizeof r.error, "'%.512s' is none of this version", path);
        return r;
    }
    r.torch = release();
    if (!fits(r.torch.running, r.torch.built))
        snprintf(r.error, sizeof r.error, "libtorch %s (%.512s) does not fit: the reader was built with %s",
                 r.torch.running, r.torch.path, r.torch.built);
    return r;
}

torch_reader *reader_open(void)
{
    struct open_reader r = find_reader();
    if (r.error[0])
        die(STATUS_IO, nowhere,
            "cannot load the TorchScript reader: %s (instead: PNNX_TORCH=FOLDER, that of a PyTorch or "
            "libtorch "
            "of the release that it was built with, which holds lib)",
            r.error);
    return r.read;
}

void reader_print_version(void)
{
    struct open_reader r = find_reader();
    if (r.error[0])
        printf("no libtorch: %s\n", r.error);
    else
        printf("libtorch %s, %s\n", r.torch.running, r.torch.path);
}
