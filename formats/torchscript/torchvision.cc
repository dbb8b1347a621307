// torchvision.cc - operators of torchvision, without torchvision.
//
// libtorch reads no network that calls an operator it does not know; so their schemas are declared, with the shapes
// they give and nothing that computes them.
#include "formats/torchscript/torchvision.hh"

namespace torchscript
{

static at::Tensor on_meta(std::vector<int64_t> sizes, const at::Tensor &like, at::ScalarType type)
{
    return at::empty(sizes, like.options().device(at::kMeta).dtype(type));
}

static at::Tensor roi_align_meta(const at::Tensor &x, const at::Tensor &rois, double, int64_t height,
                                 int64_t width, int64_t, bool)
{
    return on_meta({ rois.size(0), x.size(1), height, width }, x, x.scalar_type());
}

static std::tuple<at::Tensor, at::Tensor> roi_pool_meta(const at::Tensor &x, const at::Tensor &rois, double,
                                                        int64_t height, int64_t width)
{
    std::vector<int64_t> sizes = { rois.size(0), x.size(1), height, width };
    return { on_meta(sizes, x, x.scalar_type()), on_meta(sizes, x, at::kInt) };
}

static std::tuple<at::Tensor, at::Tensor> ps_roi_pool_meta(const at::Tensor &x, const at::Tensor &rois,
                                                           double, int64_t height, int64_t width)
{
    std::vector<int64_t> sizes = { rois.size(0), x.size(1) / (height * width), height, width };
    return { on_meta(sizes, x, x.scalar_type()), on_meta(sizes, x, at::kInt) };
}

static std::tuple<at::Tensor, at::Tensor> ps_roi_align_meta(const at::Tensor &x, const at::Tensor &rois,
                                                            double scale, int64_t height, int64_t width,
                                                            int64_t)
{
    return ps_roi_pool_meta(x, rois, scale, height, width);
}

static at::Tensor deform_conv2d_meta(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &offset,
                                     const at::Tensor &, const at::Tensor &, int64_t, int64_t, int64_t,
                                     int64_t, int64_t, int64_t, int64_t, int64_t, bool)
{
    return on_meta({ x.size(0), weight.size(0), offset.size(2), offset.size(3) }, x, x.scalar_type());
}

// Networks call them by their schemas, which the library would register; what they compute is not needed, only what
// shapes they give.  A library that was loaded (customop=) has its own.
void define_torchvision()
{
    static torch::Library library(torch::Library::FRAGMENT, "torchvision", {}, __FILE__, __LINE__);
    auto define = [](const std::string &schema) {
        std::string name = "torchvision::" + schema.substr(0, schema.find('('));
        bool fresh = !c10::Dispatcher::singleton().findSchema({ name, "" });
        if (fresh)
            library.def(schema.c_str());
        return fresh;
    };
    const std::string rois =
        "(Tensor input, Tensor rois, float spatial_scale, int pooled_height, int pooled_width";
    define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor");
    if (define("roi_align" + rois + ", int sampling_ratio, bool aligned) -> Tensor"))
        library.impl("roi_align", torch::dispatch(c10::DispatchKey::Meta, roi_align_meta));
    if (define("roi_pool" + rois + ") -> (Tensor, Tensor)"))
        library.impl("roi_pool", torch::dispatch(c10::DispatchKey::Meta, roi_pool_meta));
    if (define("ps_roi_align" + rois + ", int sampling_ratio) -> (Tensor, Tensor)"))
        library.impl("ps_roi_align", torch::dispatch(c10::DispatchKey::Meta, ps_roi_align_meta));
    if (define("ps_roi_pool" + rois + ") -> (Tensor, Tensor)"))
        library.impl("ps_roi_pool", torch::dispatch(c10::DispatchKey::Meta, ps_roi_pool_meta));
    if (define("deform_conv2d(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, int "
               "stride_h, "
               "int stride_w, int pad_h, int pad_w, int dilation_h, int dilation_w, int groups, int "
               "offset_groups, "
               "bool use_mask) -> Tensor"))
        library.impl("deform_conv2d", torch::dispatch(c10::DispatchKey::Meta, deform_conv2d_meta));
}

} // namespace torchscript
