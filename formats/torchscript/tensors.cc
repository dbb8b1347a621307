// tensors.cc - known tensors that become operands, quantized ones with what makes them.
//
// A tensor is one operand however often it is read: tied parameters are one.  It is taken for a constant until the
// network turns out to write to it; then all starts over with that tensor frozen, an operand from where it is made.
// A quantized tensor is its integers and the call that makes it of them, for PNNX holds no quantized weights.
#include "formats/torchscript/interpreter.hh"

namespace torchscript
{

TensorKey tensor_key(const at::Tensor &t)
{
    return { t.storage().unsafeGetStorageImpl(), t.storage_offset(), t.sizes().vec(), t.strides().vec(),
             static_cast<int>(t.scalar_type()) };
}

bool is_plain(const at::Tensor &t)
{
    return t.defined() && t.layout() == at::kStrided && !t.is_quantized() && !t.is_meta();
}

at::Tensor meta_of(const at::Tensor &t)
{
    return at::empty_strided(t.sizes(), t.strides(), t.options().device(at::kMeta));
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
    TensorKey key = tensor_key(t);
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
static std::vector<IValue> ask(const std::string &name, const IValue &object)
{
    torch::jit::Stack stack = { object };
    c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(), "").callBoxed(&stack);
    return stack;
}

// The packed weights of a recurrent layer's cell whose inputs are quantized when it runs: those of other kinds are refused.
bool Interpreter::packed_cell(const IValue &object, const Node *at, Abstract &out)
{
    torch::jit::Function *state = object.toObject()->type()->findMethod("__getstate__");
    IValue parts = state ? (*state)({ object }) : IValue();
    if (!parts.isTuple())
        return false;
    const std::vector<IValue> items = parts.toTupleRef().elements().vec();
    if (items.size() != 5 || !items[0].isString() || items[0].toStringRef() != "quantized_dynamic")
        return false;
    const auto biases = items[1].toTensorVector();
    const auto longs = items[3].toIntVector();
    const auto weights = items[4].toListRef();
    Abstract ih, hh;
    if (biases.size() != 2 || longs.size() != 1 || weights.size() != 2 || !packed(weights[0], at, ih) ||
        !packed(weights[1], at, hh))
        return false;
    out = record_call("quantized::make_quantized_cell_params_dynamic",
                      { { "w_ih", ih },
                        { "w_hh", hh },
                        { "bias_ih", operand(tensor(biases[0], at), at) },
                        { "bias_hh", operand(tensor(biases[1], at), at) },
                        { "reduce_range", known(longs[0] != 0) } },
                      at);
    return true;
}

// The packed weights of a quantized layer: unpacked, and packed again by the call that made them.
bool Interpreter::packed(const IValue &object, const Node *at, Abstract &out)
{
    const std::string name = object.type()->repr_str();
    if (name.find("rnn.CellParamsBase") != std::string::npos)
        return packed_cell(object, at, out);
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

} // namespace torchscript
