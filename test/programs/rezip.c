/* rezip - writes the members of a zip archive into a new one, as the weights of a model: rezip IN.zip OUT.zip */
#include "common/base/report.h"
#include "formats/zip/zip.h"

int main(int argc, char **argv)
{
    struct arena arena;
    report_start(argv[0]);
    if (argc != 3)
        die(STATUS_USAGE, nowhere, "expected two names");
    arena_init(&arena);
    struct mapping *map = mapping_open(argv[1]);
    const struct zip *zip = zip_read(&arena, map, 0);
    struct zip_writer *writer = zip_writer_new(output_open(argv[2]), 0);
    for (size_t i = 0; i < zip->count; i++) {
        const struct zip_member *member = &zip->members[i];
        if (!member->stored || !zip_check(member))
            die(STATUS_MALFORMED, (struct place){ .file = argv[1] }, "'%s' is compressed or damaged",
                member->name);
        zip_writer_add(writer, member->name, member->data, member->size, &member->crc);
    }
    zip_writer_finish(writer);
    outputs_commit(false);
    arena_release(&arena);
    mapping_close(map);
    return 0;
}
