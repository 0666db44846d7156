// Tokenizer: from ids back to text.
#include <algorithm>
#include <cstring>

#include "tokenizers/for_all.h"
#include "tokenizers/tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

DecodeTable::DecodeTable(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  const auto& added = tokenizer.added_vocabulary();
  uint32_t limit = tokenizer.model()->vocab().id_limit();
  const auto add = [&](std::string_view token, uint32_t id) {
    const std::string piece = tokenizer.decoder()->piece(std::string(token), false);
    check<TokenizerError>(pool_.size() + piece.size() < UINT32_MAX, "decode: the vocabulary decodes to more than 4 GB");
    entries_[id] = {uint32_t(pool_.size()), uint32_t(piece.size()), true, added.is_special(token)};
    pool_ += piece;
  };
  for (auto& [id, token] : added.by_id()) limit = std::max(limit, id + 1);
  entries_.resize(limit);
  tokenizer.model()->vocab().for_each(add);
  for (auto& [id, token] : added.by_id()) add(*tokenizer.id_to_token(id), id);
  pool_.resize(pool_.size() + kChunk);
}

std::string DecodeTable::decode(const std::vector<uint32_t>& ids, bool skip_special_tokens) const {
  const auto shown = [&](uint32_t id) {
    return id < entries_.size() && entries_[id].known && !(skip_special_tokens && entries_[id].special);
  };
  size_t at = 0;
  while (at < ids.size() && !shown(ids[at])) at++;
  if (at == ids.size()) return {};
  std::string out = tokenizer_.decoder()->piece(std::string(*tokenizer_.id_to_token(ids[at++])), true);
  size_t end = out.size(), size = end;
  for (size_t i = at; i < ids.size(); i++)
    if (shown(ids[i])) size += entries_[ids[i]].length;
  out.resize(size + kChunk);
  for (; at < ids.size(); at++) {
    if (!shown(ids[at])) continue;
    const Entry& e = entries_[ids[at]];
    if (e.length <= kChunk)
      std::memcpy(&out[end], &pool_[e.begin], kChunk);  // more than needed: cheaper than to look
    else
      std::memcpy(&out[end], &pool_[e.begin], e.length);
    end += e.length;
  }
  out.resize(size);
  return utf8::find_invalid(out) == std::string::npos ? out : utf8::lossy(out);
}

std::shared_ptr<const DecodeTable> DecodeTableSlot::get(const Tokenizer& tokenizer, size_t ids) {
  if (!tokenizer.decoder() || !tokenizer.decoder()->by_token()) return nullptr;
  std::lock_guard lock(mutex_);
  if (!table_ && ids >= DecodeTable::kWorthwhile) table_ = std::make_shared<DecodeTable>(tokenizer);
  return table_;
}
void DecodeTableSlot::clear() {
  std::lock_guard lock(mutex_);
  table_.reset();
}

std::string Tokenizer::decode(const std::vector<uint32_t>& ids, bool skip_special_tokens) const {
  if (const auto table = decode_table_.get(*this, ids.size())) return table->decode(ids, skip_special_tokens);
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
  size_t total = 0;
  for (auto& ids : batch) total += ids.size();
  decode_table_.get(*this, total);
  std::vector<std::string> out(batch.size());
  share_out(batch.size(), [&](auto&& next) {
    for (size_t i; next(i);) out[i] = decode(batch[i], skip_special_tokens);
  });
  return out;
}

}  // namespace ef::tokenizers
