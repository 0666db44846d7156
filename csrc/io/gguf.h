// The GGUF format, versions 2 and 3, of little- and big-endian machines: typed metadata, then tensors.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "io/byte_reader.h"
#include "core/ggml_types.h"
#include "io/tensor_info.h"

namespace ef {

enum class GgufValueType : uint32_t {
  UInt8 = 0,
  Int8 = 1,
  UInt16 = 2,
  Int16 = 3,
  UInt32 = 4,
  Int32 = 5,
  Float32 = 6,
  Bool = 7,
  String = 8,
  Array = 9,
  UInt64 = 10,
  Int64 = 11,
  Float64 = 12,
};
const char* gguf_value_type_name(GgufValueType type);
size_t gguf_value_size(GgufValueType type);  // 0 for strings and arrays

struct GgufValue;

// Strings and numbers are views of the file: a vocabulary of 262144 pieces costs nothing until somebody asks for it.
struct GgufArray {
  GgufValueType element = GgufValueType::UInt8;
  uint64_t count = 0;
  Endian endian = Endian::Little;
  std::span<const std::byte> numbers;  // element is a number or Bool
  std::span<const std::byte> texts;    // element is String: lengths, each before its bytes
  std::vector<std::string_view> strings() const;
  std::vector<GgufValue> arrays;  // element is Array
};

struct GgufValue {
  GgufValueType type = GgufValueType::UInt8;
  std::variant<uint64_t, int64_t, double, bool, std::string_view, std::shared_ptr<const GgufArray>> value;
  const GgufArray* array() const;  // nullptr when it is none
};

struct GgufTensor : TensorInfo {
  // For the block types TensorInfo's dtype is UInt8 and its strides are empty: the bytes are rows of blocks. The shape
  // is the logical one, row-major (the reverse of the file's order), so blocks run along the last dimension.
  GgmlType type = GgmlType::F32;
  bool packed() const { return strides.size() != shape.size(); }
};

class GgufFile {
 public:
  // `path` may be any part of a split model ("…-00002-of-00003.gguf"): the other parts are opened as well and all
  // tensors are listed; metadata is that of the first part.
  explicit GgufFile(const std::string& path, bool disable_mmap = false);
  explicit GgufFile(FilePtr file);  // one part alone
  GgufFile(GgufFile&&) = default;
  GgufFile& operator=(GgufFile&&) = default;

  uint32_t version() const { return version_; }
  uint64_t alignment() const { return alignment_; }
  bool big_endian() const { return endian_ == Endian::Big; }  // tensors are already turned; block types are refused
  const std::string& path() const { return path_; }
  const std::vector<std::pair<std::string, GgufValue>>& metadata() const { return metadata_; }  // in file order
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* find(std::string_view name) const;
  const GgufTensor& at(std::string_view name) const;  // KeyError

  // T: bool, int64_t, uint64_t, double, std::string, and std::vector of int64_t, double, bool, std::string.
  // Any integer type of the file gives int64_t, any number gives double. ConfigError when the value is of another kind.
  template <class T>
  std::optional<T> get(std::string_view key) const;
  template <class T>
  T get_or(std::string_view key, T fallback) const {
    auto found = get<T>(key);
    return found ? std::move(*found) : fallback;
  }
  template <class T>
  T require(std::string_view key) const {
    auto found = get<T>(key);
    check<ConfigError>(found.has_value(), path_, ": metadata '", key, "' is missing");
    return std::move(*found);
  }
  const GgufValue* find_metadata(std::string_view key) const;

 private:
  void parse();
  void parse_tensors(ByteReader& in, uint64_t count);
  void locate_tensors(ByteReader& in, const std::vector<uint64_t>& offsets);
  void turn_big_endian();
  void index();
  void append_part(GgufFile part);

  FilePtr file_;
  std::string path_;
  uint32_t version_ = 0;
  uint64_t alignment_ = 32;
  Endian endian_ = Endian::Little;
  std::vector<std::pair<std::string, GgufValue>> metadata_;
  std::unordered_map<std::string_view, size_t> metadata_index_, tensor_index_;
  std::vector<GgufTensor> tensors_;
  std::vector<FilePtr> parts_;
};

}  // namespace ef
