// A character class worked out as a set, for what PCRE2 has no words for: intersections and negated classes within it.
#pragma once
#include <string>

#include "tokenizers/regex_sets.h"

namespace ef::tokenizers {

// The members of the class whose '[' and '^' stand before `at`, which then is behind its ']'.
Ranges class_members(const std::string& pattern, size_t& at);

}  // namespace ef::tokenizers
