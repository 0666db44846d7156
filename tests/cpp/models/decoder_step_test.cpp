// Layers in plain memory give the bits of layers that run by themselves, and see every change.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "core/thread_pool.h"
#include "kernels/encode.h"
#include "models/common/decoder_step.h"
#include "models/tiny.h"
#include "nn/quantized_cache.h"
#include "quantizers/ggml/ggml_weight.h"

namespace ef {
namespace {

// A hook that looks on is enough for layers to run by themselves.
struct Watch {
  explicit Watch(PreTrainedModel& model) {
    model.walk([&](const std::string&, Module& module) {
      if (auto* layer = dynamic_cast<Block*>(&module))
        all.emplace_back(layer, layer->add_hook(std::make_shared<Hook>()));
    });
  }
  ~Watch() {
    for (auto& [layer, id] : all) layer->remove_hook(id);
  }
  std::vector<std::pair<Module*, int64_t>> all;
};

// Logits of passes of 5, 1, 2 and 1 positions of two sequences, the second with padding on its left.
std::vector<float> steps(PreTrainedModel& model, std::shared_ptr<KvCache> cache, bool padded) {
  std::vector<float> out;
  std::vector<int64_t> mask(18, 1);
  if (padded) mask[9] = mask[10] = 0;
  for (auto [from, to] : {std::pair<int64_t, int64_t>{0, 5}, {5, 6}, {6, 8}, {8, 9}}) {
    ModelInput in;
    in.input_ids = ids_of({3, 1, 4, 1, 5, 9, 2, 6, 5, 2, 7, 1, 8, 2, 8, 1, 8, 2}, 2).narrow(1, from, to - from);
    in.past = cache;
    if (padded) in.attention_mask = Tensor::from_data(mask, {2, 9}).narrow(1, 0, to);
    in.output_hidden_states = from == 6;
    const ModelOutput run = model.run(in);
    for (const Tensor& t : run.hidden_states) {
      const auto row = t.to_vector<float>();
      out.insert(out.end(), row.begin(), row.end());
    }
    const auto logits = run.logits.to_vector<float>();
    out.insert(out.end(), logits.begin(), logits.end());
  }
  return out;
}

class StepsOfFamily : public testing::TestWithParam<std::string> {};

TEST_P(StepsOfFamily, GiveTheBitsOfTheLayers) {
  NoGradGuard no_grad;
  for (DType dtype : {DType::Float32, DType::BFloat16, DType::Float16}) {
    const auto model = tiny_decoder(GetParam(), dtype);
    for (bool padded : {false, true}) {
      const std::vector<float> fast = steps(*model, model->new_cache(), padded);
      const Watch watch(*model);
      EXPECT_EQ(fast, steps(*model, model->new_cache(), padded)) << dtype_name(dtype) << padded;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, StepsOfFamily, testing::ValuesIn(decoders()));

TEST(DecoderSteps, ReadEveryCache) {
  NoGradGuard no_grad;
  for (const char* type : {"llama", "mistral", "gemma3_text"}) {
    auto model = make_model(type, "causal_lm", tiny_config(R"("sliding_window": 3, "num_hidden_layers": 7)"));
    model->train(false);
    fill_weights(*model);
    const std::vector<std::function<std::shared_ptr<KvCache>()>> caches = {
        [] { return std::make_shared<StaticCache>(std::vector<int64_t>{}, 9); },
        [] {
          return std::make_shared<QuantizedCache>(QuantizedCacheOptions{8, 8, 2});
        },
        [] {
          return std::make_shared<QuantizedCache>(QuantizedCacheOptions{4, 8, 2});
        },
        [] { return std::make_shared<DynamicCache>(std::vector<int64_t>(7, 3)); },
    };
    for (const auto& cache : caches) {
      const std::vector<float> fast = steps(*model, cache(), false);
      const Watch watch(*model);
      EXPECT_EQ(fast, steps(*model, cache(), false)) << type << cache()->kind();
    }
  }
}

// A model with the matrices of its layers in a file's formats.
std::shared_ptr<PreTrainedModel> packed_model(const char* type) {
  auto model = make_model(type, "causal_lm", tiny_config(R"("intermediate_size": 64, "sliding_window": 6)"));
  model->train(false);
  fill_weights(*model);
  int i = 0;
  model->walk([&](const std::string& path, Module& module) {
    auto* linear = dynamic_cast<Linear*>(&module);
    if (!linear || path == "lm_head") return;
    const GgmlType type = std::array{GgmlType::Q4_1, GgmlType::Q8_0, GgmlType::Q5_0}[size_t(i++ % 3)];
    const int64_t n = linear->out_features, k = linear->in_features;
    std::vector<uint8_t> rows(size_t(n) * ggml_row_bytes(type, k));
    encode_rows(type, n, k, linear->weight.tensor().data<float>(), nullptr, rows.data());
    linear->weight.set_weight(std::make_shared<GgmlWeight>(type, n, k, rows.data()));
  });
  return model;
}

TEST(DecoderSteps, MultiplyPackedWeights) {
  NoGradGuard no_grad;
  const auto model = packed_model("qwen2");  // q, k and v have biases
  EXPECT_TRUE(StepLayer::of(model->get_submodule("model.layers.1")).has_value());
  for (const auto kind : {QuantRows::Any, QuantRows::Prompt, QuantRows::Token}) {
    const QuantRows rows(kind);
    const std::vector<float> fast = steps(*model, model->new_cache(), true);
    const Watch watch(*model);
    EXPECT_EQ(fast, steps(*model, model->new_cache(), true)) << int(kind);
  }
}

// Each thread takes some of the sequences through all layers, and no bit tells.
TEST(DecoderSteps, TakeSequencesApart) {
  NoGradGuard no_grad;
  constexpr int64_t kBatch = 35, kLength = 12;
  std::vector<int64_t> ids(kBatch * kLength), mask(kBatch * kLength, 1);
  for (size_t i = 0; i < ids.size(); i++) ids[i] = int64_t(i * i + i / 7) % 37;
  for (int64_t b = 0; b < kBatch; b++) std::fill_n(mask.begin() + b * kLength, b % 4, 0);
  const auto run = [&](PreTrainedModel& model, const std::shared_ptr<KvCache>& cache, int threads, bool padded) {
    ThreadPool::instance().resize(threads);
    std::vector<float> out;
    for (auto [from, to] : {std::pair<int64_t, int64_t>{0, 6}, {6, 7}, {7, 9}, {9, 10}, {10, 11}, {11, 12}}) {
      ModelInput in;
      in.input_ids = Tensor::from_data(ids, {kBatch, kLength}).narrow(1, from, to - from);
      in.past = cache;
      if (padded) in.attention_mask = Tensor::from_data(mask, {kBatch, kLength}).narrow(1, 0, to);
      const auto logits = model.run(in).logits.to_vector<float>();
      out.insert(out.end(), logits.begin(), logits.end());
    }
    return out;
  };
  const int threads = ThreadPool::instance().size();
  for (const char* type : {"qwen2", "gemma3_text"}) {
    const auto model = packed_model(type);
    const std::vector<std::function<std::shared_ptr<KvCache>()>> caches = {
        [&] { return model->new_cache(); },
        [] {
          return std::make_shared<QuantizedCache>(QuantizedCacheOptions{8, 8, 2});
        },
    };
    for (const auto& cache : caches)
      for (bool padded : {false, true}) {
        const auto alone = run(*model, cache(), 1, padded);
        EXPECT_EQ(alone, run(*model, cache(), 2, padded)) << type << padded;
        EXPECT_EQ(alone, run(*model, cache(), 3, padded)) << type << padded;
      }
  }
  ThreadPool::instance().resize(threads);
}

TEST(DecoderSteps, WhoeverStopsThemFindsTheCacheAsItWas) {
  NoGradGuard no_grad;
  constexpr int64_t kBatch = 16, kLength = 14;
  std::vector<int64_t> all(kBatch * kLength);
  for (size_t i = 0; i < all.size(); i++) all[i] = int64_t(i * i + i / 7) % 37;
  const int threads = ThreadPool::instance().size();
  ThreadPool::instance().resize(2);
  const auto model = packed_model("qwen2");
  const auto pass = [&](const std::shared_ptr<KvCache>& cache, int64_t from, int64_t to, int calls) {
    ModelInput in;
    in.input_ids = Tensor::from_data(all, {kBatch, kLength}).narrow(1, from, to - from);
    in.past = cache;
    in.interrupt = [&calls] {
      if (--calls == 0) throw std::runtime_error("stop");
    };
    return model->run(in).logits.to_vector<float>();
  };
  constexpr int kNever = 1000;
  const auto cache = model->new_cache(), other = model->new_cache();
  for (const auto& some : {cache, other})
    for (auto [from, to] : {std::pair<int64_t, int64_t>{0, 5}, {5, 6}}) pass(some, from, to, kNever);
  EXPECT_THROW(pass(cache, 6, kLength, 2), std::runtime_error);  // of many positions: between two layers
  for (int layer = 0; layer < cache->layers(); layer++) EXPECT_EQ(cache->length(layer), 6);
  EXPECT_EQ(pass(cache, 6, kLength, kNever), pass(other, 6, kLength, kNever));
  ThreadPool::instance().resize(threads);
}

TEST(DecoderSteps, KnowLayersThatNobodyWatches) {
  const auto known = [](PreTrainedModel& model) {
    return StepLayer::of(model.get_submodule("model.layers.1")).has_value();
  };
  for (const char* type : {"llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text", "phi3", "smollm3"}) {
    auto model = make_model(type, "causal_lm", tiny_config());
    EXPECT_FALSE(known(*model)) << type;  // nothing was loaded
    fill_weights(*model);
    EXPECT_TRUE(known(*model)) << type;
  }
  auto model = make_model("llama", "causal_lm", tiny_config());
  fill_weights(*model);
  for (const char* path : {"", ".self_attn", ".self_attn.k_proj", ".mlp", ".mlp.act_fn", ".input_layernorm"}) {
    const ModulePtr part = model->get_submodule(std::string("model.layers.1") + path);
    const int64_t id = part->add_hook(std::make_shared<Hook>());
    EXPECT_FALSE(known(*model)) << path;
    part->remove_hook(id);
    EXPECT_TRUE(known(*model)) << path;
  }
}

// What was worked out of the modules is forgotten with each of these.
TEST(DecoderSteps, SeeChanges) {
  NoGradGuard no_grad;
  auto model = make_model("llama", "causal_lm", tiny_config());
  model->train(false);
  fill_weights(*model);
  ModelInput in;
  in.input_ids = ids_of({3, 1, 4});
  const auto logits = [&] { return model->run(in).logits.to_vector<float>(); };
  std::vector<std::vector<float>> seen = {logits()};
  const auto fresh = [&](const char* what) {
    seen.push_back(logits());
    EXPECT_NE(seen.back(), seen[seen.size() - 2]) << what;
    const Watch watch(*model);
    EXPECT_EQ(seen.back(), logits()) << what;
  };
  auto q = std::dynamic_pointer_cast<Linear>(model->get_submodule("model.layers.1.self_attn.q_proj"));
  q->weight.set(q->weight.tensor() * Scalar(2.0));
  fresh("another tensor");
  Tensor same = q->weight.tensor();
  same.copy_(same * Scalar(0.5));
  fresh("written in place");
  auto other = std::make_shared<Linear>(40, 32, false);
  other->weight.set(Tensor::full({32, 40}, Scalar(0.1)));
  model->replace("model.layers.0.mlp.down_proj", other);
  fresh("another layer");
  struct Doubling : Hook {
    void after(Module&, const Tensor&, Tensor& output) override { output = output * Scalar(2.0); }
  };
  const int64_t id = other->add_hook(std::make_shared<Doubling>());
  fresh("a hook");
  other->remove_hook(id);
  fresh("no hook");
  std::weak_ptr<Weight> gone = q->weight.weight();
  q->weight.set(Tensor::full({32, 32}, Scalar(0.1)));
  EXPECT_TRUE(gone.expired());  // nothing keeps the memory of what was replaced
}

}  // namespace
}  // namespace ef
