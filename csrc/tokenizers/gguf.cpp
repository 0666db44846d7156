#include "tokenizers/gguf.h"

namespace ef::tokenizers {
Tokenizer tokenizer_from_gguf(const GgufVocab& v) { fail<UnsupportedError>("gguf: tokenizer model '", v.model, "' is not supported"); }
}  // namespace ef::tokenizers
