// Text of unknown origin.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ef {

inline bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t at) { return uint8_t(text[at]); };
    const uint8_t first = byte(i);
    if (first < 0x80) {
      i++;
      continue;
    }
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() - i < length) return false;
    for (size_t k = 1; k < length; k++)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    // Overlong forms, surrogates and what lies beyond U+10FFFF show in the second byte.
    const uint8_t second = byte(i + 1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
      return false;
    i += length;
  }
  return true;
}

// For error messages: a hostile name may hold anything, and a message must be readable text.
inline std::string printable(std::string_view text) {
  std::string out(text.substr(0, 200));
  const bool valid = is_utf8(text);
  for (char& c : out)
    if (uint8_t(c) < 0x20 || uint8_t(c) == 0x7f || (uint8_t(c) > 0x7f && (!valid || text.size() > 200))) c = '?';
  return out;
}

}  // namespace ef
