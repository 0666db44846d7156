// A lattice for encoders: which of its points lies at a vector of digits, and which are near where none does.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/reference/quant_grids.h"

namespace ef {

class Lattice {
 public:
  // Every vector of `length` digits 0 … levels-1 off the lattice has as neighbours the points of its `shells` smallest
  // distances, nearest first.
  Lattice(QuantGrid grid, int count, int length, int levels, int shells);
  int find(const int8_t* digits) const { return index_[code(digits)]; }  // -1: not on the lattice
  std::span<const uint16_t> neighbours(const int8_t* digits) const {
    const size_t c = code(digits);
    return std::span(near_).subspan(begin_[c], begin_[c + 1] - begin_[c]);
  }
  const int8_t* point(int index) const { return digits_.data() + index * length_; }
  int count() const { return count_; }

 private:
  size_t code(const int8_t* digits) const {
    size_t c = 0;
    for (int i = length_ - 1; i >= 0; i--) c = c * size_t(levels_) + size_t(digits[i]);
    return c;
  }
  int count_, length_, levels_;
  std::vector<int8_t> digits_;
  std::vector<int> index_;
  std::vector<uint32_t> begin_;
  std::vector<uint16_t> near_;
};

}  // namespace ef
