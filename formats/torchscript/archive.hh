// archive.hh - the mapped archive, as libtorch reads it.
#ifndef FORMATS_TORCHSCRIPT_ARCHIVE_HH
#define FORMATS_TORCHSCRIPT_ARCHIVE_HH

#include "formats/torchscript/libtorch.hh"

namespace torchscript
{

// The mapped file, as libtorch reads it.  Remembers which of its buffers were filled from where.
class Archive : public caffe2::serialize::ReadAdapterInterface
{
  public:
    // `data` outlives the archive, and all that find() gives.
    Archive(const uint8_t *data, size_t size) : data_(data), size_(size)
    {
    }

    size_t size() const override;
    size_t read(uint64_t position, void *buffer, size_t n, const char *what) const override;

    // The same `size` bytes inside the mapping, or NULL.
    const void *find(const void *bytes, size_t size) const;

  private:
    const uint8_t *data_;
    size_t size_;
    mutable std::map<const char *, uint64_t> reads_; // buffer to offset in the file
};

// What the network was traced with: the list of forward's arguments, their tensors without numbers; None: unknown.
IValue example_inputs(const std::shared_ptr<Archive> &archive);

} // namespace torchscript

#endif
