// (left id, right id) -> (rank, id of the merged token), by open addressing.
#pragma once
#include <bit>
#include <cstdint>
#include <vector>

namespace ef::tokenizers {

class PairTable {
 public:
  struct Merge {
    uint64_t key = kEmpty;
    uint32_t rank = 0, id = 0;
  };
  explicit PairTable(size_t pairs = 0) {
    const size_t size = std::bit_ceil(pairs + pairs / 2 + 2);
    merges_.resize(size);
    shift_ = 64 - std::countr_zero(size);
  }
  void add(uint32_t left, uint32_t right, uint32_t rank, uint32_t id) {  // the last of equal pairs wins
    const uint64_t key = uint64_t(left) << 32 | right;
    size_t i = slot(key);
    while (merges_[i].key != kEmpty && merges_[i].key != key) i = (i + 1) & (merges_.size() - 1);
    merges_[i] = {key, rank, id};
  }
  const Merge* find(uint32_t left, uint32_t right) const {
    const uint64_t key = uint64_t(left) << 32 | right;
    for (size_t i = slot(key);; i = (i + 1) & (merges_.size() - 1)) {
      if (merges_[i].key == key) return &merges_[i];
      if (merges_[i].key == kEmpty) return nullptr;
    }
  }

 private:
  static constexpr uint64_t kEmpty = ~0ull;
  size_t slot(uint64_t key) const { return (key * 0x9e3779b97f4a7c15ull) >> shift_; }
  std::vector<Merge> merges_;
  int shift_;
};

}  // namespace ef::tokenizers
