// Bpe, words of bytes (or of ASCII characters, each a token) of ordinary length: what is known beforehand about merges,
// close together in memory.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/models/big_vector.h"
#include "tokenizers/models/pair_table.h"

namespace ef::tokenizers {

class BpeNear {
 public:
  // A token's id (21 bits) and its place in the table below (10 bits), or kFar.
  using Token = uint32_t;
  static constexpr Token kFar = 1u << 31;
  static uint32_t id_of(Token token) { return token & ((1u << kIdBits) - 1); }

  // A merge as one number: its rank, the token that it makes, and eight bits for the place of the pair. It sorts as
  // the merges do.
  static constexpr uint64_t kNone = ~0ull << 8;
  static uint64_t merge(uint64_t rank, Token made) { return rank << 40 | uint64_t(made) << 8; }
  static Token made(uint64_t merge) { return Token(merge >> 8); }

  // Of two bytes that stand side by side. Their merge is sure to happen, whatever else stands in the word, if its rank
  // is lower than `left` of the byte before and the first one, and lower than `right` of the second one and the byte
  // behind: then nothing can take one of the two away before. What the merge makes must have no merge of a lower rank
  // either, so that nothing happens earlier because it is carried out at once.
  struct Bytes {
    static constexpr uint16_t kNever = UINT16_MAX;  // also for later merges
    uint16_t rank;                                  // of their merge, if it may be carried out at once
    uint16_t left;   // lowest rank that joins the second byte to a token that ends with the first one
    uint16_t right;  // lowest rank that joins the first byte to a token that begins with the second one
    Token made;      // by their merge
    bool sure(const Bytes& before, const Bytes& behind) const { return (rank < before.left) & (rank < behind.right); }
  };

  static constexpr Bytes kNothing = {Bytes::kNever, Bytes::kNever, Bytes::kNever, 0};

  using Pairs = std::vector<std::pair<uint32_t, uint32_t>>;
  static constexpr uint32_t kNoToken = UINT32_MAX;
  using Starts = std::array<uint32_t, 256>;  // the token of each byte; kNoToken: such words are not merged here
  // What the text of a token is like.
  struct Text {
    uint8_t first = 0, last = 0, length = 3;               // bytes; 3: or more
    Text(std::string_view text, std::string_view blank) {  // what it spells a blank with
      first = text.starts_with(blank) ? ' ' : uint8_t(text.front());
      last = text.ends_with(blank) ? ' ' : uint8_t(text.back());
      for (length = 0; length < 3 && !text.empty(); length++)
        text.remove_prefix(text.starts_with(blank) ? blank.size() : 1);
    }
    Text() = default;
  };
  static constexpr uint16_t kFirstOnes = 1 << 15;  // merges, among which are nearly all of two bytes
  // `merges` and `made` by rank; of equal pairs, the last one counts. `pairs` has them all. `texts` by id, of what the
  // first ones join.
  BpeNear(const Pairs& merges, const BigVector<uint32_t>& made, const Starts& starts, const PairTable& pairs,
          const std::vector<Text>& texts);

  Token start(char byte) const { return starts_[uint8_t(byte)]; }  // kNoToken, too
  const Bytes& bytes(char first, char second) const { return bytes_[uint8_t(first) | size_t(uint8_t(second)) << 8]; }
  // Those have a place that the bytes are or that are made first; the merges of any two of them are here.
  Token made_by(uint32_t rank) const { return made_[rank]; }
  static bool has(Token left, Token right) { return !((left | right) & kFar); }
  // The merge of two such tokens. Every row of the table of all pairs is shifted so that no two rows need the same
  // place: a look-up reads one entry, has no loop, and frequent pairs are neighbours.
  uint64_t find(Token left, Token right) const {
    const uint32_t row = left >> kIdBits;
    const uint64_t e = pairs_[rows_[row] + (right >> kIdBits)];
    return e >> (kRankBits + kTokenBits) == row ? e << kPlaceBits >> kPlaceBits << 8 : kNone;
  }

  void prefetch(Token left, Token right) const {
    __builtin_prefetch(&pairs_[rows_[left >> kIdBits & (kPlaces - 1)] + (right >> kIdBits & (kPlaces - 1))]);
  }

 private:
  static constexpr int kIdBits = 21, kPlaceBits = 10, kRankBits = 22, kTokenBits = 32;
  static_assert(kPlaceBits + kRankBits + kTokenBits == 64 && 1u << kIdBits == PairTable::kIds &&
                1u << kRankBits == PairTable::kRanks);
  static constexpr uint32_t kPlaces = 1 << kPlaceBits;
  void find_sure(const Pairs& merges, const PairTable& pairs, const std::vector<Text>& texts);
  void place(const Pairs& merges, const std::vector<Token>& tokens);
  Starts starts_;
  std::vector<Bytes> bytes_;
  BigVector<Token> made_;      // by rank
  BigVector<uint64_t> pairs_;  // place of the left one (10 bits), rank (22), token made
  uint32_t rows_[kPlaces] = {};
};

}  // namespace ef::tokenizers
