// All pieces of a vocabulary that end at each place of a text, in one pass over its bytes (Aho and Corasick 1975). A
// double array: the child of a state for a byte stands at (base of the state) xor byte.
#pragma once
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "tokenizers/models/big_vector.h"
#include "tokenizers/models/char_table.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

class PieceAutomaton {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kShort = 4;  // characters
  // The longest text that has been read last and that a piece begins with, in one number, so that one instruction
  // chooses between two: base of its children (29 bits), what ends here (26), kDeep, byte that leads to it (8).
  using State = uint64_t;

  PieceAutomaton() = default;
  // Pieces have their indices as ids; of equal ones the last one counts. A character that is no piece is found, too, as
  // one with the score `unknown` and the id kNone. Pieces that are empty or not UTF-8 are never found. UnsupportedError
  // for more than 16 million.
  PieceAutomaton(std::vector<std::string_view> pieces, const std::vector<double>& scores, double unknown);

  static constexpr State kStart = 0;
  // Where no piece ends and nothing that has been read can begin one any more.
  static bool is_empty(State state) { return base_of(state) == 0 && ends_of(state) == 0; }

  // What ends at a place: long pieces, the longest first, and behind them a set of short ones, whose slots follow each
  // other by the number of their characters; -infinity is the score where there is none.
  static uint32_t ends_of(State state) { return uint32_t(state >> 9) & ((1u << 26) - 1); }
  bool is_long(uint32_t ends) const { return ends >= first_long_; }
  uint32_t length(uint32_t slot) const { return longs_[slot - first_long_].length; }    // of a long one, characters
  uint32_t shorter(uint32_t slot) const { return longs_[slot - first_long_].shorter; }  // what is there behind it
  const double& score(uint32_t slot) const { return scores_[slot]; }
  uint32_t id(uint32_t slot) const { return ids_[slot]; }
  template <class F>
  void for_each_end(State state, F&& f) const {  // f(slot, length), the longest first
    uint32_t slot = ends_of(state);
    for (; is_long(slot); slot = shorter(slot)) f(slot, length(slot));
    for (uint32_t i = kShort; i-- > 0;)
      if (scores_[slot + i] > -std::numeric_limits<double>::infinity()) f(slot + i, i + 1);
  }
  // Whether a piece begins with the character at `at`, which has this length.
  bool begins(std::string_view text, uint32_t at, uint32_t& length) const {
    int n;
    const char32_t c = utf8::decode(text.data() + at, n);
    length = uint32_t(n);
    return firsts_[c];
  }

  // Two ways through a text. This one tries the next shorter state until one goes on: best where few do.
  class Walk {
   public:
    explicit Walk(const PieceAutomaton& pieces) : states_(pieces.states_.data()), fails_(pieces.fails_.data()) {}
    State state() const { return state_; }
    void read(uint8_t byte) {
      uint32_t at;
      while (label_of(states_[at = base_of(state_) ^ byte]) != byte) state_ = states_[at_ = fails_[at_]];
      state_ = states_[at_ = at];
    }

   private:
    const State* states_;
    const uint32_t* fails_;
    State state_ = kStart;
    uint32_t at_ = 0;  // of state_, if that is not the start
  };
  // This one keeps the longest states of up to one, two, three and four bytes as well, each of which follows from a
  // shorter one before it. They stand by where the state itself does not go on, which is anybody's guess in a new word
  // of an alphabet with many pieces; so nothing is guessed. Only longer states than that are tried one by one.
  class LevelWalk {
   public:
    explicit LevelWalk(const PieceAutomaton& pieces) : states_(pieces.states_.data()), fails_(pieces.fails_.data()) {}
    State state() const { return state_; }
    void read(uint8_t byte) {
      const State one = states_[byte];
      const State two = either(states_[base_of(one_) ^ byte], one, byte);
      const State three = either(states_[base_of(two_) ^ byte], two, byte);
      const State four = either(states_[base_of(three_) ^ byte], three, byte);
      uint32_t at = base_of(state_) ^ byte;
      State longest = states_[at], next = either(longest, four, byte);
#if defined(__GNUC__)
      asm("" : "+r"(next));  // else the choice becomes a branch, for the sake of the one that follows
#endif
      if (state_ & kDeep && next != longest) [[unlikely]] {
        do {
          state_ = states_[at_ = fails_[at_]];
          at = base_of(state_) ^ byte;
          longest = states_[at];
        } while (state_ & kDeep && label_of(longest) != byte);
        next = either(longest, four, byte);
      }
      state_ = next, at_ = at;
      one_ = one, two_ = two, three_ = three;
    }

   private:
    static State either(State state, State other, uint8_t byte) { return label_of(state) == byte ? state : other; }
    const State* states_;
    const uint32_t* fails_;
    State one_ = kStart, two_ = kStart, three_ = kStart, state_ = kStart;
    uint32_t at_ = 0;  // of state_, if that is deep
  };

 private:
  static constexpr uint32_t kLevels = 4;      // of LevelWalk
  static constexpr State kDeep = 1 << 8;      // the next shorter state has kLevels bytes or more
  static constexpr uint32_t kStartAt = 0xff;  // a byte that is never in UTF-8
  static constexpr uint32_t kMostStates = 1u << 29;
  static uint32_t base_of(State state) { return uint32_t(state >> 35); }
  static uint8_t label_of(State state) { return uint8_t(state); }
  static State state_of(uint32_t base, uint32_t ends, bool deep, uint8_t label) {
    return State(base) << 35 | State(ends) << 9 | (deep ? kDeep : 0) | label;
  }
  struct Long {
    uint32_t length, shorter;
  };

  BigVector<State> states_;    // the start's children are the first 256
  BigVector<uint32_t> fails_;  // of each the next shorter one, as index
  uint32_t first_long_ = 0;    // slots below are of short ones
  BigVector<double> scores_;
  BigVector<uint32_t> ids_;
  BigVector<Long> longs_;
  CharTable<uint8_t> firsts_;  // characters that pieces begin with
};

}  // namespace ef::tokenizers
