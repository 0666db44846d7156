#include "tokenizers/models/prefix_trie.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace ef::tokenizers {
namespace {
struct Key {
  uint64_t start;  // its first eight bytes: most keys differ in them
  uint32_t index, length;
};
// By their starts, some bits after the other, the last ones first; equal ones keep their order.
void sort_by_start(std::vector<Key>& keys) {
  constexpr uint32_t kBits = 11, kDigits = 1 << kBits;
  std::vector<Key> other(keys.size());
  for (uint32_t shift = 0; shift < 64; shift += kBits) {
    const auto digit = [shift](const Key& key) { return uint32_t(key.start >> shift) % kDigits; };
    std::array<uint32_t, kDigits + 1> begins{};
    for (const Key& key : keys) begins[digit(key) + 1]++;
    for (uint32_t i = 0; i < kDigits; i++) begins[i + 1] += begins[i];
    for (const Key& key : keys) other[begins[digit(key)]++] = key;
    keys.swap(other);
  }
}
// In the order of their bytes, equal ones in their own.
std::vector<Key> sorted(const std::vector<std::string_view>& keys) {
  std::vector<Key> out(keys.size());
  for (uint32_t i = 0; i < out.size(); i++) {
    uint64_t start = 0;
    for (size_t b = 0; b < 8; b++) start = start << 8 | (b < keys[i].size() ? uint8_t(keys[i][b]) : 0u);
    out[i] = {start, i, uint32_t(keys[i].size())};
  }
  sort_by_start(out);
  for (auto begin = out.begin(), end = begin; begin < out.end(); begin = end) {
    end = std::find_if(begin, out.end(), [&](const Key& key) { return key.start != begin->start; });
    if (end - begin > 1)
      std::sort(begin, end, [&](const Key& a, const Key& b) {
        const int order = keys[a.index].compare(keys[b.index]);
        return order != 0 ? order < 0 : a.index < b.index;
      });
  }
  return out;
}
}  // namespace

class PrefixTrie::Builder {
 public:
  explicit Builder(BigVector<Node>& units) : units_(units) {
    add_block();
    head_ = kNothing;  // nothing is ever placed in the root's block
  }
  // Places the children with these labels, and returns their base.
  uint32_t place(const std::vector<uint8_t>& labels) {
    const uint32_t base = find(labels);
    taken_[base] = true;
    for (const uint8_t label : labels) {
      const uint32_t at = base ^ label;
      units_[at] = unit_of(0, label, kNoValue);
      (before_[at] == kNothing ? head_ : after_[before_[at]]) = after_[at];
      if (after_[at] != kNothing) before_[after_[at]] = before_[at];
    }
    return base;
  }

 private:
  static constexpr uint32_t kNothing = UINT32_MAX;
  static constexpr int kTries = 24;

  uint32_t find(const std::vector<uint8_t>& labels) {
    uint32_t at = head_;
    for (int i = 0; i < kTries && at != kNothing; i++, at = after_[at]) {
      const uint32_t base = at ^ labels[0];
      if (!taken_[base] && std::all_of(labels.begin(), labels.end(),
                                       [&](uint8_t label) { return label_of(units_[base ^ label]) == kFree; }))
        return base;
    }
    return add_block();
  }
  uint32_t add_block() {  // its places come first in the list: most nodes fit there at once
    const uint32_t begin = uint32_t(units_.size()), end = begin + 256;
    check<UnsupportedError>(end < 1u << 31, "vocabulary: too large for a trie");
    units_.resize(end, unit_of(0, kFree, kNoValue));
    taken_.resize(end);
    before_.resize(end);
    after_.resize(end);
    for (uint32_t at = begin; at < end; at++) {
      before_[at] = at == begin ? kNothing : at - 1;
      after_[at] = at + 1 < end ? at + 1 : head_;
    }
    if (head_ != kNothing) before_[head_] = end - 1;
    head_ = begin;
    return begin;
  }
  BigVector<Node>& units_;
  std::vector<bool> taken_;               // bases
  std::vector<uint32_t> before_, after_;  // list of the free places
  uint32_t head_ = kNothing;
};

PrefixTrie::PrefixTrie(const std::vector<std::string_view>& keys, Levels* levels) {
  check<UnsupportedError>(keys.size() < kNoValue, "vocabulary: ", keys.size(), " entries, fewer than ", kNoValue,
                          " are possible");
  const std::vector<Key> order = sorted(keys);
  const auto byte_of = [&](const Key& key, uint32_t depth) {
    return depth < 8 ? uint8_t(key.start >> (56 - 8 * depth)) : uint8_t(keys[key.index][depth]);
  };
  Builder builder(units_);
  struct Range {
    uint32_t node, begin, end, depth;
  };
  std::vector<Range> todo{{0, 0, uint32_t(keys.size()), 0}};
  std::vector<uint8_t> labels;
  std::vector<uint32_t> begins;
  while (!todo.empty()) {
    auto [node, begin, end, depth] = todo.back();
    todo.pop_back();
    uint32_t value = kNoValue;
    while (begin < end && order[begin].length == depth) value = order[begin++].index;  // the last of equal keys
    labels.clear();
    begins.clear();
    for (uint32_t i = begin; i < end; i++) {
      const uint8_t byte = byte_of(order[i], depth);
      if (!labels.empty() && labels.back() == byte) continue;
      labels.push_back(byte);
      begins.push_back(i);
    }
    if (levels && !labels.empty() && levels->size() <= depth) levels->resize(depth + 1);
    const uint32_t base = labels.empty() ? 0 : builder.place(labels);
    units_[node] = unit_of(base, label_of(units_[node]), value);
    begins.push_back(end);
    for (size_t i = labels.size(); i-- > 0;) {
      todo.push_back({base ^ labels[i], begins[i], begins[i + 1], depth + 1});
      if (levels) (*levels)[depth].push_back({base ^ labels[i], node});
    }
  }
}

}  // namespace ef::tokenizers
