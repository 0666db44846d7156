#include "tokenizers/limits.h"

#include <algorithm>

#include "core/error.h"

namespace ef::tokenizers {
namespace {
constexpr struct {
  TruncationStrategy strategy;
  const char *json, *python;
} kStrategies[] = {{TruncationStrategy::LongestFirst, "LongestFirst", "longest_first"},
                   {TruncationStrategy::OnlyFirst, "OnlyFirst", "only_first"},
                   {TruncationStrategy::OnlySecond, "OnlySecond", "only_second"}};
constexpr size_t kLongest = size_t(1) << 31;  // of what a file may ask for
const char* name_of(Direction d) { return d == Direction::Left ? "Left" : "Right"; }
}  // namespace

TruncationStrategy truncation_strategy_from_name(std::string_view name) {
  for (auto& s : kStrategies)
    if (name == s.json || name == s.python) return s.strategy;
  fail<TokenizerError>("Unknown `strategy`: `", name, "`. Use one of `longest_first`, `only_first`, or `only_second`");
}
const char* truncation_strategy_name(TruncationStrategy strategy, bool python) {
  for (auto& s : kStrategies)
    if (s.strategy == strategy) return python ? s.python : s.json;
  return "";
}

Truncation Truncation::from_json(const Json& json) {
  Truncation out;
  out.direction = direction_from_name(get_string(json, "direction", "truncation", "Right"));
  out.max_length = get_unsigned(json, "max_length", "truncation", UINT64_MAX);
  out.strategy = truncation_strategy_from_name(get_string(json, "strategy", "truncation"));
  out.stride = get_unsigned(json, "stride", "truncation", UINT64_MAX);
  return out;
}
Json Truncation::to_json() const {
  return {{"direction", name_of(direction)},
          {"max_length", max_length},
          {"strategy", truncation_strategy_name(strategy, false)},
          {"stride", stride}};
}

void Truncation::apply(Encoding& first, Encoding* pair) const {
  const size_t n1 = first.size(), n2 = pair ? pair->size() : 0;
  if (max_length == 0) {
    first.truncate(0, stride, direction);
    if (pair) pair->truncate(0, stride, direction);
    return;
  }
  if (n1 + n2 <= max_length) return;
  const size_t remove = n1 + n2 - max_length;
  if (strategy == TruncationStrategy::LongestFirst) {
    if (!pair) return first.truncate(max_length, stride, direction);
    // The shorter one stays whole if that leaves the other at least as long; else both get half.
    size_t small = std::min(n1, n2), large = small > max_length ? small : std::max(small, max_length - small);
    if (small + large > max_length) small = max_length / 2, large = small + max_length % 2;
    first.truncate(n1 > n2 ? large : small, stride, direction);
    pair->truncate(n1 > n2 ? small : large, stride, direction);
    return;
  }
  Encoding* target = strategy == TruncationStrategy::OnlyFirst ? &first : pair;
  check<TokenizerError>(target, "Truncation error: Second sequence not provided");
  check<TokenizerError>(target->size() > remove,
                        "Truncation error: Sequence to truncate too short to respect the provided max_length");
  target->truncate(target->size() - remove, stride, direction);
}

std::optional<std::span<const uint32_t>> Truncation::kept(std::span<const uint32_t> ids, size_t added) const {
  if (added > max_length || ids.size() <= max_length - added) return ids;  // as in post_process()
  const size_t n = max_length - added;
  if (n && (strategy == TruncationStrategy::OnlySecond || stride >= n)) return std::nullopt;
  return direction == Direction::Left ? ids.last(n) : ids.first(n);
}

Padding Padding::from_json(const Json& json) {
  Padding out;
  const Json& strategy = require(json, "strategy", "padding");
  if (strategy.is_object())
    out.length = get_unsigned(strategy, "Fixed", "padding: 'strategy'", kLongest);
  else
    check<TokenizerError>(strategy == "BatchLongest",
                          "padding: 'strategy' must be \"BatchLongest\" or {\"Fixed\": length}");
  out.direction = direction_from_name(get_string(json, "direction", "padding"));
  if (find(json, "pad_to_multiple_of"))
    out.pad_to_multiple_of = get_unsigned(json, "pad_to_multiple_of", "padding", kLongest);
  out.pad_id = uint32_t(get_unsigned(json, "pad_id", "padding"));
  out.pad_type_id = uint32_t(get_unsigned(json, "pad_type_id", "padding"));
  out.pad_token = get_string(json, "pad_token", "padding");
  return out;
}
Json Padding::to_json() const {
  return {{"strategy", length ? Json{{"Fixed", *length}} : Json("BatchLongest")},
          {"direction", name_of(direction)},
          {"pad_to_multiple_of", pad_to_multiple_of ? Json(*pad_to_multiple_of) : Json()},
          {"pad_id", pad_id},
          {"pad_type_id", pad_type_id},
          {"pad_token", pad_token}};
}
size_t Padding::target(size_t longest) const {
  size_t n = length ? *length : longest;
  check<TokenizerError>(n <= kLongest && pad_to_multiple_of.value_or(0) <= kLongest, "padding: to ",
                        std::max(n, pad_to_multiple_of.value_or(0)), " tokens, at most ", kLongest, " are possible");
  if (pad_to_multiple_of && *pad_to_multiple_of > 0)
    n = (n + *pad_to_multiple_of - 1) / *pad_to_multiple_of * *pad_to_multiple_of;
  return n;
}
void Padding::apply(std::vector<Encoding>& batch) const {
  size_t longest = 0;
  for (const Encoding& e : batch) longest = std::max(longest, e.size());
  for (Encoding& e : batch) encoding_to(e, target(longest));
}

}  // namespace ef::tokenizers
