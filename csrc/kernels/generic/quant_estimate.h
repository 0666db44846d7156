// Upper bounds of products from the high nibbles of 8-bit codes. Included by isa/<isa>_quant.cpp through quant_rows.h.
#pragma once
#include "kernels/generic/quant_matmul.h"

namespace ef {
namespace {

// code - bias = 16 high + low - 128 with low in 0 … 15: taken as 7.5, it is off by that at most.
float quant_estimate(int64_t groups, const ActivationGroup* x, const Estimate* estimates, const Panel& panel,
                     float* most) {
  constexpr int kFormat = kPackedQ8_0;
  constexpr PackedFormat f = kPackedFormats[kFormat];
  float largest = -__builtin_inff();
  for (int lane = 0; lane < kPanelRows; lane += kW) {
    F sum = zero(), error = zero();
    const uint8_t *line = panel.groups, *apart = panel.apart;
    for (int64_t g = 0; g < groups; g++, line += f.group_bytes(), apart += f.apart_bytes()) {
      for (int i = 0; i < f.group_bytes(); i += 64) __builtin_prefetch(line + 4096 + i);
      const int8_t* codes[1] = {x[g].code};
      const int32_t start[1] = {x[g].negative_sum};
      I w[8], dot[1];
      F product;
      if (estimates[g].whole) {  // those of the panels behind lie apart too, where the hardware does not expect it
        const uint8_t* next = apart + 2 * groups * f.apart_bytes();
        for (int i = 0; i < f.apart_bytes(); i += 64) __builtin_prefetch(next + i);
        load_codes<kFormat>(line + 4 * lane, apart + 4 * lane, I{}, w);
        dots<f.code_bits, f.bias_shift, 8>(w, codes, start, dot);
        product = to_float(dot[0]);
      } else {
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
          const I v = load_line(line + 4 * lane + 64 * i);
          w[i] = bits(v, 4, 15), w[i + 4] = bits(v, 0, 15);
        }
        dots<4, -1, 8>(w, codes, start, dot);
        product = fma(to_float(dot[0]), set(16), set(float(start[0]) * (128 - 7.5f)));
      }
      const F scale = load_scales<kFormat>(line + f.code_bytes(), nullptr, lane).scale;
      sum = fma(product, scale * set(x[g].scale), sum);
      error = fma(vabs(scale), set(estimates[g].error), error);
    }
    store(most + lane, sum + error);
    const float found = hmax(sum);
    if (found > largest) largest = found;
  }
  return largest;
}

}  // namespace
}  // namespace ef
