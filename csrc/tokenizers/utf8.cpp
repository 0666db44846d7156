#include "tokenizers/utf8.h"

#include <cstring>

namespace ef::tokenizers::utf8 {

std::string encode(char32_t c) {
  std::string out;
  append(out, c);
  return out;
}

size_t count(std::string_view text) {
  const char *p = text.data(), *end = p + text.size();
  size_t n = 0;
  for (; end - p >= 8; p += 8) {  // a byte 10xxxxxx counts for its lowest bit
    uint64_t word;
    std::memcpy(&word, p, 8);
    n += 8 - ((word >> 7 & ~word >> 6 & 0x0101010101010101ull) * 0x0101010101010101ull >> 56);
  }
  for (; p < end; p++) n += !is_continuation(*p);
  return n;
}

bool is_ascii(std::string_view text) {
  uint64_t bits = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    bits |= word;
  }
  for (; i < text.size(); i++) bits |= uint8_t(text[i]);
  return !(bits & 0x8080808080808080ull);
}

namespace {
// Length of the well-formed sequence at p, or minus the length of the malformed part (Unicode 15, table 3-7).
int sequence(const char* p, const char* end) {
  const auto b = [&](int i) -> int { return p + i < end ? uint8_t(p[i]) : -1; };
  const auto tail = [&](int i) { return b(i) >= 0x80 && b(i) < 0xc0; };
  const int lead = b(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  if (lead < 0xe0) return tail(1) ? 2 : -1;
  const int low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const int high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (b(1) < low || b(1) > high) return -1;
  if (!tail(2)) return -2;
  if (lead < 0xf0) return 3;
  return tail(3) ? 4 : -3;
}
}  // namespace

size_t find_invalid(std::string_view text) {
  const char* p = text.data();
  const char* end = p + text.size();
  while (p < end) {
    uint64_t word;
    if (end - p >= 8 && (std::memcpy(&word, p, 8), !(word & 0x8080808080808080ull))) {
      p += 8;
      continue;
    }
    // The common shapes without detours: two bytes, and three.
    const auto b = [&](int i) { return uint8_t(p[i]); };
    if (end - p >= 3 && b(0) >= 0xc2 && is_continuation(p[1])) {
      if (b(0) < 0xe0) {
        p += 2;
        continue;
      }
      if (b(0) < 0xf0 && (b(0) != 0xe0 || b(1) >= 0xa0) && (b(0) != 0xed || b(1) < 0xa0) && is_continuation(p[2])) {
        p += 3;
        continue;
      }
    }
    const int n = sequence(p, end);
    if (n < 0) return size_t(p - text.data());
    p += n;
  }
  return std::string_view::npos;
}

std::string lossy(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  const char* end = bytes.data() + bytes.size();
  for (const char* p = bytes.data(); p < end;) {
    const int n = sequence(p, end);
    if (n > 0) {
      out.append(p, size_t(n));
    } else {
      out += "\xef\xbf\xbd";
    }
    p += n > 0 ? n : -n;
  }
  return out;
}

}  // namespace ef::tokenizers::utf8
