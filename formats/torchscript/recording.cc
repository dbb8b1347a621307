// recording.cc - recording a call: what is not computed becomes an entry, its results operands.
//
// The arguments are those of the operator's schema, by name, as Python would write them: types by their names,
// tensors of rank 0 as numbers where Python takes those, nothing that says only where a tensor lives.
#include "formats/torchscript/interpreter.hh"
#include "formats/torchscript/operators.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

static const char *dtype_text(int64_t number)
{
    static const char *const names[] = { "uint8", "int8",   "short",     "int",       "long",       "half",
                                         "float", "double", "complex32", "complex64", "complex128", "bool",
                                         "qint8", "quint8", "qint32",    "bfloat16" };
    return number >= 0 && number < 16 ? names[number] : nullptr;
}

static const char *memory_format_text(int64_t number)
{
    static const char *const names[] = { "contiguous_format", "preserve_format", "channels_last",
                                         "channels_last_3d" };
    return number >= 0 && number < 4 ? names[number] : nullptr;
}

// Operators of which Python has a form for two numbers.
static bool is_arithmetic(const Node *n)
{
    static const std::set<std::string> names = { "add",          "sub",       "mul", "div", "true_divide",
                                                 "floor_divide", "remainder", "eq",  "ne",  "lt",
                                                 "le",           "gt",        "ge",  "size" };
    return n->kind().is_aten() && names.count(plain_name(n)) > 0;
}

// Operators whose tensor arguments, but for the first, may be numbers in Python.
static bool takes_numbers(const Node *n)
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

// A float64 of rank 0 makes the result of an integer operand float64; a plain number makes it float32.
static bool changes_type(const at::Tensor &t, const std::vector<Abstract> &all)
{
    if (t.scalar_type() != at::kDouble || t.unsafeGetTensorImpl()->is_wrapped_number())
        return false;
    return std::any_of(all.begin(), all.end(), [](const Abstract &a) {
        return a.is == Is::operand && a.hint().isTensor() && a.hint().toTensor().dim() > 0 &&
               at::isIntegralType(a.hint().toTensor().scalar_type(), true);
    });
}

static bool is_dtype(const c10::Argument &formal)
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
static bool is_dropped(const c10::Argument &formal, const Abstract &a)
{
    static const std::set<std::string> names = { "device", "layout", "pin_memory", "non_blocking" };
    bool none = a.is == Is::known && a.value.isNone();
    return names.count(formal.name()) || (none && (formal.name() == "generator" || formal.kwarg_only()));
}

// Arithmetic on Python numbers has its own overloads, with other argument names: the tensors' are taken.
static std::string argument_key(const Node *n, const c10::FunctionSchema &schema, const std::string &name)
{
    static const std::set<std::string> conversions = { "aten::Int", "aten::Float", "aten::Bool",
                                                       "aten::Complex" };
    bool scalar = schema.arguments().size() <= 2 && schema.arguments()[0].name() == "a" &&
                  !conversions.count(n->kind().toQualString());
    if (scalar && name == "a")
        return "self";
    return scalar && name == "b" ? (n->kind() == c10::aten::pow ? "exponent" : "other") : name;
}

static std::string type_of(const Node *n)
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
        entry.keys.push_back(argument_key(n, *schema, formal.name()));
        entry.arguments.push_back(argument(in[i], formal, n, in));
    }
    return entry;
}

static bool all_operands(const std::vector<Abstract> &in, bool Abstract::*property)
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
static bool is_whole(const Node *n, const std::vector<Abstract> &in)
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
static bool list_length(const Node *n, const Promise &promise, Journal &journal, size_t &count)
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

} // namespace torchscript
