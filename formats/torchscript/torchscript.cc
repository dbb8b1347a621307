// torchscript.cc - the reader of TorchScript archives: a shared object, C++ inside and C at its border.
//
// A static interpreter: it walks the graph of `forward` and of every method and function called from there, with
// an abstract value for each value of the graph.  What is known (attributes, constants, lists, numbers, what can
// be computed from weights alone) is evaluated; what depends on an input is recorded as a call and becomes an
// operand.  So inlining, unrolling, tuples, lists and decided branches need no pass of their own, and each call
// knows the stack of modules and source lines it was made in.
//
// Where input shapes are known, an operand carries a hint: a tensor on the meta device, which has a shape and a
// type but no numbers, or the number that a size has.  Hints decide branches and loops; they are never written, and
// computed only when something asks for one: running every operator on the meta device takes longer than reading.
#include "formats/torchscript/torchscript.h"

#include <dlfcn.h>

#include "formats/torchscript/archive.hh"
#include "formats/torchscript/delivery.hh"
#include "formats/torchscript/interpreter.hh"
#include "formats/torchscript/sizes.hh"
#include "formats/torchscript/torchvision.hh"

namespace torchscript
{

// The message of a libtorch exception: its first line, without the C++ stack behind it.
static std::string first_line(const char *what)
{
    std::string text = what;
    size_t start = text.find_first_not_of(" \n\t");
    text = start == std::string::npos ? text : text.substr(start);
    text = text.substr(0, std::min(text.find('\n'), size_t(300)));
    bool foreign = text.find("Unknown builtin op: ") != std::string::npos &&
                   text.find("op: aten::") == std::string::npos;
    return text + (foreign ? " (give the library that registers it: customop=)" : "");
}

// Whether libtorch says of the file that it is whole, but asks for more than this libtorch has.
static bool asks_for_more(const std::string &text)
{
    return text.find("Unknown builtin op: ") != std::string::npos ||
           text.find("maximum supported version") != std::string::npos;
}

static void interpret(Interpreter &interpreter)
{
    try {
        interpreter.run();
    } catch (const std::invalid_argument &) {
        throw;
    } catch (const c10::Error &e) {
        throw std::invalid_argument(first_line(e.what_without_backtrace()));
    } catch (const std::runtime_error &e) {
        throw std::invalid_argument(first_line(e.what()));
    }
}

namespace
{

// What libtorch warns of is no mistake in the file.
class Silence : public c10::WarningHandler
{
    void process(const c10::Warning &) override
    {
    }
};

} // namespace

static bool is_refused(const Record &record)
{
    return std::any_of(record.refusals.begin(), record.refusals.end(),
                       [](const Refusal &r) { return r.told; });
}

namespace
{

// What all attempts on a network have in common.
struct Reading {
    torch::jit::Module module;
    IValue examples;
    Frozen frozen;
};

} // namespace

// The network with these shapes of its inputs.  What it is made of stays when the process goes on: taking libtorch's
// structures apart would cost more than reading them.
static Record &attempt(Reading &reading, const torch_source &source, const torch_shape *shapes)
{
    torch_source *tried = new torch_source(source);
    tried->shapes = shapes;
    for (;;) {
        auto interpreter =
            std::make_unique<Interpreter>(*tried, reading.module, reading.examples, reading.frozen);
        try {
            interpret(*interpreter);
        } catch (const Restart &) {
            continue;
        }
        return interpreter.release()->record;
    }
}

// What all sizes that fit, two at least, decide alike for those that are free; nullptr: nothing.
static Record *attempt_free(Reading &reading, const torch_source &source)
{
    std::vector<Record *> decided;
    for (const Sizes &sizes : sizes_to_try(source)) {
        auto shapes = shapes_with(source, sizes);
        try {
            Record &record = attempt(reading, source, shapes.data());
            if (!is_refused(record))
                decided.push_back(&record);
        } catch (const std::invalid_argument &) { // they do not fit
        }
    }
    if (decided.size() < 2 ||
        !std::all_of(decided.begin(), decided.end(), [&](const Record *r) { return alike(*decided[0], *r); }))
        return nullptr;
    forget_sizes(source, *decided[0]);
    return decided[0];
}

static Record &record_of(Reading &reading, const torch_source &source)
{
    Record *record = &attempt(reading, source, source.shapes);
    if (source.other_shapes && record->by_sizes &&
        !alike(*record, attempt(reading, source, source.other_shapes)))
        throw std::invalid_argument(
            "a branch or loop depends on a size of the input, and inputshape2= decides it otherwise "
            "than inputshape= (instead: a conversion for each size)");
    if (is_refused(*record) && has_free_sizes(source))
        if (Record *decided = attempt_free(reading, source))
            record = decided;
    return *record;
}

static void read(const torch_source &source, const torch_sink &sink)
{
    static Silence silence;
    c10::WarningUtils::set_warning_handler(&silence);
    at::NoGradGuard no_grad;
    define_torchvision();
    auto archive = std::make_shared<Archive>(source.data, source.size);
    torch::jit::Module module = torch::jit::load(
        std::static_pointer_cast<caffe2::serialize::ReadAdapterInterface>(archive), at::kCPU);
    bool training = module.is_training();
    module.eval();
    Reading &reading = *new Reading{ module, example_inputs(archive), {} };
    deliver(*archive, sink, record_of(reading, source), training);
}

static void read_or_fail(const torch_source &source, const torch_sink &sink)
{
    std::string text;
    try {
        read(source, sink);
        return;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::invalid_argument &e) {
        sink.refuse(sink.context, nullptr, 0, e.what());
        return;
    } catch (const torch::jit::ErrorReport &e) {
        text = first_line(e.what());
    } catch (const c10::Error &e) {
        text = first_line(e.what_without_backtrace());
    } catch (const std::exception &e) {
        text = first_line(e.what());
    } catch (...) {
        text = "an unknown exception";
    }
    if (asks_for_more(text))
        sink.refuse(sink.context, nullptr, 0, text.c_str());
    else
        sink.fail(sink.context, text.c_str());
}

} // namespace torchscript

void torchscript_read(const struct torch_source *source, const struct torch_sink *sink)
{
    try {
        torchscript::read_or_fail(*source, *sink);
    } catch (const std::bad_alloc &) {
        sink->exhausted(sink->context);
    }
}

struct torch_release torchscript_release(void)
{
    static std::string version;
    const std::string key = "TORCH_VERSION=", all = at::show_config();
    size_t start = all.find(key);
    if (start != std::string::npos)
        version = all.substr(start + key.size(), all.find_first_of(",\n ", start) - start - key.size());
    Dl_info place;
    bool known = dladdr(reinterpret_cast<void *>(&at::show_config), &place) != 0;
    return { version.c_str(), TORCH_VERSION, known ? place.dli_fname : "" };
}
