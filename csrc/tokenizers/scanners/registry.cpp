#include "tokenizers/scanners/lists.h"

namespace ef::tokenizers {
namespace {

const std::vector<KnownPattern>& known_patterns() {
  static const auto list = [] {
    std::vector<KnownPattern> all;
    for (auto* part : {gpt2_patterns, llama3_patterns, qwen_patterns, o200k_patterns, tekken_patterns,
                       deepseek_patterns, number_patterns, blank_patterns})
      for (const KnownPattern& p : part()) all.push_back(p);
    return all;
  }();
  return list;
}

}  // namespace

const KnownPattern* find_scanner(std::string_view pattern) {
  std::string escaped;  // some files have line ends as characters, others as escapes
  for (char c : pattern) {
    if (c == '\r')
      escaped += "\\r";
    else if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  for (const KnownPattern& known : known_patterns())
    if (known.pattern == escaped) return &known;
  return nullptr;
}
std::vector<std::string_view> scanner_patterns() {
  std::vector<std::string_view> out;
  for (const KnownPattern& known : known_patterns()) out.push_back(known.pattern);
  return out;
}

}  // namespace ef::tokenizers
