#include "tokenizers/regex_syntax.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "tokenizers/regex_class.h"
#include "tokenizers/regex_sets.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class Translator {
 public:
  Translator(const std::string& pattern, bool shares) : in_(pattern), shares_(shares) {}
  std::string run() {
    while (at_ < in_.size()) step();
    out_.append(size_t(open_options_), ')');
    if (shared_.empty()) return std::move(out_);
    std::string out = "(?:" + out_ + ")(?(DEFINE)";
    for (size_t i = 0; i < shared_.size(); i++) out += "(?<efset" + std::to_string(i) + ">" + shared_[i] + ")";
    return out + ")";
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
    share(begin, false);
    if (ignores_case_) out_ += ')';
  }
  // A long class that may stand often is written once, and named where it stands.
  void share(size_t begin, bool ignores_case) {
    constexpr size_t kLong = 200;
    if (!shares_ || out_.size() - begin < kLong) return;
    std::string text = out_.substr(begin);
    if (ignores_case) text = "(?i:" + text + ")";
    const size_t index = size_t(std::find(shared_.begin(), shared_.end(), text) - shared_.begin());
    if (index == shared_.size()) shared_.push_back(std::move(text));
    out_.replace(begin, std::string::npos, "(?&efset" + std::to_string(index) + ")");
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
        return set(white(), c == 'S');
      case 'd':
      case 'D':
        return set(digits(), c == 'D');
      case 'w':
      case 'W':
        return set(word(!in_class), c == 'W');
      case 'h':
      case 'H':
        return set(hex_digits(), c == 'H');
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
    const size_t begin = out_.size(), from = at_;
    out_ += '[';
    at_++;
    if (peek() == '^') out_ += '^', at_++;
    const size_t members = at_;
    if (peek() == ']') out_ += "\\]", at_++;
    if (!class_body(0)) {  // it takes a set to say what it is
      out_.resize(begin + (in_[from + 1] == '^' ? 2 : 1));
      at_ = members;
      put(class_members(in_, at_));
    }
    end_class(begin);
    share(begin, case_ignored_);
  }
  // False: an intersection or a negated class within.
  bool class_body(int depth) {
    if (depth > 50) unsupported("a class nested that deep");
    for (;;) {
      if (at_ >= in_.size()) unsupported("a class without its ']'");
      const char c = in_[at_];
      if (c == ']') {
        at_++;
        return true;
      }
      if (looking_at("&&") || looking_at("[^")) return false;
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
        at_++;
        if (!class_body(depth + 1)) return false;
        continue;
      }
      if (c == '\\') {
        if (escape(true)) continue;
        if (std::isalpha(uint8_t(peek(1))) && !std::strchr("tnrfvaebxucCMo", peek(1)))
          at_++;  // a letter that means nothing there
        else
          out_ += c, at_++;
        out_ += peek();
        at_++;
        continue;
      }
      out_ += c;
      at_++;
    }
  }

  // "(?…": flags mean other things, the rest is the same.
  void group() {
    opens_.push_back({out_.size(), case_ignored_, 0});
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
        check<TokenizerError>(peek(1) && std::strchr(":=!><'(", peek(1)), "regex: pattern '", in_,
                              "': undefined group option (at byte ", at_ - 1, ")");
        out_ += '?', at_++;
        if (peek()) out_ += in_[at_++];
        if (out_.back() == '<' && (peek() == '=' || peek() == '!')) out_ += in_[at_++];
      }
      return;
    }
    out_ += "(?";
    at_ += 2;
    bool off = false;
    for (; at_ < in_.size() && std::strchr("imx-", in_[at_]); at_++) {
      off |= in_[at_] == '-';
      if (in_[at_] == 'i') case_ignored_ = !off, ignores_case_ = true;
      out_ += in_[at_] == 'm' ? 's' : in_[at_];
    }
    if (peek() != ':' && peek() != ')') unsupported("this group option");
    if (peek() == ')') {  // up to the end of the group around it, its alternatives included
      const bool ignored = case_ignored_;
      opens_.pop_back();
      (opens_.empty() ? open_options_ : opens_.back().options)++;
      case_ignored_ = ignored;
      out_ += ':';
      at_++;
    } else {
      out_ += in_[at_++];
    }
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
    one_atom();
    at_ = close + 1;
    out_ += "{" + body + "}";
    const bool plus = peek() == '+', option = peek() == '?' && body.find(',') == std::string::npos;
    if (plus || option) {
      out_.insert(atom_, "(?:");
      out_ += plus ? ")+" : ")?";
      at_++;
    } else if (peek() == '?') {
      out_ += in_[at_++];
    }
    after_quantifier_ = out_.size();
  }
  // What is repeated already is an atom for the quantifier that follows.
  void one_atom() {
    if (after_quantifier_ == 0 || after_quantifier_ != out_.size()) return;
    out_.insert(atom_, "(?:");
    out_ += ')';
  }
  void quantifier() {
    one_atom();
    out_ += in_[at_++];
    if (peek() == '?' || peek() == '+') out_ += in_[at_++];  // lazy, possessive
    after_quantifier_ = out_.size();
  }

  // A backslash and what belongs to it: the digits of a number, the name of a group, the letter of a control character.
  void plain_escape() {
    const size_t from = at_;
    const auto take = [&](size_t longest, auto is) {
      for (; longest && at_ < in_.size() && is(uint8_t(in_[at_])); longest--) at_++;
    };
    at_ = std::min(at_ + 2, in_.size());
    switch (in_[at_ - 1]) {
      case 'x':
      case 'o':
        if (const size_t close = in_.find('}', at_); peek() == '{' && close != std::string::npos)
          at_ = close + 1;
        else
          take(2, [](int c) { return std::isxdigit(c); });
        break;
      case 'k':
      case 'g':
        if (const size_t close = in_.find('>', at_); peek() == '<' && close != std::string::npos) at_ = close + 1;
        break;
      case 'c':
        at_ = std::min(at_ + 1, in_.size());
        break;
      default:
        if (std::isdigit(uint8_t(in_[at_ - 1]))) take(2, [](int c) { return std::isdigit(c); });
    }
    out_ += in_.substr(from, at_ - from);
  }

  void step() {
    const char c = in_[at_];
    switch (c) {
      case '(':
        return group();
      case ')':
        if (opens_.empty()) break;
        out_.append(size_t(opens_.back().options), ')');
        atom_ = opens_.back().begin, case_ignored_ = opens_.back().case_ignored;
        opens_.pop_back();
        break;
      case '{':
        return interval();
      case '[':
        atom_ = out_.size();
        return bracket();
      case '*':
      case '+':
      case '?':
        return quantifier();
      case '|':
        break;
      case '\\':
        atom_ = out_.size();
        if (escape(false)) return;
        return plain_escape();
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
  bool case_ignored_ = false;  // where at_ stands
  struct Open {                // a group: where it began, case_ignored_ around it, options within that end with it
    size_t begin;
    bool case_ignored;
    int options;
  };
  std::vector<Open> opens_;
  int open_options_ = 0;  // those that end with the pattern
  bool shares_;
  std::vector<std::string> shared_;
  size_t after_quantifier_ = 0;  // where out_ ended behind the last one
};

}  // namespace

std::string translate_onig_pattern(const std::string& pattern, bool shares) {
  return Translator(pattern, shares).run();
}

}  // namespace ef::tokenizers
