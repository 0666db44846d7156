// Attention of few queries: a chunk's keys and values where they lie, widened to f32 in registers. Included inside an
// instruction set's namespace after gemm_dot.h and attention.h.

constexpr int kQueryRows = kDotAccs == 16 ? 4 : 3;  // four keys at a time beside them, all sums in registers
constexpr int kKeysAtOnce = 4;

template <class T>
inline void fetch_line(const T* p, int64_t ahead) {
  __builtin_prefetch(reinterpret_cast<const char*>(p) + ahead, 0, 2);
}

template <class D>
void decode_pack(int64_t row, int64_t dim, const float* q, void* dst) {
  char* to = static_cast<char*>(dst) + row * query_bytes(dim);
#ifdef EF_BF16_DOT
  if constexpr (sizeof(typename D::A) == sizeof(bfloat16)) return dot_pack_bf16(dim, q, DType::Float32, true, to);
#endif
  dot_pack_f32(dim, q, DType::Float32, false, to);
}

// MR rows of scores, kW keys after kW keys. Behind the last key its scores are repeated.
template <class D, int MR>
void score_rows(int64_t n, int64_t dim, const typename D::A* q, const typename D::B* k, int64_t ldk, float* s,
                int64_t lds, int64_t ahead) {
  using B = typename D::B;
  constexpr int64_t kLine = 64 / int64_t(sizeof(B));
  const int64_t ldq = query_bytes(dim) / int64_t(sizeof(*q));
  for (int64_t j = 0; j < n; j += kW) {
    F sums[MR][kW / kKeysAtOnce];
    for (int64_t g = 0; g < kW / kKeysAtOnce; g++) {
      const B* row[kKeysAtOnce];
#pragma GCC unroll 4
      for (int64_t i = 0, key = j + g * kKeysAtOnce; i < kKeysAtOnce; i++, key++)
        row[i] = k + (key < n ? key : n - 1) * ldk;
      F acc[MR][kKeysAtOnce];
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++)
#pragma GCC unroll 4
        for (int i = 0; i < kKeysAtOnce; i++) acc[r][i] = zero();
      const auto add = [&](int64_t p, auto&& load) __attribute__((always_inline)) {
        typename D::V a[MR];
#pragma GCC unroll 4
        for (int r = 0; r < MR; r++) a[r] = in_register(D::a(q + r * ldq + p));
#pragma GCC unroll 4
        for (int i = 0; i < kKeysAtOnce; i++) {
          const typename D::V b = in_register(load(row[i] + p));
#pragma GCC unroll 4
          for (int r = 0; r < MR; r++) acc[r][i] = D::mac(acc[r][i], a[r], b);
        }
      };
      const auto whole = [](const B* b) __attribute__((always_inline)) { return D::b(b); };
      int64_t p = 0;
      for (; p + kLine <= dim; p += kLine) {
#pragma GCC unroll 4
        for (int i = 0; i < kKeysAtOnce; i++) fetch_line(row[i] + p, ahead);
#pragma GCC unroll 8
        for (int64_t step = 0; step < kLine; step += D::kStep) add(p + step, whole);
      }
      for (; p + D::kStep <= dim; p += D::kStep) add(p, whole);
      if (p < dim)
        add(
            p, [&](const B* b) __attribute__((always_inline)) { return D::b_tail(b, dim - p); });
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++) sums[r][g] = sum_quads(acc[r][0], acc[r][1], acc[r][2], acc[r][3]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < MR; r++) store(s + r * lds + j, join_quads(sums[r]));
  }
}
template <class D>
void decode_scores(int64_t rows, int64_t n, int64_t dim, const void* qv, const void* kv, int64_t ldk, float* s,
                   int64_t lds, int64_t ahead) {
  const auto* q = static_cast<const typename D::A*>(qv);
  const auto* k = static_cast<const typename D::B*>(kv);
  if (rows == 1) score_rows<D, 1>(n, dim, q, k, ldk, s, lds, ahead);
  if (rows == 2) score_rows<D, 2>(n, dim, q, k, ldk, s, lds, ahead);
  if (rows == 3) score_rows<D, 3>(n, dim, q, k, ldk, s, lds, ahead);
  if constexpr (kQueryRows == 4)
    if (rows == 4) score_rows<D, 4>(n, dim, q, k, ldk, s, lds, ahead);
}

template <class T, int MR, int NV>
void value_tile(int64_t columns, int64_t n, const float* p, int64_t ldp, const T* v, int64_t ldv, float* o, int64_t ldo,
                int64_t ahead) {
  const int64_t last = columns - (NV - 1) * kW;
  F acc[MR][NV];
#pragma GCC unroll 4
  for (int r = 0; r < MR; r++)
#pragma GCC unroll 4
    for (int c = 0; c < NV; c++) acc[r][c] = zero();
  for (int64_t j = 0; j < n; j++, v += ldv) {
    F weight[MR];
#pragma GCC unroll 4
    for (int r = 0; r < MR; r++) weight[r] = in_register(set(p[r * ldp + j]));
#pragma GCC unroll 4
    for (int c = 0; c < NV; c++) {
      if (c * kW * sizeof(T) % 64 == 0) fetch_line(v + c * kW, ahead);
      const F x = in_register(c < NV - 1 || last == kW ? load(v + c * kW) : load_n(v + c * kW, last));
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++) acc[r][c] = fma(weight[r], x, acc[r][c]);
    }
  }
#pragma GCC unroll 4
  for (int r = 0; r < MR; r++)
#pragma GCC unroll 4
    for (int c = 0; c < NV; c++) store_part(o + r * ldo + c * kW, acc[r][c], c == NV - 1 ? last : kW);
}
template <class T, int MR>
void value_columns(int64_t n, int64_t dim, const float* p, int64_t ldp, const T* v, int64_t ldv, float* o,
                   int64_t ahead) {
  constexpr int kVectors = kDotAccs / 4;
  int64_t c = 0;
  for (; c + (kVectors - 1) * kW < dim; c += kVectors * kW)
    value_tile<T, MR, kVectors>(dim - c < kVectors * kW ? dim - c : kVectors * kW, n, p, ldp, v + c, ldv, o + c, dim,
                                ahead);
  for (; c < dim; c += kW) value_tile<T, MR, 1>(dim - c < kW ? dim - c : kW, n, p, ldp, v + c, ldv, o + c, dim, ahead);
}
template <class T>
uint32_t decode_values(int64_t rows, int64_t n, int64_t dim, const float* p, int64_t ldp, const void* vv, int64_t ldv,
                       float* o, int64_t ahead) {
  const T* v = static_cast<const T*>(vv);
  if (rows == 1) value_columns<T, 1>(n, dim, p, ldp, v, ldv, o, ahead);
  if (rows == 2) value_columns<T, 2>(n, dim, p, ldp, v, ldv, o, ahead);
  if (rows == 3) value_columns<T, 3>(n, dim, p, ldp, v, ldv, o, ahead);
  if constexpr (kQueryRows == 4)
    if (rows == 4) value_columns<T, 4>(n, dim, p, ldp, v, ldv, o, ahead);
  return 0;
}

template <class D>
constexpr DecodeKernels decode_table() {
  return {kQueryRows, 1, nullptr, nullptr, decode_pack<D>, decode_scores<D>, decode_values<typename D::B>};
}
