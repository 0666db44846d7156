// LoRA layers against the formula on dense matrices; packed bases; merging and taking out again.
#include "peft/lora/lora.h"

#include <gtest/gtest.h>

#include "autograd/autograd.h"
#include "nn/layers.h"
#include "ops/ops.h"
#include "ops/random.h"
#include "quantizers/dense/dense_weight.h"

namespace ef {
namespace {

Tensor drawn(const Shape& shape, uint64_t seed, DType dtype = DType::Float64) {
  Generator generator(seed);
  return randn(shape, dtype, &generator);
}

std::shared_ptr<Linear> linear_of(const Tensor& weight, const Tensor& bias = {}) {
  auto layer = std::make_shared<Linear>(weight.size(1), weight.size(0), bias.defined());
  layer->weight.set(weight);
  if (bias.defined()) layer->bias->set(bias);
  return layer;
}

std::shared_ptr<LoraLinear> adapted(ModulePtr base, const Tensor& a, const Tensor& b, double scaling,
                                    const std::string& name = "default") {
  auto layer = std::make_shared<LoraLinear>(std::move(base));
  layer->lora_A->add_child(name, linear_of(a));
  layer->lora_B->add_child(name, linear_of(b));
  layer->set_scaling(name, scaling);
  layer->set_active({name});
  return layer;
}

double distance(const Tensor& a, const Tensor& b) { return max(abs(sub(a, b))).item<double>(); }

// A packed kind for tests: it has no parameter and only gives out rows.
struct Packed : DenseWeight {
  using DenseWeight::DenseWeight;
  const char* kind() const override { return "packed"; }
  Tensor parameter() const override { return {}; }
};

class LoraTest : public ::testing::Test {
 protected:
  const Tensor w_ = drawn({5, 4}, 1), bias_ = drawn({5}, 2), a_ = drawn({2, 4}, 3), b_ = drawn({5, 2}, 4),
               x_ = drawn({3, 4}, 5);
  const Tensor sum_ = add(w_, mul(matmul(b_, a_), Scalar(0.5)));
};

TEST_F(LoraTest, AddsTheProductOfItsFactors) {
  auto layer = adapted(linear_of(w_, bias_), a_, b_, 0.5);
  EXPECT_LT(distance((*layer)(x_), linear(x_, sum_, bias_)), 1e-12);
}

TEST_F(LoraTest, InactiveUnknownAndDisabledAdaptersAddNothing) {
  auto layer = adapted(linear_of(w_, bias_), a_, b_, 0.5);
  const Tensor plain = linear(x_, w_, bias_);
  layer->set_active({});
  EXPECT_EQ(distance((*layer)(x_), plain), 0);
  layer->set_active({"nobody"});
  EXPECT_EQ(distance((*layer)(x_), plain), 0);
  layer->set_active({"default"});
  layer->set_disabled(true);
  EXPECT_EQ(distance((*layer)(x_), plain), 0);
}

TEST_F(LoraTest, SeveralAdaptersAddUp) {
  auto layer = adapted(linear_of(w_), a_, b_, 0.5);
  layer->lora_A->add_child("b", linear_of(mul(a_, Scalar(2.0))));
  layer->lora_B->add_child("b", linear_of(b_));
  layer->set_scaling("b", 0.25);
  layer->set_active({"default", "b"});
  EXPECT_LT(distance((*layer)(x_), linear(x_, add(sum_, mul(matmul(b_, a_), Scalar(0.5))))), 1e-12);
}

TEST_F(LoraTest, MergingAndTakingOut) {
  auto base = linear_of(w_.clone(), bias_);
  auto layer = adapted(base, a_, b_, 0.5);
  const Tensor before = (*layer)(x_);
  layer->merge("default");
  EXPECT_EQ(layer->merged(), Names{"default"});
  EXPECT_LT(distance(base->weight.tensor(), sum_), 1e-12);
  EXPECT_LT(distance((*layer)(x_), before), 1e-12);
  layer->set_disabled(true);  // a disabled layer takes out what is merged
  EXPECT_LT(distance((*layer)(x_), linear(x_, w_, bias_)), 1e-12);
  EXPECT_TRUE(layer->merged().empty());
}

TEST_F(LoraTest, SafeMergeLeavesTheWeightWhenTheResultIsNotFinite) {
  auto base = linear_of(w_.clone());
  auto layer = adapted(base, a_, Tensor::full({5, 2}, Scalar(std::nan("")), DType::Float64), 0.5);
  EXPECT_THROW(layer->merge("default", true), ConfigError);
  EXPECT_EQ(distance(base->weight.tensor(), w_), 0);
  EXPECT_TRUE(layer->merged().empty());
}

TEST_F(LoraTest, ConvolutionsWithTransposedMatrices) {
  auto base = std::make_shared<Conv1D>(4, 5);
  base->weight.set(w_.t().contiguous());
  base->bias.set(bias_);
  auto layer = adapted(base, a_, b_, 0.5);
  EXPECT_LT(distance((*layer)(x_), linear(x_, sum_, bias_)), 1e-12);
  layer->merge("default");
  EXPECT_LT(distance(base->weight.tensor(), sum_.t()), 1e-12);
}

TEST_F(LoraTest, DoraRescalesTheRowsOfTheSum) {
  for (const bool transposed : {false, true}) {
    ModulePtr base = linear_of(w_, bias_);
    if (transposed) {
      auto conv = std::make_shared<Conv1D>(4, 5);
      conv->weight.set(w_.t().contiguous());
      conv->bias.set(bias_);
      base = conv;
    }
    auto layer = adapted(base, a_, b_, 0.5);
    const Tensor norm = sqrt(sum(mul(sum_, sum_), {1})), length = abs(drawn({5}, 6));
    EXPECT_LT(distance(layer->weight_norm("default"), norm), 1e-12);
    auto magnitude = std::make_shared<Module>();
    magnitude->add_parameter("weight", length);
    layer->lora_magnitude_vector->add_child("default", magnitude);
    const Tensor scaled = mul(sum_, div(length, norm).unsqueeze(1));
    EXPECT_LT(distance((*layer)(x_), linear(x_, scaled, bias_)), 1e-12);
    layer->merge("default");
    EXPECT_LT(distance((*layer)(x_), linear(x_, scaled, bias_)), 1e-12);
    layer->unmerge();
    EXPECT_LT(distance(layer->base_matrix().value(), transposed ? w_.t() : w_), 1e-12);
  }
}

TEST_F(LoraTest, DoraSeesAChangedBaseWeight) {
  auto base = linear_of(w_.clone());
  auto layer = adapted(base, a_, b_, 0.5);
  layer->weight_norm("default");
  Tensor weight = base->weight.tensor();
  weight.copy_(mul(weight, Scalar(3.0)));
  const Tensor sum3 = add(mul(w_, Scalar(3.0)), mul(matmul(b_, a_), Scalar(0.5)));
  EXPECT_LT(distance(layer->weight_norm("default"), sqrt(sum(mul(sum3, sum3), {1}))), 1e-12);
}

TEST_F(LoraTest, PackedBasesPassGradientsAndMergeIntoDenseOnes) {
  const Tensor w = w_.to(DType::Float32), a = a_.to(DType::Float32), b = b_.to(DType::Float32);
  auto base = linear_of(w);
  const auto packed = std::make_shared<Packed>(w);
  base->weight.set_weight(packed);
  auto layer = adapted(base, a, b, 0.5);
  Tensor x = x_.to(DType::Float32);
  set_requires_grad(x);
  Tensor factor = std::dynamic_pointer_cast<Linear>(layer->lora_B->find("default"))->weight.tensor();
  set_requires_grad(factor);
  const Tensor y = (*layer)(x);
  backward(sum(y));
  const Tensor ones = Tensor::full({3, 5}, Scalar(1.0), DType::Float32);
  EXPECT_LT(distance(grad(x), matmul(ones, sum_.to(DType::Float32))), 1e-5);
  EXPECT_LT(distance(grad(factor), mul(matmul(ones.t(), matmul(x.detach(), a.t())), Scalar(0.5))), 1e-5);
  layer->merge("default");
  EXPECT_LT(distance(base->weight.tensor(), sum_.to(DType::Float32)), 1e-5);
  layer->unmerge();
  EXPECT_EQ(base->weight.weight(), packed);
}

TEST_F(LoraTest, BiasesOfFactorsAreMergedToo) {
  for (const bool packed : {false, true}) {
    auto base = linear_of(w_.clone(), bias_.clone());
    if (packed) base->weight.set_weight(std::make_shared<Packed>(w_.clone()));
    auto layer = adapted(base, a_, b_, 0.5);
    const Tensor own = drawn({5}, 10);
    layer->lora_B->add_child("default", linear_of(b_, own));
    const Tensor sum_bias = add(bias_, mul(own, Scalar(0.5)));
    EXPECT_LT(distance((*layer)(x_), linear(x_, sum_, sum_bias)), 1e-12);
    layer->merge("default");
    EXPECT_LT(distance(base->bias_tensor(), sum_bias), 1e-12);
    layer->unmerge();
    EXPECT_LT(distance(base->bias_tensor(), bias_), 1e-12);
  }
  auto without = adapted(linear_of(w_.clone()), a_, b_, 0.5);
  without->lora_B->add_child("default", linear_of(b_, drawn({5}, 10)));
  EXPECT_THROW(without->merge("default"), Error);
  EXPECT_TRUE(without->merged().empty());
}

TEST_F(LoraTest, LayersOnOneInputAreComputedTogether) {
  struct Three : Module {
    Child<Module> q{*this, "q"}, k{*this, "k"}, v{*this, "v"};
  } owner;
  const auto lora = adapted(linear_of(w_, bias_), a_, b_, 0.5);
  owner.q.set(lora);
  owner.k.set(linear_of(w_));
  EXPECT_THROW(apply_all(x_, {&owner.q, &owner.k, &owner.v}), AttributeError);
  owner.v.set(adapted(adapted(linear_of(w_), a_, b_, 0.5), a_, b_, 0.25));
  ASSERT_TRUE(lora->term());
  EXPECT_EQ(lora->term()->low.size(), 1u);
  const auto ys = apply_all(x_, {&owner.q, &owner.k, &owner.v});
  EXPECT_LT(distance(ys[0], linear(x_, sum_, bias_)), 1e-12);
  EXPECT_LT(distance(ys[1], linear(x_, w_)), 1e-12);
  EXPECT_LT(distance(ys[2], linear(x_, add(sum_, mul(matmul(b_, a_), Scalar(0.25))))), 1e-12);
  lora->lora_dropout->add_child("default", std::make_shared<Dropout>(0.5));
  EXPECT_FALSE(lora->term());  // its input is another while training
  lora->train(false);
  EXPECT_TRUE(lora->term());
}

TEST_F(LoraTest, Embeddings) {
  const Tensor table = drawn({7, 4}, 7), a = drawn({2, 7}, 8), b = drawn({4, 2}, 9);
  auto base = std::make_shared<Embedding>(7, 4, 2.0);
  base->weight.set(table.clone());
  LoraEmbedding layer(base);
  layer.lora_embedding_A->add_parameter("default", a);
  layer.lora_embedding_B->add_parameter("default", b);
  layer.set_scaling("default", 0.5);
  layer.set_active({"default"});
  const Tensor ids = Tensor::from_data(std::vector<int64_t>{3, 0, 6}),
               sum = add(table, mul(matmul(b, a).t(), Scalar(0.5)));
  EXPECT_LT(distance(layer(ids), mul(embedding(sum, ids), Scalar(2.0))), 1e-12);
  layer.merge("default");
  EXPECT_LT(distance(base->weight.tensor(), sum), 1e-12);
}

TEST_F(LoraTest, BadParts) {
  EXPECT_THROW(LoraLinear(nullptr), ConfigError);
  EXPECT_THROW(BaseMatrix(std::make_shared<Dropout>(0.1)), ConfigError);
  auto layer = adapted(linear_of(w_), a_, b_, 0.5);
  layer->forget("default");
  EXPECT_THROW((*layer)(x_), KeyError);
  layer->set_scaling("default", 1);
  layer->lora_magnitude_vector->add_child("default", std::make_shared<Dropout>(0.1));
  EXPECT_THROW((*layer)(x_), KeyError);  // without a length
  layer->lora_magnitude_vector->remove("default");
  layer->lora_B->remove("default");
  EXPECT_THROW((*layer)(x_), KeyError);
  EXPECT_THROW(layer->delta_weight("default"), KeyError);
  EXPECT_THROW(layer->merge("default"), KeyError);
  EXPECT_TRUE(layer->merged().empty());
  layer->lora_A->remove("default");  // without A the adapter is not there
  EXPECT_EQ(distance((*layer)(x_), linear(x_, w_)), 0);
  layer->base_layer.set(nullptr);
  EXPECT_THROW((*layer)(x_), AttributeError);
  EXPECT_THROW(layer->base_matrix(), AttributeError);
}

TEST_F(LoraTest, BadPartsOfEmbeddings) {
  auto base = std::make_shared<Embedding>(7, 4);
  base->weight.set(drawn({7, 4}, 7));
  LoraEmbedding layer(base);
  const Tensor ids = Tensor::from_data(std::vector<int64_t>{3, 3}), plain = (*base)(ids);
  layer.set_active({"default"});
  EXPECT_EQ(distance(layer(ids), plain), 0);
  EXPECT_THROW(layer.delta_weight("default"), KeyError);
  layer.lora_embedding_A->add_parameter("default", drawn({2, 7}, 8));
  layer.set_scaling("default", 0.5);
  EXPECT_THROW(layer(ids), KeyError);  // no B
  EXPECT_THROW(layer.delta_weight("default"), KeyError);
}

}  // namespace
}  // namespace ef
