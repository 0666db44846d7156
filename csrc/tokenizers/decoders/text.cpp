#include "tokenizers/decoders/text.h"

#include <charconv>

namespace ef::tokenizers {

std::optional<uint8_t> byte_named(std::string_view token) {
  unsigned byte = 0;
  const char* p = token.data();
  const bool named = token.size() == 6 && token.starts_with("<0x") && token[5] == '>' &&
                     std::from_chars(p + 3, p + 5, byte, 16).ptr == p + 5;
  return named ? std::optional(uint8_t(byte)) : std::nullopt;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty() || text.find(from) == std::string::npos) return;
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string::npos; at = found + from.size())
    out.append(text, at, found - at).append(to);
  text = out.append(text, at);
}

void clean_up(std::string& text) {
  constexpr std::string_view kRules[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                            {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                            {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (auto& [from, to] : kRules) replace_all(text, from, to);
}

}  // namespace ef::tokenizers
