#pragma once
#include "tokenizers/models/bpe.h"
#include "tokenizers/models/word_loop.h"

namespace ef::tokenizers {

struct Bpe::Space : Workspace {
  std::vector<Symbol> symbols, other;
  std::vector<uint32_t> ranks, previous, next;  // of the merge with the next symbol
  std::vector<uint64_t> heap;
  uint32_t last_rank = 0;  // of the last call's merges
  bool in_order = true;    // their ranks never fell
  void note(uint32_t rank) {
    in_order &= rank >= last_rank;
    last_rank = rank;
  }

  // For words of ordinary length.
  const BpeNear* near[2] = {};  // by spelling, as in Bpe
  size_t near_bytes[2] = {};    // merged so far without it

  // For words that fall into parts (bpe_parts.cpp).
  const BpeJoints* joints = nullptr;
  size_t foreign_bytes = 0;  // of words that are not ASCII, so far without it

  // For words by the longest tokens that fit (bpe_fit.cpp).
  size_t merged_bytes = 0;         // so far, without them
  std::vector<Symbol> candidates;  // at one position, by length
  std::vector<uint8_t> dead;       // positions that no tokenization goes through
  std::vector<uint64_t> fits;      // remembered answers: left id, right id, yes or no
};

}  // namespace ef::tokenizers
