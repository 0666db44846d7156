// Splitting at characters of a kind.
#pragma once
#include "tokenizers/pre_tokenized_string.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

// Cuts every open piece at the characters for which is(c) holds.
template <class Is>
void split_by_character(PreTokenizedString& text, SplitBehavior behavior, Is&& is) {
  text.split([&](std::string_view s, auto emit) {
    std::vector<SplitPart> parts;  // single matching characters, runs of others
    uint32_t at = 0;
    for (auto it = utf8::chars(s).begin(); at < s.size(); ++it) {
      const uint32_t next = at + uint32_t(it.length);
      const bool match = is(*it);
      if (!match && !parts.empty() && !parts.back().match)
        parts.back().end = next;
      else
        parts.push_back({at, next, match});
      at = next;
    }
    join_parts(parts, behavior, [&](uint32_t begin, uint32_t end) { emit(begin, end); });
  });
}

}  // namespace ef::tokenizers
