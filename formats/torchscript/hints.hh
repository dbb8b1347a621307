// hints.hh - hints: the shapes and sizes of operands, as far as they are known before the network runs.
#ifndef FORMATS_TORCHSCRIPT_HINTS_HH
#define FORMATS_TORCHSCRIPT_HINTS_HH

#include "formats/torchscript/values.hh"

namespace torchscript
{

// The calls whose hints nobody has asked for yet, in the order of the network: some change their inputs' shapes in
// place, so all are computed when one is asked for.
struct Journal {
    std::deque<std::shared_ptr<Promise>> open;
    std::shared_ptr<Promise> add(const Node *n, const std::vector<Abstract> &in);
    void settle();
};

// The hints of one call's results; of one result that is a list, of its items.
struct Promise {
    Journal *journal;
    const Node *node;
    std::vector<Abstract> in; // as they were at the call
    bool kept = false;
    bool list = false;
    std::vector<IValue> results;
};

// What is known of the results of a node before it runs: shapes, types, sizes; empty: nothing.
std::vector<IValue> hints(const Node *n, const std::vector<Abstract> &in);

} // namespace torchscript

#endif
