// What every encoder family must do: the same test for each of them.
#include <gtest/gtest.h>

#include "autograd/autograd.h"
#include "core/thread_pool.h"
#include "models/common/encoder.h"
#include "ops/ops.h"
#include "models/tiny.h"

namespace ef {
namespace {

const char* kConfig = R"({"vocab_size": 40, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
  "intermediate_size": 24, "max_position_embeddings": 12, "num_labels": 3, "relative_attention": true, "pos_att_type": ["c2p", "p2c"],
  "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24})";

class EncoderFamily : public testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<PreTrainedModel> make(const std::string& head) const {
    auto model = make_model(GetParam(), head, kConfig);
    fill_weights(*model);
    model->train(false);
    return model;
  }
};

TEST_P(EncoderFamily, PackedTextsAreTheTextsAlone) {
  NoGradGuard no_grad;
  for (const char* head : {"base", "sequence_classification", "token_classification"}) {
    auto model = make(head);
    auto shown = [](const ModelOutput& o) { return o.logits.defined() ? o.logits : o.last_hidden_state; };
    ModelInput packed;
    packed.input_ids = ids_of({5, 6, 7, 8, 9, 5, 11, 12});
    packed.lengths = {3, 1, 4};
    // Scores that need every pair of positions, or tokens that look about in their own row
    if (GetParam().starts_with("deberta") || GetParam() == "longformer" || GetParam() == "tapas") {
      EXPECT_THROW(model->run(packed), UnsupportedError);
      continue;
    }
    const Tensor all = shown(model->run(packed));
    int64_t at = 0;
    for (size_t i = 0; i < packed.lengths.size(); i++) {
      ModelInput one;
      one.input_ids = packed.input_ids.narrow(1, at, packed.lengths[i]).contiguous();
      const Tensor alone = shown(model->run(one));
      const Tensor part = all.dim() == 2 ? all.narrow(0, int64_t(i), 1) : all.narrow(1, at, packed.lengths[i]);
      EXPECT_LT(max_difference(part, alone), 1e-6) << head << " text " << i;  // other blocks of the same products
      at += packed.lengths[i];
    }
    packed.lengths = {3, 4};
    EXPECT_THROW(model->run(packed), ShapeError);
    packed.lengths = {8, 0};
    EXPECT_THROW(model->run(packed), ShapeError);
  }
}

TEST_P(EncoderFamily, SameBitsWithoutGradients) {  // then layers run in fewer passes
  auto model = make("base");
  ModelInput in;
  in.input_ids = ids_of({5, 6, 7, 8, 9, 5, 11, 12});
  const Tensor recorded = model->run(in).last_hidden_state;
  EXPECT_TRUE(recorded.requires_grad());
  NoGradGuard no_grad;
  EXPECT_EQ(max_difference(recorded.detach(), model->run(in).last_hidden_state), 0);
}

TEST_P(EncoderFamily, ManyTextsGoInPieces) {
  if (GetParam().starts_with("deberta") || GetParam() == "longformer" || GetParam() == "tapas") return;
  NoGradGuard no_grad;
  auto model = make("base");
  ModelInput packed;
  std::vector<int64_t> ids;
  while (ids.size() < 2000) {
    packed.lengths.push_back(1 + int64_t(ids.size()) % 7);
    for (int64_t i = 0; i < packed.lengths.back(); i++) ids.push_back(5 + int64_t(ids.size() * 11) % 30);
  }
  packed.input_ids = ids_of(ids);
  packed.output_hidden_states = true;
  const int before = ThreadPool::instance().size();
  const auto with_threads = [&](int threads) {
    ThreadPool::instance().resize(threads);
    return model->run(packed);
  };
  const ModelOutput whole = with_threads(64);  // so many that there are too few tokens for pieces
  for (const int threads : {1, 2}) {
    const ModelOutput pieces = with_threads(threads);
    EXPECT_EQ(max_difference(pieces.last_hidden_state, whole.last_hidden_state), 0) << threads;
    ASSERT_EQ(pieces.hidden_states.size(), whole.hidden_states.size());
    EXPECT_EQ(max_difference(pieces.hidden_states[1], whole.hidden_states[1]), 0);
    EXPECT_EQ(pieces.pooler_output.defined(), whole.pooler_output.defined());
    if (!whole.pooler_output.defined()) continue;
    EXPECT_LT(max_difference(pieces.pooler_output, whole.pooler_output), 1e-6);
  }
  ids[1999] = 40;
  packed.input_ids = ids_of(ids);
  EXPECT_THROW(model->run(packed), IndexError);
  ThreadPool::instance().resize(before);
}

TEST_P(EncoderFamily, BadInput) {
  auto model = make("base");
  ModelInput in;
  EXPECT_THROW(model->run(in), ConfigError);
  in.input_ids = ids_of({40});
  EXPECT_THROW(model->run(in), IndexError);
  in.input_ids = ids_of(std::vector<int64_t>(13, 3));
  if (GetParam() == "modernbert" || GetParam() == "nomic_bert")
    EXPECT_NO_THROW(model->run(in));  // rotary positions have no end
  else
    EXPECT_THROW(model->run(in), IndexError);
  in.input_ids = ids_of({3, 4});
  in.attention_mask = ids_of({1, 1, 1});
  EXPECT_THROW(model->run(in), ShapeError);
  in.attention_mask = Tensor();
  EXPECT_THROW(make("multiple_choice")->run(in), ShapeError);
  EXPECT_THROW(make_model(GetParam(), "base", "{}"), ConfigError);
  EXPECT_THROW(make_model(GetParam(), "poetry", kConfig), UnsupportedError);
}

TEST_P(EncoderFamily, PlacesByNameCanBeFilledAnew) {
  auto model = make("base");
  std::string matrix;
  model->walk([&](const std::string& path, Module& m) {
    auto* linear = dynamic_cast<Linear*>(&m);
    if (linear && linear->in_features == 16 && linear->out_features == 16 && matrix.empty()) matrix = path;
  });
  ASSERT_FALSE(matrix.empty());
  NoGradGuard no_grad;
  ModelInput in;
  in.input_ids = ids_of({5, 6, 7});
  const Tensor before = model->run(in).last_hidden_state;
  auto other = std::make_shared<Linear>(16, 16);
  fill_weights(*other);
  other->weight.set(mul(other->weight.tensor(), Scalar(3.0)).detach());
  const ModulePtr group = model->get_submodule(matrix.substr(0, matrix.rfind('.')));
  model->replace(matrix, other);
  EXPECT_GT(max_difference(model->run(in).last_hidden_state, before), 1e-4);
  model.reset();
  EXPECT_NE(group->find_child(matrix.substr(matrix.rfind('.') + 1)), nullptr);  // a kept group outlives its model
}

INSTANTIATE_TEST_SUITE_P(All, EncoderFamily, testing::ValuesIn(encoder_types()));

}  // namespace
}  // namespace ef
