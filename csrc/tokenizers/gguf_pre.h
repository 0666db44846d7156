// What each value of tokenizer.ggml.pre stands for.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ef::tokenizers {

struct GgufPreTokenizer {
  std::vector<std::string> patterns;  // one split after the other
  bool ignore_merges = false;
  bool add_bos = false;     // unless the file says otherwise
  bool always_bos = false;  // whatever it says
  bool raw = false;         // tokens are text with "▁" for blanks, <0x..> what has none, not the alphabet of bytes
};
// UnsupportedError for a name that is not known.
GgufPreTokenizer gguf_pre_tokenizer(std::string_view name);

}  // namespace ef::tokenizers
