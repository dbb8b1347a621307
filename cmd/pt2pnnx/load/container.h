/* container.h - what kind of file the model is. */
#ifndef PT2PNNX_CONTAINER_H
#define PT2PNNX_CONTAINER_H

#include "formats/mapping.h"
#include "formats/zip/zip.h"

/* The archive when the file is TorchScript, its CRCs checked.  Every other file ends the program with
 * STATUS_MALFORMED and a message that says what it is and how to get TorchScript from it. */
struct zip *container_open(struct arena *arena, struct mapping *map);

#endif
