// places.cc - where in the user's source a node comes from, and reasons why something cannot be expressed.
//
// The place is the innermost line that is not PyTorch's own.  A reason is remembered when it is found, and said only
// when something that matters depends on it.
#include "formats/torchscript/interpreter.hh"

namespace torchscript
{

// "/home/u/net.py(31): forward": a line of the stack that tracing records, innermost first.
static bool parse_frame(const std::string &line, Place &out)
{
    size_t close = line.rfind("): ");
    size_t open = close == std::string::npos ? close : line.rfind('(', close);
    if (open == std::string::npos || open == 0 || close - open < 2 || close - open > 10)
        return false;
    size_t number = 0;
    for (size_t i = open + 1; i < close; i++) {
        if (line[i] < '0' || line[i] > '9')
            return false;
        number = number * 10 + static_cast<size_t>(line[i] - '0');
    }
    out.file = line.substr(0, open);
    out.line = number;
    return true;
}

static bool is_torch_file(const std::string &file)
{
    for (const char *part : { "-packages/torch/", "/torch/nn/", "/torch/_", "/torch/functional.py",
                              "/torch/jit/", "/torch/utils/" })
        if (file.find(part) != std::string::npos)
            return true;
    return false;
}

// The Python lines behind a range, innermost first: one for scripted code, the whole stack for traced.
static std::vector<Place> frames_of(const torch::jit::SourceRange &range)
{
    std::vector<Place> frames;
    auto origin = range.findSourceRangeThatGenerated();
    if (!origin || !origin->source())
        return frames;
    std::string text = origin->source()->text_str().str();
    for (size_t start = 0; start < text.size();) {
        size_t end = std::min(text.find('\n', start), text.size());
        Place place;
        if (!parse_frame(text.substr(start, end - start), place))
            break;
        frames.push_back(place);
        start = end + 1;
    }
    auto where = origin->file_line_col();
    if (frames.empty() && where)
        frames.push_back({ std::get<0>(*where), std::get<1>(*where) });
    return frames;
}

// frames_of() is slow, and the calls around an operator are asked for again and again.
const std::vector<Place> &Interpreter::frames_at(const Node *n)
{
    auto found = frames_.find(n);
    return found != frames_.end() ? found->second : frames_[n] = frames_of(n->sourceRange());
}

Place Interpreter::place_of(const Node *n)
{
    Place first;
    std::vector<const Node *> stack(calls_.rbegin(), calls_.rend());
    stack.insert(stack.begin(), n);
    for (const Node *node : stack)
        for (const Place &frame : frames_at(node)) {
            if (!is_torch_file(frame.file))
                return frame;
            if (first.file.empty())
                first = frame;
        }
    return first;
}

std::string Interpreter::scope_text() const
{
    const Scope &scope = record.scopes[scopes_.back()];
    std::string out = scope.path.empty() ? "the network" : "module '" + scope.path + "'";
    return out + " (" + scope.class_name + ")";
}

// Remembers why something cannot be expressed; said now, or when something that matters needs it.  Returns the
// number of the reason.
size_t Interpreter::refuse(const Node *n, const std::string &text, bool now)
{
    record.refusals.push_back({ n ? place_of(n) : Place(), text + ", in " + scope_text(), now });
    return record.refusals.size();
}

// What is unknown in a value is needed: its reasons are said.
void Interpreter::tell(const Abstract &a)
{
    any_inside(a, [&](const Abstract &item) {
        if (item.is == Is::unknown && item.number > 0)
            record.refusals[item.number - 1].told = true;
        return false;
    });
}

} // namespace torchscript
