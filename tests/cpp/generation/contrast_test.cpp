// Contrastive search and DoLa.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "generation/dola.h"
#include "generation/generate.h"
#include "models/tiny.h"

namespace ef {
namespace {

std::shared_ptr<PreTrainedModel> tiny() {
  auto model = make_model("llama", "causal_lm", tiny_config());
  model->train(false);
  fill_weights(*model);
  return model;
}

GenerateRequest request(int64_t new_tokens) {
  GenerateRequest r;
  r.input_ids = ids_of({3, 1, 4, 1, 5, 9, 2, 6}, 2);
  r.options.max_length = 4 + new_tokens;
  return r;
}

GenerateRequest contrastive(double alpha, int64_t k, bool low_memory = false) {
  auto r = request(20);
  r.options.penalty_alpha = alpha;
  r.options.top_k = k;
  r.options.low_memory = low_memory;
  r.options.output_hidden_states = r.options.output_scores = true;
  return r;
}

TEST(ContrastiveSearch, CandidatesTogetherOrOneByOne) {
  auto model = tiny();
  const auto together = generate(*model, contrastive(.6, 5)), apart = generate(*model, contrastive(.6, 5, true));
  EXPECT_EQ(together.sequences.to_vector<int64_t>(), apart.sequences.to_vector<int64_t>());
  ASSERT_EQ(together.hidden_states.size(), apart.hidden_states.size());
  EXPECT_EQ(together.hidden_states.size(), 20u);
  for (size_t i = 0; i < 20; i++)
    EXPECT_LT(max_difference(together.hidden_states[i].back(), apart.hidden_states[i].back()), 1e-5) << i;
  EXPECT_EQ(together.past->view(0).keys.size(0), 2);
  EXPECT_EQ(together.past->length(), apart.past->length());
}

TEST(ContrastiveSearch, WithoutWeightItIsGreedy) {
  auto model = tiny();
  EXPECT_EQ(generate(*model, contrastive(1e-6, 4)).sequences.to_vector<int64_t>(),
            generate(*model, request(20)).sequences.to_vector<int64_t>());
}

// What a search that keeps nothing finds: every candidate runs with its whole text.
TEST(ContrastiveSearch, EqualsItsDefinition) {
  auto model = tiny();
  const double alpha = .5;
  const int64_t k = 4;
  NoGradGuard no_grad;
  std::vector<int64_t> text{3, 1, 4, 1};
  const auto run = [&](const std::vector<int64_t>& ids) {
    ModelInput in;
    in.input_ids = ids_of(ids);
    in.output_hidden_states = true;
    return model->run(in);
  };
  for (int step = 0; step < 20; step++) {
    const auto n = int64_t(text.size());
    const auto p = softmax(run(text).logits.select(0, 0).select(0, n - 1), -1).to_vector<float>();
    std::vector<int64_t> order(p.size());
    for (size_t i = 0; i < p.size(); i++) order[i] = int64_t(i);
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return p[size_t(a)] > p[size_t(b)]; });
    double most = -INFINITY;
    int64_t best = 0;
    for (int64_t c = 0; c < k; c++) {
      auto longer = text;
      longer.push_back(order[size_t(c)]);
      const auto h = run(longer).hidden_states.back().to_vector<float>();
      const size_t size = h.size() / longer.size(), last = h.size() - size;
      double resemblance = -1;
      for (size_t at = 0; at < last; at += size) {
        double dot = 0, a = 0, b = 0;
        for (size_t i = 0; i < size; i++) {
          dot += double(h[at + i]) * double(h[last + i]);
          a += double(h[at + i]) * double(h[at + i]);
          b += double(h[last + i]) * double(h[last + i]);
        }
        resemblance = std::max(resemblance, dot / std::sqrt(a * b));
      }
      const double value = (1 - alpha) * double(p[size_t(order[size_t(c)])]) - alpha * resemblance;
      if (value > most) {
        most = value;
        best = order[size_t(c)];
      }
    }
    text.push_back(best);
  }
  EXPECT_EQ(generate(*model, contrastive(alpha, k)).sequences.select(0, 0).to_vector<int64_t>(), text);
}

TEST(ContrastiveSearch, BadRequests) {
  auto model = tiny();
  EXPECT_THROW(generate(*model, contrastive(.5, 49)), ConfigError);  // more candidates than tokens
  auto r = contrastive(.5, 4);
  r.options.use_cache = false;
  EXPECT_THROW(generate(*model, r), ConfigError);
  r.options.use_cache = true;
  r.past = generate(*model, request(2)).past;
  EXPECT_THROW(generate(*model, r), Error);
}

TEST(Dola, ByHand) {
  const Tensor last = Tensor::from_data<float>({0, std::log(2.f), std::log(.05f)}, {1, 3});
  const Tensor near = Tensor::from_data<float>({0.1f, std::log(2.f), 0}, {1, 3});
  const Tensor far = Tensor::from_data<float>({5, 0, 0}, {1, 3});
  const auto one = contrast_layers(last, {far}).to_vector<float>();
  const double all = 3.05, other = std::exp(5) + 2;
  EXPECT_NEAR(one[0], std::log(1 / all) - (5 - std::log(other)), 1e-5);
  EXPECT_NEAR(one[1], std::log(2 / all) + std::log(other), 1e-5);
  EXPECT_EQ(one[2], -INFINITY) << "less than a tenth of the likeliest";
  EXPECT_EQ(contrast_layers(last, {near, far}).to_vector<float>(), one) << "the one that differs most";
  EXPECT_EQ(contrast_layers(last, {far, near, last}).to_vector<float>(), one);
  EXPECT_THROW(contrast_layers(last, {}), ConfigError);
  EXPECT_THROW(contrast_layers(last, {Tensor::from_data<float>({1, 2}, {1, 2})}), ShapeError);
}

TEST(Dola, LayersThatAreNotThere) {
  auto model = tiny();
  auto r = request(3);
  r.dola = Dola{{7}, [](const Tensor& states) { return states; }};
  EXPECT_THROW(generate(*model, r), ConfigError);
}

}  // namespace
}  // namespace ef
