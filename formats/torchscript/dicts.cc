// dicts.cc - Python's dicts: made, asked and changed, none of it a call.
//
// The items of a dict are its keys and values in turn, in the order they were put in, as Python keeps them.  Only
// keys that are known are looked up.  Handlers are as in lists.cc.
#include "formats/torchscript/dicts.hh"
#include "formats/torchscript/interpreter.hh"

namespace torchscript
{

bool is_dict(const Abstract &a)
{
    return a.is == Is::dict;
}

bool same_key(const Abstract &a, const Abstract &b)
{
    if (a.is != Is::known || b.is != Is::known)
        return false;
    if (a.value.isString() && b.value.isString())
        return a.value.toStringRef() == b.value.toStringRef();
    return a.value.isInt() && b.value.isInt() && a.value.toInt() == b.value.toInt();
}

// Where the key is in a dict; its size: nowhere.
size_t place_of_key(const Abstract &dict, const Abstract &key)
{
    size_t i = 0;
    while (i < dict.items->size() && !same_key((*dict.items)[i], key))
        i += 2;
    return i;
}

bool Interpreter::dict_construct(const Node *, std::vector<Abstract> &v)
{
    v = { sequence(Is::dict, v) };
    return true;
}

// dict(), dict(pairs), dict(other).
bool Interpreter::make_dict(const Node *, std::vector<Abstract> &v)
{
    Abstract out = sequence(Is::dict, {});
    if (!v.empty() && !v[0].is_sequence() && !is_dict(v[0]))
        return false;
    if (!v.empty() && is_dict(v[0]))
        *out.items = *v[0].items;
    else if (!v.empty())
        for (const Abstract &pair : *v[0].items) {
            if (!pair.is_sequence() || pair.items->size() != 2)
                return false;
            std::vector<Abstract> entry = { out, (*pair.items)[0], (*pair.items)[1] };
            set_item(nullptr, entry);
        }
    v = { out };
    return true;
}

// dict.get(key[, default]), and what dict.pop() gives.
bool Interpreter::get(const Node *, std::vector<Abstract> &v)
{
    if (!is_dict(v[0]) || v[1].is != Is::known)
        return false;
    size_t i = place_of_key(v[0], v[1]);
    Abstract otherwise = v.size() > 2 ? v[2] : known(IValue());
    v = { i < v[0].items->size() ? (*v[0].items)[i + 1] : otherwise };
    return true;
}

bool Interpreter::set_default(const Node *, std::vector<Abstract> &v)
{
    if (!is_dict(v[0]) || v[1].is != Is::known || v.size() != 3)
        return false;
    size_t i = place_of_key(v[0], v[1]);
    if (i == v[0].items->size())
        v[0].items->insert(v[0].items->end(), { v[1], v[2] });
    v = { (*v[0].items)[i + 1] };
    return true;
}

bool Interpreter::update(const Node *, std::vector<Abstract> &v)
{
    if (!is_dict(v[0]) || !is_dict(v[1]))
        return false;
    const std::vector<Abstract> more = *v[1].items;
    for (size_t i = 0; i + 1 < more.size(); i += 2) {
        std::vector<Abstract> entry = { v[0], more[i], more[i + 1] };
        set_item(nullptr, entry);
    }
    v.clear();
    return true;
}

bool Interpreter::contains(const Node *, std::vector<Abstract> &v)
{
    if (!v[0].items || v[0].is == Is::open)
        return false;
    if (any_inside(v[1], [](const Abstract &a) { return a.is != Is::known; }) || v[0].is == Is::list)
        return false;
    bool found = false;
    for (size_t i = 0; i < v[0].items->size(); i += 2)
        found = found || same_key((*v[0].items)[i], v[1]);
    v = { known(found) };
    return true;
}

static std::vector<Abstract> every_second(const std::vector<Abstract> &items, size_t first)
{
    std::vector<Abstract> out;
    for (size_t i = first; i < items.size(); i += 2)
        out.push_back(items[i]);
    return out;
}

bool Interpreter::keys(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::dict)
        return false;
    v = { sequence(Is::list, every_second(*v[0].items, 0)) };
    return true;
}

bool Interpreter::values(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::dict)
        return false;
    v = { sequence(Is::list, every_second(*v[0].items, 1)) };
    return true;
}

bool Interpreter::items(const Node *, std::vector<Abstract> &v)
{
    if (v[0].is != Is::dict)
        return false;
    std::vector<Abstract> pairs;
    for (size_t i = 0; i + 1 < v[0].items->size(); i += 2)
        pairs.push_back(sequence(Is::tuple, { (*v[0].items)[i], (*v[0].items)[i + 1] }));
    v = { sequence(Is::list, std::move(pairs)) };
    return true;
}

} // namespace torchscript
