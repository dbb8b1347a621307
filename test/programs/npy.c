/* npy - reads a NumPy array file and writes it: npy IN.npy OUT.npy */
#include "formats/npy.h"
#include "common/base/report.h"

int main(int argc, char **argv)
{
    struct arena arena;
    report_start(argv[0]);
    if (argc != 3)
        die(STATUS_USAGE, nowhere, "expected two names");
    arena_init(&arena);
    struct mapping *map = mapping_open(argv[1]);
    struct npy array = npy_read(&arena, map);
    npy_write(output_open(argv[2]), &array);
    outputs_commit(false);
    arena_release(&arena);
    mapping_close(map);
    return 0;
}
