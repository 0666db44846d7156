// Bpe: a word of bytes by its longest tokens instead of its merges.
//
// Tokens that stand side by side in the result of the merges would also come out, side by side, of their own bytes
// alone; and a row of tokens in which this holds for all neighbours is the result: the merges inside two neighbours
// happen in the same order with and without the rest of the word, so the first merge across a boundary would happen
// there too. So there is exactly one such row, and taking the longest token that fits, and going back where none does,
// finds it. The same for the begin of a word: a position that could not be continued once never can.
#include <algorithm>

#include "tokenizers/byte_alphabet.h"
#include "tokenizers/models/bpe_space.h"

namespace ef::tokenizers {
namespace {
constexpr size_t kWorthwhile = 1 << 21;  // bytes of such words by one thread that pay for the trie
constexpr size_t kLong = 40;             // bytes of a word, from which on this is faster than merging
constexpr int kFitBits = 13;
}  // namespace

uint32_t Bpe::last_merge(uint32_t id, std::string_view bytes, Space& space) const {
  uint32_t known = last_merge_[id].load(std::memory_order_relaxed);
  if (known != kUnknown) return known;
  std::swap(space.symbols, space.other);
  merge_bytes(bytes, space);
  if (space.symbols.size() != 1 || space.symbols[0].id != id)
    known = kNotMade;
  else if (!space.in_order)
    known = kOutOfOrder;
  else
    known = bytes.size() == 1 ? kOneByte : space.last_rank + 1;
  std::swap(space.symbols, space.other);
  last_merge_[id].store(known, std::memory_order_relaxed);
  return known;
}
uint32_t Bpe::last_merge(uint32_t id, Space& space) const {
  const uint32_t known = last_merge_[id].load(std::memory_order_relaxed);
  if (known != kUnknown) return known;
  return last_merge(id, *bytes_of_token(*vocab_.token(id)), space);
}
// Whether the merges make the token of its bytes. Where that is not known yet, merging is quick and the word will be
// remembered, it isn't asked: the merges will tell.
bool Bpe::reproduced(uint32_t id, std::string_view bytes, Space& space) const {
  if (shares_ids_) return false;
  const uint32_t known = last_merge_[id].load(std::memory_order_relaxed);
  if (known != kUnknown) return known != kNotMade;
  if (space.near[0] && bytes.size() <= LongWordCache::kLongestWord) return false;
  return last_merge(id, bytes, space) != kNotMade;
}

// Takes the merges that made the two tokens back, last one first, and asks each time whether the symbols at the
// boundary would have merged before. Both tokens come out of merges in the order of their ranks.
bool Bpe::fits_slowly(uint32_t left, uint32_t right, Space& space) const {
  uint64_t limit = PairTable::kNone;  // merges across the boundary with a lower rank would have come first
  for (;;) {
    if (const uint32_t rank = pairs_.find(left, right); rank < limit) return false;
    const uint32_t made_left = last_merge(left, space), made_right = last_merge(right, space);
    if (made_left == kOneByte && made_right == kOneByte) return true;
    if (made_left > made_right) {
      limit = made_left - 1;
      left = merges_[made_left - 1].second;
    } else {  // of equal ranks, the left one comes first
      limit = made_right;
      right = merges_[made_right - 1].first;
    }
  }
}

bool Bpe::fits(uint32_t left, uint32_t right, Space& space) const {
  const uint64_t key = uint64_t(left) << 32 | uint64_t(right) << 1;
  uint64_t& known = space.fits[(key * 0x9e3779b97f4a7c15ull) >> (64 - kFitBits)];
  if ((known ^ key) > 1) known = key | uint64_t(fits_slowly(left, right, space));
  return known & 1;
}

void Bpe::find_candidates(std::string_view text, Space& space) const {
  space.candidates.clear();
  tokens_by_bytes_.for_each_prefix(text, [&](uint32_t length, uint32_t key) {
    space.candidates.push_back({ids_by_key_[key], length});
  });
}

void Bpe::prepare_walk() const {
  std::vector<std::string_view> keys;
  keys.reserve(raw_.size());
  ids_by_key_.reserve(raw_.size());
  raw_.for_each_added([&](std::string_view bytes, uint32_t id) {
    keys.push_back(bytes);
    ids_by_key_.push_back(id);
  });
  tokens_by_bytes_ = PrefixTrie(keys);
}

// False when this way is not open; else the symbols are those of the merges.
bool Bpe::walk(std::string_view text, Space& space) const {
  if (text.size() < kLong || drops() || shares_ids_ || vocab_.id_limit() > 1u << 30) return false;
  if (space.fits.empty()) {
    if ((space.merged_bytes += text.size()) < kWorthwhile) return false;
    std::call_once(walk_once_, [&] { prepare_walk(); });
    space.fits.assign(size_t(1) << kFitBits, UINT64_MAX);
  }
  auto& row = space.symbols;
  auto& candidates = space.candidates;
  row.clear();
  space.dead.assign(text.size() + 1, 0);
  find_candidates(text, space);
  for (size_t at = 0; at < text.size();) {
    bool placed = false;
    while (!placed && !candidates.empty()) {
      const Symbol next = candidates.back();
      candidates.pop_back();
      if (space.dead[at + next.length]) continue;
      const uint32_t made = last_merge(next.id, space);
      if (made == kOutOfOrder) return false;
      if (made == kNotMade || (!row.empty() && !fits(row.back().id, next.id, space))) continue;
      row.push_back(next);
      at += next.length;
      placed = true;
    }
    if (placed) {
      if (at < text.size()) find_candidates(text.substr(at), space);
      continue;
    }
    if (row.empty()) return false;
    space.dead[at] = 1;
    at -= row.back().length;
    find_candidates(text.substr(at, row.back().length - 1), space);
    row.pop_back();
  }
  return true;
}

}  // namespace ef::tokenizers
