// Oniguruma's Ruby syntax, as found in tokenizer.json, rewritten for PCRE2.
#pragma once
#include <string>

namespace ef::tokenizers {

// TokenizerError for what Oniguruma refuses, UnsupportedError for what has no counterpart (callouts, text segments, …).
// `shares`: each long character class is written only once, which makes a pattern smaller and slower.
std::string translate_onig_pattern(const std::string& pattern, bool shares = false);

}  // namespace ef::tokenizers
