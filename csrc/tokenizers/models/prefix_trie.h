// All keys that a text begins with, shortest first. A double array, built once from the whole list: the child of a node
// for a byte stands at (base of the node) xor byte, so a step is one look at memory.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/models/big_vector.h"

namespace ef::tokenizers {

class PrefixTrie {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  PrefixTrie() : PrefixTrie(std::vector<std::string_view>()) {}
  // The value of a key is its index, of equal keys that of the last one. UnsupportedError for more than 16 million
  // keys.
  struct Placed {
    uint32_t node, parent;
  };
  using Levels = std::vector<std::vector<Placed>>;
  // `levels` lists all nodes but the root by the number of their bytes, less one.
  explicit PrefixTrie(const std::vector<std::string_view>& keys, Levels* levels = nullptr);

  // For those who lay the nodes out in their own way: the child of `node` for `byte`, if there is one, is the one at
  // place(node, byte). The root is the first; who begins at kNowhere gets nowhere.
  using Node = uint64_t;
  static constexpr Node kNowhere = uint64_t(0xffffff) << 9 | 0x1ff;
  BigVector<Node> nodes() && { return std::move(units_); }
  static size_t place(Node node, uint8_t byte) { return base_of(node) ^ byte; }
  static bool has_value(Node node) { return value_of(node) != kNoValue; }
  static uint32_t value_of(Node node) { return uint32_t(node >> 9) & kNoValue; }

  // The node behind this text, from which one may go on.
  Node after(std::string_view text) const {
    Node node = units_[0];
    for (const char c : text) node = child(node, uint8_t(c));
    return node;
  }
  template <class F>
  void for_each_prefix(std::string_view text, F&& f) const {  // f(length, value)
    for_each_prefix(units_[0], text, f);
  }
  template <class F>
  void for_each_prefix(Node node, std::string_view text, F&& f) const {
    for (uint32_t i = 0; i < text.size();) {
      node = child(node, uint8_t(text[i++]));
      if (node == kNowhere) return;
      if (has_value(node)) f(i, value_of(node));
    }
  }

 private:
  class Builder;
  Node child(Node node, uint8_t byte) const {
    const Node next = units_[place(node, byte)];
    return label_of(next) == byte ? next : kNowhere;
  }
  // A node: base of its children (31 bits), value (24), byte that leads to it (9).
  static constexpr uint32_t kNoValue = (1u << 24) - 1, kFree = 0x1ff;
  static uint32_t base_of(uint64_t unit) { return uint32_t(unit >> 33); }
  static uint32_t label_of(uint64_t unit) { return uint32_t(unit) & 0x1ff; }
  static uint64_t unit_of(uint32_t base, uint32_t label, uint32_t value) {
    return uint64_t(base) << 33 | uint64_t(value) << 9 | label;
  }
  BigVector<Node> units_;  // the root is the first; the other places of its block stay free, for nodes without children
};

}  // namespace ef::tokenizers
