// Products for few rows that read b where it lies. dot: b[n, k], vectors along k, summed over the lanes at the end.
// direct: b[k, n], vectors along n. Included inside an instruction set's namespace after gemm_panel.h.

template <class T>
struct DotF32 {  // b of type T widened to f32
  using A = float;
  using B = T;
  using V = F;
  static constexpr int kStep = kW;
  static V a(const A* p) { return load(p); }
  static V b(const B* p) { return load(p); }
  static V b_tail(const B* p, int64_t n) { return load_n(p, n); }
  static F mac(F c, V a, V b) { return fma(a, b, c); }
};
#ifdef EF_BF16_DOT
struct DotBf16 {
  using A = bfloat16;
  using B = bfloat16;
  using V = P;
  static constexpr int kStep = 2 * kW;
  static V a(const A* p) { return load_pairs(p); }
  static V b(const B* p) { return load_pairs(p); }
  static V b_tail(const B* p, int64_t n) { return load_pairs_n(p, n); }
  static F mac(F c, V a, V b) { return dot_pairs(c, a, b); }
};
#endif

// kDotAccs accumulators: MR rows of a times NR rows of b, or for one row two or more sets along k, which hide the latency.
template <class D, int MR, int NR, int KU>
void dot_tile(int64_t k, const typename D::A* a, int64_t lda, const typename D::B* b, int64_t ldb, int64_t columns, float* out,
              int64_t ldc, bool add) {
  constexpr int kStep = D::kStep;
  static_assert(MR * NR * KU <= kDotAccs && kDotAccs % kW == 0);
  F acc[kDotAccs];
#pragma GCC unroll 16
  for (int i = 0; i < kDotAccs; i++) acc[i] = zero();
  const typename D::B* row[NR];  // past the last column: the last one again, not stored
#pragma GCC unroll 16
  for (int j = 0; j < NR; j++) row[j] = b + (j < columns ? j : columns - 1) * ldb;
  int64_t p = 0;
  for (; p + KU * kStep <= k; p += KU * kStep) {
#pragma GCC unroll 4
    for (int u = 0; u < KU; u++) {
      typename D::V av[MR];
#pragma GCC unroll 4
      for (int i = 0; i < MR; i++) av[i] = D::a(a + i * lda + p + u * kStep);
#pragma GCC unroll 16
      for (int j = 0; j < NR; j++) {
        __builtin_prefetch(row[j] + NR * ldb + p + u * kStep, 0, MR == 1 ? 3 : 2);  // the next tile: short rows end before
                                                                                   // the hardware sees a stream
        const typename D::V bv = D::b(row[j] + p + u * kStep);
#pragma GCC unroll 4
        for (int i = 0; i < MR; i++) acc[(u * MR + i) * NR + j] = D::mac(acc[(u * MR + i) * NR + j], av[i], bv);
      }
    }
  }
  for (; p < k; p += kStep) {
    const int64_t n = k - p < kStep ? k - p : kStep;
#pragma GCC unroll 16
    for (int j = 0; j < NR; j++) {
      const typename D::V bv = D::b_tail(row[j] + p, n);
#pragma GCC unroll 4
      for (int i = 0; i < MR; i++) acc[i * NR + j] = D::mac(acc[i * NR + j], D::a(a + i * lda + p), bv);
    }
  }
  float sums[kDotAccs];
#pragma GCC unroll 4
  for (int g = 0; g < kDotAccs; g += kW) store(sums + g, transpose_sum(reinterpret_cast<const F(&)[kW]>(acc[g])));
  for (int i = 0; i < MR; i++)
    for (int j = 0; j < NR && j < columns; j++) {
      float s = sums[i * NR + j];
      for (int u = 1; u < KU; u++) s += sums[(u * MR + i) * NR + j];
      out[i * ldc + j] = add ? out[i * ldc + j] + s : s;
    }
}

template <class D>
void dot_any(int64_t m, int64_t n, int64_t k, const void* av, int64_t lda, const void* bv, int64_t ldb, float* c, int64_t ldc,
             bool add) {
  const auto* a = static_cast<const typename D::A*>(av);
  const auto* b = static_cast<const typename D::B*>(bv);
  constexpr int kStep = kDotAccs / 4;  // rows of b at a time; they stay in L1 while all rows of a pass
  if (m == 1) {
    for (int64_t j = 0; j < n; j += kStep)
      dot_tile<D, 1, kStep, 4>(k, a, lda, b + j * ldb, ldb, n - j, c + j, ldc, add);
    return;
  }
  if (m == 2) {
    for (int64_t j = 0; j < n; j += kStep)
      dot_tile<D, 2, kStep, 2>(k, a, lda, b + j * ldb, ldb, n - j, c + j, ldc, add);
    return;
  }
  for (int64_t j = 0; j < n; j += kStep) {
    int64_t i = 0;
    for (; i + 4 <= m; i += 4) dot_tile<D, 4, kStep, 1>(k, a + i * lda, lda, b + j * ldb, ldb, n - j, c + i * ldc + j, ldc, add);
    const auto* rest = a + i * lda;
    float* out = c + i * ldc + j;
    if (m - i == 3) dot_tile<D, 3, kStep, 1>(k, rest, lda, b + j * ldb, ldb, n - j, out, ldc, add);
    if (m - i == 2) dot_tile<D, 2, kStep, 1>(k, rest, lda, b + j * ldb, ldb, n - j, out, ldc, add);
    if (m - i == 1) dot_tile<D, 1, kStep, 1>(k, rest, lda, b + j * ldb, ldb, n - j, out, ldc, add);
  }
}

void dot_pack_f32(int64_t k, const void* a, DType dtype, bool round, void* dst) {  // one row, padded to a multiple of 16
  pack_a(1, k, a, dtype, 0, false, round, dst);
}
#ifdef EF_BF16_DOT
void dot_pack_bf16(int64_t k, const void* a, DType dtype, bool, void* dst) { pack_a_bf16(1, k, a, dtype, 0, false, true, dst); }
#endif

template <class T, int MR, int NV>
void direct_tile(int64_t columns, int64_t k, const float* a, int64_t lda, const T* b, int64_t ldb, float* out, int64_t ldc, bool add) {
  const int64_t last = columns - (NV - 1) * kW;
  F c[MR][NV];
#pragma GCC unroll 4
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) c[i][v] = add ? load_part(out + i * ldc + v * kW, v == NV - 1 ? last : kW) : zero();
  for (int64_t p = 0; p < k; p++, b += ldb)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) {
      const F bv = v < NV - 1 || last == kW ? load(b + v * kW) : load_n(b + v * kW, last);
#pragma GCC unroll 4
      for (int i = 0; i < MR; i++) c[i][v] = fma(set(a[i * lda + p]), bv, c[i][v]);
    }
#pragma GCC unroll 4
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) store_part(out + i * ldc + v * kW, c[i][v], v == NV - 1 ? last : kW);
}
template <class T, int MR>
void direct_columns(int64_t n, int64_t k, const float* a, int64_t lda, const T* b, int64_t ldb, float* c, int64_t ldc, bool add) {
  constexpr int kMax = kDotAccs / 4;  // vectors: 4 rows x 4 vectors, or 4 x 2
  int64_t j = 0;
  for (; j + (kMax - 1) * kW < n; j += kMax * kW)
    direct_tile<T, MR, kMax>(n - j < kMax * kW ? n - j : kMax * kW, k, a, lda, b + j, ldb, c + j, ldc, add);
  for (; j < n; j += kW) direct_tile<T, MR, 1>(n - j < kW ? n - j : kW, k, a, lda, b + j, ldb, c + j, ldc, add);
}
template <class T>
void direct_any(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const void* bv, int64_t ldb, float* c, int64_t ldc,
                bool add) {
  const T* b = static_cast<const T*>(bv);
  for (; m >= 4; m -= 4, a += 4 * lda, c += 4 * ldc) direct_columns<T, 4>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 3) direct_columns<T, 3>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 2) direct_columns<T, 2>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 1) direct_columns<T, 1>(n, k, a, lda, b, ldb, c, ldc, add);
}
