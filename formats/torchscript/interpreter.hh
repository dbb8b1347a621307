// interpreter.hh - the static interpreter: what it keeps, and what it does, by the file that does it.
#ifndef FORMATS_TORCHSCRIPT_INTERPRETER_HH
#define FORMATS_TORCHSCRIPT_INTERPRETER_HH

#include "formats/torchscript/hints.hh"
#include "formats/torchscript/record.hh"
#include "formats/torchscript/tensors.hh"
#include "formats/torchscript/torchscript.h"

namespace torchscript
{

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
    // A handler gets a node's inputs and leaves its results in their place; it returns false when it leaves the
    // node to the general way.
    using Handler = bool (Interpreter::*)(const Node *, std::vector<Abstract> &);
    static const std::unordered_map<std::string, Handler> &handlers();

    // inputs.cc: the network's inputs.
    Abstract input(const std::string &name, const c10::TypePtr &type, const IValue *example);
    Abstract input_tuple(const std::string &name, const std::vector<c10::TypePtr> &types,
                         const IValue *example);
    Abstract input_like(const std::string &name, const IValue &example);
    Abstract input_open(const std::string &name);
    IValue next_shape(const IValue *example);
    std::vector<Abstract> forward_arguments(const torch::jit::Method &forward);

    // control.cc: control flow.
    std::vector<Abstract> run_graph(const Graph &graph, std::vector<Abstract> arguments);
    void run_block(const Block *block, Frame &frame);
    void run_node(const Node *n, Frame &frame);
    void run_if(const Node *n, Frame &frame);
    void run_loop(const Node *n, Frame &frame);
    bool iterate(const Node *n, Frame &frame, std::vector<Abstract> &carried, const Abstract &limit,
                 Abstract go);
    void undecided(const Node *n, Frame &frame, const Abstract &condition, const char *what);
    std::string shapeless(const Abstract &a, size_t depth) const;
    std::vector<Abstract> call_function(const Node *n, const std::vector<Abstract> &in);
    std::vector<Abstract> call(torch::jit::Function &function, std::vector<Abstract> arguments,
                               const Node *at);
    bool decided(const Abstract &a, bool &out) const;

    // modules.cc: names of modules and tensors, calls of methods, modules that stay one call.
    void name_tensors(const c10::intrusive_ptr<c10::ivalue::Object> &object, const std::string &path);
    void choose_classes();
    std::string path_at_call(const c10::ivalue::Object &module, const std::string &first) const;
    std::vector<Abstract> call_method(const Node *n, const std::vector<Abstract> &in);
    std::vector<Abstract> keep_module(const Node *n, const std::vector<Abstract> &in);
    Abstract kept_result(const Abstract &a, size_t entry);

    // operators.cc, recording.cc: a node is computed, or recorded as a call.
    bool fold(const Node *n, const std::vector<Abstract> &in, std::vector<Abstract> &out);
    void run_operator(const Node *n, std::vector<Abstract> &in, Frame &frame);
    std::vector<Abstract> emit(const Node *n, const std::vector<Abstract> &in);
    Entry entry_of(const Node *n, const std::vector<Abstract> &in);
    Abstract result_of(const Node *n, size_t index, const std::shared_ptr<Promise> &promise, size_t entry);
    Abstract argument(const Abstract &a, const c10::Argument &formal, const Node *n,
                      const std::vector<Abstract> &all);
    Abstract argument_known(const Abstract &a, const c10::Argument &formal, const Node *n,
                            const std::vector<Abstract> &all);
    Abstract number_to_tensor(const Abstract &a, const Node *at);

    // tensors.cc: tensors that become operands.
    Abstract tensor(const at::Tensor &made, const Node *maker);
    Abstract operand(const Abstract &a, const Node *at);
    Abstract operands(const Abstract &a);
    size_t tensor_operand(const at::Tensor &t, const Node *at);
    Abstract record_call(const char *type, std::vector<std::pair<const char *, Abstract>> arguments,
                         const Node *at);
    Abstract quantized(const at::Tensor &t, const Node *at);
    bool packed(const IValue &object, const Node *at, Abstract &out);
    bool packed_cell(const IValue &object, const Node *at, Abstract &out);
    void freeze(const at::Tensor &t);
    size_t result(size_t entry);

    // lists.cc: handlers of lists and tuples, some of dicts, too.
    std::vector<Abstract> take_apart(const Abstract &list, size_t count, const Node *at);
    bool list_construct(const Node *n, std::vector<Abstract> &v);
    bool tuple_construct(const Node *n, std::vector<Abstract> &v);
    bool unpack(const Node *n, std::vector<Abstract> &v);
    bool item(const Node *n, std::vector<Abstract> &v);
    bool slice(const Node *n, std::vector<Abstract> &v);
    bool append(const Node *n, std::vector<Abstract> &v);
    bool extend(const Node *n, std::vector<Abstract> &v);
    bool insert(const Node *n, std::vector<Abstract> &v);
    bool pop(const Node *n, std::vector<Abstract> &v);
    bool remove(const Node *n, std::vector<Abstract> &v);
    bool clear(const Node *n, std::vector<Abstract> &v);
    bool reverse(const Node *n, std::vector<Abstract> &v);
    bool set_item(const Node *n, std::vector<Abstract> &v);
    bool add_lists(const Node *n, std::vector<Abstract> &v);
    bool copy_list(const Node *n, std::vector<Abstract> &v);
    bool length(const Node *n, std::vector<Abstract> &v);

    // dicts.cc: handlers of dicts.
    bool dict_construct(const Node *n, std::vector<Abstract> &v);
    bool make_dict(const Node *n, std::vector<Abstract> &v);
    bool get(const Node *n, std::vector<Abstract> &v);
    bool set_default(const Node *n, std::vector<Abstract> &v);
    bool update(const Node *n, std::vector<Abstract> &v);
    bool contains(const Node *n, std::vector<Abstract> &v);
    bool keys(const Node *n, std::vector<Abstract> &v);
    bool values(const Node *n, std::vector<Abstract> &v);
    bool items(const Node *n, std::vector<Abstract> &v);

    // python.cc: handlers of the rest of Python.
    void note_read(const IValue &value);
    bool constant(const Node *n, std::vector<Abstract> &v);
    bool get_attribute(const Node *n, std::vector<Abstract> &v);
    bool set_attribute(const Node *n, std::vector<Abstract> &v);
    bool create_object(const Node *n, std::vector<Abstract> &v);
    bool to_list(const Node *n, std::vector<Abstract> &v);
    bool is_instance(const Node *n, std::vector<Abstract> &v);
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
    bool raise(const Node *n, std::vector<Abstract> &v);

    // places.cc: places and reasons.
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

    const torch_source &source_;
    torch::jit::Module module_;
    IValue examples_; // what the network was traced with: a list, or None
    Frozen &frozen_;
    std::unordered_map<const Node *, std::vector<Place>> frames_;
    std::unordered_map<const void *, std::string> object_paths_;
    std::map<TensorKey, std::string> tensor_names_;
    std::map<TensorKey, size_t> tensor_operands_;
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

} // namespace torchscript

#endif
