// Tokens and their ids, both ways.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ef::tokenizers {

inline uint64_t hash_bytes(const char* p, size_t n) {  // eight bytes at a time
  uint64_t h = n * 0x9e3779b97f4a7c15ull, v;
  for (; n >= 8; p += 8, n -= 8) {
    std::memcpy(&v, p, 8);
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  }
  if (n) {
    v = 0;
    std::memcpy(&v, p, n);
    h = (h ^ v) * 0xff51afd7ed558ccdull;
    h ^= h >> 32;
  }
  return h ^ (h >> 29);
}

// Ids need not be dense, but an id far beyond the number of tokens is refused by finish().
class Vocab {
 public:
  void reserve(size_t tokens) { rehash(tokens); }
  void add(std::string_view token, uint32_t id);  // the last id of an equal token wins
  void add_listed(std::string_view token, uint32_t id);  // the same, but the earlier id keeps its text
  void finish(const std::string& where);          // builds the way back; TokenizerError for absurd ids

  std::optional<uint32_t> find(std::string_view token) const {
    const uint32_t* slot = find_slot(token);
    return slot ? std::optional(entries_[*slot - 1].id) : std::nullopt;
  }
  std::optional<std::string_view> token(uint32_t id) const {
    if (id >= by_id_.size() || !by_id_[id]) return std::nullopt;
    return text(entries_[by_id_[id] - 1]);
  }
  size_t size() const { return entries_.size(); }
  uint32_t id_limit() const { return uint32_t(by_id_.size()); }  // every id is below
  size_t longest() const { return longest_; }                     // bytes
  template <class F>
  void for_each(F&& f) const {  // f(token, id), by ascending id
    for (uint32_t id = 0; id < by_id_.size(); id++)
      if (by_id_[id]) f(text(entries_[by_id_[id] - 1]), id);
  }

 private:
  struct Entry {
    uint32_t offset, length, id;
    uint32_t tag;  // high half of the hash
  };
  std::string_view text(const Entry& e) const { return {pool_.data() + e.offset, e.length}; }
  const uint32_t* find_slot(std::string_view token) const {
    if (slots_.empty()) return nullptr;
    const uint64_t h = hash_bytes(token.data(), token.size());
    for (size_t i = h & mask_;; i = (i + 1) & mask_) {
      const uint32_t s = slots_[i];
      if (!s) return nullptr;
      const Entry& e = entries_[s - 1];
      if (e.tag == uint32_t(h >> 32) && e.length == token.size() &&
          !std::memcmp(pool_.data() + e.offset, token.data(), token.size()))
        return &slots_[i];
    }
  }
  void rehash(size_t tokens);
  void insert(std::string_view token, uint32_t id, uint32_t* slot);
  std::string pool_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_, by_id_;  // entry + 1
  size_t mask_ = 0, longest_ = 0;
};

}  // namespace ef::tokenizers
