/* script.c - see passes.h.  Names from the command line stand in quotes in it, escaped. */

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/graph/dim.h"
#include "formats/output.h"

/* The runtime prints its own message and returns a number where it cannot load: the script must not go on. */
static const char start[] = //
    "import os\n"
    "\n"
    "import numpy as np\n"
    "import ncnn\n"
    "import torch\n"
    "\n"
    "\n"
    "def load(function, name):\n"
    "    \"\"\"A file of the model: where it is seen from this script, or else right beside the "
    "script.\"\"\"\n"
    "    here = os.path.dirname(os.path.abspath(__file__))\n"
    "    path = os.path.join(here, name)\n"
    "    if not os.path.exists(path):\n"
    "        path = os.path.join(here, os.path.basename(name))\n"
    "    if not os.path.exists(path):\n"
    "        raise FileNotFoundError('%s is not beside %s' % (os.path.basename(name), __file__))\n"
    "    if function(path) != 0:\n"
    "        raise RuntimeError('ncnn cannot load ' + path)\n"
    "\n"
    "\n";

static void write_quoted(struct output *out, const char *text)
{
    output_printf(out, "\"");
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            output_printf(out, "\\%c", *c);
        else if ((unsigned char)*c < ' ' || *c == 127)
            output_printf(out, "\\x%02x", (unsigned char)*c);
        else
            output_printf(out, "%c", *c);
    }
    output_printf(out, "\"");
}

/* "(1, 3, 224, 224)" */
static void write_shape(struct output *out, const struct port *port)
{
    output_printf(out, "(");
    for (int i = 0; i < port->rank; i++)
        output_printf(out, "%s%lld", i ? ", " : "", (long long)port->shape[i]);
    output_printf(out, port->rank == 1 ? ",)" : ")");
}

static bool is_index(const struct port *port)
{
    return dtype_is_integer(port->dtype);
}

static int batch_index(const struct port *port)
{
    return port->batch >= 0 ? port->batch : NO_AXIS;
}

/* The tensors stay in variables: a Mat borrows their memory until it is cloned. */
static void write_inputs(struct output *out, const struct ports *ports)
{
    for (size_t i = 0; i < ports->input_count; i++) {
        const struct port *port = &ports->inputs[i];
        int bound = is_index(port) ? 10 : port->bound;
        output_printf(out, bound ? "    in%zu = torch.randint(0, %d, " : "    in%zu = torch.rand(", i, bound);
        write_shape(out, port);
        output_printf(out, is_index(port) ? ", dtype=torch.int).int().contiguous()\n"
                                          : ", dtype=torch.float).float().contiguous()\n");
    }
}

/* Whether the runtime gives a result other axes than PyTorch: a number has one dimension there, a number for each image
 * two, and where a layer that would only move an axis of size 1 is left out, that axis is elsewhere. */
static bool has_other_axes(const struct port *blob, const struct port *result)
{
    if (blob->rank != result->rank || blob->rank == 0 || (blob->rank == 1 && blob->batch == 0))
        return true;
    for (int i = 0; i < blob->rank; i++)
        if (!dim_equal(blob->shape[i], result->shape[i]) && (blob->shape[i] == 1 || result->shape[i] == 1))
            return true;
    return false;
}

/* ".reshape(10, 1, 20)", where it is needed, and at most one size is not known. */
static void write_axes(struct output *out, const struct port *blob, const struct port *result)
{
    int unknown = 0;
    for (int i = 0; i < result->rank; i++)
        unknown += !dim_known(result->shape[i]);
    if (result->rank < 0 || unknown > 1 || !has_other_axes(blob, result))
        return;
    output_printf(out, ".reshape(");
    for (int i = 0; i < result->rank; i++)
        output_printf(out, "%s%lld", i ? ", " : "",
                      dim_known(result->shape[i]) ? (long long)result->shape[i] : -1);
    output_printf(out, result->rank ? ")" : "())");
}

static void write_run(struct output *out, const struct ports *ports)
{
    output_printf(out, "        with net.create_extractor() as ex:\n");
    for (size_t i = 0; i < ports->input_count; i++) {
        const struct port *port = &ports->inputs[i];
        output_printf(out, "            ex.input(");
        write_quoted(out, port->blob);
        output_printf(out, ", ncnn.Mat(in%zu%s.numpy(), batch_index=%d).clone())\n", i,
                      port->rank == 0 ? ".reshape(1)" : "", batch_index(port));
    }
    output_printf(out, "\n");
    for (size_t i = 0; i < ports->output_count; i++) {
        const struct port *port = &ports->outputs[i];
        output_printf(out, "            _, out%zu = ex.extract(", i);
        write_quoted(out, port->blob);
        output_printf(out, ")\n            out.append(torch.from_numpy(out%zu.numpy(%sbatch_index=%d))", i,
                      dtype_is_integer(port->dtype) ? "format=\"i\", " : "", batch_index(port));
        if (ports->result_count == ports->output_count)
            write_axes(out, port, &ports->results[i]);
        output_printf(out, ")\n");
    }
}

void script_write(const char *file, const struct ports *ports, const char *param, const char *bin,
                  enum ncnn_storage storage)
{
    struct output *out = output_open(file);
    output_printf(out, "%s", start);
    output_printf(out, "def test_inference():\n    torch.manual_seed(0)\n");
    write_inputs(out, ports);
    output_printf(out, "    out = []\n\n    with ncnn.Net() as net:\n");
    if (storage != NCNN_FLOAT16) /* the runtime would choose what is fast */
        output_printf(out,
                      "        net.opt.use_fp16_packed = False\n        net.opt.use_fp16_storage = False\n"
                      "        net.opt.use_fp16_arithmetic = False\n        net.opt.use_bf16_storage = %s\n",
                      storage == NCNN_BFLOAT16 ? "True" : "False");
    output_printf(out, "        load(net.load_param, ");
    write_quoted(out, param);
    output_printf(out, ")\n        load(net.load_model, ");
    write_quoted(out, bin);
    output_printf(out, ")\n\n");
    write_run(out, ports);
    output_printf(out,
                  "\n    if len(out) == 1:\n        return out[0]\n    else:\n        return tuple(out)\n\n");
    output_printf(out, "if __name__ == \"__main__\":\n    print(test_inference())\n");
}
