#include <cmath>
#include <limits>

#include "kernels/kernel_test.h"
#include "kernels/quant_kernels.h"
#include "kernels/quant_testing.h"

namespace ef {
namespace {

// A group by the plain definition: 127 for the largest, nothing for what is too small, NaN for what is not finite.
ActivationGroup plain(const float* x) {
  float largest = 0;
  bool finite = true;
  for (int i = 0; i < kGroup; i++) {
    largest = std::fmax(largest, std::fabs(x[i]));
    finite = finite && std::isfinite(x[i]);
  }
  const bool usable = finite && largest > 0x1p-100f;
  ActivationGroup out{};
  out.scale = usable ? largest / 127 : finite ? 0 : NAN;
  int32_t sums[2] = {};
  for (int i = 0; i < kGroup; i++) {
    out.code[i] = usable ? int8_t(std::nearbyint(x[i] * (127 / largest))) : int8_t(0);
    sums[i / 16] += out.code[i];
  }
  for (int h = 0; h < 2; h++) out.negative_half[h] = -sums[h], out.scaled_half[h] = out.scale * float(sums[h]);
  out.negative_sum = -sums[0] - sums[1];
  out.scaled_sum = out.scale * float(sums[0] + sums[1]);
  return out;
}

void expect_same(const ActivationGroup& a, const ActivationGroup& b) {
  EXPECT_EQ(std::memcmp(a.code, b.code, sizeof a.code), 0);
  const auto same = [](float v, float w) { return v == w || (std::isnan(v) && std::isnan(w)); };
  EXPECT_TRUE(same(a.scale, b.scale) && same(a.scaled_sum, b.scaled_sum));
  for (int h = 0; h < 2; h++) {
    EXPECT_TRUE(same(a.scaled_half[h], b.scaled_half[h]));
    EXPECT_EQ(a.negative_half[h], b.negative_half[h]);
  }
  EXPECT_EQ(a.negative_sum, b.negative_sum);
  EXPECT_EQ(a.unused, 0);
}

class QuantActivations : public test::EachIsa {};
EF_EACH_ISA(QuantActivations);

TEST_P(QuantActivations, EqualThePlainDefinition) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (int64_t m : {1, 3, 16, 37})
    for (int64_t k : {32, 576, 1536}) {
      auto x = random_floats(uint64_t(m + k), size_t(m * k));
      const int64_t groups = k / kGroup;
      for (int64_t g = 0; g < m * groups; g++) {  // of some groups: what is special about them
        float* v = x.data() + g * kGroup;
        if (g % 11 == 2) v[g % kGroup] *= 1000;
        if (g % 11 == 5) std::fill_n(v, kGroup, g % 2 ? 0.f : -0.f);
        if (g % 11 == 6) std::fill_n(v, kGroup, -1.f);  // the largest sums there are
        if (g % 11 == 7)
          for (int i = 0; i < kGroup; i++) v[i] *= 0x1p-101f;
        if (g % 11 == 8) v[g % kGroup] = g % 2 ? kInfinity : -kInfinity;
        if (g % 11 == 9) v[g % kGroup] = NAN;
        if (g % 11 == 10)
          for (int i = 0; i < kGroup; i++) v[i] = i % 2 ? 127.f : float(i) - 15.5f;  // halves go to even numbers
      }
      const Activations a(m, k, x.data());
      const auto* all = reinterpret_cast<const ActivationGroup*>(a.data);
      const RowBlocks blocks(m, quant_kernels().row_block);
      for (int64_t b = 0; b < blocks.count; b++)
        for (int64_t g = 0; g < groups; g++)
          for (int r = 0; r < blocks.rows(b); r++) {
            const int64_t row = blocks.begin(b) + r;
            SCOPED_TRACE(testing::Message() << m << " " << k << " row " << row << " group " << g);
            expect_same(all[blocks.begin(b) * groups + g * blocks.rows(b) + r],
                        plain(&x[size_t(row * k + g * kGroup)]));
          }
    }
}

}  // namespace
}  // namespace ef
