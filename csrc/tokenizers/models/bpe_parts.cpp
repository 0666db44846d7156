// Byte-level Bpe: words that are not ASCII, part by part (bpe_joints.h). Short parts are remembered beside the words.
#include "tokenizers/models/bpe_space.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
constexpr size_t kWorthwhile = 1 << 13;  // bytes of such words by one thread that pay for knowing the joints
constexpr size_t kRemembered = WordKey::kShort - 1;
constexpr size_t kBlock = 32;

// No word looks like this: with ignore_merges, a word that is a token may differ from a part that is one.
WordKey key_of_part(std::string_view part) {
  WordKey key(part);
  key.high |= 0xffull << 56;
  return key;
}
}  // namespace

// False when the word does not fall apart.
bool Bpe::tokenize_parts(std::string_view text, Space& space, std::vector<Token>& out) const {
  if (drops() || shares_ids_ || utf8::is_ascii(text)) return false;
  if (!space.joints) {
    if ((space.foreign_bytes += text.size()) < kWorthwhile) return false;
    std::call_once(byte_joints_once_,
                   [&] { byte_joints_ = std::make_unique<BpeJoints>(merges_, raw_, vocab_.id_limit()); });
    space.joints = byte_joints_.get();
    space.short_words.prepare();
  }
  // In blocks: what is remembered of all parts of a block is on its way from memory before the first one is needed.
  struct Part {
    uint32_t begin, end;
    WordKey key;
    uint64_t hash;
  };
  Part parts[kBlock];
  size_t n = 0;
  const auto flush = [&] {
    for (size_t i = 0; i < n; i++)
      tokenize_part(text, parts[i].begin, parts[i].end, parts[i].key, parts[i].hash, space, out);
    n = 0;
  };
  bool whole = false;
  space.joints->for_each_part(text, [&](size_t begin, size_t end) {
    if ((whole = end - begin == text.size())) return;
    Part& part = parts[n++];
    part.begin = uint32_t(begin), part.end = uint32_t(end);
    if (end - begin <= kRemembered) {
      part.key = key_of_part(text.substr(begin, end - begin));
      part.hash = part.key.hash();
      __builtin_prefetch(space.short_words.at(part.hash));
    }
    if (n == kBlock) flush();
  });
  flush();
  return !whole;
}

void Bpe::tokenize_part(std::string_view text, uint32_t begin, uint32_t end, const WordKey& key, uint64_t hash,
                        Space& space, std::vector<Token>& out) const {
  const size_t before = out.size();
  const auto merge = [&] {
    tokenize_whole(text.substr(begin, end - begin), space, out);
    for (size_t i = before; i < out.size(); i++) out[i].begin += begin, out[i].end += begin;
  };
  if (end - begin > kRemembered) return merge();
  ShortWordCache::Entry* const set = space.short_words.at(hash);
  for (const ShortWordCache::Entry* entry : {set, set + 1}) {
    if (!entry->holds(key)) continue;
    for (size_t i = 0; i < entry->count(); begin += entry->lengths[i++])
      out.push_back({entry->ids[i], begin, begin + entry->lengths[i]});
    return;
  }
  merge();
  const size_t count = out.size() - before;
  if (count > ShortWordCache::kMostTokens) return;
  ShortWordCache::Entry& entry = ShortWordCache::renew(set);
  entry.set(key, count);
  for (size_t i = 0; i < count; i++) {
    const Token& t = out[before + i];
    entry.ids[i] = t.id, entry.lengths[i] = uint8_t(t.end - t.begin);
  }
}

}  // namespace ef::tokenizers
