#include "tokenizers/byte_alphabet.h"

#include <array>

#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
struct Alphabet {
  char32_t chars[256];
  std::array<int16_t, 0x144> bytes;  // the last character is U+0143
  Alphabet() {
    bytes.fill(-1);
    char32_t next = 256;
    for (int b = 0; b < 256; b++) {
      const bool printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      chars[b] = printable ? char32_t(b) : next++;
      bytes[chars[b]] = int16_t(b);
    }
  }
};
const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}
}  // namespace

char32_t byte_to_char(uint8_t byte) { return alphabet().chars[byte]; }
int char_to_byte(char32_t c) { return c < alphabet().bytes.size() ? alphabet().bytes[c] : -1; }

bool append_bytes_of_token(std::string_view token, std::string& out) {
  const auto& bytes = alphabet().bytes;
  for (char32_t c : utf8::chars(token)) {
    if (c >= bytes.size() || bytes[c] < 0) return false;
    out += char(bytes[c]);
  }
  return true;
}
std::optional<std::string> bytes_of_token(std::string_view token) {
  std::string out;
  if (!append_bytes_of_token(token, out)) return std::nullopt;
  return out;
}
std::string spell_bytes(std::string_view bytes) {
  std::string out;
  for (char b : bytes) utf8::append(out, byte_to_char(uint8_t(b)));
  return out;
}
void spell_as_bytes(NormalizedString& text) {
  std::string out;
  std::vector<Span> aligned;
  const std::string_view before = text.text();
  for (uint32_t i = 0; i < before.size(); i++) {
    utf8::append(out, byte_to_char(uint8_t(before[i])));
    if (text.tracked()) aligned.resize(out.size(), text.alignment(i));
  }
  text.assign(std::move(out), std::move(aligned));
}

}  // namespace ef::tokenizers
