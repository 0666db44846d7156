// Reads the characters and escapes of a pattern, inside of brackets and outside.
#pragma once
#include <string>
#include <string_view>

#include "tokenizers/regex_sets.h"

namespace ef::tokenizers::regex {

// A NUL is one of no set, unlike with strchr.
inline bool one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

class Reader {
 public:
  Reader(const std::string& pattern, size_t at) : in_(pattern), at_(at) {}
  size_t at() const { return at_; }

 protected:
  [[noreturn]] void unsupported(const std::string& what) const;
  [[noreturn]] void wrong(const std::string& what) const;
  bool done() const { return at_ >= in_.size(); }
  char peek(size_t ahead = 0) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : 0; }
  bool looking_at(std::string_view s) const { return in_.compare(at_, s.size(), s) == 0; }
  bool take(std::string_view s) { return looking_at(s) && (at_ += s.size(), true); }
  char32_t character();  // as it stands there

  // At a backslash. True: it was a set of characters, \d or \p{…}.
  bool set_escape(bool in_class, Ranges& set);
  // At a backslash: the character that it stands for.
  char32_t character_escape(bool in_class);
  uint32_t number(int base, size_t longest);  // 0 without digits

  const std::string& in_;
  size_t at_;

 private:
  bool property(bool in_class, Ranges& set);
  char32_t byte_escape();
  char32_t checked(uint32_t code) const;
};

}  // namespace ef::tokenizers::regex
