// Sixteen blocks at a time: lane j of every vector belongs to block j. Each lane does exactly what a scalar encoder
// does with its block, in the same order, so the bytes are those of the scalar encoder.
//
// The fits search a block's scale (and minimum) by trying a range of roundings and keeping the one of least weighted
// error. A fit keeps no codes: they follow from the best rounding and are made once at the end.
#pragma once
#include <cstdint>
#include <cstring>

#include "core/half.h"

namespace ef {
namespace {

// Sixteen numbers as vectors of the instruction set's own width; the compiler breaks up wider ones badly.
#if defined(__AVX512F__)
constexpr int kNative = 16;
#elif defined(__AVX2__)
constexpr int kNative = 8;
#else
constexpr int kNative = 4;
#endif
constexpr int kBlocks = 16, kParts = kBlocks / kNative;
template <class T>
struct Lanes {
  typedef T V __attribute__((vector_size(4 * kNative)));
  V part[kParts] = {};
  T& operator[](int j) { return reinterpret_cast<T*>(part)[j]; }
  T operator[](int j) const { return part[j / kNative][j % kNative]; }
};
using F16 = Lanes<float>;
using I16 = Lanes<int32_t>;

template <class R, class F, class... A>
inline R each(F f, const A&... a) {
  R out;
  for (int i = 0; i < kParts; i++) out.part[i] = f(a.part[i]...);
  return out;
}
inline F16 all(float v) {
  F16 out;
  for (auto& part : out.part) part = v - F16::V{};
  return out;
}
#define EF_LANES(op)                                                    \
  inline F16 operator op(const F16& a, const F16& b) {                  \
    return each<F16>([](auto x, auto y) { return x op y; }, a, b);      \
  }                                                                     \
  inline F16 operator op(const F16& a, float b) { return a op all(b); } \
  inline F16 operator op(float a, const F16& b) { return all(a) op b; }
EF_LANES(+)
EF_LANES(-)
EF_LANES(*)
EF_LANES(/)
#undef EF_LANES
#define EF_LANES(op)                                               \
  inline I16 operator op(const F16& a, const F16& b) {             \
    return each<I16>([](auto x, auto y) { return x op y; }, a, b); \
  }                                                                \
  inline I16 operator op(const F16& a, float b) { return a op all(b); }
EF_LANES(<)
EF_LANES(>)
EF_LANES(>=)
EF_LANES(<=)
EF_LANES(==)
EF_LANES(!=)
#undef EF_LANES
inline I16 operator&(const I16& a, const I16& b) {
  return each<I16>([](auto x, auto y) { return x & y; }, a, b);
}
inline I16 operator|(const I16& a, const I16& b) {
  return each<I16>([](auto x, auto y) { return x | y; }, a, b);
}
inline I16 operator~(const I16& a) {
  return each<I16>([](auto x) { return ~x; }, a);
}
inline I16 operator&(const I16& a, int32_t b) {
  return each<I16>([b](auto x) { return x & b; }, a);
}
inline I16 operator-(const I16& a, int32_t b) {
  return each<I16>([b](auto x) { return x - b; }, a);
}
inline F16 operator-(const F16& a) {
  return each<F16>([](auto x) { return -x; }, a);
}
inline void operator+=(F16& a, const F16& b) { a = a + b; }
inline void operator|=(I16& a, const I16& b) { a = a | b; }

inline F16 pick(const I16& mask, const F16& a, const F16& b) {
  return each<F16>([](auto m, auto x, auto y) { return m ? x : y; }, mask, a, b);
}
inline I16 bits(const F16& v) {
  return each<I16>([](auto x) { return I16::V(x); }, v);
}
inline F16 magnitude(const F16& v) {
  return each<F16>([](auto x) { return F16::V(I16::V(x) & 0x7fffffff); }, v);
}
inline F16 root(F16 v) {
  for (int j = 0; j < kBlocks; j++) v[j] = __builtin_sqrtf(v[j]);
  return v;
}
inline bool any(const I16& mask) {
  int32_t found = 0;
  for (int j = 0; j < kBlocks; j++) found |= mask[j];
  return found != 0;
}
inline F16 number(const I16& v) {
  return each<F16>([](auto x) { return __builtin_convertvector(x, F16::V); }, v);
}
inline I16 whole(const F16& v) {
  return each<I16>([](auto x) { return __builtin_convertvector(x, I16::V); }, v);
}
constexpr float kMagic = 12582912.f;  // 1.5 * 2^23: adding it leaves a whole number in the low bits, ties to even
// Beyond ±2^22 the bits wrap as in ggml, whose codes such values become.
inline I16 nearest(const F16& v) { return (bits(v + kMagic) & 0x007fffff) - 0x00400000; }
inline F16 clamp(F16 v, float low, float high) {
  v = pick(v < high, v, all(high));
  return pick(v > low, v, all(low));
}
// The nearest whole number within [low, high], as a float.
inline F16 code(F16 v, float low, float high) { return clamp(number(nearest(v)), low, high); }
// Flattened: an inline function left as a call would be emitted here with this instruction set, for the whole program.
[[gnu::flatten]] inline uint16_t half_bits(float v) { return to_f16(v); }
[[gnu::flatten]] inline float halved(float v) { return from_f16(to_f16(v)); }

constexpr float kTiny = 1e-15f;  // a block of nothing above it is all zeros

// x[i] of lane j is entry i of the block at src + j * stride; blocks beyond `count` repeat the last one.
template <int N>
inline void gather(const float* src, int64_t stride, int count, F16* x) {
  for (int j = 0; j < kBlocks; j++) {
    const float* block = src + (j < count ? j : count - 1) * stride;
    for (int i = 0; i < N; i++) x[i][j] = block[i];
  }
}

template <int N>
inline F16 squares(const F16* x) {
  F16 sum{};
  for (int i = 0; i < N; i++) sum += x[i] * x[i];
  return sum;
}

// The entry of greatest magnitude (the first of several), with its sign.
template <int N>
inline F16 extreme(const F16* x, F16& greatest) {
  F16 found{};
  greatest = F16{};
  for (int i = 0; i < N; i++) {
    const F16 a = magnitude(x[i]);
    const I16 more = a > greatest;
    greatest = pick(more, a, greatest), found = pick(more, x[i], found);
  }
  return found;
}

struct Search {
  float first, step;
  int steps;
  bool absolute;  // errors count by magnitude, not squared
};

// x ≈ scale * code - min, codes 0 … top, min >= 0.
template <int N>
inline F16 fit_affine(const F16* x, const F16* w, float top, Search search, F16* codes, F16& min_out) {
  F16 low = x[0], high = x[0], sum_w = w[0], sum_x = w[0] * x[0];
  for (int i = 1; i < N; i++) {
    low = pick(x[i] < low, x[i], low), high = pick(x[i] > high, x[i], high);
    sum_w += w[i], sum_x += w[i] * x[i];
  }
  low = pick(low > 0, F16{}, low);
  const I16 flat = high == low;
  const F16 flat_min = -low;
  F16 inverse = top / (high - low), scale = 1 / inverse, best_inverse = inverse, best_low = low, best{}, tried[N];
  for (int i = 0; i < N; i++) {
    const F16 d = scale * code(inverse * (x[i] - low), 0, top) + low - x[i];
    best += w[i] * (search.absolute ? magnitude(d) : d * d);
  }
  for (int s = 0; s <= search.steps; s++) {
    inverse = (search.first + search.step * s + top) / (high - low);
    F16 sum_l{}, sum_l2{}, sum_xl{};
    for (int i = 0; i < N; i++) {
      const F16 l = tried[i] = code(inverse * (x[i] - low), 0, top);
      const F16 wl = w[i] * l;
      sum_l += wl, sum_l2 += wl * l, sum_xl += wl * x[i];
    }
    const F16 det = sum_w * sum_l2 - sum_l * sum_l;
    F16 new_scale = (sum_w * sum_xl - sum_x * sum_l) / det, new_low = (sum_l2 * sum_x - sum_l * sum_xl) / det;
    const I16 above = new_low > 0;
    new_low = pick(above, F16{}, new_low), new_scale = pick(above, sum_xl / sum_l2, new_scale);
    F16 error{};
    for (int i = 0; i < N; i++) {
      const F16 d = new_scale * tried[i] + new_low - x[i];
      error += w[i] * (search.absolute ? magnitude(d) : d * d);
    }
    const I16 better = (det > 0) & (error < best);
    best = pick(better, error, best), scale = pick(better, new_scale, scale);
    best_inverse = pick(better, inverse, best_inverse), best_low = pick(better, low, best_low);
    low = pick(better, new_low, low);
  }
  for (int i = 0; i < N; i++) codes[i] = pick(flat, F16{}, code(best_inverse * (x[i] - best_low), 0, top));
  min_out = pick(flat, flat_min, -low);
  return pick(flat, F16{}, scale);
}

// x ≈ scale * (code - half), codes 0 … 2 half - 1.
template <int N>
inline F16 fit_signed(const F16* x, const F16* w, float half, F16* codes) {
  F16 greatest;
  const F16 found = extreme<N>(x, greatest);
  const I16 empty = greatest < kTiny;
  F16 best_inverse = -half / found, sum_xl{}, sum_l2{};
  for (int i = 0; i < N; i++) {
    const F16 l = code(best_inverse * x[i], -half, half - 1);
    sum_xl += w[i] * x[i] * l, sum_l2 += w[i] * l * l;
  }
  F16 scale = pick(sum_l2 != 0, sum_xl / sum_l2, F16{}), best = scale * sum_xl;
  for (int s = -9; s <= 9; s++) {
    if (s == 0) continue;
    const F16 inverse = -(half + 0.1f * float(s)) / found;
    sum_xl = F16{}, sum_l2 = F16{};
    for (int i = 0; i < N; i++) {
      const F16 l = code(inverse * x[i], -half, half - 1);
      sum_xl += w[i] * x[i] * l, sum_l2 += w[i] * l * l;
    }
    const I16 better = (sum_l2 > 0) & (sum_xl * sum_xl > best * sum_l2);
    scale = pick(better, sum_xl / sum_l2, scale), best = pick(better, scale * sum_xl, best);
    best_inverse = pick(better, inverse, best_inverse);
  }
  for (int i = 0; i < N; i++) codes[i] = pick(empty, F16{}, code(best_inverse * x[i], -half, half - 1) + half);
  return pick(empty, F16{}, scale);
}

// The same for few codes: from the first rounding, one code at a time moves to where the squared error, weighted by
// x², is less.
template <int N>
inline F16 fit_signed_stepwise(const F16* x, float half, F16* codes) {
  F16 greatest;
  const F16 found = extreme<N>(x, greatest);
  const I16 empty = greatest < kTiny;
  const F16 inverse = -half / found;
  F16 sum_xl{}, sum_l2{};
  for (int i = 0; i < N; i++) {
    const F16 l = codes[i] = code(inverse * x[i], -half, half - 1), w = x[i] * x[i];
    sum_xl += w * x[i] * l, sum_l2 += w * l * l;
  }
  for (int round = 0; round < 5; round++) {
    I16 changed{};
    for (int i = 0; i < N; i++) {
      const F16 w = x[i] * x[i], l = codes[i];
      F16 xl = sum_xl - w * x[i] * l, l2 = sum_l2 - w * l * l;
      const F16 next = code(x[i] * l2 / xl, -half, half - 1);
      const I16 moves = (xl > 0) & (next != l);
      xl += w * x[i] * next, l2 += w * next * next;
      const I16 better = moves & (l2 > 0) & (xl * xl * sum_l2 > sum_xl * sum_xl * l2);
      codes[i] = pick(better, next, l), sum_xl = pick(better, xl, sum_xl), sum_l2 = pick(better, l2, sum_l2);
      changed |= better;
    }
    if (!any(changed)) break;
  }
  for (int i = 0; i < N; i++) codes[i] = pick(empty, F16{}, codes[i] + half);
  return pick(empty | ~(sum_l2 > 0), F16{}, sum_xl / sum_l2);
}

// x ≈ scale * code of positive x, codes 0 … top; for the scales of a block. Codes are bytes: they wrap as bytes do.
template <int N>
inline F16 fit_positive(const F16* x, const F16* w, float top, F16* codes) {
  const auto low = [top](F16 v) { return pick(v < top, v, all(top)); };
  const auto byte = [](F16 v) { return number(whole(v) & 255); };
  const auto round = [](F16 v) { return number(nearest(v)); };
  F16 greatest{};
  for (int i = 0; i < N; i++) greatest = pick(greatest > x[i], greatest, x[i]);
  const I16 empty = greatest < kTiny;
  F16 inverse = top / greatest, scale = 1 / inverse, best{};
  for (int i = 0; i < N; i++) {
    const F16 d = x[i] - scale * byte(round(inverse * x[i]));
    best += w[i] * d * d;
  }
  for (int s = -4; s <= 4; s++) {
    if (s == 0) continue;
    const F16 tried = (0.1f * float(s) + top) / greatest, step = 1 / tried;
    F16 error{};
    for (int i = 0; i < N; i++) {
      const F16 d = x[i] - step * low(round(tried * x[i]));
      error += w[i] * d * d;
    }
    const I16 better = error < best;
    best = pick(better, error, best), inverse = pick(better, tried, inverse);
  }
  F16 sum_xl{}, sum_l2{};
  for (int i = 0; i < N; i++) {
    const F16 l = low(round(inverse * x[i]));
    codes[i] = byte(l);
    sum_xl += w[i] * x[i] * l, sum_l2 += w[i] * l * l;
  }
  for (int turn = 0; turn < 5; turn++) {
    I16 changed{};
    for (int i = 0; i < N; i++) {
      F16 xl = sum_xl - w[i] * x[i] * codes[i], l2 = sum_l2 - w[i] * codes[i] * codes[i];
      const I16 usable = (xl > 0) & (l2 > 0);
      const F16 next = low(round(x[i] * l2 / xl));
      const I16 moves = usable & (next != codes[i]);
      xl += w[i] * x[i] * next, l2 += w[i] * next * next;
      const I16 better = moves & (xl * xl * sum_l2 > sum_xl * sum_xl * l2);
      codes[i] = pick(better, byte(next), codes[i]);
      sum_xl = pick(better, xl, sum_xl), sum_l2 = pick(better, l2, sum_l2);
      changed |= better;
    }
    if (!any(changed)) break;
  }
  for (int i = 0; i < N; i++) codes[i] = pick(empty, F16{}, codes[i]);
  return pick(empty | ~(sum_l2 > 0), F16{}, sum_xl / sum_l2);
}

}  // namespace
}  // namespace ef
