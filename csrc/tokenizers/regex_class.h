// A character class worked out as a set.
#pragma once
#include <string>

#include "tokenizers/regex_sets.h"

namespace ef::tokenizers::regex {

// The members of the class whose '[' and '^' stand before `at`, which then is behind its ']'.
Ranges class_members(const std::string& pattern, size_t& at);

}  // namespace ef::tokenizers::regex
