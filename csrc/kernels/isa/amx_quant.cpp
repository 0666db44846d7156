// AMX tiles for quantized weights: the integers of avx512_quant.cpp sixteen rows of x at a time, then its
// floating-point steps in its order, so that the bits are the same. Few rows stay with AVX-512, which is as fast there.
#include "core/half.h"
#include "kernels/isa/vec_quant_avx512.h"

#include "kernels/generic/quant_matmul.h"

namespace ef {
namespace {

constexpr int kTileRowsX = 16, kBatch = 4;  // groups whose tiles are in flight together
constexpr int few_rows(PackedIndex format) { return kPackedFormats[format].split() ? 12 : 8; }

// Registers 0-3: sums of a group, 16 rows of x times 16 of the panel. 4, 5: codes of x; 6, 7: codes of the panel. In
// split formats a tile holds half a group, and 5 and 7 its second half.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 32, 32, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 8, 8};
};
constexpr TileConfig half_groups() {
  TileConfig c;
  c.row_bytes[4] = c.row_bytes[5] = 16;
  c.rows[6] = c.rows[7] = 4;
  return c;
}
void begin_tiles(PackedIndex format) {
  static constexpr TileConfig whole, half = half_groups();
  _tile_loadconfig(kPackedFormats[format].split() ? &half : &whole);
}
void end_tiles() { _tile_release(); }

using Sums = int32_t[kBatch][kTileRowsX][kPanelRows];

// The whole-number products of two groups, or of the halves of one, in two registers of their own: GCC's intrinsics
// take literal register numbers only.
#define EF_MULTIPLY(name, target0, target1)                                                          \
  inline void name(const int8_t* x0, const int8_t* x1, const uint8_t* codes0, const uint8_t* codes1, \
                   int32_t(*sums)[kTileRowsX][kPanelRows]) {                                         \
    _tile_zero(target0);                                                                             \
    _tile_zero(target1);                                                                             \
    _tile_loadd(4, x0, sizeof(ActivationGroup));                                                     \
    _tile_loadd(6, codes0, 64);                                                                      \
    _tile_dpbsud(target0, 4, 6);                                                                     \
    _tile_loadd(5, x1, sizeof(ActivationGroup));                                                     \
    _tile_loadd(7, codes1, 64);                                                                      \
    _tile_dpbsud(target1, 5, 7);                                                                     \
    _tile_stored(target0, sums[0], 64);                                                              \
    _tile_stored(target1, sums[1], 64);                                                              \
  }
EF_MULTIPLY(multiply_first, 0, 1)
EF_MULTIPLY(multiply_second, 2, 3)
#undef EF_MULTIPLY

// The integers of up to kBatch groups, or of half as many in halves.
template <int kFormat>
inline void multiply_groups(int count, const ActivationGroup* x, int64_t x_step, const uint8_t* panel,
                            const uint8_t* apart, I table, uint8_t (*codes)[8 * 64], Sums& sums) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  constexpr int kGroups = f.split() ? kBatch / 2 : kBatch;
  const int8_t* rows[kGroups];
#pragma GCC unroll 4
  for (int i = 0; i < kGroups; i++) {
    const int at = i < count ? i : 0;  // past the end: the first once more
    const uint8_t *lines = panel + at * f.group_bytes(), *low = apart + at * f.apart_bytes();
    rows[i] = (x + at * x_step)->code;
    for (int p = 0; p < f.group_bytes(); p += 64) __builtin_prefetch(lines + 2048 + p);
    for (int p = 0; p < f.apart_bytes(); p += 64) __builtin_prefetch(low + 2048 + p);
    I w[8];
    load_codes<kFormat>(lines, low, table, w);
#pragma GCC unroll 8
    for (int d = 0; d < 8; d++) store_line(codes[i] + 64 * d, w[d]);
  }
  asm volatile("" ::: "memory");  // GCC does not know that a tile load reads memory
  if constexpr (f.split()) {
    multiply_first(rows[0], rows[0] + 16, codes[0], codes[0] + 4 * 64, sums);
    multiply_second(rows[1], rows[1] + 16, codes[1], codes[1] + 4 * 64, sums + 2);
  } else {
    multiply_first(rows[0], rows[1], codes[0], codes[1], sums);
    multiply_second(rows[2], rows[3], codes[2], codes[3], sums + 2);
  }
}

// As tile_strip of generic/quant_matmul.h; kRows is rounded up, what lies behind the last row is computed and dropped.
// The tiles are one batch of groups ahead of what adds them up.
template <int kFormat, int kRows>
void amx_strip(int rows, int64_t groups, const ActivationGroup* x, int64_t x_step, const Panel& w, I table, float* y,
               int64_t ldy) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  constexpr int kGroups = f.split() ? kBatch / 2 : kBatch;
  alignas(64) uint8_t codes[2][kGroups][8 * 64];
  alignas(64) Sums sums[2];
  F sum[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++) sum[r] = zero();
  const uint8_t *panel = w.groups, *supers = panel, *ahead = panel;
  const auto start = [&](int64_t g) __attribute__((always_inline)) {
    if (f.super_bytes > 0 && g % kGroupsPerSuper == 0) ahead += f.supers();
    const int count = groups - g < kGroups ? int(groups - g) : kGroups;
    const int side = int(g / kGroups % 2);
    multiply_groups<kFormat>(count, x + g * x_step, x_step, ahead, w.apart + g * f.apart_bytes(), table, codes[side],
                             sums[side]);
    ahead += count * f.group_bytes();
  };
  start(0);
  for (int64_t g = 0; g < groups; g++) {
    if (f.super_bytes > 0 && g % kGroupsPerSuper == 0) supers = panel, panel += f.supers();
    if (g % kGroups == 0 && g + kGroups < groups) start(g + kGroups);
    const int32_t(*products)[kTileRowsX][kPanelRows] = sums[g / kGroups % 2] + g % kGroups * (kBatch / kGroups);
    const Scales s = load_scales<kFormat>(panel + f.code_bytes(), supers, 0);
    const F minus = zero() - s.min, minus_high = zero() - s.min_high;
    const ActivationGroup* group = x + g * x_step;
#pragma GCC unroll 16
    for (int r = 0; r < kRows; r++) {
      const ActivationGroup& a = group[r];
      const auto whole = [&](int half, int32_t negative_sum) __attribute__((always_inline)) {
        const I v = _mm512_load_si512(products[half][r]);
        if constexpr (f.bias_shift < 0) return to_float(v);
        return to_float(_mm512_add_epi32(v, _mm512_set1_epi32(int32_t(uint32_t(negative_sum) << (f.bias_shift & 31)))));
      };
      F product;
      if constexpr (f.split())
        product = fma(whole(0, a.negative_half[0]), s.half[0], whole(1, a.negative_half[1]) * s.half[1]);
      else
        product = whole(0, a.negative_sum);
      sum[r] = fma(product, s.scale * set(a.scale), sum[r]);
      if constexpr (f.min == MinKind::Nibbles16)
        sum[r] = fma(minus_high, set(a.scaled_half[1]), fma(minus, set(a.scaled_half[0]), sum[r]));
      else if constexpr (f.min != MinKind::None)
        sum[r] = fma(minus, set(a.scaled_sum), sum[r]);
    }
    panel += f.group_bytes();
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; r++)
    if (r < rows) store(y + r * ldy, sum[r]);
}

template <int kFormat>
void amx_from(int format, const uint8_t* codebook, int rows, int64_t groups, const ActivationGroup* x,
              const Panel& panel, float* y, int64_t ldy) {
  if (format == kFormat) {
    const I table = load_table(codebook);
    if (rows <= 12)
      amx_strip<kFormat, 12>(rows, groups, x, rows, panel, table, y, ldy);
    else
      amx_strip<kFormat, 16>(rows, groups, x, rows, panel, table, y, ldy);
  } else if constexpr (kFormat + 1 < kPackedFormatCount) {
    amx_from<kFormat + 1>(format, codebook, rows, groups, x, panel, y, ldy);
  }
}
void amx_tile(PackedIndex format, const uint8_t* codebook, int rows, int64_t groups, const ActivationGroup* x,
              const Panel& panel, float* y, int64_t ldy) {
  if (rows <= few_rows(format)) return kQuantAvx512.tile(format, codebook, rows, groups, x, panel, y, ldy);
  amx_from<0>(format, codebook, rows, groups, x, panel, y, ldy);
}

// Bytes kByte and kByte + 1 of each lane of w as a pair of weights, scale * (code - bias) - min as dequantize() has it,
// rounded to bf16.
template <int kFormat, int kByte>
inline I pair(I w, I order, F scale, F min) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  const auto value = [&](int byte) __attribute__((always_inline)) {
    I code = byte ? _mm512_srli_epi32(w, unsigned(8 * byte)) : w;
    if (byte < 3) code = _mm512_and_si512(code, _mm512_set1_epi32(255));
    F v = to_float(code);
    if constexpr (f.bias_shift >= 0) v = v - set(float(1 << f.bias_shift));
    v = v * scale;
    if constexpr (f.min != MinKind::None) v = v - min;
    return v;
  };
  const F even = value(kByte), odd = value(kByte + 1);
  return _mm512_permutexvar_epi16(order, reinterpret_cast<I>(_mm512_cvtne2ps_pbh(odd, even)));
}
template <int kFormat>
void pack_pairs_of(const uint8_t* codebook, const Panel* panels, int count, int64_t from, int64_t groups, char* out) {
  constexpr PackedFormat f = kPackedFormats[kFormat];
  const I table = load_table(codebook);
  // Words of an even and an odd vector, in turn.
  const I lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const I order = _mm512_or_si512(lane, _mm512_slli_epi32(_mm512_add_epi32(lane, _mm512_set1_epi32(16)), 16));
  for (int v = 0; v < count; v++) {
    const uint8_t* panel = panels[v].groups;
    for (int64_t g = from; g < from + groups; g++) {
      const uint8_t* supers = panel + g / kGroupsPerSuper * (kGroupsPerSuper * f.group_bytes() + f.supers());
      const uint8_t* group =
          f.super_bytes ? supers + f.supers() + g % kGroupsPerSuper * f.group_bytes() : panel + g * f.group_bytes();
      I w[8];
      load_codes<kFormat>(group, panels[v].apart + g * f.apart_bytes(), table, w);
      const Scales s = load_scales<kFormat>(group + f.code_bytes(), supers, 0);
      const F scales[2] = {f.split() ? s.scale * s.half[0] : s.scale, f.split() ? s.scale * s.half[1] : s.scale};
      const F mins[2] = {s.min, f.min == MinKind::Nibbles16 ? s.min_high : s.min};
      char* to = out + ((g - from) * 16 * count + v) * 64;
#pragma GCC unroll 8
      for (int d = 0; d < 8; d++, to += 2 * 64 * count) {
        _mm512_storeu_si512(to, pair<kFormat, 0>(w[d], order, scales[d / 4], mins[d / 4]));
        _mm512_storeu_si512(to + 64 * count, pair<kFormat, 2>(w[d], order, scales[d / 4], mins[d / 4]));
      }
    }
  }
}
template <int kFormat = 0>
void pack_pairs_from(int format, const uint8_t* codebook, const Panel* panels, int count, int64_t first, int64_t groups,
                     char* out) {
  if (format == kFormat)
    pack_pairs_of<kFormat>(codebook, panels, count, first, groups, out);
  else if constexpr (kFormat + 1 < kPackedFormatCount)
    pack_pairs_from<kFormat + 1>(format, codebook, panels, count, first, groups, out);
}
void pack_pairs(PackedIndex format, const uint8_t* codebook, const Panel* panels, int count, int64_t first,
                int64_t groups, void* out) {
  pack_pairs_from(format, codebook, panels, count, first, groups, static_cast<char*>(out));
}

void quantize(int rows, int64_t groups, const float* x, int64_t ldx, ActivationGroup* out) {
  kQuantAvx512.quantize(rows, groups, x, ldx, out);
}
float estimate(int64_t groups, const ActivationGroup* x, const Estimate* estimates, const Panel& panel, float* most) {
  return kQuantAvx512.estimate(groups, x, estimates, panel, most);
}
void dequantize(PackedIndex format, const uint8_t* codebook, const Panel& panel, const PanelPart& part, float* out,
                int64_t ldo) {
  kQuantAvx512.dequantize(format, codebook, panel, part, out, ldo);
}
void accumulate(int64_t m, int64_t n, int64_t groups, const float* dy, int64_t lddy, const float* w, float* dx,
                int64_t lddx) {
  kQuantAvx512.accumulate(m, n, groups, dy, lddy, w, dx, lddx);
}

}  // namespace

constinit const QuantKernels kQuantAmx = {kTileRowsX, begin_tiles, end_tiles,  quantize,  amx_tile,
                                          estimate,   dequantize,  accumulate, pack_pairs};

}  // namespace ef
