#include "tokenizers/models/vocab.h"

#include <algorithm>

#include "core/error.h"

namespace ef::tokenizers {

void Vocab::rehash(size_t tokens) {
  size_t size = 64;
  while (size < tokens * 2) size *= 2;
  if (size <= slots_.size()) return;
  slots_.assign(size, 0);
  mask_ = size - 1;
  for (size_t k = 0; k < entries_.size(); k++) {
    const std::string_view s = text(entries_[k]);
    size_t i = hash_bytes(s.data(), s.size()) & mask_;
    while (slots_[i]) i = (i + 1) & mask_;
    slots_[i] = uint32_t(k + 1);
  }
}

void Vocab::add(std::string_view token, uint32_t id) {
  if (const uint32_t* slot = find_slot(token)) entries_[*slot - 1].id = id;
  else insert(token, id, nullptr);
}
void Vocab::add_listed(std::string_view token, uint32_t id) { insert(token, id, const_cast<uint32_t*>(find_slot(token))); }

void Vocab::insert(std::string_view token, uint32_t id, uint32_t* slot) {
  check<TokenizerError>(pool_.size() + token.size() < UINT32_MAX, "vocabulary: more than 4 GB of text");
  const uint64_t h = hash_bytes(token.data(), token.size());
  entries_.push_back({uint32_t(pool_.size()), uint32_t(token.size()), id, uint32_t(h >> 32)});
  pool_ += token;
  longest_ = std::max(longest_, token.size());
  if (slot) {
    *slot = uint32_t(entries_.size());
  } else if (entries_.size() * 2 > slots_.size()) {
    rehash(std::max<size_t>(64, entries_.size() * 2));
  } else {
    size_t i = h & mask_;
    while (slots_[i]) i = (i + 1) & mask_;
    slots_[i] = uint32_t(entries_.size());
  }
}

void Vocab::finish(const std::string& where) {
  // A table by id is the fast way back; a wild id must not make it huge.
  const uint64_t limit = entries_.size() * 16ull + (1 << 20);
  uint32_t count = 0;
  for (const Entry& e : entries_) {
    check<TokenizerError>(e.id < limit, where, ": token '", text(e), "' has id ", e.id, " in a vocabulary of ",
                          entries_.size(), "; damaged file?");
    count = std::max(count, e.id + 1);
  }
  by_id_.assign(count, 0);
  for (size_t k = 0; k < entries_.size(); k++) by_id_[entries_[k].id] = uint32_t(k + 1);
}

}  // namespace ef::tokenizers
