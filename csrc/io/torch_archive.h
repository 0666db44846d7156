// Files of torch.save, read as data: today's zip archives and the older bare pickles followed by raw storages.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/pickle.h"
#include "io/zip_writer.h"

namespace ef {

class TorchArchive {
 public:
  // Reads the containers, locates and checks every tensor, touches no weights (compressed archives excepted: they are
  // unpacked). CheckpointError for damage and for pickles that name anything but tensors and plain containers.
  explicit TorchArchive(const std::string& path, bool disable_mmap = false);
  explicit TorchArchive(FilePtr file);
  TorchArchive(TorchArchive&&) = default;
  TorchArchive& operator=(TorchArchive&&) = default;

  const PickleValue& root() const { return *pickle_.root; }  // valid as long as the archive
  // The tensors among the values of `dict`, named by their keys, in order; what is not a tensor is left out. Of a key
  // that occurs twice the last counts. Empty when `dict` is no dict.
  static std::vector<TensorInfo> tensors_of(const PickleValue& dict);
  std::vector<TensorInfo> tensors() const { return tensors_of(root()); }
  bool legacy() const { return legacy_; }
  const FilePtr& file() const { return file_; }

 private:
  void read_zip();
  void read_legacy();
  [[noreturn]] void refuse(std::string_view text) const;
  void place(PickleTensor& tensor, const OwnedBytes& storage) const;

  FilePtr file_;
  Pickle pickle_;
  bool legacy_ = false;
};

// Writes a state dict that torch.load(weights_only=True) reads. Tensors may be written in any order. Of the infos only
// name, dtype and shape are read.
class TorchWriter {
 public:
  TorchWriter(const std::string& path, const std::vector<TensorInfo>& tensors);
  void write(const std::string& name, std::span<const std::byte> bytes);  // contiguous, row-major
  void commit();

 private:
  struct Slot {
    size_t key;
    uint64_t nbytes;
    bool written = false;
  };
  std::string path_;
  ZipWriter zip_;
  std::unordered_map<std::string, Slot> slots_;
};

void write_torch(const std::string& path, const std::vector<TensorInfo>& tensors);  // contiguous tensors

}  // namespace ef
