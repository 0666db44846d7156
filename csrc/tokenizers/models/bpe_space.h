#pragma once
#include "tokenizers/models/bpe.h"
#include "tokenizers/models/word_loop.h"

namespace ef::tokenizers {

struct Bpe::Space : Workspace {
  std::vector<Symbol> symbols, other;
  std::vector<uint32_t> ranks, previous, next;  // of the merge with the next symbol
  std::vector<uint64_t> heap;
};

}  // namespace ef::tokenizers
