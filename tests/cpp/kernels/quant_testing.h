// Random blocks and weights for the tests of quantized kernels; tools/ggml_golden.py draws the same numbers.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/ggml_types.h"

namespace ef {

inline std::vector<uint64_t> splitmix(uint64_t seed, size_t count) {
  std::vector<uint64_t> out(count);
  for (uint64_t& v : out) {
    uint64_t z = seed += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    v = z ^ (z >> 31);
  }
  return out;
}
inline std::vector<uint8_t> random_bytes(uint64_t seed, size_t count) {
  std::vector<uint8_t> out(count);
  const auto words = splitmix(seed, (count + 7) / 8);
  for (size_t i = 0; i < count; i++) out[i] = uint8_t(words[i / 8] >> i % 8 * 8);
  return out;
}
// In [-1, 1).
inline std::vector<float> random_floats(uint64_t seed, size_t count) {
  std::vector<float> out(count);
  const auto words = splitmix(seed, count);
  for (size_t i = 0; i < count; i++) out[i] = (float(words[i] >> 40) - 8388608.f) * 0x1p-23f;
  return out;
}
inline uint64_t fnv(const void* data, size_t size) {
  uint64_t h = 0xCBF29CE484222325;
  for (size_t i = 0; i < size; i++) h = (h ^ static_cast<const uint8_t*>(data)[i]) * 0x100000001B3;
  return h;
}

}  // namespace ef
