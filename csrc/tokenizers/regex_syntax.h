// Oniguruma's Ruby syntax, as found in tokenizer.json, rewritten for PCRE2.
#pragma once
#include <string>

namespace ef::tokenizers {

// UnsupportedError for what has no counterpart (class intersections, absent operators, \X, …).
std::string translate_onig_pattern(const std::string& pattern);

}  // namespace ef::tokenizers
