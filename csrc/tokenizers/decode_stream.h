// Decodes token by token and hands out text only when it is final: never half a character.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tokenizers/tokenizer.h"

namespace ef::tokenizers {

class DecodeStream {
 public:
  // `ids`: tokens before the first step, whose text is not repeated.
  explicit DecodeStream(bool skip_special_tokens = false, std::vector<uint32_t> ids = {})
      : skip_special_tokens_(skip_special_tokens), ids_(std::move(ids)) {}

  // The text that these tokens complete, or nothing yet. TokenizerError when the decoder changes text it had given
  // already.
  std::optional<std::string> step(const Tokenizer& tokenizer, const std::vector<uint32_t>& ids);

 private:
  bool skip_special_tokens_;
  std::vector<uint32_t> ids_;  // a window: what prefix_ was decoded from, and what came since
  std::string prefix_;
  size_t prefix_index_ = 0;  // how many ids of the window belong to the prefix
};

}  // namespace ef::tokenizers
