// What single characters become, made page by page when first asked for.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ef::tokenizers {

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
  explicit CharacterMap(Maker maker) : maker_(std::move(maker)), pages_(0x1100) {}

  const Entry& operator[](char32_t c) const {  // from any thread
    const Page* page = pages_[c >> 8].load(std::memory_order_acquire);
    return (page ? *page : make(c >> 8))[c & 255];
  }

 private:
  using Page = std::array<Entry, 256>;
  const Page& make(size_t page) const;
  Maker maker_;
  mutable std::mutex mutex_;
  mutable std::vector<std::atomic<const Page*>> pages_;
  mutable std::vector<std::unique_ptr<const Page>> made_;
};

}  // namespace ef::tokenizers
