// torchscript.cc - the reader of TorchScript archives; the one file of C++.
//
// A static interpreter: it walks the graph of `forward` and of every method and function called from there, with
// an abstract value for each value of the graph.  What is known (attributes, constants, lists, numbers, what can
// be computed from weights alone) is evaluated; what depends on an input is recorded as a call and becomes an
// operand.  So inlining, unrolling, tuples, lists and decided branches need no pass of their own, and each call
// knows the stack of modules and source lines it was made in.
//
// Where input shapes are known, an operand carries a hint: a tensor on the meta device, which has a shape and a
// type but no numbers, or the number that a size has.  Hints decide branches and loops; they are never written, and
// computed only when something asks for one: running every operator on the meta device takes longer than reading.
#include "formats/torchscript.h"

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

#include <dlfcn.h>

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

namespace
{

using at::IValue;
using c10::TypeKind;
using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
namespace prim = c10::prim;

// ---- the archive

// The mapped file, as libtorch reads it.  Remembers which of its buffers were filled from where.
class Archive : public caffe2::serialize::ReadAdapterInterface
{
  public:
    Archive(const uint8_t *data, size_t size) : data_(data), size_(size)
    {
    }

    size_t size() const override
    {
        return size_;
    }

    size_t read(uint64_t position, void *buffer, size_t n, const char *) const override
    {
        if (position >= size_)
            return 0;
        n = std::min<size_t>(n, size_ - position);
        std::memcpy(buffer, data_ + position, n);
        reads_[static_cast<const char *>(buffer)] = position;
        return n;
    }

    // The same `size` bytes inside the mapping, or NULL.  What the log says is only a guess, for a buffer may
    // have been freed, used again or changed since; so the bytes are compared.
    const void *find(const void *bytes, size_t size) const
    {
        const char *address = static_cast<const char *>(bytes);
        auto after = reads_.upper_bound(address);
        if (size == 0 || after == reads_.begin())
            return nullptr;
        auto read = std::prev(after);
        uint64_t offset = read->second + static_cast<uint64_t>(address - read->first);
        if (offset > size_ || size_ - offset < size || std::memcmp(data_ + offset, bytes, size) != 0)
            return nullptr;
        return data_ + offset;
    }

  private:
    const uint8_t *data_;
    size_t size_;
    mutable std::map<const char *, uint64_t> reads_; // buffer to offset in the file
};

// ---- abstract values

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

const IValue &Abstract::hint() const
{
    static const IValue none;
    if (!promise)
        return value;
    if (!promise->kept)
        promise->journal->settle();
    return index < promise->results.size() ? promise->results[index] : none;
}

Abstract known(IValue value);

Abstract sequence(Is is, std::vector<Abstract> items)
{
    Abstract a;
    a.is = is;
    a.items = std::make_shared<std::vector<Abstract>>(std::move(items));
    return a;
}

Abstract known_list(const IValue &value)
{
    std::vector<Abstract> items;
    for (const IValue &item : value.toListRef())
        items.push_back(known(item));
    return sequence(Is::list, std::move(items));
}

Abstract known(IValue value)
{
    std::vector<Abstract> items;
    if (value.isList())
        return known_list(value);
    if (value.isTuple()) {
        for (const IValue &item : value.toTupleRef().elements())
            items.push_back(known(item));
        return sequence(Is::tuple, std::move(items));
    }
    if (value.isGenericDict()) {
        for (const auto &entry : value.toGenericDict()) {
            items.push_back(known(entry.key()));
            items.push_back(known(entry.value()));
        }
        return sequence(Is::dict, std::move(items));
    }
    Abstract a;
    a.is = Is::known;
    a.value = std::move(value);
    return a;
}

Abstract unknown(size_t reason)
{
    Abstract a;
    a.number = reason;
    return a;
}

// The type inside Optional[...].
c10::TypePtr bare(const c10::TypePtr &type)
{
    auto optional = type->cast<c10::OptionalType>();
    return optional ? optional->getElementType() : type;
}

bool is_number(const c10::TypePtr &type)
{
    TypeKind kind = bare(type)->kind();
    return kind == TypeKind::IntType || kind == TypeKind::FloatType || kind == TypeKind::BoolType ||
           kind == TypeKind::NumberType || kind == TypeKind::ComplexType;
}

at::Tensor meta_of(const at::Tensor &t)
{
    return at::empty_strided(t.sizes(), t.strides(), t.options().device(at::kMeta));
}

// How values become what libtorch's own operators take.
enum class Mode {
    exact, // only known values: the result is known
    hints, // operands by their hints
    meta,  // the same, every tensor with dimensions on the meta device
};

bool concrete(const Abstract &a, const c10::TypePtr &wanted, Mode mode, IValue &out);

bool concrete_tensor(const at::Tensor &t, Mode mode, IValue &out)
{
    bool whole = mode == Mode::exact || !t.defined() || t.is_meta() || (mode == Mode::hints && t.dim() == 0);
    out = whole || t.dim() == 0 || t.is_quantized() || t.is_sparse() ? t : meta_of(t);
    return true;
}

bool concrete_single(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
{
    if (a.is != Is::known && (mode == Mode::exact || a.hint().isNone()))
        return false;
    const IValue &value = a.hint();
    if (value.isTensor())
        return concrete_tensor(value.toTensor(), mode, out);
    out = value;
    if (type->kind() == TypeKind::TensorType && value.isScalar())
        out = at::scalar_tensor(value.toScalar(), value.isInt()    ? at::kLong
                                                  : value.isBool() ? at::kBool
                                                                   : at::kDouble);
    return true;
}

bool concrete_list(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
{
    auto list_type = type->cast<c10::ListType>();
    c10::TypePtr element = list_type ? list_type->getElementType() : c10::TypePtr(c10::AnyType::get());
    c10::impl::GenericList list(element);
    for (const Abstract &item : *a.items) {
        IValue value;
        if (!concrete(item, element, mode, value))
            return false;
        list.push_back(std::move(value));
    }
    out = std::move(list);
    return true;
}

bool concrete_tuple(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
{
    auto tuple_type = type->cast<c10::TupleType>();
    std::vector<IValue> values;
    for (size_t i = 0; i < a.items->size(); i++) {
        bool typed = tuple_type && i < tuple_type->elements().size();
        IValue value;
        if (!concrete((*a.items)[i], typed ? tuple_type->elements()[i] : c10::AnyType::get(), mode, value))
            return false;
        values.push_back(std::move(value));
    }
    out = c10::ivalue::Tuple::create(std::move(values));
    return true;
}

bool concrete_dict(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
{
    auto dict_type = type->cast<c10::DictType>();
    if (!dict_type)
        return false;
    c10::impl::GenericDict dict(dict_type->getKeyType(), dict_type->getValueType());
    for (size_t i = 0; i + 1 < a.items->size(); i += 2) {
        IValue key, value;
        if (!concrete((*a.items)[i], dict_type->getKeyType(), mode, key) ||
            !concrete((*a.items)[i + 1], dict_type->getValueType(), mode, value))
            return false;
        dict.insert_or_assign(std::move(key), std::move(value));
    }
    out = std::move(dict);
    return true;
}

// The value as libtorch's, of a type; false when part of it is not known (has no hint).
bool concrete(const Abstract &a, const c10::TypePtr &wanted, Mode mode, IValue &out)
{
    c10::TypePtr type = bare(wanted);
    switch (a.is) {
    case Is::known:
    case Is::operand: return concrete_single(a, type, mode, out);
    case Is::list: return concrete_list(a, type, mode, out);
    case Is::tuple: return concrete_tuple(a, type, mode, out);
    case Is::dict: return concrete_dict(a, type, mode, out);
    default: return false;
    }
}

// Visits every value inside a value; stops when `visit` returns true.
template <typename F> bool any_inside(const Abstract &a, const F &visit)
{
    if (!a.items)
        return visit(a);
    return std::any_of(a.items->begin(), a.items->end(),
                       [&](const Abstract &item) { return any_inside(item, visit); });
}

// ---- what is recorded

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
};

const char *dtype_text(int64_t number)
{
    static const char *const names[] = { "uint8", "int8",   "short",     "int",       "long",       "half",
                                         "float", "double", "complex32", "complex64", "complex128", "bool",
                                         "qint8", "quint8", "qint32",    "bfloat16" };
    return number >= 0 && number < 16 ? names[number] : nullptr;
}

const char *memory_format_text(int64_t number)
{
    static const char *const names[] = { "contiguous_format", "preserve_format", "channels_last",
                                         "channels_last_3d" };
    return number >= 0 && number < 4 ? names[number] : nullptr;
}

// ---- source lines

// "/home/u/net.py(31): forward": a line of the stack that tracing records, innermost first.
bool parse_frame(const std::string &line, Place &out)
{
    size_t close = line.rfind("): ");
    size_t open = close == std::string::npos ? close : line.rfind('(', close);
    if (open == std::string::npos || open == 0 || close - open < 2 || close - open > 10)
        return false;
    size_t number = 0;
    for (size_t i = open + 1; i < close; i++) {
        if (line[i] < '0' || line[i] > '9')
            return false;
        number = number * 10 + static_cast<size_t>(line[i] - '0');
    }
    out.file = line.substr(0, open);
    out.line = number;
    return true;
}

bool is_torch_file(const std::string &file)
{
    for (const char *part : { "-packages/torch/", "/torch/nn/", "/torch/_", "/torch/functional.py",
                              "/torch/jit/", "/torch/utils/" })
        if (file.find(part) != std::string::npos)
            return true;
    return false;
}

// The Python lines behind a range, innermost first: one for scripted code, the whole stack for traced.
std::vector<Place> frames_of(const torch::jit::SourceRange &range)
{
    std::vector<Place> frames;
    auto origin = range.findSourceRangeThatGenerated();
    if (!origin || !origin->source())
        return frames;
    std::string text = origin->source()->text_str().str();
    for (size_t start = 0; start < text.size();) {
        size_t end = std::min(text.find('\n', start), text.size());
        Place place;
        if (!parse_frame(text.substr(start, end - start), place))
            break;
        frames.push_back(place);
        start = end + 1;
    }
    auto where = origin->file_line_col();
    if (frames.empty() && where)
        frames.push_back({ std::get<0>(*where), std::get<1>(*where) });
    return frames;
}

// "__torch__.torch.nn.modules.conv.___torch_mangle_3.Conv2d" without what TorchScript put in.
std::string plain_class(const std::string &qualified)
{
    std::string out;
    for (size_t start = 0; start < qualified.size();) {
        size_t end = std::min(qualified.find('.', start), qualified.size());
        std::string part = qualified.substr(start, end - start);
        if (part.compare(0, 16, "___torch_mangle_") != 0 && !(start == 0 && part == "__torch__"))
            out += (out.empty() ? "" : ".") + part;
        start = end + 1;
    }
    return out;
}

// ---- the interpreter

// Thrown to start over, when a tensor that was taken for a constant turns out to be written to.
struct Restart {
};

// What the interpreter finds out in one attempt and needs in the next.
struct Frozen {
    std::unordered_set<const void *> storages; // of parameters and constants
    std::unordered_set<size_t> steps;          // that made a tensor
};

using Frame = std::unordered_map<const torch::jit::Value *, Abstract>;

class Interpreter
{
  public:
    Interpreter(const torch_source &source, torch::jit::Module module, IValue examples, Frozen &frozen);
    // Walks forward; throws Restart.
    void run();

    Record record;

  private:
    using Handler = bool (Interpreter::*)(const Node *, std::vector<Abstract> &);
    static const std::unordered_map<std::string, Handler> &handlers();

    // The network's inputs.
    std::string path_at_call(const c10::ivalue::Object &module, const std::string &first) const;
    void name_tensors(const c10::intrusive_ptr<c10::ivalue::Object> &object, const std::string &path);
    void choose_classes();
    Abstract input(const std::string &name, const c10::TypePtr &type, const IValue *example);
    Abstract input_tuple(const std::string &name, const std::vector<c10::TypePtr> &types,
                         const IValue *example);
    Abstract input_like(const std::string &name, const IValue &example);
    Abstract input_open(const std::string &name);
    IValue next_shape(const IValue *example);
    std::vector<Abstract> forward_arguments(const torch::jit::Method &forward);

    // Control flow.
    std::vector<Abstract> run_graph(const Graph &graph, std::vector<Abstract> arguments);
    void run_block(const Block *block, Frame &frame);
    void run_node(const Node *n, Frame &frame);
    void run_if(const Node *n, Frame &frame);
    void run_loop(const Node *n, Frame &frame);
    bool iterate(const Node *n, Frame &frame, std::vector<Abstract> &carried, const Abstract &limit,
                 Abstract go);
    void undecided(const Node *n, Frame &frame, const Abstract &condition, const char *what);
    std::string shapeless(const Abstract &a, size_t depth) const;
    std::vector<Abstract> call_method(const Node *n, const std::vector<Abstract> &in);
    std::vector<Abstract> call_function(const Node *n, const std::vector<Abstract> &in);
    std::vector<Abstract> call(torch::jit::Function &function, std::vector<Abstract> arguments,
                               const Node *at);
    std::vector<Abstract> keep_module(const Node *n, const std::vector<Abstract> &in);
    Abstract kept_result(const Abstract &a, size_t entry);
    bool decided(const Abstract &a, bool &out) const;

    // Operators.  A handler returns false when it leaves the node to the general way.
    void run_operator(const Node *n, std::vector<Abstract> &in, Frame &frame);
    bool fold(const Node *n, const std::vector<Abstract> &in, std::vector<Abstract> &out);
    std::vector<Abstract> emit(const Node *n, const std::vector<Abstract> &in);
    Entry entry_of(const Node *n, const std::vector<Abstract> &in);
    Abstract result_of(const Node *n, size_t index, const std::shared_ptr<Promise> &promise, size_t entry);
    std::vector<Abstract> take_apart(const Abstract &list, size_t count, const Node *at);

    bool constant(const Node *n, std::vector<Abstract> &v);
    bool get_attribute(const Node *n, std::vector<Abstract> &v);
    bool set_attribute(const Node *n, std::vector<Abstract> &v);
    bool create_object(const Node *n, std::vector<Abstract> &v);
    bool list_construct(const Node *n, std::vector<Abstract> &v);
    bool tuple_construct(const Node *n, std::vector<Abstract> &v);
    bool dict_construct(const Node *n, std::vector<Abstract> &v);
    bool unpack(const Node *n, std::vector<Abstract> &v);
    bool item(const Node *n, std::vector<Abstract> &v);
    bool slice(const Node *n, std::vector<Abstract> &v);
    bool append(const Node *n, std::vector<Abstract> &v);
    bool extend(const Node *n, std::vector<Abstract> &v);
    bool insert(const Node *n, std::vector<Abstract> &v);
    bool pop(const Node *n, std::vector<Abstract> &v);
    bool clear(const Node *n, std::vector<Abstract> &v);
    bool reverse(const Node *n, std::vector<Abstract> &v);
    bool set_item(const Node *n, std::vector<Abstract> &v);
    bool add_lists(const Node *n, std::vector<Abstract> &v);
    bool copy_list(const Node *n, std::vector<Abstract> &v);
    bool length(const Node *n, std::vector<Abstract> &v);
    bool contains(const Node *n, std::vector<Abstract> &v);
    bool keys(const Node *n, std::vector<Abstract> &v);
    bool values(const Node *n, std::vector<Abstract> &v);
    bool items(const Node *n, std::vector<Abstract> &v);
    bool same(const Node *n, std::vector<Abstract> &v);
    bool is_none(const Node *n, std::vector<Abstract> &v);
    bool is_not_none(const Node *n, std::vector<Abstract> &v);
    bool to_int(const Node *n, std::vector<Abstract> &v);
    bool size(const Node *n, std::vector<Abstract> &v);
    bool fixed(const Node *n, std::vector<Abstract> &v);
    bool device(const Node *n, std::vector<Abstract> &v);
    bool nothing(const Node *n, std::vector<Abstract> &v);
    bool no(const Node *n, std::vector<Abstract> &v);
    bool fork(const Node *n, std::vector<Abstract> &v);
    bool convert(const Node *n, std::vector<Abstract> &v);
    bool is_instance(const Node *n, std::vector<Abstract> &v);
    bool to_list(const Node *n, std::vector<Abstract> &v);
    bool make_dict(const Node *n, std::vector<Abstract> &v);
    bool get(const Node *n, std::vector<Abstract> &v);
    bool set_default(const Node *n, std::vector<Abstract> &v);
    bool update(const Node *n, std::vector<Abstract> &v);
    bool remove(const Node *n, std::vector<Abstract> &v);
    bool raise(const Node *n, std::vector<Abstract> &v);

    // Tensors.
    Abstract tensor(const at::Tensor &made, const Node *maker);
    Abstract operand(const Abstract &a, const Node *at);
    Abstract operands(const Abstract &a);
    size_t tensor_operand(const at::Tensor &t, const Node *at);
    Abstract argument(const Abstract &a, const c10::Argument &formal, const Node *n,
                      const std::vector<Abstract> &all);
    Abstract argument_known(const Abstract &a, const c10::Argument &formal, const Node *n,
                            const std::vector<Abstract> &all);
    Abstract number_to_tensor(const Abstract &a, const Node *at);
    Abstract record_call(const char *type, std::vector<std::pair<const char *, Abstract>> arguments,
                         const Node *at);
    Abstract quantized(const at::Tensor &t, const Node *at);
    bool packed(const IValue &object, const Node *at, Abstract &out);
    void note_read(const IValue &value);
    void freeze(const at::Tensor &t);
    size_t result(size_t entry);

    // Scopes, places, reasons.
    const std::vector<Place> &frames_at(const Node *n);
    Place place_of(const Node *n);
    size_t refuse(const Node *n, const std::string &text, bool now);
    void tell(const Abstract &a);
    std::string scope_text() const;

    struct Origin {
        bool parameter; // or a constant of the archive
        size_t step;
        bool emitted; // it is an operand already, so the network may not change it any more
    };
    using Key = std::tuple<const void *, int64_t, std::vector<int64_t>, std::vector<int64_t>, int>;

    const torch_source &source_;
    torch::jit::Module module_;
    IValue examples_; // what the network was traced with: a list, or None
    Frozen &frozen_;
    std::unordered_map<const Node *, std::vector<Place>> frames_;
    std::unordered_map<const void *, std::string> object_paths_;
    std::map<Key, std::string> tensor_names_;
    std::map<Key, size_t> tensor_operands_;
    std::unordered_map<const void *, Origin> origins_;    // by storage
    std::unordered_map<const void *, Entry> recipes_;     // tensors made by zeros() and the like: the call
    std::unordered_map<const void *, std::string> kinds_; // what computed a folded tensor, by storage
    std::map<std::pair<const void *, std::string>, Abstract> attributes_; // set by the network itself
    std::unordered_set<const void *> read_;            // attributes that the network asked for
    std::set<std::string> kept_;                       // classes of the modules that stay one call
    std::vector<at::Tensor> alive_;                    // so that addresses stay unique
    std::vector<const Node *> calls_;                  // the stack of calls
    std::vector<size_t> scopes_;                       // and of module invocations
    std::vector<const c10::ivalue::Object *> modules_; // whose they are
    std::vector<IValue> shapes_;                       // hints for the inputs that are still to come
    std::shared_ptr<Journal> journal_ = std::make_shared<Journal>(); // shared with copies
    size_t step_ = 0;
};

constexpr size_t max_depth = 300, max_steps = 20000000, max_trips = 100000;
constexpr int64_t max_creation = 1 << 22, max_growth = 1 << 16;

Interpreter::Interpreter(const torch_source &source, torch::jit::Module module, IValue examples,
                         Frozen &frozen)
    : source_(source), module_(std::move(module)), examples_(std::move(examples)), frozen_(frozen)
{
}

// ---- tensors

std::tuple<const void *, int64_t, std::vector<int64_t>, std::vector<int64_t>, int> key_of(const at::Tensor &t)
{
    return { t.storage().unsafeGetStorageImpl(), t.storage_offset(), t.sizes().vec(), t.strides().vec(),
             static_cast<int>(t.scalar_type()) };
}

bool is_plain(const at::Tensor &t)
{
    return t.defined() && t.layout() == at::kStrided && !t.is_quantized() && !t.is_meta();
}

// Names of all parameters and buffers, and paths of all modules; the first path of what has several.
void Interpreter::name_tensors(const c10::intrusive_ptr<c10::ivalue::Object> &object, const std::string &path)
{
    if (!object_paths_.emplace(object.get(), path).second || path.size() > 4096)
        return;
    auto type = object->type();
    if (type->is_module() && !path.empty())
        record.classes.insert(plain_class(type->name()->qualifiedName()));
    for (size_t i = 0; i < type->numAttributes(); i++) {
        const IValue &value = object->getSlot(i);
        std::string name = path + (path.empty() ? "" : ".") + type->getAttributeName(i);
        if (value.isTensor() && is_plain(value.toTensor()))
            tensor_names_.emplace(key_of(value.toTensor()), name);
        else if (value.isObject())
            name_tensors(value.toObject(), name);
    }
}

std::vector<std::string> classes_meant(const std::set<std::string> &classes, const std::string &given)
{
    if (classes.count(given))
        return { given };
    std::vector<std::string> out;
    for (const std::string &name : classes)
        if (name.size() > given.size() && name[name.size() - given.size() - 1] == '.' &&
            name.compare(name.size() - given.size(), std::string::npos, given) == 0)
            out.push_back(name);
    return out;
}

void Interpreter::choose_classes()
{
    for (size_t i = 0; i < source_.module_class_count; i++) {
        std::vector<std::string> meant = classes_meant(record.classes, source_.module_classes[i]);
        if (meant.size() == 1)
            kept_.insert(meant[0]);
        else
            record.foreign.push_back(source_.module_classes[i]);
    }
}

// A tensor that is known: an attribute or constant when `maker` is NULL, else what that node computed.  It is an
// operand at once when the network is known to write to it.
Abstract Interpreter::tensor(const at::Tensor &made, const Node *maker)
{
    if (!is_plain(made))
        return known(made);
    // Only the constant itself counts as a number, not what is computed of it.
    at::Tensor t = maker && made.unsafeGetTensorImpl()->is_wrapped_number() ? made.clone() : made;
    const void *storage = t.storage().unsafeGetStorageImpl();
    alive_.push_back(t);
    origins_.emplace(storage, Origin{ maker == nullptr, step_, false });
    if (maker)
        kinds_.emplace(storage, maker->kind().toUnqualString());
    Abstract a = known(t);
    return frozen_.storages.count(storage) ? operand(a, maker) : a;
}

void Interpreter::freeze(const at::Tensor &t)
{
    const void *storage = t.storage().unsafeGetStorageImpl();
    auto origin = origins_.find(storage);
    if (origin == origins_.end() || origin->second.parameter)
        frozen_.storages.insert(storage);
    else
        frozen_.steps.insert(origin->second.step);
    throw Restart();
}

size_t Interpreter::result(size_t entry)
{
    size_t number = record.operands++;
    record.entries[entry].results.push_back(number);
    record.producer[number] = entry;
    return number;
}

// The number of the operand that is this tensor: one for each tensor, so tied parameters are one.
size_t Interpreter::tensor_operand(const at::Tensor &t, const Node *at)
{
    Key key = key_of(t);
    auto found = tensor_operands_.find(key);
    if (found != tensor_operands_.end())
        return found->second;
    const void *storage = t.storage().unsafeGetStorageImpl();
    Entry entry;
    auto recipe = recipes_.find(t.unsafeGetTensorImpl());
    auto name = tensor_names_.find(key);
    if (recipe != recipes_.end() && t._version() == 0)
        entry = recipe->second;
    else {
        auto kind = kinds_.find(storage);
        entry.own = name != tensor_names_.end();
        entry.weights.emplace_back(entry.own              ? name->second
                                   : kind == kinds_.end() ? "tensor"
                                                          : kind->second,
                                   t);
        entry.scope = scopes_.back();
        if (at)
            entry.place = place_of(at);
    }
    record.entries.push_back(std::move(entry));
    auto origin = origins_.find(storage);
    if (origin != origins_.end())
        origin->second.emitted = true;
    return tensor_operands_[key] = result(record.entries.size() - 1);
}

// The same with every tensor in it an operand.
Abstract Interpreter::operands(const Abstract &a)
{
    if (!a.items)
        return operand(a, nullptr);
    std::vector<Abstract> items;
    for (const Abstract &item : *a.items)
        items.push_back(operands(item));
    return sequence(a.is, std::move(items));
}

Abstract Interpreter::operand(const Abstract &a, const Node *at)
{
    if (!a.is_tensor())
        return a;
    const at::Tensor &t = a.value.toTensor();
    if (!t.defined())
        return known(IValue());
    if (t.is_quantized())
        return quantized(t, at);
    if (!is_plain(t)) {
        refuse(at, "a tensor that is not dense, which PNNX cannot hold", true);
        return unknown(0);
    }
    Abstract out;
    out.is = Is::operand;
    out.number = tensor_operand(t, at);
    out.value = t.dim() == 0 ? t : meta_of(t);
    return out;
}

// ---- places, reasons

// frames_of() is slow, and the calls around an operator are asked for again and again.
const std::vector<Place> &Interpreter::frames_at(const Node *n)
{
    auto found = frames_.find(n);
    return found != frames_.end() ? found->second : frames_[n] = frames_of(n->sourceRange());
}

Place Interpreter::place_of(const Node *n)
{
    Place first;
    std::vector<const Node *> stack(calls_.rbegin(), calls_.rend());
    stack.insert(stack.begin(), n);
    for (const Node *node : stack)
        for (const Place &frame : frames_at(node)) {
            if (!is_torch_file(frame.file))
                return frame;
            if (first.file.empty())
                first = frame;
        }
    return first;
}

std::string Interpreter::scope_text() const
{
    const Scope &scope = record.scopes[scopes_.back()];
    std::string out = scope.path.empty() ? "the network" : "module '" + scope.path + "'";
    return out + " (" + scope.class_name + ")";
}

// Remembers why something cannot be expressed; said now, or when something that matters needs it.  Returns the
// number of the reason.
size_t Interpreter::refuse(const Node *n, const std::string &text, bool now)
{
    record.refusals.push_back({ n ? place_of(n) : Place(), text + ", in " + scope_text(), now });
    return record.refusals.size();
}

// What is unknown in a value is needed: its reasons are said.
void Interpreter::tell(const Abstract &a)
{
    any_inside(a, [&](const Abstract &item) {
        if (item.is == Is::unknown && item.number > 0)
            record.refusals[item.number - 1].told = true;
        return false;
    });
}

// ---- running libtorch's own operators

// The name of an operator without namespace, and without the underscore of those in place.
std::string plain_name(const Node *n)
{
    std::string name = n->kind().toUnqualString();
    if (name.size() > 1 && name.back() == '_' && name[name.size() - 2] != '_')
        name.pop_back();
    return name;
}

size_t write_argument(const Node *n)
{
    const c10::FunctionSchema *schema = n->maybeSchema();
    if (schema)
        for (size_t i = 0; i < schema->arguments().size(); i++)
            if (schema->arguments()[i].alias_info() && schema->arguments()[i].alias_info()->isWrite())
                return i;
    return SIZE_MAX;
}

bool execute(const Node *n, const std::vector<Abstract> &in, Mode mode, std::vector<IValue> &out)
{
    const c10::FunctionSchema *schema = n->maybeSchema();
    if ((schema && schema->is_vararg()) || n->blocks().size() > 0)
        return false;
    torch::jit::Stack stack;
    for (size_t i = 0; i < in.size(); i++) {
        IValue value;
        if (!concrete(in[i], n->input(i)->type(), mode, value))
            return false;
        stack.push_back(std::move(value));
    }
    try {
        n->getOperation()(stack);
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return false;
    }
    out.assign(stack.begin(), stack.end());
    return out.size() == n->outputs().size();
}

int64_t elements(const IValue &value)
{
    return value.isTensor() && value.toTensor().defined() ? value.toTensor().numel() : 0;
}

bool is_creation(const Node *n, const std::vector<Abstract> &in)
{
    bool makes = n->outputs().size() == 1 && n->output()->type()->kind() == TypeKind::TensorType;
    return makes && std::none_of(in.begin(), in.end(), [](const Abstract &a) {
               return any_inside(a, [](const Abstract &item) { return item.is_tensor(); });
           });
}

// zeros((100000, 100000)) is not tried.
bool is_huge(const std::vector<Abstract> &in)
{
    for (const Abstract &a : in) {
        double product = 1;
        any_inside(a, [&](const Abstract &item) {
            if (item.is == Is::known && item.value.isScalar() && !item.value.isComplexDouble())
                product *= std::max(1.0, std::abs(item.value.toScalar().toDouble()));
            return false;
        });
        if (product > static_cast<double>(max_creation))
            return true;
    }
    return false;
}

bool has_recipe(const Node *n)
{
    static const std::set<std::string> names = { "aten::zeros",   "aten::ones", "aten::full",
                                                 "aten::empty",   "aten::eye",  "aten::arange",
                                                 "aten::linspace" };
    return names.count(n->kind().toQualString()) > 0;
}

// Computes a node whose inputs are all known.  A result that would be much larger than what it comes from is left
// to the later stages.
bool Interpreter::fold(const Node *n, const std::vector<Abstract> &in, std::vector<Abstract> &out)
{
    if (frozen_.steps.count(step_) || n->isNondeterministic() || n->hasSideEffects())
        return false;
    bool known_all = std::none_of(in.begin(), in.end(), [](const Abstract &a) {
        return any_inside(a, [](const Abstract &item) { return item.is != Is::known; });
    });
    if (!known_all)
        return false;
    bool creation = is_creation(n, in);
    if (creation && is_huge(in))
        return false;
    size_t written = write_argument(n);
    if (written != SIZE_MAX && in[written].is_tensor()) {
        auto origin = origins_.find(in[written].value.toTensor().storage().unsafeGetStorageImpl());
        if (origin == origins_.end() || origin->second.parameter || origin->second.emitted)
            freeze(in[written].value.toTensor());
    }
    std::vector<IValue> results;
    if (!execute(n, in, Mode::exact, results))
        return false;
    int64_t before = 0, after = 0;
    for (const Abstract &a : in)
        before += a.is == Is::known ? elements(a.value) : 0;
    for (const IValue &value : results)
        after += elements(value);
    if (!creation && written == SIZE_MAX && after > max_growth && after > 4 * before && before > 0)
        return false;
    for (const IValue &value : results) {
        out.push_back(value.isTensor() ? tensor(value.toTensor(), n) : known(value));
        if (value.isList())
            for (const Abstract &item : *out.back().items)
                if (item.is_tensor())
                    tensor(item.value.toTensor(), n);
    }
    if (creation && has_recipe(n) && out[0].is_tensor()) {
        if (n->kind() == c10::Symbol::fromQualString("aten::empty"))
            out[0].value.toTensor().zero_(); // what an uninitialised tensor holds must not show
        else
            recipes_[out[0].value.toTensor().unsafeGetTensorImpl()] = entry_of(n, in);
    }
    return true;
}

// A result for the meta device: what is small stays a number.
IValue weigh(IValue value)
{
    if (value.isTensor() && value.toTensor().defined() && value.toTensor().dim() > 0 &&
        !value.toTensor().is_meta() && is_plain(value.toTensor()))
        return meta_of(value.toTensor());
    return value;
}

// The shape of a padded tensor and of a spread along axes: what the meta device has of the mode with zeros, and of sums.
std::vector<IValue> stand_in_hints(const Node *n, const std::vector<Abstract> &in, const at::Tensor &x)
{
    static const std::set<std::string> pads = { "pad", "reflection_pad2d" };
    static const std::set<std::string> spreads = { "std", "var" };
    bool pad = pads.count(plain_name(n)) > 0, spread = spreads.count(plain_name(n)) > 0 && in.size() == 4;
    IValue list, keep;
    if ((!pad && !spread) || in.size() < 2 || !concrete(in[1], n->input(1)->type(), Mode::meta, list) ||
        !list.isIntList() || (spread && !concrete(in[3], n->input(3)->type(), Mode::meta, keep)))
        return {};
    at::Tensor like = at::empty(x.sizes(), x.options().device(at::kMeta));
    try {
        return { pad ? at::constant_pad_nd(like, list.toIntVector())
                     : at::sum(like, list.toIntVector(), keep.toBool(), x.scalar_type()) };
    } catch (const std::exception &) {
        return {};
    }
}

// Attention: a row for each query; of the call with projections also the weights, where they are wanted.
std::vector<IValue> attention_hints(const Node *n, const std::vector<Abstract> &in, const at::Tensor &x)
{
    auto empty = [&](std::vector<int64_t> sizes) { return at::empty(sizes, x.options().device(at::kMeta)); };
    std::vector<int64_t> sizes = x.sizes().vec();
    bool called = plain_name(n) == "scaled_dot_product_attention";
    if (in.size() < 3 || sizes.size() < 2 || !in[1].hint().isTensor() || !in[2].hint().isTensor())
        return {};
    if (called) {
        sizes.back() = in[2].hint().toTensor().size(-1);
        return { empty(sizes) };
    }
    bool wanted = in.size() > 11 && in[10].value.isBool() && in[10].value.toBool();
    if (sizes.size() != 3 || in[1].hint().toTensor().dim() != 3)
        return {};
    std::vector<int64_t> weights = { sizes[0], sizes[1], in[1].hint().toTensor().size(1) };
    if (wanted && in[11].value.isBool() && !in[11].value.toBool())
        weights.insert(weights.begin() + 1, in[4].value.isInt() ? in[4].value.toInt() : 1);
    return { empty(sizes), wanted ? IValue(empty(weights)) : IValue() };
}

// Hints for some operators that neither the meta device nor libtorch's table of shape functions has.
std::vector<IValue> table_hints(const Node *n, const std::vector<Abstract> &in)
{
    static const std::set<std::string> alike = { "group_norm",    "instance_norm",
                                                 "dropout",       "feature_dropout",
                                                 "alpha_dropout", "_transformer_encoder_layer_fwd" };
    static const std::set<std::string> recurrent = { "lstm", "gru", "rnn_tanh", "rnn_relu" };
    if (in.empty() || !n->kind().is_aten() || !in[0].hint().isTensor())
        return {};
    const at::Tensor &x = in[0].hint().toTensor();
    if (alike.count(plain_name(n)))
        return { x };
    if (plain_name(n) == "scaled_dot_product_attention" || plain_name(n) == "_native_multi_head_attention")
        return attention_hints(n, in, x);
    bool batched = recurrent.count(plain_name(n)) && in.size() == 9;
    if (!batched || !in[7].value.isBool())
        return stand_in_hints(n, in, x);
    std::vector<IValue> out;
    bool pair = in[1].items != nullptr;
    for (const Abstract &state : pair ? *in[1].items : std::vector<Abstract>{ in[1] })
        out.push_back(state.hint());
    if (!out[0].isTensor() || x.dim() == 0)
        return {};
    std::vector<int64_t> sizes = x.sizes().vec();
    sizes.back() = out[0].toTensor().size(-1) * (in[7].value.toBool() ? 2 : 1);
    out.insert(out.begin(), at::empty(sizes, x.options().device(at::kMeta)));
    return out;
}

// The same from libtorch's table of shape functions, for operators that the meta device does not have.
std::vector<IValue> shape_hints(const Node *n, const std::vector<Abstract> &in)
{
    const c10::FunctionSchema *schema = n->maybeSchema();
    auto graph = schema ? torch::jit::shapeComputeGraphForSchema(*schema)
                        : decltype(torch::jit::shapeComputeGraphForSchema(*schema))();
    if (!graph || n->outputs().size() != 1)
        return {};
    torch::jit::Stack stack;
    auto type = at::kFloat;
    bool typed = false;
    for (size_t i = 0; i < std::min(in.size(), (*graph)->inputs().size()); i++) {
        IValue value;
        if (!concrete(in[i], n->input(i)->type(), Mode::meta, value))
            return {};
        if (value.isTensor()) {
            type = typed ? type : value.toTensor().scalar_type();
            typed = true;
            value = value.toTensor().sizes().vec();
        }
        stack.push_back(std::move(value));
    }
    try {
        torch::jit::GraphFunction function("shape", (*graph)->copy(), nullptr);
        function.run(stack);
        if (stack.size() == 1 && stack[0].isIntList())
            return { at::empty(stack[0].toIntVector(), at::TensorOptions(at::kMeta).dtype(type)) };
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return {};
    }
    return {};
}

// What is known of the results of a node before it runs: shapes, types, sizes.
std::vector<IValue> hints(const Node *n, const std::vector<Abstract> &in)
{
    std::vector<IValue> out;
    for (const Abstract &a : in)
        if (any_inside(a,
                       [](const Abstract &item) { return item.is == Is::operand && item.hint().isNone(); }))
            return {};
    if (n->isNondeterministic() || (!execute(n, in, Mode::hints, out) && !execute(n, in, Mode::meta, out)))
        out = table_hints(n, in);
    if (out.empty())
        out = shape_hints(n, in);
    for (IValue &value : out)
        value = weigh(std::move(value));
    return out;
}

// A copy that later changes of lists and counters do not reach.
Abstract as_now(const Abstract &a)
{
    Abstract copy = a;
    if (a.items) {
        copy.items = std::make_shared<std::vector<Abstract>>();
        for (const Abstract &item : *a.items)
            copy.items->push_back(as_now(item));
    }
    if (a.is_tensor() && a.value.toTensor().defined() && a.value.toTensor().dim() == 0) {
        copy.value = a.value.toTensor().clone();
        copy.value.toTensor().unsafeGetTensorImpl()->set_wrapped_number(
            a.value.toTensor().unsafeGetTensorImpl()->is_wrapped_number());
    }
    return copy;
}

std::shared_ptr<Promise> Journal::add(const Node *n, const std::vector<Abstract> &in)
{
    auto promise = std::make_shared<Promise>();
    promise->journal = this;
    promise->node = n;
    for (const Abstract &a : in)
        promise->in.push_back(as_now(a));
    open.push_back(promise);
    return promise;
}

void Journal::settle()
{
    while (!open.empty()) {
        std::shared_ptr<Promise> promise = open.front();
        open.pop_front();
        std::vector<IValue> results = hints(promise->node, promise->in);
        promise->list = results.size() == 1 && results[0].isList();
        if (promise->list) {
            c10::List<IValue> items = results[0].toList();
            results.assign(items.begin(), items.end());
        }
        for (IValue &value : results)
            promise->results.push_back(weigh(std::move(value)));
        promise->kept = true;
        promise->in.clear();
    }
}

// ---- recording a call

// Operators of which Python has a form for two numbers.
bool is_arithmetic(const Node *n)
{
    static const std::set<std::string> names = { "add",          "sub",       "mul", "div", "true_divide",
                                                 "floor_divide", "remainder", "eq",  "ne",  "lt",
                                                 "le",           "gt",        "ge",  "size" };
    return n->kind().is_aten() && names.count(plain_name(n)) > 0;
}

// Operators whose tensor arguments, but for the first, may be numbers in Python.
bool takes_numbers(const Node *n)
{
    static const std::set<std::string> names = {
        "fmod",        "pow",        "rsub",        "__and__",   "__or__",      "__xor__",
        "bitwise_and", "bitwise_or", "bitwise_xor", "where",     "masked_fill", "fill",
        "copy",        "clamp",      "clamp_min",   "clamp_max", "xlogy",
    };
    return is_arithmetic(n) || (n->kind().is_aten() && names.count(plain_name(n)) > 0);
}

// A number as the tensor that an operator without a form for numbers wants.
Abstract Interpreter::number_to_tensor(const Abstract &a, const Node *at)
{
    Entry entry;
    entry.type = "prim::NumToTensor";
    entry.keys = { "a" };
    entry.arguments = { a };
    entry.scope = scopes_.back();
    entry.place = place_of(at);
    record.entries.push_back(std::move(entry));
    Abstract out = a;
    out.number_only = false;
    out.number = result(record.entries.size() - 1);
    return out;
}

// ---- quantized weights

// A call that the network does not make, but that makes what it has.
Abstract Interpreter::record_call(const char *type, std::vector<std::pair<const char *, Abstract>> arguments,
                                  const Node *at)
{
    Entry entry;
    entry.type = type;
    for (const auto &argument : arguments) {
        entry.keys.push_back(argument.first);
        entry.arguments.push_back(argument.second);
    }
    entry.scope = scopes_.back();
    if (at)
        entry.place = place_of(at);
    record.entries.push_back(std::move(entry));
    Abstract out;
    out.is = Is::operand;
    out.number = result(record.entries.size() - 1);
    return out;
}

// A constant quantized tensor: its integers, and what makes it of them.
Abstract Interpreter::quantized(const at::Tensor &t, const Node *at)
{
    Abstract integers = operand(tensor(at::int_repr(t), at), at);
    if (t.qscheme() == at::kPerTensorAffine || t.qscheme() == at::kPerTensorSymmetric)
        return record_call("aten::_make_per_tensor_quantized_tensor",
                           { { "self", integers },
                             { "scale", known(t.q_scale()) },
                             { "zero_point", known(t.q_zero_point()) } },
                           at);
    if (t.qscheme() != at::kPerChannelAffine && t.qscheme() != at::kPerChannelSymmetric) {
        refuse(at,
               "a quantized tensor whose scales are tensors of floats (instead: the network before it was "
               "quantized)",
               true);
        return unknown(0);
    }
    return record_call("aten::_make_per_channel_quantized_tensor",
                       { { "self", integers },
                         { "scale", operand(tensor(t.q_per_channel_scales(), at), at) },
                         { "zero_point", operand(tensor(t.q_per_channel_zero_points(), at), at) },
                         { "axis", known(t.q_per_channel_axis()) } },
                       at);
}

// What one of libtorch's own operators gives of an object.
std::vector<IValue> ask(const std::string &name, const IValue &object)
{
    torch::jit::Stack stack = { object };
    c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), "").callBoxed(&stack);
    return stack;
}

// The packed weights of a quantized layer: unpacked, and packed again by the call that made them.
bool Interpreter::packed(const IValue &object, const Node *at, Abstract &out)
{
    const std::string name = object.type()->repr_str();
    bool linear = name.find("quantized.LinearPackedParamsBase") != std::string::npos;
    size_t conv = name.find("quantized.Conv");
    bool known_kind =
        linear || (conv != std::string::npos && name.find("dPackedParamsBase") != std::string::npos);
    if (!known_kind)
        return false;
    std::string of = linear ? "quantized::linear" : "quantized::conv" + name.substr(conv + 14, 2);
    if (!linear && ask(of + "_transpose", object)[0].toInt() != 0)
        of = "quantized::conv_transpose" + name.substr(conv + 14, 2);
    std::vector<IValue> parts = ask(of + "_unpack", object);
    Abstract bias = known(parts[1]);
    if (bias.is_tensor())
        bias = operand(tensor(parts[1].toTensor(), at), at);
    std::vector<std::pair<const char *, Abstract>> arguments;
    arguments.push_back({ linear ? "W" : "weight", operand(known(parts[0]), at) });
    arguments.push_back({ linear ? "B" : "bias", bias });
    for (const char *key : { "stride", "padding", "output_padding", "dilation", "groups" })
        if (!linear && (std::strcmp(key, "output_padding") != 0 || of.find("transpose") != std::string::npos))
            arguments.push_back({ key, known(ask(of + "_" + key, object)[0]) });
    out = record_call((of + "_prepack").c_str(), std::move(arguments), at);
    return true;
}

// A float64 of rank 0 makes the result of an integer operand float64; a plain number makes it float32.
bool changes_type(const at::Tensor &t, const std::vector<Abstract> &all)
{
    if (t.scalar_type() != at::kDouble || t.unsafeGetTensorImpl()->is_wrapped_number())
        return false;
    return std::any_of(all.begin(), all.end(), [](const Abstract &a) {
        return a.is == Is::operand && a.hint().isTensor() && a.hint().toTensor().dim() > 0 &&
               at::isIntegralType(a.hint().toTensor().scalar_type(), true);
    });
}

bool is_dtype(const c10::Argument &formal)
{
    return bare(formal.real_type())->kind() == TypeKind::ScalarTypeType || formal.name() == "dtype";
}

Abstract Interpreter::argument_known(const Abstract &a, const c10::Argument &formal, const Node *n,
                                     const std::vector<Abstract> &all)
{
    if (a.is_tensor()) {
        const at::Tensor &t = a.value.toTensor();
        bool wants_tensor = bare(formal.type())->kind() == TypeKind::TensorType;
        bool number = is_plain(t) && t.dim() == 0 && (!wants_tensor || takes_numbers(n)) &&
                      write_argument(n) != 0 && !changes_type(t, all);
        if (is_plain(t) && t.dim() == 0 && takes_numbers(n) && &all[0] != &a && !changes_type(t, all))
            number = true;
        return number ? known(IValue(t.item())) : operand(a, n);
    }
    if (a.value.isInt() && is_dtype(formal) && dtype_text(a.value.toInt()))
        return known(std::string("torch.") + dtype_text(a.value.toInt()));
    if (a.value.isInt() && formal.name() == "memory_format" && memory_format_text(a.value.toInt()))
        return known(std::string("torch.") + memory_format_text(a.value.toInt()));
    Abstract weights;
    if (a.value.isObject() && packed(a.value, n, weights))
        return weights;
    if (a.value.isObject() || a.value.isCapsule()) {
        refuse(n,
               "an argument '" + formal.name() + "' of " + n->kind().toQualString() +
                   " that is an object, not a tensor or number (instead: the network before it was quantized "
                   "or packed)",
               true);
        return unknown(0);
    }
    return a;
}

// A value as the argument of a recorded call.
Abstract Interpreter::argument(const Abstract &a, const c10::Argument &formal, const Node *n,
                               const std::vector<Abstract> &all)
{
    if (a.is == Is::known)
        return argument_known(a, formal, n, all);
    bool wants_tensor = bare(formal.type())->kind() == TypeKind::TensorType;
    bool first = !all.empty() && &a == &all[0];
    if (a.number_only && wants_tensor && !is_arithmetic(n) && (first || !takes_numbers(n)))
        return number_to_tensor(a, n);
    if (!a.items)
        return a;
    auto list = bare(formal.type())->cast<c10::ListType>();
    c10::Argument element(formal.name(), list ? list->getElementType() : c10::TypePtr(c10::AnyType::get()));
    std::vector<Abstract> items;
    for (const Abstract &item : *a.items)
        items.push_back(argument(item, element, n, all));
    return sequence(a.is == Is::open ? Is::list : a.is, std::move(items));
}

// Arguments that say where a tensor lives, not what it is.
bool is_dropped(const c10::Argument &formal, const Abstract &a)
{
    static const std::set<std::string> names = { "device", "layout", "pin_memory", "non_blocking" };
    bool none = a.is == Is::known && a.value.isNone();
    return names.count(formal.name()) || (none && (formal.name() == "generator" || formal.kwarg_only()));
}

// Arithmetic on Python numbers has its own overloads, with other argument names: the tensors' are taken.
std::string key_of(const Node *n, const c10::FunctionSchema &schema, const std::string &name)
{
    static const std::set<std::string> conversions = { "aten::Int", "aten::Float", "aten::Bool",
                                                       "aten::Complex" };
    bool scalar = schema.arguments().size() <= 2 && schema.arguments()[0].name() == "a" &&
                  !conversions.count(n->kind().toQualString());
    if (scalar && name == "a")
        return "self";
    return scalar && name == "b" ? (n->kind() == c10::aten::pow ? "exponent" : "other") : name;
}

std::string type_of(const Node *n)
{
    std::string name = n->kind().toQualString();
    return name == "aten::floordiv" ? "aten::floor_divide" : name;
}

Entry Interpreter::entry_of(const Node *n, const std::vector<Abstract> &in)
{
    const c10::FunctionSchema *schema = n->maybeSchema();
    Entry entry;
    entry.type = type_of(n);
    entry.scope = scopes_.back();
    entry.place = place_of(n);
    entry.positional = !schema || schema->is_vararg();
    for (size_t i = 0; i < in.size(); i++) {
        if (entry.positional) {
            entry.arguments.push_back(operand(in[i], n));
            continue;
        }
        const c10::Argument &formal = schema->arguments()[i];
        if (is_dropped(formal, in[i]))
            continue;
        entry.keys.push_back(key_of(n, *schema, formal.name()));
        entry.arguments.push_back(argument(in[i], formal, n, in));
    }
    return entry;
}

bool all_operands(const std::vector<Abstract> &in, bool Abstract::*property)
{
    bool some = false;
    for (const Abstract &a : in)
        if (any_inside(a, [&](const Abstract &item) {
                some = some || item.is == Is::operand;
                return item.is == Is::operand && !(item.*property);
            }))
            return false;
    return some;
}

// Whether a node computes an integer number out of integer numbers.
bool is_whole(const Node *n, const std::vector<Abstract> &in)
{
    static const std::set<std::string> names = { "add", "sub",  "mul", "floor_divide", "floordiv", "div",
                                                 "neg", "rsub", "abs", "remainder",    "clone" };
    std::string name = n->kind().toUnqualString();
    bool rounded = name != "div" || (in.size() == 3 && in[2].is == Is::known && in[2].value.isString());
    if (!n->kind().is_aten() || !names.count(name) || !rounded || !all_operands(in, &Abstract::whole))
        return false;
    return std::none_of(in.begin(), in.end(), [](const Abstract &a) {
        bool real = a.is_tensor() ? a.value.toTensor().is_floating_point() : a.value.isDouble();
        return a.is == Is::known && real;
    });
}

// The number of items in the list that a node gives: what the only reader takes it apart to, or what the hint says.
bool list_length(const Node *n, const Promise &promise, Journal &journal, size_t &count)
{
    const auto &uses = n->output()->uses();
    bool unpacked = uses.size() == 1 && uses[0].user->kind() == prim::ListUnpack;
    if (!unpacked)
        journal.settle();
    count = unpacked ? uses[0].user->outputs().size() : promise.results.size();
    return unpacked || promise.list;
}

// The abstract value of a node's result.
Abstract Interpreter::result_of(const Node *n, size_t index, const std::shared_ptr<Promise> &promise,
                                size_t entry)
{
    c10::TypePtr type = bare(n->output(index)->type());
    if (type->kind() == TypeKind::NoneType)
        return known(IValue());
    if (type->kind() == TypeKind::StringType || type->kind() == TypeKind::DeviceObjType)
        return unknown(0);
    size_t count = 0;
    if (type->kind() == TypeKind::ListType && n->outputs().size() == 1 &&
        list_length(n, *promise, *journal_, count)) {
        std::vector<Abstract> items(count);
        for (size_t i = 0; i < count; i++) {
            items[i].is = Is::operand;
            items[i].promise = promise;
            items[i].index = i;
            items[i].number = result(entry);
        }
        return sequence(Is::list, std::move(items));
    }
    Abstract a;
    a.is = Is::operand;
    a.promise = promise;
    a.index = index;
    a.number = result(entry);
    a.many = type->kind() == TypeKind::ListType;
    a.whole = type->kind() == TypeKind::IntType;
    a.number_only = is_number(type);
    return a;
}

std::vector<Abstract> Interpreter::emit(const Node *n, const std::vector<Abstract> &in)
{
    size_t written = write_argument(n);
    if (written != SIZE_MAX && in[written].is_tensor())
        freeze(in[written].value.toTensor());
    Entry entry = entry_of(n, in);
    std::shared_ptr<Promise> promise = journal_->add(n, in);
    bool whole = is_whole(n, in), sized = all_operands(in, &Abstract::sized);
    bool numbers = is_arithmetic(n) && all_operands(in, &Abstract::number_only);
    size_t number = record.entries.size();
    record.entries.push_back(std::move(entry));
    std::vector<Abstract> out;
    for (size_t i = 0; i < n->outputs().size(); i++) {
        out.push_back(result_of(n, i, promise, number));
        out.back().whole = out.back().whole || whole;
        out.back().number_only = out.back().number_only || numbers;
        out.back().sized = sized;
    }
    return out;
}

void Interpreter::run_operator(const Node *n, std::vector<Abstract> &in, Frame &frame)
{
    std::vector<Abstract> out;
    const Abstract *hole = nullptr;
    for (const Abstract &a : in)
        any_inside(a, [&](const Abstract &item) {
            hole = item.is == Is::unknown && !hole ? &item : hole;
            return hole != nullptr;
        });
    if (hole) {
        if (write_argument(n) != SIZE_MAX)
            tell(*hole);
        out.assign(n->outputs().size(), unknown(hole->number));
    } else if (!fold(n, in, out))
        out = emit(n, in);
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = i < out.size() ? out[i] : unknown(0);
}

// ---- values of Python: what becomes no call

// Tensors of rank 0 among the constants are how tracing keeps Python's numbers: in arithmetic they count as numbers,
// which do not change the type of an integer tensor to float64.  libtorch's interpreter does the same.
void mark_number(const at::Tensor &t)
{
    bool number = is_plain(t) && t.dim() == 0 &&
                  (t.scalar_type() == at::kDouble || t.scalar_type() == at::kLong ||
                   t.scalar_type() == at::kBool || t.scalar_type() == at::kComplexDouble);
    if (number)
        t.unsafeGetTensorImpl()->set_wrapped_number(true);
}

bool Interpreter::constant(const Node *n, std::vector<Abstract> &v)
{
    if (n->output()->type()->kind() == TypeKind::FunctionType) {
        v = { unknown(0) };
        return true;
    }
    auto value = torch::jit::toIValue(n->output());
    if (!value)
        return false;
    if (value->isTensor())
        mark_number(value->toTensor());
    v = { value->isTensor() ? tensor(value->toTensor(), nullptr) : known(*value) };
    return true;
}

void Interpreter::note_read(const IValue &value)
{
    if (value.isTensor() && is_plain(value.toTensor()))
        read_.insert(value.toTensor().storage().unsafeGetStorageImpl());
    if (value.isTensorList())
        for (const at::Tensor &t : value.toTensorVector())
            note_read(t);
}

bool Interpreter::get_attribute(const Node *n, std::vector<Abstract> &v)
{
    if (v[0].is != Is::known || !v[0].value.isObject())
        return false;
    auto object = v[0].value.toObject();
    std::string name = n->s(c10::attr::name);
    auto set = attributes_.find({ object.get(), name });
    if (set != attributes_.end()) {
        v = { set->second };
        return true;
    }
    IValue value = object->getAttr(name);
    note_read(value);
    if (value.isTensor())
        v = { tensor(value.toTensor(), nullptr) };
    else if (value.isObject() || value.isCapsule()) {
        Abstract a;
        a.is = Is::known;
        a.value = value;
        v = { a };
    } else
        v = { known(value) };
    // A list among the attributes is one list, however often it is read.
    if (v[0].items)
        attributes_[{ object.get(), name }] = v[0];
    return true;
}

bool Interpreter::set_attribute(const Node *n, std::vector<Abstract> &v)
{
    if (v[0].is != Is::known || !v[0].value.isObject())
        return false;
    attributes_[{ v[0].value.toObject().get(), n->s(c10::attr::name) }] = v[1];
    v.clear();
    return true;
}

bool Interpreter::create_object(const Node *n, std::vector<Abstract> &v)
{
    auto type = n->output()->type()->cast<c10::ClassType>();
    if (!type)
        return false;
    Abstract a;
    a.is = Is::known;
    a.value = c10::ivalue::Object::create(c10::StrongTypePtr(type->compilation_unit(), type),
                                          type->numAttributes());
    v = { a };
    return true;
}

bool Interpreter::list_construct(const Node *, std::vector<Abstract> &v)
{
    v = { sequence(Is::list, v) };
    return true;
}

bool Interpreter::tuple_construct(const Node *, std::vector<Abstract> &v)
{
    v = { sequence(Is::tuple, v) };
    return true;
}

bool Interpreter::dict_construct(const Node *, std::vector<Abstract> &v)
{
    v = { sequence(Is::dict, v) };
    return true;
}

// The items of a list of `count`, whatever the list is.
std::vector<Abstract> Interpreter::take_apart(const Abstract &list, size_t count, const Node *at)
{
    if (list.is == Is::open && list.items->empty())
        for (size_t i = 0; i < count; i++)
            list.items->push_back(
                input(list.value.toStringRef() + "." + std::to_string(i), c10::TensorType::get(), nullptr));
    if (list.items && list.items->size() == count)
        return *list.items;
    if (list.is == Is::operand && list.many) {
        size_t number = record.producer.at(list.number);
        std::vector<Abstract> out;
        bool size = record.entries[number].type == "aten::size";
        bool fresh = !size && record.entries[number].results.size() == 1;
        for (size_t i = 0; i < count; i++) {
            Abstract a;
            a.is = Is::operand;
            a.number_only = a.whole = a.sized = size;
            if (size) {
                Entry one = record.entries[number];
                one.keys.push_back("dim");
                one.arguments.push_back(known(static_cast<int64_t>(i)));
                one.results.clear();
                record.entries.push_back(one);
                a.number = result(record.entries.size() - 1);
            } else
                a.number = i == 0 ? list.number
                           : !fresh && i < record.entries[number].results.size()
                               ? record.entries[number].results[i]
                               : result(number);
            out.push_back(a);
        }
        return out;
    }
    size_t reason = list.is == Is::unknown
                        ? list.number
                        : refuse(at, "a list that does not have the length it is unpacked to", true);
    return std::vector<Abstract>(count, unknown(reason));
}

bool Interpreter::unpack(const Node *n, std::vector<Abstract> &v)
{
    v = take_apart(v[0], n->outputs().size(), n);
    return true;
}

bool index_of(const Abstract &a, size_t count, size_t &out)
{
    if (a.is != Is::known || !a.value.isInt())
        return false;
    int64_t i = a.value.toInt();
    i = i < 0 ? i + static_cast<int64_t>(count) : i;
    out = static_cast<size_t>(i);
    return i >= 0 && i < static_cast<int64_t>(count);
}

bool same_key(const Abstract &a, const Abstract &b)
{
    if (a.is != Is::known || b.is != Is::known)
        return false;
    if (a.value.isString() && b.value.isString())
        return a.value.toStringRef() == b.value.toStringRef();
    return a.value.isInt() && b.value.isInt() && a.value.toInt() == b.value.toInt();
}

bool Interpreter::item(const Node *n, std::vector<Abstract> &v)
{
    size_t i = 0;
    const Abstract &of = v[0], &at = v[1];
    bool is_dict = bare(n->input(0)->type())->kind() == TypeKind::DictType;
    if (is_dict && of.items) {
        for (i = 0; i + 1 < of.items->size(); i += 2)
            if (same_key((*of.items)[i], at)) {
                v = { (*of.items)[i + 1] };
                return true;
            }
        if (of.is != Is::open || !at.value.isString())
            return false;
        Abstract found =
            input(of.value.toStringRef() + "." + at.value.toStringRef(), n->output()->type(), nullptr);
        of.items->push_back(at);
        of.items->push_back(found);
        v = { found };
        return true;
    }
    if (of.is == Is::open && at.is == Is::known && at.value.isInt() && at.value.toInt() >= 0 &&
        at.value.toInt() < 64) {
        while (of.items->size() <= static_cast<size_t>(at.value.toInt()))
            of.items->push_back(input(of.value.toStringRef() + "." + std::to_string(of.items->size()),
                                      n->output()->type(), nullptr));
        v = { (*of.items)[static_cast<size_t>(at.value.toInt())] };
        return true;
    }
    if (of.is_sequence() && index_of(at, of.items->size(), i)) {
        v = { (*of.items)[i] };
        return true;
    }
    if (of.is == Is::operand && of.many &&
        record.entries[record.producer.at(of.number)].type == "aten::size" && at.is == Is::known &&
        at.value.isInt()) {
        Entry one = record.entries[record.producer.at(of.number)];
        one.keys.push_back("dim");
        one.arguments.push_back(at);
        one.results.clear();
        record.entries.push_back(one);
        Abstract a;
        a.is = Is::operand;
        a.number_only = a.whole = a.sized = true;
        a.number = result(record.entries.size() - 1);
        v = { a };
        return true;
    }
    return false;
}

bool known_or_none(const Abstract &a, int64_t otherwise, int64_t &out)
{
    out = otherwise;
    if (a.is == Is::known && a.value.isInt())
        out = a.value.toInt();
    return a.is == Is::known && (a.value.isInt() || a.value.isNone());
}

// A slice of a Python list.
bool Interpreter::slice(const Node *, std::vector<Abstract> &v)
{
    if (!v[0].is_sequence() || v.size() < 2)
        return false;
    int64_t count = static_cast<int64_t>(v[0].items->size()), start, end, step = 1;
    if (!known_or_none(v[1], 0, start) || (v.size() > 2 && !known_or_none(v[2], count, end)) ||
        (v.size() > 3 && !known_or_none(v[3], 1, step)) || step <= 0)
        return false;
    if (v.size() <= 2)
        end = count;
    start = std::clamp<int64_t>(start < 0 ? start + count : start, 0, count);
    end = std::clamp<int64_t>(end < 0 ? end + count : end, 0, count);
    std::vector<Abstract> items;
    for (int64_t i = start; i < end; i += step)
        items.push_back((*v[0].items)[static_cast<size_t>(i)]);
    v = { sequence(v[0].is, std::move(items)) };
    return true;
}

bool Interpreter::append(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::list)
        return false;
    v[0].items->push_back(v[1]);
    v.resize(1);
    return true;
}

bool Interpreter::extend(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::list || !v[1].is_sequence())
        return false;
    std::vector<Abstract> more = *v[1].items;
    v[0].items->insert(v[0].items->end(), more.begin(), more.end());
    v.clear();
    return true;
}

bool Interpreter::insert(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::list || v[1].is != Is::known)
        return false;
    int64_t count = static_cast<int64_t>(v[0].items->size()), i = v[1].value.toInt();
    i = std::clamp<int64_t>(i < 0 ? i + count : i, 0, count);
    v[0].items->insert(v[0].items->begin() + i, v[2]);
    v.clear();
    return true;
}

bool Interpreter::pop(const Node *n, std::vector<Abstract> &v)
{
    size_t i = 0;
    if (v[0].is == Is::dict) {
        std::vector<Abstract> found = v;
        return get(n, found) && remove(n, v) && (v = found, true);
    }
    if (v[0].is != Is::list || v.size() < 2 || !index_of(v[1], v[0].items->size(), i))
        return false;
    Abstract out = (*v[0].items)[i];
    v[0].items->erase(v[0].items->begin() + static_cast<std::ptrdiff_t>(i));
    v = { out };
    return true;
}

bool Interpreter::clear(const Node *, std::vector<Abstract> &v)
{
    if (!v[0].items || v[0].is == Is::open)
        return false;
    v[0].items->clear();
    v.clear();
    return true;
}

bool Interpreter::reverse(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::list)
        return false;
    std::reverse(v[0].items->begin(), v[0].items->end());
    v.clear();
    return true;
}

bool Interpreter::set_item(const Node *, std::vector<Abstract> &v)
{
    size_t i = 0;
    if (v[0].is == Is::list && index_of(v[1], v[0].items->size(), i)) {
        (*v[0].items)[i] = v[2];
        v.resize(1);
        return true;
    }
    if (v[0].is != Is::dict)
        return false;
    std::vector<Abstract> &items = *v[0].items;
    for (i = 0; i + 1 < items.size() && !same_key(items[i], v[1]); i += 2)
        continue;
    if (i < items.size())
        items[i + 1] = v[2];
    else {
        items.push_back(v[1]);
        items.push_back(v[2]);
    }
    v.clear();
    return true;
}

bool Interpreter::add_lists(const Node *, std::vector<Abstract> &v)
{
    if (!v[0].is_sequence() || !v[1].is_sequence())
        return false;
    std::vector<Abstract> both = *v[0].items;
    both.insert(both.end(), v[1].items->begin(), v[1].items->end());
    v = { sequence(v[0].is, std::move(both)) };
    return true;
}

bool Interpreter::copy_list(const Node *, std::vector<Abstract> &v)
{
    if (!v[0].items || v[0].is == Is::open)
        return false;
    v = { sequence(v[0].is == Is::tuple ? Is::list : v[0].is, *v[0].items) };
    return true;
}

bool Interpreter::length(const Node *n, std::vector<Abstract> &v)
{
    if (v[0].items && v[0].is != Is::open)
        v = { known(static_cast<int64_t>(v[0].items->size() / (v[0].is == Is::dict ? 2 : 1))) };
    else if (v[0].is == Is::operand)
        return fixed(n, v);
    else
        return false;
    return true;
}

bool Interpreter::contains(const Node *, std::vector<Abstract> &v)
{
    if (!v[0].items || v[0].is == Is::open)
        return false;
    if (any_inside(v[1], [](const Abstract &a) { return a.is != Is::known; }) || v[0].is == Is::list)
        return false;
    bool found = false;
    for (size_t i = 0; i < v[0].items->size(); i += 2)
        found = found || same_key((*v[0].items)[i], v[1]);
    v = { known(found) };
    return true;
}

// Where the key is in a dict; its size: nowhere.
size_t place_of_key(const Abstract &dict, const Abstract &key)
{
    size_t i = 0;
    while (i < dict.items->size() && !same_key((*dict.items)[i], key))
        i += 2;
    return i;
}

bool is_dict(const Abstract &a)
{
    return a.is == Is::dict;
}

// dict(), dict(pairs), dict(other).
bool Interpreter::make_dict(const Node *, std::vector<Abstract> &v)
{
    Abstract out = sequence(Is::dict, {});
    if (!v.empty() && !v[0].is_sequence() && !is_dict(v[0]))
        return false;
    if (!v.empty() && is_dict(v[0]))
        *out.items = *v[0].items;
    else if (!v.empty())
        for (const Abstract &pair : *v[0].items) {
            if (!pair.is_sequence() || pair.items->size() != 2)
                return false;
            std::vector<Abstract> entry = { out, (*pair.items)[0], (*pair.items)[1] };
            set_item(nullptr, entry);
        }
    v = { out };
    return true;
}

// dict.get(key[, default]), and what dict.pop() gives.
bool Interpreter::get(const Node *, std::vector<Abstract> &v)
{
    if (!is_dict(v[0]) || v[1].is != Is::known)
        return false;
    size_t i = place_of_key(v[0], v[1]);
    Abstract otherwise = v.size() > 2 ? v[2] : known(IValue());
    v = { i < v[0].items->size() ? (*v[0].items)[i + 1] : otherwise };
    return true;
}

bool Interpreter::set_default(const Node *, std::vector<Abstract> &v)
{
    if (!is_dict(v[0]) || v[1].is != Is::known || v.size() != 3)
        return false;
    size_t i = place_of_key(v[0], v[1]);
    if (i == v[0].items->size())
        v[0].items->insert(v[0].items->end(), { v[1], v[2] });
    v = { (*v[0].items)[i + 1] };
    return true;
}

bool Interpreter::update(const Node *, std::vector<Abstract> &v)
{
    if (!is_dict(v[0]) || !is_dict(v[1]))
        return false;
    const std::vector<Abstract> more = *v[1].items;
    for (size_t i = 0; i + 1 < more.size(); i += 2) {
        std::vector<Abstract> entry = { v[0], more[i], more[i + 1] };
        set_item(nullptr, entry);
    }
    v.clear();
    return true;
}

// del of an item.
bool Interpreter::remove(const Node *, std::vector<Abstract> &v)
{
    size_t i = 0;
    if (v[0].is == Is::list && index_of(v[1], v[0].items->size(), i))
        v[0].items->erase(v[0].items->begin() + static_cast<std::ptrdiff_t>(i));
    else if (is_dict(v[0]) && v[1].is == Is::known && (i = place_of_key(v[0], v[1])) < v[0].items->size())
        v[0].items->erase(v[0].items->begin() + static_cast<std::ptrdiff_t>(i),
                          v[0].items->begin() + static_cast<std::ptrdiff_t>(i) + 2);
    else
        return false;
    v.clear();
    return true;
}

Abstract list_of_numbers(const at::Tensor &t)
{
    if (t.dim() == 0)
        return known(IValue(t.item()));
    std::vector<Abstract> items;
    for (int64_t i = 0; i < t.size(0); i++)
        items.push_back(list_of_numbers(t[i]));
    return sequence(Is::list, std::move(items));
}

// Numbers of a tensor that is known; those of another one only running the network gives.
bool Interpreter::to_list(const Node *n, std::vector<Abstract> &v)
{
    if (v[0].is_tensor() && is_plain(v[0].value.toTensor()))
        v = { list_of_numbers(v[0].value.toTensor()) };
    else if (v[0].is == Is::operand)
        v = { unknown(refuse(n, "tolist() of a tensor that the network computes", false)) };
    else
        return false;
    return true;
}

// Whether a value is of a type: 1, 0, or -1 when that is not known.
int is_of_type(const Abstract &a, const c10::TypePtr &type)
{
    TypeKind kind = type->kind();
    if (auto several = type->cast<c10::UnionType>()) {
        int found = 0;
        for (const c10::TypePtr &one : several->containedTypes()) {
            int is = is_of_type(a, one);
            found = is > 0 || found > 0 ? 1 : is < 0 ? -1 : found;
        }
        return found;
    }
    if (a.is == Is::known)
        return a.value.type()->isSubtypeOf(*type);
    if (a.is == Is::operand && !a.number_only && !a.many)
        return kind == TypeKind::TensorType;
    if (a.is == Is::operand && a.number_only && !a.many &&
        (kind == TypeKind::TensorType || kind == TypeKind::ListType))
        return 0;
    if (a.is == Is::operand && a.whole && !a.many)
        return kind == TypeKind::IntType || kind == TypeKind::NumberType;
    if (!a.items)
        return -1;
    bool list = kind == TypeKind::ListType || kind == TypeKind::AnyListType;
    bool tuple = kind == TypeKind::TupleType || kind == TypeKind::AnyTupleType;
    if ((a.is == Is::list && !list) || (a.is == Is::tuple && !tuple) ||
        (a.is == Is::dict && kind != TypeKind::DictType))
        return 0;
    auto elements = type->cast<c10::ListType>();
    return a.is == Is::list && elements && !a.items->empty()
               ? is_of_type((*a.items)[0], elements->getElementType())
           : a.is == Is::open ? -1
                              : 1;
}

bool Interpreter::is_instance(const Node *n, std::vector<Abstract> &v)
{
    int found = 0;
    for (const c10::TypePtr &type : n->tys(c10::attr::types)) {
        int is = is_of_type(v[0], type);
        found = is > 0 || found > 0 ? 1 : is < 0 ? -1 : found;
    }
    if (found < 0)
        return false;
    v = { known(found > 0) };
    return true;
}

std::vector<Abstract> every_second(const std::vector<Abstract> &items, size_t first)
{
    std::vector<Abstract> out;
    for (size_t i = first; i < items.size(); i += 2)
        out.push_back(items[i]);
    return out;
}

bool Interpreter::keys(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::dict)
        return false;
    v = { sequence(Is::list, every_second(*v[0].items, 0)) };
    return true;
}

bool Interpreter::values(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::dict)
        return false;
    v = { sequence(Is::list, every_second(*v[0].items, 1)) };
    return true;
}

bool Interpreter::items(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::dict)
        return false;
    std::vector<Abstract> pairs;
    for (size_t i = 0; i + 1 < v[0].items->size(); i += 2)
        pairs.push_back(sequence(Is::tuple, { (*v[0].items)[i], (*v[0].items)[i + 1] }));
    v = { sequence(Is::list, std::move(pairs)) };
    return true;
}

bool Interpreter::same(const Node *, std::vector<Abstract> &v)
{
    v.resize(1);
    return true;
}

bool Interpreter::is_none(const Node *n, std::vector<Abstract> &v)
{
    bool typed = n->input(1)->type()->kind() == TypeKind::NoneType;
    if (!typed || v[0].is == Is::unknown)
        return false;
    v = { known(v[0].is == Is::known && v[0].value.isNone()) };
    return true;
}

bool Interpreter::is_not_none(const Node *n, std::vector<Abstract> &v)
{
    if (!is_none(n, v))
        return false;
    v = { known(!v[0].value.toBool()) };
    return true;
}

// aten::Int of what is an integer already.
bool Interpreter::to_int(const Node *n, std::vector<Abstract> &v)
{
    bool real = n->output()->type()->kind() == TypeKind::FloatType ||
                n->output()->type()->kind() == TypeKind::NumberType ||
                n->output()->type()->kind() == TypeKind::TensorType;
    if (v[0].is != Is::operand || (!v[0].whole && !real))
        return false;
    v = { v[0] };
    v[0].promise = journal_->add(n, v);
    v[0].index = 0;
    return true;
}

// aten::size: of an operand, a number by number.
bool Interpreter::size(const Node *n, std::vector<Abstract> &v)
{
    if (v[0].is != Is::operand)
        return false;
    v = emit(n, v);
    v[0].sized = true;
    if (v.size() != 1 || v[0].is != Is::list)
        return true;
    // With a known rank: each size is a call of its own, not one call with many results.
    Entry entry = record.entries.back();
    record.entries.pop_back();
    for (size_t i = 0; i < v[0].items->size(); i++) {
        Abstract &one = (*v[0].items)[i];
        Entry call = entry;
        call.keys.push_back("dim");
        call.arguments.push_back(known(static_cast<int64_t>(i)));
        call.results = { one.number };
        record.producer[one.number] = record.entries.size();
        record.entries.push_back(std::move(call));
        one.number_only = one.whole = one.sized = true;
    }
    return true;
}

// Ranks, types and the like are taken from the hints as they are: they do not change with the input's size.
bool Interpreter::fixed(const Node *n, std::vector<Abstract> &v)
{
    if (v[0].is != Is::operand)
        return false;
    std::vector<IValue> hint = hints(n, v);
    bool of_tensor = n->kind() == c10::aten::len && !hint.empty();
    v = hint.empty() || of_tensor ? emit(n, v) : std::vector<Abstract>{ known(hint[0]) };
    if (v[0].is == Is::operand)
        v[0].sized = true;
    return true;
}

bool Interpreter::device(const Node *, std::vector<Abstract> &v)
{
    v = { known(at::Device(at::kCPU)) };
    return true;
}

bool Interpreter::nothing(const Node *, std::vector<Abstract> &v)
{
    v.assign(1, known(IValue()));
    return true;
}

bool Interpreter::no(const Node *, std::vector<Abstract> &v)
{
    v = { known(false) };
    return true;
}

bool Interpreter::fork(const Node *n, std::vector<Abstract> &v)
{
    v = run_graph(*n->g(c10::attr::Subgraph), v);
    return true;
}

// aten::to that only says where the tensor lives.
bool Interpreter::convert(const Node *n, std::vector<Abstract> &v)
{
    const c10::FunctionSchema *schema = n->maybeSchema();
    if (v[0].is != Is::operand || !schema)
        return false;
    for (size_t i = 1; i < v.size() && i < schema->arguments().size(); i++) {
        const std::string &name = schema->arguments()[i].name();
        bool idle =
            v[i].is == Is::known && (v[i].value.isNone() || (v[i].value.isBool() && !v[i].value.toBool()));
        if (!idle && name != "device" && name != "non_blocking" && name != "layout" && name != "pin_memory")
            return false;
    }
    v.resize(1);
    return true;
}

bool Interpreter::raise(const Node *n, std::vector<Abstract> &v)
{
    std::string text = v[0].is == Is::known && v[0].value.isString() ? ": " + v[0].value.toStringRef() : "";
    refuse(n, "the network raises an exception here" + text, true);
    v.clear();
    return true;
}

const std::unordered_map<std::string, Interpreter::Handler> &Interpreter::handlers()
{
    using I = Interpreter;
    static const std::unordered_map<std::string, Handler> table = {
        { "prim::Constant", &I::constant },
        { "prim::GetAttr", &I::get_attribute },
        { "prim::SetAttr", &I::set_attribute },
        { "prim::CreateObject", &I::create_object },
        { "prim::ListConstruct", &I::list_construct },
        { "prim::TupleConstruct", &I::tuple_construct },
        { "prim::DictConstruct", &I::dict_construct },
        { "prim::ListUnpack", &I::unpack },
        { "prim::TupleUnpack", &I::unpack },
        { "prim::TupleIndex", &I::item },
        { "aten::__getitem__", &I::item },
        { "prim::TupleSlice", &I::slice },
        { "aten::append", &I::append },
        { "aten::extend", &I::extend },
        { "aten::insert", &I::insert },
        { "aten::pop", &I::pop },
        { "aten::clear", &I::clear },
        { "aten::reverse", &I::reverse },
        { "aten::_set_item", &I::set_item },
        { "aten::list", &I::copy_list },
        { "aten::len", &I::length },
        { "aten::__contains__", &I::contains },
        { "aten::keys", &I::keys },
        { "aten::values", &I::values },
        { "aten::items", &I::items },
        { "prim::unchecked_cast", &I::same },
        { "prim::unchecked_unwrap_optional", &I::same },
        { "aten::_unwrap_optional", &I::same },
        { "prim::data", &I::same },
        { "aten::wait", &I::same },
        { "aten::__is__", &I::is_none },
        { "aten::__isnot__", &I::is_not_none },
        { "aten::Int", &I::to_int },
        { "aten::IntImplicit", &I::to_int },
        { "aten::Float", &I::to_int },
        { "aten::FloatImplicit", &I::to_int },
        { "aten::ScalarImplicit", &I::to_int },
        { "aten::Complex", &I::to_int },
        { "prim::NumToTensor", &I::to_int },
        { "aten::size", &I::size },
        { "aten::dim", &I::fixed },
        { "aten::is_floating_point", &I::fixed },
        { "aten::is_complex", &I::fixed },
        { "prim::dtype", &I::fixed },
        { "prim::layout", &I::fixed },
        { "prim::is_sparse", &I::no },
        { "prim::is_quantized", &I::fixed },
        { "prim::is_nested", &I::no },
        { "prim::is_cuda", &I::no },
        { "prim::is_mkldnn", &I::no },
        { "prim::is_meta", &I::no },
        { "prim::requires_grad", &I::no },
        { "prim::device", &I::device },
        { "aten::warn", &I::nothing },
        { "prim::Print", &I::nothing },
        { "prim::fork", &I::fork },
        { "aten::to", &I::convert },
        { "prim::RaiseException", &I::raise },
        { "prim::isinstance", &I::is_instance },
        { "prim::tolist", &I::to_list },
        { "aten::dict", &I::make_dict },
        { "aten::get", &I::get },
        { "aten::setdefault", &I::set_default },
        { "aten::update", &I::update },
        { "aten::Delete", &I::remove },
    };
    return table;
}

// ---- control flow

bool Interpreter::decided(const Abstract &a, bool &out) const
{
    if (a.is != Is::known && a.is != Is::operand)
        return false;
    const IValue &value = a.hint();
    if (value.isBool())
        out = value.toBool();
    else if (value.isTensor() && value.toTensor().defined() && !value.toTensor().is_meta() &&
             value.toTensor().numel() == 1)
        out = value.toTensor().item().toBool();
    else
        return false;
    return true;
}

bool only_raises(const Block *block)
{
    for (const Node *n : block->nodes())
        if (n->kind() == prim::RaiseException)
            return true;
    return false;
}

// Whether anything in a block can be noticed outside, but for its outputs.
bool has_effects(const Block *block)
{
    for (const Node *n : block->nodes()) {
        if (n->kind() == prim::SetAttr || n->kind() == prim::CallMethod || n->kind() == prim::CallFunction ||
            write_argument(n) != SIZE_MAX)
            return true;
        for (const Block *inner : n->blocks())
            if (has_effects(inner))
                return true;
    }
    return false;
}

// The operator behind a value whose inputs have hints and whose result has none; empty: an input of the network lacks
// its own.
std::string Interpreter::shapeless(const Abstract &a, size_t depth) const
{
    auto producer = record.producer.find(a.number);
    if (producer == record.producer.end() || depth > 1000)
        return "";
    const Entry &entry = record.entries[producer->second];
    for (const Abstract &argument : entry.arguments) {
        const Abstract *open = nullptr;
        any_inside(argument, [&](const Abstract &item) {
            open = item.is == Is::operand && item.hint().isNone() ? &item : nullptr;
            return open != nullptr;
        });
        if (open)
            return shapeless(*open, depth + 1);
    }
    return entry.type;
}

// A branch or loop that nothing decides.  It is refused when something that matters depends on it.
void Interpreter::undecided(const Node *n, Frame &frame, const Abstract &condition, const char *what)
{
    bool effects = std::any_of(n->blocks().begin(), n->blocks().end(), has_effects);
    size_t reason = condition.number;
    if (condition.is != Is::unknown || reason == 0) {
        bool sized = condition.is == Is::operand && condition.sized;
        std::string maker = sized ? shapeless(condition, 0) : "";
        std::string hint = !sized          ? " depends on values that only running the network gives"
                           : maker.empty() ? " depends on the shape of the input: give inputshape="
                                           : " depends on the shape of what " + maker +
                                                 " gives, which is not known before the network runs";
        reason = refuse(n, what + hint, false);
    }
    if (effects)
        tell(unknown(reason));
    for (const torch::jit::Value *output : n->outputs())
        frame[output] = unknown(reason);
}

void Interpreter::run_if(const Node *n, Frame &frame)
{
    const Abstract condition = frame[n->input(0)];
    bool take = false, raises[2] = { only_raises(n->blocks()[0]), only_raises(n->blocks()[1]) };
    if (raises[0] != raises[1] && condition.is != Is::known)
        take = raises[1];
    else if (!decided(condition, take)) {
        undecided(n, frame, condition, "a branch");
        return;
    }
    const Block *block = n->blocks()[take ? 0 : 1];
    run_block(block, frame);
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = frame[block->outputs()[i]];
}

bool Interpreter::iterate(const Node *n, Frame &frame, std::vector<Abstract> &carried, const Abstract &limit,
                          Abstract go)
{
    const Block *body = n->blocks()[0];
    int64_t trips = limit.hint().toInt();
    bool again = true;
    for (int64_t i = 0; i < trips; i++) {
        if (!decided(go, again) || static_cast<size_t>(i) > max_trips)
            return false;
        if (!again)
            return true;
        frame[body->inputs()[0]] = known(i);
        for (size_t k = 0; k < carried.size(); k++)
            frame[body->inputs()[k + 1]] = carried[k];
        run_block(body, frame);
        go = frame[body->outputs()[0]];
        for (size_t k = 0; k < carried.size(); k++)
            carried[k] = frame[body->outputs()[k + 1]];
    }
    return true;
}

void Interpreter::run_loop(const Node *n, Frame &frame)
{
    const Abstract limit = frame[n->input(0)], go = frame[n->input(1)];
    std::vector<Abstract> carried;
    for (size_t i = 2; i < n->inputs().size(); i++)
        carried.push_back(frame[n->input(i)]);
    bool first = false, counted = (limit.is == Is::known || limit.is == Is::operand) && limit.hint().isInt();
    if (!counted || !decided(go, first) || !iterate(n, frame, carried, limit, go)) {
        undecided(n, frame, counted ? go : limit, "a loop");
        return;
    }
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = carried[i];
}

std::vector<Abstract> Interpreter::call(torch::jit::Function &function, std::vector<Abstract> arguments,
                                        const Node *at)
{
    torch::jit::GraphFunction *body = torch::jit::tryToGraphFunction(function);
    if (!body || calls_.size() >= max_depth) {
        size_t reason =
            refuse(at, body ? "calls that go too deep" : "a call of code that is not TorchScript", true);
        return std::vector<Abstract>(at->outputs().size(), unknown(reason));
    }
    calls_.push_back(at);
    std::vector<Abstract> out = run_graph(*body->graph(), std::move(arguments));
    calls_.pop_back();
    return out;
}

// A module that stays one call: moduleop.  A copy of this interpreter walks its body, to learn which tensors it
// reads and what it gives.
std::vector<Abstract> Interpreter::keep_module(const Node *n, const std::vector<Abstract> &in)
{
    torch::jit::Module module(in[0].value.toObject());
    Interpreter probe(*this);
    probe.read_.clear();
    std::vector<Abstract> results = probe.call(module.type()->getMethod(n->s(c10::attr::name)), in, n);
    Entry entry;
    entry.type = plain_class(module.type()->name()->qualifiedName());
    entry.positional = true;
    entry.place = place_of(n);
    entry.scope = scopes_.back();
    size_t count = in.size(); // without the Nones that stand for what is left out
    while (count > 1 && in[count - 1].is == Is::known && in[count - 1].value.isNone())
        count--;
    for (size_t i = 1; i < count; i++)
        entry.arguments.push_back(operands(in[i]));
    auto keep = [&](const auto &named) {
        if (is_plain(named.value) && probe.read_.count(named.value.storage().unsafeGetStorageImpl()))
            entry.weights.emplace_back(named.name, named.value);
    };
    for (const auto &named : module.named_parameters())
        keep(named);
    for (const auto &named : module.named_buffers())
        keep(named);
    size_t number = record.entries.size();
    record.entries.push_back(std::move(entry));
    for (Abstract &a : results)
        a = kept_result(a, number);
    return results;
}

// What a kept module gives: each tensor in it is a result of the one call.
Abstract Interpreter::kept_result(const Abstract &a, size_t entry)
{
    if (a.items) {
        std::vector<Abstract> items;
        for (const Abstract &item : *a.items)
            items.push_back(kept_result(item, entry));
        return sequence(a.is, std::move(items));
    }
    if (a.is == Is::known && !a.is_tensor())
        return a;
    Abstract out;
    out.is = Is::operand;
    if (a.is == Is::operand) {
        out.value = a.value;
        out.promise = a.promise;
        out.index = a.index;
    }
    out.number = result(entry);
    record.entries[entry].hints.push_back(a.hint());
    return out;
}

bool has_tensors(const c10::ivalue::Object &object, size_t depth)
{
    for (const IValue &value : object.slots())
        if (value.isTensor() || value.isCapsule() ||
            (value.isObject() && has_tensors(*value.toObject(), depth + 1)))
            return true;
    return depth > 100;
}

// The path of a module: where it was found first; of one without weights that other modules call, too (an activation
// that all layers share), that in the module that calls it.  In a traced network only one of them has it still.
std::string Interpreter::path_at_call(const c10::ivalue::Object &module, const std::string &first) const
{
    const c10::ivalue::Object &caller = *modules_.back();
    const std::string &path = record.scopes[scopes_.back()].path;
    const std::string below = path + (path.empty() ? "" : ".");
    if (has_tensors(module, 0))
        return first;
    for (size_t i = 0; i < caller.slots().size(); i++)
        if (caller.slots()[i].isObject() && caller.slots()[i].toObject().get() == &module)
            return below + caller.type()->getAttributeName(i);
    return first.compare(0, below.size(), below) == 0 ? first : below + first.substr(first.rfind('.') + 1);
}

std::vector<Abstract> Interpreter::call_method(const Node *n, const std::vector<Abstract> &in)
{
    if (in[0].is != Is::known || !in[0].value.isObject()) {
        tell(in[0]);
        return std::vector<Abstract>(n->outputs().size(), unknown(in[0].number));
    }
    auto object = in[0].value.toObject();
    std::string name = plain_class(object->type()->name()->qualifiedName());
    auto path = object_paths_.find(object.get());
    bool enters =
        object->type()->is_module() && path != object_paths_.end() && object.get() != modules_.back();
    if (enters) {
        record.scopes.push_back({ scopes_.back(), path_at_call(*object, path->second), name });
        scopes_.push_back(record.scopes.size() - 1);
        modules_.push_back(object.get());
    }
    std::vector<Abstract> out;
    if (kept_.count(name) && enters)
        out = keep_module(n, in);
    else
        out = call(object->type()->getMethod(n->s(c10::attr::name)), in, n);
    if (enters) {
        scopes_.pop_back();
        modules_.pop_back();
    }
    return out;
}

std::vector<Abstract> Interpreter::call_function(const Node *n, const std::vector<Abstract> &in)
{
    auto type = n->input(0)->type()->cast<c10::FunctionType>();
    if (!type)
        return std::vector<Abstract>(n->outputs().size(),
                                     unknown(refuse(n, "a call of an unknown function", true)));
    return call(*type->function(), std::vector<Abstract>(in.begin() + 1, in.end()), n);
}

void Interpreter::run_node(const Node *n, Frame &frame)
{
    if (++step_ > max_steps)
        throw std::runtime_error("the network has too many steps when its loops are unrolled");
    if (n->kind() == prim::If)
        return run_if(n, frame);
    if (n->kind() == prim::Loop)
        return run_loop(n, frame);
    std::vector<Abstract> v;
    for (const torch::jit::Value *input : n->inputs())
        v.push_back(frame[input]);
    std::vector<Abstract> in = v;
    auto handler = handlers().find(n->kind().toQualString());
    bool done = true;
    if (n->kind() == prim::CallMethod)
        v = call_method(n, in);
    else if (n->kind() == prim::CallFunction)
        v = call_function(n, in);
    else if (n->kind() == prim::PythonOp)
        v.assign(n->outputs().size(), unknown(refuse(n, "a call of Python code", true)));
    else if (n->kind() == c10::Symbol::fromQualString("prim::Uninitialized"))
        v = { unknown(0) };
    else
        done = handler != handlers().end() && (this->*handler->second)(n, v);
    bool lists = !done && !in.empty() && in[0].is_sequence();
    if (lists && n->kind() == c10::aten::slice)
        done = slice(n, v);
    else if (lists && (n->kind() == c10::aten::add || n->kind() == c10::Symbol::fromQualString("aten::add_")))
        done = add_lists(n, v);
    else if (lists && n->kind() == c10::aten::copy)
        done = copy_list(n, v);
    if (!done)
        return run_operator(n, in, frame);
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = i < v.size() ? v[i] : known(IValue());
}

void Interpreter::run_block(const Block *block, Frame &frame)
{
    for (const Node *n : block->nodes())
        run_node(n, frame);
}

std::vector<Abstract> Interpreter::run_graph(const Graph &graph, std::vector<Abstract> arguments)
{
    Frame frame;
    for (size_t i = 0; i < graph.inputs().size(); i++)
        frame[graph.inputs()[i]] = i < arguments.size() ? arguments[i] : known(IValue());
    run_block(graph.block(), frame);
    std::vector<Abstract> out;
    for (const torch::jit::Value *output : graph.outputs())
        out.push_back(frame[output]);
    return out;
}

// ---- inputs and outputs

// The hint for the next input: what the user gave, else the shape it was traced with.
IValue Interpreter::next_shape(const IValue *example)
{
    if (!shapes_.empty()) {
        IValue hint = shapes_.front();
        shapes_.erase(shapes_.begin());
        return hint;
    }
    if (source_.shape_count == 0 && example && example->isTensor() && is_plain(example->toTensor()))
        return meta_of(example->toTensor());
    return IValue();
}

Abstract Interpreter::input_open(const std::string &name)
{
    Abstract a;
    a.is = Is::open;
    a.value = name;
    a.items = std::make_shared<std::vector<Abstract>>();
    return a;
}

// An input structured as the one that the network was traced with.
Abstract Interpreter::input_like(const std::string &name, const IValue &example)
{
    std::vector<Abstract> items;
    if (example.isList() || example.isTuple()) {
        Abstract parts = known(example);
        for (size_t i = 0; i < parts.items->size(); i++)
            items.push_back(
                input(name + "." + std::to_string(i), c10::TensorType::get(), &(*parts.items)[i].value));
        return sequence(example.isList() ? Is::list : Is::tuple, std::move(items));
    }
    for (const auto &entry : example.toGenericDict()) {
        std::string key = entry.key().isString() ? entry.key().toStringRef() : "key";
        IValue value = entry.value();
        items.push_back(known(entry.key()));
        items.push_back(input(name + "." + key, c10::TensorType::get(), &value));
    }
    return sequence(Is::dict, std::move(items));
}

Abstract Interpreter::input_tuple(const std::string &name, const std::vector<c10::TypePtr> &types,
                                  const IValue *example)
{
    std::vector<Abstract> items;
    for (size_t i = 0; i < types.size(); i++) {
        const IValue *part = nullptr;
        if (example && example->isTuple() && i < example->toTupleRef().elements().size())
            part = &example->toTupleRef().elements()[i];
        items.push_back(input(name + "." + std::to_string(i), types[i], part));
    }
    return sequence(Is::tuple, std::move(items));
}

Abstract Interpreter::input(const std::string &name, const c10::TypePtr &wanted, const IValue *example)
{
    c10::TypePtr type = bare(wanted);
    if (auto tuple = type->cast<c10::TupleType>())
        return input_tuple(name, tuple->elements().vec(), example);
    if (example && (example->isList() || example->isTuple() || example->isGenericDict()))
        return input_like(name, *example);
    if (type->kind() == TypeKind::ListType || type->kind() == TypeKind::DictType)
        return input_open(name);
    Abstract a;
    a.is = Is::operand;
    a.number = record.operands++;
    a.value = next_shape(example);
    a.whole = type->kind() == TypeKind::IntType;
    a.number_only = is_number(type);
    record.inputs[a.number] = { name, a.value };
    return a;
}

std::vector<Abstract> Interpreter::forward_arguments(const torch::jit::Method &forward)
{
    const auto &formals = forward.function().getSchema().arguments();
    std::vector<Abstract> arguments = { known(IValue()) };
    arguments[0].is = Is::known;
    arguments[0].value = module_._ivalue();
    for (size_t i = 1; i < formals.size(); i++) {
        bool given = i <= source_.shape_count;
        if (formals[i].default_value() && !given) {
            arguments.push_back(known(*formals[i].default_value()));
            continue;
        }
        IValue example;
        if (examples_.isList() && i - 1 < examples_.toListRef().size())
            example = examples_.toListRef()[i - 1];
        arguments.push_back(
            input(formals[i].name(), formals[i].type(), example.isNone() ? nullptr : &example));
        record.roots.push_back(arguments.back());
    }
    if (!shapes_.empty())
        throw std::invalid_argument("inputshape= has " + std::to_string(source_.shape_count) +
                                    " shapes, the network takes " + std::to_string(record.inputs.size()) +
                                    " inputs");
    return arguments;
}

IValue hint_of(const torch_shape &shape)
{
    std::vector<int64_t> dims(shape.dims, shape.dims + shape.rank);
    if (std::any_of(dims.begin(), dims.end(), [](int64_t d) { return d < 0; }))
        return IValue();
    return at::empty(dims,
                     at::TensorOptions(at::kMeta).dtype(static_cast<at::ScalarType>(shape.scalar_type)));
}

void Interpreter::run()
{
    name_tensors(module_._ivalue(), "");
    choose_classes();
    if (!record.foreign.empty())
        return;
    std::string class_name = plain_class(module_.type()->name()->qualifiedName());
    record.scopes.push_back({ 0, "", class_name });
    scopes_.push_back(0);
    modules_.push_back(module_._ivalue().get());
    for (size_t i = 0; i < source_.shape_count; i++)
        shapes_.push_back(hint_of(source_.shapes[i]));
    auto forward = module_.find_method("forward");
    if (!forward)
        throw std::invalid_argument("the network has no method 'forward'");
    std::vector<Abstract> arguments = forward_arguments(*forward);
    torch::jit::GraphFunction *body = torch::jit::tryToGraphFunction(forward->function());
    if (!body)
        throw std::runtime_error("forward is not TorchScript code");
    std::vector<Abstract> out = run_graph(*body->graph(), std::move(arguments));
    tell(out[0]);
    record.result = operands(out[0]);
}

// ---- delivery

class Delivery
{
  public:
    Delivery(const Archive &archive, const torch_sink &sink, Record &record, bool training)
        : archive_(archive), sink_(sink), record_(record), training_(training)
    {
    }
    void run();

  private:
    const torch_value *values(const std::vector<Abstract> &items);
    torch_value value(const Abstract &a);
    torch_value value_known(const IValue &v);
    torch_tensor tensor(const at::Tensor &t);
    void inputs(const Abstract &a);
    void entry(const Entry &e);
    bool refusals();
    bool foreign();

    const Archive &archive_;
    const torch_sink &sink_;
    Record &record_;
    bool training_;                              // the network was saved so
    std::deque<std::vector<torch_value>> lists_; // of the value being delivered
    std::deque<std::string> texts_;
    std::set<std::pair<std::string, size_t>> said_;
};

torch_value Delivery::value_known(const IValue &v)
{
    torch_value out = {};
    if (v.isBool()) {
        out.kind = TORCH_BOOL;
        out.boolean = v.toBool();
    } else if (v.isInt()) {
        out.kind = TORCH_INT;
        out.integer = v.toInt();
    } else if (v.isDouble()) {
        out.kind = TORCH_FLOAT;
        out.re = v.toDouble();
    } else if (v.isComplexDouble()) {
        out.kind = TORCH_COMPLEX;
        out.re = v.toComplexDouble().real();
        out.im = v.toComplexDouble().imag();
    } else if (v.isString() || v.isDevice()) {
        out.kind = TORCH_STRING;
        texts_.push_back(v.isString() ? v.toStringRef() : v.toDevice().str());
        out.string = texts_.back().c_str();
    }
    return out;
}

const torch_value *Delivery::values(const std::vector<Abstract> &items)
{
    std::vector<torch_value> out;
    for (const Abstract &item : items)
        out.push_back(value(item));
    lists_.push_back(std::move(out));
    return lists_.back().data();
}

torch_value Delivery::value(const Abstract &a)
{
    torch_value out = {};
    if (a.is == Is::known)
        return value_known(a.value);
    if (a.is == Is::operand) {
        out.kind = TORCH_OPERAND;
        out.operand = a.number;
    } else if (a.items) {
        out.kind = a.is == Is::tuple ? TORCH_TUPLE : a.is == Is::dict ? TORCH_DICT : TORCH_LIST;
        out.items = values(*a.items);
        out.count = a.items->size();
    }
    return out;
}

torch_tensor Delivery::tensor(const at::Tensor &weight)
{
    at::Tensor t = weight.resolve_conj().resolve_neg().contiguous();
    // Never freed: the graph points into it until the process ends.
    const at::Tensor *kept = new at::Tensor(t);
    torch_tensor out = {};
    out.scalar_type = static_cast<int>(t.scalar_type());
    out.rank = static_cast<int>(t.dim());
    out.shape = kept->sizes().data();
    out.size = t.nbytes();
    const void *mapped = archive_.find(t.data_ptr(), out.size);
    out.data = mapped ? mapped : t.data_ptr();
    return out;
}

void Delivery::inputs(const Abstract &a)
{
    if (a.items)
        for (const Abstract &item : *a.items)
            inputs(item);
    auto found = a.is == Is::operand ? record_.inputs.find(a.number) : record_.inputs.end();
    if (found == record_.inputs.end())
        return;
    const Input &of = found->second;
    torch_input out = {};
    out.operand = a.number;
    out.name = of.name.c_str();
    out.scalar_type = out.rank = -1;
    std::vector<int64_t> shape;
    if (of.hint.isTensor()) {
        shape = of.hint.toTensor().sizes().vec();
        out.scalar_type = static_cast<int>(of.hint.toTensor().scalar_type());
        out.rank = static_cast<int>(shape.size());
        out.shape = shape.data();
    }
    sink_.input(sink_.context, &out);
}

torch_shape shape_of(const IValue &hint)
{
    torch_shape out = { -1, -1, nullptr };
    if (!hint.isTensor() || !hint.toTensor().defined())
        return out;
    const at::Tensor *kept = new at::Tensor(hint.toTensor()); // as the weights
    out.scalar_type = static_cast<int>(kept->scalar_type());
    out.rank = static_cast<int>(kept->dim());
    out.dims = kept->sizes().data();
    return out;
}

void Delivery::entry(const Entry &e)
{
    lists_.clear();
    texts_.clear();
    if (e.type.empty()) {
        torch_tensor t = tensor(e.weights[0].second);
        sink_.tensor(sink_.context, e.results[0], e.weights[0].first.c_str(), e.own, e.scope, &t);
        return;
    }
    std::vector<const char *> keys, weight_keys;
    std::vector<torch_tensor> weights;
    for (const std::string &key : e.keys)
        keys.push_back(key.c_str());
    for (const auto &weight : e.weights) {
        weight_keys.push_back(weight.first.c_str());
        weights.push_back(tensor(weight.second));
    }
    torch_call out = {};
    out.type = e.type.c_str();
    out.keys = e.positional ? nullptr : keys.data();
    out.arguments = values(e.arguments);
    out.count = e.arguments.size();
    out.results = e.results.data();
    out.result_count = e.results.size();
    out.weight_keys = weight_keys.data();
    out.weights = weights.data();
    out.weight_count = weights.size();
    std::vector<torch_shape> shapes;
    for (const IValue &hint : e.hints)
        shapes.push_back(shape_of(hint));
    out.shapes = shapes.size() == e.results.size() && !shapes.empty() ? shapes.data() : nullptr;
    out.scope = e.scope;
    out.file = e.place.file.empty() ? nullptr : e.place.file.c_str();
    out.line = e.place.line;
    sink_.call(sink_.context, &out);
}

// Says every reason once; true when there was one.
bool Delivery::refusals()
{
    bool some = false;
    for (const Refusal &r : record_.refusals) {
        if (!r.told)
            continue;
        some = true;
        if (said_.insert({ r.place.file + r.text, r.place.line }).second)
            sink_.refuse(sink_.context, r.place.file.empty() ? nullptr : r.place.file.c_str(), r.place.line,
                         r.text.c_str());
    }
    return some;
}

// Says which classes there are, for each that there is not.
bool Delivery::foreign()
{
    for (const std::string &given : record_.foreign) {
        std::vector<std::string> meant = classes_meant(record_.classes, given);
        bool several = !meant.empty();
        if (!several)
            meant.assign(record_.classes.begin(), record_.classes.end());
        std::vector<const char *> names;
        for (const std::string &name : meant)
            names.push_back(name.c_str());
        sink_.class_name(sink_.context, given.c_str(), names.data(), names.size(), several);
    }
    return !record_.foreign.empty();
}

// Whether the call does what only training does: a batch norm without statistics of its own always takes the input's.
bool is_training(const Entry &e)
{
    bool trains = false, bare = false;
    for (size_t i = 0; i < e.keys.size(); i++) {
        const Abstract &a = e.arguments[i];
        trains = trains ||
                 ((e.keys[i] == "train" || e.keys[i] == "training") && a.value.isBool() && a.value.toBool());
        bare = bare || (e.keys[i] == "running_mean" && a.is == Is::known);
    }
    return trains && !bare;
}

void Delivery::run()
{
    if (foreign() || refusals())
        return;
    for (size_t i = 0; i < record_.scopes.size(); i++) {
        const Scope &scope = record_.scopes[i];
        sink_.scope(sink_.context, i, scope.parent, scope.path.c_str(), scope.class_name.c_str());
    }
    if (training_ && std::any_of(record_.entries.begin(), record_.entries.end(), is_training))
        sink_.note(sink_.context,
                   "the network was traced in training mode: dropout is random, and batch norm takes the "
                   "statistics of its input (instead: net.eval() before torch.jit.trace())");
    for (const Abstract &root : record_.roots)
        inputs(root);
    for (const Entry &e : record_.entries)
        entry(e);
    lists_.clear();
    texts_.clear();
    torch_value result = value(record_.result);
    sink_.output(sink_.context, &result);
}

// The message of a libtorch exception: its first line, without the C++ stack behind it.
std::string first_line(const char *what)
{
    std::string text = what;
    size_t start = text.find_first_not_of(" \n\t");
    text = start == std::string::npos ? text : text.substr(start);
    text = text.substr(0, std::min(text.find('\n'), size_t(300)));
    bool foreign = text.find("Unknown builtin op: ") != std::string::npos &&
                   text.find("op: aten::") == std::string::npos;
    return text + (foreign ? " (give the library that registers it: customop=)" : "");
}

// ---- operators of torchvision

at::Tensor on_meta(std::vector<int64_t> sizes, const at::Tensor &like, at::ScalarType type)
{
    return at::empty(sizes, like.options().device(at::kMeta).dtype(type));
}

at::Tensor roi_align_meta(const at::Tensor &x, const at::Tensor &rois, double, int64_t height, int64_t width,
                          int64_t, bool)
{
    return on_meta({ rois.size(0), x.size(1), height, width }, x, x.scalar_type());
}

std::tuple<at::Tensor, at::Tensor> roi_pool_meta(const at::Tensor &x, const at::Tensor &rois, double,
                                                 int64_t height, int64_t width)
{
    std::vector<int64_t> sizes = { rois.size(0), x.size(1), height, width };
    return { on_meta(sizes, x, x.scalar_type()), on_meta(sizes, x, at::kInt) };
}

std::tuple<at::Tensor, at::Tensor> ps_roi_pool_meta(const at::Tensor &x, const at::Tensor &rois, double,
                                                    int64_t height, int64_t width)
{
    std::vector<int64_t> sizes = { rois.size(0), x.size(1) / (height * width), height, width };
    return { on_meta(sizes, x, x.scalar_type()), on_meta(sizes, x, at::kInt) };
}

std::tuple<at::Tensor, at::Tensor> ps_roi_align_meta(const at::Tensor &x, const at::Tensor &rois,
                                                     double scale, int64_t height, int64_t width, int64_t)
{
    return ps_roi_pool_meta(x, rois, scale, height, width);
}

at::Tensor deform_conv2d_meta(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &offset,
                              const at::Tensor &, const at::Tensor &, int64_t, int64_t, int64_t, int64_t,
                              int64_t, int64_t, int64_t, int64_t, bool)
{
    return on_meta({ x.size(0), weight.size(0), offset.size(2), offset.size(3) }, x, x.scalar_type());
}

// Networks call them by their schemas, which the library would register; what they compute is not needed, only what
// shapes they give.  A library that was loaded (customop=) has its own.
void define_torchvision()
{
    static torch::Library library(torch::Library::FRAGMENT, "torchvision", {}, __FILE__, __LINE__);
    auto define = [](const std::string &schema) {
        std::string name = "torchvision::" + schema.substr(0, schema.find('('));
        bool fresh = !c10::Dispatcher::singleton().findSchema({ name, "" });
        if (fresh)
            library.def(schema.c_str());
        return fresh;
    };
    const std::string rois =
        "(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width";
    define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor");
    if (define("roi_align" + rois + ", int sampling_ratio, bool aligned) -> Tensor"))
        library.impl("roi_align", torch::dispatch(c10::DispatchKey::Meta, roi_align_meta));
    if (define("roi_pool" + rois + ") -> (Tensor, Tensor)"))
        library.impl("roi_pool", torch::dispatch(c10::DispatchKey::Meta, roi_pool_meta));
    if (define("ps_roi_align" + rois + ", int sampling_ratio) -> (Tensor, Tensor)"))
        library.impl("ps_roi_align", torch::dispatch(c10::DispatchKey::Meta, ps_roi_align_meta));
    if (define("ps_roi_pool" + rois + ") -> (Tensor, Tensor)"))
        library.impl("ps_roi_pool", torch::dispatch(c10::DispatchKey::Meta, ps_roi_pool_meta));
    if (define("deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, int "
               "stride_h, "
               "int stride_w, int pad_h, int pad_w, int dilation_h, int dilation_w, int groups, int "
               "offset_groups, "
               "bool use_mask) -> Tensor"))
        library.impl("deform_conv2d", torch::dispatch(c10::DispatchKey::Meta, deform_conv2d_meta));
}

// The inputs that torch.jit.trace was given, which new releases keep beside the network: shapes and types, no numbers.
IValue example_inputs(const std::shared_ptr<Archive> &archive)
{
    try {
        caffe2::serialize::PyTorchStreamReader reader(archive);
        if (!reader.hasRecord("traced_inputs.pkl"))
            return IValue();
        IValue all = torch::jit::readArchiveAndTensors("traced_inputs", "", "traced_inputs/", {}, {},
                                                       at::Device(at::kCPU), reader);
        for (const auto &entry : all.toGenericDict())
            if (entry.key().isString() && entry.key().toStringRef() == "forward")
                return entry.value();
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return IValue(); // an older or newer form: the network is there without it
    }
    return IValue();
}

// Whether libtorch says of the file that it is whole, but asks for more than this libtorch has.
bool asks_for_more(const std::string &text)
{
    return text.find("Unknown builtin op: ") != std::string::npos ||
           text.find("maximum supported version") != std::string::npos;
}

void interpret(Interpreter &interpreter)
{
    try {
        interpreter.run();
    } catch (const std::invalid_argument &) {
        throw;
    } catch (const c10::Error &e) {
        throw std::invalid_argument(first_line(e.what_without_backtrace()));
    } catch (const std::runtime_error &e) {
        throw std::invalid_argument(first_line(e.what()));
    }
}

// What libtorch warns of is no mistake in the file.
class Silence : public c10::WarningHandler
{
    void process(const c10::Warning &) override
    {
    }
};

void read(const torch_source &source, const torch_sink &sink)
{
    static Silence silence;
    c10::WarningUtils::set_warning_handler(&silence);
    at::NoGradGuard no_grad;
    define_torchvision();
    auto archive = std::make_shared<Archive>(source.data, source.size);
    torch::jit::Module module = torch::jit::load(
        std::static_pointer_cast<caffe2::serialize::ReadAdapterInterface>(archive), at::kCPU);
    bool training = module.is_training();
    module.eval();
    IValue examples = example_inputs(archive);
    Frozen frozen;
    for (;;) {
        auto interpreter = std::make_unique<Interpreter>(source, module, examples, frozen);
        try {
            interpret(*interpreter);
        } catch (const Restart &) {
            continue;
        }
        Delivery(*archive, sink, interpreter->record, training).run();
        // The process ends soon: taking libtorch's structures apart would cost more than reading them.
        interpreter.release();
        new torch::jit::Module(module);
        return;
    }
}

void read_or_fail(const torch_source &source, const torch_sink &sink)
{
    std::string text;
    try {
        read(source, sink);
        return;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::invalid_argument &e) {
        sink.refuse(sink.context, nullptr, 0, e.what());
        return;
    } catch (const torch::jit::ErrorReport &e) {
        text = first_line(e.what());
    } catch (const c10::Error &e) {
        text = first_line(e.what_without_backtrace());
    } catch (const std::exception &e) {
        text = first_line(e.what());
    } catch (...) {
        text = "an unknown exception";
    }
    if (asks_for_more(text))
        sink.refuse(sink.context, nullptr, 0, text.c_str());
    else
        sink.fail(sink.context, text.c_str());
}

} // namespace

void torchscript_read(const struct torch_source *source, const struct torch_sink *sink)
{
    try {
        read_or_fail(*source, *sink);
    } catch (const std::bad_alloc &) {
        sink->exhausted(sink->context);
    }
}

struct torch_release torchscript_release(void)
{
    static std::string version;
    const std::string key = "TORCH_VERSION=", all = at::show_config();
    size_t start = all.find(key);
    if (start != std::string::npos)
        version = all.substr(start + key.size(), all.find_first_of(",\n ", start) - start - key.size());
    Dl_info place;
    bool known = dladdr(reinterpret_cast<void *>(&at::show_config), &place) != 0;
    return { version.c_str(), TORCH_VERSION, known ? place.dli_fname : "" };
}
