#include "tokenizers/base64.h"

#include <cstdint>

#include "core/error.h"

namespace ef::tokenizers {
namespace {
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string decode_base64(std::string_view text, std::string_view where) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  check<TokenizerError>(text.size() % 4 == 0, where, ": base64 text of ", text.size(),
                        " characters, needed a multiple of 4");
  while (text.ends_with('=')) text.remove_suffix(1);
  for (char c : text) {
    const size_t value = kAlphabet.find(c);
    check<TokenizerError>(value != std::string_view::npos, where, ": '", c, "' is no base64 character");
    bits = bits << 6 | uint32_t(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += char(bits >> count & 255);
    }
  }
  return out;
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; k++) bits = bits << 8 | (i + k < bytes.size() ? uint8_t(bytes[i + k]) : 0);
    for (size_t k = 0; k < 4; k++) out += i + k <= bytes.size() ? kAlphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace ef::tokenizers
