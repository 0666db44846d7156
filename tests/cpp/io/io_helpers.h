// Shared by the io tests: temporary folders, byte strings as files, and errors as text.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "io/byte_writer.h"
#include "io/mapped_file.h"
#include "io/tensor_info.h"

namespace ef {

inline std::string data_file(const std::string& name) {
  return (std::filesystem::path(EF_TEST_DATA) / "io" / name).string();
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ef-io-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  size_t file_count() const {
    return size_t(std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }

 private:
  std::string path_;
};

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void spill(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }
inline FilePtr memory_file(const std::string& bytes, const std::string& name = "file") {
  std::vector<std::byte> out(bytes.size());
  if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return MappedFile::from_memory(name, std::move(out));
}
inline std::span<const std::byte> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The elements of a tensor in row-major order, through its strides.
template <class T>
std::vector<T> values_of(const TensorInfo& info) {
  std::vector<T> out;
  const int64_t count = numel(info.shape);
  for (int64_t i = 0; i < count; i++) {
    int64_t rest = i, at = 0;
    for (int d = info.shape.size() - 1; d >= 0; d--) {
      at += rest % info.shape[d] * info.strides[d];
      rest /= info.shape[d];
    }
    T value;
    std::memcpy(&value, info.data + at * int64_t(sizeof(T)), sizeof(T));
    out.push_back(value);
  }
  return out;
}

// Expects that `statement` throws the type and that the message contains the text.
#define EXPECT_ERROR(Type, text, statement)                                                        \
  try {                                                                                            \
    (void)(statement);                                                                             \
    ADD_FAILURE() << "no error, expected one about: " << (text);                                   \
  } catch (const Type& error) {                                                                    \
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << "got: " << error.what(); \
  }

}  // namespace ef
