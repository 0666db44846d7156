// Byte-level Bpe, words of ordinary length: what is known beforehand about merges, close together in memory.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/models/big_vector.h"
#include "tokenizers/models/vocab.h"

namespace ef::tokenizers {

class BpeNear {
 public:
  // A merge as one number: its rank, the token that it makes, and eight bits for the place of the pair. It sorts as
  // the merges do.
  static constexpr uint64_t kNone = ~0ull << 8;
  static uint64_t merge(uint64_t rank, uint64_t made) { return rank << 29 | made << 8; }
  static uint32_t made(uint64_t merge) { return uint32_t(merge >> 8) & ((1 << 21) - 1); }

  // Of two bytes that stand side by side. Their merge is sure to happen, whatever else stands in the word, if its rank
  // is lower than `left` of the byte before and the first one, and lower than `right` of the second one and the byte
  // behind: then nothing can take one of the two away before. What the merge makes must have no merge of a lower rank
  // either, so that nothing happens earlier because it is carried out at once.
  struct Bytes {
    static constexpr uint16_t kNever = UINT16_MAX;  // also for later merges
    uint16_t rank;                                  // of their merge, if it may be carried out at once
    uint16_t left;   // lowest rank that joins the second byte to a token that ends with the first one
    uint16_t right;  // lowest rank that joins the first byte to a token that begins with the second one
    bool sure(const Bytes& before, const Bytes& behind) const { return (rank < before.left) & (rank < behind.right); }
  };

  static constexpr Bytes kNothing = {Bytes::kNever, Bytes::kNever, Bytes::kNever};

  using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;
  // `merges` and `made` by rank; of equal pairs, the last one counts. `byte_pairs`: ranks of the merges of two bytes,
  // the second one times 256. `texts`: all tokens as bytes.
  BpeNear(const Pairs& merges, const BigVector<uint32_t>& made, const uint32_t (&byte_id)[256],
          const std::vector<uint32_t>& byte_pairs, const Vocab& texts);

  const Bytes& bytes(char first, char second) const { return bytes_[uint8_t(first) | size_t(uint8_t(second)) << 8]; }
  // Whether the tokens are of the first ones, whose merges are here.
  bool has(uint32_t left, uint32_t right) const { return ((left - first_) | (right - first_)) < kTokens; }
  // Their merge. Every row of the table of all pairs is shifted so that no two rows need the same place: a look-up
  // reads one entry, has no loop, and frequent pairs are neighbours.
  uint64_t find(uint32_t left, uint32_t right) const {
    const uint64_t e = pairs_[rows_[left - first_] + (right - first_)];
    return e >> 43 == left - first_ ? e << 21 >> 13 : kNone;
  }

 private:
  static constexpr uint32_t kTokens = 1024;  // a power of two
  static constexpr uint16_t kFirstOnes = 1 << 15;
  void find_sure(const Pairs& merges, const BigVector<uint32_t>& made, const std::vector<uint32_t>& byte_pairs,
                 const Vocab& texts);
  void place(const Pairs& merges, const BigVector<uint32_t>& made, const std::vector<uint32_t>& ranks);
  std::vector<Bytes> bytes_;
  BigVector<uint64_t> pairs_;  // left - first_, rank, token made: 21, 22 and 21 bits
  uint32_t rows_[kTokens] = {};
  uint32_t first_ = 0;  // the lowest id of a byte; the tokens made first usually follow
};

}  // namespace ef::tokenizers
