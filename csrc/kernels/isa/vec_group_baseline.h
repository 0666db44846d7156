// Additions to vec_baseline.h for codes with group scales; see README.md.
#pragma once
#include "kernels/isa/vec_baseline.h"

namespace ef {
namespace {

constexpr int kGroupRows = 2;
using Table = const float*;

inline I load_lanes(const uint8_t* p) { return I{p[0], p[1], p[2], p[3]}; }
inline I load_signed_lanes(const uint8_t* p) { return I{int8_t(p[0]), int8_t(p[1]), int8_t(p[2]), int8_t(p[3])}; }
inline I high_nibbles(I v) { return v >> 4; }
inline Table load_floats16(const float* p) { return p; }
inline F look_up16(Table t, I codes) {
  return F{t[codes[0] & 15], t[codes[1] & 15], t[codes[2] & 15], t[codes[3] & 15]};
}
inline F lanes_to_float(I v) { return __builtin_convertvector(v, F); }
inline void split_pairs(const float* p, F& even, F& odd) {
  even = F{p[0], p[2], p[4], p[6]};
  odd = F{p[1], p[3], p[5], p[7]};
}
template <class T>
inline void store_mixed(T* p, F even, F odd) {
  store(p, F{even[0], odd[0], even[1], odd[1]});
  store(p + 4, F{even[2], odd[2], even[3], odd[3]});
}

}  // namespace
}  // namespace ef
