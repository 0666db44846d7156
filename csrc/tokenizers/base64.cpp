#include "tokenizers/base64.h"

#include <array>
#include <cstdint>

#include "core/error.h"

namespace ef::tokenizers {
namespace {
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNoCharacter = 64;
constexpr std::array<uint8_t, 256> kValues = [] {
  std::array<uint8_t, 256> out;
  out.fill(kNoCharacter);
  for (size_t i = 0; i < kAlphabet.size(); i++) out[uint8_t(kAlphabet[i])] = uint8_t(i);
  return out;
}();
}  // namespace

std::string decode_base64(std::string_view text, std::string_view where) {
  check<TokenizerError>(text.size() % 4 == 0, where, ": base64 text of ", text.size(),
                        " characters, needed a multiple of 4");
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out(text.size() / 4 * 3 + text.size() % 4, '\0');
  char* to = out.data();
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const uint8_t value = kValues[uint8_t(c)];
    check<TokenizerError>(value != kNoCharacter, where, ": '", c, "' is no base64 character");
    bits = bits << 6 | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      *to++ = char(bits >> count & 255);
    }
  }
  out.resize(size_t(to - out.data()));
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
