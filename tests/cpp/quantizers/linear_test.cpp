// Products with weights, adapters beside them, and the head with its loss: values and gradients against compositions
// of plain operations and numeric derivatives.
#include "autograd/memory.h"
#include "core/thread_pool.h"
#include "ops/gradcheck.h"
#include "quantizers/dense/dense_weight.h"
#include "quantizers/linear_loss.h"

namespace ef {
namespace {

using testing::expect_gradients;
using testing::message;
using testing::values;
using Inputs = std::vector<Tensor>;

WeightPtr dense(const Tensor& w) { return std::make_shared<DenseWeight>(w); }

TEST(LinearTerms, GradientsOfWeightsBiasesAndAdapters) {
  expect_gradients(
      "two terms, one with two adapters",
      [](const Inputs& t) {
        const auto ys =
            linear_terms(t[0], {{dense(t[1]), t[2], {{t[3], t[4], 2.0}, {t[5], t[6], 1.0}}}, {dense(t[7]), {}, {}}});
        return cat({ys[0].flatten(), ys[1].flatten()}, 0);
      },
      {values({2, 3, 5}), values({4, 5}, -1, 1, 2), values({4}, -1, 1, 3), values({2, 5}, -1, 1, 4),
       values({4, 2}, -1, 1, 5), values({3, 5}, -1, 1, 6), values({4, 3}, -1, 1, 7), values({6, 5}, -1, 1, 8)});
}

TEST(LinearTerms, AdaptersAddTheirProduct) {
  const Tensor x = values({7, 40}).to(DType::Float32), w = values({24, 40}, -1, 1, 2).to(DType::Float32),
               a = values({3, 40}, -1, 1, 3).to(DType::Float32), b = values({24, 3}, -1, 1, 4).to(DType::Float32);
  const Tensor y = linear_terms(x, {{dense(w), {}, {{a, b, 0.5}}}})[0];
  const Tensor whole = matmul(x, add(w, mul(matmul(b, a), 0.5)).t());
  const auto got = y.to_vector<double>(), wanted = whole.to_vector<double>();
  for (size_t i = 0; i < got.size(); i++) EXPECT_NEAR(got[i], wanted[i], 2e-5) << i;  // sums of 40 terms of at most 3
}

TEST(LinearTerms, AnOutputThatNobodyUsesSendsNothing) {
  Tensor x = values({3, 4}), w = values({2, 4}, -1, 1, 2), v = values({5, 4}, -1, 1, 3);
  for (Tensor* t : {&x, &w, &v}) set_requires_grad(*t);
  const auto ys = linear_terms(x, {{dense(w), {}, {}}, {dense(v), {}, {}}});
  backward(sum(ys[0]));
  EXPECT_TRUE(grad(w).defined());
  EXPECT_FALSE(grad(v).defined());
  EXPECT_TRUE(grad(x).defined());
}

TEST(LinearTerms, ShapesThatDoNotFitAreNamed) {
  const Tensor x = Tensor::ones({2, 4}), w = Tensor::ones({3, 4});
  EXPECT_NE(message<ShapeError>([&] {
              linear_terms(x, {{dense(w), {}, {{Tensor::ones({2, 4}), Tensor::ones({4, 2}), 1}}}});
            }).find("needed [r, 4] and [3, r]"),
            std::string::npos);
}

// What norms and gates give is computed again in backward, not kept.
TEST(LinearTerms, InputsThatAreMadeAgain) {
  expect_gradients("norm, gate, product",
                   [](const Inputs& t) {
                     const Tensor x = rms_norm(t[0], t[1], 1e-5);
                     const auto both = linear_terms(x, {{dense(t[2]), {}, {}}, {dense(t[3]), {}, {}}});
                     return linear_terms(silu_mul(both[0], both[1]), {{dense(t[4]), {}, {{t[5], t[6], 0.5}}}})[0];
                   },
                   {values({4, 5}), values({5}, 0.5, 1.5, 2), values({6, 5}, -1, 1, 3), values({6, 5}, -1, 1, 4),
                    values({3, 6}, -1, 1, 5), values({2, 6}, -1, 1, 6), values({3, 2}, -1, 1, 7)});
}

TEST(LinearTerms, AnInputWrittenInPlaceIsKeptAsItIs) {
  expect_gradients("norm, doubled in place, product",
                   [](const Inputs& t) {
                     Tensor x = rms_norm(t[0], t[1], 1e-5);
                     inplace(x, mul(inplace_source(x, true), Scalar(2.0)));
                     return linear_terms(x, {{dense(t[2]), {}, {}}})[0];
                   },
                   {values({4, 5}), values({5}, 0.5, 1.5, 2), values({6, 5}, -1, 1, 3)});
}

// Under autocast products round their operands: errors of 2^-9 an operand, gradients in f32 for f32 weights.
TEST(LinearTerms, Bf16ProductsOfF32Weights) {
  const Tensor x = values({40, 64}).to(DType::Float32);
  const auto run = [&](bool on) {
    Tensor in = x.clone(), w = values({24, 64}, -1, 1, 2).to(DType::Float32),
           a = values({4, 64}, -1, 1, 3).to(DType::Float32), b = values({24, 4}, -1, 1, 4).to(DType::Float32);
    for (Tensor* t : {&in, &w, &a, &b}) set_requires_grad(*t);
    Tensor y;
    {
      const TrainingModeGuard guard({on, on});
      y = linear_terms(in, {{dense(w), {}, {{a, b, 0.5}}}})[0];
    }
    backward(sum(mul(y, y)));
    return Inputs{y.detach(), grad(in), grad(w), grad(a), grad(b)};
  };
  const Inputs exact = run(false), rounded = run(true);
  for (size_t i = 0; i < exact.size(); i++) {
    ASSERT_EQ(rounded[i].dtype(), DType::Float32);
    const auto got = rounded[i].to_vector<double>(), wanted = exact[i].to_vector<double>();
    double most = 0, error = 0;
    for (size_t j = 0; j < got.size(); j++) {
      most = std::max(most, std::abs(wanted[j]));
      error = std::max(error, std::abs(got[j] - wanted[j]));
    }
    EXPECT_LT(error, 0.02 * most) << i;
    EXPECT_GT(error, 0) << i;
  }
}

Tensor targets(std::vector<int64_t> ids) { return Tensor::from_data(ids); }

TEST(LinearCrossEntropy, Gradients) {
  for (const double smoothing : {0.0, 0.2})
    for (const bool sum_up : {false, true}) {
      CrossEntropyOptions o;
      o.label_smoothing = smoothing;
      o.reduction = sum_up ? Reduction::Sum : Reduction::Mean;
      expect_gradients("head and loss",
                       [o](const Inputs& t) {
                         return linear_cross_entropy(t[0], dense(t[1]), t[2], targets({2, -100, 6, 0, 3}), o, 1.5);
                       },
                       {values({5, 4}), values({7, 4}, -1, 1, 2), values({7}, -1, 1, 3)});
    }
}

// Many rows of a large vocabulary go in several chunks; the composition holds all logits at once.
TEST(LinearCrossEntropy, ChunksGiveWhatAllLogitsGive) {
  const int64_t rows = 300, k = 8, n = 50000;
  Tensor x = values({rows, k}).to(DType::Float32), w = values({n, k}, -1, 1, 2).to(DType::Float32);
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < rows; i++) ids.push_back(i % 5 ? i * 7919 % n : -100);
  const auto run = [&](bool fused) {
    Tensor a = x.clone(), b = w.clone();
    set_requires_grad(a);
    set_requires_grad(b);
    const Tensor loss = fused ? linear_cross_entropy(a, dense(b), {}, targets(ids))
                              : cross_entropy(linear(a, dense(b), {}), targets(ids));
    backward(mul(loss, 3.0));
    return Inputs{loss.detach(), grad(a), grad(b)};
  };
  const Inputs one = run(true), other = run(false);
  for (size_t i = 0; i < 3; i++) {
    const auto got = one[i].to_vector<double>(), wanted = other[i].to_vector<double>();
    double most = 0, error = 0;
    for (size_t j = 0; j < got.size(); j++) {
      most = std::max(most, std::abs(wanted[j]));
      error = std::max(error, std::abs(got[j] - wanted[j]));
    }
    EXPECT_LT(error, 1e-4 * most) << i;  // f32 sums of up to 50,000 terms that nearly cancel
  }
}

TEST(LinearCrossEntropy, TheSameBitsForAnyNumberOfThreads) {
  const Tensor x = values({65, 33}).to(DType::Float32), w = values({301, 33}, -1, 1, 2).to(DType::Float32);
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < 65; i++) ids.push_back(i * 4);
  const int before = ThreadPool::instance().size();
  std::vector<std::vector<float>> seen;
  for (int threads : {1, 2, 3}) {
    ThreadPool::instance().resize(threads);
    Tensor a = x.clone(), b = w.clone();
    set_requires_grad(a);
    set_requires_grad(b);
    const Tensor loss = linear_cross_entropy(a, dense(b), {}, targets(ids));
    backward(loss);
    seen.push_back(cat({loss.detach().view({1}), grad(a).flatten(), grad(b).flatten()}, 0).to_vector<float>());
  }
  ThreadPool::instance().resize(before);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

TEST(LinearCrossEntropy, BadTargets) {
  const Tensor x = Tensor::ones({2, 3});
  const WeightPtr w = dense(Tensor::ones({4, 3}));
  EXPECT_EQ(message<IndexError>([&] {
              linear_cross_entropy(x, w, {}, targets({0, 4}));
            }),
            "Target 4 is out of bounds.");
  EXPECT_THROW(linear_cross_entropy(x, w, {}, targets({0})), ShapeError);
  // Nothing to learn from: 0/0, as in torch.
  EXPECT_TRUE(std::isnan(linear_cross_entropy(x, w, {}, targets({-100, -100})).item<double>()));
}

}  // namespace
}  // namespace ef
