// A regular expression in Oniguruma's Ruby syntax, taken apart.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tokenizers/regex_sets.h"

namespace ef::tokenizers::regex {

inline constexpr uint32_t kEndless = ~uint32_t(0);

struct Node {
  enum Kind {
    String,        // characters that follow each other
    Set,           // one character of `set`
    Text,          // something else, in PCRE2's words: `text`
    Sequence,      // `parts`, one after the other; without any it matches nothing at all
    Alternatives,  // one of `parts`
    Group,         // `text`, then the one part, then ')'
    LookBehind,    // the same
    Repeat,        // the one part, `low` to `high` times
  };
  Kind kind = Sequence;
  std::u32string string;
  bool ignores_case = false;  // String
  bool joined = false;        // String: made of several items
  Ranges set;
  std::string text;
  std::vector<Node> parts;
  bool anchor = false;  // Text and Group: looks, takes nothing, and cannot be repeated
  uint32_t low = 1, high = 1;
  char greed = 0;  // Repeat: '?' lazy, '+' possessive
  int depth = 0;   // of the nodes within
};

inline Node set_node(Ranges set) {
  Node node;
  node.kind = Node::Set, node.set = std::move(set);
  return node;
}
inline Node text_node(std::string text, bool anchor) {
  Node node;
  node.kind = Node::Text, node.text = std::move(text), node.anchor = anchor;
  return node;
}
// Several parts, or the only one itself.
inline Node parent(Node::Kind kind, std::vector<Node> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  Node node;
  node.kind = kind, node.parts = std::move(parts);
  for (const Node& part : node.parts) node.depth = std::max(node.depth, part.depth + 1);
  return node;
}
inline Node group(std::string open, Node inner, bool anchor = false) {
  Node node;
  node.kind = Node::Group, node.text = std::move(open), node.anchor = anchor, node.depth = inner.depth + 1;
  node.parts.push_back(std::move(inner));
  return node;
}
inline Node repeat(Node inner, uint32_t low, uint32_t high, char greed) {
  Node node;
  node.kind = Node::Repeat, node.low = low, node.high = high, node.greed = greed;
  node.depth = inner.depth + 1;
  node.parts.push_back(std::move(inner));
  return node;
}

// TokenizerError for what Oniguruma refuses, UnsupportedError for what has no counterpart in PCRE2.
Node parse(const std::string& pattern);

}  // namespace ef::tokenizers::regex
