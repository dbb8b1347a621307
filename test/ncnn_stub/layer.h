/* layer.h - as much of the runtime's interface as a layer of one's own needs to be read from files: for the tests of
 * skeletons (the runtime's package for Python has no headers).  What is read, and as what, is noted. */
#ifndef NCNN_STUB_LAYER_H
#define NCNN_STUB_LAYER_H

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ncnn
{

class Option
{
};

class Mat
{
  public:
    std::vector<float> values; /* floats, or integers */
    bool empty() const
    {
        return values.empty();
    }
};

/* One parameter: its letter is i, f, s, or I and F for lists. */
struct Parameter {
    char kind;
    double number;
    std::string text;
    Mat list;
};

class ParamDict
{
  public:
    std::map<int, Parameter> given;
    mutable std::map<int, std::string> read; /* the letters that it was read as */

    int get(int id, int otherwise) const
    {
        return has(id, "i") ? (int)given.at(id).number : otherwise;
    }
    float get(int id, float otherwise) const
    {
        return has(id, "f") ? (float)given.at(id).number : otherwise;
    }
    Mat get(int id, const Mat &otherwise) const
    {
        return has(id, "IF") ? given.at(id).list : otherwise;
    }
    std::string get(int id, const std::string &otherwise) const
    {
        return has(id, "s") ? given.at(id).text : otherwise;
    }

  private:
    bool has(int id, const char *kinds) const
    {
        read[id] = kinds;
        return given.count(id) > 0;
    }
};

class ModelBin
{
  public:
    FILE *file;
    mutable std::string read; /* "12r 4t": sizes, raw or tagged */

    Mat load(int size, int type) const;
};

class Layer
{
  public:
    bool one_blob_only = false, support_inplace = false;
    virtual ~Layer()
    {
    }
    virtual int load_param(const ParamDict &)
    {
        return 0;
    }
    virtual int load_model(const ModelBin &)
    {
        return 0;
    }
    virtual int forward(const std::vector<Mat> &, std::vector<Mat> &, const Option &) const
    {
        return -1;
    }
    virtual int forward(const Mat &, Mat &, const Option &) const
    {
        return -1;
    }
};

typedef Layer *(*layer_creator_func)(void *);

} // namespace ncnn

#define DEFINE_LAYER_CREATOR(name)                                                                           \
    ::ncnn::Layer *name##_layer_creator(void *)                                                              \
    {                                                                                                        \
        return new name;                                                                                     \
    }

#endif
