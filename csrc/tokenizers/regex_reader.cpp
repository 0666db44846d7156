#include "tokenizers/regex_reader.h"

#include <cctype>
#include <cstdlib>

#include "core/error.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers::regex {

void Reader::unsupported(const std::string& what) const {
  fail<UnsupportedError>("regex: pattern '", in_, "': ", what, " (at byte ", at_, ") is not supported");
}
void Reader::wrong(const std::string& what) const {
  fail<TokenizerError>("regex: pattern '", in_, "': ", what, " (at byte ", at_, ")");
}

char32_t Reader::character() {
  int length = 1;
  const char32_t code = utf8::decode(in_.data() + at_, length);
  at_ += size_t(length);
  return code;
}

bool Reader::set_escape(bool in_class, Ranges& set) {
  const char c = peek(1);
  const auto known = [&](const Ranges& ranges, bool negated) {
    at_ += 2;
    set = negated ? complement(ranges) : ranges;
    return true;
  };
  switch (c) {
    case 's':
    case 'S':
      return known(white(), c == 'S');
    case 'd':
    case 'D':
      return known(digits(), c == 'D');
    case 'w':
    case 'W':
      return known(word(!in_class), c == 'W');
    case 'h':
    case 'H':
      return known(hex_digits(), c == 'H');
    case 'p':
    case 'P':
      return property(in_class, set);
    default:
      return false;
  }
}
bool Reader::property(bool in_class, Ranges& set) {
  if (peek(2) != '{') return false;  // a letter like others
  const size_t close = in_.find('}', at_);
  if (close == std::string::npos) wrong("end pattern with unmatched parenthesis");
  bool negated = peek(1) == 'P';
  std::string name = in_.substr(at_ + 3, close - at_ - 3);
  if (!name.empty() && name[0] == '^') negated = !negated, name.erase(0, 1);
  if (!named_set(name, in_class, false, set)) wrong("unknown character property {" + name + "}");
  if (negated) set = complement(set);
  at_ = close + 1;
  return true;
}

uint32_t Reader::number(int base, size_t longest) {
  size_t length = 0;
  const auto is_digit = [&](char c) {
    return base == 16 ? std::isxdigit(uint8_t(c)) != 0 : c >= '0' && c < char('0' + base);
  };
  while (length < longest && is_digit(peek(length))) length++;
  const auto value = uint32_t(std::strtoul(in_.substr(at_, length).c_str(), nullptr, base));
  at_ += length;
  return value;
}
char32_t Reader::checked(uint32_t code) const {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) wrong("invalid code point value");
  return char32_t(code);
}

char32_t Reader::character_escape(bool in_class) {
  if (at_ + 1 >= in_.size()) wrong("end pattern at escape");
  const char c = peek(1);
  constexpr std::string_view kLetters = "tnrfvae", kCodes = "\t\n\r\f\v\a\x1b";
  if (const size_t i = kLetters.find(c); i != std::string_view::npos) return at_ += 2, char32_t(kCodes[i]);
  switch (c) {
    case 'b':
      return at_ += 2, in_class ? 8 : 'b';
    case 'x':
    case 'o':
      if (peek(2) == '{' && std::isxdigit(uint8_t(peek(3)))) {
        at_ += 3;
        const uint32_t code = number(c == 'x' ? 16 : 8, c == 'x' ? 8 : 11);
        if (!take("}")) unsupported(std::string("\\") + c + "{…} of several characters or without its '}'");
        return checked(code);
      }
      return c == 'x' && std::isxdigit(uint8_t(peek(2))) ? byte_escape() : (at_ += 2, char32_t(c));
    case 'u':
      at_ += 2;
      for (size_t i = 0; i < 4; i++)
        if (!std::isxdigit(uint8_t(peek(i)))) wrong("too short digits");
      return checked(number(16, 4));
    case 'c':
      if (!peek(2)) wrong("end pattern at control");
      if (peek(2) == '\\' || peek(2) & 0x80) unsupported("this control character");
      at_ += 3;
      return in_[at_ - 1] == '?' ? 0x7f : char32_t(in_[at_ - 1] & 0x1f);
    case 'C':
    case 'M':
      unsupported(std::string("\\") + c);
    default:
      if (c >= '0' && c <= '7') return byte_escape();
      at_++;
      return character();
  }
}

// \x41 and \101 are bytes: several of them may make one character.
char32_t Reader::byte_escape() {
  const auto byte = [&]() -> uint32_t {
    if (peek() != '\\') return 0;
    if (peek(1) == 'x' && std::isxdigit(uint8_t(peek(2)))) return at_ += 2, number(16, 2);
    if (peek(1) >= '0' && peek(1) <= '7') return at_++, number(8, 3);
    return 0;
  };
  std::string bytes(1, char(byte()));
  if (!(bytes[0] & 0x80)) return char32_t(bytes[0]);
  while (bytes.size() < size_t(utf8::length_of(bytes[0])))
    if (const uint32_t next = byte())
      bytes += char(next);
    else
      wrong("too short multibyte code string");
  if (utf8::find_invalid(bytes) != std::string::npos) wrong("invalid multibyte code string");
  int length;
  return utf8::decode(bytes.data(), length);
}

}  // namespace ef::tokenizers::regex
