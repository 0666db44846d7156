// f32 products in tiles of bf16: each number is the sum of three bf16 (isa/amx_split.cpp).
#include <algorithm>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/gemm_strip.h"
#include "kernels/scratch.h"

namespace ef {
namespace {

class SplitSource final : public StripSource {
 public:
  SplitSource(const StripKernels& ker, const Matrix& b, StripSpan& span) : ker_(&ker), b_(b), span_(&span) {}
  void pack(int64_t column, int64_t columns, int64_t k0, int64_t kn, void* to) const override {
    StripRange range;
    ker_->pack_b(columns, kn, b_.at(column, k0), b_.dtype, b_.ld, b_.transposed, to, range);
    span_->add(range);
  }
  Lines lines(int64_t column, int64_t columns, int64_t k0, int64_t kn) const override {
    const int64_t item = int64_t(item_size(b_.dtype));
    return {static_cast<const char*>(b_.at(column, k0)), (b_.transposed ? columns : kn) * item, b_.ld * item,
            b_.transposed ? kn : columns};
  }

 private:
  const StripKernels* ker_;
  Matrix b_;
  StripSpan* span_;
};

// Exponents of 2, as they are in the bits of a float.
int exponent(uint32_t magnitude) { return int(magnitude >> 23) - 127; }
// Tiles take numbers below 2^-126 for zeros, and a bf16 of 2^128 is infinite. With the largest of a row at 2^-90 or
// more its parts lose 2^-36 of it at most; products under 2^-96 would lose theirs. What is lost meets numbers below
// 2^24.
bool exact(const StripSpan& a, const StripSpan& b) {
  constexpr int kLeast = -90, kLeastProduct = -96, kMost = 24;
  if ((a.high && exponent(a.high) >= kMost) || (b.high && exponent(b.high) >= kMost)) return false;
  if (!a.high || !b.high) return true;
  return exponent(a.low) >= kLeast && exponent(b.low) >= kLeast && exponent(a.low) + exponent(b.low) >= kLeastProduct;
}

// The range of op(matrix), rows in blocks.
void look(const StripKernels& ker, int64_t rows, int64_t k, const Matrix& a, StripSpan& span) {
  constexpr int64_t kDeep = 512;
  parallel_for((rows + kStripRows - 1) / kStripRows, 1, [&](int64_t begin, int64_t end) {
    char* room = scratch<char>(ScratchSlot::GemmA, size_t(kStripRows * kDeep * 2 * ker.parts));
    StripRange range;
    for (int64_t i = begin * kStripRows; i < rows && i < end * kStripRows; i += kStripRows)
      for (int64_t p = 0; p < k; p += kDeep)
        ker.pack_a(std::min(kStripRows, rows - i), std::min(kDeep, k - p), a.at(i, p), a.dtype, a.ld, a.transposed,
                   room, range);
    span.add(range);
  });
}

}  // namespace

bool split_product(int64_t m, int64_t k, const Matrix& a, std::span<const SplitTarget> targets, bool accumulate) {
  const StripKernels* ker = strip_kernels(3);
  if (!ker) return false;
  StripSpan rows, columns;
  if (accumulate) {  // c must not be touched in vain
    look(*ker, m, k, a, rows);
    for (const SplitTarget& t : targets) look(*ker, t.n, k, t.b, columns);
    if (!exact(rows, columns)) return false;
  }
  std::vector<SplitSource> sources;
  std::vector<StripTarget> strips;
  sources.reserve(targets.size());
  for (const SplitTarget& t : targets) {
    sources.emplace_back(*ker, t.b, columns);
    strips.push_back({&sources.back(), t.n, t.c, DType::Float32, t.ldc});
  }
  strip_product(*ker, m, k, a, strips, accumulate, rows);
  return accumulate || exact(rows, columns);
}

}  // namespace ef
