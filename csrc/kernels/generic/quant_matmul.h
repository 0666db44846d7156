// Tiles of y = x·Wᵀ on packed panels. Included by isa/<isa>_quant.cpp, which has included the vocabulary.
#pragma once
#include "kernels/quant_kernels.h"

namespace ef {
namespace {

// One strip (kW rows) of a group: its codes as eight dwords a row. `line` points at the strip in the first line,
// `apart` at that in the first line of its low nibbles, in formats that have those apart.
template <int kFormat>
inline void load_codes(const uint8_t* line, const uint8_t* apart, I table, I (&w)[8]) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  if constexpr (f.apart()) {
#pragma GCC unroll 4
    for (int g = 0; g < 4; g++) {
      const I high = load_line(line + 64 * g), low = load_line(apart + 64 * g);
      w[g] = join_nibbles(high, low), w[g + 4] = join_nibbles(bits(high, -4, 0xff), bits(low, 4, 0xff));
    }
  } else if constexpr (f.low_bits == 4) {
#pragma GCC unroll 4
    for (int g = 0; g < 4; g++) {
      const I v = load_line(line + 64 * g);
      w[g] = bits(v, 0, 15), w[g + 4] = bits(v, 4, 15);
    }
  } else {
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) w[g] = bits(load_line(line + 64 * (g / 4)), 2 * (g % 4), 3);
  }
  const uint8_t* high = line + 64 * f.low_bits;
  if constexpr (f.high_bits == 1) {
    const I v = load_line(high);
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) w[g] = join(w[g], bits(v, g - f.low_bits, 1 << f.low_bits));
  } else if constexpr (f.high_bits == 2) {
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++)
      w[g] = join(w[g], bits(load_line(high + 64 * (g / 4)), 2 * (g % 4) - f.low_bits, 3 << f.low_bits));
  }
  if constexpr (f.codebook) {
#pragma GCC unroll 8
    for (int g = 0; g < 8; g++) w[g] = look_up(table, w[g]);
  }
}

struct Scales {
  F scale, min;         // of all 32 weights, or (split formats) the super scale and the minimum of the first 16
  F half[2], min_high;  // split formats: whole-number scales of each 16, the minimum of the second 16
};

// `lane`: first row of the strip; supers: see PackedFormat::supers().
template <int kFormat>
inline Scales load_scales(const uint8_t* scales, const uint8_t* supers, int lane) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  const auto half = [](const uint8_t* p) { return load(reinterpret_cast<const float16*>(p)); };
  const uint8_t* mins = scales + f.scale_bytes();
  Scales s{};
  F super{}, super_min{};
  if constexpr (f.super_bytes == 2) super = half(supers + 2 * lane);
  if constexpr (f.super_bytes == 4) super = load(reinterpret_cast<const float*>(supers) + lane);
  if constexpr (f.super_min()) super_min = half(supers + 2 * (kPanelRows + lane));

  if constexpr (f.scale == ScaleKind::Half) s.scale = half(scales + 2 * lane);
  if constexpr (f.scale == ScaleKind::Exponent) s.scale = load_exponent(scales + lane);
  if constexpr (f.scale == ScaleKind::Bytes32) s.scale = super * load_s8(scales + lane);
  if constexpr (f.scale == ScaleKind::Super || f.split()) s.scale = super;
  if constexpr (f.scale == ScaleKind::Bytes16)
    s.half[0] = load_s8(scales + lane), s.half[1] = load_s8(scales + 16 + lane);
  if constexpr (f.scale == ScaleKind::Nibbles16) {
    // Strips are 4, 8 or 16 bytes: the line's other bytes are loaded with them and dropped again.
    alignas(64) uint8_t low[2 * kPanelRows], high[2 * kPanelRows];
    for (int i = 0; i < 2 * kPanelRows; i++) low[i] = scales[i] & 15, high[i] = scales[i] >> 4;
    s.half[0] = load_u8(low + lane), s.half[1] = load_u8(low + 16 + lane);
    s.min = super_min * load_u8(high + lane), s.min_high = super_min * load_u8(high + 16 + lane);
  }
  if constexpr (f.min == MinKind::Half) s.min = half(mins + 2 * lane);
  if constexpr (f.min == MinKind::Bytes32) s.min = super_min * load_u8(mins + lane);
  return s;
}

// A group for kRows rows of x. Their dot products run side by side: each of their steps waits for the one before.
template <int kFormat, int kRows>
[[gnu::always_inline]] inline void add_group(const I (&w)[8], const Scales& s, const ActivationGroup* a, F* sum) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  const F minus = zero() - s.min, minus_high = zero() - s.min_high;
  const int8_t *x[kRows], *x_high[kRows];
  int32_t start[kRows], start_high[kRows];
  I dot[kRows], high[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++) {
    x[r] = a[r].code, x_high[r] = a[r].code + 16;
    start[r] = f.split() ? a[r].negative_half[0] : a[r].negative_sum, start_high[r] = a[r].negative_half[1];
  }
  if constexpr (f.split()) {
    dots<f.code_bits, f.bias_shift, 4>(w, x, start, dot);
    dots<f.code_bits, f.bias_shift, 4>(w + 4, x_high, start_high, high);
  } else {
    dots<f.code_bits, f.bias_shift, 8>(w, x, start, dot);
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; r++) {
    F product = to_float(dot[r]);
    if constexpr (f.split()) product = fma(product, s.half[0], to_float(high[r]) * s.half[1]);
    sum[r] = fma(product, s.scale * set(a[r].scale), sum[r]);
    if constexpr (f.min == MinKind::Nibbles16)
      sum[r] = fma(minus_high, set(a[r].scaled_half[1]), fma(minus, set(a[r].scaled_half[0]), sum[r]));
    else if constexpr (f.min != MinKind::None)
      sum[r] = fma(minus, set(a[r].scaled_sum), sum[r]);
  }
}

// y's kW columns from `lane` on, for kRows rows of x. The order of every addition is part of the contract (quant.h):
// groups in order, each adding dot * (scale * x scale), then subtracting its minima times the sums of x, with fused
// multiply-add on the levels that have it.
template <int kFormat, int kRows>
inline void tile_strip(int64_t groups, const ActivationGroup* x, int64_t x_step, const Panel& w, I table, int lane,
                       float* y, int64_t ldy) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  constexpr int kSide = f.split() ? (kQuantSide + 1) / 2 : kQuantSide;
  F sum[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) sum[r] = zero();
  const uint8_t *panel = w.groups, *apart = w.apart, *supers = panel;
  for (int64_t g = 0; g < groups; g++, x += x_step, panel += f.group_bytes(), apart += f.apart_bytes()) {
    if constexpr (f.super_bytes > 0)
      if (g % kGroupsPerSuper == 0) supers = panel, panel += f.supers();
    // The hardware's own prefetch stops at each page.
    for (int i = 0; i < f.group_bytes(); i += 64) __builtin_prefetch(panel + 4096 + i);
    for (int i = 0; i < f.apart_bytes(); i += 64) __builtin_prefetch(apart + 4096 + i);
    I codes[8];
    load_codes<kFormat>(panel + 4 * lane, apart + 4 * lane, table, codes);
    const Scales s = load_scales<kFormat>(panel + f.code_bytes(), supers, lane);
#pragma GCC unroll 16
    for (int r = 0; r + kSide <= kRows; r += kSide) add_group<kFormat, kSide>(codes, s, x + r, sum + r);
    if constexpr (kRows % kSide > 0)
      add_group<kFormat, kRows % kSide>(codes, s, x + kRows / kSide * kSide, sum + kRows / kSide * kSide);
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) store(y + r * ldy + lane, sum[r]);
}

template <int kFormat, int kRows>
void tile_rows(int rows, int64_t groups, const ActivationGroup* x, int64_t x_step, const Panel& panel, I table,
               float* y, int64_t ldy) {
  if (rows == kRows)
    for (int lane = 0; lane < kPanelRows; lane += kW)
      tile_strip<kFormat, kRows>(groups, x, x_step, panel, table, lane, y, ldy);
  else if constexpr (kRows > 1)
    tile_rows<kFormat, kRows - 1>(rows, groups, x, x_step, panel, table, y, ldy);
}

template <int kFormat>
void tile_format(const uint8_t* codebook, int rows, int64_t groups, const ActivationGroup* x, const Panel& panel,
                 float* y, int64_t ldy) {
  const I table = load_table(codebook);
  constexpr int kMost = kPackedFormats[kFormat].split() ? kSplitRows : kQuantRows;
  const int tiles = (rows + kMost - 1) / kMost;
  for (int t = 0; t < tiles; t++) {
    const int begin = rows * t / tiles, end = rows * (t + 1) / tiles;
    tile_rows<kFormat, kMost>(end - begin, groups, x + begin, rows, panel, table, y + begin * ldy, ldy);
  }
}

template <int kFormat>
void tile_from(int format, const uint8_t* codebook, int rows, int64_t groups, const ActivationGroup* x,
               const Panel& panel, float* y, int64_t ldy) {
  if (format == kFormat)
    tile_format<kFormat>(codebook, rows, groups, x, panel, y, ldy);
  else if constexpr (kFormat + 1 < kPackedFormatCount)
    tile_from<kFormat + 1>(format, codebook, rows, groups, x, panel, y, ldy);
}
[[maybe_unused]] void quant_tile(PackedIndex format, const uint8_t* codebook, int rows, int64_t groups,
                                 const ActivationGroup* x, const Panel& panel, float* y, int64_t ldy) {
  tile_from<0>(format, codebook, rows, groups, x, panel, y, ldy);
}

}  // namespace
}  // namespace ef
