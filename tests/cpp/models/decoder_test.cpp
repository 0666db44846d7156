// The contract of every decoder family: names, cache = no cache, padding, masks, gradients.
#include <gtest/gtest.h>

#include "models/tiny.h"
#include "nn/attention.h"
#include "nn/recurrent_cache.h"

namespace ef {
namespace {

class DecoderFamily : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<PreTrainedModel> make(DType dtype = DType::Float32) { return tiny_decoder(GetParam(), dtype); }
  static bool recurrent(const PreTrainedModel& model) {
    return std::dynamic_pointer_cast<RecurrentCache>(model.new_cache()) != nullptr;
  }
};

TEST(Decoder, HasTheNamesOfTheHub) {  // of the other families: tests/python/cases/families.py
  auto model = make_model("llama", "causal_lm", tiny_config());
  std::vector<std::string> names;
  for (auto& [name, slot] : model->named_slots()) names.push_back(name);
  for (const char* wanted :
       {"model.embed_tokens.weight", "model.layers.1.self_attn.q_proj.weight", "model.layers.0.mlp.down_proj.weight",
        "model.layers.0.post_attention_layernorm.weight", "model.norm.weight", "lm_head.weight"})
    EXPECT_NE(std::find(names.begin(), names.end(), wanted), names.end()) << wanted;
}

TEST_P(DecoderFamily, CacheGivesWhatNoCacheGives) {
  NoGradGuard no_grad;
  auto model = make();
  const Tensor ids = ids_of({3, 1, 4, 1, 5, 9, 2, 6});
  ModelInput whole;
  whole.input_ids = ids;
  whole.use_cache = false;
  const Tensor all = model->run(whole).logits;
  auto cache = model->new_cache();
  std::shared_ptr<KvCache> five;
  for (auto [from, to] : {std::pair<int64_t, int64_t>{0, 3}, {3, 4}, {4, 5}, {5, 8}}) {
    if (from == 5) five = cache->clone();
    ModelInput part;
    part.input_ids = ids.narrow(1, from, to - from);
    part.past = cache;
    EXPECT_LT(max_difference(model->run(part).logits, all.narrow(1, from, to - from)), 2e-5);
  }
  EXPECT_EQ(cache->length(), 8);
  ModelInput again;
  if (recurrent(*model)) {
    EXPECT_THROW(cache->crop(5), UnsupportedError);
    again.input_ids = ids.narrow(1, 0, 1);
    again.past = std::make_shared<DynamicCache>();  // of keys and values alone
    EXPECT_THROW(model->run(again), ConfigError);
    cache = five;
  } else {
    EXPECT_EQ(five->length(), 5);
    cache->crop(5);
  }
  again.input_ids = ids.narrow(1, 5, 3);
  again.past = cache;
  EXPECT_LT(max_difference(model->run(again).logits, all.narrow(1, 5, 3)), 2e-5);
}

TEST_P(DecoderFamily, LeftPaddingChangesNothing) {
  NoGradGuard no_grad;
  auto model = make();
  ModelInput bare;
  bare.input_ids = ids_of({7, 8, 9});
  const Tensor expected = model->run(bare).logits;
  ModelInput padded;
  padded.input_ids = ids_of({1, 2, 3, 4, 5, 0, 0, 7, 8, 9}, 2);
  padded.attention_mask = ids_of({1, 1, 1, 1, 1, 0, 0, 1, 1, 1}, 2);
  padded.position_ids = ids_of({0, 1, 2, 3, 4, 0, 0, 0, 1, 2}, 2);
  const Tensor got = model->run(padded).logits.narrow(0, 1, 1).narrow(1, 2, 3);
  EXPECT_LT(max_difference(got, expected), 2e-5);
}

TEST_P(DecoderFamily, AFourDimensionalMaskReplacesTheCausalOne) {
  NoGradGuard no_grad;
  auto model = make();
  ModelInput in;
  in.input_ids = ids_of({7, 8, 9, 10});
  const Tensor causal = model->run(in).logits;
  in.attention_mask = tril(Tensor::ones({1, 1, 4, 4}, DType::Bool));
  if (recurrent(*model)) {  // which see what came before whatever the mask says
    EXPECT_THROW(model->run(in), UnsupportedError);
    return;
  }
  EXPECT_LT(max_difference(model->run(in).logits, causal), 1e-6);
  in.attention_mask = Tensor::ones({1, 1, 4, 4}, DType::Bool);
  EXPECT_GT(max_difference(model->run(in).logits, causal), 1e-3);
}

TEST_P(DecoderFamily, GradientsMatchDifferences) {
  auto model = make(DType::Float64);
  ModelInput in;
  in.input_ids = ids_of({3, 1, 4, 1, 5, 9});
  in.labels = in.input_ids;
  in.use_cache = false;
  auto loss_value = [&] {
    NoGradGuard no_grad;
    return model->run(in).loss.item<double>();
  };
  backward(model->run(in).loss);
  Generator generator(5);
  for (auto& [name, slot] : model->named_slots()) {
    if (slot->is_buffer()) continue;
    Tensor value = slot->tensor().detach();
    const Tensor gradient = grad(slot->tensor());
    // An expert that no token chose has none: the differences below must then be 0.
    ASSERT_TRUE(gradient.defined() || name.find(".experts.") != std::string::npos) << name;
    const int64_t at = int64_t(generator.random64() % uint64_t(value.numel()));
    double& x = value.mutable_data<double>()[at];
    const double kept = x, h = 1e-6;
    x = kept + h;
    const double up = loss_value();
    x = kept - h;
    const double down = loss_value();
    x = kept;
    // Central differences of a loss near 4 are good to about 1e-9 here; 1e-6 leaves room for the curvature that short
    // keys of unit length bring.
    const double got = gradient.defined() ? gradient.contiguous().data<double>()[at] : 0;
    EXPECT_NEAR(got, (up - down) / (2 * h), 1e-6) << name;
  }
}

TEST_P(DecoderFamily, RefusesWhatDoesNotFit) {
  auto model = make();
  ModelInput in;
  EXPECT_THROW(model->run(in), ConfigError);
  in.input_ids = ids_of({48});
  EXPECT_THROW(model->run(in), IndexError);
  in.input_ids = ids_of({-1});
  EXPECT_THROW(model->run(in), IndexError);
  in.input_ids = ids_of({1, 2});
  in.attention_mask = ids_of({1, 1, 1});
  EXPECT_THROW(model->run(in), ShapeError);
  EXPECT_THROW(make_model(GetParam(), "causal_lm", "{}"), ConfigError);
  EXPECT_THROW(make_model(GetParam(), "causal_lm", "[1"), ConfigError);
  EXPECT_THROW(make_model(GetParam(), "poetry", tiny_config()), UnsupportedError);
  const std::string rope = R"("rope_parameters": {"rope_type": "spiral", "full_attention": {"rope_type": "spiral"}})";
  const std::vector<std::string> without_rope = {"bloom", "gpt2",   "gpt_neo", "gptj",
                                                 "mamba", "mamba2", "opt"};  // or a fixed one
  if (std::find(without_rope.begin(), without_rope.end(), GetParam()) == without_rope.end()) {
    EXPECT_THROW(make_model(GetParam(), "causal_lm", tiny_config(rope)), ConfigError);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DecoderFamily, testing::ValuesIn(decoders()));

TEST(Decoder, SlidingWindowForgets) {
  NoGradGuard no_grad;
  auto full = make_model("mistral", "causal_lm", tiny_config());
  auto windowed = make_model("mistral", "causal_lm", tiny_config(R"("sliding_window": 3)"));
  for (auto& m : {full, windowed}) fill_weights(*m);
  ModelInput in;
  in.input_ids = ids_of({3, 1, 4, 1, 5, 9});
  const Tensor a = full->run(in).logits, b = windowed->run(in).logits;
  EXPECT_LT(max_difference(a.narrow(1, 0, 3), b.narrow(1, 0, 3)), 1e-5);
  EXPECT_GT(max_difference(a.narrow(1, 5, 1), b.narrow(1, 5, 1)), 1e-3);
}

TEST(Decoder, ALinearCanBeReplaced) {
  struct Doubled : Linear {
    using Linear::Linear;
    Tensor forward(const Tensor& x) override { return Linear::forward(x) * Scalar(2.0); }
    bool overridden() const override { return true; }
  };
  auto model = make_model("llama", "causal_lm", tiny_config());
  fill_weights(*model);
  ModelInput in;
  in.input_ids = ids_of({3, 1, 4});
  const Tensor before = model->run(in).logits.detach();
  auto old = std::dynamic_pointer_cast<Linear>(model->get_submodule("model.layers.1.self_attn.q_proj"));
  auto fresh = std::make_shared<Doubled>(32, 32, false);
  fresh->weight.set_weight(old->weight.weight());
  model->replace("model.layers.1.self_attn.q_proj", fresh);
  Tensor loss = sum(square(model->run(in).logits));
  EXPECT_GT(max_difference(model->run(in).logits.detach(), before), 1e-4);
  backward(loss);
  EXPECT_TRUE(grad(fresh->weight.tensor()).defined());
  EXPECT_THROW(model->replace("model.layers.1.self_attn", fresh), DtypeError);
  EXPECT_THROW(model->replace("model.nowhere.q_proj", fresh), AttributeError);
}

}  // namespace
}  // namespace ef
