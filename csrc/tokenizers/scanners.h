// Hand-written matchers for the splitting patterns of well-known tokenizers. Each finds exactly what the regular
// expression finds, many times faster.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ef::tokenizers {

struct Match {
  const char* begin;
  const char* end;
};
// The first match that begins in [at, end); false when there is none. The text is valid UTF-8, `at` < `end`, and what
// lies before `at` does not matter.
using Scanner = bool (*)(const char* at, const char* end, Match& out);

// By the exact text of the pattern; nullptr when it is not a known one.
Scanner find_scanner(std::string_view pattern);
std::vector<std::string_view> scanner_patterns();  // all texts that have a scanner
extern const std::string_view kGpt2Pattern, kLlama3Pattern, kQwen2Pattern;  // used by name elsewhere

}  // namespace ef::tokenizers
