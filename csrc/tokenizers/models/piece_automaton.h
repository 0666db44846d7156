// All pieces of a vocabulary that end at each place of a text, in one pass over its bytes (Aho and Corasick 1975). A
// double array: the child of a state for a byte stands at (base of the state) xor byte.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "tokenizers/models/big_vector.h"

namespace ef::tokenizers {

class PieceAutomaton {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;
  // The longest text that has been read last and that a piece begins with.
  struct State {
    uint32_t base, check;  // where its children are; base of the state that it is a child of
    uint32_t fail;         // the next shorter one
    uint32_t piece;        // the longest piece that ends here, or kNone
  };
  struct Piece {
    double score;
    uint32_t length;   // bytes
    uint32_t shorter;  // the longest piece that this one ends with, or kNone
  };

  PieceAutomaton() = default;
  // A piece is known by its index, that of the last one of equal ones. Empty ones are never found. UnsupportedError for
  // more than 16 million.
  PieceAutomaton(const std::vector<std::string_view>& pieces, const std::vector<double>& scores);

  State start() const { return states_.back(); }
  // Where nothing that has been read can begin a piece any more.
  static bool is_start(const State& state) { return state.base == 0; }
  State next(State state, uint8_t byte) const {
    for (;;) {
      const State& child = states_[state.base ^ byte];
      if (child.check == state.base) return child;
      state = states_[state.fail];
    }
  }
  const Piece& piece(uint32_t i) const { return pieces_[i]; }

 private:
  BigVector<State> states_;  // the start's children are the first 256, itself is the last
  BigVector<Piece> pieces_;
};

}  // namespace ef::tokenizers
