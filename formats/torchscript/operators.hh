// operators.hh - libtorch's own operators: what they are called, what they write, running one.
#ifndef FORMATS_TORCHSCRIPT_OPERATORS_HH
#define FORMATS_TORCHSCRIPT_OPERATORS_HH

#include "formats/torchscript/values.hh"

namespace torchscript
{

// The name of an operator without namespace, and without the underscore of those in place.
std::string plain_name(const Node *n);
// Which argument the operator writes to, the first of several; SIZE_MAX: none.
size_t write_argument(const Node *n);
// Runs a node on values, on operands by their hints; false when one is not known, or libtorch refuses.
bool execute(const Node *n, const std::vector<Abstract> &in, Mode mode, std::vector<IValue> &out);

} // namespace torchscript

#endif
