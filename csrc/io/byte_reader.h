// Reads numbers and byte runs from a span and never past its end: every byte of a checkpoint header comes through here.
#pragma once
#include <bit>
#include <concepts>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace ef {

static_assert(std::endian::native == std::endian::little, "the readers hand out little-endian data as it lies");

enum class Endian { Little, Big };

template <class T>
requires std::is_arithmetic_v<T> T byte_swapped(T value) {
  char raw[sizeof(T)], turned[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  for (size_t i = 0; i < sizeof(T); i++) turned[i] = raw[sizeof(T) - 1 - i];
  std::memcpy(&value, turned, sizeof(T));
  return value;
}

class ByteReader {
 public:
  // `file` is named in errors. `base` is the offset of the span in the file, so that errors name file offsets.
  ByteReader(std::span<const std::byte> bytes, std::string file, Endian endian = Endian::Little, uint64_t base = 0)
      : bytes_(bytes), file_(std::move(file)), base_(base), endian_(endian) {}

  uint64_t offset() const { return base_ + position_; }  // in the file
  uint64_t remaining() const { return bytes_.size() - position_; }
  bool at_end() const { return position_ == bytes_.size(); }
  const std::string& file() const { return file_; }
  Endian endian() const { return endian_; }
  void set_endian(Endian endian) { endian_ = endian; }

  // `what` names the field in the error.
  template <class T>
  requires std::is_arithmetic_v<T> T read(const char* what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return endian_ == Endian::Big ? byte_swapped(value) : value;
  }
  std::span<const std::byte> take(uint64_t count, const char* what) {
    require(count, what);
    const auto out = bytes_.subspan(position_, count);
    position_ += count;
    return out;
  }
  std::string_view take_text(uint64_t count, const char* what) {
    const auto raw = take(count, what);
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
  }
  std::span<const std::byte> since(uint64_t offset) const {  // in the file; what was read from there on
    return bytes_.subspan(offset - base_, position_ - (offset - base_));
  }
  void skip(uint64_t count, const char* what) { take(count, what); }
  // Offset in the file; one past the last byte is allowed.
  void seek(uint64_t offset, const char* what) {
    check<CheckpointError>(offset >= base_ && offset - base_ <= bytes_.size(), file_, ": ", what, " at byte ", offset,
                           " lies outside the ", bytes_.size(), " bytes there are; incomplete download?");
    position_ = offset - base_;
  }
  // `count` items of at least `item_bytes` each must still fit: asked before anything is allocated for them.
  void require_items(uint64_t count, uint64_t item_bytes, const char* what) const {
    check<CheckpointError>(count <= remaining() / item_bytes, file_, ": byte ", offset(), ": ", count, " ", what,
                           " do not fit into the remaining ", remaining(), " bytes; damaged file?");
  }
  void require(uint64_t count, const char* what) const {
    check<CheckpointError>(count <= remaining(), file_, ": byte ", offset(), ": ", what, " needs ", count,
                           " bytes, the file has ", remaining(), " left; incomplete download?");
  }

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
  uint64_t base_;
  size_t position_ = 0;
  Endian endian_;
};

}  // namespace ef
