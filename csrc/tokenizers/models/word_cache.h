// What came out of words seen before. One thread at a time.
#pragma once
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/models/word_key.h"

namespace ef::tokenizers {

struct WordPart {  // a token of a word, and how many bytes of it
  uint32_t id, length;
};

// Short words of few tokens: one entry holds all, and a new word takes the place of an old one.
class ShortWordCache {
 public:
  static constexpr size_t kMostTokens = 3;
  static constexpr size_t kInTheOther = 7;  // as count(): look in the other cache
  struct alignas(32) Entry {
    uint64_t low = 0, high = 0;
    uint32_t ids[kMostTokens] = {};
    uint8_t lengths[kMostTokens] = {};
    uint8_t size = 0;  // length of the word, number of tokens
    bool holds(const WordKey& key) const {
      return ((low ^ key.low) | (high ^ key.high) | (uint32_t(size & 31) ^ key.length)) == 0;
    }
    size_t count() const { return size >> 5; }
    void set(const WordKey& key, size_t count) {
      low = key.low, high = key.high;
      size = uint8_t(key.length | count << 5);
    }
  };
  static_assert(sizeof(Entry) == 32);
  Entry& at(uint64_t hash) { return entries_[hash >> (64 - kBits)]; }
  void prepare() {  // before the first at()
    if (entries_.empty()) entries_.resize(kEntries);
  }
  void clear() { entries_.assign(entries_.size(), Entry{}); }

 private:
  static constexpr int kBits = 15;
  static constexpr size_t kEntries = size_t(1) << kBits;
  std::vector<Entry> entries_;
};

// The others; forgets everything when full.
class LongWordCache {
 public:
  static constexpr size_t kLongestWord = 64;
  struct Found {
    const WordPart* parts = nullptr;
    uint32_t count = 0;
  };
  Found find(std::string_view word, uint64_t hash) const {
    if (slots_.empty()) return {};
    for (size_t i = hash & (kSlots - 1);; i = (i + 1) & (kSlots - 1)) {
      const Slot& s = slots_[i];
      if (!s.count) return {};
      if (s.tag == uint32_t(hash >> 32) && s.length == word.size() &&
          !std::memcmp(text_.data() + s.text, word.data(), word.size()))
        return {parts_.data() + s.parts, s.count};
    }
  }
  // The caller fills in what it returns.
  WordPart* add(std::string_view word, uint64_t hash, size_t count) {
    if (slots_.empty()) slots_.resize(kSlots);
    if (used_ * 2 >= kSlots) clear();
    size_t i = hash & (kSlots - 1);
    while (slots_[i].count) i = (i + 1) & (kSlots - 1);
    slots_[i] = {uint32_t(text_.size()), uint32_t(hash >> 32), uint32_t(parts_.size()), uint16_t(word.size()),
                 uint16_t(count)};
    text_.append(word);
    parts_.resize(parts_.size() + count);
    used_++;
    return parts_.data() + parts_.size() - count;
  }
  void clear() {
    slots_.assign(slots_.size(), Slot{});
    text_.clear();
    parts_.clear();
    used_ = 0;
  }

 private:
  static constexpr size_t kSlots = 1 << 16;
  struct Slot {
    uint32_t text = 0, tag = 0, parts = 0;
    uint16_t length = 0, count = 0;
  };
  std::vector<Slot> slots_;
  std::string text_;
  std::vector<WordPart> parts_;
  size_t used_ = 0;
};

}  // namespace ef::tokenizers
