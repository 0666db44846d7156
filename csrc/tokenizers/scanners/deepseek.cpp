// DeepSeek-V3 splits three times: numbers, Chinese and Japanese characters, words.
#include "tokenizers/scanners/classifier.h"
#include "tokenizers/scanners/lists.h"

namespace ef::tokenizers {
namespace {

// [一-龥぀-ゟ゠-ヿ]+
bool scan_cjk(const char* p, const char* end, Match& out) {
  const auto in = [](char32_t c) { return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff); };
  for (int n; p < end; p += n) {
    if (uint8_t(*p) < 0xe3) {
      n = utf8::length_of(*p);
      continue;
    }
    if (!in(utf8::decode(p, n))) continue;
    out.begin = p;
    do p += n;
    while (p < end && in(utf8::decode(p, n)));
    return out.end = p, true;
  }
  return false;
}

// The third of DeepSeek-V3's splits. Numbers and most control characters are no part of any match.
bool scan_deepseek(const char* p, const char* end, Match& out) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  constexpr uint8_t kLetterOrMark = kLetter | kMark, kSign = kPunctuation | kSymbol;
  for (int n; p < end; p += n) {
    out.begin = p;
    int n2 = 0;
    const uint8_t c = class_at(p, n);
    const char* next = p + n;
    const uint8_t c2 = next < end ? class_at(next, n2) : 0;
    if (uint8_t(*p) < 0x80 && c & kSign && next < end && letter(*next)) {
      while (next < end && letter(*next)) next++;
      return out.end = next, true;
    }
    if (!(c & (kLetter | kSign)) && !is_newline(*p) && c2 & kLetterOrMark)
      return out.end = run_of<kLetterOrMark>(next + n2, end), true;
    if (c & kLetterOrMark) return out.end = run_of<kLetterOrMark>(next, end), true;
    if (c & kSign || (*p == ' ' && c2 & kSign)) {
      next = run_of<kSign>(c & kSign ? next : next + n2, end);
      while (next < end && is_newline(*next)) next++;
      return out.end = next, true;
    }
    if (c & kSpace) return out.end = white_space<true>(p, end), true;
  }
  return false;
}

}  // namespace

std::vector<KnownPattern> deepseek_patterns() {
  return {{patterns::kDeepseekCjk, scan_cjk, cut_isolated<scan_cjk>},
          {patterns::kDeepseekWords, scan_deepseek, cut_isolated<scan_deepseek>}};
}

}  // namespace ef::tokenizers
