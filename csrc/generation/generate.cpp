#include "generation/generate.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "autograd/autograd.h"
#include "core/thread_pool.h"
#include "generation/beam_search.h"
#include "generation/candidates.h"
#include "generation/contrastive_search.h"
#include "generation/group_beam_search.h"
#include "generation/sampling.h"
#include "generation/session.h"
#include "nn/encoder_decoder_cache.h"
#include "ops/ops.h"

namespace ef {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Loop {
 public:
  Loop(PreTrainedModel& model, const GenerateRequest& r) : r_(r), session_(model, r, result_) {
    if (r.dola) session_.want_states(false);
    if (r.candidates || r.options.prompt_lookup_num_tokens) start_guessing();
    done_.assign(size_t(session_.batch()), false);
  }

  GenerateResult run() {
    const auto start = Clock::now();
    Tensor logits = session_.prefill();
    result_.prefill_seconds = since(start);
    const auto decoding = Clock::now();
    TokenHistory& history = session_.history;
    const auto processors = session_.processors(logits.size(1));
    session_.only_read_scores(processors.empty());
    session_.only_largest_score(processors.empty() && !r_.options.do_sample && !r_.options.output_logits &&
                                !r_.options.output_scores && !r_.dola &&
                                std::ranges::none_of(r_.stopping, [](auto& c) { return c->wants_scores; }));
    std::vector<Generator> generators = r_.options.do_sample ? row_generators(history) : std::vector<Generator>();
    for (;;) {
      if (r_.options.output_logits) result_.logits.push_back(logits.clone());
      if (r_.dola) logits = contrast(logits);
      for (auto& p : processors) p->process(history, logits);
      if (r_.options.output_scores) result_.scores.push_back(logits.clone());
      choose(logits, generators);
      if (r_.streamer) r_.streamer(tokens_);
      result_.new_tokens++;
      if (finished(logits, start)) break;
      if (r_.interrupt) r_.interrupt();
      logits = step();
    }
    forget_guesses();
    if (candidates_) session_.catch_up();
    result_.decode_seconds = since(decoding);
    std::vector<int64_t> flat;
    for (auto& row : history.rows) flat.insert(flat.end(), row.begin(), row.end());
    result_.sequences = Tensor::from_data(flat, {session_.batch(), history.length()});
    return std::move(result_);
  }

 private:
  void start_guessing() {
    const GenerationOptions& o = r_.options;
    KvCache* cache = session_.cache();
    check<ConfigError>(cache != nullptr, "assisted generate requires `use_cache=True`");
    check<ConfigError>(session_.batch() == 1, "assisted generate is only supported for batch_size = 1 (found ",
                       session_.batch(), ")");
    if (auto* both = dynamic_cast<EncoderDecoderCache*>(cache)) cache = both->self().get();
    auto* dynamic = dynamic_cast<DynamicCache*>(cache);
    check<UnsupportedError>(
        std::string(cache->kind()) != "quantized",
        "generate: prompt_lookup_num_tokens or assistant_model with a quantized cache would change the text");
    check<ConfigError>(dynamic && !dynamic_cast<StaticCache*>(dynamic),
                       "assisted generate is not supported with Static cache classes`");
    dynamic->record_past();
    candidates_ = r_.candidates;
    if (!candidates_)
      candidates_ =
          std::make_shared<PromptLookup>(*o.prompt_lookup_num_tokens, o.max_matching_ngram_size, o.eos_token_id);
  }

  Tensor contrast(const Tensor& logits) const {
    std::vector<Tensor> early;
    for (int64_t layer : r_.dola->layers) {
      check<ConfigError>(layer >= 0 && layer < int64_t(session_.states().size()), "generate: `dola_layers` holds ",
                         layer, ", the model returns ", session_.states().size(), " hidden states");
      const Tensor& states = session_.states()[size_t(layer)];
      early.push_back(r_.dola->logits(states.select(1, states.size(1) - 1)));
    }
    return contrast_layers(logits, early);
  }

  Tensor step() {
    session_.grow();
    if (used_ < guesses_.size() && tokens_[0] == guesses_[used_]) return scores_of_guess(++used_);
    forget_guesses();
    const int64_t most = std::min(r_.options.max_length - session_.history.length() - 1, session_.most_guesses());
    if (candidates_) guesses_ = candidates_->guess(session_.history, most);
    if (guesses_.empty()) return session_.step();
    ahead_ = session_.look_ahead(guesses_);
    result_.guessed_tokens += int64_t(guesses_.size());
    return scores_of_guess(used_ = 0);
  }

  // What the pass over guesses says about the position of the n-th, as if it had been the last one.
  Tensor scores_of_guess(size_t n) {
    const int64_t back = int64_t(guesses_.size() - n), at = int64_t(n);
    ModelOutput one;
    one.logits = ahead_.logits;
    for (auto& h : ahead_.hidden_states) one.hidden_states.push_back(h.narrow(1, at, 1));
    for (auto& a : ahead_.attentions) one.attentions.push_back(a.narrow(2, at, 1).narrow(3, 0, a.size(3) - back));
    for (auto& a : ahead_.cross_attentions) one.cross_attentions.push_back(a.narrow(2, at, 1));
    return session_.scores(one, back);
  }

  // The cache loses what the guesses that were not taken left in it.
  void forget_guesses() {
    if (guesses_.empty()) return;
    session_.forget(int64_t(guesses_.size() - used_));
    candidates_->checked(int64_t(used_), int64_t(guesses_.size()));
    result_.accepted_tokens += int64_t(used_);
    guesses_.clear();
    ahead_ = {};
    used_ = 0;
  }

  void choose(const Tensor& scores, std::vector<Generator>& generators) {
    const int64_t vocab = scores.size(1);
    tokens_.resize(size_t(session_.batch()));
    const auto row_of = [&](int64_t i) {
      return std::span<const float>(scores.data<float>() + i * vocab, size_t(vocab));
    };
    parallel_for(session_.batch(), 1 + 65536 / vocab, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) tokens_[size_t(i)] = argmax(row_of(i));
    });
    for (int64_t i = 0; i < session_.batch(); i++) {
      const std::span<const float> row = row_of(i);
      int64_t token = r_.options.pad_token_id;
      if (!done_[size_t(i)]) {
        token = tokens_[size_t(i)];
        const float best = row[size_t(token)];  // a forced token's may be infinite; nothing can be drawn from that
        check<Error>(r_.options.do_sample ? std::isfinite(best) : !std::isnan(best),
                     "generate: probability tensor contains either `inf`, `nan` or element < 0 (row ", i, ", step ",
                     result_.new_tokens, ", highest score ", best,
                     "); the weights may be damaged, or the processors forbid every token");
        if (r_.options.do_sample) token = sample(row, generators[size_t(i)]);
      }
      tokens_[size_t(i)] = token;
      session_.history.rows[size_t(i)].push_back(token);
    }
  }

  bool finished(const Tensor& scores, Clock::time_point start) {
    const auto& eos = r_.options.eos_token_id;
    for (size_t i = 0; i < done_.size(); i++)
      if (std::find(eos.begin(), eos.end(), tokens_[i]) != eos.end()) done_[i] = true;
    for (auto& criterion : r_.stopping) criterion->check(session_.history, scores, done_);
    return std::all_of(done_.begin(), done_.end(), [](bool d) { return d; }) ||
           session_.history.length() >= r_.options.max_length ||
           (r_.options.max_time && since(start) > *r_.options.max_time);
  }

  const GenerateRequest& r_;
  GenerateResult result_;
  Session session_;
  std::vector<int64_t> tokens_;
  std::vector<bool> done_;
  std::shared_ptr<Candidates> candidates_;
  std::vector<int64_t> guesses_;  // in the cache behind the sequence; the first `used_` of them became part of it
  ModelOutput ahead_;             // of the last token and the guesses
  size_t used_ = 0;
};

GenerateResult run(PreTrainedModel& model, const GenerateRequest& request) {
  const GenerationOptions& o = request.options;
  if (request.constraints || o.num_beam_groups > 1) return group_beam_search(model, request);
  if (o.penalty_alpha > 0) return contrastive_search(model, request);
  return o.num_beams > 1 ? beam_search(model, request) : Loop(model, request).run();
}

}  // namespace

GenerateResult generate(PreTrainedModel& model, const GenerateRequest& request) {
  NoGradGuard no_grad;
  GenerateResult result = run(model, request);
  if (!request.options.use_cache && !request.past) result.past = nullptr;
  return result;
}

}  // namespace ef
