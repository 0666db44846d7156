// Tokenizer: from ids back to text.
#include <algorithm>
#include <cstring>

#include "tokenizers/decoders/text.h"
#include "tokenizers/for_all.h"
#include "tokenizers/tokenizer.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

constexpr size_t kUsual = 5;  // bytes that an id stands for, to make room for them

DecodeTable::DecodeTable(const Tokenizer& tokenizer, DecodePlan plan)
    : tokenizer_(tokenizer), plan_(std::move(plan)), first_differs_(plan_.first_differs()) {
  const auto& added = tokenizer.added_vocabulary();
  uint32_t limit = tokenizer.model()->vocab().id_limit();
  const auto add = [&](std::string_view token, uint32_t id) {
    const std::string piece = plan_.piece(std::string(token), false);
    Entry& e = entries_[id] = {};
    e.kind = added.is_special(token) ? kKnown | kSpecial : kKnown;
    if (const auto byte = plan_.byte_runs ? byte_named(piece) : std::nullopt) {
      e.length = kByte;
      e.kind |= kApart;
      e.text[0] = char(*byte);
      return;
    }
    if (!utf8::is_ascii(piece)) e.kind |= kNotAscii;
    if (piece.size() <= Entry::kShort) {
      e.length = uint8_t(piece.size());
      std::memcpy(e.text, piece.data(), piece.size());
      return;
    }
    e.length = kLong;
    e.kind |= kApart;
    const uint32_t index = uint32_t(longer_.size());
    std::memcpy(e.text, &index, sizeof index);
    longer_.push_back(piece);
  };
  for (auto& [id, token] : added.by_id()) limit = std::max(limit, id + 1);
  entries_.resize(limit);
  tokenizer.model()->vocab().for_each(add);
  for (auto& [id, token] : added.by_id()) add(*tokenizer.id_to_token(id), id);
}

// What a run of bytes spells that goes on in ids[at…], which are passed.
std::string DecodeTable::characters(std::string bytes, std::span<const uint32_t> ids, size_t& at,
                                    bool skip_special_tokens) const {
  for (; at < ids.size(); at++) {
    if (ids[at] >= entries_.size()) continue;
    const Entry& e = entries_[ids[at]];
    if (!(e.kind & kKnown) || (e.special() && skip_special_tokens)) continue;
    if (e.length != kByte) break;
    bytes += e.text[0];
  }
  if (utf8::find_invalid(bytes) == std::string::npos) return bytes;
  std::string out;
  for (size_t i = 0; i < bytes.size(); i++) out += kNoCharacter;
  return out;
}

bool DecodeTable::decode(std::span<const uint32_t> ids, bool skip_special_tokens, TextBuffer& out) const {
  constexpr size_t kBlock = 256;  // ids that room is made for at a time
  const size_t begin = out.size();
  uint8_t kinds = 0;  // of all pieces
  size_t at = 0, end = begin;
  const auto make_room = [&](size_t ids, size_t more) { out.resize(end + ids * Entry::kShort + sizeof(Entry) + more); };
  const auto append = [&](std::string_view piece, size_t ids_left) {
    if (!utf8::is_ascii(piece)) kinds |= kNotAscii;
    make_room(ids_left, piece.size());
    std::memcpy(&out[end], piece.data(), piece.size());
    end += piece.size();
  };
  const auto append_run = [&](char byte, size_t ids_left) {
    append(characters(std::string(1, byte), ids, at, skip_special_tokens), ids_left);
  };
  if (first_differs_) {
    const auto passed = [&](uint32_t id) {
      return !tokenizer_.id_to_token(id) || (skip_special_tokens && id < entries_.size() && entries_[id].special());
    };
    while (at < ids.size() && passed(ids[at])) at++;
    if (at < ids.size()) {
      const std::string first = plan_.piece(std::string(*tokenizer_.id_to_token(ids[at++])), true);
      const auto byte = plan_.byte_runs ? byte_named(first) : std::nullopt;
      byte ? append_run(char(*byte), 0) : append(first, 0);
    }
  }
  const uint8_t apart = skip_special_tokens ? kApart | kSpecial : kApart;
  while (at < ids.size()) {
    const size_t stop = at + std::min(kBlock, ids.size() - at);
    make_room(stop - at, 0);
    while (at < stop) {
      const uint32_t id = ids[at++];
      if (id >= entries_.size()) continue;
      const Entry& e = entries_[id];
      if (e.kind & apart) [[unlikely]] {
        if (e.special() && skip_special_tokens) continue;
        const size_t left = stop > at ? stop - at : 0;
        if (e.length == kByte) {
          append_run(e.text[0], left);
        } else {
          uint32_t index;
          std::memcpy(&index, e.text, sizeof index);
          append(longer_[index], left);
        }
        continue;
      }
      std::memcpy(&out[end], &e, sizeof(Entry));  // more than needed: cheaper than to look
      end += e.length;
      kinds |= e.kind;
    }
  }
  out.resize(end);
  const bool ascii = !(kinds & kNotAscii);
  const std::string_view made(out.data() + begin, end - begin);
  const bool invalid = !ascii && utf8::find_invalid(made) != std::string::npos;
  if (!invalid && plan_.whole.empty()) return ascii;
  std::string text = invalid ? utf8::lossy(made) : std::string(made);
  for (const TokenDecoder* decoder : plan_.whole) text = decoder->piece(std::move(text), true);
  out.resize(begin);
  out.insert(out.end(), text.begin(), text.end());
  return utf8::is_ascii(text);
}

std::unique_lock<std::mutex> DecodeTableSlot::lock() {
  return mutex_.locked([this] { new (&table_) decltype(table_); });
}
std::shared_ptr<const DecodeTable> DecodeTableSlot::get(const Tokenizer& tokenizer, size_t ids) {
  const auto held = lock();
  if (table_ || ids < DecodeTable::kWorthwhile || !tokenizer.decoder()) return table_;
  if (DecodePlan plan; tokenizer.decoder()->add_to(plan))
    table_ = std::make_shared<DecodeTable>(tokenizer, std::move(plan));
  return table_;
}
void DecodeTableSlot::clear() {
  const auto held = lock();
  table_.reset();
}

std::string Tokenizer::decode_slowly(std::span<const uint32_t> ids, bool skip_special_tokens) const {
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

std::string Tokenizer::decode(std::span<const uint32_t> ids, bool skip_special_tokens) const {
  const auto table = decode_table_.get(*this, ids.size());
  if (!table) return decode_slowly(ids, skip_special_tokens);
  TextBuffer out;
  out.reserve(ids.size() * kUsual);
  table->decode(ids, skip_special_tokens, out);
  return {out.begin(), out.end()};
}

Tokenizer::Texts Tokenizer::decode_batch(std::span<const uint32_t> ids, std::span<const size_t> ends,
                                         bool skip_special_tokens, const Interrupt& interrupt) const {
  constexpr size_t kRun = 2048;  // ids; short neighbours share memory
  const auto begin_of = [&](size_t i) { return i ? ends[i - 1] : 0; };
  const auto runs = runs_of(ends.size(), kRun, [&](size_t i) { return ends[i] - begin_of(i); });
  const auto table = decode_table_.get(*this, ids.size());
  Texts out;
  out.memory.resize(runs.size());
  out.texts.resize(ends.size());
  const auto work = [&](auto&& next) {
    std::vector<size_t> sizes;
    for (size_t r; next(r);) {
      const auto [first, last] = runs[r];
      TextBuffer& memory = out.memory[r];
      memory.reserve((ends[last - 1] - begin_of(first)) * kUsual);
      sizes.clear();
      for (size_t i = first; i < last; i++) {
        const auto some = ids.subspan(begin_of(i), ends[i] - begin_of(i));
        const size_t before = memory.size();
        if (table) {
          out.texts[i].ascii = table->decode(some, skip_special_tokens, memory);
        } else {
          const std::string text = decode_slowly(some, skip_special_tokens);
          out.texts[i].ascii = utf8::is_ascii(text);
          memory.insert(memory.end(), text.begin(), text.end());
        }
        sizes.push_back(memory.size() - before);
      }
      const char* at = memory.data();
      for (size_t i = first; i < last; at += sizes[i++ - first]) out.texts[i].text = {at, sizes[i - first]};
    }
  };
  share_out(runs.size(), work, interrupt);
  return out;
}

}  // namespace ef::tokenizers
