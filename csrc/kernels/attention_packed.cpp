// Keys and values as small integers.
#include <algorithm>
#include <cmath>

#include "kernels/attention_common.h"
#include "kernels/kernels.h"

namespace ef {

void pack_kv(const float* x, int64_t dim, int bits, int64_t group, uint8_t* codes, float* ranges, int64_t stride) {
  const int most = (1 << bits) - 1;
  for (int64_t at = 0; at < dim; at += group, ranges += 2 * stride) {
    const int64_t n = std::min(group, dim - at);
    float low = x[at], high = x[at], doubt = 0;
    for (int64_t i = at; i < at + n; i++) low = std::min(low, x[i]), high = std::max(high, x[i]), doubt += 0 * x[i];
    doubt += 0 * (high - low);
    const float step = (high - low) / float(most) + doubt, inverse = step > 0 ? 1 / step : 0;
    ranges[0] = low + doubt;
    ranges[stride] = step;
    for (int64_t i = at; i < at + n; i++) {
      const float scaled = (x[i] - low) * inverse + 0.5f;
      const auto code = uint8_t(scaled >= 0 ? std::min(scaled, float(most)) : 0);
      if (bits == 8) {
        codes[i] = code;
        continue;
      }
      const int64_t half = (std::min<int64_t>(32, dim - i / 32 * 32) + 1) / 2, place = i % 32;
      uint8_t& byte = codes[i / 32 * 16 + place % half];
      byte = place < half ? code : uint8_t(byte | code << 4);
    }
  }
}

void unpack_kv(const PackedKv& p, int64_t batch, int64_t head, int64_t from, int64_t n, int64_t dim, float* out) {
  kernels().packed.unpack(n, attention::part_of(p, batch, head, from, dim), out);
}

}  // namespace ef
