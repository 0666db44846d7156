#include "tokenizers/regex_syntax.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include "core/error.h"
#include "tokenizers/regex_tables.inc"
#include "tokenizers/unicode.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Ranges = std::vector<std::pair<char32_t, char32_t>>;

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
Ranges categories(std::initializer_list<const char*> names) {
  Ranges out;
  for (const char* name : names) {
    Ranges one;
    category_ranges(name, one);
    out.insert(out.end(), one.begin(), one.end());
  }
  return normalized(std::move(out));
}
Ranges join(Ranges a, const Ranges& b) {
  a.insert(a.end(), b.begin(), b.end());
  return normalized(std::move(a));
}

const Ranges kDigits = {{'0', '9'}}, kHex = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
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
// Standing alone, \w also has the superscript digits and fractions of Latin-1; in brackets it has not.
const Ranges& word(bool alone) {
  // Circled and squared letters are alphabetic symbols.
  static const Ranges kCircled = {{0x24b6, 0x24e9}, {0x1f130, 0x1f149}, {0x1f150, 0x1f169}, {0x1f170, 0x1f189}};
  static const Ranges in_class = join(categories({"L", "M", "Nd", "Nl", "Pc"}), kCircled);
  static const Ranges out = join(in_class, {{0xb2, 0xb3}, {0xb9, 0xb9}, {0xbc, 0xbe}});
  return alone ? out : in_class;
}
const Ranges& graphic() {
  static const Ranges out = complement(join(kWhite, categories({"Cc", "Cn", "Cs"})));
  return out;
}

// Named sets that are not general categories. False: not known here.
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

class Translator {
 public:
  explicit Translator(const std::string& pattern) : in_(pattern) {}
  std::string run() {
    while (at_ < in_.size()) step();
    return std::move(out_);
  }

 private:
  [[noreturn]] void unsupported(const std::string& what) const {
    fail<UnsupportedError>("regex: pattern '", in_, "': ", what, " (at byte ", at_, ") is not supported");
  }
  bool looking_at(std::string_view s) const { return in_.compare(at_, s.size(), s) == 0; }
  char peek(size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : 0; }

  void put(const Ranges& ranges) {
    char buffer[48];
    for (auto [a, b] : ranges) {
      if (a >= 0xd800 && a <= 0xdfff) a = 0xe000;  // no pattern may name surrogates
      if (b >= 0xd800 && b <= 0xdfff) b = 0xd7ff;
      if (a > b) continue;
      std::snprintf(buffer, sizeof buffer, a == b ? "\\x{%x}" : "\\x{%x}-\\x{%x}", unsigned(a), unsigned(b));
      out_ += buffer;
    }
  }
  // A set, outside or inside of brackets.
  void put_set(const Ranges& ranges, bool negated, bool in_class) {
    if (in_class) return put(negated ? complement(ranges) : ranges);
    if (ignores_case_) out_ += "(?-i:";  // there, only what is in brackets knows the other case
    const size_t begin = out_.size();
    out_ += negated ? "[^" : "[";
    put(ranges);
    end_class(begin);
    if (ignores_case_) out_ += ')';
  }
  // A class without members would take what follows for them.
  void end_class(size_t begin) {
    constexpr const char* kAll = "\\x{0}-\\x{10ffff}";
    if (out_.compare(begin, std::string::npos, "[") == 0)
      (out_ += '^') += kAll;
    else if (out_.compare(begin, std::string::npos, "[^") == 0)
      out_.replace(begin, std::string::npos, "[") += kAll;
    out_ += ']';
  }

  // After a backslash that stands at at_. True when the escape was a set or otherwise handled.
  bool escape(bool in_class) {
    const char c = peek(1);
    const auto set = [&](const Ranges& r, bool negated) {
      at_ += 2;
      put_set(r, negated, in_class);
      return true;
    };
    switch (c) {
      case 's':
      case 'S':
        return set(kWhite, c == 'S');
      case 'd':
      case 'D':
        return set(categories({"Nd"}), c == 'D');
      case 'w':
      case 'W':
        return set(word(!in_class), c == 'W');
      case 'h':
      case 'H':
        return set(kHex, c == 'H');
      case 'v':
        return set({{11, 11}}, false);
      case 'p':
      case 'P':
        return property(c == 'P', in_class);
      case 'b':
      case 'B': {
        if (in_class) return false;  // backspace
        std::string w = "[";
        std::swap(w, out_);
        put(word(true));
        out_ += ']';
        std::swap(w, out_);
        at_ += 2;
        out_ += c == 'b' ? "(?:(?<=" + w + ")(?!" + w + ")|(?<!" + w + ")(?=" + w + "))"
                         : "(?:(?<=" + w + ")(?=" + w + ")|(?<!" + w + ")(?!" + w + "))";
        return true;
      }
      case 'u': {
        if (in_.size() - at_ < 6) unsupported("\\u without four digits");
        out_ += "\\x{" + in_.substr(at_ + 2, 4) + "}";
        at_ += 6;
        return true;
      }
      case 'O':
        at_ += 2;
        out_ += "(?s:.)";
        return true;
      case 'y':
      case 'Y':
        unsupported(std::string("\\") + c);
      case 'Q':
      case 'E':
      case 'L':
      case 'l':
      case 'U':  // plain letters there
        at_ += 2;
        out_ += c;
        return true;
      default:
        return false;
    }
  }
  bool property(bool negated, bool in_class) {
    std::string name;
    if (peek(2) == '{') {
      const size_t close = in_.find('}', at_);
      if (close == std::string::npos) unsupported("\\p{ without }");
      name = in_.substr(at_ + 3, close - at_ - 3);
      if (!name.empty() && name[0] == '^') negated = !negated, name.erase(0, 1);
      at_ = close + 1;
    } else {
      unsupported("\\p without {…}");
    }
    Ranges ranges;
    if (named_set(name, in_class, false, ranges))
      put_set(ranges, negated, in_class);
    else
      out_ += (negated ? "\\P{" : "\\p{") + name + "}";  // perhaps PCRE2 knows it
    return true;
  }

  void bracket() {  // at_ is on '['
    const size_t begin = out_.size();
    out_ += '[';
    at_++;
    if (peek() == '^') out_ += '^', at_++;
    if (peek() == ']') out_ += "\\]", at_++;
    class_body(0);
    end_class(begin);
  }
  void class_body(int depth) {
    if (depth > 50) unsupported("a class nested that deep");
    for (;;) {
      if (at_ >= in_.size()) unsupported("a class without its ']'");
      const char c = in_[at_];
      if (c == ']') {
        at_++;
        return;
      }
      if (looking_at("&&")) unsupported("the intersection && in a class");
      if (looking_at("[:")) {
        const size_t close = in_.find(":]", at_);
        Ranges ranges;
        if (close != std::string::npos) {
          const bool negated = peek(2) == '^';
          const std::string name = in_.substr(at_ + 2 + negated, close - at_ - 2 - negated);
          if (named_set(name, true, true, ranges))
            put_set(ranges, negated, true);
          else
            out_ += in_.substr(at_, close + 2 - at_);
          at_ = close + 2;
          continue;
        }
      }
      if (c == '[') {
        if (peek(1) == '^') unsupported("a negated class within a class");
        at_++;
        class_body(depth + 1);
        continue;
      }
      if (c == '\\') {
        if (escape(true)) continue;
        out_ += c;
        out_ += peek(1);
        at_ += 2;
        continue;
      }
      out_ += c;
      at_++;
    }
  }

  // "(?…": flags mean other things, the rest is the same.
  void group() {
    opens_.push_back(out_.size());
    if (looking_at("(?~")) unsupported("the absent operator (?~…)");
    if (looking_at("(?#")) {
      opens_.pop_back();
      const size_t close = in_.find(')', at_);
      if (close == std::string::npos) unsupported("a comment without its ')'");
      at_ = close + 1;
      return;
    }
    if (!looking_at("(?") || !std::strchr("imx-", peek(2)) || !peek(2)) {
      out_ += '(';
      at_++;
      // What follows "(?" is punctuation of the group, not a quantifier.
      if (peek() == '?') {
        out_ += '?', at_++;
        if (peek()) out_ += in_[at_++];
        if (out_.back() == '<' && (peek() == '=' || peek() == '!')) out_ += in_[at_++];
      }
      return;
    }
    out_ += "(?";
    at_ += 2;
    for (; at_ < in_.size() && std::strchr("imx-", in_[at_]); at_++) {
      ignores_case_ |= in_[at_] == 'i';
      out_ += in_[at_] == 'm' ? 's' : in_[at_];
    }
    if (peek() != ':' && peek() != ')') unsupported("this group option");
    if (peek() == ')') opens_.pop_back();
    out_ += in_[at_++];
  }

  // {n,m}: followed by + it repeats once more, and {n}? is an option.
  void interval() {
    const size_t close = in_.find('}', at_);
    std::string body = close == std::string::npos ? "" : in_.substr(at_ + 1, close - at_ - 1);
    const bool valid = !body.empty() && body != "," && body.find_first_not_of("0123456789,") == std::string::npos &&
                       std::count(body.begin(), body.end(), ',') <= 1;
    if (!valid) {  // a brace that stands for itself
      atom_ = out_.size();
      out_ += "\\{";
      at_++;
      return;
    }
    if (body[0] == ',') body = "0" + body;
    at_ = close + 1;
    out_ += "{" + body + "}";
    const bool plus = peek() == '+', option = peek() == '?' && body.find(',') == std::string::npos;
    if (plus || option) {
      out_.insert(atom_, "(?:");
      out_ += plus ? ")+" : ")?";
      at_++;
    }
  }

  void step() {
    const char c = in_[at_];
    switch (c) {
      case '(':
        return group();
      case ')':
        if (!opens_.empty()) atom_ = opens_.back(), opens_.pop_back();
        break;
      case '{':
        return interval();
      case '[':
        atom_ = out_.size();
        return bracket();
      case '*':
      case '+':
      case '?':
      case '|':
        break;
      case '\\':
        atom_ = out_.size();
        if (escape(false)) return;
        out_ += c;
        if (at_ + 1 < in_.size()) out_ += in_[at_ + 1];
        at_ = std::min(at_ + 2, in_.size());
        return;
      default:
        if (!utf8::is_continuation(c)) atom_ = out_.size();
    }
    out_ += c;
    at_++;
  }

  const std::string& in_;
  std::string out_;
  size_t at_ = 0, atom_ = 0;
  bool ignores_case_ = false;  // somewhere so far
  std::vector<size_t> opens_;
};

}  // namespace

std::string translate_onig_pattern(const std::string& pattern) { return Translator(pattern).run(); }

}  // namespace ef::tokenizers
