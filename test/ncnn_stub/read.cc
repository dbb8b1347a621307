/* read.cc - reads a model with the classes of a skeleton: every parameter of their layers must be asked for, as what it is, and
 * the weights must be all that the file has.  Prints each layer, its parameters and the sums of its weights. */
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "net.h"

int register_layers(ncnn::Net &net);

static float half(uint16_t h)
{
    float f =
        std::ldexp((float)((h & 1023) + (h & 0x7C00 ? 1024 : 0)), (h >> 10 & 31 ? h >> 10 & 31 : 1) - 25);
    return h & 0x8000 ? -f : f;
}

static std::vector<float> floats(FILE *file, int size)
{
    std::vector<float> values((size_t)size);
    if (fread(values.data(), 4, values.size(), file) != values.size())
        values.clear();
    return values;
}

ncnn::Mat ncnn::ModelBin::load(int size, int type) const
{
    uint32_t tag = 0;
    Mat mat;
    read += (read.empty() ? "" : " ") + std::to_string(size) + (type ? "r" : "t");
    if (type == 0 && fread(&tag, 4, 1, file) != 1)
        return mat;
    if (tag == 0) {
        mat.values = floats(file, size);
    } else if (tag == 0x01306B47) {
        std::vector<uint16_t> shorts((size_t)(size + size % 2));
        if (fread(shorts.data(), 2, shorts.size(), file) == shorts.size())
            for (int i = 0; i < size; i++)
                mat.values.push_back(half(shorts[(size_t)i]));
    }
    return mat;
}

/* What a value is, as the runtime tells them apart. */
static char kind_of(const std::string &value)
{
    return std::isalpha((unsigned char)value[0]) || value[0] == '"' ? 's'
           : value.find_first_of(".e") != std::string::npos         ? 'f'
                                                                    : 'i';
}

static void add_parameter(ncnn::ParamDict &pd, const std::string &word)
{
    size_t equals = word.find('=');
    int id = std::atoi(word.c_str());
    std::string value = word.substr(equals + 1), item;
    ncnn::Parameter p = { kind_of(value), 0, value, {} };
    if (id <= -23300) {
        std::istringstream items(value);
        std::getline(items, item, ',');
        p.kind = 'I';
        while (std::getline(items, item, ',')) {
            p.kind = kind_of(item) == 'f' ? 'F' : p.kind;
            p.list.values.push_back((float)std::atof(item.c_str()));
        }
        id = -23300 - id;
    }
    p.number = p.kind == 's' ? 0 : std::atof(value.c_str());
    pd.given[id] = p;
}

/* True when all that is given was read as what it is. */
static bool judge(const ncnn::ParamDict &pd)
{
    bool right = true;
    for (auto &p : pd.given) {
        auto read = pd.read.find(p.first);
        if (p.first < 30 && (read == pd.read.end() || !std::strchr(read->second.c_str(), p.second.kind))) {
            std::cout << "parameter " << p.first << " is " << p.second.kind << ", and read as "
                      << (read == pd.read.end() ? "nothing" : read->second) << "\n";
            right = false;
        }
    }
    return right;
}

static bool read_layer(ncnn::Net &net, const std::string &line, FILE *weights)
{
    std::istringstream words(line);
    std::string type, name, word;
    int inputs, outputs;
    words >> type >> name >> inputs >> outputs;
    for (int i = 0; i < inputs + outputs; i++)
        words >> word;
    if (!net.creators.count(type))
        return true;
    ncnn::ParamDict pd;
    while (words >> word)
        add_parameter(pd, word);
    ncnn::ModelBin mb;
    mb.file = weights;
    std::unique_ptr<ncnn::Layer> layer(net.creators[type](nullptr));
    if (layer->load_param(pd) != 0 || layer->load_model(mb) != 0) {
        std::cout << name << " cannot be loaded\n";
        return false;
    }
    std::cout << type << " " << name << (layer->one_blob_only ? " single" : "") << " read " << mb.read
              << "\n";
    return judge(pd);
}

int main(int, char **argv)
{
    ncnn::Net net;
    std::ifstream text(argv[1]);
    FILE *weights = std::fopen(argv[2], "rb");
    std::string line;
    bool right = register_layers(net) == 0 && weights;
    for (int i = 0; std::getline(text, line); i++)
        if (i >= 2)
            right = read_layer(net, line, weights) && right;
    bool whole = std::fgetc(weights) == EOF;
    if (!whole)
        std::cout << "there are weights that no layer reads\n";
    return right && whole ? 0 : 1;
}
