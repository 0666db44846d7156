// What single characters are or become, found out when first asked for.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ef::tokenizers {

// A value for every character, made by `maker` for 64 neighbours at a time.
template <class T>
class LazyCharTable {
 public:
  using Maker = std::function<T(char32_t)>;
  explicit LazyCharTable(Maker maker) : maker_(std::move(maker)), pages_(0x110000 / kPage) {}
  ~LazyCharTable() {
    for (const auto& page : pages_) delete page.load();
  }

  const T& operator[](char32_t c) const {  // from any thread
    const Page* page = pages_[c / kPage].load(std::memory_order_acquire);
    return (page ? *page : make(c / kPage))[c % kPage];
  }

 private:
  static constexpr size_t kPage = 64;
  using Page = std::array<T, kPage>;
  const Page& make(size_t number) const {
    auto page = std::make_unique<Page>();
    for (size_t i = 0; i < kPage; i++) (*page)[i] = maker_(char32_t(number * kPage + i));
    const Page* there = nullptr;  // or what another thread made meanwhile
    return pages_[number].compare_exchange_strong(there, page.get()) ? *page.release() : *there;
  }
  Maker maker_;
  mutable std::vector<std::atomic<const Page*>> pages_;
};

class CharacterMap {
 public:
  struct Entry {
    char text[14];
    uint8_t length;
    bool alone;  // it becomes this whatever its neighbours are
  };
  static_assert(sizeof(Entry) == 16);
  // Sets the text that a character becomes; false when that depends on others.
  using Maker = std::function<bool(char32_t, std::string&)>;
  explicit CharacterMap(Maker maker);
  const Entry& operator[](char32_t c) const { return entries_[c]; }

 private:
  LazyCharTable<Entry> entries_;
};

}  // namespace ef::tokenizers
