// tensors.hh - what is asked of libtorch's tensors.
#ifndef FORMATS_TORCHSCRIPT_TENSORS_HH
#define FORMATS_TORCHSCRIPT_TENSORS_HH

#include "formats/torchscript/libtorch.hh"

namespace torchscript
{

// What tells tensors apart: storage, offset, sizes, strides, type.
using TensorKey = std::tuple<const void *, int64_t, std::vector<int64_t>, std::vector<int64_t>, int>;
TensorKey tensor_key(const at::Tensor &t);

// Whether it is dense numbers in memory.
bool is_plain(const at::Tensor &t);
// One of its sizes, strides and type on the meta device, which has no numbers.
at::Tensor meta_of(const at::Tensor &t);

} // namespace torchscript

#endif
