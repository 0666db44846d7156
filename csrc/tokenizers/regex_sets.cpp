#include "tokenizers/regex_sets.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "tokenizers/regex_tables.inc"
#include "tokenizers/unicode.h"

namespace ef::tokenizers {

Ranges normalized(Ranges ranges) {
  std::sort(ranges.begin(), ranges.end());
  Ranges out;
  for (auto& r : ranges) {
    if (!out.empty() && r.first <= out.back().second + 1)
      out.back().second = std::max(out.back().second, r.second);
    else
      out.push_back(r);
  }
  return out;
}
Ranges complement(const Ranges& ranges) {
  Ranges out;
  char32_t at = 0;
  for (auto& [a, b] : normalized(ranges)) {
    if (a > at) out.emplace_back(at, a - 1);
    at = b + 1;
  }
  if (at <= 0x10ffff) out.emplace_back(at, 0x10ffff);
  return out;
}
namespace {
Ranges categories(std::initializer_list<const char*> names) {
  Ranges out;
  for (const char* name : names) {
    Ranges one;
    category_ranges(name, one);
    out.insert(out.end(), one.begin(), one.end());
  }
  return normalized(std::move(out));
}
}  // namespace

Ranges join(Ranges a, const Ranges& b) {
  a.insert(a.end(), b.begin(), b.end());
  return normalized(std::move(a));
}

Ranges intersection(const Ranges& a, const Ranges& b) { return complement(join(complement(a), complement(b))); }

bool contains(const Ranges& set, char32_t code) {
  const auto after = std::upper_bound(set.begin(), set.end(), code, [](char32_t c, auto& r) { return c < r.first; });
  return after != set.begin() && code <= after[-1].second;
}

namespace {
const Ranges kHex = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
const Ranges kWhite = {{9, 13},          {32, 32},         {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
                       {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

// A script or another property from the tables; its name in lower case, without blanks and underscores.
bool listed_set(const std::string& name, Ranges& out) {
  const auto at = std::lower_bound(std::begin(kPropertyNames), std::end(kPropertyNames), name,
                                   [](const PropertyName& p, const std::string& n) { return p.name < n; });
  if (at == std::end(kPropertyNames) || at->name != name) return false;
  const size_t end = at + 1 == std::end(kPropertyNames) ? std::size(kPropertyRanges) : at[1].begin;
  for (size_t i = at->begin; i < end; i++)
    out.emplace_back(kPropertyRanges[i][0], kPropertyRanges[i][0] + kPropertyRanges[i][1]);
  return true;
}
Ranges with_listed(std::initializer_list<const char*> names, const char* listed) {
  Ranges out = categories(names);
  listed_set(listed, out);
  return normalized(std::move(out));
}
const Ranges& alphabetic() {
  static const Ranges out = with_listed({"L", "Nl"}, "otheralphabetic");
  return out;
}
}  // namespace

const Ranges& digits() {
  static const Ranges out = categories({"Nd"});
  return out;
}
const Ranges& hex_digits() { return kHex; }
const Ranges& white() { return kWhite; }
const Ranges& word(bool alone) {
  // Circled and squared letters are alphabetic symbols.
  static const Ranges kCircled = {{0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}};
  static const Ranges in_class = join(categories({"L", "M", "Nd", "Nl", "Pc"}), kCircled);
  static const Ranges out = join(in_class, {{0xb2, 0xb3}, {0xb9, 0xb9}, {0xbc, 0xbe}});
  return alone ? out : in_class;
}
static const Ranges& graphic() {
  static const Ranges out = complement(join(kWhite, categories({"Cc", "Cn", "Cs"})));
  return out;
}

bool named_set(const std::string& name, bool in_class, bool posix, Ranges& out) {
  static const std::map<std::string, const char*> kLong = {{"letter", "L"},
                                                           {"uppercaseletter", "Lu"},
                                                           {"lowercaseletter", "Ll"},
                                                           {"titlecaseletter", "Lt"},
                                                           {"modifierletter", "Lm"},
                                                           {"otherletter", "Lo"},
                                                           {"mark", "M"},
                                                           {"nonspacingmark", "Mn"},
                                                           {"spacingmark", "Mc"},
                                                           {"enclosingmark", "Me"},
                                                           {"number", "N"},
                                                           {"decimalnumber", "Nd"},
                                                           {"letternumber", "Nl"},
                                                           {"othernumber", "No"},
                                                           {"punctuation", "P"},
                                                           {"connectorpunctuation", "Pc"},
                                                           {"dashpunctuation", "Pd"},
                                                           {"openpunctuation", "Ps"},
                                                           {"closepunctuation", "Pe"},
                                                           {"initialpunctuation", "Pi"},
                                                           {"finalpunctuation", "Pf"},
                                                           {"otherpunctuation", "Po"},
                                                           {"symbol", "S"},
                                                           {"mathsymbol", "Sm"},
                                                           {"currencysymbol", "Sc"},
                                                           {"modifiersymbol", "Sk"},
                                                           {"othersymbol", "So"},
                                                           {"separator", "Z"},
                                                           {"spaceseparator", "Zs"},
                                                           {"lineseparator", "Zl"},
                                                           {"paragraphseparator", "Zp"},
                                                           {"other", "C"},
                                                           {"control", "Cc"},
                                                           {"format", "Cf"},
                                                           {"surrogate", "Cs"},
                                                           {"privateuse", "Co"},
                                                           {"unassigned", "Cn"}};
  std::string key;
  for (char c : name)
    if (c != ' ' && c != '_' && c != '-') key += char(std::tolower(uint8_t(c)));
  if (const auto it = kLong.find(key); it != kLong.end()) return category_ranges(it->second, out);
  if (key.size() <= 2 && !key.empty()) {
    key[0] = char(std::toupper(uint8_t(key[0])));
    return category_ranges(key, out);
  }
  if (key == "digit") return out = categories({"Nd"}), true;
  if (key == "space" || key == "whitespace") return out = kWhite, true;
  if (key == "punct") return out = posix ? categories({"P", "S"}) : categories({"P"}), true;
  if (key == "word") return out = word(!in_class), true;
  if (key == "alpha" || key == "alphabetic") return out = alphabetic(), true;
  if (key == "alnum") return out = join(alphabetic(), categories({"Nd"})), true;
  if (key == "upper" || key == "uppercase") return out = with_listed({"Lu"}, "otheruppercase"), true;
  if (key == "lower" || key == "lowercase") return out = with_listed({"Ll"}, "otherlowercase"), true;
  if (key == "graph") return out = graphic(), true;
  if (key == "print") return out = join(graphic(), categories({"Zs"})), true;
  if (key == "assigned") return out = complement(categories({"Cn"})), true;
  if (key == "xdigit") return out = kHex, true;
  if (key == "cntrl") return out = categories({"Cc"}), true;
  if (key == "blank") return out = join(categories({"Zs"}), {{9, 9}}), true;
  if (key == "ascii") return out = {{0, 127}}, true;
  if (key == "any") return out = {{0, 0x10ffff}}, true;
  return listed_set(key, out);
}

}  // namespace ef::tokenizers
