#include <unordered_map>

#include "checkpoint/reader.h"
#include "checkpoint/wrap.h"
#include "io/safetensors.h"
#include "io/torch_archive.h"

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

// Tensors that lie in files as they are, of one file or of all shards.
class DenseReader : public CheckpointReader {
 public:
  void add(const std::string& path, const std::vector<TensorInfo>& tensors) {
    for (const TensorInfo& t : tensors) {
      check<CheckpointError>(index_.emplace(t.name, t).second, path, ": tensor '", t.name, "' is in another shard too");
      names_.push_back(t.name);
    }
  }
  void add_other(const std::string& name, const std::string& what) { others_.emplace_back(name, what); }
  std::vector<std::string> names() const override { return names_; }
  std::vector<std::pair<std::string, std::string>> others() const override { return others_; }
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
    return found->second;
  }
  std::unordered_map<std::string, TensorInfo> index_;
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, std::string>> others_;
};

// A checkpoint is the state dict itself, or keeps it under one of the usual names.
void add_state_dict(const TorchArchive& archive, DenseReader& reader) {
  const PickleKind found = archive.root().kind;
  check<CheckpointError>(found == PickleKind::Dict, archive.file()->path(), ": found ", pickle_kind_name(found),
                         ", needed a dict of names and tensors; was something else saved than model.state_dict()?");
  const PickleValue* dict = &archive.root();
  std::vector<TensorInfo> tensors = archive.tensors();
  for (const char* key : {"state_dict", "model_state_dict", "model"}) {
    if (!tensors.empty()) break;
    const PickleValue* inner = archive.root().find(key);
    if (inner && inner->is(PickleKind::Dict)) tensors = TorchArchive::tensors_of(*(dict = inner));
  }
  reader.add(archive.file()->path(), tensors);
  const auto& pairs = dict->items();
  for (size_t i = 0; i < pairs.size(); i += 2) {
    const PickleValue& value = *pairs[i + 1];
    if (!pairs[i]->is(PickleKind::String) || value.is(PickleKind::Tensor) || reader.has(pairs[i]->text())) continue;
    reader.add_other(pairs[i]->text(), value.is(PickleKind::Global) ? value.text() : pickle_kind_name(value.kind));
  }
}

}  // namespace

std::unique_ptr<CheckpointReader> open_safetensors(const std::vector<std::string>& paths, bool disable_mmap) {
  auto reader = std::make_unique<DenseReader>();
  for (const std::string& path : paths) reader->add(path, SafetensorsFile(path, disable_mmap).tensors());
  return reader;
}

std::unique_ptr<CheckpointReader> open_torch(const std::vector<std::string>& paths, bool disable_mmap) {
  auto reader = std::make_unique<DenseReader>();
  for (const std::string& path : paths) add_state_dict(TorchArchive(path, disable_mmap), *reader);
  return reader;
}

}  // namespace ef
