// values.hh - abstract values: what the interpreter knows of a value of the network's graph.
#ifndef FORMATS_TORCHSCRIPT_VALUES_HH
#define FORMATS_TORCHSCRIPT_VALUES_HH

#include "formats/torchscript/libtorch.hh"

namespace torchscript
{

enum class Is {
    unknown, // depends on a branch or loop that nothing decides
    known,   // a number, text, None, object or tensor that depends on no input
    operand, // a result of a recorded call, or an input
    list,
    tuple,
    dict, // items: key, value, key, value ...
    open, // an input that is a list or dict; its items are found as the network asks for them
};

struct Abstract;
struct Promise;
using Items = std::shared_ptr<std::vector<Abstract>>; // shared: Python's lists are references

struct Abstract {
    Is is = Is::unknown;
    IValue value;                     // known: it; operand without a promise: the hint, or None
    std::shared_ptr<Promise> promise; // operand: what computes the hint
    size_t index = 0;                 // and which of its results it is
    size_t number = 0;                // operand: its number; unknown: of the reason, from 1; 0: none
    bool number_only = false;         // operand: a Python number when the network runs, no tensor
    bool whole = false;               // operand: a number that is an integer
    bool sized = false;               // operand: computed from sizes and ranks alone
    bool many = false;                // operand: a list, whose length is unknown
    Items items;

    bool is_tensor() const
    {
        return is == Is::known && value.isTensor();
    }
    bool is_sequence() const
    {
        return is == Is::list || is == Is::tuple;
    }
    // The value, or the hint of an operand.
    const IValue &hint() const;
};

// Values that depend on no input: of libtorch's lists, tuples and dicts those of this file.
Abstract known(IValue value);
// A list, tuple or dict of items.
Abstract sequence(Is is, std::vector<Abstract> items);
// What depends on something that nothing decides; `reason` is the number of a refusal, 0: of none.
Abstract unknown(size_t reason);

// The type inside Optional[...].
c10::TypePtr bare(const c10::TypePtr &type);
// Whether it is of Python's numbers, or None besides.
bool is_number(const c10::TypePtr &type);

// How values become what libtorch's own operators take.
enum class Mode {
    exact, // only known values: the result is known
    hints, // operands by their hints
    meta,  // the same, every tensor with dimensions on the meta device
};

// The value as libtorch's, of a type; false when part of it is not known (has no hint).
bool concrete(const Abstract &a, const c10::TypePtr &wanted, Mode mode, IValue &out);

// Visits every value inside a value; stops when `visit` returns true.
template <typename F> bool any_inside(const Abstract &a, const F &visit)
{
    if (!a.items)
        return visit(a);
    return std::any_of(a.items->begin(), a.items->end(),
                       [&](const Abstract &item) { return any_inside(item, visit); });
}

} // namespace torchscript

#endif
