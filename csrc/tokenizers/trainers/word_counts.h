// How often each word occurs in a corpus: what every trainer starts from.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizers/tokenizer.h"

namespace ef::tokenizers {

class WordCounts {
 public:
  // `added_tokens`: whether those of the tokenizer are found in the texts, each a word; otherwise they mean nothing.
  explicit WordCounts(bool added_tokens = true) : added_tokens_(added_tokens) {}
  // Normalizes and splits the texts as the tokenizer does and counts the pieces, in parallel. TokenizerError: a text
  // that is not valid UTF-8.
  void feed(const Tokenizer& tokenizer, std::span<const std::string_view> texts);
  // The lines of a file, with their ends. `file_error` names the file.
  void feed_file(const Tokenizer& tokenizer, const std::string& path);

  size_t size() const { return counts_.size(); }
  // Sorted by word, so that results depend on the corpus alone.
  std::vector<std::pair<std::string_view, uint64_t>> sorted() const;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>()(s); }
  };
  using Map = std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>>;
  static void add(Map& map, std::string_view word, uint64_t count);
  void count(Map& map, const Tokenizer& tokenizer, std::string_view text) const;
  bool added_tokens_;
  Map counts_;
};

}  // namespace ef::tokenizers
