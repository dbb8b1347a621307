// values.cc - abstract values, and how they become what libtorch's own operators take.
//
// A value is known, or an operand, or unknown; lists, tuples and dicts are taken apart as far as they go, so that
// one may hold known values beside operands.  Their items are shared, for Python's lists are references.
#include "formats/torchscript/values.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

Abstract sequence(Is is, std::vector<Abstract> items)
{
    Abstract a;
    a.is = is;
    a.items = std::make_shared<std::vector<Abstract>>(std::move(items));
    return a;
}

static Abstract known_list(const IValue &value)
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

static bool concrete_tensor(const at::Tensor &t, Mode mode, IValue &out)
{
    bool whole = mode == Mode::exact || !t.defined() || t.is_meta() || (mode == Mode::hints && t.dim() == 0);
    out = whole || t.dim() == 0 || t.is_quantized() || t.is_sparse() ? t : meta_of(t);
    return true;
}

static bool concrete_single(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
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

static bool concrete_list(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
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

static bool concrete_tuple(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
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

static bool concrete_dict(const Abstract &a, const c10::TypePtr &type, Mode mode, IValue &out)
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

} // namespace torchscript
