// inputs.cc - the network's inputs, and the walk from them to its output.
//
// An input has the hint that the user gave, else the shape it was traced with.  Inputs in tuples, lists and dicts
// are flattened; of a list or dict that nothing says more of, an item is an input when the network asks for it.
#include "formats/torchscript/interpreter.hh"
#include "formats/torchscript/modules.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

Interpreter::Interpreter(const torch_source &source, torch::jit::Module module, IValue examples,
                         Frozen &frozen)
    : source_(source), module_(std::move(module)), examples_(std::move(examples)), frozen_(frozen)
{
}

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

static IValue hint_of(const torch_shape &shape)
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

} // namespace torchscript
