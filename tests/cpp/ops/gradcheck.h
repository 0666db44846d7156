// Gradients against numeric derivatives, and float results against double ones.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "ops/ops.h"

namespace ef::testing {

// Values in [low, high) that do not depend on the platform.
inline Tensor values(const Shape& shape, double low = -1, double high = 1, uint64_t seed = 1) {
  Generator generator(seed + uint64_t(numel(shape)));
  Tensor x = Tensor::empty(shape, DType::Float64);
  return uniform_(x, low, high, &generator);
}

using Fn = std::function<Tensor(const std::vector<Tensor>&)>;

inline std::vector<Tensor> leaves(const std::vector<Tensor>& inputs, DType dtype) {
  std::vector<Tensor> out;
  for (const Tensor& x : inputs) {
    out.push_back(x.dtype() == DType::Float64 ? x.to(dtype).clone() : x);
    if (is_floating(x.dtype())) set_requires_grad(out.back());
  }
  return out;
}

// The gradient of sum(weights · fn(inputs)) for every f64 input, by central differences and by backward. The truncation
// error is about h²·f''' and the rounding error 1e-16/h, both near 1e-10 for h = 1e-5: a bound of 1e-7 leaves room for
// large third derivatives. The same in f32 must agree with f64 to `single`, relative to the largest value.
inline void expect_gradients(const char* name, const Fn& fn, const std::vector<Tensor>& inputs, double bound = 1e-7,
                             double single = 1e-4) {
  SCOPED_TRACE(name);
  constexpr double h = 1e-5;
  const std::vector<Tensor> xs = leaves(inputs, DType::Float64);
  const Tensor y = fn(xs);
  ASSERT_TRUE(y.requires_grad());
  ASSERT_EQ(y.dtype(), DType::Float64);
  const Tensor weights = values(y.shape(), 0.5, 1.5, 99);
  backward(sum(mul(y, weights)));
  const std::vector<Tensor> small = leaves(inputs, DType::Float32);
  const Tensor y32 = fn(small);
  ASSERT_EQ(y32.dtype(), DType::Float32);
  backward(sum(mul(y32, weights.to(DType::Float32))));
  const auto compare = [&](const Tensor& a, const Tensor& b, const char* what) {
    const auto u = a.to_vector<double>(), v = b.to_vector<double>();
    ASSERT_EQ(u.size(), v.size());
    double most = 1;
    for (double value : u) most = std::max(most, std::isfinite(value) ? std::abs(value) : 0);
    for (size_t i = 0; i < u.size(); i++) {
      if (u[i] == v[i]) continue;
      ASSERT_NEAR(u[i], v[i], single * most) << what << " in f32 and f64 differ at " << i;
    }
  };
  compare(y, y32, "results");
  NoGradGuard no_grad;
  for (size_t k = 0; k < xs.size(); k++) {
    if (!is_floating(xs[k].dtype())) continue;
    const Tensor analytic = grad(xs[k]);
    ASSERT_TRUE(analytic.defined()) << "input " << k << " got no gradient";
    ASSERT_EQ(analytic.shape(), xs[k].shape());
    compare(analytic, grad(small[k]), "gradients");
    const auto g = analytic.to_vector<double>();
    Tensor x = xs[k];
    double* p = x.mutable_data<double>();
    for (int64_t i = 0; i < x.numel(); i++) {
      const double kept = p[i];
      p[i] = kept + h;
      const double above = sum(mul(fn(xs), weights)).item<double>();
      p[i] = kept - h;
      const double below = sum(mul(fn(xs), weights)).item<double>();
      p[i] = kept;
      const double numeric = (above - below) / (2 * h);
      ASSERT_NEAR(g[size_t(i)], numeric, bound * std::max(1.0, std::abs(numeric)))
          << "input " << k << ", element " << i;
    }
  }
}

inline void expect_values(const Tensor& x, const std::vector<double>& wanted, double tolerance = 0) {
  const auto got = x.to_vector<double>();
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); i++) {
    if (std::isnan(wanted[i])) {
      EXPECT_TRUE(std::isnan(got[i])) << i;
    } else if (got[i] != wanted[i]) {  // equal infinities have no difference
      EXPECT_NEAR(got[i], wanted[i], tolerance) << i;
    }
  }
}
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  } catch (const std::exception& e) {
    return std::string("another type: ") + e.what();
  }
  return "nothing thrown";
}

}  // namespace ef::testing
