// UTF-8: code points in and out of bytes. Unless a function says otherwise, its input is valid (find_invalid says so).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ef::tokenizers::utf8 {

inline bool is_continuation(char c) { return (uint8_t(c) & 0xc0) == 0x80; }
inline int length_of(char lead) {
  const uint8_t b = uint8_t(lead);
  return b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
}
inline int length_of(char32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

// The code point at p and its length in bytes.
inline char32_t decode(const char* p, int& length) {
  const auto b = [&](int i) { return uint8_t(p[i]); };
  if (b(0) < 0x80) return length = 1, b(0);
  if (b(0) < 0xe0) return length = 2, char32_t((b(0) & 31) << 6 | (b(1) & 63));
  if (b(0) < 0xf0) return length = 3, char32_t((b(0) & 15) << 12 | (b(1) & 63) << 6 | (b(2) & 63));
  return length = 4, char32_t((b(0) & 7) << 18 | (b(1) & 63) << 12 | (b(2) & 63) << 6 | (b(3) & 63));
}
inline void append(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += char(c);
  } else if (c < 0x800) {
    out += {char(0xc0 | c >> 6), char(0x80 | (c & 63))};
  } else if (c < 0x10000) {
    out += {char(0xe0 | c >> 12), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
  } else {
    out += {char(0xf0 | c >> 18), char(0x80 | (c >> 12 & 63)), char(0x80 | (c >> 6 & 63)), char(0x80 | (c & 63))};
  }
}

// for (char32_t c : chars(text))
class Chars {
 public:
  struct Iterator {
    const char* p;
    char32_t c = 0;
    int length = 0;
    const char* end;
    void load() {
      if (p < end) c = decode(p, length);
    }
    char32_t operator*() const { return c; }
    Iterator& operator++() {
      p += length;
      load();
      return *this;
    }
    bool operator!=(const Iterator& o) const { return p != o.p; }
  };
  explicit Chars(std::string_view text) : text_(text) {}
  Iterator begin() const {
    Iterator it{text_.data(), 0, 0, text_.data() + text_.size()};
    it.load();
    return it;
  }
  Iterator end() const { return {text_.data() + text_.size(), 0, 0, text_.data() + text_.size()}; }

 private:
  std::string_view text_;
};
inline Chars chars(std::string_view text) { return Chars(text); }

std::string encode(char32_t c);
size_t count(std::string_view text);  // code points
bool is_ascii(std::string_view text);
size_t find_invalid(std::string_view text);  // byte offset of the first malformed sequence, npos if none
// Every maximal malformed part becomes one U+FFFD (what Rust and the web platform do).
std::string lossy(std::string_view bytes);

}  // namespace ef::tokenizers::utf8
