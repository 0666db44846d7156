#include "generation/generate.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/autograd.h"
#include "generation/candidates.h"
#include "generation/sampling.h"
#include "kernels/gemm.h"
#include "ops/ops.h"

namespace ef {
namespace {

using Clock = std::chrono::steady_clock;
double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Loop {
 public:
  Loop(PreTrainedModel& model, const GenerateRequest& r) : model_(model), r_(r), batch_(r.input_ids.size(0)) {
    read_prompt();
    result_.past = r.past ? r.past : r.options.use_cache ? model.new_cache() : nullptr;
    if (auto* dynamic = dynamic_cast<DynamicCache*>(result_.past.get()))
      dynamic->reserve(std::min<int64_t>(r.options.max_length, positions() + 1024));
    if (r.options.prompt_lookup_num_tokens) guess_with_prompt_lookup();
    done_.assign(size_t(batch_), false);
  }

  GenerateResult run() {
    const auto start = Clock::now();
    Tensor logits = prefill();
    result_.prefill_seconds = since(start);
    const auto decoding = Clock::now();
    const int64_t vocab = logits.size(1);
    std::vector<LogitsProcessorPtr> processors =
        build_processors(r_.options, history_, r_.processors, r_.prefix_processor, vocab);
    if (r_.guidance) processors.insert(processors.begin(), r_.guidance);
    std::vector<Generator> generators = r_.options.do_sample ? row_generators(history_) : std::vector<Generator>();
    for (;;) {
      if (r_.options.output_logits) result_.logits.push_back(logits.clone());
      for (auto& p : processors) p->process(history_, logits);
      if (r_.options.output_scores) result_.scores.push_back(logits.clone());
      choose(logits, generators);
      if (r_.streamer) r_.streamer(tokens_);
      result_.new_tokens++;
      if (finished(logits, start)) break;
      if (r_.interrupt) r_.interrupt();
      logits = step();
    }
    forget_guesses();
    result_.decode_seconds = since(decoding);
    std::vector<int64_t> flat;
    for (auto& row : history_.rows) flat.insert(flat.end(), row.begin(), row.end());
    result_.sequences = Tensor::from_data(flat, {batch_, history_.length()});
    return std::move(result_);
  }

 private:
  void guess_with_prompt_lookup() {
    const GenerationOptions& o = r_.options;
    check<ConfigError>(result_.past != nullptr, "assisted generate requires `use_cache=True`");
    check<ConfigError>(batch_ == 1, "assisted generate is only supported for batch_size = 1 (found ", batch_, ")");
    auto* dynamic = dynamic_cast<DynamicCache*>(result_.past.get());
    check<UnsupportedError>(std::string(result_.past->kind()) != "quantized",
                            "generate: prompt_lookup_num_tokens with a quantized cache would change the text");
    check<ConfigError>(dynamic && !dynamic_cast<StaticCache*>(dynamic),
                       "assisted generate is not supported with Static cache classes`");
    dynamic->record_past();
    candidates_ =
        std::make_unique<PromptLookup>(*o.prompt_lookup_num_tokens, o.max_matching_ngram_size, o.eos_token_id);
  }

  int64_t positions() const { return int64_t(mask_.empty() ? 0 : mask_[0].size()); }

  void read_prompt() {
    const Tensor ids = r_.input_ids.to(DType::Int64).contiguous();
    const int64_t length = r_.inputs_embeds.defined() ? r_.inputs_embeds.size(1) : ids.size(1);
    check<ShapeError>(batch_ > 0 && length > 0, "generate: the prompt has shape [", batch_, ", ", length,
                      "], needed at least one sequence of at least one token; does the tokenizer add a BOS token?");
    check<ConfigError>(r_.options.max_length > ids.size(1), "Input length of input_ids is ", ids.size(1),
                       ", but `max_length` is set to ", r_.options.max_length,
                       ". This can lead to unexpected behavior. You should consider increasing `max_length` or, better "
                       "yet, setting `max_new_tokens`.");
    mask_.assign(size_t(batch_), std::vector<int64_t>(size_t(length), 1));
    if (r_.attention_mask.defined()) {
      check<ShapeError>(
          r_.attention_mask.dim() == 2 && r_.attention_mask.size(0) == batch_ && r_.attention_mask.size(1) == length,
          "generate: attention_mask has shape ", r_.attention_mask.shape(), ", needed [", batch_, ", ", length, "]");
      const Tensor m = ne(r_.attention_mask, Scalar(0)).contiguous();
      for (int64_t i = 0; i < batch_ * length; i++) mask_[size_t(i / length)][size_t(i % length)] = m.data<bool>()[i];
    }
    for (int64_t i = 0; i < batch_; i++) {
      const int64_t* row = ids.data<int64_t>() + i * ids.size(1);
      history_.rows.emplace_back(row, row + ids.size(1));
      const auto& m = mask_[size_t(i)];
      const auto first = std::find(m.begin(), m.end(), 1) - m.begin();
      check<ConfigError>(first < length, "generate: row ", i, " of attention_mask hides the whole prompt");
      history_.padding.push_back(std::min<int64_t>(first, ids.size(1)));
      if (std::find(m.begin(), m.end(), 0) != m.end()) masked_ = true;
    }
  }

  Tensor mask_tensor(int64_t keys) const {
    if (!masked_) return {};
    Tensor out = Tensor::empty({batch_, keys}, DType::Int64);
    int64_t* to = out.mutable_data<int64_t>();
    for (auto& row : mask_) to = std::copy(row.begin(), row.begin() + keys, to);
    return out;
  }

  // Positions count the tokens that are looked at; those of padding do not matter.
  Tensor position_tensor(int64_t from, int64_t to) const {
    if (!masked_) return Tensor::arange(from, to).unsqueeze(0);
    Tensor out = Tensor::empty({batch_, to - from}, DType::Int64);
    int64_t* p = out.mutable_data<int64_t>();
    for (auto& row : mask_) {
      int64_t seen = 0;
      for (int64_t i = 0; i < to; i++) {
        seen += row[size_t(i)];
        if (i >= from) *p++ = row[size_t(i)] ? seen - 1 : 0;
      }
    }
    return out;
  }

  // The positions [from, to), with logits for the last `keep` of them.
  ModelOutput forward(ModelInput in, int64_t from, int64_t to, int64_t keep = 1) {
    in.past = result_.past;
    in.use_cache = result_.past != nullptr;
    in.interrupt = r_.interrupt;
    in.attention_mask = mask_tensor(to);
    in.position_ids = position_tensor(from, to);
    in.logits_to_keep = keep;
    in.output_hidden_states = r_.options.output_hidden_states;
    in.output_attentions = r_.options.output_attentions;
    ModelOutput out = model_.run(in);
    if (out.past) result_.past = out.past;
    return out;
  }

  // The scores after a position of `out`, `back` before its last one, in memory that processors may change.
  Tensor scores(const ModelOutput& out, int64_t back = 0) {
    check<ShapeError>(
        out.logits.defined() && out.logits.dim() == 3 && out.logits.size(0) == batch_ && out.logits.size(1) > back,
        "generate: the model returned no logits [batch, length, vocab]");
    if (r_.options.output_hidden_states) result_.hidden_states.push_back(out.hidden_states);
    if (r_.options.output_attentions) result_.attentions.push_back(out.attentions);
    const Tensor& logits = out.logits;
    return logits.select(1, logits.size(1) - 1 - back).to(DType::Float32).contiguous().clone();
  }

  Tensor ids_tensor(int64_t from, int64_t to) const {
    Tensor out = Tensor::empty({batch_, to - from}, DType::Int64);
    int64_t* p = out.mutable_data<int64_t>();
    for (auto& row : history_.rows) p = std::copy(row.begin() + from, row.begin() + to, p);
    return out;
  }

  // Positions of one pass over a prompt. Long ones go in pieces, whose activations stay in the cache and take little
  // memory; states that the caller wants to see must come from one pass.
  int64_t prefill_chunk(int64_t length) const {
    if (!result_.past) return length;
    if (r_.options.prefill_chunk_size > 0) return r_.options.prefill_chunk_size;
    if (r_.options.output_hidden_states || r_.options.output_attentions) return length;
    return std::max<int64_t>(64, 512 / batch_);
  }

  Tensor prefill() {
    const int64_t length = positions();
    int64_t from = result_.past ? result_.past->length() : 0;
    check<ConfigError>(from < length, "generate: past_key_values holds ", from, " positions, the prompt has ", length,
                       "; the prompt must contain what was cached and at least one new token");
    const int64_t chunk = prefill_chunk(length);
    ModelOutput out;
    while (from < length) {
      const int64_t to = std::min(from + chunk, length);
      ModelInput in;
      if (r_.inputs_embeds.defined())
        in.inputs_embeds = r_.inputs_embeds.narrow(1, from, to - from);
      else
        in.input_ids = ids_tensor(from, to);
      out = forward(in, from, to);
      if (r_.interrupt) r_.interrupt();
      from = to;
    }
    return scores(out);
  }

  Tensor step() {
    for (auto& row : mask_) row.push_back(1);
    if (used_ < guesses_.size() && tokens_[0] == guesses_[used_]) return scores_of_guess(++used_);
    forget_guesses();
    const int64_t length = positions();
    ModelInput in;
    if (!result_.past) {
      check<UnsupportedError>(!r_.inputs_embeds.defined(), "generate: inputs_embeds needs use_cache=True");
      in.input_ids = ids_tensor(0, length);
      return scores(forward(in, 0, length));
    }
    if (candidates_) guesses_ = candidates_->guess(history_, r_.options.max_length - history_.length() - 1);
    if (guesses_.empty()) {
      in.input_ids = Tensor::from_data(tokens_, {batch_, 1});
      return scores(forward(in, length - 1, length));
    }
    const int64_t count = int64_t(guesses_.size());
    std::vector<int64_t> ids = tokens_;
    ids.insert(ids.end(), guesses_.begin(), guesses_.end());
    in.input_ids = Tensor::from_data(ids, {1, count + 1});
    mask_[0].resize(size_t(length + count), 1);
    const SingleRowOrder as_without_guesses;  // a near tie is then decided as in an ordinary step
    ahead_ = forward(in, length - 1, length + count, count + 1);
    mask_[0].resize(size_t(length));
    result_.guessed_tokens += count;
    return scores_of_guess(used_ = 0);
  }

  // What the pass over guesses says about the position of the n-th, as if it had been the last one.
  Tensor scores_of_guess(size_t n) {
    const int64_t back = int64_t(guesses_.size() - n), at = int64_t(n);
    ModelOutput one;
    one.logits = ahead_.logits;
    for (auto& h : ahead_.hidden_states) one.hidden_states.push_back(h.narrow(1, at, 1));
    for (auto& a : ahead_.attentions) one.attentions.push_back(a.narrow(2, at, 1).narrow(3, 0, a.size(3) - back));
    return scores(one, back);
  }

  // The cache loses what the guesses that were not taken left in it.
  void forget_guesses() {
    if (guesses_.empty()) return;
    if (guesses_.size() > used_) result_.past->crop(-int64_t(guesses_.size() - used_));
    candidates_->checked(int64_t(used_), int64_t(guesses_.size()));
    result_.accepted_tokens += int64_t(used_);
    guesses_.clear();
    ahead_ = {};
    used_ = 0;
  }

  void choose(const Tensor& scores, std::vector<Generator>& generators) {
    const int64_t vocab = scores.size(1);
    tokens_.resize(size_t(batch_));
    for (int64_t i = 0; i < batch_; i++) {
      const std::span<const float> row(scores.data<float>() + i * vocab, size_t(vocab));
      int64_t token = r_.options.pad_token_id;
      if (!done_[size_t(i)]) {
        token = argmax(row);
        const float best = row[size_t(token)];
        check<Error>(std::isfinite(best),
                     "generate: probability tensor contains either `inf`, `nan` or element < 0 (row ", i, ", step ",
                     result_.new_tokens, ", highest score ", best,
                     "); the weights may be damaged, or the processors forbid every token");
        if (r_.options.do_sample) token = sample(row, generators[size_t(i)]);
      }
      tokens_[size_t(i)] = token;
      history_.rows[size_t(i)].push_back(token);
    }
  }

  bool finished(const Tensor& scores, Clock::time_point start) {
    const auto& eos = r_.options.eos_token_id;
    for (size_t i = 0; i < done_.size(); i++)
      if (std::find(eos.begin(), eos.end(), tokens_[i]) != eos.end()) done_[i] = true;
    for (auto& criterion : r_.stopping) criterion->check(history_, scores, done_);
    return std::all_of(done_.begin(), done_.end(), [](bool d) { return d; }) ||
           history_.length() >= r_.options.max_length || (r_.options.max_time && since(start) > *r_.options.max_time);
  }

  PreTrainedModel& model_;
  const GenerateRequest& r_;
  const int64_t batch_;
  GenerateResult result_;
  TokenHistory history_;
  std::vector<std::vector<int64_t>> mask_;
  bool masked_ = false;
  std::vector<int64_t> tokens_;
  std::vector<bool> done_;
  std::unique_ptr<Candidates> candidates_;
  std::vector<int64_t> guesses_;  // in the cache behind the sequence; the first `used_` of them became part of it
  ModelOutput ahead_;             // of the last token and the guesses
  size_t used_ = 0;
};

}  // namespace

GenerateResult generate(PreTrainedModel& model, const GenerateRequest& request) {
  NoGradGuard no_grad;
  return Loop(model, request).run();
}

}  // namespace ef
