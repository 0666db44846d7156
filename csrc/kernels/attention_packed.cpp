// Keys and values as small integers.
#include <algorithm>
#include <cmath>

#include "kernels/attention.h"
#include "kernels/kernels.h"

namespace ef {

void pack_kv(const float* x, int64_t dim, int bits, int64_t group, uint8_t* codes, float* ranges) {
  const int most = (1 << bits) - 1;
  for (int64_t at = 0; at < dim; at += group, ranges += 2) {
    const int64_t n = std::min(group, dim - at);
    const auto [low, high] = std::minmax_element(x + at, x + at + n);
    const float step = (*high - *low) / float(most), inverse = step > 0 ? 1 / step : 0;
    ranges[0] = *low;
    ranges[1] = step;
    for (int64_t i = at; i < at + n; i++) {
      const float scaled = (x[i] - *low) * inverse + 0.5f;
      const auto code = uint8_t(scaled >= 0 ? std::min(int(scaled), most) : 0);  // NaN: 0, its range is NaN
      if (bits == 8)
        codes[i] = code;
      else if (i % 2 == 0)
        codes[i / 2] = code;
      else
        codes[i / 2] = uint8_t(codes[i / 2] | code << 4);
    }
  }
}

void unpack_kv(const PackedKv& p, int64_t batch, int64_t head, int64_t from, int64_t n, int64_t dim, float* out) {
  const auto start = [&](const HeadStrides& s) { return batch * s.batch + head * s.head + from * s.position; };
  kernels().unpack_codes(n, dim, p.bits, p.group, p.codes + start(p.code_strides), p.code_strides.position,
                         p.ranges + start(p.range_strides), p.range_strides.position, out);
}

}  // namespace ef
