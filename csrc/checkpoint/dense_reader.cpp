#include <unordered_map>

#include "checkpoint/reader.h"
#include "checkpoint/wrap.h"
#include "io/safetensors.h"

namespace ef {

Tensor wrap(const TensorInfo& info) {
  if (!info.aligned()) {  // a header of odd length shifts everything behind it
    Tensor bytes = Tensor::empty({int64_t(info.nbytes)}, DType::UInt8);
    std::copy_n(reinterpret_cast<const uint8_t*>(info.data), info.nbytes, bytes.mutable_data<uint8_t>());
    return Tensor::from_storage(bytes.storage(), info.shape, info.strides, 0, info.dtype);
  }
  void* data = const_cast<std::byte*>(info.data);  // the mapping is private: writes never reach the file
  return Tensor::external(data, info.shape, info.dtype, info.owner, false, info.strides);
}

namespace {

class SafetensorsReader : public CheckpointReader {
 public:
  SafetensorsReader(const std::vector<std::string>& paths, bool disable_mmap) {
    for (const std::string& path : paths) files_.emplace_back(path, disable_mmap);
    for (const SafetensorsFile& file : files_)
      for (const TensorInfo& t : file.tensors()) {
        check<CheckpointError>(index_.emplace(t.name, &t).second, file.file()->path(), ": tensor '", t.name,
                               "' is in another shard too");
        names_.push_back(t.name);
      }
  }
  std::vector<std::string> names() const override { return names_; }
  bool has(const std::string& name) const override { return index_.count(name); }
  Info info(const std::string& name) const override {
    const TensorInfo& t = at(name);
    return {t.shape, t.dtype, dtype_name(t.dtype)};
  }
  Tensor tensor(const std::string& name) const override { return wrap(at(name)); }

 private:
  const TensorInfo& at(const std::string& name) const {
    auto found = index_.find(name);
    check<KeyError>(found != index_.end(), "checkpoint: no tensor '", name, "'");
    return *found->second;
  }
  std::vector<SafetensorsFile> files_;
  std::unordered_map<std::string, const TensorInfo*> index_;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<CheckpointReader> open_safetensors(const std::vector<std::string>& paths, bool disable_mmap) {
  return std::make_unique<SafetensorsReader>(paths, disable_mmap);
}

}  // namespace ef
