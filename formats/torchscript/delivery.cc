// delivery.cc - handing the record over, through the border in C.
//
// Scopes come first, then inputs, then calls and tensors in the order of the network, then the output; texts and
// arrays live as long as the call of the sink, tensors until the process ends.
#include "formats/torchscript/delivery.hh"
#include "formats/torchscript/modules.hh"

namespace torchscript
{

namespace
{

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

} // namespace

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

static torch_shape shape_of(const IValue &hint)
{
    torch_shape out = { -1, -1, nullptr, nullptr };
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
static bool is_training(const Entry &e)
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

void deliver(const Archive &archive, const torch_sink &sink, Record &record, bool training)
{
    Delivery(archive, sink, record, training).run();
}

} // namespace torchscript
