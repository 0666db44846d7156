// What encoding a text gives: ids, and for every id where it comes from.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/normalized_string.h"

namespace ef::tokenizers {

enum class Direction { Left, Right };
Direction direction_from_name(std::string_view name);  // "left", "Right"; TokenizerError
constexpr uint32_t kNoWord = UINT32_MAX;

struct EncodedToken {
  std::string_view text;  // a view into a vocabulary or into the encoding's `owners`
  Span offset;            // code points of the original
  uint32_t id = 0, type_id = 0;
  uint32_t word = kNoWord;  // kNoWord: of no word
  bool special = false;     // a post-processor or padding added it
  bool attention = true;    // false for padding
};

// The tokens are public: processors, padding and bindings work on them.
class Encoding {
 public:
  std::vector<EncodedToken> tokens;
  std::vector<Encoding> overflowing;
  // Which tokens belong to which sequence. Empty: one sequence, all tokens.
  std::map<size_t, std::pair<size_t, size_t>> sequence_ranges;
  std::vector<std::shared_ptr<const void>> owners;  // of the texts

  size_t size() const { return tokens.size(); }
  std::vector<uint32_t> ids() const;
  void keep(std::shared_ptr<const void> owner);
  std::string_view own(std::string text);  // a text of this encoding's own

  size_t n_sequences() const { return sequence_ranges.empty() ? 1 : sequence_ranges.size(); }
  std::pair<size_t, size_t> sequence_range(size_t sequence) const;
  std::vector<std::optional<size_t>> sequence_ids() const;
  void set_sequence_id(size_t sequence);
  void set_type_ids(uint32_t type_id);

  std::optional<size_t> token_to_sequence(size_t token) const;
  std::optional<std::pair<size_t, size_t>> word_to_tokens(uint32_t word, size_t sequence) const;
  std::optional<Span> word_to_chars(uint32_t word, size_t sequence) const;
  std::optional<Span> token_to_chars(size_t token) const;
  std::optional<uint32_t> token_to_word(size_t token) const;
  std::optional<size_t> char_to_token(size_t position, size_t sequence) const;
  std::optional<uint32_t> char_to_word(size_t position, size_t sequence) const;

  // Keeps max_length tokens; the rest goes to `overflowing` in pieces that repeat `stride` tokens of the one before.
  void truncate(size_t max_length, size_t stride, Direction direction);
  void pad(size_t length, uint32_t pad_id, uint32_t pad_type_id, std::string_view pad_token, Direction direction);
  // Appends `other`, combining the overflowing parts of both in all ways.
  void merge_with(const Encoding& other, bool growing_offsets);
  static Encoding merge(std::vector<Encoding> parts, bool growing_offsets);

 private:
  Encoding slice(size_t begin, size_t end) const;
  std::shared_ptr<std::deque<std::string>> texts_;  // one of the owners: where own() puts them
};

}  // namespace ef::tokenizers
