// The substrings of a list of words that are worth being pieces at first.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ef::tokenizers {

// Substrings of 2 to `longest` characters that occur at least twice and can be continued in more than one way (the
// inner nodes of the suffix tree), with occurrences times length: the highest first, at most `most`.
std::vector<std::pair<std::u32string, uint64_t>> frequent_substrings(const std::vector<std::string_view>& words,
                                                                     size_t longest, size_t most);

}  // namespace ef::tokenizers
