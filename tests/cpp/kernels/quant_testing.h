// Random blocks and weights for the tests of quantized kernels; tools/ggml_golden.py draws the same numbers.
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/half.h"
#include "kernels/quant.h"
#include "kernels/reference/dequantize.h"

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

// Where a block keeps its f16 (or E8M0) scales: random bits there would give infinities.
inline void make_finite(GgmlType type, uint8_t* block, uint64_t seed) {
  const auto f16 = [&](int at, float low) {
    const uint16_t h = to_f16(low + 0.01f * float(splitmix(seed + uint64_t(at), 1)[0] >> 60));
    std::memcpy(block + at, &h, 2);
  };
  switch (type) {
    case GgmlType::Q2_K:
      f16(80, 0.01f), f16(82, 0.02f);
      break;
    case GgmlType::Q3_K:
      f16(108, -0.02f);
      break;
    case GgmlType::Q4_K:
    case GgmlType::Q5_K:
    case GgmlType::Q4_1:
    case GgmlType::Q5_1:
      f16(0, 0.01f), f16(2, -0.05f);
      break;
    case GgmlType::Q6_K:
      f16(208, 0.001f);
      break;
    case GgmlType::TQ1_0:
      f16(52, 0.5f);
      break;
    case GgmlType::TQ2_0:
      f16(64, 0.5f);
      break;
    case GgmlType::MXFP4:
      block[0] = uint8_t(118 + block[0] % 8);
      break;
    case GgmlType::IQ1_M:  // the scale's nibbles: exponent bits of 2^-2 … 2^-1
      block[55] = uint8_t((block[55] & 15) | 0x30), block[53] = uint8_t((block[53] & 15) | 0x80);
      break;
    default:
      f16(0, 0.01f);
  }
}

// A random matrix in file form, packed and dense.
struct QuantCase {
  GgmlType type;
  int64_t n, k;
  std::vector<uint8_t> file, packed;
  std::vector<float> dense;  // [n, k] from the scalar reference

  QuantCase(GgmlType t, int64_t rows, int64_t columns, uint64_t seed = 7) : type(t), n(rows), k(columns) {
    const GgmlTypeInfo& info = ggml_type_info(type);
    file = random_bytes(seed + uint64_t(type), size_t(n) * ggml_row_bytes(type, k));
    for (size_t at = 0; at < file.size(); at += size_t(info.block_bytes))
      make_finite(type, file.data() + at, seed + at);
    dense.resize(size_t(n * k));
    dequantize_row(type, file.data(), dense.data(), n * k);
    packed.resize(quant_packed_bytes(type, n, k));
    quant_pack(type, n, k, file.data(), packed.data());
  }
};

// x [m, k] as the kernels take it, in memory of its own.
struct Activations {
  std::vector<uint8_t> room;
  uint8_t* data;  // aligned to 64 bytes
  Activations(int64_t m, int64_t k, const float* x) : room(quant_activation_bytes(m, k) + 64) {
    data = room.data() + (64 - reinterpret_cast<uintptr_t>(room.data()) % 64) % 64;
    quant_activations(m, k, x, k, data);
  }
  Activations(const Activations&) = delete;
};

// Rounding x to int8 moves an entry by at most half a step of its group, |x|max / 254; float sums add little to that.
inline double rounding_bound(const float* x, const float* w, int64_t k) {
  double bound = 0;
  for (int64_t g = 0; g < k; g += 32) {
    double largest = 0, sum = 0;
    for (int64_t i = g; i < g + 32; i++)
      largest = std::max(largest, std::fabs(double(x[i]))), sum += std::fabs(double(w[i]));
    bound += sum * largest * (1 / 254. + 1e-5);
  }
  return bound + 1e-6;
}

}  // namespace ef
