// A product whose b, row-major [n, k], is read where it lies, without the packing that a panel product repeats for each
// call. A vector holds a quad (128 bits) along k of each of four rows of a, which meet as much of a row of b, repeated;
// so a vector of sums stands for four rows. Packed a: blocks of up to kQuadGroups groups of four rows, cut evenly, but
// sixteen rows are one; in a block [quad of k][row]. Included inside an instruction set's namespace after gemm_dot.h.
#ifdef EF_REPEAT

constexpr int kQuadRows = 4, kQuadGroups = 3;  // with kQuadColumns 24 sums in a tile; with four groups 16

struct QuadBlocks {
  int64_t groups, count;
  explicit QuadBlocks(int64_t m)
      : groups((m + kQuadRows - 1) / kQuadRows), count(groups == 4 ? 1 : (groups + kQuadGroups - 1) / kQuadGroups) {}
  int64_t begin(int64_t i) const { return groups * i / count * kQuadRows; }
};

// kNear: the next kColumns rows of b fit L1 beside these.
template <class D, int kGroups, int kColumns, bool kNear>
void quad_tile(int64_t rows, int64_t columns, int64_t k, const typename D::A* a, const typename D::B* b, int64_t ldb,
               float* out, int64_t ldc, bool add) {
  constexpr int kQuad = D::kStep / kQuadRows;
  F acc[kGroups][kColumns];
#pragma GCC unroll 4
  for (int g = 0; g < kGroups; g++)
#pragma GCC unroll 8
    for (int j = 0; j < kColumns; j++) acc[g][j] = zero();
  const typename D::B* four[kColumns / 4];  // every fourth row, as in dot_tile
#pragma GCC unroll 2
  for (int j = 0; j < kColumns; j += 4) four[j / 4] = b + j * ldb;
  const auto step = [&](auto row) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int s = 0; s < D::kStep; s += kQuad, a += kGroups * D::kStep) {
      typename D::V av[kGroups];
#pragma GCC unroll 4
      for (int g = 0; g < kGroups; g++) av[g] = D::a(a + g * D::kStep);
#pragma GCC unroll 8
      for (int j = 0; j < kColumns; j++) {
        const typename D::V bv = D::repeated(row(j) + s);
#pragma GCC unroll 4
        for (int g = 0; g < kGroups; g++) acc[g][j] = D::mac(acc[g][j], av[g], bv);
      }
    }
  };
  int64_t p = 0;
  for (; p + D::kStep <= k; p += D::kStep) {
    const auto row = [&](int j) __attribute__((always_inline)) { return four[j / 4] + j % 4 * ldb + p; };
#pragma GCC unroll 8
    for (int j = 0; j < kColumns; j++) __builtin_prefetch(row(j) + kColumns * ldb, 0, kNear ? 3 : 2);
    step(row);
  }
  if (p < k) {
    typename D::B ends[kColumns][D::kStep] = {};
    for (int j = 0; j < kColumns; j++) __builtin_memcpy(ends[j], b + j * ldb + p, size_t(k - p) * sizeof(*b));
    step([&](int j) __attribute__((always_inline)) { return ends[j]; });
  }
#pragma GCC unroll 4
  for (int g = 0; g < kGroups; g++)
#pragma GCC unroll 2
    for (int j = 0; j < kColumns; j += 4) {
      float sums[kW];  // [row][column]
      store(sums, sum_quads(acc[g][j], acc[g][j + 1], acc[g][j + 2], acc[g][j + 3]));
      for (int64_t i = 0, row = g * kQuadRows; i < kQuadRows && row < rows; i++, row++) {
        float *to = out + row * ldc + j, *from = sums + i * 4;
        if (columns == kColumns && !add)
          __builtin_memcpy(to, from, sizeof(float) * 4);
        else
          for (int64_t u = 0; u < 4 && j + u < columns; u++) to[u] = add ? to[u] + from[u] : from[u];
      }
    }
}
template <class D, int kGroups>
void quad_columns(int64_t rows, int64_t n, int64_t k, const typename D::A* a, const typename D::B* b, int64_t ldb,
                  float* c, int64_t ldc, bool add) {
  constexpr int kColumns = kGroups > kQuadGroups ? kQuadColumns / 2 : kQuadColumns;
  const auto tile = kColumns * k * int64_t(sizeof(*b)) <= kNearBytes ? quad_tile<D, kGroups, kColumns, true>
                                                                     : quad_tile<D, kGroups, kColumns, false>;
  int64_t j = 0;
  for (; j + kColumns <= n; j += kColumns) tile(rows, kColumns, k, a, b + j * ldb, ldb, c + j, ldc, add);
  for (; j < n; j++)  // a tile of one row of b, again and again
    quad_tile<D, kGroups, 4, true>(rows, 1, k, a, b + j * ldb, 0, c + j, ldc, add);
}
// One row of a, packed four times over, and b's rows in the order in which they lie: four of them to a vector. Behind
// the last page's end they are fetched as in dot_lines. Returns the first column that is left.
template <class D>
int64_t quad_row(int64_t n, int64_t k, const typename D::A* a, const typename D::B* b, int64_t ldb, float* c,
                 bool add) {
  constexpr int kQuad = D::kStep / kQuadRows;
  constexpr int64_t kAhead = kQuadRows * 4096 / int64_t(sizeof(*b));
  if (k % D::kStep) return 0;
  const int64_t stride = ldb * int64_t(sizeof(*b));
  int64_t j = 0;
  for (; j + kW <= n; j += kW) {
    F acc[kQuadRows];
#pragma GCC unroll 4
    for (int64_t i = 0; i < kQuadRows; i++) {
      const typename D::B* rows = b + (j + kQuadRows * i) * ldb;
      F sum = zero();
      for (int64_t p = 0; p < k; p += D::kStep) {
#pragma GCC unroll 4
        for (int64_t r = 0; r < kQuadRows; r++) __builtin_prefetch(rows + r * ldb + p + kAhead, 0, 2);
#pragma GCC unroll 4
        for (int64_t s = 0; s < kQuadRows; s++) {
          const auto bv = reinterpret_cast<typename D::V>(load_apart(rows + p + s * kQuad, stride));
          sum = D::mac(sum, D::a(a + kQuadRows * p + s * D::kStep), bv);
        }
      }
      acc[i] = sum;
    }
    float sums[kW];  // [row of four][four of them]
    store(sums, sum_quads(acc[0], acc[1], acc[2], acc[3]));
    for (int64_t i = 0; i < kW; i++) {
      const float x = sums[i % 4 * 4 + i / 4];
      c[j + i] = add ? c[j + i] + x : x;
    }
  }
  return j;
}
template <class D>
void quad_run(int64_t m, int64_t n, int64_t k, const void* av, const void* bv, int64_t ldb, float* c, int64_t ldc,
              bool add) {
  const auto* a = static_cast<const typename D::A*>(av);
  const auto* b = static_cast<const typename D::B*>(bv);
  const int64_t padded = (k + D::kStep - 1) / D::kStep * D::kStep;
  if (m == 1) {
    const int64_t done = quad_row<D>(n, k, a, b, ldb, c, add);
    n -= done, b += done * ldb, c += done;
  }
  const QuadBlocks blocks(m);
  const int64_t columns = blocks.count == 1 ? n : kQuadColumns;  // of b's rows, which stay near while the blocks pass
  for (int64_t j = 0; j < n; j += columns)
    for (int64_t i = 0; i < blocks.count; i++) {
      const int64_t row = blocks.begin(i), rows = blocks.begin(i + 1) - row;
      const auto run = rows == 16   ? quad_columns<D, 4>
                       : rows == 12 ? quad_columns<D, 3>
                       : rows == 8  ? quad_columns<D, 2>
                                    : quad_columns<D, 1>;
      run(m - row < rows ? m - row : rows, n - j < columns ? n - j : columns, k, a + row * padded, b + j * ldb, ldb,
          c + row * ldc + j, ldc, add);
    }
}

// Behind the last row its copies follow.
template <class D>
void quad_pack(int64_t m, int64_t k, const void* av, DType dtype, int64_t lda, void* out) {
  auto* dst = static_cast<typename D::A*>(out);
  const int64_t padded = (k + D::kStep - 1) / D::kStep * D::kStep;
  const QuadBlocks blocks(m);
  with_type(av, dtype, [&](auto* a) {
    for (int64_t i = 0; i < blocks.count; i++) {
      const int64_t begin = blocks.begin(i), end = blocks.begin(i + 1), step = (end - begin) / kQuadRows * D::kStep;
      for (int64_t row = begin; row < end; row += kQuadRows) {
        const auto at = [&](int64_t r) { return a + (row + r < m ? row + r : m - 1) * lda; };
        const decltype(a) rows[kQuadRows] = {at(0), at(1), at(2), at(3)};
        typename D::A* to = dst + begin * padded + (row - begin) / kQuadRows * D::kStep;
        for (int64_t p = 0; p < k; p += D::kStep, to += kQuadRows * step) {
          F v[kQuadRows];
#pragma GCC unroll 4
          for (int r = 0; r < kQuadRows; r++) {
            __builtin_prefetch(rows[r] + kQuadRows * lda + p, 0, 2);
            v[r] = reinterpret_cast<F>(D::part(rows[r] + p, k - p));
          }
          transpose_quads(v[0], v[1], v[2], v[3]);
#pragma GCC unroll 4
          for (int s = 0; s < kQuadRows; s++) store(reinterpret_cast<float*>(to + s * step), v[s]);
        }
      }
    }
  });
}

constexpr QuadKernels kQuadF32 = {kAnyRows, 16, quad_pack<DotF32<float>>, quad_run<DotF32<float>>};
#else
constexpr QuadKernels kQuadF32 = {0, 1, nullptr, nullptr};
#endif
#if defined(EF_REPEAT) && defined(EF_BF16_DOT)
constexpr QuadKernels kQuadBf16 = {kAnyRows, 32, quad_pack<DotBf16>, quad_run<DotBf16>};
#else
constexpr QuadKernels kQuadBf16 = {0, 1, nullptr, nullptr};
#endif
