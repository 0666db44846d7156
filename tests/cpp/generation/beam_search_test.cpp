// Searches over several beams, on a model whose next token depends on the last one alone, so that all texts can be
// written down.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <tuple>

#include "generation/beams.h"
#include "generation/generate.h"
#include "generation/group_beam_search.h"
#include "generation/hypotheses.h"
#include "models/tiny.h"

namespace ef {
namespace {

using Ids = std::vector<int64_t>;

struct Chain : PreTrainedModel {
  // Of the next token after each. 0 begins, 1 ends. The likeliest first token, 2, has no good way on; 3 has.
  std::vector<std::vector<double>> chances{{.01, .04, .50, .40, .05},
                                           {.2, .2, .2, .2, .2},
                                           {.02, .30, .24, .22, .22},
                                           {.01, .90, .03, .03, .03},
                                           {.05, .05, .30, .30, .30}};
  int64_t most_rows = 0;
  ModelOutput run(const ModelInput& in) override {
    const auto ids = in.input_ids.to_vector<int64_t>();
    const int64_t rows = in.input_ids.size(0), length = in.input_ids.size(1), vocab = int64_t(chances.size());
    most_rows = std::max(most_rows, rows);
    std::vector<float> logits;
    for (int64_t row = 0; row < rows; row++)
      for (int64_t v = 0; v < vocab; v++)
        logits.push_back(float(std::log(chances[size_t(ids[size_t((row + 1) * length - 1)])][size_t(v)])));
    ModelOutput out;
    out.logits = Tensor::from_data(logits, {rows, 1, vocab});
    return out;
  }
};

GenerateRequest request(int64_t beams, int64_t new_tokens, const Ids& prompt = {0}) {
  GenerateRequest r;
  r.input_ids = ids_of(prompt);
  r.options.num_beams = beams;
  r.options.max_length = int64_t(prompt.size()) + new_tokens;
  r.options.eos_token_id = {1};
  r.options.pad_token_id = 4;
  r.options.use_cache = false;
  r.options.output_scores = true;
  return r;
}

double log_probability(const Chain& c, const Ids& text) {
  double sum = 0;
  for (size_t i = 1; i < text.size(); i++) sum += std::log(c.chances[size_t(text[i - 1])][size_t(text[i])]);
  return sum;
}

// Every text of at most `new_tokens`, by its score.
std::multimap<double, Ids, std::greater<>> all_texts(const Chain& c, int64_t new_tokens, double penalty) {
  std::multimap<double, Ids, std::greater<>> out;
  std::vector<Ids> open{{0}};
  for (int64_t length = 1; length <= new_tokens; length++) {
    std::vector<Ids> next;
    for (const Ids& text : open)
      for (int64_t v = 0; v < int64_t(c.chances.size()); v++) {
        Ids longer = text;
        longer.push_back(v);
        if (v == 1 || length == new_tokens)
          out.emplace(log_probability(c, longer) / std::pow(double(length), penalty), longer);
        else
          next.push_back(longer);
      }
    open = std::move(next);
  }
  return out;
}

Ids row(const Tensor& ids, int64_t i) { return ids.select(0, i).to_vector<int64_t>(); }

TEST(BeamSearch, EnoughBeamsFindTheBestTextThereIs) {
  for (const double penalty : {0.0, 1.0, 2.0}) {
    Chain c;
    auto r = request(80, 3);
    r.options.length_penalty = penalty;
    r.options.num_return_sequences = 5;
    const auto out = generate(c, r);
    const auto texts = all_texts(c, 3, penalty);
    auto best = texts.begin();
    for (int64_t i = 0; i < 5; i++, best++) {
      Ids padded = best->second;
      padded.resize(size_t(out.sequences.size(1)), 4);
      EXPECT_EQ(row(out.sequences, i), padded) << penalty << " " << i;
      EXPECT_NEAR(out.sequences_scores.to_vector<float>()[size_t(i)], best->first, 1e-5);
    }
  }
}

TEST(BeamSearch, TwoBeamsSeePastTheLikeliestToken) {
  Chain c;
  EXPECT_EQ(row(generate(c, request(1, 2)).sequences, 0), (Ids{0, 2, 1}));  // .50 * .30
  const auto out = generate(c, request(2, 2));
  EXPECT_EQ(row(out.sequences, 0), (Ids{0, 3, 1}));  // .40 * .90
  EXPECT_NEAR(out.sequences_scores.to_vector<float>()[0], std::log(.36) / 2, 1e-6);
  EXPECT_EQ(c.most_rows, 2);
}

TEST(BeamSearch, WhenItStops) {
  const auto steps = [](const Ids& ends, bool early, bool never, double penalty) {
    Chain c;
    auto r = request(2, 12);
    r.options.eos_token_id = ends;
    r.options.early_stopping = early;
    r.options.early_stopping_never = never;
    r.options.length_penalty = penalty;
    return generate(c, r).new_tokens;
  };
  // After two steps [3, 1] (.36) and [2, 1] (.15) have ended; the best that runs on is [2, 2] (.12).
  EXPECT_EQ(steps({1}, true, false, 1), 2);
  EXPECT_EQ(steps({1}, false, false, 1), 2) << "over its own length it is no better";
  EXPECT_EQ(steps({1}, false, true, 0), 2) << "length does not count";
  EXPECT_GT(steps({1}, false, true, 3), 6) << "what is very long may yet be best";
  // Now [3] (.40) ends first, then [2, 1]; where length counts, [2, 2] is better than [3].
  EXPECT_EQ(steps({1, 3}, true, false, 5), 2);
  EXPECT_GT(steps({1, 3}, false, false, 5), 2);
}

TEST(BeamSearch, SeveralEnds) {
  Chain c;
  auto r = request(3, 4);
  r.options.eos_token_id = {1, 3};
  r.options.num_return_sequences = 3;
  const auto out = generate(c, r);
  for (int64_t i = 0; i < 3; i++) {
    const Ids text = row(out.sequences, i);
    const auto end = std::find_if(text.begin(), text.end(), [](int64_t t) { return t == 1 || t == 3; });
    if (end != text.end()) {
      EXPECT_TRUE(std::all_of(end + 1, text.end(), [](int64_t t) { return t == 4; })) << i;
    }
  }
  EXPECT_EQ(row(out.sequences, 0)[1], 3);  // log(.40) / 1
}

TEST(GroupBeamSearch, LaterGroupsAvoidWhatEarlierOnesChose) {
  Chain c;
  auto r = request(3, 2);
  r.options.eos_token_id = {};
  r.options.num_beam_groups = 3;
  r.options.diversity_penalty = 2;
  r.options.num_return_sequences = 3;
  const auto out = generate(c, r);
  // First step: 2 (.50), 3 (.40), then 4 (.05): 2 and 3 are now worth .50 and .40 over e^2, which is more: 2 again.
  // Second step: 1 after 2 (.30); after 3: 1 (.90 / e^2 = .12) before the others (.03); after 2: 1 (.30 / e^4 = .0055)
  // behind 2 (.24).
  const std::vector<Ids> wanted{{0, 2, 1}, {0, 3, 1}, {0, 2, 2}};
  std::vector<Ids> found;
  for (int64_t i = 0; i < 3; i++) found.push_back(row(out.sequences, i));
  for (const Ids& text : wanted) EXPECT_EQ(std::count(found.begin(), found.end(), text), 1);
  const auto scores = out.sequences_scores.to_vector<float>();
  EXPECT_TRUE(std::is_sorted(scores.begin(), scores.end(), std::greater<>()));
  EXPECT_NEAR(scores[0], std::log(.15) / 2, 1e-5);
  EXPECT_NEAR(scores[1], (std::log(.36) - 2) / 2, 1e-5) << "what was subtracted counts";
  EXPECT_NEAR(scores[2], (std::log(.12) - 2) / 2, 1e-5);
}

TEST(GroupBeamSearch, OneGroupWithoutPenaltyIsBeamSearch) {
  Chain c;
  struct None : BeamConstraints {  // always met: the other search, with nothing to do
    bool met(const Ids&) override { return true; }
    int64_t progress(const Ids&) override { return 0; }
    std::vector<std::pair<int64_t, int64_t>> steps(const Ids&) override { return {}; }
  };
  auto r = request(4, 5);
  const auto plain = generate(c, r);
  r.constraints = std::make_shared<None>();
  const auto other = generate(c, r);
  EXPECT_NEAR(plain.sequences_scores.to_vector<float>()[0], other.sequences_scores.to_vector<float>()[0], 1e-6);
  EXPECT_EQ(row(plain.sequences, 0), row(other.sequences, 0));
}

TEST(GroupBeamSearch, BeamIndicesLeadToTheScores) {
  Chain c;
  auto r = request(6, 4, {0, 0});
  r.input_ids = ids_of({0, 4}, 2);
  r.options.max_length = 5;
  r.options.num_beam_groups = 3;
  r.options.diversity_penalty = .7;
  r.options.num_return_sequences = 6;
  const auto out = generate(c, r);
  const int64_t width = out.beam_indices.size(1);
  const auto beams = out.beam_indices.to_vector<int32_t>();
  for (int64_t i = 0; i < 12; i++) {
    double sum = 0;
    int64_t length = 0;
    for (; length < width && beams[size_t(i * width + length)] >= 0; length++) {
      const auto scores = out.scores[size_t(length)].to_vector<float>();
      sum += scores[size_t(beams[size_t(i * width + length)] * 5 + row(out.sequences, i)[size_t(1 + length)])];
    }
    EXPECT_NEAR(out.sequences_scores.to_vector<float>()[size_t(i)], sum / double(length), 1e-5) << i;
  }
}

struct Contains : BeamConstraints {  // these tokens, one behind the other
  Ids word;
  int64_t begun(const Ids& ids) const {
    size_t at = 0;
    for (int64_t id : ids) {
      if (at == word.size()) break;
      at = id == word[at] ? at + 1 : 0;
    }
    return int64_t(at);
  }
  bool met(const Ids& ids) override { return begun(ids) == int64_t(word.size()); }
  int64_t progress(const Ids& ids) override { return begun(ids); }
  std::vector<std::pair<int64_t, int64_t>> steps(const Ids& ids) override {
    if (met(ids)) return {};
    return {{word[size_t(begun(ids))], begun(ids) + 1}};
  }
};

TEST(ConstrainedBeamSearch, TheTextHasWhatIsWanted) {
  Chain c;
  for (const Ids& word : {Ids{4}, Ids{4, 4}, Ids{3, 2}, Ids{2, 3, 4}}) {
    auto r = request(4, 6);
    auto wanted = std::make_shared<Contains>();
    wanted->word = word;
    r.constraints = wanted;
    const auto out = generate(c, r);
    Ids text = row(out.sequences, 0);
    EXPECT_TRUE(wanted->met(text));
    const auto end = std::find(text.begin(), text.end(), 1);
    if (end != text.end()) text.resize(size_t(end - text.begin()) + 1);
    EXPECT_NEAR(out.sequences_scores.to_vector<float>()[0], log_probability(c, text) / double(text.size() - 1), 1e-5);
  }
}

TEST(ConstrainedBeamSearch, WhatIsTooLongGivesTheBestOtherTexts) {
  Chain c;
  auto r = request(3, 2);
  auto wanted = std::make_shared<Contains>();
  wanted->word = {4, 4, 4, 4};
  r.constraints = wanted;
  EXPECT_EQ(generate(c, r).sequences.shape(), (Shape{1, 3}));
  wanted->word = {9};
  EXPECT_THROW(generate(c, r), ConfigError);  // no such token
}

TEST(BeamSearch, BadOptions) {
  Chain c;
  const auto with = [&](auto change) {
    auto r = request(4, 3);
    change(r);
    return generate(c, r);
  };
  EXPECT_THROW(with([](auto& r) { r.options.num_beam_groups = 3; }), ConfigError);
  EXPECT_THROW(with([](auto& r) { r.options.num_beam_groups = 8; }), ConfigError);
  EXPECT_THROW(with([](auto& r) { r.options.num_return_sequences = 5; }), ConfigError);
  EXPECT_THROW(with([](auto& r) {
                 r.options.num_return_sequences = 5;
                 r.options.num_beam_groups = 2;
               }),
               ConfigError);
  EXPECT_THROW(with([](auto& r) {
                 r.options.num_beams = 1;
                 r.constraints = std::make_shared<Contains>();
               }),
               ConfigError);
  EXPECT_THROW(with([](auto& r) {  // with every token an end nothing can go on
                 r.options.eos_token_id = {0, 1, 2, 3, 4};
                 r.options.num_beam_groups = 2;
               }),
               ConfigError);
}

TEST(Hypotheses, TheBestAreKept) {
  Hypotheses found(2, 2);
  found.add(-4, 2, {1}, {});  // -1
  EXPECT_FALSE(found.full());
  EXPECT_DOUBLE_EQ(found.worst(), -1);
  found.add(-18, 3, {2}, {});  // -2
  EXPECT_TRUE(found.full());
  EXPECT_DOUBLE_EQ(found.worst(), -2);
  found.add(-3, 1, {3}, {});  // -3: not among them
  EXPECT_DOUBLE_EQ(found.worst(), -2);
  found.add(-2, 2, {4}, {});  // -0.5
  EXPECT_DOUBLE_EQ(found.worst(), -1);
  ASSERT_EQ(found.kept().size(), 2u);
  EXPECT_EQ(found.kept()[0].tokens, (Ids{1}));
  EXPECT_EQ(found.kept()[1].tokens, (Ids{4}));
}

TEST(BestContinuations, AreThoseOfAFullSort) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  for (const int64_t vocab : {7, 64, 1000}) {
    std::vector<float> scores(size_t(3 * vocab)), sums{-1, -2, kNoBeam};
    for (float& s : scores) s = normal(random);
    scores[3] = -INFINITY;
    std::vector<std::tuple<float, int64_t, int64_t>> all;
    for (int64_t b = 0; b < 3; b++)
      for (int64_t v = 0; v < vocab; v++) all.emplace_back(-(scores[size_t(b * vocab + v)] + sums[size_t(b)]), b, v);
    std::sort(all.begin(), all.end());
    const auto found = best_continuations(scores.data(), sums.data(), 3, vocab, 6, nullptr);
    ASSERT_EQ(found.size(), 6u);
    for (size_t i = 0; i < 6; i++)
      EXPECT_EQ(std::tuple(-found[i].score, found[i].beam, found[i].token), all[i]) << vocab;
  }
  const float few[] = {0, 1};
  const float sum = 0;
  EXPECT_EQ(best_continuations(few, &sum, 1, 2, 6, nullptr).size(), 2u);
}

}  // namespace
}  // namespace ef
