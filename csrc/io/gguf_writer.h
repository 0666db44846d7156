// Writes GGUF version 3, little-endian. Announce everything, then write the tensors in any order, then commit().
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "io/atomic_file.h"
#include "io/gguf.h"

namespace ef {

class GgufWriter {
 public:
  explicit GgufWriter(const std::string& path, uint64_t alignment = 32);  // a power of two, at least 8

  // T: bool, the integer types of 8 to 64 bits, float, double, std::string, and std::vector of these. The C++ type is
  // the type in the file. Keys keep their order; the same key twice is a CheckpointError.
  template <class T>
  void set(const std::string& key, const T& value);
  void set(const std::string& key, const char* value) { set(key, std::string(value)); }
  void set(const std::string& key, const GgufValue& value);  // as read from another file

  void add_tensor(const std::string& name, GgmlType type, const Shape& shape);  // row-major shape, whole blocks a row
  void write(const std::string& name, std::span<const std::byte> bytes);
  void commit();  // CheckpointError when an announced tensor was not written

 private:
  struct Slot {
    uint64_t offset, nbytes;
    bool written = false;
  };
  void begin_value(const std::string& key, GgufValueType type);
  void write_header();
  AtomicFile file_;
  uint64_t alignment_, values_ = 0, data_bytes_ = 0, data_begin_ = 0;
  std::string metadata_, descriptions_;
  std::unordered_map<std::string, Slot> slots_;
  std::unordered_map<std::string, bool> keys_;
};

}  // namespace ef
