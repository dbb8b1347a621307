// delivery.hh - handing a record over.
#ifndef FORMATS_TORCHSCRIPT_DELIVERY_HH
#define FORMATS_TORCHSCRIPT_DELIVERY_HH

#include "formats/torchscript/archive.hh"
#include "formats/torchscript/record.hh"
#include "formats/torchscript/torchscript.h"

namespace torchscript
{

// Hands the record to the sink; only refusals when there are any.  `training`: the network was saved in training mode.
void deliver(const Archive &archive, const torch_sink &sink, Record &record, bool training);

} // namespace torchscript

#endif
