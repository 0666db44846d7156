#include "generation/session.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "kernels/gemm.h"
#include "kernels/quant.h"
#include "nn/encoder_decoder_cache.h"
#include "nn/recurrent_cache.h"
#include "ops/ops.h"

namespace ef {

Session::Session(PreTrainedModel& model, const GenerateRequest& request, GenerateResult& result)
    : model_(model), r_(request), result_(result) {
  read_prompt();
  read_positions();
  // Embeddings of tokens that are chosen later belong to the model: with a cache nothing has to be run twice.
  const bool cached = r_.options.use_cache || r_.inputs_embeds.defined();
  result_.past = r_.past ? r_.past : cached ? model.new_cache() : nullptr;
  encoder_states_ = r_.encoder_states;
  encoder_mask_ = r_.encoder_mask;
  for (int64_t i = 0; i < batch(); i++) source_.push_back(i);
  KvCache* own = cache();
  if (auto* both = dynamic_cast<EncoderDecoderCache*>(own)) {
    both->separate();
    own = both->self().get();
  }
  // Most answers end early: what many sequences reserve is memory that they do not need.
  const int64_t ahead = std::clamp<int64_t>(2048 / batch(), 128, 1024);
  if (own) own->reserve(std::min<int64_t>(r_.options.max_length, positions() + ahead));
}

void Session::read_prompt() {
  const Tensor ids = r_.input_ids.to(DType::Int64).contiguous();
  check<ShapeError>(ids.dim() == 2, "generate: input_ids has shape ", ids.shape(), ", needed [batch, length]");
  const int64_t batch = ids.size(0), past = r_.past ? r_.past->length() : 0;
  int64_t length = r_.inputs_embeds.defined() ? r_.inputs_embeds.size(1) : ids.size(1);
  check<ShapeError>(batch > 0 && length > 0, "generate: the prompt has shape [", batch, ", ", length,
                    "], needed at least one sequence of at least one token; does the tokenizer add a BOS token?");
  check<ConfigError>(r_.options.max_length > ids.size(1), "Input length of input_ids is ", ids.size(1),
                     ", but `max_length` is set to ", r_.options.max_length,
                     ". This can lead to unexpected behavior. You should consider increasing `max_length` or, better "
                     "yet, setting `max_new_tokens`.");
  const Tensor& given = r_.attention_mask;
  // With a mask over the cache as well, the ids are those behind it.
  const bool only_new = past > 0 && given.defined() && given.dim() == 2 && given.size(1) == past + length;
  if (only_new) length += past;
  before_ = length - ids.size(1);
  mask_.assign(size_t(batch), std::vector<int64_t>(size_t(length), 1));
  if (given.defined()) {
    check<ShapeError>(given.dim() == 2 && given.size(0) == batch && given.size(1) == length,
                      "generate: attention_mask has shape ", given.shape(), ", needed [", batch, ", ", length, "]");
    const Tensor m = ne(given, Scalar(0)).contiguous();
    for (int64_t i = 0; i < batch * length; i++) mask_[size_t(i / length)][size_t(i % length)] = m.data<bool>()[i];
  }
  for (int64_t i = 0; i < batch; i++) {
    const int64_t* row = ids.data<int64_t>() + i * ids.size(1);
    history.rows.emplace_back(row, row + ids.size(1));
    std::vector<int64_t>& m = mask_[size_t(i)];
    if (length && std::find(m.begin(), m.end(), 1) == m.end())
      m.back() = 1;  // an empty text: its padding is the prompt
    const auto first = std::find(m.begin(), m.end(), 1) - m.begin();
    history.padding.push_back(std::clamp<int64_t>(first - before_, 0, ids.size(1)));
    if (std::find(m.begin(), m.end(), 0) != m.end()) masked_ = true;
  }
}

// Positions count the tokens that are looked at, and padding stands at 0; or they are the caller's.
void Session::read_positions() {
  const int64_t length = positions();
  given_positions_ = r_.position_ids.defined();
  if (given_positions_) {
    const Tensor p = r_.position_ids.to(DType::Int64).contiguous();
    check<ShapeError>(p.dim() == 2 && (p.size(0) == 1 || p.size(0) == batch()) && p.size(1) == length,
                      "generate: position_ids has shape ", p.shape(), ", needed [", batch(), ", ", length, "]");
    for (int64_t i = 0; i < batch(); i++) {
      const int64_t* row = p.data<int64_t>() + (p.size(0) == 1 ? 0 : i) * length;
      positions_.emplace_back(row, row + length);
    }
    return;
  }
  for (auto& mask : mask_) {
    std::vector<int64_t>& row = positions_.emplace_back();
    int64_t seen = 0;
    for (int64_t m : mask) {
      seen += m;
      row.push_back(m ? seen - 1 : 0);
    }
  }
}

Tensor Session::mask_tensor(int64_t keys) const {
  if (!masked_) return {};
  Tensor out = Tensor::empty({batch(), keys}, DType::Int64);
  int64_t* to = out.mutable_data<int64_t>();
  for (auto& row : mask_) to = std::copy(row.begin(), row.begin() + keys, to);
  return out;
}

Tensor Session::position_tensor(int64_t from, int64_t to) const {
  if (!masked_ && !given_positions_) return Tensor::arange(from, to).unsqueeze(0);
  Tensor out = Tensor::empty({batch(), to - from}, DType::Int64);
  int64_t* p = out.mutable_data<int64_t>();
  for (auto& row : positions_) {
    const auto known = int64_t(row.size());
    for (int64_t i = from; i < to; i++) *p++ = i < known ? row[size_t(i)] : row.back() + i - known + 1;
  }
  return out;
}

Tensor Session::ids_tensor(int64_t from, int64_t to) const {
  check<ConfigError>(from >= before_, "generate: position ", from, " has to be run, input_ids begin at position ",
                     before_);
  Tensor out = Tensor::empty({batch(), to - from}, DType::Int64);
  int64_t* p = out.mutable_data<int64_t>();
  for (auto& row : history.rows) p = std::copy(row.begin() + (from - before_), row.begin() + (to - before_), p);
  return out;
}

// The positions [from, to), with logits for the last `keep` of them.
ModelOutput Session::forward(ModelInput in, int64_t from, int64_t to, int64_t keep) {
  in.past = result_.past;
  in.use_cache = result_.past != nullptr;
  in.interrupt = r_.interrupt;
  if (encoder_states_.defined()) {
    in.decoder_input_ids = std::exchange(in.input_ids, {});
    in.decoder_attention_mask = mask_tensor(to);
    in.encoder_hidden_states = encoder_states_;
    in.attention_mask = encoder_mask_;
  } else {
    in.attention_mask = mask_tensor(to);
    in.position_ids = position_tensor(from, to);
  }
  in.logits_to_keep = keep;
  in.only_largest = only_largest_ && keep == 1;
  in.output_hidden_states = r_.options.output_hidden_states || wants_states_;
  in.output_attentions = r_.options.output_attentions;
  ModelOutput out = model_.run(in);
  if (out.past) result_.past = out.past;
  return out;
}

namespace {

// Hidden states and attentions without those of positions that were run before.
ModelOutput last_positions(ModelOutput out, int64_t count) {
  const auto keep = [&](std::vector<Tensor>& tensors, int dim) {
    for (Tensor& t : tensors)
      if (t.defined() && t.size(dim) > count) t = t.narrow(dim, t.size(dim) - count, count);
  };
  keep(out.hidden_states, 1);
  keep(out.attentions, 2);
  return out;
}

}  // namespace

Tensor Session::scores(const ModelOutput& out, int64_t back) {
  check<ShapeError>(
      out.logits.defined() && out.logits.dim() == 3 && out.logits.size(0) == batch() && out.logits.size(1) > back,
      "generate: the model returned no logits [batch, length, vocab]");
  if (r_.options.output_hidden_states) result_.hidden_states.push_back(out.hidden_states);
  if (wants_states_) states_ = out.hidden_states;
  if (r_.options.output_attentions) result_.attentions.push_back(out.attentions);
  if (r_.options.output_attentions) result_.cross_attentions.push_back(out.cross_attentions);
  const Tensor& logits = out.logits;
  const Tensor last = logits.select(1, logits.size(1) - 1 - back).to(DType::Float32).contiguous();
  // Nobody else has logits that this pass alone holds, unless they are a foreign array: processors may write to them.
  const auto& storage = out.logits.storage();
  const bool ours = out.logits.impl_ptr().use_count() == 1 && storage.use_count() <= 2 && !storage->is_external();
  return only_read_ || ours || !last.shares_storage(logits) ? last : last.clone();
}

// Positions of one pass over a prompt. Long ones go in pieces, whose activations stay in the cache and take little
// memory; states that the caller wants to see must come from one pass.
int64_t Session::prefill_chunk(int64_t length, int64_t asked) const {
  if (!result_.past || whole_prompt_) return length;
  if (asked > 0) return asked;
  if (r_.options.output_hidden_states || r_.options.output_attentions) return length;
  constexpr int64_t kRows = 512;
  // What is quantized behind a piece is another for what follows: no neighbour may decide where a piece ends.
  if (batch_invariant() && std::string_view(cache()->kind()) == "quantized") return kRows;
  return std::max<int64_t>(64, kRows / batch());
}

// The last token of the prompt is run in any case, since the next one's scores come from it.
void Session::trim_cache() {
  const int64_t length = positions(), held = cache()->length();
  check<ConfigError>(held <= length, "generate: past_key_values holds ", held, " positions, the prompt has ", length,
                     "; the prompt must contain what was cached");
  if (held == length) cache()->crop(length - 1);
}

// Whether what the cache holds was computed for shorter sequences, with keys that this one has not.
bool Session::outgrown() const {
  const int64_t most = model_.anew_beyond();
  return result_.past && most && !before_ && positions() > most && result_.past->length() <= most;
}

int64_t Session::most_guesses() const {
  if (outgrown()) return 0;
  const int64_t most = model_.anew_beyond(), length = positions();
  return most && length <= most ? most - length : std::numeric_limits<int64_t>::max();
}

int64_t Session::last_position() const {
  int64_t last = 0;
  for (auto& row : positions_)
    last = std::max({last, row.back() + positions() - int64_t(row.size()), *std::max_element(row.begin(), row.end())});
  return last;
}

ModelOutput Session::run_from(int64_t from, const Tensor& embeds, int64_t asked) {
  const int64_t length = positions(), chunk = prefill_chunk(length, asked), last = last_position();
  const int64_t begin = embeds.defined() ? length - embeds.size(1) : 0;  // behind a cache that the mask covers as well
  check<ConfigError>(from >= begin, "generate: position ", from, " has to be run, inputs_embeds begin at position ",
                     begin);
  // A prompt's last piece may be a single position.
  const QuantRows rows(encoder_states_.defined() ? QuantRows::current() : QuantRows::Prompt);
  ModelOutput out;
  while (from < length) {
    const int64_t to = std::min(from + chunk, length);
    ModelInput in;
    if (embeds.defined())
      in.inputs_embeds = embeds.narrow(1, from - begin, to - from);
    else
      in.input_ids = ids_tensor(from, to);
    const RotaryLength whole(result_.past.get(), asked ? 0 : last + 1);  // pieces of our choice change no result
    out = forward(in, from, to);
    if (r_.interrupt) r_.interrupt();
    from = to;
  }
  return out;
}

Tensor Session::prefill() {
  if (result_.past) trim_cache();
  if (outgrown()) result_.past->reset();
  const int64_t from = result_.past ? result_.past->length() : 0;
  check<ConfigError>(from >= before_ || r_.inputs_embeds.defined(), "generate: past_key_values holds ", from,
                     " positions, attention_mask and input_ids together say ", before_);
  return scores(run_from(from, r_.inputs_embeds, r_.options.prefill_chunk_size));
}

std::vector<LogitsProcessorPtr> Session::processors(int64_t vocab) const {
  std::vector<int64_t> all(history.rows.size());
  std::iota(all.begin(), all.end(), int64_t(0));
  auto out = processors(vocab, all);
  if (r_.guidance) out.insert(out.begin(), r_.guidance);
  return out;
}

std::vector<LogitsProcessorPtr> Session::processors(int64_t vocab, const std::vector<int64_t>& rows,
                                                    LogitsProcessorPtr diversity) const {
  const auto source = source_rows();
  std::vector<std::vector<int64_t>> sources;
  TokenHistory some;
  for (int64_t i : rows) {
    some.rows.push_back(history.rows[size_t(i)]);
    some.padding.push_back(history.padding[size_t(i)]);
    sources.push_back(source[size_t(i)]);
  }
  auto out = build_processors(r_.options, some, sources, r_.processors, r_.prefix_processor, vocab, diversity);
  if (r_.watermark) out.insert(out.end() - (r_.options.renormalize_logits ? 1 : 0), r_.watermark);
  return out;
}

void Session::grow() {
  for (auto& row : mask_) row.push_back(1);
}

void Session::shrink() {
  for (auto& row : mask_) row.pop_back();
  cache()->crop(positions());
}

Tensor Session::step() {
  if (outgrown()) {
    result_.past->reset();
    Tensor next = scores(run_from(0, {}, 0));
    for (Tensor& states : states_) states = states.narrow(1, states.size(1) - 1, 1);
    return next;
  }
  const int64_t length = positions(), from = next_position();
  ModelInput in;
  in.input_ids = ids_tensor(from, length);
  return scores(last_positions(forward(in, from, length), result_.past ? 1 : length));
}

// The first position that a pass has to run.
int64_t Session::next_position() const { return result_.past ? std::min(positions() - 1, result_.past->length()) : 0; }

ModelOutput Session::look_ahead(const std::vector<int64_t>& guesses) {
  const int64_t length = positions(), count = int64_t(guesses.size()), from = next_position();
  std::vector<int64_t> ids(history.rows[0].begin() + (from - before_), history.rows[0].end());
  ids.insert(ids.end(), guesses.begin(), guesses.end());
  ModelInput in;
  in.input_ids = Tensor::from_data(ids, {1, int64_t(ids.size())});
  mask_[0].resize(size_t(length + count), 1);
  if (auto* states = dynamic_cast<RecurrentCache*>(cache())) states->mark();
  const SingleRowOrder as_without_guesses;  // a near tie is then decided as in an ordinary step
  ModelOutput out = last_positions(forward(in, from, length + count, count + 1), count + 1);
  mask_[0].resize(size_t(length));
  return out;
}

void Session::forget(int64_t wrong) {
  if (!wrong) return;
  if (auto* states = dynamic_cast<RecurrentCache*>(cache()))
    states->rewind();
  else
    cache()->crop(-wrong);
}

void Session::catch_up() {
  const int64_t length = positions(), from = result_.past ? result_.past->length() : length;
  if (from >= length) return;
  ModelInput in;
  in.input_ids = ids_tensor(from, length);
  forward(in, from, length);
}

// `rows`, and where the cache can use it how many leading positions each has in common with the row it replaces.
Tensor Session::with_shared(const std::vector<int64_t>& rows) const {
  const KvCache* own = cache();
  if (auto* both = dynamic_cast<const EncoderDecoderCache*>(own)) own = both->self().get();
  const bool useful = own && (std::string(own->kind()) == "dynamic" || std::string(own->kind()) == "static");
  std::vector<int64_t> out = rows;
  if (!useful || int64_t(rows.size()) != batch()) return Tensor::from_data(out, {int64_t(rows.size())});
  for (size_t i = 0; i < rows.size(); i++) {
    const auto from = size_t(rows[i]);
    const auto &old = history.rows[i], &fresh = history.rows[from];
    const auto end = std::mismatch(old.begin(), old.end(), fresh.begin(), fresh.end()).first;
    out.push_back(source_[i] == source_[from] ? before_ + (end - old.begin()) : 0);
  }
  return Tensor::from_data(out, {2, int64_t(rows.size())});
}

// If `rows` are those of every source in turn, the same number of each: that number. Then what the decoder made of the
// sources stays as it is, a row a source. 0: they are others, or somebody wants to see a row for each.
int64_t Session::rows_of_a_source(const std::vector<int64_t>& rows, int64_t share) const {
  constexpr int64_t kMost = 12;  // queries that attention takes one by one: the bits are those of rows apart
  if (!encoder_states_.defined() || r_.options.output_attentions ||
      (encoder_mask_.defined() && encoder_mask_.dim() != 2))
    return 0;
  const auto count = int64_t(rows.size()), sources = encoder_states_.size(0);
  if (count % sources || count / sources > kMost) return 0;
  for (int64_t i = 0; i < count; i++)
    if (rows[size_t(i)] / share != i / (count / sources)) return 0;
  return count / sources;
}

void Session::reorder(const std::vector<int64_t>& rows) {
  const auto pick = [&](std::vector<std::vector<int64_t>>& from) {
    std::vector<std::vector<int64_t>> to;
    to.reserve(rows.size());
    for (int64_t i : rows) to.push_back(from[size_t(i)]);
    from = std::move(to);
  };
  bool same = int64_t(rows.size()) == batch();
  for (size_t i = 0; same && i < rows.size(); i++) same = rows[i] == int64_t(i);
  if (same) return;
  const Tensor beams = with_shared(rows);
  auto* both = dynamic_cast<EncoderDecoderCache*>(cache());
  const int64_t share = both ? rows_of_a_source(rows, both->share()) : 0;
  pick(mask_);
  pick(positions_);
  const Tensor index = Tensor::from_data(rows, {int64_t(rows.size())});
  std::vector<int64_t> source;
  for (int64_t i : rows) source.push_back(source_[size_t(i)]);
  const bool same_sources = source == source_;  // beams changed places: what they read did not
  source_ = std::move(source);
  if (both && (share || (same_sources && both->share() == 1))) {
    both->self()->reorder(beams);
    if (share) both->set_share(share);
    return;
  }
  if (both && both->share() > 1) {
    encoder_states_ = repeat_interleave(encoder_states_, both->share(), 0);
    if (encoder_mask_.defined()) encoder_mask_ = repeat_interleave(encoder_mask_, both->share(), 0);
    both->separate();
  }
  if (!same_sources && encoder_states_.defined()) encoder_states_ = index_select(encoder_states_, 0, index);
  if (!same_sources && encoder_mask_.defined()) encoder_mask_ = index_select(encoder_mask_, 0, index);
  if (result_.past) result_.past->reorder(both ? index : beams);
}

std::vector<std::vector<int64_t>> Session::source_rows() const {
  if (!encoder_states_.defined()) return history.rows;
  std::vector<std::vector<int64_t>> rows(source_.size());
  if (!r_.encoder_ids.defined()) return rows;
  const Tensor ids = r_.encoder_ids.to(DType::Int64).contiguous();
  const int64_t length = ids.size(1);
  for (size_t i = 0; i < rows.size(); i++) {
    const int64_t* from = ids.data<int64_t>() + source_[i] * length;
    rows[i].assign(from, from + length);
  }
  return rows;
}

}  // namespace ef
