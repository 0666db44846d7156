// AMX tiles for bf16 products (Sapphire Rapids and later), all else as AVX-512 BF16.
#include "kernels/kernels.h"
#include "kernels/isa/vec_avx512.h"

namespace ef {
namespace {
#include "kernels/generic/math.h"
#include "kernels/generic/gemm_panel.h"
#include "kernels/generic/gemm_dot.h"
#include "kernels/generic/rowwise.h"
#include "kernels/generic/attention.h"
#include "kernels/generic/table.h"

// The packed layouts of gemm_panel.h are tiles already: a chunk of packed a is rows x 64 bytes, a vector of packed b is
// 16 pairs x 64 bytes. Registers: 0-3 the sums of 2 x 2 blocks of 16 x 16, 4-5 a, 6-7 b. Every tile has 16 rows; those
// past the last row of a are whatever lies behind it (kPackedSlack), and their sums are dropped.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
void begin_tiles() {
  static constexpr TileConfig config;
  _tile_loadconfig(&config);
}
void end_tiles() { _tile_release(); }

template <bool kTwoRows, bool kTwoColumns>
void tile_blocks(int64_t rows, int64_t chunks, const char* a, const char* b, float* c, int64_t ldc, bool add) {
  constexpr int64_t kLine = 64, kBlock = 16 * kLine, kStrideB = kTwoColumns ? 2 * kLine : kLine;
  const int64_t stride = ldc * int64_t(sizeof(float));
  float* lower = c + 16 * ldc;
  if (add) {
    _tile_loadd(0, c, stride);
    if constexpr (kTwoColumns) _tile_loadd(1, c + 16, stride);
    if constexpr (kTwoRows) _tile_loadd(2, lower, stride);
    if constexpr (kTwoRows && kTwoColumns) _tile_loadd(3, lower + 16, stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t q = 0; q < chunks; q++, a += rows * kLine, b += 16 * kStrideB) {
    _tile_loadd(4, a, kLine);
    _tile_loadd(6, b, kStrideB);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kTwoColumns) {
      _tile_loadd(7, b + kLine, kStrideB);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (kTwoRows) {
      _tile_loadd(5, a + kBlock, kLine);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoColumns) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, stride);
  if constexpr (kTwoColumns) _tile_stored(1, c + 16, stride);
  if constexpr (kTwoRows) _tile_stored(2, lower, stride);
  if constexpr (kTwoRows && kTwoColumns) _tile_stored(3, lower + 16, stride);
}

void amx_tile(int64_t rows, int64_t columns, int64_t chunks, const void* a, const void* b, int64_t, float* c,
              int64_t ldc, bool add) {
  const auto run = rows > 16 ? (columns > 16 ? tile_blocks<true, true> : tile_blocks<true, false>)
                             : (columns > 16 ? tile_blocks<false, true> : tile_blocks<false, false>);
  const char *pa = static_cast<const char*>(a), *pb = static_cast<const char*>(b);
  if (rows % 16 == 0 && columns % 16 == 0) return run(rows, chunks, pa, pb, c, ldc, add);
  alignas(64) float t[32 * 32];
  const auto each_part = [&](auto f) {
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < columns; j += 16) f(t + i * 32 + j, c + i * ldc + j, columns - j);
  };
  if (add) each_part([](float* in, const float* out, int64_t n) { store(in, load_part(out, n)); });
  run(rows, chunks, pa, pb, t, 32, add);
  each_part([](const float* in, float* out, int64_t n) { store_part(out, load(in), n); });
}

constexpr Kernels amx_table() {
  Kernels t = make_table(Isa::Amx, "amx");
  t.panel_bf16 = {16,          32,          2,        32,    2,           16,       32, sizeof(bfloat16),
                  pack_a_bf16, pack_b_bf16, amx_tile, false, begin_tiles, end_tiles};
  t.dot_bf16.rows = 8;  // packing costs more than it brings while b comes from memory
  return t;
}
}  // namespace

extern const Kernels kAmxKernels;
constinit const Kernels kAmxKernels = amx_table();

}  // namespace ef
