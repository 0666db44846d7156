// Truncation and padding.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tokenizers/encoding.h"
#include "tokenizers/json.h"

namespace ef::tokenizers {

enum class TruncationStrategy { LongestFirst, OnlyFirst, OnlySecond };
struct Truncation {
  Direction direction = Direction::Right;
  size_t max_length = 512;
  TruncationStrategy strategy = TruncationStrategy::LongestFirst;
  size_t stride = 0;

  static Truncation from_json(const Json& json);
  Json to_json() const;
  // Cuts both to max_length tokens together. TokenizerError when the strategy cannot reach that.
  void apply(Encoding& first, Encoding* pair) const;
  // What is left of the ids of a single text that `added` tokens will stand around; none for what apply() is to be
  // asked.
  std::optional<std::span<const uint32_t>> kept(std::span<const uint32_t> ids, size_t added) const;
};
TruncationStrategy truncation_strategy_from_name(std::string_view name);  // "longest_first", "OnlyFirst"
const char* truncation_strategy_name(TruncationStrategy strategy, bool python);

struct Padding {
  std::optional<size_t> length;  // fixed; else the longest of the batch
  Direction direction = Direction::Right;
  std::optional<size_t> pad_to_multiple_of;
  uint32_t pad_id = 0, pad_type_id = 0;
  std::string pad_token = "[PAD]";

  static Padding from_json(const Json& json);
  Json to_json() const;
  void apply(std::vector<Encoding>& batch) const;
  void apply(Encoding& encoding) const { encoding_to(encoding, target(encoding.size())); }
  size_t target(size_t longest) const;  // the size that a batch is padded to

 private:
  void encoding_to(Encoding& e, size_t n) const { e.pad(n, pad_id, pad_type_id, pad_token, direction); }
};

}  // namespace ef::tokenizers
