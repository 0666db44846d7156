// Softmax steps of attention. Included inside an instruction set's namespace after math.h and gemm_panel.h.

constexpr float kLog2E = 1.44269504f;
constexpr float kFarScore = 0x1p10f;  // in powers of two

// See kernels.h. The largest score is subtracted before the change to powers of two: a product with log2 e rounds, and
// of scores of 1e10 by hundreds.
void softmax_chunk(int64_t rows, int64_t n, float scale, float* s, int64_t lds, float* max, float* sum) {
  const float inf = __builtin_inff();
  const int64_t padded = (n + kW - 1) / kW * kW;
  const F factor = set(scale), unit = set(kLog2E);
  for (int64_t r = 0; r < rows; r++, s += lds) {
    for (int64_t j = n; j < padded; j++) s[j] = -inf;
    F m = load(s);
    for (int64_t j = kW; j < padded; j += kW) m = vmax(m, load(s + j));
    max[r] = hmax(m) * scale;
    const F top = set(max[r] == -inf ? 0.f : max[r]);  // nothing seen: no -inf - -inf
    F total = zero();
    for (int64_t j = 0; j < padded; j += kW) {
      const F x = pow2((load(s + j) * factor - top) * unit);
      store(s + j, x);
      total = total + x;
    }
    sum[r] = hsum(total);
  }
}

// See kernels.h.
void merge_chunks(int64_t chunks, int64_t dim, const float* o, float* max, const float* sum, int64_t stride, float* out,
                  float* top, float* total) {
  const float inf = __builtin_inff();
  *top = -inf;
  for (int64_t c = 0; c < chunks; c++) *top = max[c * stride] > *top ? max[c * stride] : *top;
  const float shift = *top == -inf ? 0.f : *top;
  *total = 0;
  for (int64_t c = 0; c < chunks; c += kW) {
    alignas(64) float weight[kW];
    const int64_t n = clamp_lanes(chunks - c);
    for (int64_t i = 0; i < n; i++) weight[i] = max[(c + i) * stride] - shift;
    const F x = load_n(weight, n) * set(kLog2E);
    store(weight, select_lt(x, zero(), pow2(x), set(1.f)));  // 1 for one alone: it keeps its bits
    for (int64_t i = 0; i < n; i++) {
      *total += weight[i] * sum[(c + i) * stride];
      max[(c + i) * stride] = weight[i];
    }
  }
  for (int64_t j = 0; j < dim; j += 4 * kW) {
    F acc[4] = {zero(), zero(), zero(), zero()};
    const float* from = o + j;
    const int64_t width = dim - j;
    for (int64_t c = 0; c < chunks; c++, from += stride) {
      const F w = set(max[c * stride]);
#pragma GCC unroll 4
      for (int64_t v = 0; v < 4; v++)
        if (v * kW < width) acc[v] = fma(w, load_part(from + v * kW, width - v * kW), acc[v]);
    }
#pragma GCC unroll 4
    for (int64_t v = 0; v < 4; v++)
      if (v * kW < width) store_part(out + j + v * kW, acc[v], width - v * kW);
  }
}

struct PartsF32 {  // probabilities as packed rows of f32 (see gemm_panel.h)
  using T = float;
  static constexpr int64_t kChunk = 16;
  static F step(const float* s, F unit, F shift, T* dst) {
    F total = zero();
#pragma GCC unroll 4
    for (int64_t j = 0; j < kChunk; j += kW) {
      const F x = pow2(fma(load(s + j), unit, shift));
      store(dst + j, x);
      total = total + x;
    }
    return total;
  }
};
#ifdef EF_BF16_DOT
struct PartsBf16 {
  using T = bfloat16;
  static constexpr int64_t kChunk = 32;
  static F step(const float* s, F unit, F shift, T* dst) {
    const F x = pow2_bf16(fma(load(s), unit, shift)), y = pow2_bf16(fma(load(s + kW), unit, shift));
    store_pairs(dst, x, y);
    return x + y;
  }
};
#else
struct PartsBf16 : PartsF32 {  // multiplied in f32
  static F step(const float* s, F unit, F shift, T* dst) {
    const F total = PartsF32::step(s, unit, shift, dst);
#pragma GCC unroll 4
    for (int64_t j = 0; j < kChunk; j += kW) store(dst + j, rounded(load(dst + j)));
    return total;
  }
};
#endif

// Lane i = the largest lane of v[i], whose content is lost.
inline F transpose_max(F (&v)[kW]) {
  transpose(v);
  F m = v[0];
#pragma GCC unroll 16
  for (int i = 1; i < kW; i++) m = vmax(m, v[i]);
  return m;
}

// Rows of n scores (whole vectors) that are far from 0: less their top, with nothing left to shift.
[[gnu::noinline]] void lower(int64_t rows, int64_t n, float* s, int64_t lds, const float* top, float* shift) {
  for (int64_t r = 0; r < rows; r++, s += lds)
    if (__builtin_fabsf(shift[r]) >= kFarScore) {
      for (int64_t j = 0; j < n; j += kW) store(s + j, load(s + j) - set(top[r]));
      shift[r] = 0;
    }
}

// See kernels.h. What is reduced over a row's lanes waits until all rows have it, kW of them at a time.
template <class Parts>
void softmax_block(int64_t rows, int64_t n, float unit, float* s, int64_t lds, float* max, float* sum,
                   float* correction, void* packed, void (*between)(void*, int64_t), void* context) {
  constexpr int64_t kChunk = Parts::kChunk;
  const float inf = __builtin_inff();
  const int64_t padded = (n + kChunk - 1) / kChunk * kChunk, whole = (rows + kW - 1) / kW * kW;
  alignas(64) float top[kTileQueries], shift[kTileQueries];
  F part[kTileQueries], farthest = zero();
  for (int64_t r = 0; r < rows; r++) {
    float* row = s + r * lds;
    for (int64_t j = n; j < padded; j++) row[j] = -inf;
    F m0 = load(row), m1 = m0;
    int64_t j = kW;
    for (; j + kW < padded; j += 2 * kW) {
      m0 = vmax(m0, load(row + j));
      m1 = vmax(m1, load(row + j + kW));
    }
    if (j < padded) m0 = vmax(m0, load(row + j));
    part[r] = vmax(m0, m1);
  }
  for (int64_t r = rows; r < whole; r++) part[r] = zero();
  for (int64_t r = 0; r < whole; r += kW) {
    const F before = load_part(max + r, rows - r), block = transpose_max(reinterpret_cast<F(&)[kW]>(part[r]));
    const F now = select_lt(set(kMaxSlack), (block - before) * set(unit), block, before);
    const F finite = select_lt(set(-inf), now, now, zero());  // nothing seen so far: no -inf - -inf
    store_part(max + r, now, rows - r);
    store(top + r, finite);
    // Fused products below are exact beside this one, whose rounding multiplies a row's sum and results by the same
    // number: next to 1, but anything where scores are far from 0.
    const F minus = zero() - finite * set(unit);
    store(shift + r, minus);
    farthest = select_lt(farthest, vabs(minus), vabs(minus), farthest);
    store(correction + r, select_lt(before, finite, pow2((before - finite) * set(unit)), set(1.f)));
  }
  if (hmax(farthest) >= kFarScore) lower(rows, padded, s, lds, top, shift);
  const F scale = set(unit);
  for (int64_t r = 0; r < rows; r++, s += lds) {
    const F minus = set(shift[r]);
    typename Parts::T* dst = static_cast<typename Parts::T*>(packed) + r * kChunk;
    F a = zero(), b = zero();
    int64_t j = 0;
    for (; j + kChunk < padded; j += 2 * kChunk, dst += 2 * rows * kChunk) {
      a = a + Parts::step(s + j, scale, minus, dst);
      b = b + Parts::step(s + j + kChunk, scale, minus, dst + rows * kChunk);
    }
    if (j < padded) a = a + Parts::step(s + j, scale, minus, dst);
    part[r] = a + b;
    if (r % 4 == 3 || r + 1 == rows) between(context, r + 1);
  }
  for (int64_t r = rows; r < whole; r++) part[r] = zero();
  for (int64_t r = 0; r < whole; r += kW)
    store_part(sum + r,
               fma(load_part(sum + r, rows - r), load(correction + r),
                   transpose_sum(reinterpret_cast<const F(&)[kW]>(part[r]))),
               rows - r);
}

// ds = p·(dp - delta)·scale
void softmax_grad(int64_t n, const float* p, const float* dp, float delta, float scale, float* ds) {
  each(n, [=](int64_t i, int64_t l) {
    store_part(ds + i, load_part(p + i, l) * (load_part(dp + i, l) - set(delta)) * set(scale), l);
  });
}
