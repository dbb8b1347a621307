/* net.h - see layer.h. */
#ifndef NCNN_STUB_NET_H
#define NCNN_STUB_NET_H

#include "layer.h"

namespace ncnn
{

class Net
{
  public:
    std::map<std::string, layer_creator_func> creators;
    int register_custom_layer(const char *type, layer_creator_func creator)
    {
        creators[type] = creator;
        return 0;
    }
};

} // namespace ncnn

#endif
