// sizes.cc - see sizes.hh.
#include "formats/torchscript/sizes.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

static bool is_free(const torch_shape &shape)
{
    return std::any_of(shape.dims, shape.dims + std::max(shape.rank, 0), [](int64_t d) { return d < 0; });
}

bool has_free_sizes(const torch_source &source)
{
    return std::any_of(source.shapes, source.shapes + source.shape_count, is_free);
}

// A number for each free size, from 0, the same for those of a name.
static std::vector<std::vector<int>> number_free(const torch_source &source)
{
    std::map<std::string, int> named;
    std::vector<std::vector<int>> numbers;
    int count = 0;
    for (size_t i = 0; i < source.shape_count; i++) {
        numbers.emplace_back();
        for (int k = 0; k < source.shapes[i].rank; k++) {
            const char *name = source.shapes[i].names ? source.shapes[i].names[k] : nullptr;
            bool free = source.shapes[i].dims[k] < 0;
            if (free && name && strcmp(name, "?") != 0) {
                auto [found, fresh] = named.try_emplace(name, count);
                count += fresh;
                numbers.back().push_back(found->second);
            } else {
                numbers.back().push_back(free ? count++ : -1);
            }
        }
    }
    return numbers;
}

std::vector<Sizes> sizes_to_try(const torch_source &source)
{
    // Of images, which are halved some times, and of sequences no longer than a table of positions; by how much the next
    // name's is larger.
    static const struct {
        int64_t first, step;
    } ways[] = { { 256, 64 }, { 704, 64 }, { 9, 1 }, { 20, 1 } };
    std::vector<std::vector<int>> numbers = number_free(source);
    std::vector<Sizes> all;
    for (const auto &way : ways) {
        all.emplace_back();
        for (size_t i = 0; i < source.shape_count; i++) {
            all.back().emplace_back();
            for (size_t k = 0; k < numbers[i].size(); k++)
                all.back().back().push_back(numbers[i][k] < 0 ? source.shapes[i].dims[k]
                                                              : way.first + numbers[i][k] * way.step);
        }
    }
    return all;
}

std::vector<torch_shape> shapes_with(const torch_source &source, const Sizes &sizes)
{
    std::vector<torch_shape> shapes(source.shapes, source.shapes + source.shape_count);
    for (size_t i = 0; i < shapes.size(); i++)
        if (shapes[i].rank >= 0)
            shapes[i].dims = sizes[i].data();
    return shapes;
}

static bool same_tensor(const at::Tensor &a, const at::Tensor &b)
{
    if (!a.defined() || !b.defined() || a.is_same(b))
        return a.defined() == b.defined();
    return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && is_plain(a) && is_plain(b) &&
           at::equal(a, b);
}

static bool same_value(const IValue &a, const IValue &b)
{
    if (a.isTensor() && b.isTensor())
        return same_tensor(a.toTensor(), b.toTensor());
    if (a.isDouble() && b.isDouble()) /* also where both are no number */
        return a.toDouble() == b.toDouble() || (a.toDouble() != a.toDouble() && b.toDouble() != b.toDouble());
    return a.type()->kind() == b.type()->kind() && (a.isObject() || a.equals(b).toBool());
}

static bool same(const Abstract &a, const Abstract &b)
{
    if (a.is != b.is || a.number != b.number || !a.items != !b.items)
        return false;
    if (a.items)
        return a.items->size() == b.items->size() &&
               std::equal(a.items->begin(), a.items->end(), b.items->begin(), same);
    return a.is != Is::known || same_value(a.value, b.value);
}

static bool same_call(const Entry &a, const Entry &b)
{
    return a.type == b.type && a.keys == b.keys && a.results == b.results && a.scope == b.scope &&
           a.arguments.size() == b.arguments.size() &&
           std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), same) &&
           a.weights.size() == b.weights.size() &&
           std::equal(a.weights.begin(), a.weights.end(), b.weights.begin(),
                      [](const auto &v, const auto &w) {
                          return v.first == w.first && same_tensor(v.second, w.second);
                      });
}

bool alike(const Record &a, const Record &b)
{
    return a.entries.size() == b.entries.size() && same(a.result, b.result) &&
           std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(), same_call);
}

void forget_sizes(const torch_source &source, Record &record)
{
    std::map<size_t, Input *> inputs; // in the order in which they took their shapes
    for (auto &[number, input] : record.inputs)
        inputs[number] = &input;
    size_t i = 0;
    for (auto &[number, input] : inputs)
        if (i < source.shape_count && is_free(source.shapes[i++]))
            input->hint = IValue();
    for (Entry &entry : record.entries)
        entry.hints.clear();
}

} // namespace torchscript
