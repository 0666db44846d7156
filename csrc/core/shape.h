// Extents or strides of a tensor: up to kMaxDims numbers held inline, so that views never allocate.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "core/error.h"

namespace ef {

class Dims {
 public:
  static constexpr int kMaxDims = 8;
  Dims() = default;
  Dims(std::initializer_list<int64_t> values) : Dims(values.begin(), values.end()) {}
  Dims(const std::vector<int64_t>& values) : Dims(values.begin(), values.end()) {}
  template <class It>
  Dims(It first, It last) {
    for (; first != last; ++first) push_back(*first);
  }
  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t& operator[](int i) { return values_[i]; }
  int64_t operator[](int i) const { return values_[i]; }
  int64_t back() const { return values_[size_ - 1]; }
  int64_t& back() { return values_[size_ - 1]; }
  const int64_t* begin() const { return values_; }
  const int64_t* end() const { return values_ + size_; }
  int64_t* begin() { return values_; }
  int64_t* end() { return values_ + size_; }
  void push_back(int64_t v) {
    check<ShapeError>(size_ < kMaxDims, "tensor: more than ", kMaxDims, " dimensions are not supported");
    values_[size_++] = v;
  }
  void insert(int at, int64_t v) {
    push_back(v);
    for (int i = size_ - 1; i > at; i--) values_[i] = values_[i - 1];
    values_[at] = v;
  }
  void erase(int at) {
    for (int i = at; i + 1 < size_; i++) values_[i] = values_[i + 1];
    size_--;
  }
  bool operator==(const Dims& o) const {
    if (size_ != o.size_) return false;
    for (int i = 0; i < size_; i++)
      if (values_[i] != o.values_[i]) return false;
    return true;
  }
  std::vector<int64_t> vec() const { return {begin(), end()}; }

 private:
  int64_t values_[kMaxDims] = {};
  int size_ = 0;
};
using Shape = Dims;
using Strides = Dims;

inline int64_t numel(const Shape& shape) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}
inline Strides contiguous_strides(const Shape& shape) {
  Strides s = shape;
  int64_t step = 1;
  for (int i = shape.size() - 1; i >= 0; i--) {
    s[i] = step;
    step *= shape[i] ? shape[i] : 1;
  }
  return s;
}
inline std::ostream& operator<<(std::ostream& out, const Dims& d) {  // [2, 3], as torch prints it
  out << '[';
  for (int i = 0; i < d.size(); i++) out << (i ? ", " : "") << d[i];
  return out << ']';
}
// Product of extents that may come from a hostile file: false on overflow or a negative extent.
inline bool checked_numel(const Shape& shape, int64_t& out) {
  out = 1;
  for (int64_t d : shape)
    if (d < 0 || __builtin_mul_overflow(out, d, &out)) return false;
  return true;
}

}  // namespace ef
