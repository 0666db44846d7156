// Products in strips: a panel of 32 columns of b, packed when its turn comes, meets all rows of a that a thread has
// packed for itself. For levels whose tiles leave room to copy results out beside them (AMX); sums in f32.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/dtype.h"
#include "kernels/strip.h"

namespace ef {

struct Matrix {
  const void* data;
  DType dtype;
  int64_t ld;
  bool transposed;
  const void* at(int64_t row, int64_t column) const {  // of op(matrix)
    const int64_t i = transposed ? column * ld + row : row * ld + column;
    return static_cast<const char*>(data) + i * int64_t(item_size(dtype));
  }
};

// Rows or columns are cut evenly into the fewest pieces of at most `limit`: 8 of at most 6 become 4 + 4, never 6 + 2.
struct Cut {
  int64_t total, pieces;
  Cut(int64_t total, int64_t limit) : total(total), pieces((total + limit - 1) / limit) {}
  int64_t begin(int64_t i) const { return total * i / pieces; }
};
// The same with pieces that start at multiples of a unit: panels of full vectors. The limit is in elements.
struct UnitCut {
  int64_t total, unit;
  Cut units;
  UnitCut(int64_t total, int64_t unit, int64_t limit)
      : total(total), unit(unit), units((total + unit - 1) / unit, limit / unit) {}
  int64_t pieces() const { return units.pieces; }
  int64_t largest() const { return (units.total + units.pieces - 1) / units.pieces; }  // piece, in units
  int64_t begin(int64_t i) const { return total < units.begin(i) * unit ? total : units.begin(i) * unit; }
};

constexpr int64_t kStripSlab = 8192;  // of k, for which a is packed at once

// op(b) [n, k] of a product, in whatever form it is kept.
class StripSource {
 public:
  // Columns of c [column, column + columns), k from k0 to k0 + kn, as a packed panel of panel_bf16: zeros follow up to
  // a multiple of 32 of k, and columns up to a multiple of 16 hold anything finite.
  virtual void pack(int64_t column, int64_t columns, int64_t k0, int64_t kn, void* to) const = 0;
  virtual Lines lines(int64_t column, int64_t columns, int64_t k0, int64_t kn) const = 0;  // what pack will read

 protected:
  ~StripSource() = default;
};
struct StripTarget {
  const StripSource* b;
  int64_t n;
  void* c;  // f32 or bf16
  DType cd;
  int64_t ldc;
};

// A StripRange that threads add to.
struct StripSpan {
  std::atomic<uint32_t> low{~0u}, high{0};
  void add(const StripRange& r) {
    for (uint32_t is = low; r.low < is && !low.compare_exchange_weak(is, r.low);) {
    }
    for (uint32_t is = high; r.high > is && !high.compare_exchange_weak(is, r.high);) {
    }
  }
};

const StripKernels* strip_kernels(int parts);  // of this level, or null
bool strips();                                 // whether this level has them
// bf16 results: only without `accumulate` and up to k = kStripSlab.
void strip_product(int64_t m, int64_t k, const Matrix& a, std::span<const StripTarget> targets, bool accumulate);
// With those kernels; a's range is added to the span.
void strip_product(const StripKernels& ker, int64_t m, int64_t k, const Matrix& a, std::span<const StripTarget> targets,
                   bool accumulate, StripSpan& span);

// An f32 product whose numbers are split into three bf16 each. False if this level has none, or if the numbers are so
// large or small (or not numbers at all) that parts would be lost; c holds anything then, or, with `accumulate`, what
// it held.
struct SplitTarget {
  Matrix b;  // op(b) is [n, k]
  int64_t n;
  float* c;
  int64_t ldc;
};
bool split_product(int64_t m, int64_t k, const Matrix& a, std::span<const SplitTarget> targets, bool accumulate);

}  // namespace ef
