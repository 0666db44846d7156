// What a checkpoint file says about one tensor, and where its bytes are. No arithmetic: the checkpoint layer wraps
// this.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/dtype.h"
#include "core/shape.h"
#include "io/mapped_file.h"

namespace ef {

// Every element that shape and strides reach lies inside [data, data + nbytes); the reader has checked it.
// `data` may be unaligned for its dtype (a file is free to do that): consumers that need alignment look first.
struct TensorInfo {
  std::string name;
  DType dtype = DType::Float32;
  Shape shape;
  Strides strides;                  // in elements
  const std::byte* data = nullptr;  // the element at index 0, 0, …
  uint64_t nbytes = 0;              // from the first to the last element reached
  FilePtr owner;                    // keeps `data` alive

  std::span<const std::byte> bytes() const { return {data, size_t(nbytes)}; }
  bool contiguous() const { return strides == contiguous_strides(shape); }
  bool aligned() const { return reinterpret_cast<uintptr_t>(data) % item_size(dtype) == 0; }
  void drop_pages() const {
    if (owner) owner->drop_pages(bytes());
  }
};

// The number of elements; false on overflow or a negative extent. Extents beside a zero must not overflow either:
// strides are products of them.
inline bool checked_count(const Shape& shape, int64_t& count) {
  Shape nonzero = shape;
  for (int64_t& d : nonzero)
    if (d == 0) d = 1;
  int64_t unused;
  return checked_numel(nonzero, unused) && checked_numel(shape, count);
}
// The same in bytes.
inline bool checked_nbytes(const Shape& shape, DType dtype, uint64_t& out) {
  int64_t count;
  return checked_count(shape, count) && !__builtin_mul_overflow(uint64_t(count), uint64_t(item_size(dtype)), &out);
}

// A copy with the bytes of each `item`-sized element reversed; for files of big-endian machines.
FilePtr byte_swapped_copy(std::span<const std::byte> bytes, size_t item, const std::string& path);

}  // namespace ef
