// lists.cc - Python's lists and tuples: made, taken apart and changed, none of it a call.
//
// A handler gets a node's inputs in `v` and leaves its results there; it returns false when it leaves the node to
// the general way.  A list that the network computes has operands for items: the sizes of a tensor are a call each.
#include "formats/torchscript/dicts.hh"
#include "formats/torchscript/interpreter.hh"

namespace torchscript
{

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

static bool index_of(const Abstract &a, size_t count, size_t &out)
{
    if (a.is != Is::known || !a.value.isInt())
        return false;
    int64_t i = a.value.toInt();
    i = i < 0 ? i + static_cast<int64_t>(count) : i;
    out = static_cast<size_t>(i);
    return i >= 0 && i < static_cast<int64_t>(count);
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

static bool known_or_none(const Abstract &a, int64_t otherwise, int64_t &out)
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

} // namespace torchscript
