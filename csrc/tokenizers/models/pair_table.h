// (left id, right id) -> rank of the merge, by open addressing: eight bytes an entry, and two bits that answer
// nearly all questions about pairs that don't merge from a much smaller table.
#pragma once
#include <bit>
#include <cstdint>

#include "core/error.h"
#include "tokenizers/models/big_vector.h"

namespace ef::tokenizers {

class PairTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kIds = 1u << 21, kRanks = 1u << 22;  // most that an entry can tell apart

  explicit PairTable(size_t pairs = 0) {
    check<UnsupportedError>(pairs < kRanks, "BPE: ", pairs, " merges, fewer than ", kRanks, " are possible");
    const size_t size = std::bit_ceil(pairs + pairs / 2 + 2);
    entries_.assign(size, kEmpty);
    shift_ = 64 - std::countr_zero(size);
    maybe_.assign(std::bit_ceil(pairs / 8 + 1), 0);
    maybe_shift_ = 58 - std::countr_zero(maybe_.size());
  }
  void add(uint32_t left, uint32_t right, uint32_t rank) {  // the last of equal pairs wins
    check<UnsupportedError>(left < kIds && right < kIds, "BPE: a merge of the ids ", left, " and ", right,
                            ", ids up to ", kIds - 1, " are possible");
    const uint64_t hash = hash_of(left, right), key = key_of(left, right);
    size_t i = hash >> shift_;
    while (entries_[i] != kEmpty && entries_[i] >> kRankBits != key) i = (i + 1) & (entries_.size() - 1);
    entries_[i] = key << kRankBits | rank;
    maybe_[word(hash)] |= bits(hash);
  }
  void prefetch(uint32_t left, uint32_t right) const {
    const uint64_t hash = hash_of(left, right);
    __builtin_prefetch(&entries_[hash >> shift_], 1);
    __builtin_prefetch(&maybe_[word(hash)], 1);
  }
  // A question that is on its way to memory: several can be asked before the first answer is waited for.
  struct Question {
    uint64_t key, hash, bits;
  };
  Question ask(uint32_t left, uint32_t right) const {
    const Question q = question(left, right);
    __builtin_prefetch(&entries_[q.hash >> shift_]);
    return q;
  }
  uint32_t answer(const Question& q) const {
    if ((q.bits & bits(q.hash)) != bits(q.hash)) return kNone;
    for (size_t i = q.hash >> shift_;; i = (i + 1) & (entries_.size() - 1)) {
      if (entries_[i] >> kRankBits == q.key) return uint32_t(entries_[i] & (kRanks - 1));
      if (entries_[i] == kEmpty) return kNone;
    }
  }
  uint32_t find(uint32_t left, uint32_t right) const { return answer(question(left, right)); }

 private:
  Question question(uint32_t left, uint32_t right) const {
    const uint64_t hash = hash_of(left, right);
    return {key_of(left, right), hash, maybe_[word(hash)]};
  }
  static constexpr int kRankBits = 22;
  static constexpr uint64_t kEmpty = ~0ull;  // the rank in it is never reached
  static uint64_t key_of(uint32_t left, uint32_t right) { return uint64_t(left) << 21 | right; }
  static uint64_t hash_of(uint32_t left, uint32_t right) {
    const uint64_t h = key_of(left, right) * 0x9e3779b97f4a7c15ull;
    return h ^ h >> 32;
  }
  static uint64_t bits(uint64_t hash) { return 1ull << (hash & 63) | 1ull << (hash >> 6 & 63); }
  size_t word(uint64_t hash) const { return (hash * 0xc2b2ae3d27d4eb4full) >> maybe_shift_ >> 6; }
  BigVector<uint64_t> entries_, maybe_;
  int shift_, maybe_shift_;
};

}  // namespace ef::tokenizers
