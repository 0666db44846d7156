// Pairs of tokens in a corpus: how often each occurs, in which words, and which one is the most frequent.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace ef::tokenizers {

inline uint64_t pair_key(uint32_t left, uint32_t right) { return uint64_t(left) << 32 | right; }

// Open addressing; a slot is never freed.
class PairCounts {
 public:
  struct Pair {
    uint64_t key;
    int64_t count;
    std::vector<uint32_t> words;  // where it came up since the last take_fresh
  };

  PairCounts() : slots_(1 << 12, 0) {}
  void add(uint64_t key, int64_t count, uint32_t word) {
    const uint32_t index = find(key);
    Pair& pair = pairs_[index];
    pair.count += count;
    if (pair.words.empty()) fresh_.push_back(index);
    if (pair.words.empty() || pair.words.back() != word) pair.words.push_back(word);
  }
  void take(uint64_t key, int64_t count) { pairs_[find(key)].count -= count; }
  int64_t count(uint64_t key) { return pairs_[find(key)].count; }
  template <class F>
  void take_fresh(F&& f) {  // f(Pair&)
    for (uint32_t index : fresh_) f(pairs_[index]);
    fresh_.clear();
  }

 private:
  uint32_t find(uint64_t key) {
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash(key) & mask;; i = (i + 1) & mask) {
      if (slots_[i] == 0) {
        pairs_.push_back({key, 0, {}});
        slots_[i] = uint32_t(pairs_.size());
        if (pairs_.size() * 2 > slots_.size()) grow();
        return uint32_t(pairs_.size() - 1);
      }
      if (pairs_[slots_[i] - 1].key == key) return slots_[i] - 1;
    }
  }
  void grow() {
    std::vector<uint32_t> slots(slots_.size() * 2, 0);
    const size_t mask = slots.size() - 1;
    for (uint32_t n = 0; n < pairs_.size(); n++) {
      size_t i = hash(pairs_[n].key) & mask;
      while (slots[i]) i = (i + 1) & mask;
      slots[i] = n + 1;
    }
    slots_ = std::move(slots);
  }
  static size_t hash(uint64_t key) {
    key *= 0x9e3779b97f4a7c15u;
    return size_t(key ^ key >> 32);
  }
  std::vector<uint32_t> slots_;  // index + 1; 0: free
  std::vector<Pair> pairs_;
  std::vector<uint32_t> fresh_;
};

// The most frequent pair first, of equally frequent ones that with the lower ids. A pair that comes up anew gets a
// second entry, with the words it came up in.
class PairQueue {
 public:
  struct Entry {
    int64_t count;
    uint64_t key;
    std::vector<uint32_t> words;
    bool operator<(const Entry& o) const { return count != o.count ? count < o.count : key > o.key; }
  };

  void take_fresh(PairCounts& pairs) {
    pairs.take_fresh([&](PairCounts::Pair& pair) {
      if (pair.count > 0) push({pair.count, pair.key, std::move(pair.words)});
      pair.words.clear();
    });
  }
  // Counts change while an entry waits: an outdated one goes back with its new count.
  std::optional<Entry> pop(PairCounts& pairs) {
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end());
      Entry top = std::move(heap_.back());
      heap_.pop_back();
      const int64_t now = pairs.count(top.key);
      if (now == top.count) return top;
      top.count = now;
      if (now > 0) push(std::move(top));
    }
    return std::nullopt;
  }

 private:
  void push(Entry entry) {
    heap_.push_back(std::move(entry));
    std::push_heap(heap_.begin(), heap_.end());
  }
  std::vector<Entry> heap_;
};

}  // namespace ef::tokenizers
