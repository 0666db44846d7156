#include "generation/generate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/thread_pool.h"
#include "generation/candidates.h"
#include "generation/sampling.h"
#include "generation/warpers.h"
#include "models/tiny.h"

namespace ef {
namespace {

std::shared_ptr<PreTrainedModel> tiny() {
  auto model = make_model("llama", "causal_lm", tiny_config());
  model->train(false);
  fill_weights(*model);
  return model;
}

GenerateRequest request(const std::vector<int64_t>& ids, int64_t max_length) {
  GenerateRequest r;
  r.input_ids = ids_of(ids);
  r.options.max_length = max_length;
  return r;
}

TEST(Generate, GreedyIsTheArgmaxOfTheModel) {
  auto model = tiny();
  const auto out = generate(*model, request({3, 1, 4}, 12)).sequences.to_vector<int64_t>();
  ASSERT_EQ(out.size(), 12u);
  NoGradGuard no_grad;
  ModelInput in;
  in.input_ids = ids_of(std::vector<int64_t>(out.begin(), out.end() - 1));
  const Tensor logits = model->run(in).logits;
  for (int64_t i = 2; i < 11; i++)
    EXPECT_EQ(argmax(logits.select(0, 0).select(0, i), {}).item<int64_t>(), out[size_t(i + 1)]);
}

TEST(Generate, ASeedGivesTheSameTextForAnyThreadCount) {
  auto model = tiny();
  std::set<std::vector<int64_t>> results;
  for (int threads : {1, 2, 3}) {
    ThreadPool::instance().resize(threads);
    default_generator().manual_seed(11);
    auto r = request({3, 1, 4, 1, 5}, 30);
    r.options.do_sample = true;
    results.insert(generate(*model, r).sequences.to_vector<int64_t>());
  }
  EXPECT_EQ(results.size(), 1u);
  default_generator().manual_seed(12);
  auto r = request({3, 1, 4, 1, 5}, 30);
  r.options.do_sample = true;
  results.insert(generate(*model, r).sequences.to_vector<int64_t>());
  EXPECT_EQ(results.size(), 2u);  // another seed, another text
}

TEST(Generate, StopsAtEosAndPadsTheRest) {
  auto model = tiny();
  const auto free = generate(*model, request({3, 1, 4}, 12)).sequences.to_vector<int64_t>();
  auto r = request({3, 1, 4}, 12);
  r.options.eos_token_id = {free[5]};
  const auto stopped = generate(*model, r).sequences.to_vector<int64_t>();
  EXPECT_EQ(stopped.back(), free[5]);
  EXPECT_LE(stopped.size(), 6u);
}

TokenHistory history_of(std::vector<int64_t> ids, int64_t padding = 0) { return {{std::move(ids)}, {padding}}; }

TEST(PromptLookup, WhatFollowedTheLastTokensBefore) {
  using Ids = std::vector<int64_t>;
  PromptLookup lookup(3, 2, {9});
  EXPECT_EQ(lookup.guess(history_of({1, 2, 3, 4, 5, 1, 2}), 10), (Ids{3, 4, 5}));
  EXPECT_EQ(lookup.guess(history_of({1, 2, 3, 4, 5, 1, 2}), 2), (Ids{3, 4})) << "room for two";
  EXPECT_EQ(lookup.guess(history_of({1, 2, 3, 4, 5, 1, 2}), 0), Ids{});
  EXPECT_EQ(lookup.guess(history_of({2, 7, 1, 2, 8, 1, 2}), 10), (Ids{8, 1, 2})) << "two tokens in a row before one";
  EXPECT_EQ(lookup.guess(history_of({2, 7, 6, 2}), 10), (Ids{7, 6, 2})) << "one, where two were never there";
  EXPECT_EQ(lookup.guess(history_of({4, 4, 4}), 10), (Ids{4})) << "the place may overlap the end";
  EXPECT_EQ(lookup.guess(history_of({1, 2, 3, 9, 5, 1, 2}), 10), (Ids{3})) << "nothing from the end of a sequence on";
  EXPECT_EQ(lookup.guess(history_of({1, 2, 9, 5, 1, 2}), 10), Ids{});
  EXPECT_EQ(lookup.guess(history_of({1, 2, 3, 4}), 10), Ids{});
  EXPECT_EQ(lookup.guess(history_of({0, 5, 0}, 1), 10), Ids{}) << "padding is no text";
  EXPECT_EQ(lookup.guess(history_of({5}), 10), Ids{});
  const auto count = [&] { return lookup.guess(history_of({1, 2, 3, 4, 5, 1, 2}), 10).size(); };
  lookup.checked(0, 3);
  EXPECT_EQ(count(), 1u) << "wrong: one only";
  lookup.checked(1, 1);
  EXPECT_EQ(count(), 2u) << "right: twice as many";
  lookup.checked(2, 2);
  EXPECT_EQ(count(), 3u);
  lookup.checked(1, 3);
  EXPECT_EQ(count(), 2u);
  EXPECT_THROW(PromptLookup(0, 2, {}), ConfigError);
  EXPECT_THROW(PromptLookup(2, 0, {}), ConfigError);
}

TEST(Generate, PromptLookupChangesNoBit) {
  auto model = tiny();
  for (const bool sampling : {false, true})
    for (const int64_t ngram : {1, 3}) {
      std::vector<GenerateResult> results;
      for (const std::optional<int64_t> count : {std::optional<int64_t>(), std::optional<int64_t>(7)}) {
        default_generator().manual_seed(5);
        auto r = request({3, 1, 4, 1, 5, 9, 3, 1, 4, 1}, 60);
        r.options.do_sample = sampling;
        r.options.output_logits = r.options.output_hidden_states = r.options.output_attentions = true;
        r.options.prompt_lookup_num_tokens = count;
        r.options.max_matching_ngram_size = ngram;
        results.push_back(generate(*model, r));
      }
      const GenerateResult &plain = results[0], &guessed = results[1];
      EXPECT_GT(guessed.guessed_tokens, 0);
      if (!sampling) {
        EXPECT_GT(guessed.accepted_tokens, 5) << "a greedy tiny model repeats itself";
      }
      EXPECT_EQ(plain.sequences.to_vector<int64_t>(), guessed.sequences.to_vector<int64_t>());
      EXPECT_EQ(plain.past->length(), guessed.past->length());
      ASSERT_EQ(plain.logits.size(), guessed.logits.size());
      for (size_t i = 0; i < plain.logits.size(); i++) {
        EXPECT_EQ(plain.logits[i].to_vector<float>(), guessed.logits[i].to_vector<float>()) << i;
        for (size_t l = 0; l < plain.hidden_states[i].size(); l++)
          EXPECT_EQ(plain.hidden_states[i][l].to_vector<float>(), guessed.hidden_states[i][l].to_vector<float>());
        for (size_t l = 0; l < plain.attentions[i].size(); l++)
          EXPECT_EQ(plain.attentions[i][l].shape(), guessed.attentions[i][l].shape());
      }
    }
}

TEST(Generate, BadRequests) {
  auto model = tiny();
  EXPECT_THROW(generate(*model, request({}, 12)), ShapeError);
  EXPECT_THROW(generate(*model, request({3, 1, 4}, 3)), ConfigError);
  EXPECT_THROW(generate(*model, request({99}, 5)), IndexError);
  auto r = request({3, 1, 4}, 5);
  r.attention_mask = ids_of({0, 0, 0});
  EXPECT_EQ(generate(*model, r).sequences.size(1), 5);  // a row of padding alone is continued, as it is beside others
  r = request({3, 1, 4}, 5);
  for (int64_t i = 0; i < 48; i++) r.options.suppress_tokens.push_back(i);
  EXPECT_EQ(generate(*model, r).sequences.to_vector<int64_t>()[3], 0);  // all alike: the first
  r.options.do_sample = true;
  EXPECT_THROW(generate(*model, r), Error);  // nothing left to draw
  NoGradGuard no_grad;
  model->get_submodule("model.norm")->find_parameter("weight")->tensor().detach().fill_(NAN);
  EXPECT_THROW(generate(*model, request({3, 1, 4}, 5)), Error);
}

TEST(Generate, InterruptEndsTheLoop) {
  auto model = tiny();
  auto r = request({3, 1, 4}, 60);
  int steps = 0;
  r.interrupt = [&] {
    if (++steps == 4) throw std::runtime_error("stop");
  };
  EXPECT_THROW(generate(*model, r), std::runtime_error);
  EXPECT_EQ(steps, 4);
}

TEST(Sampling, ArgmaxIsTheFirstOfTheLargestAtAnyLength) {
  Generator generator(3);
  for (int64_t n : {1, 5, 4095, 4096, 4097, 20000, 49152}) {
    for (int round = 0; round < 8; round++) {
      std::vector<float> scores(size_t(n), 0.f);
      for (float& s : scores) s = float(int64_t(generator.random64() % 50)) - 60;  // many equals
      if (round == 6) scores.assign(size_t(n), -INFINITY);
      if (round == 7) scores[size_t(n / 2)] = scores[size_t(n - 1)] = NAN;
      int64_t expected = 0;
      for (int64_t i = 1; i < n; i++) {
        const float a = scores[size_t(i)], b = scores[size_t(expected)];
        if (!std::isnan(b) && (std::isnan(a) || a > b)) expected = i;
      }
      EXPECT_EQ(argmax(scores), expected) << n << " " << round;
    }
  }
}

TEST(Sampling, FollowsTheDistribution) {
  const std::vector<float> scores{std::log(0.5f), std::log(0.3f), -INFINITY, std::log(0.2f)};
  Generator g(3);
  std::vector<int> counts(4);
  for (int i = 0; i < 20000; i++) counts[size_t(sample(scores, g))]++;
  EXPECT_EQ(counts[2], 0);
  // 4.5 standard deviations of a binomial with 20000 draws
  EXPECT_NEAR(counts[0], 10000, 320);
  EXPECT_NEAR(counts[1], 6000, 295);
}

TEST(Sampling, RowsDoNotDependOnTheirNeighbours) {
  TokenHistory alone{{{5, 6}}, {0}}, together{{{9, 9}, {5, 6}, {5, 6}}, {0, 0, 0}};
  default_generator().manual_seed(1);
  auto a = row_generators(alone);
  default_generator().manual_seed(1);
  auto b = row_generators(together);
  EXPECT_EQ(a[0].random(), b[1].random());
  EXPECT_NE(b[1].random(), b[2].random());  // two copies of a prompt are two samples
}

}  // namespace
}  // namespace ef
