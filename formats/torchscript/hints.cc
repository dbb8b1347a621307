// hints.cc - hints: computed only when something asks for one, all up to it in the order of the network.
//
// An operand's hint is what its operator gives on the meta device; where that lacks the operator, what a table here
// says, or libtorch's table of shape functions.  What is small stays a number.
#include "formats/torchscript/hints.hh"
#include "formats/torchscript/operators.hh"
#include "formats/torchscript/tensors.hh"

namespace torchscript
{

const IValue &Abstract::hint() const
{
    static const IValue none;
    if (!promise)
        return value;
    if (!promise->kept)
        promise->journal->settle();
    return index < promise->results.size() ? promise->results[index] : none;
}

// A result for the meta device: what is small stays a number.
static IValue weigh(IValue value)
{
    if (value.isTensor() && value.toTensor().defined() && value.toTensor().dim() > 0 &&
        !value.toTensor().is_meta() && is_plain(value.toTensor()))
        return meta_of(value.toTensor());
    return value;
}

// The shape of a padded tensor and of a spread along axes: what the meta device has of the mode with zeros, and of
// sums.
static std::vector<IValue> stand_in_hints(const Node *n, const std::vector<Abstract> &in, const at::Tensor &x)
{
    static const std::set<std::string> pads = { "pad", "reflection_pad2d" };
    static const std::set<std::string> spreads = { "std", "var" };
    bool pad = pads.count(plain_name(n)) > 0, spread = spreads.count(plain_name(n)) > 0 && in.size() == 4;
    IValue list, keep;
    if ((!pad && !spread) || in.size() < 2 || !concrete(in[1], n->input(1)->type(), Mode::meta, list) ||
        !list.isIntList() || (spread && !concrete(in[3], n->input(3)->type(), Mode::meta, keep)))
        return {};
    at::Tensor like = at::empty(x.sizes(), x.options().device(at::kMeta));
    try {
        return { pad ? at::constant_pad_nd(like, list.toIntVector())
                     : at::sum(like, list.toIntVector(), keep.toBool(), x.scalar_type()) };
    } catch (const std::exception &) {
        return {};
    }
}

// Attention: a row for each query; of the call with projections also the weights, where they are wanted.
static std::vector<IValue> attention_hints(const Node *n, const std::vector<Abstract> &in,
                                           const at::Tensor &x)
{
    auto empty = [&](std::vector<int64_t> sizes) { return at::empty(sizes, x.options().device(at::kMeta)); };
    std::vector<int64_t> sizes = x.sizes().vec();
    bool called = plain_name(n) == "scaled_dot_product_attention";
    if (in.size() < 3 || sizes.size() < 2 || !in[1].hint().isTensor() || !in[2].hint().isTensor())
        return {};
    if (called) {
        sizes.back() = in[2].hint().toTensor().size(-1);
        return { empty(sizes) };
    }
    bool wanted = in.size() > 11 && in[10].value.isBool() && in[10].value.toBool();
    if (sizes.size() != 3 || in[1].hint().toTensor().dim() != 3)
        return {};
    std::vector<int64_t> weights = { sizes[0], sizes[1], in[1].hint().toTensor().size(1) };
    if (wanted && in[11].value.isBool() && !in[11].value.toBool())
        weights.insert(weights.begin() + 1, in[4].value.isInt() ? in[4].value.toInt() : 1);
    return { empty(sizes), wanted ? IValue(empty(weights)) : IValue() };
}

// Hints for some operators that neither the meta device nor libtorch's table of shape functions has.
static std::vector<IValue> table_hints(const Node *n, const std::vector<Abstract> &in)
{
    static const std::set<std::string> alike = { "group_norm",    "instance_norm",
                                                 "dropout",       "feature_dropout",
                                                 "alpha_dropout", "_transformer_encoder_layer_fwd" };
    static const std::set<std::string> recurrent = { "lstm", "gru", "rnn_tanh", "rnn_relu" };
    if (in.empty() || !n->kind().is_aten() || !in[0].hint().isTensor())
        return {};
    const at::Tensor &x = in[0].hint().toTensor();
    if (alike.count(plain_name(n)))
        return { x };
    if (plain_name(n) == "scaled_dot_product_attention" || plain_name(n) == "_native_multi_head_attention")
        return attention_hints(n, in, x);
    bool batched = recurrent.count(plain_name(n)) && in.size() == 9;
    if (!batched || !in[7].value.isBool())
        return stand_in_hints(n, in, x);
    std::vector<IValue> out;
    bool pair = in[1].items != nullptr;
    for (const Abstract &state : pair ? *in[1].items : std::vector<Abstract>{ in[1] })
        out.push_back(state.hint());
    if (!out[0].isTensor() || x.dim() == 0)
        return {};
    std::vector<int64_t> sizes = x.sizes().vec();
    sizes.back() = out[0].toTensor().size(-1) * (in[7].value.toBool() ? 2 : 1);
    out.insert(out.begin(), at::empty(sizes, x.options().device(at::kMeta)));
    return out;
}

// The same from libtorch's table of shape functions, for operators that the meta device does not have.
static std::vector<IValue> shape_hints(const Node *n, const std::vector<Abstract> &in)
{
    const c10::FunctionSchema *schema = n->maybeSchema();
    auto graph = schema ? torch::jit::shapeComputeGraphForSchema(*schema)
                        : decltype(torch::jit::shapeComputeGraphForSchema(*schema))();
    if (!graph || n->outputs().size() != 1)
        return {};
    torch::jit::Stack stack;
    auto type = at::kFloat;
    bool typed = false;
    for (size_t i = 0; i < std::min(in.size(), (*graph)->inputs().size()); i++) {
        IValue value;
        if (!concrete(in[i], n->input(i)->type(), Mode::meta, value))
            return {};
        if (value.isTensor()) {
            type = typed ? type : value.toTensor().scalar_type();
            typed = true;
            value = value.toTensor().sizes().vec();
        }
        stack.push_back(std::move(value));
    }
    try {
        torch::jit::GraphFunction function("shape", (*graph)->copy(), nullptr);
        function.run(stack);
        if (stack.size() == 1 && stack[0].isIntList())
            return { at::empty(stack[0].toIntVector(), at::TensorOptions(at::kMeta).dtype(type)) };
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return {};
    }
    return {};
}

// What is known of the results of a node before it runs: shapes, types, sizes.
std::vector<IValue> hints(const Node *n, const std::vector<Abstract> &in)
{
    std::vector<IValue> out;
    for (const Abstract &a : in)
        if (any_inside(a,
                       [](const Abstract &item) { return item.is == Is::operand && item.hint().isNone(); }))
            return {};
    if (n->isNondeterministic() || (!execute(n, in, Mode::hints, out) && !execute(n, in, Mode::meta, out)))
        out = table_hints(n, in);
    if (out.empty())
        out = shape_hints(n, in);
    for (IValue &value : out)
        value = weigh(std::move(value));
    return out;
}

// A copy that later changes of lists and counters do not reach.
static Abstract as_now(const Abstract &a)
{
    Abstract copy = a;
    if (a.items) {
        copy.items = std::make_shared<std::vector<Abstract>>();
        for (const Abstract &item : *a.items)
            copy.items->push_back(as_now(item));
    }
    if (a.is_tensor() && a.value.toTensor().defined() && a.value.toTensor().dim() == 0) {
        copy.value = a.value.toTensor().clone();
        copy.value.toTensor().unsafeGetTensorImpl()->set_wrapped_number(
            a.value.toTensor().unsafeGetTensorImpl()->is_wrapped_number());
    }
    return copy;
}

std::shared_ptr<Promise> Journal::add(const Node *n, const std::vector<Abstract> &in)
{
    auto promise = std::make_shared<Promise>();
    promise->journal = this;
    promise->node = n;
    for (const Abstract &a : in)
        promise->in.push_back(as_now(a));
    open.push_back(promise);
    return promise;
}

void Journal::settle()
{
    while (!open.empty()) {
        std::shared_ptr<Promise> promise = open.front();
        open.pop_front();
        std::vector<IValue> results = hints(promise->node, promise->in);
        promise->list = results.size() == 1 && results[0].isList();
        if (promise->list) {
            c10::List<IValue> items = results[0].toList();
            results.assign(items.begin(), items.end());
        }
        for (IValue &value : results)
            promise->results.push_back(weigh(std::move(value)));
        promise->kept = true;
        promise->in.clear();
    }
}

} // namespace torchscript
