#include "tokenizers/models/bpe.h"

#include <algorithm>

#include "tokenizers/byte_alphabet.h"
#include "tokenizers/for_all.h"
#include "tokenizers/mark.h"
#include "tokenizers/models/bpe_space.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

std::unique_ptr<Workspace> Bpe::workspace() const { return std::make_unique<Space>(); }

Bpe::Bpe(Vocab vocab, const Merges& merges, BpeOptions options)
    : vocab_(std::move(vocab)), options_(std::move(options)), pairs_(merges.size()) {
  check<TokenizerError>(!options_.dropout || (*options_.dropout >= 0 && *options_.dropout <= 1),
                        "BPE: dropout should be between 0 and 1, inclusive");
  check<UnsupportedError>(merges.size() == 0 || vocab_.id_limit() <= PairTable::kIds, "BPE: an id of ",
                          vocab_.id_limit() - 1, ", ids up to ", PairTable::kIds - 1, " are possible with merges");
  find_merges(merges);
  if (options_.unk_token) unk_id_ = vocab_.find(*options_.unk_token);
  if (options_.byte_fallback) {
    fallback_.assign(256, UINT32_MAX);
    for (int b = 0; b < 256; b++) {
      char name[8];
      std::snprintf(name, sizeof name, "<0x%02X>", b);
      if (const auto id = vocab_.find(name)) fallback_[size_t(b)] = *id;
    }
  }

  std::vector<bool> taken(vocab_.id_limit());
  vocab_.for_each_added([&](std::string_view, uint32_t id) {
    shares_ids_ = shares_ids_ || taken[id];
    taken[id] = true;
  });

  // Where unknown characters vanish, what stands around them meets, and offsets go by the bytes that are left.
  all_bytes_ = !fallback_.empty() && !std::count(fallback_.begin(), fallback_.end(), UINT32_MAX);
  const bool vanish = !options_.unk_token && !all_bytes_;
  // Bytes that stand for a character with its prefix or suffix are counted as the vocabulary spells them.
  knows_mark_ = vocab_.find(kMark) && !vanish && (plain() || fallback_.empty());
  find_joints(merges);

  accepts_bytes_ = plain();
  for (int b = 0; b < 256 && accepts_bytes_; b++) {
    const auto id = vocab_.find(utf8::encode(byte_to_char(uint8_t(b))));
    accepts_bytes_ = id.has_value();
    byte_id_[b] = id.value_or(0);
  }
  for_all(2, [&](size_t i) {
    if (i == 0)
      add_pairs();
    else if (accepts_bytes_)
      add_bytes();
  });
  if (accepts_bytes_) {
    byte_pairs_.resize(1 << 16);
    for (uint32_t i = 0; i < byte_pairs_.size(); i++) byte_pairs_[i] = pairs_.find(byte_id_[i & 255], byte_id_[i >> 8]);
    last_merge_ = std::make_unique<std::atomic<uint32_t>[]>(vocab_.id_limit());
    for (uint32_t id = 0; id < vocab_.id_limit(); id++) last_merge_[id].store(kUnknown, std::memory_order_relaxed);
  }
}

void Bpe::find_merges(const Merges& merges) {
  constexpr size_t kPiece = 1 << 13;
  merges_.resize(merges.size());
  merged_.resize(merges.size());
  for_all((merges.size() + kPiece - 1) / kPiece,
          [&](size_t i) { find_merges(merges, i * kPiece, std::min((i + 1) * kPiece, merges.size())); });
}

void Bpe::find_merges(const Merges& merges, size_t from, size_t to) {
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
  // Most merges make the same token as the one before, or the next one; that one's text is at hand.
  uint32_t last = 0;
  std::optional<uint32_t> made[kBlock];
  const auto is_last = [&](std::string_view text, uint32_t id) {
    if (vocab_.token(id) != text) return false;
    last = id;
    return true;
  };
  const auto id_of = [&](const Look& look) {
    const auto id = vocab_.find(look.text, look.key, look.hash);
    check<TokenizerError>(id.has_value(), "BPE: Token `", look.text, "` out of vocabulary");
    return *id;
  };
  for (size_t begin = from; begin < to; begin += kBlock) {
    const size_t n = std::min(kBlock, to - begin);
    for (size_t k = 0; k < n; k++) {
      const std::string_view left = merges.left(begin + k), right = merges.right(begin + k);
      std::string_view both = merges.joined(begin + k);
      if (prefix) {
        check<TokenizerError>(right.size() >= prefix, "BPE: merge (", left, ", ", right,
                              ") lacks the continuing_subword_prefix");
        both = joined[k].assign(left).append(right.substr(prefix));
      }
      made[k].reset();
      if (is_last(both, last) || is_last(both, last + 1)) made[k] = last;
      const std::string_view texts[] = {left, right, both};
      for (size_t t = 0; t < (made[k] ? 2 : 3); t++) {
        const WordKey key = prefix && t == 2 ? WordKey(both) : merges.key(texts[t]);
        looks[3 * k + t] = {texts[t], key, key.hash()};
        vocab_.prefetch(looks[3 * k + t].hash);
      }
    }
    for (size_t k = 0; k < n; k++) {
      merges_[begin + k].first = id_of(looks[3 * k]);
      merges_[begin + k].second = id_of(looks[3 * k + 1]);
      last = merged_[begin + k] = made[k] ? *made[k] : id_of(looks[3 * k + 2]);
    }
  }
}

void Bpe::add_pairs() {
  constexpr size_t kAhead = 16;
  for (size_t rank = 0; rank < merges_.size(); rank++) {
    const auto& ahead = merges_[std::min(rank + kAhead, merges_.size() - 1)];
    pairs_.prefetch(ahead.first, ahead.second);
    pairs_.add(merges_[rank].first, merges_[rank].second, uint32_t(rank));
  }
}

// What the tokens are as bytes.
void Bpe::add_bytes() {
  raw_.reserve(vocab_.size());
  std::string bytes;
  vocab_.for_each_added([&](std::string_view token, uint32_t id) {
    bytes.clear();
    if (append_bytes_of_token(token, bytes)) raw_.add(bytes, id);
  });
  raw_.finish_rare();
}

void Bpe::tokenize_bytes(std::string_view text, Space& space, std::vector<Token>& out) const {
  if (!drops() && text.size() <= raw_.longest()) {
    const WordKey key = space.key ? *space.key : WordKey(text);
    const uint64_t hash = space.key ? space.hash : key.hash();
    if (const auto id = raw_.find_rare(text, key, hash);
        id && (options_.ignore_merges || reproduced(*id, text, space))) {
      out.push_back({*id, 0, uint32_t(text.size())});
      return;
    }
  }
  if (!tokenize_parts(text, space, out)) tokenize_whole(text, space, out);
}

void Bpe::tokenize_whole(std::string_view text, Space& space, std::vector<Token>& out) const {
  if (walk(text, space)) return emit(space, out);
  if (merge_near(text, Spelling::Bytes, space, out)) return;
  merge_bytes(text, space);
  emit(space, out);
}

void Bpe::emit(const Space& space, std::vector<Token>& out) {
  uint32_t at = 0;
  for (const Symbol& s : space.symbols) {
    out.push_back({s.id, at, at + s.length});
    at += s.length;
  }
}

void Bpe::start_symbols(std::string_view text, Spelling spelling, Space& space) const {
  space.symbols.clear();
  const std::string_view prefix =
      options_.continuing_subword_prefix ? *options_.continuing_subword_prefix : std::string_view();
  const std::string_view suffix = options_.end_of_word_suffix ? *options_.end_of_word_suffix : std::string_view();
  std::optional<Symbol> unknown;  // held back, so that the next one can join it
  std::string spelled;
  for (size_t at = 0, n; at < text.size(); at += n) {
    std::optional<uint32_t> id;
    n = size_t(utf8::length_of(text[at]));
    std::string_view s = text.substr(at, n);
    if (spelling == Spelling::Blanks && s == " ") s = kMark;
    if (!joints_.empty()) {
      int length;
      if (const uint32_t known = char_ids_[utf8::decode(s.data(), length)]; known != UINT32_MAX) id = known;
    } else {
      const bool last = at + n == text.size();
      if ((at && !prefix.empty()) || (last && !suffix.empty())) {
        spelled.assign(at ? prefix : std::string_view()).append(s).append(last ? suffix : std::string_view());
        s = spelled;
      }
      id = vocab_.find(s);
    }
    if (id) {
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

void Bpe::tokenize_text(std::string_view text, Spelling spelling, Space& space, std::vector<Token>& out) const {
  if (options_.ignore_merges && !drops()) {
    if (const auto id = spelling == Spelling::Blanks ? vocab_.find(blanks_to_marks(text)) : vocab_.find(text)) {
      out.push_back({*id, 0, uint32_t(text.size())});
      return;
    }
  }
  if (spelling == Spelling::Blanks && merge_near(text, spelling, space, out)) return;
  start_symbols(text, spelling, space);
  merge(space);
  emit(space, out);
}

void Bpe::tokenize(std::string_view text, Spelling spelling, Workspace* workspace, std::vector<Token>& out) const {
  if (text.empty()) return;
  const std::unique_ptr<Workspace> own = workspace ? nullptr : this->workspace();
  Space& space = static_cast<Space&>(workspace ? *workspace : *own);
  if (spelling == Spelling::Bytes)
    tokenize_bytes(text, space, out);
  else
    tokenize_text(text, spelling, space, out);
}

}  // namespace ef::tokenizers
