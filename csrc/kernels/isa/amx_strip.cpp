// Strips of a bf16 product in AMX tiles. Registers: 0-3 the sums of 2 x 2 blocks of 16 x 16, 4-5 a, 6-7 b. Beside its
// tile products, which leave the vector units idle, a block copies the results of the block before to c: stored at
// once, they would wait for c's lines, and the tiles with them.
#include "kernels/isa/amx_strip.h"
#include "kernels/kernels.h"

namespace ef {
namespace {
void fill(const Strip& s, int64_t rows, const char* c, float* sums) {
  for (int64_t i = 0; i < rows; i++, c += s.c_bytes, sums += kStripColumns) {
    store(sums, load_n(reinterpret_cast<const float*>(c), clamp_lanes(s.columns)));
    store(sums + kW, load_n(reinterpret_cast<const float*>(c) + kW, clamp_lanes(s.columns - kW)));
  }
}

template <bool kTwoRows, bool kTwoColumns>
void block(int64_t chunks, int64_t step, int64_t row, const char* a, const char* b, const float* in, float* out,
           Copy<false> copy, Ahead& ahead, Ahead& ahead_a) {
  constexpr int64_t kLine = 64, kStrideB = kTwoColumns ? 2 * kLine : kLine;
  written();
  if (in) {
    load_sums<kTwoRows, kTwoColumns>(in, kStripColumns);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const int64_t rows_a_step = (copy.rows + chunks - 1) / chunks;
  for (int64_t q = 0; q < chunks; q++, a += step, b += 16 * kStrideB) {
    _tile_stream_loadd(4, a, row);
    _tile_loadd(6, b, kStrideB);
    _tile_dpbf16ps(0, 4, 6);
    for (int64_t i = 0; i < rows_a_step && copy.rows; i++) copy.row();
    if constexpr (kTwoColumns) {
      _tile_loadd(7, b + kLine, kStrideB);
      _tile_dpbf16ps(1, 4, 7);
    }
    ahead.some();
    ahead_a.some();
    if constexpr (kTwoRows) {
      _tile_stream_loadd(5, a + 16 * row, row);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoColumns) _tile_dpbf16ps(3, 5, 7);
    }
  }
  store_sums<kTwoRows, kTwoColumns>(out, kStripColumns);
  written();
}

void strip_run(const Strip& s, StripDrain& d) {
  Ahead ahead(s.ahead, s), ahead_a(s.ahead_a, s);
  const bool wide = s.columns > kW;
  const char* a = s.a;
  char* c = s.c;
  for (int64_t r = 0; r < s.rows; r += kStripRows, c += kStripRows * s.c_bytes) {
    const int64_t rows = s.rows - r < kStripRows ? s.rows - r : kStripRows;
    const int64_t row = s.a_bytes ? s.a_bytes : 64, step = s.a_bytes ? 64 : rows * 64;
    float* sums = s.sums ? s.sums + r * kStripColumns : nullptr;
    float* out = s.last ? d.ring[d.turn] : sums;
    const float* in = s.first ? nullptr : sums;
    if (s.first && s.add) fill(s, rows, c, out), in = out;
    const auto run =
        rows > 16 ? (wide ? block<true, true> : block<true, false>) : (wide ? block<false, true> : block<false, false>);
    run(s.chunks, step, row, a, s.b, in, out, Copy<false>(d), ahead, ahead_a);
    a += s.a_bytes ? rows * s.a_bytes : step * s.chunks;
    d.rows = 0;
    if (s.last) {
      d.from = out, d.to = c, d.rows = rows, d.columns = s.columns, d.stride = s.c_bytes, d.dtype = s.cd;
      d.turn ^= 1;
    }
  }
}
void strip_pack(int64_t rows, int64_t k, const void* a, DType dtype, int64_t ld, bool transposed, void* dst,
                StripRange&) {
  kernels().panel_bf16.pack_a(rows, k, a, dtype, ld, transposed, true, dst);
}

}  // namespace

constexpr int64_t kDepth = 576;  // 36 KB of a panel: L1
constinit const StripKernels kStripAmx = {kDepth,      1,        strip_pack, nullptr, strip_run, strip_flush<false>,
                                          begin_tiles, end_tiles};

}  // namespace ef
