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
#ifdef EF_REPEAT
  static V repeated(const B* p) { return load_repeated(p); }
  template <class X>
  static V part(const X* p, int64_t n) {  // up to kStep numbers of any dtype, zeros behind them
    return n >= kStep ? load(p) : load_n(p, n);
  }
#endif
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
  static V repeated(const B* p) { return load_pairs_repeated(p); }
  template <class X>
  static V part(const X* p, int64_t n) {
    alignas(64) bfloat16 line[kStep];
    store_chunk(line, p, clamp_lanes(n), clamp_lanes(n - kW));
    return load_pairs(line);
  }
  static V part(const bfloat16* p, int64_t n) { return n >= kStep ? load_pairs(p) : load_pairs_n(p, n); }
  static F mac(F c, V a, V b) { return dot_pairs(c, a, b); }
};
#endif

constexpr int64_t kNearBytes = 20 << 10;  // of b's rows in a tile: the next ones fit L1 beside them

// MR rows of a times NR rows of b, at most kDotAccs accumulators. kNear: the next rows of b fit L1 beside these.
template <class D, int MR, int NR, bool kNear>
void dot_tile(int64_t k, const typename D::A* a, int64_t lda, const typename D::B* b, int64_t ldb, float* out,
              int64_t ldc, bool add) {
  constexpr int kStep = D::kStep, kAccs = (MR * NR + kW - 1) / kW * kW;
  F acc[kAccs];
#pragma GCC unroll 16
  for (int i = 0; i < kAccs; i++) acc[i] = zero();
  const typename D::B* four[(NR + 3) / 4];  // every fourth row: few pointers, the others are at 1, 2, 3 times ldb
#pragma GCC unroll 4
  for (int j = 0; j < NR; j += 4) four[j / 4] = b + j * ldb;
  int64_t p = 0;
  for (; p + kStep <= k; p += kStep) {
    typename D::V av[MR];
#pragma GCC unroll 4
    for (int i = 0; i < MR; i++) av[i] = D::a(a + i * lda + p);
#pragma GCC unroll 16
    for (int j = 0; j < NR; j++) {
      const typename D::B* row = four[j / 4] + j % 4 * ldb + p;
      // The next tile, to L1 or L2: a short row ends before the hardware sees a stream.
      __builtin_prefetch(row + NR * ldb, 0, kNear ? 3 : 2);
      const typename D::V bv = D::b(row);
#pragma GCC unroll 4
      for (int i = 0; i < MR; i++) acc[i * NR + j] = D::mac(acc[i * NR + j], av[i], bv);
    }
  }
  if (p < k) {
#pragma GCC unroll 16
    for (int j = 0; j < NR; j++) {
      const typename D::V bv = D::b_tail(four[j / 4] + j % 4 * ldb + p, k - p);
#pragma GCC unroll 4
      for (int i = 0; i < MR; i++) acc[i * NR + j] = D::mac(acc[i * NR + j], D::a(a + i * lda + p), bv);
    }
  }
  float sums[kAccs];
#pragma GCC unroll 4
  for (int g = 0; g < kAccs; g += kW) store(sums + g, transpose_sum(reinterpret_cast<const F(&)[kW]>(acc[g])));
  for (int i = 0; i < MR; i++) {
    if (add) {
      for (int j = 0; j < NR; j++) out[i * ldc + j] += sums[i * NR + j];
    } else {
      __builtin_memcpy(out + i * ldc, sums + i * NR, sizeof(float) * NR);
    }
  }
}

// One row of a times rows of b in the order in which they lie, NR at a time: read like that memory gives most. The sums
// over the lanes are made for kW rows together. kAhead: bytes, past the page at whose end the hardware stops, to L2.
template <class D, int NR>
void dot_lines(int64_t n, int64_t k, const typename D::A* a, const typename D::B* b, int64_t ldb, float* out,
               bool add) {
  constexpr int kStep = D::kStep, kAhead = NR * 4096 / int(sizeof(*b));
  for (int64_t j0 = 0; j0 < n; j0 += kW) {
    const int64_t columns = clamp_lanes(n - j0);
    F acc[kW] = {};
    for (int64_t j = 0; j < columns; j += NR) {
      const typename D::B* row[NR];
      F sum[NR];
#pragma GCC unroll 8
      for (int i = 0; i < NR; i++) {
        row[i] = b + (j0 + (j + i < columns ? j + i : j)) * ldb;
        sum[i] = zero();
      }
      int64_t p = 0;
      for (; p + kStep <= k; p += kStep) {
        const typename D::V av = D::a(a + p);
#pragma GCC unroll 8
        for (int i = 0; i < NR; i++) {
          __builtin_prefetch(row[i] + p + kAhead, 0, 2);
          sum[i] = D::mac(sum[i], av, D::b(row[i] + p));
        }
      }
#pragma GCC unroll 8
      for (int i = 0; i < NR; i++) {
        if (p < k) sum[i] = D::mac(sum[i], D::a(a + p), D::b_tail(row[i] + p, k - p));
        acc[(j + i) % kW] = sum[i];
      }
    }
    const F sums = transpose_sum(acc);
    store_part(out + j0, add ? load_part(out + j0, columns) + sums : sums, columns);
  }
}

template <class D, int MR, int NR, bool kNear = false>
int64_t dot_columns(int64_t j, int64_t n, int64_t k, const typename D::A* a, int64_t lda, const typename D::B* b,
                    int64_t ldb, float* c, int64_t ldc, bool add) {  // returns the first column that is left
  for (; j + NR <= n; j += NR) dot_tile<D, MR, NR, kNear>(k, a, lda, b + j * ldb, ldb, c + j, ldc, add);
  return j;
}
template <class D, int MR>
void dot_rows(int64_t n, int64_t k, const typename D::A* a, int64_t lda, const typename D::B* b, int64_t ldb, float* c,
              int64_t ldc, bool add) {
  static_assert(MR > 1);
  int64_t j = 0;
  // Rows of b that together with those that are prefetched fit L1?
  if (kDotAccs / MR * k * int64_t(sizeof(*b)) <= kNearBytes)
    j = dot_columns<D, MR, kDotAccs / MR, true>(j, n, k, a, lda, b, ldb, c, ldc, add);
  else
    j = dot_columns<D, MR, kDotAccs / MR>(j, n, k, a, lda, b, ldb, c, ldc, add);
  if constexpr (kDotAccs / MR > 4) j = dot_columns<D, MR, 4>(j, n, k, a, lda, b, ldb, c, ldc, add);
  dot_columns<D, MR, 1>(j, n, k, a, lda, b, ldb, c, ldc, add);
}
template <class D>
void dot_any(int64_t m, int64_t n, int64_t k, const void* av, int64_t lda, const void* bv, int64_t ldb, float* c,
             int64_t ldc, bool add) {
  const auto* a = static_cast<const typename D::A*>(av);
  const auto* b = static_cast<const typename D::B*>(bv);
  if (m > 4) {  // a few rows of b stay in L1 while all rows of a pass
    constexpr int64_t kColumns = kDotAccs / 4;
    for (int64_t j = 0; j < n; j += kColumns) {
      const int64_t width = n - j < kColumns ? n - j : kColumns;
      for (int64_t i = 0; i < m; i += 4)
        dot_any<D>(m - i < 4 ? m - i : 4, width, k, a + i * lda, lda, b + j * ldb, ldb, c + i * ldc + j, ldc, add);
    }
    return;
  }
  if (m == 1) {
    constexpr int kShort = 16 / kW, kLong = kW > 4 ? 2 * kShort : kShort;  // sums of short rows overlap by themselves
    if (k * int64_t(sizeof(*b)) <= 2560)
      dot_lines<D, kShort>(n, k, a, b, ldb, c, add);
    else
      dot_lines<D, kLong>(n, k, a, b, ldb, c, add);
  }
  if (m == 2) dot_rows<D, 2>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 3) dot_rows<D, 3>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 4) dot_rows<D, 4>(n, k, a, lda, b, ldb, c, ldc, add);
}

void dot_pack_f32(int64_t k, const void* a, DType dtype, bool round,
                  void* dst) {  // one row, padded to a multiple of 16
  pack_a(1, k, a, dtype, 0, false, round, dst);
}
#ifdef EF_BF16_DOT
void dot_pack_bf16(int64_t k, const void* a, DType dtype, bool, void* dst) {
  pack_a_bf16(1, k, a, dtype, 0, false, true, dst);
}
#endif

constexpr int64_t kDirectAhead = 16;  // rows: short ones end before the hardware sees a stream

template <class T, int MR, int NV>
void direct_tile(int64_t columns, int64_t k, const float* a, int64_t lda, const T* b, int64_t ldb, float* out,
                 int64_t ldc, bool add) {
  const int64_t last = columns - (NV - 1) * kW;
  F c[MR][NV];
#pragma GCC unroll 4
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) c[i][v] = add ? load_part(out + i * ldc + v * kW, v == NV - 1 ? last : kW) : zero();
  for (int64_t p = 0; p < k; p++, b += ldb)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++) {
      __builtin_prefetch(b + kDirectAhead * ldb + v * kW);
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
void direct_columns(int64_t n, int64_t k, const float* a, int64_t lda, const T* b, int64_t ldb, float* c, int64_t ldc,
                    bool add) {
  constexpr int kMax = kDotAccs / 4;  // vectors: 4 rows x 4 vectors, or 4 x 2
  int64_t j = 0;
  for (; j + (kMax - 1) * kW < n; j += kMax * kW)
    direct_tile<T, MR, kMax>(n - j < kMax * kW ? n - j : kMax * kW, k, a, lda, b + j, ldb, c + j, ldc, add);
  for (; j < n; j += kW) direct_tile<T, MR, 1>(n - j < kW ? n - j : kW, k, a, lda, b + j, ldb, c + j, ldc, add);
}
template <class T>
void direct_any(int64_t m, int64_t n, int64_t k, const float* a, int64_t lda, const void* bv, int64_t ldb, float* c,
                int64_t ldc, bool add) {
  const T* b = static_cast<const T*>(bv);
  for (; m >= 4; m -= 4, a += 4 * lda, c += 4 * ldc) direct_columns<T, 4>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 3) direct_columns<T, 3>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 2) direct_columns<T, 2>(n, k, a, lda, b, ldb, c, ldc, add);
  if (m == 1) direct_columns<T, 1>(n, k, a, lda, b, ldb, c, ldc, add);
}
