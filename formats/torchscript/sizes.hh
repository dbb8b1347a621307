// sizes.hh - sizes that are free: what decides branches and loops is tried with several of them.
//
// A network that asks for the rank of an input, or for a size that is given, is decided alike by all sizes that are free; one
// that asks for these is not.
#ifndef FORMATS_TORCHSCRIPT_SIZES_HH
#define FORMATS_TORCHSCRIPT_SIZES_HH

#include "formats/torchscript/record.hh"
#include "formats/torchscript/torchscript.h"

namespace torchscript
{

// The sizes of all inputs.
using Sizes = std::vector<std::vector<int64_t>>;

// Whether some size is free: of an input whose rank is known.
bool has_free_sizes(const torch_source &source);
// Sizes to try for those that are free: the same for the same name, and no two others equal.
std::vector<Sizes> sizes_to_try(const torch_source &source);
// The shapes of the source with these sizes, which live as long.
std::vector<torch_shape> shapes_with(const torch_source &source, const Sizes &sizes);
// Whether both are the same calls of the same arguments.
bool alike(const Record &a, const Record &b);
// Takes the shapes that were tried out of the record: no one gave them.
void forget_sizes(const torch_source &source, Record &record);

} // namespace torchscript

#endif
