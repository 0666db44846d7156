#include "kernels/blockwise.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ef {
namespace {

float largest(const float* x, int64_t n) {
  float most[8] = {};
  for (int64_t i = 0; i + 8 <= n; i += 8)
    for (int j = 0; j < 8; j++) most[j] = std::fabs(x[i + j]) > most[j] ? std::fabs(x[i + j]) : most[j];
  for (int64_t i = n / 8 * 8; i < n; i++) most[0] = std::max(most[0], std::fabs(x[i]));
  return *std::max_element(most, most + 8);
}

constexpr int64_t kPiece = 64;

// i of each scaled value.
void bucket(const float* x, int64_t n, float by, bool divide, const float (&bounds)[15], int32_t* index) {
  for (int64_t i = 0; i < n; i++) {
    const float v = std::clamp(divide ? x[i] / by : x[i] * by, -1.f, 1.f);
    int32_t below = 0;
    for (const float bound : bounds) below += v > bound;
    index[i] = below;
  }
}

}  // namespace

void quantize_4bit(std::span<const float> x, int64_t block, const float (&bounds)[15], const uint8_t (&order)[16],
                   float* absmax, uint8_t* out) {
  const auto n = int64_t(x.size());
  int32_t index[kPiece + 1] = {};
  int kept = 0;  // an odd block leaves a code over for the next byte
  for (int64_t begin = 0; begin < n; begin += block, absmax++) {
    const int64_t count = std::min(block, n - begin);
    const bool partial = count < block;
    const float most = largest(x.data() + begin, count), floor = std::max(most, 1e-38f);
    *absmax = partial ? floor : most;
    for (int64_t at = 0; at < count; at += kPiece) {
      const int64_t length = std::min(kPiece, count - at);
      bucket(x.data() + begin + at, length, partial ? floor : 1.f / floor, partial, bounds, index + kept);
      const int64_t have = kept + length;
      for (int64_t i = 0; i + 1 < have; i += 2) *out++ = uint8_t(order[index[i]] << 4 | order[index[i + 1]]);
      if (have % 2) index[0] = index[have - 1];
      kept = int(have % 2);
    }
  }
  if (kept) {
    int32_t zero = 0;
    const float nothing = 0;
    bucket(&nothing, 1, 1, false, bounds, &zero);
    *out = uint8_t(order[index[0]] << 4 | order[zero]);
  }
}

void quantize_8bit(std::span<const float> x, int64_t block, const float (&map)[256], float* absmax, uint8_t* out) {
  constexpr int kSteps = 65535;
  std::vector<uint8_t> nearest(kSteps + 1);
  for (int i = 0, code = 0; i <= kSteps; i++) {
    const float v = float(i) * (2.f / float(kSteps)) - 1.f;
    while (code < 255 && std::fabs(map[code + 1] - v) < std::fabs(map[code] - v)) code++;
    nearest[size_t(i)] = uint8_t(code);
  }
  const auto n = int64_t(x.size());
  for (int64_t begin = 0; begin < n; begin += block, absmax++) {
    const int64_t end = std::min(begin + block, n);
    *absmax = largest(x.data() + begin, end - begin);
    const float inverse = *absmax > 0 ? 1.f / *absmax : 0.f;
    for (int64_t i = begin; i < end; i++) {
      const float v = std::clamp(x[i] * inverse, -1.f, 1.f);
      out[i] = nearest[size_t((v + 1.f) * (float(kSteps) / 2) + 0.5f)];
    }
  }
}

float quantize_row_int8(std::span<const float> x, int8_t* out) {
  const float most = largest(x.data(), int64_t(x.size())), factor = most > 0 ? 1.f / most * 127.f : 0.f;
  for (size_t i = 0; i < x.size(); i++) {
    const float v = x[i] * factor, shifted = v + 0x1.8p23f;  // rounds to a whole number, ties to even
    out[i] = int8_t(shifted - 0x1.8p23f);
  }
  return most;
}

}  // namespace ef
