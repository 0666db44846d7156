#include "optim/optim.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/thread_pool.h"

namespace ef::optim {
namespace {

Tensor ramp(int64_t n, double start, double step, DType dtype = DType::Float64) {
  std::vector<double> values;
  for (int64_t i = 0; i < n; i++) values.push_back(start + step * double(i));
  return Tensor::from_data(values).to(dtype).clone();
}

// The textbook, a scalar at a time.
TEST(Optim, AdamWFollowsItsFormula) {
  const int64_t n = 5000;  // more than one piece
  Tensor p = ramp(n, -1, 4e-4), m = Tensor::zeros({n}, DType::Float64), v = Tensor::zeros({n}, DType::Float64);
  const Tensor g = ramp(n, 2, -1e-3);
  const Tensor start = p.clone();
  Tensors steps{Tensor::scalar(0., DType::Float32)};
  const AdamOptions o{0.01, 0.9, 0.99, 1e-8, 0.1, true, false};
  for (int step = 1; step <= 3; step++) adam({p}, {g}, {m}, {v}, {}, steps, o);
  EXPECT_EQ(steps[0].item<double>(), 3);
  for (int64_t i = 0; i < n; i += 123) {
    const double d = g.data<double>()[i];
    double x = start.data<double>()[i], first = 0, second = 0;
    for (int step = 1; step <= 3; step++) {
      x -= o.lr * o.weight_decay * x;
      first = o.beta1 * first + (1 - o.beta1) * d;
      second = o.beta2 * second + (1 - o.beta2) * d * d;
      const double a = first / (1 - std::pow(o.beta1, step)), b = second / (1 - std::pow(o.beta2, step));
      x -= o.lr * a / (std::sqrt(b) + o.eps);
    }
    EXPECT_NEAR(p.data<double>()[i], x, 1e-12) << i;  // f64, three steps
  }
}

TEST(Optim, NormOfAllGradients) {
  const Tensor a = Tensor::from_data(std::vector<float>{3, 0}), b = Tensor::from_data(std::vector<float>{-4});
  EXPECT_FLOAT_EQ(total_norm({a, b}, 2).item<float>(), 5);
  EXPECT_FLOAT_EQ(total_norm({a, b}, 1).item<float>(), 7);
  EXPECT_FLOAT_EQ(total_norm({a, b}, INFINITY).item<float>(), 4);
  EXPECT_FLOAT_EQ(total_norm({a, b}, 3).item<float>(), std::cbrt(27.f + 64));
  EXPECT_EQ(total_norm({}, 2).item<float>(), 0);
  EXPECT_TRUE(std::isnan(total_norm({Tensor::from_data(std::vector<float>{NAN, 1})}, INFINITY).item<float>()));
}

TEST(Optim, ArraysThatDoNotFitAreRefused) {
  Tensor p = Tensor::zeros({3}), g = Tensor::zeros({2});
  EXPECT_THROW(sgd({p}, {g}, {}, {}, {}), ShapeError);
  EXPECT_THROW(sgd({Tensor::zeros({3}, DType::Int64)}, {Tensor::zeros({3}, DType::Int64)}, {}, {}, {}), DtypeError);
}

}  // namespace
}  // namespace ef::optim
