#include "generation/logits_process.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "generation/warpers.h"

namespace ef {

void RowProcessor::process(const TokenHistory& history, Tensor& scores) {
  const int64_t vocab = scores.size(1);
  float* data = scores.mutable_data<float>();
  for (size_t i = 0; i < history.rows.size(); i++)
    row(history.rows[i], history.padding[i], {data + int64_t(i) * vocab, size_t(vocab)});
}

namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
using Ids = std::span<const int64_t>;
using Scores = std::span<float>;

struct SequenceBias : RowProcessor {
  std::vector<std::pair<std::vector<int64_t>, double>> biases;
  void row(Ids ids, int64_t, Scores scores) override {
    for (auto& [sequence, bias] : biases) {
      const size_t prefix = sequence.size() - 1;
      if (prefix <= ids.size() && std::equal(sequence.begin(), sequence.end() - 1, ids.end() - int64_t(prefix)))
        scores[size_t(sequence.back())] += float(bias);
    }
  }
};

void penalise(std::unordered_set<int64_t>& seen, Ids ids, float penalty, Scores scores) {
  seen.clear();
  for (int64_t id : ids)
    if (id >= 0 && id < int64_t(scores.size()) && seen.insert(id).second) {
      float& s = scores[size_t(id)];
      s = s < 0 ? s * penalty : s / penalty;
    }
}

struct Repetition : RowProcessor {
  float penalty = 1;
  std::unordered_set<int64_t> seen;
  void row(Ids ids, int64_t padding, Scores scores) override {
    penalise(seen, ids.subspan(size_t(padding)), penalty, scores);
  }
};

struct EncoderRepetition : LogitsProcessor {  // the prompt's tokens become more likely: the penalty is inverted
  float penalty = 1;
  std::vector<std::vector<int64_t>> prompt;
  std::unordered_set<int64_t> seen;
  void process(const TokenHistory&, Tensor& scores) override {
    const int64_t vocab = scores.size(1);
    float* data = scores.mutable_data<float>();
    for (size_t i = 0; i < prompt.size(); i++)
      penalise(seen, prompt[i], 1 / penalty, {data + int64_t(i) * vocab, size_t(vocab)});
  }
};

// Forbids every token that would complete an n-gram of `source` that the tail of `ids` has begun.
void ban_repeats(Ids source, Ids ids, size_t n, Scores scores) {
  if (ids.size() + 1 < n || source.size() < n) return;
  const Ids tail = ids.subspan(ids.size() - (n - 1));
  for (size_t at = 0; at + n <= source.size(); at++)
    if (std::equal(tail.begin(), tail.end(), source.begin() + int64_t(at))) {
      const int64_t id = source[at + n - 1];
      if (id >= 0 && id < int64_t(scores.size())) scores[size_t(id)] = kNever;
    }
}

struct NoRepeatNgram : RowProcessor {
  size_t n = 0;
  void row(Ids ids, int64_t, Scores scores) override { ban_repeats(ids, ids, n, scores); }
};

struct EncoderNoRepeatNgram : LogitsProcessor {
  size_t n = 0;
  std::vector<std::vector<int64_t>> prompt;
  void process(const TokenHistory& history, Tensor& scores) override {
    const int64_t vocab = scores.size(1);
    float* data = scores.mutable_data<float>();
    for (size_t i = 0; i < prompt.size(); i++)
      ban_repeats(prompt[i], history.rows[i], n, {data + int64_t(i) * vocab, size_t(vocab)});
  }
};

// Forbids `tokens` while the sequence is shorter than `length`, or exactly at it.
struct SuppressUntil : RowProcessor {
  std::vector<int64_t> tokens;
  int64_t length = 0;
  bool exactly = false;
  void row(Ids ids, int64_t, Scores scores) override {
    const auto n = int64_t(ids.size());
    if (exactly ? n != length : n >= length) return;
    for (int64_t id : tokens)
      if (id >= 0 && id < int64_t(scores.size())) scores[size_t(id)] = kNever;
  }
};

struct ForceAt : RowProcessor {
  std::vector<int64_t> tokens;
  int64_t length = 0;
  void row(Ids ids, int64_t, Scores scores) override {
    if (int64_t(ids.size()) != length) return;
    std::fill(scores.begin(), scores.end(), kNever);
    for (int64_t id : tokens) scores[size_t(id)] = 0;
  }
};

struct InfNanRemove : RowProcessor {
  void row(Ids, int64_t, Scores scores) override {
    constexpr float big = std::numeric_limits<float>::max();
    for (float& s : scores) s = std::isnan(s) ? 0 : std::clamp(s, -big, big);
  }
};

struct ExponentialDecay : RowProcessor {
  std::vector<int64_t> eos;
  int64_t start = 0;
  double factor = 1;
  void row(Ids ids, int64_t, Scores scores) override {
    const auto n = int64_t(ids.size());
    if (n <= start) return;
    for (int64_t id : eos) {
      float& s = scores[size_t(id)];
      if (std::isfinite(s)) s += std::fabs(s) * float(std::pow(factor, double(n - start)) - 1);
    }
  }
};

std::vector<int64_t> within(const std::vector<int64_t>& ids, int64_t vocab) {
  std::vector<int64_t> out;
  for (int64_t id : ids)
    if (id >= 0 && id < vocab) out.push_back(id);
  return out;
}

std::shared_ptr<SequenceBias> checked_bias(std::vector<std::pair<std::vector<int64_t>, double>> biases, int64_t vocab) {
  auto p = std::make_shared<SequenceBias>();
  for (auto& [sequence, bias] : biases) {
    check<ConfigError>(!sequence.empty(), "sequence_bias and bad_words_ids: a sequence of token ids must not be empty");
    for (int64_t id : sequence)
      check<ConfigError>(id >= 0 && id < vocab, "The model vocabulary size is ", vocab,
                         ", but the following tokens were being biased: [", id, "]");
  }
  p->biases = std::move(biases);
  return p;
}

template <class P, class... Fields>
std::shared_ptr<P> make(Fields&&... fields) {
  auto p = std::make_shared<P>();
  (fields(*p), ...);
  return p;
}

}  // namespace

std::vector<LogitsProcessorPtr> build_processors(const GenerationOptions& o, const TokenHistory& prompt,
                                                 const std::vector<std::vector<int64_t>>& source,
                                                 std::vector<LogitsProcessorPtr> user, LogitsProcessorPtr prefix,
                                                 int64_t vocab, LogitsProcessorPtr diversity) {
  std::vector<LogitsProcessorPtr> out;
  const int64_t start = prompt.length();
  const std::vector<int64_t> eos = within(o.eos_token_id, vocab);
  if (!o.sequence_bias.empty()) out.push_back(checked_bias(o.sequence_bias, vocab));
  if (diversity) out.push_back(std::move(diversity));
  if (o.encoder_repetition_penalty != 1)
    out.push_back(make<EncoderRepetition>([&](auto& p) {
      p.penalty = float(o.encoder_repetition_penalty);
      p.prompt = source;
    }));
  if (o.repetition_penalty != 1)
    out.push_back(make<Repetition>([&](auto& p) { p.penalty = float(o.repetition_penalty); }));
  if (o.no_repeat_ngram_size > 0)
    out.push_back(make<NoRepeatNgram>([&](auto& p) { p.n = size_t(o.no_repeat_ngram_size); }));
  if (o.encoder_no_repeat_ngram_size > 0)
    out.push_back(make<EncoderNoRepeatNgram>([&](auto& p) {
      p.n = size_t(o.encoder_no_repeat_ngram_size);
      p.prompt = source;
    }));
  if (!o.bad_words_ids.empty()) {
    std::vector<std::pair<std::vector<int64_t>, double>> bans;
    for (auto& word : o.bad_words_ids) {
      const bool is_eos = word.size() == 1 && std::find(eos.begin(), eos.end(), word[0]) != eos.end();
      if (!is_eos) bans.emplace_back(word, double(kNever));
    }
    out.push_back(checked_bias(std::move(bans), vocab));
  }
  auto suppress = [&](const std::vector<int64_t>& tokens, int64_t length, bool exactly) {
    out.push_back(make<SuppressUntil>([&](auto& p) {
      p.tokens = tokens;
      p.length = length;
      p.exactly = exactly;
    }));
  };
  if (o.min_length > 0 && !eos.empty()) suppress(eos, o.min_length, false);
  if (o.min_new_tokens > 0 && !eos.empty()) suppress(eos, start + o.min_new_tokens, false);
  if (prefix) out.push_back(std::move(prefix));
  auto force = [&](const std::vector<int64_t>& tokens, int64_t length) {
    for (int64_t id : tokens)
      check<ConfigError>(id >= 0 && id < vocab, "forced token id ", id, " is outside the vocabulary of ", vocab);
    out.push_back(make<ForceAt>([&](auto& p) {
      p.tokens = tokens;
      p.length = length;
    }));
  };
  if (o.forced_bos_token_id) force({*o.forced_bos_token_id}, 1);
  if (!o.forced_eos_token_id.empty()) force(o.forced_eos_token_id, o.max_length - 1);
  if (o.remove_invalid_values) out.push_back(std::make_shared<InfNanRemove>());
  if (o.exponential_decay_length_penalty)
    out.push_back(make<ExponentialDecay>([&](auto& p) {
      p.eos = eos;
      p.start = o.exponential_decay_length_penalty->first + start;
      p.factor = o.exponential_decay_length_penalty->second;
    }));
  if (!o.suppress_tokens.empty()) suppress(o.suppress_tokens, std::numeric_limits<int64_t>::max(), false);
  if (!o.begin_suppress_tokens.empty())
    suppress(o.begin_suppress_tokens, start > 1 || !o.forced_bos_token_id ? start : start + 1, true);
  for (auto& p : user) out.push_back(std::move(p));
  if (o.do_sample) add_warpers(o, out);
  if (o.renormalize_logits) out.push_back(log_softmax_processor());
  return out;
}

}  // namespace ef
