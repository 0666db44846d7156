#include "tokenizers/decoders/text.h"

#include <charconv>

#include "tokenizers/utf8.h"

namespace ef::tokenizers {

std::optional<uint8_t> byte_named(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned byte = 0;
  const char* p = token.data() + 3;
  if (*p == '+') p++;
  const bool named = std::from_chars(p, token.data() + 5, byte, 16).ptr == token.data() + 5;
  return named ? std::optional(uint8_t(byte)) : std::nullopt;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::string out;
  if (from.empty()) {  // it is found before each character, and at the end
    if (to.empty()) return;
    for (const char c : text) {
      if (!utf8::is_continuation(c)) out += to;
      out += c;
    }
    text = out.append(to);
    return;
  }
  if (text.find(from) == std::string::npos) return;
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
