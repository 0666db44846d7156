// Gradients of the recurrences, and their states.
#include "ops/recurrence.h"

#include "ops/gradcheck.h"

namespace ef::testing {
namespace {

using V = const std::vector<Tensor>&;

TEST(Recurrence, SelectiveScan) {
  const Tensor x = values({2, 3, 4}), dt = values({2, 3, 4}, 0.1, 1, 2), b = values({2, 3, 2, 5}, -1, 1, 3),
               c = values({2, 3, 2, 5}, -1, 1, 4), state = values({2, 4, 5}, -1, 1, 5);
  for (int64_t columns : {1, 5}) {
    const Tensor a = values({4, columns}, -1, -0.1, 6);
    expect_gradients("selective_scan", [](V v) { return selective_scan(v[0], v[1], v[2], v[3], v[4]).y; },
                     {x, dt, a, b, c});
    const Recurrence whole = selective_scan(x, dt, a, b, c, state);
    Recurrence step{Tensor(), state};
    for (int64_t t = 0; t < 3; t++) {
      auto at = [t](const Tensor& v) { return v.narrow(1, t, 1); };
      step = selective_scan(at(x), at(dt), a, at(b), at(c), step.state);
      EXPECT_LT(max(abs(sub(step.y, at(whole.y)))).item<double>(), 1e-15);
    }
    EXPECT_EQ(whole.y.dtype(), DType::Float64);
    EXPECT_LT(max(abs(sub(step.state, whole.state))).item<double>(), 1e-15);
  }
  EXPECT_THROW(selective_scan(x, dt, values({3, 5}), b, c), ShapeError);
  EXPECT_THROW(selective_scan(x, dt, values({4, 5}), b, c, values({2, 4, 4})), ShapeError);
}

TEST(Recurrence, GatedDeltaRule) {
  const Tensor q = values({2, 3, 2, 4}), k = values({2, 3, 2, 4}, -0.5, 0.5, 2), v = values({2, 3, 2, 5}, -1, 1, 3),
               g = values({2, 3, 2}, -1, -0.1, 4), beta = values({2, 3, 2}, 0.1, 1, 5),
               state = values({2, 2, 4, 5}, -1, 1, 6);
  expect_gradients("gated_delta_rule", [](V x) { return gated_delta_rule(x[0], x[1], x[2], x[3], x[4]).y; },
                   {q, k, v, g, beta});
  const Recurrence whole = gated_delta_rule(q, k, v, g, beta, state);
  Recurrence step{Tensor(), state};
  for (int64_t t = 0; t < 3; t++) {
    auto at = [t](const Tensor& x) { return x.narrow(1, t, 1); };
    step = gated_delta_rule(at(q), at(k), at(v), at(g), at(beta), step.state);
    EXPECT_LT(max(abs(sub(step.y, at(whole.y)))).item<double>(), 1e-15);
  }
  EXPECT_LT(max(abs(sub(step.state, whole.state))).item<double>(), 1e-15);
  EXPECT_THROW(gated_delta_rule(q, k, v, g, values({2, 3, 1})), ShapeError);
  EXPECT_THROW(gated_delta_rule(q, k, v, g, beta, values({2, 2, 4, 4})), ShapeError);
}

TEST(Recurrence, CausalConvolution) {
  expect_gradients("causal_convolution", [](V x) { return causal_convolution(x[0], x[1], x[2]); },
                   {values({2, 6, 3}), values({3, 3}), values({3})});
  EXPECT_THROW(causal_convolution(values({1, 2, 3}), values({3, 3})), ShapeError);
}

}  // namespace
}  // namespace ef::testing
