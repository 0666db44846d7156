#include "tokenizers/pattern.h"

#include "tokenizers/regex.h"

namespace ef::tokenizers {

Pattern Pattern::literal(std::string text) {
  Pattern p;
  p.source_ = std::move(text);
  return p;
}

Pattern Pattern::regex(std::string pattern, bool allow_scanner) {
  Pattern p;
  p.is_regex_ = true;
  if (const KnownPattern* known = allow_scanner ? find_scanner(pattern) : nullptr)
    p.scanner_ = known->scanner, p.isolated_ = known->isolated;
  if (!p.scanner_) p.regex_ = std::make_shared<Regex>(pattern);
  p.source_ = std::move(pattern);
  return p;
}

std::vector<Span> Pattern::find_all(std::string_view text) const { return regex_->find_all(text); }

Pattern Pattern::from_json(const Json& json, std::string_view where) {
  if (json.size() == 1 && find(json, "String")) {
    Pattern p = literal(get_string(json, "String", where));
    if (p.source_.empty()) p.regex_ = std::make_shared<Regex>("");
    return p;
  }
  if (json.size() == 1 && find(json, "Regex")) return regex(get_string(json, "Regex", where));
  fail<TokenizerError>(where, ": 'pattern' is ", kind_of(json), ", needed {\"String\": …} or {\"Regex\": …}");
}
Json Pattern::to_json() const { return Json{{is_regex_ ? "Regex" : "String", source_}}; }

}  // namespace ef::tokenizers
