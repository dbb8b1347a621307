/* script.c - the printed file: what stands around the operators. */
#include <inttypes.h>
#include <string.h>

#include "common/graph/dim.h"
#include "printer.h"

static const char imports[] = //
    "import torch\n"
    "import torch.nn as nn\n"
    "import torch.nn.functional as F\n";

static const char optional_imports[] = //
    "\n"
    "try:\n"
    "    import torchvision\n"
    "    import torchaudio\n"
    "except ImportError:\n"
    "    pass\n";

static const char open_weights[] = //
    "def open_weights():\n"
    "    \"\"\"The archive of the weights: under the name it had when this file was made, or beside this "
    "file.\"\"\"\n"
    "    here = os.path.dirname(os.path.abspath(__file__))\n"
    "    for path in (WEIGHTS, os.path.join(here, WEIGHTS), os.path.join(here, os.path.basename(WEIGHTS))):\n"
    "        if os.path.exists(path):\n"
    "            return zipfile.ZipFile(path)\n"
    "    raise FileNotFoundError('the weights are neither at %s nor beside %s' % (WEIGHTS, __file__))\n";

static const char member_text[] = //
    "\n"
    "\n"
    "def member(archive, name, which):\n"
    "    \"\"\"One of several weights that have the same name.\"\"\"\n"
    "    return [m for m in archive.infolist() if m.filename == name][which]\n";

static const char user_module[] = //
    "\n"
    "\n"
    "def user_module(path, **arguments):\n"
    "    \"\"\"A module of a class that was kept whole (moduleop=).\"\"\"\n"
    "    package, _, name = path.rpartition('.')\n"
    "    try:\n"
    "        return getattr(importlib.import_module(package or '__main__'), name)(**arguments)\n"
    "    except (ImportError, AttributeError, TypeError) as error:\n"
    "        raise ImportError('%s cannot be made without arguments; edit this line of Model.__init__ so "
    "that it '\n"
    "                          'makes the module: %s' % (path, error)) from error\n"
    "\n"
    "\n"
    "def set_weight(module, key, weight):\n"
    "    \"\"\"Sets a parameter or buffer below a module by its dotted key.\"\"\"\n"
    "    *path, name = key.split('.')\n"
    "    for step in path:\n"
    "        module = getattr(module, step)\n"
    "    if name in module._buffers:\n"
    "        weight = weight.detach()\n"
    "    setattr(module, name, weight)\n";

static const char loaders[] = //
    "\n"
    "    def load_pnnx_bin_as_parameter(self, archive, key, shape, dtype, requires_grad=True):\n"
    "        return nn.Parameter(self.load_pnnx_bin_as_tensor(archive, key, shape, dtype), requires_grad)\n"
    "\n"
    "    def load_pnnx_bin_as_tensor(self, archive, key, shape, dtype):\n"
    "        data = bytearray(archive.read(key))\n"
    "        if not data:\n"
    "            return torch.empty(shape, dtype=getattr(torch, dtype))\n"
    "        return torch.frombuffer(data, dtype=getattr(torch, dtype)).reshape(shape)\n";

static const char exporters[] = //
    "\n"
    "\n"
    "def export_torchscript():\n"
    "    net = Model()\n"
    "    net.eval()\n"
    "    torch.jit.trace(net, example_inputs()).save(__file__ + '.pt')\n"
    "\n"
    "\n"
    "def export_pnnx():\n"
    "    import pnnx\n"
    "\n"
    "    net = Model()\n"
    "    net.eval()\n"
    "    pnnx.export(net, __file__ + '.pt', example_inputs())\n"
    "\n"
    "\n"
    "def export_ncnn():\n"
    "    export_pnnx()\n"
    "\n"
    "\n"
    "def export_onnx():\n"
    "    net = Model()\n"
    "    net.eval()\n";

static const char inference[] = //
    "\n"
    "\n"
    "@torch.no_grad()\n"
    "def test_inference(*inputs):\n"
    "    net = Model()\n"
    "    net.eval()\n"
    "    return net(*(inputs or example_inputs()))\n"
    "\n"
    "\n"
    "if __name__ == '__main__':\n"
    "    print(test_inference())\n";

/* ---- forward ---- */

static void print_returns(struct printer *p)
{
    bool any = false;
    for (const struct operator *op = p->graph->first; op; op = op->next) {
        if (!operator_is(op, "pnnx.Output"))
            continue;
        for (size_t i = 0; i < op->argument_count; i++) {
            lines_add(&p->out, any ? ", " : "        return ");
            print_value(p, &op->arguments[i].value);
            any = true;
        }
    }
    lines_add(&p->out, any ? "\n" : "        return None\n");
}

static void print_forward(struct printer *p)
{
    lines_add(&p->out, "\n    def forward(self");
    for (const struct operator *op = p->graph->first; op; op = op->next)
        if (operator_is(op, "pnnx.Input") && op->output_count == 1)
            lines_printf(&p->out, ", %s", variable(p, op->outputs[0]));
    lines_add(&p->out, "):\n");
    for (struct operator *op = p->graph->first; op; op = op->next)
        if (!operator_is(op, "pnnx.Input") && !operator_is(op, "pnnx.Output"))
            print_operator(p, op);
    print_returns(p);
}

/* ---- inputs ---- */

/* What a size that is not known is in an example, as upstream has it. */
#define ANY_SIZE 128

static void print_example(struct printer *p, const struct operand *x)
{
    struct lines *t = &p->out;
    enum dtype type = x->dtype == DTYPE_NULL ? DTYPE_F32 : x->dtype;
    bool real = dtype_is_float(type) || dtype_is_complex(type);
    lines_printf(t, "    %s = ", variable(p, x));
    lines_add(t, real ? "torch.rand(" : type == DTYPE_BOOL ? "torch.randint(2, (" : "torch.randint(10, (");
    for (int i = 0; i < x->rank; i++)
        lines_printf(t, i ? ", %" PRId64 : "%" PRId64, dim_example(p->graph, x->shape[i], ANY_SIZE));
    lines_printf(t, "%s, dtype=%s)\n", real ? "" : x->rank == 1 ? ",)" : ")", dtype_torch(type));
}

static void print_example_inputs(struct printer *p)
{
    struct lines *t = &p->out;
    struct lines names = { 0 };
    lines_add(t, "\n\ndef example_inputs():\n    torch.manual_seed(0)\n");
    bool known = true;
    size_t count = 0;
    for (const struct operator *op = p->graph->first; op; op = op->next) {
        if (!operator_is(op, "pnnx.Input") || op->output_count != 1)
            continue;
        lines_printf(&names, names.size ? ", %s" : "%s", variable(p, op->outputs[0]));
        count++;
        known = known && op->outputs[0]->rank > 0;
    }
    for (const struct operator *op = p->graph->first; known && op; op = op->next)
        if (operator_is(op, "pnnx.Input") && op->output_count == 1)
            print_example(p, op->outputs[0]);
    if (known)
        lines_printf(t, "    return (%s%s)\n", names.bytes ? names.bytes : "", count == 1 ? "," : "");
    else
        lines_printf(
            t, "    raise ValueError('the shapes of the inputs are not known: call test_inference(%s)')\n",
            names.bytes);
    lines_release(&names);
}

/* The names of the ends of an ONNX model: in0, in1 ..., out0, out1 ... */
static void print_onnx(struct printer *p)
{
    struct lines *t = &p->out;
    size_t inputs = 0, outputs = 0;
    for (const struct operator *op = p->graph->first; op; op = op->next) {
        inputs += operator_is(op, "pnnx.Input");
        outputs += operator_is(op, "pnnx.Output");
    }
    lines_add(
        t,
        "    torch.onnx.export(net, example_inputs(), __file__ + '.onnx', opset_version=13, input_names=[");
    for (size_t i = 0; i < inputs; i++)
        lines_printf(t, "%s'in%zu'", i ? ", " : "", i);
    lines_add(t, "], output_names=[");
    for (size_t i = 0; i < outputs; i++)
        lines_printf(t, "%s'out%zu'", i ? ", " : "", i);
    lines_add(t, "])\n");
}

/* ---- the file ---- */

/* The class first, into a text of its own: what is imported depends on it. */
static void print_file(struct printer *p)
{
    lines_add(&p->out, "class Model(nn.Module):\n    def __init__(self):\n        super().__init__()\n");
    print_members(p);
    lines_add(&p->out, loaders);
    print_forward(p);
    struct lines class = p->out;
    p->out = (struct lines){ 0 };
    if (p->uses_moduleop)
        lines_add(&p->out, "import importlib\n");
    lines_add(&p->out,
              p->uses_math ? "import math\nimport os\nimport zipfile\n\n" : "import os\nimport zipfile\n\n");
    lines_add(&p->out, imports);
    lines_add(&p->out, p->uses_torchvision ? optional_imports : "");
    lines_add(&p->out, "\nWEIGHTS = ");
    print_string(&p->out, p->bin);
    lines_add(&p->out, "\n\n\n");
    lines_add(&p->out, open_weights);
    lines_add(&p->out, p->repeats_names ? member_text : "");
    lines_add(&p->out, p->uses_moduleop ? user_module : "");
    lines_add(&p->out, "\n\n");
    lines_add_length(&p->out, class.bytes, class.size);
    lines_release(&class);
    print_example_inputs(p);
    lines_add(&p->out, exporters);
    print_onnx(p);
    lines_add(&p->out, inference);
}

struct lines python_of(struct graph *g, const char *bin)
{
    struct printer p = { .graph = g, .bin = bin };
    map_init(&p.variables);
    map_init(&p.modules);
    map_init(&p.archive_names);
    map_init(&p.archive_seen);
    map_init(&p.spellings);
    spellings_read(&p);
    identifiers_choose(&p);
    numbers_find(&p);
    print_file(&p);
    if (p.refused > 1)
        report(STATUS_CONVERSION, nowhere, "%zu operators cannot be printed; nothing was written", p.refused);
    map_release(&p.variables);
    map_release(&p.modules);
    map_release(&p.archive_names);
    map_release(&p.archive_seen);
    map_release(&p.spellings);
    return p.out;
}
