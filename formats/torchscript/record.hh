// record.hh - what the interpreter records of a network, and the delivery hands over.
#ifndef FORMATS_TORCHSCRIPT_RECORD_HH
#define FORMATS_TORCHSCRIPT_RECORD_HH

#include "formats/torchscript/values.hh"

namespace torchscript
{

struct Place {
    std::string file;
    size_t line = 0;
};

struct Scope {
    size_t parent;
    std::string path, class_name;
};

// A call, or a constant tensor that became an operand.
struct Entry {
    std::string type; // empty: a tensor
    std::vector<std::string> keys;
    std::vector<Abstract> arguments; // known numbers and texts, operands, lists, tuples and dicts of these
    bool positional = false;
    std::vector<size_t> results;
    std::vector<std::pair<std::string, at::Tensor>> weights; // with a tensor: its name
    std::vector<IValue> hints;                               // of a module that is kept whole: of its results
    bool own = false;
    size_t scope = 0;
    Place place;
};

struct Input {
    std::string name;
    IValue hint;
};

struct Refusal {
    Place place;
    std::string text;
    bool told;
};

struct Record {
    std::vector<Scope> scopes;
    std::vector<Entry> entries;
    std::unordered_map<size_t, size_t> producer; // operand to entry
    std::unordered_map<size_t, Input> inputs;    // operand to input
    std::vector<Abstract> roots;                 // the arguments of forward; operands in order are the inputs
    std::vector<std::string> root_names;
    std::vector<Refusal> refusals;
    std::vector<std::string> foreign; // classes to keep that are none of the network's
    std::set<std::string> classes;    // of its modules
    Abstract result;
    size_t operands = 0;
    bool by_sizes = false; // sizes of inputs decided something
};

} // namespace torchscript

#endif
