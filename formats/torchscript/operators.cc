// operators.cc - running libtorch's own operators, where all that they take is known.
//
// What depends on no input is computed here and now, if it is of any use: not when the result is much larger than
// what it comes from, not for what is random or has effects, and not for a tensor that the network writes to
// elsewhere.
#include "formats/torchscript/operators.hh"
#include "formats/torchscript/interpreter.hh"

namespace torchscript
{

constexpr int64_t max_creation = 1 << 22, max_growth = 1 << 16; // elements

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

static int64_t elements(const IValue &value)
{
    return value.isTensor() && value.toTensor().defined() ? value.toTensor().numel() : 0;
}

static bool is_creation(const Node *n, const std::vector<Abstract> &in)
{
    bool makes = n->outputs().size() == 1 && n->output()->type()->kind() == TypeKind::TensorType;
    return makes && std::none_of(in.begin(), in.end(), [](const Abstract &a) {
               return any_inside(a, [](const Abstract &item) { return item.is_tensor(); });
           });
}

// zeros((100000, 100000)) is not tried.
static bool is_huge(const std::vector<Abstract> &in)
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

static bool has_recipe(const Node *n)
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

} // namespace torchscript
