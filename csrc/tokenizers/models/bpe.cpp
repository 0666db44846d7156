#include "tokenizers/models/bpe.h"

#include <algorithm>

#include "tokenizers/byte_alphabet.h"
#include "tokenizers/models/bpe_space.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

namespace {
constexpr std::string_view kMark = "▁";
}

std::unique_ptr<Workspace> Bpe::workspace() const { return std::make_unique<Space>(); }

Bpe::Bpe(Vocab vocab, const Merges& merges, BpeOptions options)
    : vocab_(std::move(vocab)), options_(std::move(options)), pairs_(merges.size()) {
  check<TokenizerError>(!options_.dropout || (*options_.dropout >= 0 && *options_.dropout <= 1),
                        "BPE: dropout should be between 0 and 1, inclusive");
  add_merges(merges);
  if (options_.unk_token) unk_id_ = vocab_.find(*options_.unk_token);
  if (options_.byte_fallback) {
    fallback_.assign(256, UINT32_MAX);
    for (int b = 0; b < 256; b++) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", b);
      if (const auto id = vocab_.find(name)) fallback_[size_t(b)] = *id;
    }
  }

  find_word_starts(merges);

  const bool plain = (!options_.continuing_subword_prefix || options_.continuing_subword_prefix->empty()) &&
                     (!options_.end_of_word_suffix || options_.end_of_word_suffix->empty());
  accepts_bytes_ = plain;
  for (int b = 0; b < 256 && accepts_bytes_; b++) {
    const auto id = vocab_.find(utf8::encode(byte_to_char(uint8_t(b))));
    accepts_bytes_ = id.has_value();
    byte_id_[b] = id.value_or(0);
  }
  if (accepts_bytes_) {
    raw_.reserve(vocab_.size());
    std::string bytes;
    vocab_.for_each([&](std::string_view token, uint32_t id) {
      bytes.clear();
      if (append_bytes_of_token(token, bytes)) raw_.add(bytes, id);
    });
    raw_.finish_rare();
    byte_pairs_.resize(1 << 16);
    for (uint32_t i = 0; i < byte_pairs_.size(); i++) byte_pairs_[i] = pairs_.find(byte_id_[i & 255], byte_id_[i >> 8]);
    last_merge_ = std::make_unique<std::atomic<uint32_t>[]>(vocab_.id_limit());
    for (uint32_t id = 0; id < vocab_.id_limit(); id++) last_merge_[id].store(kUnknown, std::memory_order_relaxed);
  }
}

void Bpe::add_merges(const Merges& merges) {
  const size_t prefix = options_.continuing_subword_prefix ? options_.continuing_subword_prefix->size() : 0;
  struct Look {
    std::string_view text;
    WordKey key;
    uint64_t hash;
  };
  // In blocks: all look-ups of a block are on their way to memory before the first one is needed.
  constexpr size_t kBlock = 32;
  std::vector<Look> looks(3 * kBlock);
  std::vector<std::string> joined(kBlock);
  std::string_view last;  // merges that make the same token often stand together
  bool same[kBlock];
  const auto id_of = [&](const Look& look) {
    const auto id = vocab_.find(look.text, look.key, look.hash);
    check<TokenizerError>(id.has_value(), "BPE: Token `", look.text, "` out of vocabulary");
    return *id;
  };
  merges_.reserve(merges.size());
  merged_.reserve(merges.size());
  for (size_t begin = 0; begin < merges.size(); begin += kBlock) {
    const size_t n = std::min(kBlock, merges.size() - begin);
    for (size_t k = 0; k < n; k++) {
      const std::string_view left = merges.left(begin + k), right = merges.right(begin + k);
      std::string_view both = merges.joined(begin + k);
      if (prefix) {
        check<TokenizerError>(right.size() >= prefix, "BPE: merge (", left, ", ", right,
                              ") lacks the continuing_subword_prefix");
        both = joined[k].assign(left).append(right.substr(prefix));
      }
      same[k] = !prefix && both == last && begin + k > 0;
      last = both;
      const std::string_view texts[] = {left, right, both};
      for (size_t t = 0; t < (same[k] ? 2 : 3); t++) {
        const WordKey key(texts[t]);
        looks[3 * k + t] = {texts[t], key, key.hash()};
        vocab_.prefetch(looks[3 * k + t].hash);
      }
    }
    for (size_t k = 0; k < n; k++) {
      merges_.emplace_back(id_of(looks[3 * k]), id_of(looks[3 * k + 1]));
      pairs_.prefetch(merges_.back().first, merges_.back().second);
      merged_.push_back(same[k] ? merged_.back() : id_of(looks[3 * k + 2]));
    }
    for (size_t rank = begin; rank < begin + n; rank++)
      pairs_.add(merges_[rank].first, merges_[rank].second, uint32_t(rank));
  }
}

void Bpe::tokenize_bytes(std::string_view text, Space& space, std::vector<Token>& out) const {
  if (!drops() && text.size() <= raw_.longest()) {
    if (const auto id = raw_.find_rare(text); id && (options_.ignore_merges || reproduced(*id, text, space))) {
      out.push_back({*id, 0, uint32_t(text.size())});
      return;
    }
  }
  if (!walk(text, space)) merge_bytes(text, space);
  emit(space, out);
}

void Bpe::emit(const Space& space, std::vector<Token>& out) {
  uint32_t at = 0;
  for (const Symbol& s : space.symbols) {
    out.push_back({s.id, at, at + s.length});
    at += s.length;
  }
}

void Bpe::start_symbols(std::string_view text, Space& space) const {
  space.symbols.clear();
  const std::string_view prefix =
      options_.continuing_subword_prefix ? *options_.continuing_subword_prefix : std::string_view();
  const std::string_view suffix = options_.end_of_word_suffix ? *options_.end_of_word_suffix : std::string_view();
  std::optional<Symbol> unknown;  // held back, so that the next one can join it
  std::string spelled;
  for (size_t at = 0, n; at < text.size(); at += n) {
    n = size_t(utf8::length_of(text[at]));
    std::string_view s = text.substr(at, n);
    const bool last = at + n == text.size();
    if ((at && !prefix.empty()) || (last && !suffix.empty())) {
      spelled.assign(at ? prefix : std::string_view()).append(s).append(last ? suffix : std::string_view());
      s = spelled;
    }
    if (const auto id = vocab_.find(s)) {
      if (unknown) space.symbols.push_back(*unknown), unknown.reset();
      space.symbols.push_back({*id, uint32_t(n)});
      continue;
    }
    if (!fallback_.empty() &&
        std::all_of(s.begin(), s.end(), [&](char b) { return fallback_[uint8_t(b)] != UINT32_MAX; })) {
      for (char b : s) space.symbols.push_back({fallback_[uint8_t(b)], 1});
      continue;
    }
    if (!options_.unk_token) continue;
    check<TokenizerError>(unk_id_.has_value(), "BPE: Unk token `", *options_.unk_token,
                          "` not found in the vocabulary");
    if (unknown && options_.fuse_unk) {
      unknown->length += uint32_t(n);
    } else {
      if (unknown) space.symbols.push_back(*unknown);
      unknown = Symbol{*unk_id_, uint32_t(n)};
    }
  }
  if (unknown) space.symbols.push_back(*unknown);
}

void Bpe::tokenize_text(std::string_view text, Space& space, std::vector<Token>& out) const {
  if (options_.ignore_merges && !drops()) {
    if (const auto id = vocab_.find(text)) {
      out.push_back({*id, 0, uint32_t(text.size())});
      return;
    }
  }
  start_symbols(text, space);
  merge(space);
  emit(space, out);
}

void Bpe::cut(std::string_view text, Span word, std::vector<Span>& parts) const {
  text = text.substr(0, word.end);
  if (options_.ignore_merges && vocab_.find(text.substr(word.begin))) return parts.push_back(word);
  for (size_t begin = word.begin; begin < text.size();) {
    size_t end = begin + 1;
    for (;; end++) {  // the next mark that starts a new part
      end = text.find(kMark, end);
      if (end == std::string_view::npos) {
        end = text.size();
        break;
      }
      size_t last = end - 1;
      while (utf8::is_continuation(text[last])) last--;
      int length;
      const char32_t before = utf8::decode(text.data() + last, length);
      if (!std::binary_search(joined_to_mark_.begin(), joined_to_mark_.end(), before)) break;
    }
    parts.push_back({uint32_t(begin), uint32_t(end)});
    begin = end;
  }
}

// A merge may reach over the place before a mark only if some merge has a right part that starts with one.
void Bpe::find_word_starts(const Merges& merges) {
  const auto empty = [](const std::optional<std::string>& s) { return !s || s->empty(); };
  if (!empty(options_.continuing_subword_prefix) || !empty(options_.end_of_word_suffix) || !vocab_.find(kMark)) return;
  std::vector<bool> hidden(vocab_.id_limit());  // these stand for characters that their texts don't show
  if (unk_id_) hidden[*unk_id_] = true;
  for (uint32_t id : fallback_)
    if (id != UINT32_MAX) hidden[id] = true;
  for (size_t i = 0; i < merges.size(); i++) {
    const std::string_view left = merges.left(i), right = merges.right(i);
    if (hidden[merges_[i].first] || hidden[merges_[i].second]) return;
    if (!right.starts_with(kMark) || left.empty()) continue;
    size_t last = left.size() - 1;
    while (utf8::is_continuation(left[last])) last--;
    int length;
    joined_to_mark_.push_back(utf8::decode(left.data() + last, length));
  }
  std::sort(joined_to_mark_.begin(), joined_to_mark_.end());
  joined_to_mark_.erase(std::unique(joined_to_mark_.begin(), joined_to_mark_.end()), joined_to_mark_.end());
  splits_at_mark_ = true;
}

void Bpe::tokenize(std::string_view text, bool bytes, Workspace* workspace, std::vector<Token>& out) const {
  if (text.empty()) return;
  std::optional<Space> own;
  Space& space = workspace ? static_cast<Space&>(*workspace) : own.emplace();
  if (bytes)
    tokenize_bytes(text, space, out);
  else
    tokenize_text(text, space, out);
}

}  // namespace ef::tokenizers
