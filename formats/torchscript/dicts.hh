// dicts.hh - finding a key in a dict.
#ifndef FORMATS_TORCHSCRIPT_DICTS_HH
#define FORMATS_TORCHSCRIPT_DICTS_HH

#include "formats/torchscript/values.hh"

namespace torchscript
{

bool is_dict(const Abstract &a);
// Whether two known keys are the same text or integer.
bool same_key(const Abstract &a, const Abstract &b);
// Where the key is among a dict's items; their count: nowhere.
size_t place_of_key(const Abstract &dict, const Abstract &key);

} // namespace torchscript

#endif
