#include "tokenizers/regex_class.h"

#include <cctype>

#include "tokenizers/regex_reader.h"

namespace ef::tokenizers::regex {
namespace {

class ClassReader : Reader {
 public:
  ClassReader(const std::string& pattern, size_t at) : Reader(pattern, at) {}
  using Reader::at;

  // && binds weaker than everything else: what stands between two of them is joined first.
  Ranges members(int depth) {
    if (depth > 50) unsupported("a class nested that deep");
    if (peek() == ']' && !closed_later()) wrong("empty char-class");
    Ranges all, run;
    bool cut = false;
    const auto close_run = [&] {
      all = cut ? intersection(all, run) : normalized(run);
      run.clear();
      cut = true;
    };
    for (bool first = true;; first = false) {
      if (done()) wrong("premature end of char-class");
      if (peek() == ']' && !first) break;
      if (take("&&")) {
        close_run();
      } else {
        const Ranges found = item(depth);
        run.insert(run.end(), found.begin(), found.end());
      }
    }
    at_++;
    close_run();
    return all;
  }

 private:
  // Behind a first ']', which then is a member.
  bool closed_later() const {
    for (size_t i = at_ + 1; i < in_.size(); i++) {
      if (in_[i] == ']') return true;
      i += in_[i] == '\\';
    }
    return false;
  }
  bool ends_range() const { return peek(1) == ']' || in_.compare(at_ + 1, 2, "&&") == 0; }

  // A class, a named set, a character, or a range of them.
  Ranges item(int depth) {
    Ranges set;
    if (looking_at("[:") && posix(set)) return no_range(set);
    if (take("[")) {
      const bool negated = take("^");
      set = members(depth + 1);
      return negated ? complement(set) : set;
    }
    const size_t begin = at_;
    if (peek() == '\\' && set_escape(true, set)) return no_range(set);
    const char32_t low = code();
    if (peek() != '-' || ends_range()) return {{low, low}};
    at_++;
    if (peek() == '[' && peek(1) != ':') return {};  // what stands before a class and its hyphen gets lost
    if (done()) wrong("premature end of char-class");
    if ((peek() == '\\' && set_escape(true, set)) || (looking_at("[:") && posix(set)))
      wrong("char-class value at end of range");
    const char32_t high = code();
    if (low > high) wrong("empty range in char class, from byte " + std::to_string(begin));
    if (peek() == '-' && !ends_range()) return at_++, Ranges{{low, high}, {'-', '-'}};
    return {{low, high}};
  }
  const Ranges& no_range(const Ranges& set) const {
    if (peek() == '-' && !ends_range()) wrong("unmatched range specifier in char-class");
    return set;
  }
  char32_t code() { return peek() == '\\' ? character_escape(true) : character(); }
  bool posix(Ranges& out) {
    size_t close = at_ + 2 + (peek(2) == '^');
    const size_t name = close;
    while (close < in_.size() && std::isalpha(uint8_t(in_[close]))) close++;
    if (in_.compare(close, 2, ":]") != 0) return false;
    if (!named_set(in_.substr(name, close - name), true, true, out)) wrong("invalid POSIX bracket type");
    if (peek(2) == '^') out = complement(out);
    at_ = close + 2;
    return true;
  }
};

}  // namespace

Ranges class_members(const std::string& pattern, size_t& at) {
  ClassReader reader(pattern, at);
  Ranges out = reader.members(0);
  at = reader.at();
  return out;
}

}  // namespace ef::tokenizers::regex
