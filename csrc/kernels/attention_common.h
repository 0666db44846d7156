// What forward and backward share: which keys a query sees, and what happens to a row of raw scores.
#pragma once
#include <algorithm>
#include <cmath>

#include "kernels/attention.h"
#include "kernels/kernels.h"

namespace ef::attention {

struct KeyRange {
  int64_t begin, end;
};

// Keys that causality and the window leave to the queries [first, last]; key_mask and bias may hide more.
template <class T>
KeyRange visible_keys(const BasicAttentionArgs<T>& a, int64_t first, int64_t last) {
  KeyRange r{0, a.kv_len};
  if (a.causal) r.end = std::min(r.end, a.q_offset + last + 1);
  if (a.window > 0) {
    r.begin = std::clamp<int64_t>(a.q_offset + first - a.window + 1, 0, a.kv_len);
    if (a.window_both_sides) r.end = std::min(r.end, a.q_offset + last + a.window);
  }
  r.end = std::max(r.end, r.begin);
  return r;
}

template <class T>
const T* bias_row(const BasicAttentionArgs<T>& a, int64_t b, int64_t head, int64_t query) {
  return a.bias + b * a.bias_strides.batch + head * a.bias_strides.head + query * a.bias_strides.position;
}

// -inf where `query` does not see the keys [key, key + n)
template <class T>
void mask_row(const BasicAttentionArgs<T>& a, int64_t b, int64_t query, int64_t key, int64_t n, T* s) {
  const KeyRange seen = visible_keys(a, query, query);
  std::fill(s, s + std::clamp<int64_t>(seen.begin - key, 0, n), -T(INFINITY));
  std::fill(s + std::clamp<int64_t>(seen.end - key, 0, n), s + n, -T(INFINITY));
  if (a.key_mask) {
    const uint8_t* mask = a.key_mask + b * a.kv_len + key;
    for (int64_t j = 0; j < n; j++)
      if (!mask[j]) s[j] = -T(INFINITY);
  }
}

template <class T>
const T* at(const T* p, const HeadStrides& s, int64_t b, int64_t head, int64_t position) {
  return p + b * s.batch + head * s.head + position * s.position;
}
template <class T>
T* at(T* p, const HeadStrides& s, int64_t b, int64_t head, int64_t position) {
  return p + b * s.batch + head * s.head + position * s.position;
}
inline const void* at(const void* p, DType d, const HeadStrides& s, int64_t b, int64_t head, int64_t position) {
  return static_cast<const char*>(p) + (b * s.batch + head * s.head + position * s.position) * int64_t(item_size(d));
}

inline PackedPart part_of(const PackedKv& p, int64_t b, int64_t head, int64_t position, int64_t dim) {
  return {p.codes + b * p.code_strides.batch + head * p.code_strides.head + position * p.code_strides.position,
          p.ranges + b * p.range_strides.batch + head * p.range_strides.head + position,
          p.code_strides.position,
          p.range_strides.position,
          p.bits,
          p.group,
          dim};
}

template <class T>
void check_args(const BasicAttentionArgs<T>& a) {
  check<ShapeError>(a.kv_heads > 0 && a.q_heads % a.kv_heads == 0, "attention: found ", a.q_heads, " query heads and ",
                    a.kv_heads, " key heads, needed a multiple");
}

}  // namespace ef::attention
