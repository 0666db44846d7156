// The safetensors format: 8 bytes header length, a JSON header, then the tensors' bytes without gaps.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "io/atomic_file.h"
#include "io/tensor_info.h"

namespace ef {

// "F32", "BF16", …; as in the header.
const char* safetensors_dtype_name(DType dtype);
std::optional<DType> safetensors_dtype(std::string_view name);

class SafetensorsFile {
 public:
  // Checks the whole header before returning, touches no tensor. CheckpointError for anything the format forbids;
  // UnsupportedError for dtypes of less than a byte.
  explicit SafetensorsFile(const std::string& path, bool disable_mmap = false);
  explicit SafetensorsFile(FilePtr file);
  SafetensorsFile(SafetensorsFile&&) = default;  // no copies: the index looks into the names
  SafetensorsFile& operator=(SafetensorsFile&&) = default;

  const std::vector<TensorInfo>& tensors() const { return tensors_; }  // in file order
  const TensorInfo* find(std::string_view name) const;
  const TensorInfo& at(std::string_view name) const;  // KeyError
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const FilePtr& file() const { return file_; }

 private:
  void parse();
  FilePtr file_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string_view, size_t> index_;
  std::map<std::string, std::string> metadata_;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

// Writes tensors one at a time, in any order, so that a model never has to be in memory as a whole. Of the infos only
// name, dtype and shape are read. The bytes equal those that the safetensors library writes for the same tensors.
class SafetensorsWriter {
 public:
  SafetensorsWriter(const std::string& path, const std::vector<TensorInfo>& tensors,
                    const SafetensorsMetadata& metadata = {{"format", "pt"}});
  const std::vector<std::string>& names() const { return names_; }  // in file order, the fastest to write in
  // Contiguous row-major bytes. CheckpointError: unknown name, wrong size, written twice.
  void write(const std::string& name, std::span<const std::byte> bytes);
  void commit();  // CheckpointError when a tensor is missing

 private:
  struct Slot {
    uint64_t offset, nbytes;
    bool written = false;
  };
  AtomicFile file_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, Slot> slots_;
};

// All at once; the tensors must be contiguous.
void write_safetensors(const std::string& path, const std::vector<TensorInfo>& tensors,
                       const SafetensorsMetadata& metadata = {{"format", "pt"}});

}  // namespace ef
