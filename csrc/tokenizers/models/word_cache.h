// What came out of words seen before. One thread at a time.
#pragma once
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "tokenizers/models/big_vector.h"
#include "tokenizers/models/word_key.h"

namespace ef::tokenizers {

// Short words of few tokens: one entry holds all, and a new word takes the place of an old one. The two entries that a
// word may be in are neighbours.
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
  // The two places a word may be in.
  Entry* at(uint64_t hash) { return &entries_[2 * (hash >> (64 - kBits))]; }
  // Makes room at the first of them.
  static Entry& renew(Entry* set) { return set[1] = set[0], set[0]; }
  void prepare() {  // before the first at()
    if (entries_.empty()) entries_.resize(kEntries);
  }
  void clear() { entries_.assign(entries_.size(), Entry{}); }

 private:
  static constexpr int kBits = 16;
  static constexpr size_t kEntries = size_t(2) << kBits;
  BigVector<Entry> entries_;
};

// The others: grows up to a limit, then forgets everything.
class LongWordCache {
 public:
  static constexpr size_t kLongestWord = 128;
  struct Found {
    const uint32_t* ids = nullptr;
    uint32_t count = 0;
    const uint8_t* lengths() const { return reinterpret_cast<const uint8_t*>(ids + count); }
  };
  Found find(std::string_view word, uint64_t hash) const {
    if (slots_.empty()) return {};
    for (size_t i = hash & mask();; i = (i + 1) & mask()) {
      const Slot& s = slots_[i];
      if (!s.count) return {};
      if (s.tag != uint32_t(hash >> 32) || s.length != word.size()) continue;
      const Found found{at(s.place), s.count};
      if (!std::memcmp(found.lengths() + s.count, word.data(), word.size())) return found;
    }
  }
  void prefetch(uint64_t hash) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[hash & mask()]);
  }
  // The caller fills in the ids, and lengths() of what is found there.
  uint32_t* add(std::string_view word, uint64_t hash, size_t count) {
    if (used_ * 2 >= slots_.size()) make_room();
    if (end_ >= kMostNumbers) clear();
    const size_t size = count + (count + word.size() + 3) / 4;
    if (end_ % kBlock + size > kBlock) end_ = (end_ / kBlock + 1) * kBlock;
    if (end_ / kBlock == blocks_.size()) blocks_.emplace_back(new uint32_t[kBlock]);
    put({uint32_t(hash >> 32), uint32_t(hash), uint32_t(end_), uint16_t(word.size()), uint16_t(count)});
    uint32_t* const ids = at(end_);
    std::memcpy(reinterpret_cast<uint8_t*>(ids + count) + count, word.data(), word.size());
    end_ += size;
    used_++;
    return ids;
  }
  void clear() {
    slots_.assign(slots_.size(), Slot{});
    end_ = used_ = 0;
  }

 private:
  static constexpr size_t kLeast = 1 << 12, kMost = 1 << 18;  // slots, half of which are used
  static constexpr size_t kBlock = 1 << 16;                   // numbers that lie together; a word lies in one block
  static constexpr size_t kMostNumbers = 1 << 22;             // four times as many as words mostly take
  struct Slot {
    uint32_t tag = 0, low = 0, place = 0;  // the halves of the hash; where ids, lengths and the word are
    uint16_t length = 0, count = 0;
  };
  size_t mask() const { return slots_.size() - 1; }
  uint32_t* at(size_t place) const { return &blocks_[place / kBlock][place % kBlock]; }
  void put(const Slot& slot) {
    size_t i = slot.low & mask();
    while (slots_[i].count) i = (i + 1) & mask();
    slots_[i] = slot;
  }
  void make_room() {
    if (slots_.size() == kMost) return clear();
    BigVector<Slot> old(slots_.empty() ? kLeast : 4 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.count) put(slot);
  }
  BigVector<Slot> slots_;
  std::vector<std::unique_ptr<uint32_t[]>> blocks_;  // never copied: what was written stays in its pages
  size_t end_ = 0, used_ = 0;
};

// Which new words are worth remembering. Where most are new, as in lists of words or identifiers, remembering costs
// more than it ever saves: then only every eighth is, by its hash, which shows when words come again.
class Admission {
 public:
  bool admits(uint64_t hash) {  // asked once for every new word
    const bool sampled = (hash >> kShift) % kEvery == 0;
    new_ += sampled;
    return all_ || sampled;
  }
  void count(size_t words) {  // new ones and others
    if ((words_ += words) < kPeriod) return;
    all_ = new_ * kEvery < words_ / 2;
    words_ = new_ = 0;
  }

 private:
  static constexpr int kShift = 24;  // neither the bits that choose a slot nor the highest ones, which choose an entry
  static constexpr size_t kEvery = 8, kPeriod = 4096;
  size_t words_ = 0, new_ = 0;
  bool all_ = true;
};

}  // namespace ef::tokenizers
