// A lattice is stored as a set of numbers: a vector's digits in base 3 (or 8), the first digit least significant, and
// the vectors come in ascending order. A digit then stands for one of the lattice's values.
#include "kernels/reference/quant_grids.h"

#include <array>
#include <bit>
#include <span>
#include <vector>

namespace ef {
namespace {

#include "kernels/reference/quant_grids.inc"

std::vector<int8_t> expand(std::span<const uint64_t> bits, int length, std::span<const int8_t> values) {
  std::vector<int8_t> vectors;
  for (size_t w = 0; w < bits.size(); w++)
    for (uint64_t rest = bits[w]; rest; rest &= rest - 1) {
      size_t number = 64 * w + size_t(std::countr_zero(rest));
      for (int i = 0; i < length; i++, number /= values.size()) vectors.push_back(values[number % values.size()]);
    }
  return vectors;
}

}  // namespace

const int8_t* quant_grid(QuantGrid grid) {
  static constexpr int8_t kTernary[] = {-1, 0, 1}, kThree[] = {8, 25, 43};
  static constexpr int8_t kEight[] = {4, 12, 20, 28, 36, 44, 52, 62}, kOdd[] = {1, 3, 5, 7, 9, 11, 13, 15};
  static const std::array<std::vector<int8_t>, 6> grids = {
      expand(kIQ1Bits, 8, kTernary), expand(kIQ2XXSBits, 8, kThree), expand(kIQ2XSBits, 8, kThree),
      expand(kIQ2SBits, 8, kThree),  expand(kIQ3XXSBits, 4, kEight), expand(kIQ3SBits, 4, kOdd)};
  return grids[size_t(grid)].data();
}

}  // namespace ef
