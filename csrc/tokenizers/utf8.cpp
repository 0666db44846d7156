#include "tokenizers/utf8.h"

#include <array>
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
  uint64_t bits = 0, word;
  const auto add = [&](size_t at) {
    std::memcpy(&word, text.data() + at, 8);
    bits |= word;
  };
  size_t i = 0;
  if (text.size() >= 8) {
    for (; i + 8 < text.size(); i += 8) add(i);
    add(text.size() - 8);  // some of it once more
  } else {
    for (; i < text.size(); i++) bits |= uint8_t(text[i]);
  }
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

namespace {
// What a byte makes of every state: six bits a state, which are where in the next byte's number to read on. So that a
// step is one look-up and one shift.
enum : uint64_t { kBetween, kOneMore, kTwoMore, kThreeMore, kAfterE0, kAfterEd, kAfterF0, kAfterF4, kMalformed };
constexpr int kStateBits = 6;
constexpr uint64_t next_state(uint64_t state, int b) {
  const auto tail = [b](int low, int high, uint64_t next) { return b >= low && b <= high ? next : kMalformed; };
  switch (state) {
    case kBetween:
      if (b < 0x80) return kBetween;
      if (b < 0xc2 || b > 0xf4) return kMalformed;
      if (b < 0xe0) return kOneMore;
      if (b < 0xf0) return b == 0xe0 ? kAfterE0 : b == 0xed ? kAfterEd : kTwoMore;
      return b == 0xf0 ? kAfterF0 : b == 0xf4 ? kAfterF4 : kThreeMore;
    case kOneMore:
      return tail(0x80, 0xbf, kBetween);
    case kTwoMore:
      return tail(0x80, 0xbf, kOneMore);
    case kThreeMore:
      return tail(0x80, 0xbf, kTwoMore);
    case kAfterE0:
      return tail(0xa0, 0xbf, kOneMore);
    case kAfterEd:
      return tail(0x80, 0x9f, kOneMore);
    case kAfterF0:
      return tail(0x90, 0xbf, kTwoMore);
    case kAfterF4:
      return tail(0x80, 0x8f, kTwoMore);
    default:
      return kMalformed;
  }
}
constexpr std::array<uint64_t, 256> kSteps = [] {
  std::array<uint64_t, 256> out{};
  for (int b = 0; b < 256; b++)
    for (uint64_t state = 0; state <= kMalformed; state++)
      out[size_t(b)] |= next_state(state, b) * kStateBits << (state * kStateBits);
  return out;
}();

bool is_valid(const char* p, const char* end) {
  constexpr int kBlock = 16;
  uint64_t state = kBetween;
  for (; end - p >= kBlock; p += kBlock) {
    uint64_t words[2];
    std::memcpy(words, p, kBlock);
    if (!((words[0] | words[1]) & 0x8080808080808080ull) && (state & 63) == kBetween) continue;
    for (int i = 0; i < kBlock; i++) state = kSteps[uint8_t(p[i])] >> (state & 63);
  }
  for (; p < end; p++) state = kSteps[uint8_t(*p)] >> (state & 63);
  return (state & 63) == kBetween;
}
}  // namespace

size_t find_invalid(std::string_view text) {
  const char *p = text.data(), *end = p + text.size();
  if (is_valid(p, end)) return std::string_view::npos;
  for (int n; (n = sequence(p, end)) > 0;) p += n;
  return size_t(p - text.data());
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
