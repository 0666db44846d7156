#include "nn/module.h"

#include <gtest/gtest.h>

#include "autograd/autograd.h"
#include "nn/layers.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct Pair : Module {
  Child<Module> first{*this, "first"}, second{*this, "second"};
  Parameter scale{*this, "scale", {2}};
  Tensor forward(const Tensor& x) override { return (*second)((*first)(x)); }
};

std::shared_ptr<Pair> make_pair_module() {
  auto m = std::make_shared<Pair>();
  m->first.set(std::make_shared<Linear>(3, 4));
  m->second.set(std::make_shared<Linear>(4, 2, false));
  NoGradGuard no_grad;
  for (auto& [name, slot] : m->named_slots()) slot->set(Tensor::full(slot->shape(), 0.5));
  return m;
}

TEST(Module, NamesFollowTheTree) {
  auto m = make_pair_module();
  std::vector<std::string> names, paths;
  for (auto& [name, slot] : m->named_slots()) names.push_back(name);
  m->walk([&](const std::string& path, Module&) { paths.push_back(path); });
  EXPECT_EQ(names, (std::vector<std::string>{"scale", "first.weight", "first.bias", "second.weight"}));
  EXPECT_EQ(paths, (std::vector<std::string>{"", "first", "second"}));
}

TEST(Module, ReplacementIsSeenByTheCallingCode) {
  auto m = make_pair_module();
  const Tensor x = Tensor::ones({1, 3});
  const float before = (*m)(x).to_vector<float>()[0];
  auto wide = std::make_shared<Linear>(4, 2, false);
  wide->weight.set(Tensor::full({2, 4}, 5.0));
  m->replace("second", wide);
  EXPECT_FLOAT_EQ((*m)(x).to_vector<float>()[0], before * 10);
  EXPECT_THROW(m->replace("third", wide), AttributeError);
  EXPECT_THROW(m->get_submodule("first.deeper"), AttributeError);
  EXPECT_THROW(m->add_child("a.b", wide), KeyError);
  EXPECT_THROW(m->add_child("scale", wide), KeyError);
}

TEST(Module, ParametersKeepTheirShape) {
  auto m = make_pair_module();
  EXPECT_THROW(m->find_parameter("scale")->set(Tensor::ones({3})), ShapeError);
  auto* linear = dynamic_cast<Linear*>(m->get_submodule("first").get());
  EXPECT_THROW(linear->weight.set(Tensor::ones({3, 4})), ShapeError);
  EXPECT_THROW(linear->weight.set(Tensor::ones({4, 3}, DType::Int64)), DtypeError);
  EXPECT_THROW((Linear(3, 4).forward(Tensor::ones({1, 3}))), ConfigError);  // nothing loaded
}

TEST(Module, TiedWeightsStayTiedThroughConversion) {
  auto m = make_pair_module();
  auto extra = std::make_shared<Linear>(4, 2, false);
  auto* second = dynamic_cast<Linear*>(m->get_submodule("second").get());
  extra->weight.set_weight(second->weight.weight());
  m->add_child("head", extra);
  const size_t bytes = m->nbytes();
  m->to(DType::BFloat16);
  EXPECT_EQ(m->nbytes(), bytes / 2);
  EXPECT_EQ(extra->weight.identity(), second->weight.identity());
  EXPECT_EQ(extra->weight.tensor().dtype(), DType::BFloat16);
  EXPECT_THROW(m->to(DType::Int8), DtypeError);
}

TEST(Module, HooksRunAroundACall) {
  struct Count : Hook {
    int calls = 0;
    void before(Module&, Tensor& x) override {
      x = x * Scalar(2.0);
      calls++;
    }
    void after(Module&, const Tensor&, Tensor& y) override {
      y = y + Scalar(1.0);
      calls++;
    }
  };
  auto m = make_pair_module();
  const float plain = (*m)(Tensor::ones({1, 3})).to_vector<float>()[0];
  auto hook = std::make_shared<Count>();
  const int64_t id = m->get_submodule("second")->add_hook(hook);
  EXPECT_FALSE(m->get_submodule("second")->plain());
  EXPECT_FLOAT_EQ((*m)(Tensor::ones({1, 3})).to_vector<float>()[0], plain * 2 + 1);
  EXPECT_EQ(hook->calls, 2);
  m->get_submodule("second")->remove_hook(id);
  EXPECT_FLOAT_EQ((*m)(Tensor::ones({1, 3})).to_vector<float>()[0], plain);
}

TEST(Module, RemovedAndDynamicEntries) {
  auto m = make_pair_module();
  m->add_parameter("extra", Tensor::ones({5}), true);
  EXPECT_TRUE(m->find_parameter("extra")->is_buffer());
  EXPECT_TRUE(m->remove("extra"));
  EXPECT_EQ(m->find_parameter("extra"), nullptr);
  EXPECT_TRUE(m->remove("scale"));
  EXPECT_FALSE(m->find_parameter("scale")->defined());
  EXPECT_FALSE(m->remove("never"));
}

TEST(Layers, LinearAndEmbeddingTrain) {
  auto linear = std::make_shared<Linear>(2, 2);
  Tensor w = Tensor::from_data<float>({1, 2, 3, 4}, {2, 2}), b = Tensor::from_data<float>({1, 1}, {2});
  set_requires_grad(w);
  set_requires_grad(b);
  linear->weight.set(w);
  linear->bias->set(b);
  Tensor x = Tensor::from_data<float>({1, 0, 2, 1}, {2, 2});
  set_requires_grad(x);
  const Tensor y = (*linear)(x);
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{2, 4, 5, 11}));
  backward(sum(y));
  EXPECT_EQ(grad(w).to_vector<float>(), (std::vector<float>{3, 1, 3, 1}));
  EXPECT_EQ(grad(b).to_vector<float>(), (std::vector<float>{2, 2}));
  EXPECT_EQ(grad(x).to_vector<float>(), (std::vector<float>{4, 6, 4, 6}));

  Embedding table(3, 2);
  Tensor rows = Tensor::from_data<float>({1, 2, 3, 4, 5, 6}, {3, 2});
  set_requires_grad(rows);
  table.weight.set(rows);
  const Tensor e = table(Tensor::from_data<int64_t>({2, 0, 2}, {3}));
  EXPECT_EQ(e.to_vector<float>(), (std::vector<float>{5, 6, 1, 2, 5, 6}));
  backward(sum(e));
  EXPECT_EQ(grad(rows).to_vector<float>(), (std::vector<float>{1, 1, 0, 0, 2, 2}));
  EXPECT_THROW(table(Tensor::from_data<int64_t>({3}, {1})), IndexError);
  EXPECT_THROW(table(Tensor::ones({1})), DtypeError);
}

TEST(Layers, ActivationsByName) {
  EXPECT_FLOAT_EQ(activation_fn("relu6")(Tensor::full({1}, 9.0)).item<float>(), 6);
  EXPECT_THROW(activation_fn("reluu"), KeyError);
}

}  // namespace
}  // namespace ef
