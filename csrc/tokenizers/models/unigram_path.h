// The pieces with the highest sum of scores that make a text, found by Viterbi's algorithm.
#pragma once
#include <cstdint>
#include <string_view>

#include "tokenizers/models/piece_automaton.h"
#include "tokenizers/unwritten.h"

namespace ef::tokenizers {

class UnigramPath {
 public:
  struct Step {
    uint32_t slot, length;  // of the last piece of the best way to a place
  };
  // Of equal sums the one whose last piece is the longest wins. Returns the number of characters up to which there are
  // steps: from there on nothing but characters that begin no piece.
  uint32_t find(const PieceAutomaton& pieces, std::string_view text);
  // Of the way to the end of the first n characters.
  const Step& step(uint32_t n) const { return steps_[n]; }
  // Where these end, in bytes.
  uint32_t place(uint32_t n) const { return ascii_ ? n : places_[n]; }
  void trim(size_t kept);  // gives back memory for longer texts

 private:
  template <class Walk, bool kAscii>
  uint32_t walk(const PieceAutomaton& pieces, std::string_view text);

  // By characters; before the first one is 0.
  UnwrittenVector<double> scores_;
  UnwrittenVector<Step> steps_;
  UnwrittenVector<uint32_t> places_;
  bool ascii_ = false;
};

}  // namespace ef::tokenizers
