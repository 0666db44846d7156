// A tokenizer out of the metadata of a GGUF file. `tokenizer.ggml.model` and `tokenizer.ggml.pre` decide, as in
// llama.cpp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/tokenizer.h"

namespace ef::tokenizers {

// The fields under tokenizer.ggml, as they are in the file.
struct GgufVocab {
  std::string model;       // "gpt2", "gemma4" (which is gpt2 with that `pre`), "llama", "bert", "t5"
  std::string pre;         // "default" when the file has none
  std::string model_name;  // general.name: Phi-3's special tokens take the white space behind them
  std::vector<std::string_view> tokens;
  std::vector<float> scores;
  std::vector<int32_t> token_types;
  std::vector<std::string_view> merges;
  std::optional<uint32_t> bos_id, eos_id, unknown_id, separator_id, padding_id, mask_id, cls_id;
  std::optional<bool> add_bos, add_eos, add_sep, add_space_prefix, remove_extra_whitespaces;
  std::string precompiled_charsmap;
};
enum GgufTokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

// UnsupportedError for an unknown model or pre-tokenizer, naming it; TokenizerError for contradicting fields.
Tokenizer tokenizer_from_gguf(const GgufVocab& vocab);
std::vector<std::string> gguf_pre_tokenizer_names();

}  // namespace ef::tokenizers
