// python.cc - values of Python that become no call: constants, attributes, types, numbers of tensors; the table of
// handlers.
//
// Handlers are as in lists.cc.  What says where a tensor lives does nothing; ranks and types are those of the hints.
#include "formats/torchscript/hints.hh"
#include "formats/torchscript/interpreter.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

// Tensors of rank 0 among the constants are how tracing keeps Python's numbers: in arithmetic they count as numbers,
// which do not change the type of an integer tensor to float64.  libtorch's interpreter does the same.
static void mark_number(const at::Tensor &t)
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

static Abstract list_of_numbers(const at::Tensor &t)
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
static int is_of_type(const Abstract &a, const c10::TypePtr &type)
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

} // namespace torchscript
