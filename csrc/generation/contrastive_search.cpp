#include "generation/contrastive_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <tuple>

#include "generation/session.h"
#include "ops/ops.h"

namespace ef {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The states of one text's visible positions, each of length 1.
class Context {
 public:
  void add(const float* state, int64_t size) {
    double sum = 0;
    for (int64_t i = 0; i < size; i++) sum += double(state[i]) * double(state[i]);
    const auto scale = float(1 / std::sqrt(sum));
    for (int64_t i = 0; i < size; i++) states_.push_back(state[i] * scale);
  }
  // The highest cosine with any of them.
  float resemblance(const float* state, int64_t size) const {
    Context one;
    one.add(state, size);
    float most = -2;
    for (size_t at = 0; at < states_.size(); at += size_t(size)) {
      const float* other = states_.data() + at;
      float dot = 0;
      for (int64_t i = 0; i < size; i++) dot += one.states_[size_t(i)] * other[i];
      most = std::max(most, dot);
    }
    return most;
  }

 private:
  std::vector<float> states_;
};

class ContrastiveSearch {
 public:
  ContrastiveSearch(PreTrainedModel& model, const GenerateRequest& r)
      : r_(r), o_(r.options), session_(model, r, result_), texts_(session_.batch()) {
    check<ConfigError>(session_.cache() != nullptr, "Contrastive search requires `use_cache=True`");
    check<UnsupportedError>(session_.cache()->length() == 0,
                            "generate: contrastive search looks at the states of the whole prompt, which "
                            "past_key_values does not hold; leave it out");
    done_.assign(size_t(texts_), false);
    session_.want_states(true);
    if (auto* dynamic = dynamic_cast<DynamicCache*>(session_.cache()); dynamic && o_.low_memory) dynamic->record_past();
  }

  GenerateResult run() {
    const auto begin = Clock::now();
    Tensor logits = session_.prefill();
    result_.prefill_seconds = since(begin);
    const auto decoding = Clock::now();
    const int64_t vocab = logits.size(1);
    check<ConfigError>(o_.top_k <= vocab, "generate: `top_k` is ", o_.top_k, ", the vocabulary has ", vocab);
    const auto processors = session_.processors(vocab);
    history_ = session_.history;
    read_context();
    if (!o_.low_memory) repeat(o_.top_k);
    for (;;) {
      if (o_.output_logits) result_.logits.push_back(logits.clone());
      for (auto& p : processors) p->process(history_, logits);
      if (o_.output_scores) result_.scores.push_back(logits.clone());
      const Tensor scores = logits;
      logits = choose(scores);
      if (r_.streamer) r_.streamer(tokens_);
      result_.new_tokens++;
      if (over(scores, begin)) break;
      if (r_.interrupt) r_.interrupt();
    }
    for (auto* steps : {&result_.hidden_states, &result_.attentions, &result_.cross_attentions})
      if (!steps->empty()) steps->pop_back();  // of the last token, from which nothing was chosen
    if (!o_.low_memory) keep_first();
    result_.decode_seconds = since(decoding);
    std::vector<int64_t> flat;
    for (auto& row : history_.rows) flat.insert(flat.end(), row.begin(), row.end());
    result_.sequences = Tensor::from_data(flat, {texts_, history_.length()});
    return std::move(result_);
  }

 private:
  void read_context() {
    const Tensor states = last_states();
    const int64_t length = states.size(1), size = states.size(2);
    const auto& mask = session_.mask();
    contexts_.resize(size_t(texts_));
    for (int64_t i = 0; i < texts_; i++)
      for (int64_t t = 0; t < length; t++)
        if (mask[size_t(i)][size_t(t)]) contexts_[size_t(i)].add(states.data<float>() + (i * length + t) * size, size);
  }

  Tensor last_states() const {
    check<UnsupportedError>(!session_.states().empty(),
                            "generate: the model returns no hidden states, which "
                            "contrastive search compares");
    return session_.states().back().to(DType::Float32).contiguous();
  }

  // Every text `count` times: a row for each of its candidates.
  void repeat(int64_t count) {
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < texts_; i++) rows.insert(rows.end(), size_t(count), i);
    session_.reorder(rows);
  }

  void keep_first() {
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < texts_; i++) rows.push_back(i * o_.top_k);
    session_.reorder(rows);
  }

  // The next token of every text, and the logits behind it.
  Tensor choose(const Tensor& scores) {
    const int64_t vocab = scores.size(1), count = o_.top_k;
    const Tensor probabilities = softmax(scores, -1).contiguous();
    std::vector<std::vector<int64_t>> tokens;
    for (int64_t i = 0; i < texts_; i++) {
      const float* p = probabilities.data<float>() + i * vocab;
      check<Error>(done_[size_t(i)] || std::isfinite(p[0]),
                   "generate: probability tensor contains either `inf`, `nan` or element < 0 (row ", i, ", step ",
                   result_.new_tokens, "); the weights may be damaged, or the processors forbid every token");
      std::vector<int64_t> ids(static_cast<size_t>(vocab));
      std::iota(ids.begin(), ids.end(), int64_t(0));
      std::partial_sort(ids.begin(), ids.begin() + count, ids.end(),
                        [&](int64_t a, int64_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });
      ids.resize(size_t(count));
      tokens.push_back(std::move(ids));
    }
    const auto value = [&](int64_t text, int64_t token, const float* state, int64_t size) {
      const auto alpha = float(o_.penalty_alpha);
      return (1 - alpha) * probabilities.data<float>()[text * vocab + token] -
             alpha * contexts_[size_t(text)].resemblance(state, size);
    };
    return o_.low_memory ? one_by_one(tokens, value) : together(tokens, value);
  }

  template <class F>
  Tensor together(const std::vector<std::vector<int64_t>>& tokens, const F& value) {
    const int64_t count = o_.top_k;
    session_.history.rows.clear();
    for (int64_t i = 0; i < texts_; i++)
      for (int64_t c = 0; c < count; c++) {
        session_.history.rows.push_back(history_.rows[size_t(i)]);
        session_.history.rows.back().push_back(tokens[size_t(i)][size_t(c)]);
      }
    session_.grow();
    const Tensor logits = session_.step(), states = last_states();
    const int64_t size = states.size(2);
    std::vector<int64_t> chosen, rows;
    for (int64_t i = 0; i < texts_; i++) {
      int64_t best = 0;
      float most = -INFINITY;
      for (int64_t c = 0; c < count; c++) {
        const float v = value(i, tokens[size_t(i)][size_t(c)], states.data<float>() + (i * count + c) * size, size);
        if (v > most) std::tie(most, best) = std::pair(v, c);
      }
      chosen.push_back(i * count + best);
      rows.insert(rows.end(), size_t(count), chosen.back());
      take(i, tokens[size_t(i)][size_t(best)], states.data<float>() + chosen.back() * size, size);
    }
    session_.reorder(rows);
    const Tensor index = Tensor::from_data(chosen, {texts_});
    for (auto* steps : {&result_.hidden_states, &result_.attentions, &result_.cross_attentions})
      if (!steps->empty())
        for (Tensor& t : steps->back()) t = index_select(t, 0, index);
    return index_select(logits, 0, index);
  }

  template <class F>
  Tensor one_by_one(const std::vector<std::vector<int64_t>>& tokens, const F& value) {
    std::vector<int64_t> best(static_cast<size_t>(texts_));
    std::vector<float> most(size_t(texts_), -INFINITY);
    const auto step = [&](const auto& token_of) {
      session_.history = history_;
      for (size_t i = 0; i < size_t(texts_); i++) session_.history.rows[i].push_back(token_of(i));
      session_.grow();
      return session_.step();
    };
    for (size_t c = 0; c < size_t(o_.top_k); c++) {
      step([&](size_t i) { return tokens[i][c]; });
      const Tensor states = last_states();
      for (int64_t i = 0; i < texts_; i++) {
        const float v = value(i, tokens[size_t(i)][c], states.data<float>() + i * states.size(2), states.size(2));
        if (v > most[size_t(i)]) std::tie(most[size_t(i)], best[size_t(i)]) = std::pair(v, tokens[size_t(i)][c]);
      }
      session_.shrink();
      for (auto* steps : {&result_.hidden_states, &result_.attentions, &result_.cross_attentions})
        if (!steps->empty()) steps->pop_back();
    }
    Tensor logits = step([&](size_t i) { return best[i]; });
    const Tensor states = last_states();
    for (int64_t i = 0; i < texts_; i++)
      take(i, best[size_t(i)], states.data<float>() + i * states.size(2), states.size(2));
    return logits;
  }

  void take(int64_t text, int64_t token, const float* state, int64_t size) {
    contexts_[size_t(text)].add(state, size);
    tokens_.resize(size_t(texts_));
    tokens_[size_t(text)] = done_[size_t(text)] ? o_.pad_token_id : token;
    history_.rows[size_t(text)].push_back(tokens_[size_t(text)]);
  }

  bool over(const Tensor& scores, Clock::time_point begin) {
    for (size_t i = 0; i < done_.size(); i++)
      if (std::find(o_.eos_token_id.begin(), o_.eos_token_id.end(), tokens_[i]) != o_.eos_token_id.end())
        done_[i] = true;
    for (auto& criterion : r_.stopping) criterion->check(history_, scores, done_);
    return std::all_of(done_.begin(), done_.end(), [](bool d) { return d; }) || history_.length() >= o_.max_length ||
           (o_.max_time && since(begin) > *o_.max_time);
  }

  const GenerateRequest& r_;
  const GenerationOptions& o_;
  GenerateResult result_;
  Session session_;
  const int64_t texts_;
  TokenHistory history_;  // a row a text; the session's has one a candidate
  std::vector<Context> contexts_;
  std::vector<int64_t> tokens_;
  std::vector<bool> done_;
};

}  // namespace

GenerateResult contrastive_search(PreTrainedModel& model, const GenerateRequest& request) {
  return ContrastiveSearch(model, request).run();
}

}  // namespace ef
