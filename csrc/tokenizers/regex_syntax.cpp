#include "tokenizers/regex_syntax.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/error.h"
#include "tokenizers/regex_fold.h"
#include "tokenizers/regex_lookbehind.h"
#include "tokenizers/regex_tree.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using regex::Node;

class Writer {
 public:
  Writer(const std::string& pattern, bool shares) : pattern_(pattern), shares_(shares) {}
  std::string run() {
    write(regex::parse(pattern_));
    if (shared_.empty()) return std::move(out_);
    std::string out = "(?:" + out_ + ")(?(DEFINE)";
    for (size_t i = 0; i < shared_.size(); i++) out += "(?<efset" + std::to_string(i) + ">" + shared_[i] + ")";
    return out + ")";
  }

 private:
  void write(const Node& node) {
    switch (node.kind) {
      case Node::String:
        return write_string(node);
      case Node::Set:
        return write_set(node.set);
      case Node::Text:
        out_ += node.text;
        return;
      case Node::Sequence:
        for (const Node& part : node.parts) write_grouped(part, part.kind == Node::Alternatives);
        return;
      case Node::Alternatives:
        return write_choices(node.parts);
      case Node::Group:
        out_ += node.text;
        write(node.parts[0]);
        out_ += ')';
        return;
      case Node::LookBehind:
        return write_look_behind(node);
      case Node::Repeat:
        return write_repeat(node);
    }
  }
  void write_choices(const std::vector<Node>& choices) {
    for (size_t i = 0; i < choices.size(); i++) {
      if (i) out_ += '|';
      write(choices[i]);
    }
  }
  void write_grouped(const Node& node, bool grouped) {
    if (grouped) out_ += "(?:";
    write(node);
    if (grouped) out_ += ')';
  }

  void write_look_behind(const Node& node) {
    const auto choices = regex::of_one_length(node.parts[0]);
    if (!choices)
      fail<UnsupportedError>("regex: pattern '", pattern_,
                             "': a look-behind without a bound, or of too many lengths, is not supported");
    const bool outer = std::exchange(behind_, true);
    out_ += node.text;
    write_choices(*choices);
    out_ += ')';
    behind_ = outer;
  }

  // What takes one character is repeated as it is.
  void write_repeat(const Node& node) {
    if (node.high == 0 && !captures(node)) return void(out_ += "(?:)");
    const Node* part = &node.parts[0];
    const Node shorter = without_long_folds(node);
    if (!shorter.set.empty()) part = &shorter;
    const size_t begin = out_.size();
    write(*part);
    const bool one = part->kind == Node::Set || part->kind == Node::Group ||
                     (part->kind == Node::String && out_.size() - begin == 1);
    if (!one) {
      out_.insert(begin, "(?:");
      out_ += ')';
    }
    const std::string low = std::to_string(node.low);
    if (node.high != regex::kEndless)
      out_ += node.high == 1 && node.low == 0 ? "?" : "{" + low + "," + std::to_string(node.high) + "}";
    else
      out_ += node.low == 0 ? "*" : node.low == 1 ? "+" : "{" + low + ",}";
    if (node.greed) out_ += node.greed;
  }
  static bool captures(const Node& node) {
    return node.text == "(" || std::any_of(node.parts.begin(), node.parts.end(), captures);
  }
  // Any number of characters of a set includes the pairs that match one of them, if each alone is in the set.
  static Node without_long_folds(const Node& repeat) {
    const Node& part = repeat.parts[0];
    if (repeat.low > 1 || repeat.high != regex::kEndless || part.kind != Node::Alternatives ||
        part.parts[0].kind != Node::Set)
      return {};
    const Ranges& set = part.parts[0].set;
    for (size_t i = 1; i < part.parts.size(); i++) {
      if (part.parts[i].kind != Node::Sequence) return {};
      for (const Node& one : part.parts[i].parts)
        if (one.kind != Node::Set || intersection(one.set, complement(set)).size()) return {};
    }
    return regex::set_node(set);
  }

  void write_character(char32_t code) {
    if (code < 0x80 && !std::isalnum(int(code))) {
      char buffer[16];
      std::snprintf(buffer, sizeof buffer, "\\x{%x}", unsigned(code));
      out_ += buffer;
    } else {
      utf8::append(out_, code);
    }
  }
  void write_string(const Node& node) {
    std::u32string_view left = node.string;
    while (!left.empty()) left.remove_prefix(node.ignores_case ? write_ignoring_case(left) : one_character(left));
  }
  size_t one_character(std::u32string_view text) {
    write_character(text[0]);
    return 1;
  }
  // One character, or the several that one matches; how many were written.
  size_t write_ignoring_case(std::u32string_view text) {
    size_t taken = 1;
    Ranges ones;
    std::u32string_view several;
    std::u32string expanded;
    if (!behind_)
      for (const LongFold& fold : long_folds()) {
        if (fold.begins(text) && fold.size() >= taken) {
          if (fold.size() > taken) ones.clear();
          taken = fold.size(), several = text.substr(0, taken);
          ones.emplace_back(fold.code, fold.code);
        }
      }
    if (several.empty() && !behind_)
      for (const LongFold& fold : long_folds())
        if (case_folded(fold.code) == case_folded(text[0])) {
          expanded.assign(fold.to.begin(), fold.to.begin() + fold.size());
          several = expanded, ones = case_variants(text[0]);
        }
    if (several.empty()) return write_set(case_variants(text[0])), 1;
    out_ += "(?:";
    write_set(normalized(ones));
    out_ += '|';
    for (char32_t c : several) write_set(case_variants(c));
    out_ += ')';
    return taken;
  }

  // No text has surrogates, and no pattern of PCRE2 may name them.
  void write_set(const Ranges& all) {
    static const Ranges surrogates = {{0xd800, 0xdfff}}, scalars = complement(surrogates);
    const Ranges set = intersection(all, scalars), others = complement(join(set, surrogates));
    if (set.size() == 1 && set[0].first == set[0].second) return write_character(set[0].first);
    if (others.empty()) return void(out_ += "(?s:.)");
    if (others == Ranges{{'\n', '\n'}}) return void(out_ += "\\N");
    const size_t begin = out_.size();
    if (set.empty())
      out_ += "(?!)";
    else if (others.size() < set.size())
      put("[^", others);
    else
      put("[", set);
    share(begin);
  }
  void put(const char* open, const Ranges& ranges) {
    out_ += open;
    for (const auto& [a, b] : ranges) {
      write_character(a);
      if (a == b) continue;
      out_ += '-';
      write_character(b);
    }
    out_ += ']';
  }
  // A long class that may stand often is written once, and named where it stands.
  void share(size_t begin) {
    constexpr size_t kLong = 200;
    if (!shares_ || out_.size() - begin < kLong) return;
    std::string text = out_.substr(begin);
    const size_t index = size_t(std::find(shared_.begin(), shared_.end(), text) - shared_.begin());
    if (index == shared_.size()) shared_.push_back(std::move(text));
    out_.replace(begin, std::string::npos, "(?&efset" + std::to_string(index) + ")");
  }

  const std::string& pattern_;
  std::string out_;
  bool shares_;
  bool behind_ = false;  // inside of a look-behind, where no character matches several
  std::vector<std::string> shared_;
};

}  // namespace

std::string translate_onig_pattern(const std::string& pattern, bool shares) { return Writer(pattern, shares).run(); }

}  // namespace ef::tokenizers
