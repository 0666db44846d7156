// General regular expressions on PCRE2, with the meaning that Oniguruma's Ruby syntax gives them in tokenizer.json.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizers/normalized_string.h"

namespace ef::tokenizers {

class Regex {
 public:
  explicit Regex(const std::string& pattern);  // TokenizerError with the position of the mistake
  ~Regex();
  Regex(const Regex&) = delete;
  std::vector<Span> find_all(std::string_view text) const;  // TokenizerError when matching takes too many steps
  const std::string& source() const { return source_; }

  // The same pattern in PCRE2's syntax: classes spelled out as the code points that `tokenizers` takes them for.
  static std::string translate(const std::string& pattern);

 private:
  struct Code;
  std::string source_;
  std::unique_ptr<Code> code_;
};

}  // namespace ef::tokenizers
