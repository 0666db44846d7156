// A product for few rows of a, b row-major [n, k] and read once, where it lies. What a panel product would pack is b,
// as much work as multiplying; here a is packed, [block of 16 rows][k][16 rows], and b's elements are broadcast. A tile
// is kW rows of b times a vector or kStreamVectors of rows of a, and comes out as c's transpose. Included after
// gemm_panel.h.

constexpr int kStreamVectors = kDotAccs > 2 * kW ? kDotAccs / kW : 2, kStreamChunk = 16;

void stream_pack_f32(int64_t m, int64_t k, const void* av, DType dtype, int64_t lda, int64_t first, int64_t chunks,
                     int64_t block_chunks, void* dst) {
  with_type(av, dtype, [=](auto* a) {
    for (int64_t i0 = 0; i0 < m; i0 += kW) {  // rows of one vector
      float* block = static_cast<float*>(dst) + i0 / 16 * block_chunks * 256 + i0 % 16;
      for (int64_t p = first * kStreamChunk; p < (first + chunks) * kStreamChunk; p += kW) {
        const int64_t n = clamp_lanes(k - p);
        F r[kW];
        for (int64_t i = 0; i < kW; i++) r[i] = i0 + i < m && n ? load_n(a + (i0 + i) * lda + p, n) : zero();
        transpose(r);
        for (int64_t u = 0; u < kW; u++) store(block + (p + u) * 16, r[u]);
      }
    }
    for (int64_t i0 = (m + kW - 1) / kW * kW; i0 % 16; i0 += kW)  // vectors that a tile reads beyond the last
      for (int64_t p = first * kStreamChunk; p < (first + chunks) * kStreamChunk; p++)
        store(static_cast<float*>(dst) + i0 / 16 * block_chunks * 256 + i0 % 16 + p * 16, zero());
  });
}

// rows x n part of c from its transpose t[kW][kV·kW], or (back) the other way.
template <int kV>
void stream_turn(int64_t rows, int64_t n, float* t, float* c, int64_t ldc, bool back) {
  for (int64_t v = 0; v < kV * kW; v += kW) {
    F r[kW];
#pragma GCC unroll 16
    for (int64_t u = 0; u < kW; u++)
      r[u] = !back ? load(t + u * kV * kW + v) : v + u < rows ? load_n(c + (v + u) * ldc, n) : zero();
    transpose(r);
#pragma GCC unroll 16
    for (int64_t u = 0; u < kW; u++) {
      if (back)
        store(t + u * kV * kW + v, r[u]);
      else if (v + u < rows)
        store_part(c + (v + u) * ldc, r[u], n);
    }
  }
}

// t[kR][kV·kW] (+)= n (at most kR) rows of b times kV vectors of rows of a, `step` apart. Each element sums along k in
// order.
template <int kR, int kV>
void stream_rows(int64_t n, int64_t k, const float* a, int64_t step, const float* b, int64_t ldb, float* t, bool add) {
  F acc[kR][kV];  // stays in registers only because every loop over it is unrolled
#pragma GCC unroll 16
  for (int j = 0; j < kR; j++)
#pragma GCC unroll 4
    for (int v = 0; v < kV; v++) acc[j][v] = add ? load(t + (j * kV + v) * kW) : zero();
  alignas(64) float part[kR * kStreamChunk] = {};  // rows of b a page apart would fall into the same few cache lines
  for (int64_t p = 0; p < k; p += kStreamChunk, a += 16 * kStreamChunk) {
    for (int64_t j = 0; j < n; j++) {
      const float* row = b + j * ldb + p;
      for (int64_t s = 0; s < kStreamChunk; s += kW) {
        const int64_t left = clamp_lanes(k - p - s);
        store(part + j * kStreamChunk + s, left == kW ? load(row + s) : left ? load_n(row + s, left) : zero());
      }
      __builtin_prefetch(row + kR * ldb, 0, 2);  // of the next rows; short ones end before the hardware sees a stream
    }
    for (int q = 0; q < kStreamChunk; q += 4) {
#pragma GCC unroll 4
      for (int u = 0; u < 4; u++) {
        F av[kV];
#pragma GCC unroll 4
        for (int v = 0; v < kV; v++) av[v] = load(a + (q + u) * 16 + v * step);
#pragma GCC unroll 16
        for (int j = 0; j < kR; j++) {
          const F bv = set(part[j * kStreamChunk + q + u]);
#pragma GCC unroll 4
          for (int v = 0; v < kV; v++) acc[j][v] = fma(av[v], bv, acc[j][v]);
        }
      }
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < kR; j++)
#pragma GCC unroll 4
    for (int v = 0; v < kV; v++) store(t + (j * kV + v) * kW, acc[j][v]);
}

// `rows` (at most kV·kW) of packed a times n (at most kW) rows of b.
template <int kV>
void stream_tile(int64_t rows, int64_t n, int64_t k, const float* a, int64_t step, const float* b, int64_t ldb,
                 float* c, int64_t ldc, bool add) {
  constexpr int kR = kDotAccs / kV < kW ? kDotAccs / kV : kW;
  alignas(64) float t[kW * kV * kW] = {};
  if (add) stream_turn<kV>(rows, n, t, c, ldc, true);
  for (int64_t j = 0; j < n; j += kR)
    stream_rows<kR, kV>(n - j < kR ? n - j : kR, k, a, step, b + j * ldb, ldb, t + j * kV * kW, add);
  stream_turn<kV>(rows, n, t, c, ldc, false);
}

void stream_run_f32(int64_t m, int64_t n, int64_t k, const void* av, const void* bv, int64_t ldb, float* c, int64_t ldc,
                    bool add) {
  const float *a = static_cast<const float*>(av), *b = static_cast<const float*>(bv);
  const int64_t block = (k + kStreamChunk - 1) / kStreamChunk * kStreamChunk * 16, wide = kStreamVectors * kW;
  const int64_t step = kW == 16 ? block : kW;  // from one vector of rows of a to the next
  for (int64_t j = 0; j < n; j += kW) {
    const int64_t columns = clamp_lanes(n - j);
    for (int64_t i = 0; i < m; i += wide) {
      const int64_t rows = m - i < wide ? m - i : wide;
      const auto tile = rows > kW ? stream_tile<kStreamVectors> : stream_tile<1>;
      tile(rows, columns, k, a + i / 16 * block + i % 16, step, b + j * ldb, ldb, c + i * ldc + j, ldc, add);
    }
  }
}
