// libtorch.hh - what the reader takes of C++ and of libtorch: the one file that includes their headers.
//
// They take 11 s to compile, where all of the reader takes 25 s; so the Makefile compiles its files as one.
#ifndef FORMATS_TORCHSCRIPT_LIBTORCH_HH
#define FORMATS_TORCHSCRIPT_LIBTORCH_HH

#include <algorithm>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Version.h>
#include <caffe2/serialize/inline_container.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/api/include/torch/version.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/frontend/error_report.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/runtime/operator.h>
#include <torch/csrc/jit/runtime/symbolic_shape_registry.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/csrc/jit/serialization/import_read.h>
#include <torch/library.h>

namespace torchscript
{

using at::IValue;
using c10::TypeKind;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
namespace prim = c10::prim;

} // namespace torchscript

#endif
