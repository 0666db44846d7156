// AMX tiles for bf16 products (Sapphire Rapids and later), all else as AVX-512 BF16.
#include <type_traits>

#include "kernels/kernels.h"
#include "kernels/scratch.h"
#include "kernels/isa/vec_avx512.h"

namespace ef {
namespace {
#include "kernels/generic/math.h"
#include "kernels/generic/gemm_panel.h"
#include "kernels/generic/gemm_stream.h"
#include "kernels/generic/gemm_dot.h"
#include "kernels/generic/gemm_quad.h"
#include "kernels/generic/rowwise.h"
#include "kernels/generic/attention.h"
#include "kernels/generic/attention_decode.h"
#include "kernels/generic/attention_packed.h"
#include "kernels/generic/table.h"
#include "kernels/isa/amx_tiles.h"

// The packed layouts of gemm_panel.h are tiles already: a chunk of packed a is rows x 64 bytes, a vector of packed b is
// 16 pairs x 64 bytes. Registers: 0-3 the sums of 2 x 2 blocks of 16 x 16, 4-5 a, 6-7 b. Every tile has 16 rows; those
// past the last row of a are whatever lies behind it (kPackedSlack), and their sums are dropped.
template <bool kTwoRows, bool kTwoColumns>
void tile_blocks(int64_t rows, int64_t chunks, const char* a, const char* b, float* c, int64_t ldc, bool add) {
  constexpr int64_t kLine = 64, kBlock = 16 * kLine, kStrideB = kTwoColumns ? 2 * kLine : kLine;
  if (add) {
    load_sums<kTwoRows, kTwoColumns>(c, ldc);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t q = 0; q < chunks; q++, a += rows * kLine, b += 16 * kStrideB) {
    _tile_stream_loadd(4, a, kLine);
    _tile_loadd(6, b, kStrideB);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kTwoColumns) {
      _tile_loadd(7, b + kLine, kStrideB);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (kTwoRows) {
      _tile_stream_loadd(5, a + kBlock, kLine);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kTwoColumns) _tile_dpbf16ps(3, 5, 7);
    }
  }
  store_sums<kTwoRows, kTwoColumns>(c, ldc);
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

// Few rows of a: b is the first operand of the tiles, 16 of its rows where they lie, and a the second, packed as tiles
// of 16 pairs x 16 rows of a. What comes out is c's transpose.
constexpr int64_t kTile = 1024, kChunk = 32;

void stream_pack(int64_t m, int64_t k, const void* av, DType dtype, int64_t lda, int64_t first, int64_t chunks,
                 int64_t block_chunks, void* dst) {
  with_type(av, dtype, [=](auto* a) {
    for (int64_t i0 = 0; i0 < m; i0 += 16)
      for (int64_t q = first; q < first + chunks; q++) {
        const int64_t low = clamp_lanes(k - q * kChunk), high = clamp_lanes(k - q * kChunk - kW);
        F r[kW];
        for (int64_t i = 0; i < kW; i++) {
          const auto* p = a + (i0 + i) * lda + q * kChunk;
          alignas(64) bfloat16 pairs[2 * kW];
          if (i0 + i < m) store_pairs(pairs, load_n(p, low), high ? load_n(p + kW, high) : zero());
          r[i] = i0 + i < m ? load(reinterpret_cast<const float*>(pairs)) : zero();
        }
        transpose(r);
        float* to = reinterpret_cast<float*>(static_cast<char*>(dst) + (i0 / 16 * block_chunks + q) * kTile);
        for (int64_t u = 0; u < kW; u++) store(to + u * kW, r[u]);
      }
  });
}

constexpr int64_t kSumsStride = 32;  // floats between rows of a block of sums

// t (+)= kRows x 16 rows of b times kColumns x 16 rows of a; `tail` bytes of b's rows follow the whole chunks. Sums are
// in registers 0-3.
template <int kRows, int kColumns>
void stream_block(int64_t chunks, int64_t tail, const char* b, int64_t stride, const char* a, int64_t a_block, float* t,
                  bool add) {
  constexpr int64_t kStride = kSumsStride * int64_t(sizeof(float));
  float* lower = t + 16 * kSumsStride;
  written();
  if (add) {
    _tile_loadd(0, t, kStride);
    if constexpr (kColumns == 2) _tile_loadd(1, t + 16, kStride);
    if constexpr (kRows == 2) _tile_loadd(2, lower, kStride);
    if constexpr (kRows == 2 && kColumns == 2) _tile_loadd(3, lower + 16, kStride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const auto step = [&](const char* rows, int64_t row_stride) __attribute__((always_inline)) {
    _tile_loadd(4, rows, row_stride);
    _tile_loadd(6, a, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kRows == 2) {
      _tile_loadd(5, rows + 16 * row_stride, row_stride);
      _tile_dpbf16ps(2, 5, 6);
    }
    if constexpr (kColumns == 2) {
      _tile_loadd(7, a + a_block, 64);
      _tile_dpbf16ps(1, 4, 7);
      if constexpr (kRows == 2) _tile_dpbf16ps(3, 5, 7);
    }
    a += kTile;
  };
  for (int64_t q = 0; q < chunks; q++, b += 64) {
    // The next block's lines, to L2: short rows end before the hardware sees a stream.
    for (int64_t i = 0; i < 16 * kRows; i++) __builtin_prefetch(b + (16 * kRows + i) * stride, 0, 2);
    step(b, stride);
  }
  if (tail) {
    alignas(64) char part[16 * kRows * 64] = {};
    for (int64_t i = 0; i < 16 * kRows; i++) __builtin_memcpy(part + i * 64, b + i * stride, size_t(tail));
    written();
    step(part, 64);
  }
  _tile_stored(0, t, kStride);
  if constexpr (kColumns == 2) _tile_stored(1, t + 16, kStride);
  if constexpr (kRows == 2) _tile_stored(2, lower, kStride);
  if constexpr (kRows == 2 && kColumns == 2) _tile_stored(3, lower + 16, kStride);
}

// c's rows x columns part from its transpose t, or (back) the other way.
void turn(int64_t rows, int64_t columns, float* t, float* c, int64_t ldc, bool back) {
  for (int64_t i = 0; i < rows; i += 16)
    for (int64_t j = 0; j < columns; j += 16) {
      const int64_t m = clamp_lanes(rows - i), n = clamp_lanes(columns - j);
      F r[kW];
      for (int64_t u = 0; u < kW; u++)
        r[u] = !back ? load(t + (j + u) * kSumsStride + i) : u < m ? load_n(c + (i + u) * ldc + j, n) : zero();
      transpose(r);
      for (int64_t u = 0; u < kW; u++) {
        if (back)
          store(t + (j + u) * kSumsStride + i, r[u]);
        else if (u < m)
          store_n(c + (i + u) * ldc + j, r[u], n);
      }
    }
}

// The rows of b that are left, up to 32, times up to 32 rows of a. Returns how many rows of b were taken.
int64_t stream_rows(int64_t m, int64_t n, int64_t k, const char* a, int64_t a_block, const char* b, int64_t stride,
                    float* c, int64_t ldc, bool add) {
  alignas(64) float t[32 * kSumsStride];
  const int64_t width = n >= 32 ? 32 : n >= 16 ? 16 : n;
  const auto run =
      n >= 32 ? (m > 16 ? stream_block<2, 2> : stream_block<2, 1>) : (m > 16 ? stream_block<1, 2> : stream_block<1, 1>);
  if (add) turn(m, width, t, c, ldc, true);
  if (n >= 16) {
    run(k / kChunk, k % kChunk * 2, b, stride, a, a_block, t, add);
  } else {  // fewer than a tile has: chunk by chunk from a copy
    alignas(64) char part[16 * 64] = {};
    for (int64_t q = 0; q * kChunk < k; q++) {
      const int64_t bytes = (k - q * kChunk < kChunk ? k - q * kChunk : kChunk) * 2;
      if (bytes < 64) __builtin_memset(part, 0, sizeof part);
      for (int64_t u = 0; u < n; u++) __builtin_memcpy(part + u * 64, b + u * stride + q * 64, size_t(bytes));
      run(1, 0, part, 64, a + q * kTile, a_block, t, add || q > 0);
    }
  }
  turn(m, width, t, c, ldc, false);
  return width;
}

void stream_run(int64_t m, int64_t n, int64_t k, const void* a, const void* bv, int64_t ldb, float* c, int64_t ldc,
                bool add) {
  const char* b = static_cast<const char*>(bv);
  const int64_t stride = ldb * 2, a_block = (k + kChunk - 1) / kChunk * kTile;
  begin_tiles();
  for (int64_t j = 0, width = 0; j < n; j += width)
    for (int64_t i = 0; i < m; i += 32)
      width = stream_rows(m - i < 32 ? m - i : 32, n - j, k, static_cast<const char*>(a) + i / 16 * a_block, a_block,
                          b + j * stride, stride, c + i * ldc + j, ldc, add);
  end_tiles();
}

// Attention of few queries. Scores: 16 keys where they lie are the first operand, the queries the second. Values: two
// rows of probabilities a query are the first, (p, 0) and (0, p) in pairs, and 16 positions where they lie the second:
// what comes out are the sums of even and of odd columns. A register that is written again waits for what reads it (50
// cycles), so the groups of 16 positions have their own.
template <int kT>
inline void tile_zero() {
  asm volatile("tilezero %%tmm%c0" ::"i"(kT));
}
template <int kT>
inline void tile_load(const void* p, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(p), "r"(stride), "i"(kT));
}
template <int kT>
inline void tile_store(void* p, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(p), "r"(stride), "i"(kT) : "memory");
}
template <int kSum, int kA, int kB>
inline void tile_dot() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kA), "i"(kB));
}

constexpr int64_t kQueries = 8, kGroup = 16, kGroups = 4;

void decode_tiles_pack(int64_t row, int64_t dim, const float* q, void* dst) {
  auto* to = static_cast<bfloat16*>(dst) + 2 * row;
  for (int64_t p = 0; p < dim; p += kChunk, to += kTile / 2) {
    alignas(64) bfloat16 pairs[kChunk];
    store_pairs(pairs, load(q + p), load(q + p + kW));
    for (int64_t u = 0; u < kW; u++) __builtin_memcpy(to + u * kChunk, pairs + 2 * u, 4);
  }
}

// 64 bytes of n positions, those that a tile has beyond as zeros.
const char* part_tile(int64_t n, const char* rows, int64_t stride, char* room) {
  __builtin_memset(room, 0, kTile);
  for (int64_t i = 0; i < n; i++) __builtin_memcpy(room + i * 64, rows + i * stride, 64);
  written();
  return room;
}

template <class Step>
void each_group(int64_t n, Step&& step) {  // step(register, first position, positions)
  step(std::integral_constant<int, 0>(), 0, n);
  if (n > kGroup) step(std::integral_constant<int, 1>(), kGroup, n - kGroup);
  if (n > 2 * kGroup) step(std::integral_constant<int, 2>(), 2 * kGroup, n - 2 * kGroup);
  if (n > 3 * kGroup) step(std::integral_constant<int, 3>(), 3 * kGroup, n - 3 * kGroup);
}

void decode_tiles_scores(int64_t rows, int64_t n, int64_t dim, const void* qv, const void* kv, int64_t ldk, float* s,
                         int64_t lds, int64_t) {
  const int64_t stride = ldk * 2;
  const char *q = static_cast<const char*>(qv), *keys = static_cast<const char*>(kv);
  alignas(64) char room[kTile];
  alignas(64) float t[16 * 16];
  written();
  for (int64_t d = 0; d < dim; d += 2 * kChunk, q += 2 * kTile, keys += 128) {
    const bool two = d + kChunk < dim, begin = d == 0;
    tile_load<4>(q, 64);
    if (two) tile_load<5>(q + kTile, 64);
    each_group(
        n, [&](auto g, int64_t j, int64_t left) __attribute__((always_inline)) {
          const char* k = keys + j * stride;
          if (begin) tile_zero<g>();
          if (left >= kGroup) {
            for (int64_t i = 0; i < kGroup; i++)
              __builtin_prefetch(k + (kGroups * kGroup + i) * stride);  // the next chunk
            tile_load<6>(k, stride);
            tile_dot<g, 6, 4>();
            if (!two) return;
            for (int64_t i = 0; i < kGroup; i++) __builtin_prefetch(k + (kGroups * kGroup + i) * stride + 64);
            tile_load<7>(k + 64, stride);
            tile_dot<g, 7, 5>();
          } else {
            tile_load<6>(part_tile(left, k, stride, room), 64);
            tile_dot<g, 6, 4>();
            if (!two) return;
            tile_load<7>(part_tile(left, k + 64, stride, room), 64);
            tile_dot<g, 7, 5>();
          }
        });
  }
  each_group(
      n, [&](auto g, int64_t j, int64_t) __attribute__((always_inline)) {
        tile_store<g>(t, 64);
        written();
        for (int64_t i = 0; i < rows; i += 4) {
          F r[4];
          load_quads(reinterpret_cast<const char*>(t + i), 64, r);
          for (int64_t u = 0; u < 4 && i + u < rows; u++) store(s + (i + u) * lds + j, r[u]);
        }
      });
}

uint32_t decode_tiles_values(int64_t rows, int64_t n, int64_t dim, const float* p, int64_t ldp, const void* vv,
                             int64_t ldv, float* o, int64_t) {
  const int64_t stride = ldv * 2;
  const char* values = static_cast<const char*>(vv);
  alignas(64) char pairs[kGroups][kTile], room[kTile];
  alignas(64) float t[2 * kQueries * 32];
  uint32_t bad = 0;
  const I low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0),
          high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
  for (int64_t j = 0; j < n; j += kGroup)
    for (int64_t r = 0; r < rows; r++) {
      const I u = rounded_lanes_n(p + r * ldp + j, clamp_lanes(n - j));
      _mm512_store_si512(pairs[j / kGroup] + 128 * r, u);
      _mm512_store_si512(pairs[j / kGroup] + 128 * r + 64, _mm512_slli_epi32(u, 16));
    }
  written();
  each_group(
      n, [&](auto g, int64_t, int64_t) __attribute__((always_inline)) { tile_load<2 + g>(pairs[g], 64); });
  for (int64_t d = 0; d < dim; d += 2 * kChunk, values += 128) {
    const bool two = d + kChunk < dim;
    tile_zero<0>();
    tile_zero<1>();
    each_group(
        n, [&](auto g, int64_t j, int64_t left) __attribute__((always_inline)) {
          const char* v = values + j * stride;
          if (left >= kGroup) {
            for (int64_t i = 0; i < kGroup; i++) __builtin_prefetch(v + (kGroups * kGroup + i) * stride);
            tile_load<6>(v, stride);
            tile_dot<0, 2 + g, 6>();
            if (!two) return;
            for (int64_t i = 0; i < kGroup; i++) __builtin_prefetch(v + (kGroups * kGroup + i) * stride + 64);
            tile_load<7>(v + 64, stride);
            tile_dot<1, 2 + g, 7>();
          } else {
            tile_load<6>(part_tile(left, v, stride, room), 64);
            tile_dot<0, 2 + g, 6>();
            if (!two) return;
            tile_load<7>(part_tile(left, v + 64, stride, room), 64);
            tile_dot<1, 2 + g, 7>();
          }
        });
    tile_store<0>(t, 128);
    if (two) tile_store<1>(t + 16, 128);
    written();
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < (two ? 32 : 16); c += 16) {
        const F even = load(t + 64 * r + c), odd = load(t + 64 * r + 32 + c);
        if (_mm512_cmp_ps_mask(even, odd, _CMP_UNORD_Q)) bad |= 1u << r;
        store(o + r * dim + d + 2 * c, _mm512_permutex2var_ps(even, low, odd));
        store(o + r * dim + d + 2 * c + 16, _mm512_permutex2var_ps(even, high, odd));
      }
  }
  return bad;
}

constexpr Kernels amx_table() {
  Kernels t = make_table(Isa::Amx, "amx");
  constexpr int kDepth = 576;  // 36 KB of a panel: L1
  t.panel_bf16 = {16,          32,          2,        32,    2,           16,       32, kDepth, sizeof(bfloat16),
                  pack_a_bf16, pack_b_bf16, amx_tile, false, begin_tiles, end_tiles};
  t.dot_bf16.rows = 1;  // reads memory a tenth faster than the tiles
  t.dot_f32.rows = 6;
  t.quad_f32.rows = 63;  // more stream past (64) or are split into tiles
  t.quad_bf16.rows = 0;
  t.stream_bf16 = {128, int(kChunk), stream_pack, stream_run};
  t.decode_tiles = {int(kQueries),     int(kChunk),         begin_tiles,        end_tiles,
                    decode_tiles_pack, decode_tiles_scores, decode_tiles_values};
  return t;
}
}  // namespace

extern const Kernels kAmxKernels;
constinit const Kernels kAmxKernels = amx_table();

}  // namespace ef
