// control.cc - walking the graph: nodes, branches, loops, calls.
//
// A branch or loop is decided by what is known or by hints; one that nothing decides gives unknown values, and is
// refused when something that matters depends on them.  Loops are unrolled, calls are inlined.
#include "formats/torchscript/interpreter.hh"
#include "formats/torchscript/operators.hh"

namespace torchscript
{

constexpr size_t max_depth = 300, max_steps = 20000000, max_trips = 100000;

bool Interpreter::decided(const Abstract &a, bool &out) const
{
    if (a.is != Is::known && a.is != Is::operand)
        return false;
    const IValue &value = a.hint();
    if (value.isBool())
        out = value.toBool();
    else if (value.isTensor() && value.toTensor().defined() && !value.toTensor().is_meta() &&
             value.toTensor().numel() == 1)
        out = value.toTensor().item().toBool();
    else
        return false;
    return true;
}

static bool only_raises(const Block *block)
{
    for (const Node *n : block->nodes())
        if (n->kind() == prim::RaiseException)
            return true;
    return false;
}

// Whether anything in a block can be noticed outside, but for its outputs.
static bool has_effects(const Block *block)
{
    for (const Node *n : block->nodes()) {
        if (n->kind() == prim::SetAttr || n->kind() == prim::CallMethod || n->kind() == prim::CallFunction ||
            write_argument(n) != SIZE_MAX)
            return true;
        for (const Block *inner : n->blocks())
            if (has_effects(inner))
                return true;
    }
    return false;
}

// The operator behind a value whose inputs have hints and whose result has none; empty: an input of the network lacks
// its own.
std::string Interpreter::shapeless(const Abstract &a, size_t depth) const
{
    auto producer = record.producer.find(a.number);
    if (producer == record.producer.end() || depth > 1000)
        return "";
    const Entry &entry = record.entries[producer->second];
    for (const Abstract &argument : entry.arguments) {
        const Abstract *open = nullptr;
        any_inside(argument, [&](const Abstract &item) {
            open = item.is == Is::operand && item.hint().isNone() ? &item : nullptr;
            return open != nullptr;
        });
        if (open)
            return shapeless(*open, depth + 1);
    }
    return entry.type;
}

// A branch or loop that nothing decides.  It is refused when something that matters depends on it.
void Interpreter::undecided(const Node *n, Frame &frame, const Abstract &condition, const char *what)
{
    bool effects = std::any_of(n->blocks().begin(), n->blocks().end(), has_effects);
    size_t reason = condition.number;
    if (condition.is != Is::unknown || reason == 0) {
        bool sized = condition.is == Is::operand && condition.sized;
        std::string maker = sized ? shapeless(condition, 0) : "";
        std::string hint = !sized ? " depends on values that only running the network gives"
                           : maker.empty() && source_.shape_count
                               ? " depends on a size of the input: give it as a number in inputshape="
                           : maker.empty() ? " depends on the shape of the input: give inputshape="
                                           : " depends on the shape of what " + maker +
                                                 " gives, which is not known before the network runs";
        reason = refuse(n, what + hint, false);
    }
    if (effects)
        tell(unknown(reason));
    for (const torch::jit::Value *output : n->outputs())
        frame[output] = unknown(reason);
}

void Interpreter::run_if(const Node *n, Frame &frame)
{
    const Abstract condition = frame[n->input(0)];
    bool take = false, raises[2] = { only_raises(n->blocks()[0]), only_raises(n->blocks()[1]) };
    if (raises[0] != raises[1] && condition.is != Is::known)
        take = raises[1];
    else if (!decided(condition, take)) {
        undecided(n, frame, condition, "a branch");
        return;
    }
    record.by_sizes |= condition.is == Is::operand;
    const Block *block = n->blocks()[take ? 0 : 1];
    run_block(block, frame);
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = frame[block->outputs()[i]];
}

bool Interpreter::iterate(const Node *n, Frame &frame, std::vector<Abstract> &carried, const Abstract &limit,
                          Abstract go)
{
    const Block *body = n->blocks()[0];
    int64_t trips = limit.hint().toInt();
    bool again = true;
    for (int64_t i = 0; i < trips; i++) {
        if (!decided(go, again) || static_cast<size_t>(i) > max_trips)
            return false;
        if (!again)
            return true;
        frame[body->inputs()[0]] = known(i);
        for (size_t k = 0; k < carried.size(); k++)
            frame[body->inputs()[k + 1]] = carried[k];
        run_block(body, frame);
        go = frame[body->outputs()[0]];
        for (size_t k = 0; k < carried.size(); k++)
            carried[k] = frame[body->outputs()[k + 1]];
    }
    return true;
}

void Interpreter::run_loop(const Node *n, Frame &frame)
{
    const Abstract limit = frame[n->input(0)], go = frame[n->input(1)];
    std::vector<Abstract> carried;
    for (size_t i = 2; i < n->inputs().size(); i++)
        carried.push_back(frame[n->input(i)]);
    bool first = false, counted = (limit.is == Is::known || limit.is == Is::operand) && limit.hint().isInt();
    if (!counted || !decided(go, first) || !iterate(n, frame, carried, limit, go)) {
        undecided(n, frame, counted ? go : limit, "a loop");
        return;
    }
    record.by_sizes |= limit.is == Is::operand || go.is == Is::operand;
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = carried[i];
}

std::vector<Abstract> Interpreter::call(torch::jit::Function &function, std::vector<Abstract> arguments,
                                        const Node *at)
{
    torch::jit::GraphFunction *body = torch::jit::tryToGraphFunction(function);
    if (!body || calls_.size() >= max_depth) {
        size_t reason =
            refuse(at, body ? "calls that go too deep" : "a call of code that is not TorchScript", true);
        return std::vector<Abstract>(at->outputs().size(), unknown(reason));
    }
    calls_.push_back(at);
    std::vector<Abstract> out = run_graph(*body->graph(), std::move(arguments));
    calls_.pop_back();
    return out;
}

std::vector<Abstract> Interpreter::call_function(const Node *n, const std::vector<Abstract> &in)
{
    auto type = n->input(0)->type()->cast<c10::FunctionType>();
    if (!type)
        return std::vector<Abstract>(n->outputs().size(),
                                     unknown(refuse(n, "a call of an unknown function", true)));
    return call(*type->function(), std::vector<Abstract>(in.begin() + 1, in.end()), n);
}

void Interpreter::run_node(const Node *n, Frame &frame)
{
    if (++step_ > max_steps)
        throw std::runtime_error("the network has too many steps when its loops are unrolled");
    if (n->kind() == prim::If)
        return run_if(n, frame);
    if (n->kind() == prim::Loop)
        return run_loop(n, frame);
    std::vector<Abstract> v;
    for (const torch::jit::Value *input : n->inputs())
        v.push_back(frame[input]);
    std::vector<Abstract> in = v;
    auto handler = handlers().find(n->kind().toQualString());
    bool done = true;
    if (n->kind() == prim::CallMethod)
        v = call_method(n, in);
    else if (n->kind() == prim::CallFunction)
        v = call_function(n, in);
    else if (n->kind() == prim::PythonOp)
        v.assign(n->outputs().size(), unknown(refuse(n, "a call of Python code", true)));
    else if (n->kind() == c10::Symbol::fromQualString("prim::Uninitialized"))
        v = { unknown(0) };
    else
        done = handler != handlers().end() && (this->*handler->second)(n, v);
    bool lists = !done && !in.empty() && in[0].is_sequence();
    if (lists && n->kind() == c10::aten::slice)
        done = slice(n, v);
    else if (lists && (n->kind() == c10::aten::add || n->kind() == c10::Symbol::fromQualString("aten::add_")))
        done = add_lists(n, v);
    else if (lists && n->kind() == c10::aten::copy)
        done = copy_list(n, v);
    if (!done)
        return run_operator(n, in, frame);
    for (size_t i = 0; i < n->outputs().size(); i++)
        frame[n->output(i)] = i < v.size() ? v[i] : known(IValue());
}

void Interpreter::run_block(const Block *block, Frame &frame)
{
    for (const Node *n : block->nodes())
        run_node(n, frame);
}

std::vector<Abstract> Interpreter::run_graph(const Graph &graph, std::vector<Abstract> arguments)
{
    Frame frame;
    for (size_t i = 0; i < graph.inputs().size(); i++)
        frame[graph.inputs()[i]] = i < arguments.size() ? arguments[i] : known(IValue());
    run_block(graph.block(), frame);
    std::vector<Abstract> out;
    for (const torch::jit::Value *output : graph.outputs())
        out.push_back(frame[output]);
    return out;
}

} // namespace torchscript
