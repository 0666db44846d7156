// What every encoder family must do: the same test for each of them.
#include <gtest/gtest.h>

#include "autograd/autograd.h"
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
