#include "tokenizers/character_map.h"

#include <cstring>

namespace ef::tokenizers {

const CharacterMap::Page& CharacterMap::make(size_t number) const {
  const std::lock_guard lock(mutex_);
  if (const Page* page = pages_[number].load(std::memory_order_acquire)) return *page;
  auto page = std::make_unique<Page>();
  std::string text;
  for (size_t i = 0; i < page->size(); i++) {
    Entry& entry = (*page)[i];
    const char32_t c = char32_t(number * 256 + i);
    text.clear();
    entry.alone = !(c >= 0xd800 && c < 0xe000) && maker_(c, text) && text.size() <= sizeof entry.text;
    entry.length = entry.alone ? uint8_t(text.size()) : 0;
    std::memcpy(entry.text, text.data(), entry.length);
  }
  made_.push_back(std::move(page));
  pages_[number].store(made_.back().get(), std::memory_order_release);
  return *made_.back();
}

}  // namespace ef::tokenizers
