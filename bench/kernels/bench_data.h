// Random operands for the benchmarks.
#pragma once
#include <cstdlib>
#include <random>
#include <vector>

#include "core/dtype.h"
#include "kernels/rowwise.h"

namespace ef::bench {

inline std::vector<float> floats(int64_t n) {
  static std::mt19937 g(1);
  std::uniform_real_distribution<float> d(-1, 1);
  std::vector<float> v(static_cast<size_t>(n));
  for (float& x : v) x = d(g);
  return v;
}
inline std::vector<char> operand(int64_t n, DType dtype) {
  const std::vector<float> v = floats(n);
  std::vector<char> bytes(size_t(n) * item_size(dtype));
  rowwise::convert(n, v.data(), DType::Float32, bytes.data(), dtype);
  return bytes;
}

}  // namespace ef::bench
