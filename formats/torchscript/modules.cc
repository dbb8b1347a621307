// modules.cc - the network's modules: their names, calls of their methods, and those that stay one call.
//
// A call of another module's method is a scope, named after where the module was found first; moduleop= keeps
// modules of a class whole: their body is walked only to learn which tensors it reads and what it gives.
#include "formats/torchscript/modules.hh"
#include "formats/torchscript/interpreter.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

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
            tensor_names_.emplace(tensor_key(value.toTensor()), name);
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

static bool has_tensors(const c10::ivalue::Object &object, size_t depth)
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

} // namespace torchscript
