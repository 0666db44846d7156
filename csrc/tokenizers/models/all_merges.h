// The merge list of a vocabulary that came without one (SentencePiece, tiktoken, GGUF): every way to split a token into
// two tokens is a merge.
#pragma once
#include <functional>
#include <string_view>

#include "tokenizers/models/bpe.h"

namespace ef::tokenizers {

enum class MergeOrder {
  Id,             // of the joined token, then of the left and the right one
  IdThenLengths,  // … then characters of the left and the right one, then their ids
  HighestScore,   // the score of the joined token, most characters of the left one, of the right one, then their ids
};

// `score(id)` is only asked for HighestScore and must not be NaN; neither part nor whole is one that `skip` names.
Merges all_merges(const Vocab& vocab, MergeOrder order, const std::function<float(uint32_t)>& score = {},
                  const std::function<bool(std::string_view)>& skip = {});

}  // namespace ef::tokenizers
