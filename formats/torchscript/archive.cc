// archive.cc - the archive: a mapped file that libtorch reads, and what lies in it beside the network.
//
// A weight that lies in the file as it lies in memory is handed over as the file's own bytes: the log of what
// libtorch read says where, and the bytes are compared, so a wrong log costs a copy and never a number.
#include "formats/torchscript/archive.hh"

namespace torchscript
{

size_t Archive::size() const
{
    return size_;
}

size_t Archive::read(uint64_t position, void *buffer, size_t n, const char *) const
{
    if (position >= size_)
        return 0;
    n = std::min<size_t>(n, size_ - position);
    std::memcpy(buffer, data_ + position, n);
    reads_[static_cast<const char *>(buffer)] = position;
    return n;
}

// What the log says is only a guess, for a buffer may have been freed, used again or changed since; so the bytes are
// compared.
const void *Archive::find(const void *bytes, size_t size) const
{
    const char *address = static_cast<const char *>(bytes);
    auto after = reads_.upper_bound(address);
    if (size == 0 || after == reads_.begin())
        return nullptr;
    auto read = std::prev(after);
    uint64_t offset = read->second + static_cast<uint64_t>(address - read->first);
    if (offset > size_ || size_ - offset < size || std::memcmp(data_ + offset, bytes, size) != 0)
        return nullptr;
    return data_ + offset;
}

// The inputs that torch.jit.trace was given, which new releases keep beside the network: shapes and types, no numbers.
IValue example_inputs(const std::shared_ptr<Archive> &archive)
{
    try {
        caffe2::serialize::PyTorchStreamReader reader(archive);
        if (!reader.hasRecord("traced_inputs.pkl"))
            return IValue();
        IValue all = torch::jit::readArchiveAndTensors("traced_inputs", "", "traced_inputs/", {}, {},
                                                       at::Device(at::kCPU), reader);
        for (const auto &entry : all.toGenericDict())
            if (entry.key().isString() && entry.key().toStringRef() == "forward")
                return entry.value();
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const std::exception &) {
        return IValue(); // an older or newer form: the network is there without it
    }
    return IValue();
}

} // namespace torchscript
