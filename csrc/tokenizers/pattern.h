// What a text is split or replaced by: a plain string or a regular expression.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/json.h"
#include "tokenizers/normalized_string.h"
#include "tokenizers/scanners/scanner.h"

namespace ef::tokenizers {

class Regex;

class Pattern {
 public:
  static Pattern literal(std::string text);  // an empty one matches nothing
  // The patterns of well-known tokenizers run on hand-written scanners, all others on PCRE2. Both give the same
  // matches.
  static Pattern regex(std::string pattern, bool allow_scanner = true);
  // {"String": …} or {"Regex": …}. In a component an empty text stands before and behind each character, as the empty
  // expression does.
  static Pattern from_json(const Json& json, std::string_view where);
  Json to_json() const;

  const std::string& source() const { return source_; }
  bool is_regex() const { return is_regex_; }
  bool has_scanner() const { return scanner_ != nullptr; }
  Cutter isolated() const { return isolated_; }  // nullptr without a scanner

  // f(begin, end) in bytes, left to right, without overlaps. Empty matches directly after a match are left out, and
  // nothing is found in an empty text.
  template <class F>
  void for_each_match(std::string_view text, F&& f) const {
    if (text.empty()) return;
    if (scanner_) {
      const char* at = text.data();
      const char* end = at + text.size();
      for (Match m; at < end && scanner_(at, end, m); at = m.end)
        f(uint32_t(m.begin - text.data()), uint32_t(m.end - text.data()));
    } else if (regex_) {
      for (const Span& s : find_all(text)) f(s.begin, s.end);
    } else if (!source_.empty()) {
      for (size_t at = 0; (at = text.find(source_, at)) != std::string_view::npos; at += source_.size())
        f(uint32_t(at), uint32_t(at + source_.size()));
    }
  }

 private:
  std::vector<Span> find_all(std::string_view text) const;
  std::string source_;
  bool is_regex_ = false;
  Scanner scanner_ = nullptr;
  Cutter isolated_ = nullptr;
  std::shared_ptr<const Regex> regex_;
};

}  // namespace ef::tokenizers
