// Many strings, found in a text leftmost first and, of those, longest first.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/find_byte.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

class TokenTrie {
 public:
  // The first of equal keys stays. An empty one matches between any two characters.
  void add(std::string_view key, uint32_t value) {
    if (nodes_.empty()) nodes_.emplace_back();
    uint32_t at = 0;
    for (char c : key) {
      uint32_t next = child(at, uint8_t(c));
      if (!next) {
        next = uint32_t(nodes_.size());
        nodes_.emplace_back();
        nodes_[at].children.emplace_back(uint8_t(c), next);
        if (at == 0) first_[uint8_t(c)] = true, firsts_.push_back(c);
      }
      at = next;
    }
    if (!nodes_[at].final) nodes_[at].final = true, nodes_[at].value = value;
  }
  bool empty() const { return nodes_.empty(); }

  // The longest key at the start of `text`; its length, or 0.
  size_t longest(std::string_view text, uint32_t& value) const {
    size_t found = 0;
    uint32_t at = 0;
    if (has_empty_key()) value = nodes_[0].value;
    for (size_t i = 0; i < text.size(); i++) {
      at = child(at, uint8_t(text[i]));
      if (!at) break;
      if (nodes_[at].final) found = i + 1, value = nodes_[at].value;
    }
    return found;
  }
  // f(begin, end, value) for the matches in `text`, without overlaps.
  template <class F>
  void for_each_match(std::string_view text, F&& f) const {
    if (has_empty_key()) return for_each_place(text, f);
    for (size_t i = 0; i < text.size();) {
      uint32_t value = 0;
      const auto [begin, n] = next(text, i, value);
      if (n) f(uint32_t(begin), uint32_t(begin + n), value);
      i = begin + n;
    }
  }
  bool finds(std::string_view text) const {
    uint32_t value = 0;
    return has_empty_key() || next(text, 0, value).size > 0;
  }

 private:
  bool has_empty_key() const { return !nodes_.empty() && nodes_[0].final; }
  // The empty key is found wherever no longer one is, but not where a match ends.
  template <class F>
  void for_each_place(std::string_view text, F&& f) const {
    size_t last = text.size() + 1;
    for (size_t i = 0; i <= text.size();) {
      uint32_t value = 0;
      const size_t n = longest(text.substr(i), value);
      if (!n && (i == last || (i < text.size() && utf8::is_continuation(text[i])))) {
        i++;
        continue;
      }
      f(uint32_t(i), uint32_t(i + n), value);
      last = i += n;
    }
  }
  struct Match {
    size_t begin, size;  // 0 where there is none, at the end of the text
  };
  Match next(std::string_view text, size_t i, uint32_t& value) const {
    if (empty()) return {text.size(), 0};
    for (; i < text.size(); i++) {
      if (firsts_.size() <= kFew)
        i = size_t(find_one_of(text.data() + i, text.data() + text.size(), firsts_) - text.data());
      if (i == text.size()) break;
      if (!first_[uint8_t(text[i])]) continue;
      if (const size_t n = longest(text.substr(i), value)) return {i, n};
    }
    return {text.size(), 0};
  }
  struct Node {
    std::vector<std::pair<uint8_t, uint32_t>> children;
    uint32_t value = 0;
    bool final = false;
  };
  uint32_t child(uint32_t node, uint8_t byte) const {
    for (auto& [b, next] : nodes_[node].children)
      if (b == byte) return next;
    return 0;
  }
  std::vector<Node> nodes_;
  static constexpr size_t kFew = 8;
  bool first_[256] = {};
  std::string firsts_;  // the same as a list
};

}  // namespace ef::tokenizers
