// All keys that a text begins with, shortest first. Built once from the whole list.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {

class PrefixTrie {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit PrefixTrie(const std::vector<std::string_view>& keys = {}) {  // the value of a key is its index
    const std::vector<uint32_t> order = sorted(keys);
    nodes_.push_back({});
    bytes_.push_back(0);
    struct Range {
      uint32_t node, begin, end, depth;
    };
    std::vector<Range> todo{{0, 0, uint32_t(keys.size()), 0}};
    for (size_t t = 0; t < todo.size(); t++) {  // breadth first, so that the children of a node lie side by side
      auto [node, begin, end, depth] = todo[t];
      while (begin < end && keys[order[begin]].size() == depth)
        nodes_[node].value = order[begin++];  // the last of equal keys
      nodes_[node].first = uint32_t(nodes_.size());
      for (uint32_t i = begin; i < end;) {
        const char byte = keys[order[i]][depth];
        uint32_t j = i;
        while (j < end && keys[order[j]][depth] == byte) j++;
        todo.push_back({uint32_t(nodes_.size()), i, j, depth + 1});
        nodes_.push_back({});
        bytes_.push_back(uint8_t(byte));
        nodes_[node].count++;
        i = j;
      }
    }
    std::fill(root_, root_ + 256, kNone);
    for (uint32_t i = 0; i < nodes_[0].count; i++) root_[bytes_[nodes_[0].first + i]] = nodes_[0].first + i;
    bytes_.resize(bytes_.size() + 16);  // 16 can be read anywhere
    nodes_.shrink_to_fit();
  }

  template <class F>
  void for_each_prefix(std::string_view text, F&& f) const {  // f(length, value)
    if (text.empty()) return;
    uint32_t at = root_[uint8_t(text[0])];
    for (size_t i = 1; at != kNone; i++) {
      if (nodes_[at].value != kNone) f(uint32_t(i), nodes_[at].value);
      if (i == text.size()) return;
      at = child(nodes_[at], uint8_t(text[i]));
    }
  }

 private:
  struct Node {
    uint32_t first = 0, value = kNone;
    uint16_t count = 0;
  };
  // Indices in the order of the keys, of equal ones in their own. Most keys differ in their first eight bytes.
  static std::vector<uint32_t> sorted(const std::vector<std::string_view>& keys) {
    struct Item {
      uint64_t start;
      uint32_t index;
    };
    std::vector<Item> items(keys.size());
    for (uint32_t i = 0; i < items.size(); i++) {
      uint64_t start = 0;
      for (size_t b = 0; b < 8; b++) start = start << 8 | (b < keys[i].size() ? uint8_t(keys[i][b]) : 0u);
      items[i] = {start, i};
    }
    std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
      if (a.start != b.start) return a.start < b.start;
      const int order = keys[a.index].compare(keys[b.index]);
      return order != 0 ? order < 0 : a.index < b.index;
    });
    std::vector<uint32_t> out(items.size());
    for (size_t i = 0; i < out.size(); i++) out[i] = items[i].index;
    return out;
  }
  uint32_t child(const Node& node, uint8_t byte) const {
    const uint8_t* begin = bytes_.data() + node.first;
#if defined(__SSE2__)
    for (uint32_t i = 0; i < node.count; i += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin + i));
      const uint32_t found = uint32_t(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(char(byte)))));
      if (found) {
        const uint32_t at = i + uint32_t(std::countr_zero(found));
        return at < node.count ? node.first + at : kNone;
      }
    }
    return kNone;
#else
    const uint8_t* found = std::find(begin, begin + node.count, byte);
    return found != begin + node.count ? uint32_t(found - bytes_.data()) : kNone;
#endif
  }
  std::vector<uint8_t> bytes_;  // by which each node is reached
  std::vector<Node> nodes_;
  uint32_t root_[256];
};

}  // namespace ef::tokenizers
