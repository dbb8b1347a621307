// torchvision.hh - torchvision's operators.
#ifndef FORMATS_TORCHSCRIPT_TORCHVISION_HH
#define FORMATS_TORCHSCRIPT_TORCHVISION_HH

#include "formats/torchscript/libtorch.hh"

namespace torchscript
{

// Tells libtorch the schemas and shapes of torchvision's operators; those of a library that was loaded stay.
void define_torchvision();

} // namespace torchscript

#endif
