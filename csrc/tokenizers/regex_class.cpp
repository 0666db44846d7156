#include "tokenizers/regex_class.h"

#include <cctype>
#include <cstdlib>

#include "core/error.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

class ClassReader {
 public:
  ClassReader(const std::string& pattern, size_t at) : in_(pattern), at_(at) {}
  size_t at() const { return at_; }

  // && binds weaker than everything else: what stands between two of them is joined first.
  Ranges members(int depth) {
    if (depth > 50) refuse("a class nested that deep");
    Ranges all, run;
    bool cut = false;
    const auto close_run = [&] {
      all = cut ? intersection(all, run) : run;
      run.clear();
      cut = true;
    };
    for (bool first = true;; first = false) {
      if (at_ >= in_.size()) refuse("a class without its ']'");
      if (peek() == ']' && !first) break;
      if (looking_at("&&")) {
        at_ += 2;
        close_run();
      } else {
        run = join(run, item(depth));
      }
    }
    at_++;
    close_run();
    return all;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    fail<UnsupportedError>("regex: pattern '", in_, "': ", what, " (at byte ", at_, ") is not supported");
  }
  char peek(size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : 0; }
  bool looking_at(const char* s) const { return in_.compare(at_, 2, s) == 0; }

  // A class, a named set, a character, or a range of them.
  Ranges item(int depth) {
    Ranges out;
    if (looking_at("[:") && posix(out)) return out;
    if (peek() == '[') {
      at_++;
      const bool negated = peek() == '^';
      at_ += negated;
      out = members(depth + 1);
      return negated ? complement(out) : out;
    }
    const size_t begin = at_;
    char32_t low, high;
    if (!character(low, out)) return out;
    if (peek() != '-' || peek(1) == ']' || peek(1) == '[' || in_.compare(at_ + 1, 2, "&&") == 0) return {{low, low}};
    at_++;
    if (!character(high, out)) return join(out, {{'-', '-'}, {low, low}});  // [a-\d]: the hyphen is one
    check<TokenizerError>(low <= high, "regex: pattern '", in_, "': the range at byte ", begin, " is empty");
    return {{low, high}};
  }
  bool posix(Ranges& out) {
    const size_t close = in_.find(":]", at_);
    if (close == std::string::npos) return false;
    const bool negated = peek(2) == '^';
    const std::string name = in_.substr(at_ + 2 + negated, close - at_ - 2 - negated);
    if (!named_set(name, true, true, out)) refuse("[:" + name + ":]");
    if (negated) out = complement(out);
    at_ = close + 2;
    return true;
  }

  // One character into `code`; false: an escape that is a set, put into `set`.
  bool character(char32_t& code, Ranges& set) {
    if (peek() == '\\' && at_ + 1 < in_.size()) {
      at_++;
      return escape(code, set);
    }
    int length = 1;
    code = utf8::decode(in_.data() + at_, length);
    at_ += size_t(length);
    return true;
  }
  bool escape(char32_t& code, Ranges& set) {
    const auto known = [&](const Ranges& ranges, bool negated) {
      at_++;
      set = negated ? complement(ranges) : ranges;
      return false;
    };
    static const std::string kLetters = "tnrfvaeb";
    static const char kCodes[] = {9, 10, 13, 12, 11, 7, 27, 8};
    const char c = peek();
    switch (c) {
      case 's':
      case 'S':
        return known(white(), c == 'S');
      case 'd':
      case 'D':
        return known(digits(), c == 'D');
      case 'w':
      case 'W':
        return known(word(false), c == 'W');
      case 'h':
      case 'H':
        return known(hex_digits(), c == 'H');
      case 'p':
      case 'P':
        return property(set);
      case 'x':
        at_++;
        return code = peek() == '{' ? braced(16) : number(16, 2), true;
      case 'u':
        at_++;
        return code = number(16, 4), true;
      case 'c':
      case 'C':
      case 'M':
      case 'o':
        refuse(std::string("\\") + c + " in a class");
    }
    if (c >= '0' && c <= '7') return code = number(8, 3), true;
    if (const size_t letter = kLetters.find(c); letter != std::string::npos)
      return at_++, code = char32_t(kCodes[letter]), true;
    int length = 1;
    code = utf8::decode(in_.data() + at_, length);
    at_ += size_t(length);
    return true;
  }
  bool property(Ranges& set) {
    const size_t close = in_.find('}', at_);
    if (peek(1) != '{' || close == std::string::npos) refuse("\\p without {…}");
    std::string name = in_.substr(at_ + 2, close - at_ - 2);
    bool negated = peek() == 'P';
    if (!name.empty() && name[0] == '^') negated = !negated, name.erase(0, 1);
    if (!named_set(name, true, false, set)) refuse("\\p{" + name + "} beside && or [^…]");
    if (negated) set = complement(set);
    at_ = close + 1;
    return false;
  }
  char32_t number(int base, size_t longest) {
    size_t length = 0;
    const auto is_digit = [&](char c) { return base == 16 ? std::isxdigit(uint8_t(c)) != 0 : c >= '0' && c <= '7'; };
    while (length < longest && is_digit(peek(length))) length++;
    const auto value = char32_t(std::strtoul(in_.substr(at_, length).c_str(), nullptr, base));
    at_ += length;
    return value;
  }
  char32_t braced(int base) {
    at_++;
    const char32_t code = number(base, 8);
    if (peek() != '}' || code > 0x10ffff) refuse("this \\x{…}");
    at_++;
    return code;
  }

  const std::string& in_;
  size_t at_;
};

}  // namespace

Ranges class_members(const std::string& pattern, size_t& at) {
  ClassReader reader(pattern, at);
  Ranges out = reader.members(0);
  at = reader.at();
  return out;
}

}  // namespace ef::tokenizers
