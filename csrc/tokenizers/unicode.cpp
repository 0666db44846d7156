#include "tokenizers/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "tokenizers/unicode_tables.inc"

namespace ef::tokenizers {
namespace {
constexpr const char* kNames[kCategoryCount] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
                                                "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
                                                "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs"};

uint8_t class_of(Category category, char32_t c) {
  const char* name = kNames[int(category)];
  const std::string_view full(name);
  uint8_t out = 0;
  switch (name[0]) {
    case 'L':
      out |= kLetter;
      break;
    case 'N':
      out |= kNumber;
      break;
    case 'Z':
      out |= kSpace;
      break;
    case 'M':
      out |= kMark | kUpper | kLower;
      break;
    case 'P':
      out |= kPunctuation;
      break;
    case 'S':
      out |= kSymbol;
      break;
  }
  if ((c >= 9 && c <= 13) || c == 0x85) out |= kSpace;
  if (full == "Lm" || full == "Lo") out |= kUpper | kLower;
  if (full == "Lu" || full == "Lt") out |= kUpper;
  if (full == "Ll") out |= kLower;
  return out;
}
}  // namespace

UnicodeTables::UnicodeTables() : pages_(0x1100) {
  std::map<uint16_t, uint16_t> uniform;  // pages that lie in one run are stored once
  auto run = std::begin(kPropertyRuns);
  size_t end = (*run)[0];  // of the run
  for (size_t page = 0; page < pages_.size(); page++) {
    const size_t first = page * 256;
    while (end <= first) end += (*++run)[0];
    const bool whole = end >= first + 256;
    const uint16_t next = uint16_t(properties_.size() / 256);
    if (whole) {
      const auto [it, fresh] = uniform.try_emplace(uint16_t((*run)[1]), next);
      pages_[page] = it->second;
      if (!fresh) continue;
    }
    pages_[page] = next;
    for (size_t c = first; c < first + 256; c++) {
      while (end <= c) end += (*++run)[0];
      properties_.push_back(uint16_t((*run)[1]));
      classes_.push_back(class_of(Category((*run)[1] & 31), char32_t(c)));
    }
  }
}

int to_lower(char32_t c, char32_t out[2]) {
  if (c < 0x80) {
    out[0] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    return 1;
  }
  static const auto exceptions = [] {
    std::unordered_map<char32_t, std::pair<char32_t, char32_t>> map;
    for (auto& [from, first, second] : kLowerExceptions) map[from] = {first, second};
    return map;
  }();
  if (const auto it = exceptions.find(c); it != exceptions.end()) {
    out[0] = it->second.first, out[1] = it->second.second;
    return out[1] ? 2 : 1;
  }
  out[0] = char32_t(utf8proc_tolower(utf8proc_int32_t(c)));
  return 1;
}

int to_upper(char32_t c, char32_t out[3]) {
  // The full mappings that are longer than one character (SpecialCasing.txt), then the simple ones.
  static const auto special = [] {
    std::unordered_map<char32_t, std::u32string> map;
    for (auto& [from, a, b, d] : kUpperExceptions) {
      std::u32string to{a};
      if (b) to.push_back(b);
      if (d) to.push_back(d);
      map[from] = to;
    }
    return map;
  }();
  if (const auto it = special.find(c); it != special.end()) {
    std::copy(it->second.begin(), it->second.end(), out);
    return int(it->second.size());
  }
  out[0] = char32_t(utf8proc_toupper(utf8proc_int32_t(c)));
  return 1;
}

int script_of(char32_t c) {
  static const auto starts = [] {
    std::vector<uint32_t> out;
    uint32_t at = 0;
    for (auto& run : kScriptRuns) out.push_back(at), at += run[0];
    return out;
  }();
  return int(kScriptRuns[std::upper_bound(starts.begin(), starts.end(), c) - starts.begin() - 1][1]);
}

namespace {
template <size_t N>
bool in_ranges(const uint32_t (&ranges)[N][2], char32_t c) {
  const auto* end = std::end(ranges);
  const auto* it =
      std::lower_bound(std::begin(ranges), end, c, [](const auto& range, char32_t x) { return range[1] < x; });
  return it != end && (*it)[0] <= c;
}
}  // namespace
bool is_inert(char32_t c) { return in_ranges(kInert, c); }
bool is_joining(char32_t c) { return in_ranges(kJoining, c); }

bool category_ranges(std::string_view name, std::vector<std::pair<char32_t, char32_t>>& out) {
  bool wanted[32] = {}, known = false;
  for (int i = 0; i < kCategoryCount; i++)
    known |= wanted[i] = name == kNames[i] || (name.size() == 1 && name[0] == kNames[i][0]);
  if (!known) return false;
  char32_t at = 0;
  for (auto [length, properties] : kPropertyRuns) {
    if (wanted[properties & 31]) {
      if (!out.empty() && out.back().second + 1 == at)
        out.back().second = at + length - 1;
      else
        out.emplace_back(at, at + length - 1);
    }
    at += length;
  }
  return true;
}

}  // namespace ef::tokenizers
