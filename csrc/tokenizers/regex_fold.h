// Which characters match each other where case is ignored, one for one and one for several.
#pragma once
#include <array>
#include <string_view>
#include <vector>

#include "tokenizers/regex_sets.h"

namespace ef::tokenizers {

// Characters that match one another have the same.
char32_t case_folded(char32_t code);
// All that match `code`, itself included.
Ranges case_variants(char32_t code);
// The set and all that match one of its members.
Ranges with_case_variants(const Ranges& set);

// One character that matches two or three: ß and ss.
struct LongFold {
  char32_t code;
  std::array<char32_t, 3> to;  // folded; 0 behind the last
  size_t size() const { return to[2] ? 3 : 2; }
  bool begins(std::u32string_view text) const;  // whatever the case of the text
};
const std::vector<LongFold>& long_folds();  // the shorter ones first

}  // namespace ef::tokenizers
