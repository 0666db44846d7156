#include <gtest/gtest.h>

#include <cmath>

#include "core/dtype.h"
#include "core/random.h"
#include "core/registry.h"
#include "core/shape.h"

namespace ef {

TEST(Half, RoundTripsEveryFloat16) {
  for (uint32_t h = 0; h < 65536; h++) {
    const float f = from_f16(uint16_t(h));
    if (std::isnan(f))
      EXPECT_TRUE(std::isnan(from_f16(to_f16(f))));
    else
      EXPECT_EQ(to_f16(f), h);
  }
  EXPECT_EQ(to_f16(65520.f), 0x7c00);
  EXPECT_EQ(to_f16(65519.f), 0x7bff);
  EXPECT_EQ(to_f16(0x1p-25f), 0);  // halfway to the least subnormal: to even
  EXPECT_EQ(to_f16(0x1.8p-25f), 1);
}
TEST(Half, Bfloat16RoundsToNearestEven) {
  EXPECT_EQ(to_bf16(1.00390625f), 0x3f80);
  EXPECT_EQ(to_bf16(1.01171875f), 0x3f82);
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(NAN))));
}
TEST(Random, MatchesMt19937AndTorch) {
  Generator g(5489);
  for (int i = 0; i < 9999; i++) g.random();
  EXPECT_EQ(g.random(), 4123659995u);  // the C++ standard's 10000th value
  Generator h(0);
  EXPECT_FLOAT_EQ(h.uniform(), 0.49625658988952637f);  // torch.manual_seed(0); torch.rand(1)
}
TEST(Random, StateRoundTrip) {
  Generator g(7);
  g.normal();
  auto s = g.state();
  const double a = g.normal(), b = g.uniform_double();
  g.manual_seed(1);
  g.set_state(s);
  EXPECT_EQ(g.normal(), a);
  EXPECT_EQ(g.uniform_double(), b);
  EXPECT_THROW(g.set_state({1, 2}), ConfigError);
}
TEST(DType, PromotesAsTorch) {
  EXPECT_EQ(promote_types(DType::UInt8, DType::Int8), DType::Int16);
  EXPECT_EQ(promote_types(DType::Float16, DType::BFloat16), DType::Float32);
  EXPECT_EQ(promote_types(DType::Int64, DType::Float16), DType::Float16);
  EXPECT_EQ(promote_types(DType::Bool, DType::Int8), DType::Int8);
  EXPECT_EQ(dtype_from_name("torch.bfloat16"), DType::BFloat16);
  EXPECT_THROW(dtype_from_name("floaty"), ConfigError);
}
TEST(Registry, NamesTheNearest) {
  Registry<int> r("model_type");
  r.add("llama", 1);
  r.add("mistral", 2);
  try {
    r.at("lama");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "model_type: unknown 'lama', known are 'llama', 'mistral'");
  }
}
TEST(Shape, RefusesOverflow) {
  int64_t n;
  EXPECT_FALSE(checked_numel({int64_t(1) << 40, int64_t(1) << 40}, n));
  EXPECT_TRUE(checked_numel({2, 3}, n));
  EXPECT_EQ(n, 6);
  EXPECT_THROW(Shape({1, 2, 3, 4, 5, 6, 7, 8, 9}), ShapeError);
}

}  // namespace ef
