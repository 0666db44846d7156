#include "tokenizers/tokenizer.h"

#include <algorithm>
#include <atomic>

#include "core/thread_pool.h"
#include "tokenizers/char_index.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

std::unique_ptr<Workspace> WorkspacePool::take(const Model& model) {
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto out = std::move(free_.back());
      free_.pop_back();
      return out;
    }
  }
  return model.workspace();
}
void WorkspacePool::give_back(std::unique_ptr<Workspace> workspace) {
  if (!workspace) return;
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(workspace));
}
void WorkspacePool::clear() {
  std::lock_guard lock(mutex_);
  free_.clear();
}

namespace {
class Lease {
 public:
  Lease(WorkspacePool& pool, const Model& model) : pool_(pool), workspace_(pool.take(model)) {}
  ~Lease() { pool_.give_back(std::move(workspace_)); }
  Lease(const Lease&) = delete;
  Workspace* get() const { return workspace_.get(); }

 private:
  WorkspacePool& pool_;
  std::unique_ptr<Workspace> workspace_;
};
}  // namespace

Tokenizer::Tokenizer(ModelPtr model) : model_(std::move(model)) {
  check<TokenizerError>(model_ != nullptr, "Tokenizer: a model is needed");
}
void Tokenizer::set_model(ModelPtr model) {
  check<TokenizerError>(model != nullptr, "Tokenizer: a model is needed");
  model_ = std::move(model);
  workspaces_.clear();
}
void Tokenizer::set_normalizer(NormalizerPtr normalizer) {
  normalizer_ = std::move(normalizer);
  added_.refresh(normalizer_.get());
}

size_t Tokenizer::add_tokens(const std::vector<AddedToken>& tokens) {
  return added_.add(tokens, *model_, normalizer_.get());
}
size_t Tokenizer::add_special_tokens(std::vector<AddedToken> tokens) {
  for (AddedToken& token : tokens) token.special = true;
  return add_tokens(tokens);
}

std::optional<uint32_t> Tokenizer::token_to_id(std::string_view token) const {
  const auto added = added_.find(token);
  return added ? added : model_->token_to_id(token);
}
std::optional<std::string_view> Tokenizer::id_to_token(uint32_t id) const {
  if (const std::string* name = added_.name(id)) return *name;
  return model_->id_to_token(id);
}
size_t Tokenizer::vocab_size(bool with_added_tokens) const {
  size_t n = model_->vocab().size();
  if (with_added_tokens)
    for (auto& [content, id] : added_.ids()) n += !model_->token_to_id(content);
  return n;
}

Encoding Tokenizer::encode_text(std::string_view text, std::optional<uint32_t> word, uint32_t type_id, OffsetKind kind,
                                Workspace* workspace) const {
  check<TokenizerError>(text.size() < UINT32_MAX / 2, "encode: a text of ", text.size(),
                        " bytes, at most 2 GB are possible");
  if (const size_t bad = utf8::find_invalid(text); bad != std::string_view::npos)
    fail<TokenizerError>("encode: the text is not valid UTF-8 at byte ", bad);
  PreTokenizedString pre(text);
  added_.extract_and_normalize(pre, normalizer_.get());
  if (pre_tokenizer_) pre_tokenizer_->pre_tokenize(pre);
  if (pre.bytes_pending() && !model_->accepts_bytes()) pre.spell_bytes();

  std::vector<Token> tokens;
  std::vector<uint32_t> ends;  // of each piece's tokens
  tokens.reserve(text.size() / 3 + 8);
  ends.reserve(pre.pieces().size());
  for (const auto& piece : pre.pieces()) {
    if (piece.tokens >= 0)
      tokens.insert(tokens.end(), pre.tokens_of(piece).begin(), pre.tokens_of(piece).end());
    else
      model_->tokenize(pre.text_of(piece), pre.bytes_pending(), workspace, tokens);
    ends.push_back(uint32_t(tokens.size()));
  }

  Encoding out;
  const size_t n = tokens.size();
  out.ids.resize(n);
  for (size_t i = 0; i < n; i++) out.ids[i] = tokens[i].id;
  const bool full = kind != OffsetKind::None;
  out.type_ids.assign(n, full ? type_id : 0);
  out.special_tokens_mask.assign(n, 0);
  out.attention_mask.assign(n, 1);
  out.words.assign(n, kNoWord);
  out.offsets.resize(n);
  out.tokens.resize(n);
  if (!full) return out;

  out.keep(model_);
  const CharIndex chars(kind == OffsetKind::Chars ? text : std::string_view());
  const auto literal = model_->literal_id();
  size_t i = 0;
  for (size_t p = 0; p < ends.size(); p++) {
    const auto& piece = pre.pieces()[p];
    for (; i < ends[p]; i++) {
      const Token& token = tokens[i];
      const Span span = pre.source(piece, token.begin, token.end);
      out.offsets[i] = kind == OffsetKind::Chars ? chars(span) : span;
      out.words[i] = word.value_or(uint32_t(p));
      out.tokens[i] = model_->id_to_token(token.id).value_or(std::string_view());
      if (piece.tokens >= 0 || token.id == literal) {  // shown as it stands in the text
        const std::string_view s = pre.text_of(piece).substr(token.begin, token.end - token.begin);
        if (out.tokens[i] != s) out.tokens[i] = out.own(std::string(s));
      }
    }
  }
  return out;
}

Encoding Tokenizer::encode_sequence(const InputText& input, uint32_t type_id, OffsetKind offsets,
                                    Workspace* workspace) const {
  if (const auto* text = std::get_if<std::string_view>(&input))
    return encode_text(*text, {}, type_id, offsets, workspace);
  Encoding out;
  uint32_t i = 0;
  for (std::string_view word : std::get<std::vector<std::string_view>>(input))
    out.merge_with(encode_text(word, i++, type_id, offsets, workspace), false);
  return out;
}

Encoding Tokenizer::encode_one(const EncodeInput& input, bool add_special_tokens, OffsetKind offsets,
                               Workspace* workspace) const {
  Encoding first = encode_sequence(input.text, 0, offsets, workspace);
  std::optional<Encoding> pair;
  if (input.pair) pair = encode_sequence(*input.pair, 1, offsets, workspace);
  return post_process(std::move(first), std::move(pair), add_special_tokens);
}

Encoding Tokenizer::encode(const EncodeInput& input, bool add_special_tokens, OffsetKind offsets) const {
  const Lease lease(workspaces_, *model_);
  return encode_one(input, add_special_tokens, offsets, lease.get());
}

namespace {
// f(index) for all indices below n, on all threads, each taking the next one left.
template <class F>
void for_all(size_t n, F&& f) {
  std::atomic<size_t> next{0};
  const auto work = [&](auto&& g) {
    for (size_t i; (i = next.fetch_add(1)) < n;) g(i);
  };
  if (n < 2) return work(f);
  ThreadPool::instance().run([&](int, int) { work(f); });
}
}  // namespace

std::vector<Encoding> Tokenizer::encode_batch(const std::vector<EncodeInput>& inputs, bool add_special_tokens,
                                              OffsetKind offsets) const {
  std::vector<Encoding> out(inputs.size());
  for_all(inputs.size(), [&](size_t i) {
    const Lease lease(workspaces_, *model_);
    out[i] = encode_one(inputs[i], add_special_tokens, offsets, lease.get());
  });
  if (padding) padding->apply(out);
  return out;
}

size_t Tokenizer::num_special_tokens_to_add(bool is_pair) const {
  return post_processor_ ? post_processor_->added_tokens(is_pair) : 0;
}

Encoding Tokenizer::post_process(Encoding first, std::optional<Encoding> pair, bool add_special_tokens) const {
  if (truncation) {
    Truncation limit = *truncation;
    const size_t added = add_special_tokens ? num_special_tokens_to_add(pair.has_value()) : 0;
    check<TokenizerError>(added <= limit.max_length, "truncation: max_length ", limit.max_length,
                          " leaves no room for the ", added, " special tokens");
    limit.max_length -= added;
    limit.apply(first, pair ? &*pair : nullptr);
  }
  Encoding out = tokenizers::post_process(post_processor_.get(), std::move(first), std::move(pair), add_special_tokens);
  if (padding) padding->apply(out);
  return out;
}

std::string Tokenizer::decode(const std::vector<uint32_t>& ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  tokens.reserve(ids.size());
  for (uint32_t id : ids) {
    const auto token = id_to_token(id);
    if (!token || (skip_special_tokens && added_.is_special(*token))) continue;
    tokens.emplace_back(*token);
  }
  if (decoder_) return decoder_->decode(std::move(tokens));
  std::string out;
  for (size_t i = 0; i < tokens.size(); i++) out += (i ? " " : "") + tokens[i];
  return out;
}
std::vector<std::string> Tokenizer::decode_batch(const std::vector<std::vector<uint32_t>>& batch,
                                                 bool skip_special_tokens) const {
  std::vector<std::string> out(batch.size());
  for_all(batch.size(), [&](size_t i) { out[i] = decode(batch[i], skip_special_tokens); });
  return out;
}

}  // namespace ef::tokenizers
