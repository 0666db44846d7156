#include "tokenizers/regex_lookbehind.h"

#include <algorithm>

namespace ef::tokenizers::regex {
namespace {
using Choices = std::optional<std::vector<Node>>;
constexpr size_t kMost = 256;

bool looks(const Node& node) { return node.anchor || node.kind == Node::LookBehind; }

// How many characters it takes, where it is always as many.
std::optional<uint64_t> length(const Node& node) {
  if (looks(node)) return 0;
  std::optional<uint64_t> all;
  switch (node.kind) {
    case Node::String:
      return node.string.size();  // one for several is only looked for ahead
    case Node::Set:
      return 1;
    case Node::Sequence:
      all = 0;
      for (const Node& part : node.parts) {
        const auto one = length(part);
        if (!one) return {};
        *all += *one;
      }
      return all;
    case Node::Alternatives:
      all = length(node.parts[0]);
      for (const Node& part : node.parts)
        if (length(part) != all) return {};
      return all;
    case Node::Group:
      return length(node.parts[0]);
    case Node::Repeat:
      all = length(node.parts[0]);
      if (!all || node.low != node.high) return {};
      return *all * node.low;
    default:
      return {};
  }
}

// Each of `firsts` before each of `seconds`.
Choices product(const Choices& firsts, const Choices& seconds) {
  if (!firsts || !seconds || firsts->size() * seconds->size() > kMost) return {};
  std::vector<Node> out;
  for (const Node& first : *firsts)
    for (const Node& second : *seconds) out.push_back(parent(Node::Sequence, {first, second}));
  return out;
}

// `leading`: nothing stands before it, so that of what repeats without end the last few times will do.
Choices choices(const Node& node, bool leading) {
  if (length(node)) return {{node}};
  std::vector<Node> out;
  const auto add = [&](const Choices& more) {
    if (more) out.insert(out.end(), more->begin(), more->end());
    return more && out.size() <= kMost;
  };
  switch (node.kind) {
    case Node::Sequence: {
      Choices all{{Node{}}};
      for (size_t i = 0; i < node.parts.size() && all; i++) {
        all = product(all, choices(node.parts[i], leading));
        leading = leading && looks(node.parts[i]);
      }
      return all;
    }
    case Node::Alternatives:
      for (const Node& part : node.parts)
        if (!add(choices(part, leading))) return {};
      return out;
    case Node::Group:
      // An atomic group tries only one of its choices, and captures must stay one group each.
      return node.text == "(?:" ? choices(node.parts[0], leading) : Choices{};
    case Node::Repeat: {
      const bool endless = node.high == kEndless;
      const uint32_t high = endless ? node.low : node.high;
      if (node.greed == '+' || (endless && !leading) || high > kMost) return {};
      const Choices first = high > 0 ? choices(node.parts[0], leading) : Choices{};
      const Choices other = high > 1 && leading ? choices(node.parts[0], false) : first;
      Choices times{{Node{}}};
      for (uint32_t i = 0; i <= high; i++) {
        if (i >= node.low && !add(times)) return {};
        if (i < high && !(times = product(i == 0 ? first : other, times))) return {};
      }
      return out;
    }
    default:
      return {};
  }
}
}  // namespace

Choices of_one_length(const Node& node) { return choices(node, true); }

}  // namespace ef::tokenizers::regex
