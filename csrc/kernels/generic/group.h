// Codes with group scales: dot products and values. Included by isa/<isa>_group.cpp after the vocabulary.
#pragma once
#include "kernels/group.h"

namespace ef {
namespace {

constexpr int kChunk = 2 * kW;

void group_split(int64_t k, const float* x, float* out) {
  for (int64_t i = 0; i < k; i += kChunk) {
    F even, odd;
    split_pairs(x + i, even, odd);
    store(out + i, even);
    store(out + i + kW, odd);
  }
}

// The two vectors of one chunk. For codes of 8 bits they are neighbours, for codes of 4 even and odd elements.
template <int kKind>
inline void load_chunk(const uint8_t* codes, int64_t i, Table table, F& a, F& b) {
  if constexpr (kKind == 4) {
    const I pair = load_lanes(codes + i / 2);
    a = look_up16(table, high_nibbles(pair));
    b = look_up16(table, pair);
  } else if constexpr (kKind == 8) {
    a = lanes_to_float(load_lanes(codes + i)), b = lanes_to_float(load_lanes(codes + i + kW));
  } else {
    a = lanes_to_float(load_signed_lanes(codes + i)), b = lanes_to_float(load_signed_lanes(codes + i + kW));
  }
}

template <int kKind, int kRows>
void dot_rows(const GroupRow& row, const float* x, int64_t ldx, float* y) {
  const Table table = load_floats16(row.table);
  F total[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) total[r] = zero();
  for (int64_t g = 0, i = 0; i < row.k; g++) {
    F even[kRows], odd[kRows];  // two chains of sums
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++) even[r] = odd[r] = zero();
    for (const int64_t end = i + row.group < row.k ? i + row.group : row.k; i < end; i += kChunk) {
      F a, b;
      load_chunk<kKind>(row.codes, i, table, a, b);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; r++) {
        even[r] = fma(a, load(x + r * ldx + i), even[r]);
        odd[r] = fma(b, load(x + r * ldx + i + kW), odd[r]);
      }
    }
    const F scale = set(row.scale[g]);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; r++) total[r] = fma(even[r] + odd[r], scale, total[r]);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; r++) y[r] = hsum(total[r]);
}

template <int kKind, int kRows = kGroupRows>
void dot_from(int rows, const GroupRow& row, const float* x, int64_t ldx, float* y) {
  if (rows == kRows)
    dot_rows<kKind, kRows>(row, x, ldx, y);
  else if constexpr (kRows > 1)
    dot_from<kKind, kRows - 1>(rows, row, x, ldx, y);
}

constexpr int64_t kAhead = 8192;  // bytes; a core's own prefetching stops at the page and is too short for these rows

// kDown rows of weights by one row of x; the order of sums is dot_rows'.
template <int kKind, int kDown>
void dot_columns(const GroupRow& row, int64_t row_bytes, int64_t groups, const float* x, float* y) {
  const Table table = load_floats16(row.table);
  F total[kDown];
#pragma GCC unroll 8
  for (int n = 0; n < kDown; n++) total[n] = zero();
  for (int64_t g = 0, i = 0; i < row.k; g++) {
    F even[kDown], odd[kDown];
#pragma GCC unroll 8
    for (int n = 0; n < kDown; n++) even[n] = odd[n] = zero();
#pragma GCC unroll 8
    for (int n = 0; n < kDown; n++) __builtin_prefetch(row.codes + n * row_bytes + i / 2 + kAhead);
    for (const int64_t end = i + row.group < row.k ? i + row.group : row.k; i < end; i += kChunk) {
      const F xa = load(x + i), xb = load(x + i + kW);
#pragma GCC unroll 8
      for (int n = 0; n < kDown; n++) {
        F a, b;
        load_chunk<kKind>(row.codes + n * row_bytes, i, table, a, b);
        even[n] = fma(a, xa, even[n]);
        odd[n] = fma(b, xb, odd[n]);
      }
    }
#pragma GCC unroll 8
    for (int n = 0; n < kDown; n++) total[n] = fma(even[n] + odd[n], set(row.scale[n * groups + g]), total[n]);
  }
#pragma GCC unroll 8
  for (int n = 0; n < kDown; n++) y[n] = hsum(total[n]);
}

template <int kKind>
void dot_down_as(int64_t n, GroupRow row, int64_t row_bytes, int64_t groups, const float* x, float* y) {
  constexpr int kDown = kGroupRows < 4 ? kGroupRows : 4;
  int64_t i = 0;
  for (; i + kDown <= n; i += kDown, row.codes += kDown * row_bytes, row.scale += kDown * groups)
    dot_columns<kKind, kDown>(row, row_bytes, groups, x, y + i);
  for (; i < n; i++, row.codes += row_bytes, row.scale += groups) dot_rows<kKind, 1>(row, x, 0, y + i);
}

constexpr float kWholeNumbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

void group_dot(int rows, const GroupRow& row, const float* x, int64_t ldx, float* y) {
  if (row.bits == 4) return dot_from<4>(rows, row, x, ldx, y);
  GroupRow plain = row;
  plain.table = kWholeNumbers;  // not looked at
  if (row.is_signed)
    dot_from<-8>(rows, plain, x, ldx, y);
  else
    dot_from<8>(rows, plain, x, ldx, y);
}

void group_dot_down(int64_t n, const GroupRow& row, int64_t row_bytes, int64_t groups, const float* x, float* y) {
  if (row.bits == 4) return dot_down_as<4>(n, row, row_bytes, groups, x, y);
  GroupRow plain = row;
  plain.table = kWholeNumbers;
  if (row.is_signed)
    dot_down_as<-8>(n, plain, row_bytes, groups, x, y);
  else
    dot_down_as<8>(n, plain, row_bytes, groups, x, y);
}

template <int kKind, class T>
void values_as(int64_t n, const uint8_t* codes, const float* table, float zero, float scale, float add, T* out) {
  const Table t = load_floats16(table);
  const F vz = set(zero), vs = set(scale), va = set(add);
  int64_t i = 0;
  for (; i + kChunk <= n; i += kChunk) {
    F a, b;
    load_chunk<kKind>(codes, i, t, a, b);
    a = (a - vz) * vs + va, b = (b - vz) * vs + va;
    if constexpr (kKind == 4)
      store_mixed(out + i, a, b);
    else
      store(out + i, a), store(out + i + kW, b);
  }
  for (; i < n; i++) {
    float v;
    if constexpr (kKind == 4)
      v = table[i % 2 ? codes[i / 2] & 15 : codes[i / 2] >> 4];
    else
      v = kKind == 8 ? float(codes[i]) : float(int8_t(codes[i]));
    store_n(out + i, set((v - zero) * scale + add), 1);
  }
}

template <class T>
void values_to(int64_t n, const uint8_t* codes, int bits, bool is_signed, const float* table, float zero, float scale,
               float add, T* out) {
  if (bits == 4)
    values_as<4>(n, codes, table, zero, scale, add, out);
  else if (is_signed)
    values_as<-8>(n, codes, kWholeNumbers, zero, scale, add, out);
  else
    values_as<8>(n, codes, kWholeNumbers, zero, scale, add, out);
}

void group_values(int64_t n, const uint8_t* codes, int bits, bool is_signed, const float* table, float zero,
                  float scale, float add, void* out, bool to_bf16) {
  if (to_bf16)
    values_to(n, codes, bits, is_signed, table, zero, scale, add, static_cast<bfloat16*>(out));
  else
    values_to(n, codes, bits, is_signed, table, zero, scale, add, static_cast<float*>(out));
}

constexpr GroupKernels group_table() {
  return {kChunk, kGroupRows, group_split, group_dot, group_dot_down, group_values};
}

}  // namespace
}  // namespace ef
