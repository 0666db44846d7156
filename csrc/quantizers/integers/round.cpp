// Rounding to whole numbers group by group, without data: the rules of the formats that quantize at load.
#include <algorithm>
#include <cmath>

#include "core/thread_pool.h"
#include "quantizers/integers/integers.h"

namespace ef {

float rounded_even(float v) { return std::nearbyint(v); }

Rounded round_groups(const Tensor& rows, int64_t group, const GroupRule& rule) {
  const int64_t n = rows.size(0), k = rows.size(1), groups = (k + group - 1) / group;
  Rounded out{CodeTable(n, k), std::vector<float>(size_t(n * groups)), std::vector<float>(size_t(n * groups))};
  const float* x = rows.data<float>();
  parallel_for(n, 1 + 16384 / k, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++)
      for (int64_t g = 0; g < groups; g++) {
        const int64_t first = g * group, count = std::min(group, k - first);
        rule({x + r * k + first, size_t(count)}, out.scale[size_t(r * groups + g)], out.zero[size_t(r * groups + g)],
             &out.codes.at(r, first));
      }
  });
  return out;
}

GroupRule symmetric_rule(int bits, float steps) {
  return [bits, steps](std::span<const float> w, float& scale, float& zero, uint8_t* codes) {
    float most = 0;
    for (float v : w) most = std::max(most, std::fabs(v));
    scale = most > 0 ? most / steps : 1.f;
    zero = float(1 << (bits - 1));
    const float low = -zero, high = zero - 1;
    for (size_t i = 0; i < w.size(); i++)
      codes[i] = uint8_t(int(std::clamp(rounded_even(w[i] / scale), low, high) + zero));
  };
}

GroupRule awq_rule(int bits) {
  return [bits](std::span<const float> w, float& scale, float& zero, uint8_t* codes) {
    const auto [low, high] = std::minmax_element(w.begin(), w.end());
    const float top = float((1 << bits) - 1);
    scale = std::max(*high - *low, 1e-5f) / top;
    zero = std::clamp(-rounded_even(*low / scale), 0.f, top);
    for (size_t i = 0; i < w.size(); i++)
      codes[i] = uint8_t(int(std::clamp(rounded_even(w[i] / scale) + zero, 0.f, top)));
  };
}

GroupRule shifted_rule(int bits) {
  return [bits](std::span<const float> w, float& scale, float& zero, uint8_t* codes) {
    const auto [low, high] = std::minmax_element(w.begin(), w.end());
    const float top = float((1 << bits) - 1);
    scale = *high > *low ? (*high - *low) / top : 1.f;
    zero = -*low;  // added before scaling
    for (size_t i = 0; i < w.size(); i++)
      codes[i] = uint8_t(int(std::clamp(rounded_even((w[i] + zero) / scale), 0.f, top)));
  };
}

Tensor as_bytes(const std::vector<float>& values) {
  std::vector<uint8_t> bytes(values.size());
  for (size_t i = 0; i < values.size(); i++) bytes[i] = uint8_t(int(values[i]));
  return Tensor::from_data(bytes);
}

}  // namespace ef
