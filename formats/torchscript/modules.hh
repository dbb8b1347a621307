// modules.hh - names of the network's classes.
#ifndef FORMATS_TORCHSCRIPT_MODULES_HH
#define FORMATS_TORCHSCRIPT_MODULES_HH

#include "formats/torchscript/libtorch.hh"

namespace torchscript
{

// "__torch__.torch.nn.modules.conv.___torch_mangle_3.Conv2d" without what TorchScript put in.
std::string plain_class(const std::string &qualified);
// Those of the classes that a name means: a whole one, or all with that last part.
std::vector<std::string> classes_meant(const std::set<std::string> &classes, const std::string &given);

} // namespace torchscript

#endif
