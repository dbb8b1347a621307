/* reader.h - finding the TorchScript reader and its libtorch. */
#ifndef PT2PNNX_READER_H
#define PT2PNNX_READER_H

#include "formats/torchscript/torchscript.h"

typedef void torch_reader(const struct torch_source *source, const struct torch_sink *sink);

/* Opens the shared object beside the programs, ../lib/pnnx when installed and ../lib in the build folder, with the
 * libtorch in PNNX_TORCH, that which it was built with, or that of the PyTorch of `python3`.  Dies with STATUS_IO when
 * none is found, or none that fits. */
torch_reader *reader_open(void);

/* "libtorch 2.13.0, /usr/lib/libtorch_cpu.so" for --version, or why there is none; status 0 all the same. */
void reader_print_version(void);

#endif
