// Activations to int8, panels back to f32, and the product of the backward pass. Included by isa/<isa>_quant.cpp after
// generic/quant_matmul.h.
#pragma once
#include "kernels/generic/quant_estimate.h"
#include "kernels/isa/activation_sums.h"

namespace ef {
namespace {

constexpr int kGroupVectors = kGroup / kW;

inline float largest_of_group(const float* x) {
  F extreme = vabs(load(x));
  for (int i = 1; i < kGroupVectors; i++) extreme = max_bits(extreme, vabs(load(x + i * kW)));
  return hmax_bits(extreme);
}

// Several groups a step, one thing after another: a single one waits for each of its own.
void quant_quantize(int rows, int64_t groups, const float* x, int64_t ldx, ActivationGroup* out) {
  constexpr int kMost = 16;
  const float* at[kMost];
  alignas(64) float largest[kMost] = {}, inverse[kMost], scale[kMost];
  const int64_t count = rows * groups;
  int64_t group = 0;
  int row = 0;
  for (int64_t first = 0; first < count; first += kMost, out += kMost) {
    const int some = int(count - first < kMost ? count - first : kMost);
    for (int i = 0; i < some; i++) {
      at[i] = x + row * ldx + group * kGroup;
      largest[i] = largest_of_group(at[i]);
      if (++row == rows) row = 0, group++;
    }
    for (int i = 0; i < kMost; i += kW) {
      const F v = load(largest + i);
      store(inverse + i, set(127) / v), store(scale + i, v / set(127));
    }
    for (int i = 0; i < some; i++) {
      const bool finite = largest[i] <= 0x1.fffffep127f;
      const bool usable = finite && largest[i] > 0x1p-100f;  // below, the inverse might overflow; such a group is zero
      for (int k = 0; k < kGroup; k += kW)
        store_s8(out[i].code + k, usable ? load(at[i] + k) * set(inverse[i]) : zero());
      put_sums(usable ? scale[i] : finite ? 0 : __builtin_nanf(""), out[i]);
    }
  }
}

template <int kFormat>
void dequantize_format(const uint8_t* codebook, const Panel& w, const PanelPart& part, float* out, int64_t ldo) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  const I table = load_table(codebook);
  const uint8_t* panel = w.groups;
  const F bias = set(f.bias_shift < 0 ? 0.f : float(1 << (f.bias_shift < 0 ? 0 : f.bias_shift)));
  alignas(64) uint8_t code[8 * 64];
  alignas(64) float scale[2][kPanelRows], min[2][kPanelRows];
  for (int64_t g = part.group; g < part.group + part.groups; g++) {
    const uint8_t* supers = panel + g / kGroupsPerSuper * (kGroupsPerSuper * f.group_bytes() + f.supers());
    const uint8_t* group =
        f.super_bytes ? supers + f.supers() + g % kGroupsPerSuper * f.group_bytes() : panel + g * f.group_bytes();
    const uint8_t* apart = w.apart + g * f.apart_bytes();
    for (int lane = 0; lane < kPanelRows; lane += kW) {
      I codes[8];
      load_codes<kFormat>(group + 4 * lane, apart + 4 * lane, table, codes);
      for (int i = 0; i < 8; i++) store_line(code + 64 * i + 4 * lane, codes[i]);
      const Scales s = load_scales<kFormat>(group + f.code_bytes(), supers, lane);
      store(scale[0] + lane, f.split() ? s.scale * s.half[0] : s.scale);
      store(scale[1] + lane, f.split() ? s.scale * s.half[1] : s.scale);
      store(min[0] + lane, s.min);
      store(min[1] + lane, f.min == MinKind::Nibbles16 ? s.min_high : s.min);
    }
    for (int r = part.row; r < part.row + part.rows; r++) {
      alignas(64) uint8_t row[kGroup];
      for (int i = 0; i < 8; i++) __builtin_memcpy(row + 4 * i, code + 64 * i + 4 * r, 4);
      float* to = out + (r - part.row) * ldo + (g - part.group) * kGroup;
      for (int k = 0; k < kGroup; k += kW)
        store(to + k, (load_u8(row + k) - bias) * set(scale[k / 16][r]) - set(min[k / 16][r]));
    }
  }
}

template <int kFormat>
void dequantize_from(int format, const uint8_t* codebook, const Panel& panel, const PanelPart& part, float* out,
                     int64_t ldo) {
  if (format == kFormat)
    dequantize_format<kFormat>(codebook, panel, part, out, ldo);
  else if constexpr (kFormat + 1 < kPackedFormatCount)
    dequantize_from<kFormat + 1>(format, codebook, panel, part, out, ldo);
}
void quant_dequantize(PackedIndex format, const uint8_t* codebook, const Panel& panel, const PanelPart& part,
                      float* out, int64_t ldo) {
  dequantize_from<0>(format, codebook, panel, part, out, ldo);
}

template <int kRows>
void accumulate_rows(int64_t rows, int64_t n, int64_t width, const float* dy, int64_t lddy, const float* w, float* dx,
                     int64_t lddx) {
  if (rows == kRows) {
    for (int64_t c = 0; c < width; c += 2 * kW) {
      F sum[kRows][2];
#pragma GCC unroll 16
      for (int r = 0; r < kRows; r++) sum[r][0] = load(dx + r * lddx + c), sum[r][1] = load(dx + r * lddx + c + kW);
      const float *b = w + c, *a = dy;
      for (int64_t j = 0; j < n; j++, b += width, a++) {
        const F b0 = load(b), b1 = load(b + kW);
#pragma GCC unroll 16
        for (int r = 0; r < kRows; r++) {
          const F v = set(a[r * lddy]);
          sum[r][0] = fma(v, b0, sum[r][0]), sum[r][1] = fma(v, b1, sum[r][1]);
        }
      }
#pragma GCC unroll 16
      for (int r = 0; r < kRows; r++) store(dx + r * lddx + c, sum[r][0]), store(dx + r * lddx + c + kW, sum[r][1]);
    }
  } else if constexpr (kRows > 1) {
    accumulate_rows<kRows - 1>(rows, n, width, dy, lddy, w, dx, lddx);
  }
}
void quant_accumulate(int64_t m, int64_t n, int64_t groups, const float* dy, int64_t lddy, const float* w, float* dx,
                      int64_t lddx) {
  const int64_t tiles = (m + kGradRows - 1) / kGradRows;
  for (int64_t t = 0; t < tiles; t++) {
    const int64_t begin = m * t / tiles, end = m * (t + 1) / tiles;
    accumulate_rows<kGradRows>(end - begin, n, groups * kGroup, dy + begin * lddy, lddy, w, dx + begin * lddx, lddx);
  }
}

constexpr QuantKernels quant_table() {
  return {kQuantRows < 12 ? 12 : kQuantRows,
          nullptr,
          nullptr,
          quant_quantize,
          quant_tile,
          quant_estimate,
          quant_dequantize,
          quant_accumulate,
          nullptr};
}

}  // namespace
}  // namespace ef
