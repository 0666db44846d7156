#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "core/error.h"
#include "tokenizers/regex_class.h"
#include "tokenizers/regex_fold.h"
#include "tokenizers/regex_reader.h"
#include "tokenizers/regex_tree.h"

namespace ef::tokenizers::regex {
namespace {

// What is seen as one character. PCRE2's own \X takes any emoji that stand beside each other for one.
constexpr char kCluster[] =
    "(?>\\p{ExtPict}(?:[\\p{Grapheme_Extend}\\p{EMod}]*\\x{200d}\\p{ExtPict})*"
    "[\\p{Grapheme_Extend}\\p{EMod}\\p{Mc}\\x{200d}]*|\\X)";
constexpr int kDeepest = 200;               // groups
constexpr int kDeepestTree = 5 * kDeepest;  // whoever reads the tree calls itself
constexpr uint32_t kMostRepeats = 100'000;
constexpr const char* kOnlyNames = "numbered backref/call is not allowed. (use name)";

struct Options {
  bool ignores_case = false, dot_all = false, extended = false;
};

// What a first reading finds out, for references to groups that come later. Without any, no group captures.
struct Groups {
  std::map<std::string, std::vector<uint32_t>> names;
  uint32_t count = 0;  // named ones only, where there are any: the others then do not capture
  bool referred = false, called = false;
};

class Parser : Reader {
 public:
  Parser(const std::string& pattern, const Groups* known) : Reader(pattern, 0), known_(known) {}
  Node run(Groups& found) {
    Node out = alternatives({});
    if (!done()) wrong("unmatched close parenthesis");
    if (!found_.names.empty()) found_.count = named_;
    found = found_;
    return out;
  }

 private:
  Node alternatives(Options options) {
    if (++depth_ > kDeepest) wrong("too deep nest level");
    std::vector<Node> branches;
    do branches.push_back(sequence(options));
    while (take("|"));
    depth_--;
    return parent(Node::Alternatives, std::move(branches));
  }

  Node sequence(Options options) {
    std::vector<Node> parts;
    bool last_grouped = false;
    // Strings that follow each other are one.
    const auto add = [&](Node node, bool grouped) {
      if (node.kind == Node::String && !parts.empty() && parts.back().kind == Node::String &&
          parts.back().ignores_case == node.ignores_case) {
        parts.back().string += node.string;
        parts.back().joined |= node.joined || grouped || last_grouped;
      } else {
        parts.push_back(std::move(node));
      }
      last_grouped = grouped;
    };
    for (;;) {
      skip(options);
      if (done() || peek() == '|' || peek() == ')') break;
      const bool grouped = peek() == '(';
      Node node = atom(options);
      while (quantified(node, options)) {
      }
      // What stands in plain parentheses is part of the sequence, unless it begins one.
      if (node.kind == Node::Sequence && !node.parts.empty() && !parts.empty())
        for (Node& part : node.parts) add(std::move(part), true);
      else if (node.kind == Node::Sequence || (node.joined && parts.empty()))
        add(group("(?:", std::move(node)), true);
      else
        add(std::move(node), grouped);
    }
    return parent(Node::Sequence, std::move(parts));
  }
  // Over comments, and over blanks where they mean nothing.
  void skip(Options options) {
    while (!done()) {
      if (take("(?#"))
        comment();
      else if (!options.extended)
        return;
      else if (peek() == '#')
        at_ = std::min(in_.find('\n', at_), in_.size());
      else if (!one_of(in_[at_], " \t\n\f\r"))
        return;
      else
        at_++;
    }
  }
  void comment() {
    for (; !done(); at_++)
      if (peek() == '\\')
        at_++;
      else if (peek() == ')')
        return void(at_++);
    wrong("end pattern in group");
  }

  Node atom(Options options) {
    switch (peek()) {
      case '(':
        return group_of(options);
      case '[':
        return bracket(options);
      case '.':
        at_++;
        return set_node(options.dot_all ? complement({}) : complement({{'\n', '\n'}}));
      case '^':
      case '$':
        return text_node(std::string(1, in_[at_++]), true);
      case '\\':
        return escape(options);
      case '*':
      case '+':
      case '?':
        wrong("target of repeat operator is not specified");
      case '{':
        if (Interval i; interval(i)) wrong("target of repeat operator is not specified");
    }
    return literal(character(), options);
  }
  static Node literal(char32_t code, Options options) {
    Node node;
    node.kind = Node::String, node.string = code, node.ignores_case = options.ignores_case;
    return node;
  }

  // Where case is ignored, ß in brackets is also two characters, unless the class is negated.
  Node bracket(Options options) {
    at_++;
    const bool negated = take("^");
    Ranges set = class_members(in_, at_);
    if (!options.ignores_case) return set_node(negated ? complement(set) : set);
    set = with_case_variants(set);
    if (negated) return set_node(complement(set));
    std::vector<Node> branches;
    std::vector<std::array<char32_t, 3>> seen;
    for (const LongFold& fold : long_folds()) {
      if (!contains(set, fold.code) || std::find(seen.begin(), seen.end(), fold.to) != seen.end()) continue;
      seen.push_back(fold.to);
      std::vector<Node> several;
      for (size_t i = 0; i < fold.size(); i++) several.push_back(set_node(case_variants(fold.to[i])));
      branches.push_back(parent(Node::Sequence, std::move(several)));
    }
    branches.insert(branches.begin(), set_node(std::move(set)));
    return parent(Node::Alternatives, std::move(branches));
  }

  Node escape(Options options) {
    if (Ranges set; set_escape(false, set)) return set_node(std::move(set));
    const char c = peek(1);
    const auto text = [&](const char* pcre, bool anchor) { return at_ += 2, text_node(pcre, anchor); };
    switch (c) {
      case 'A':
        return text("\\A", true);
      case 'Z':
        return text("\\Z", true);
      case 'z':
        return text("\\z", true);
      case 'G':
        return text("\\G", true);
      case 'K':
        return text("\\K", true);
      case 'X':
        return text(kCluster, false);
      case 'b':
      case 'B':
        return at_ += 2, word_boundary(c == 'B');
      case 'N':
        return at_ += 2, set_node(complement({{'\n', '\n'}}));
      case 'O':
        return at_ += 2, set_node(complement({}));
      case 'R':
        return at_ += 2, line_end();
      case 'y':
      case 'Y':
        unsupported(std::string("\\") + c);
      case 'k':
      case 'g':
        if (peek(2) == '<' || peek(2) == '\'') return named_reference(c == 'g', options);
        break;
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
      case '8':
      case '9':
        if (Node node; numbered_reference(node, options)) return node;
    }
    return literal(character_escape(false), options);
  }
  static Node word_boundary(bool none) {
    const auto look = [](const char* open) { return group(open, set_node(word(true)), true); };
    const auto both = [&](const char* behind, const char* ahead) {
      std::vector<Node> parts{look(behind), look(ahead)};
      return parent(Node::Sequence, std::move(parts));
    };
    std::vector<Node> branches{both("(?<=", none ? "(?=" : "(?!"), both("(?<!", none ? "(?!" : "(?=")};
    return group("(?:", parent(Node::Alternatives, std::move(branches)), true);
  }
  static Node line_end() {
    Node pair;
    pair.kind = Node::String, pair.string = U"\r\n";
    std::vector<Node> branches{std::move(pair), set_node({{10, 13}, {0x85, 0x85}, {0x2028, 0x2029}})};
    return group("(?>", parent(Node::Alternatives, std::move(branches)));
  }

  // \1, unless there is no such group and the digits are a character's.
  bool numbered_reference(Node& out, Options options) {
    const size_t before = at_++;
    const uint32_t n = number(10, 4);
    if (n > 9 && n > groups_) return at_ = before, false;
    if (known_ && !known_->names.empty()) wrong(kOnlyNames);
    out = reference({n}, options);
    return true;
  }
  Node reference(std::vector<uint32_t> groups, Options options) {
    found_.referred = true;
    for (uint32_t n : groups)
      if (n == 0 || (known_ && n > known_->count)) wrong("invalid backref number/name");
    std::string text;
    for (size_t i = groups.size(); i-- > 0;)  // of those with the same name the last one first
      text += (text.empty() ? "\\g{" : "|\\g{") + std::to_string(groups[i]) + "}";
    if (options.ignores_case) text = "(?i:" + text + ")";
    return text_node(groups.size() > 1 ? "(?>" + text + ")" : text, false);
  }
  // <name>, 'name', <1>, <-1>; the groups meant, up to and with the closing character.
  std::vector<uint32_t> named_groups() {
    const char close = in_[at_] == '<' ? '>' : in_[at_];
    const size_t end = in_.find(close, ++at_);
    if (end == std::string::npos) wrong("invalid group name <>");
    const std::string name = in_.substr(at_, end - at_);
    const bool relative = !name.empty() && (name[0] == '-' || name[0] == '+');
    const std::string digits = name.substr(relative);
    at_ = end + 1;
    if (!digits.empty() && digits.size() < 6 &&
        std::all_of(digits.begin(), digits.end(), [](uint8_t c) { return std::isdigit(c); })) {
      const uint32_t n = uint32_t(std::stoul(digits));
      if (!relative) return {n};
      if (name[0] == '-' && n > groups_) wrong("invalid backref number/name");
      return {name[0] == '-' ? groups_ + 1 - n : groups_ + n};
    }
    if (!known_) return {1};
    const auto it = known_->names.find(name);
    if (it == known_->names.end()) wrong("undefined name <" + name + "> reference");
    return it->second;
  }
  Node named_reference(bool call, Options options) {
    at_ += 2;
    const bool by_number = one_of(peek(1), "0123456789+-");
    const std::vector<uint32_t> groups = named_groups();
    if (by_number && groups[0] && known_ && !known_->names.empty()) wrong(kOnlyNames);
    if (!call) return reference(groups, options);
    found_.called = true;
    if (groups.size() > 1) wrong("multiplex definition name call");
    if (known_ && groups[0] > known_->count) wrong("undefined group reference");
    return text_node("(?" + std::to_string(groups[0]) + ")", false);
  }

  Node group_of(Options options) {
    at_++;
    if (peek() == '*') unsupported("a callout (*…)");
    if (!take("?")) {
      const bool counts = !known_ || known_->names.empty();
      if (counts) groups_++, found_.count = std::max(found_.count, groups_);
      return closed(group(known_ && counts ? "(" : "(?:", alternatives(options)));
    }
    if (take(":")) {
      Node inner = closed(alternatives(options));
      if (inner.kind != Node::Alternatives) return inner;
      const bool anchor = is_anchor(inner);
      return group("(?:", std::move(inner), anchor);
    }
    for (const char* look : {"=", "!", "<=", "<!"})
      if (take(look)) {
        Node out = closed(group(std::string("(?") + look, alternatives(options), true));
        if (look[0] == '<') out.kind = Node::LookBehind;
        return out;
      }
    if (take(">")) return closed(group("(?>", alternatives(options)));
    if (peek() == '<' || peek() == '\'') return named_group(options);
    if (take("~")) return absent(options);
    if (take("(")) return conditional(options);
    if (peek() == '{') unsupported("a callout (?{…})");
    return option_group(options);
  }
  Node closed(Node node) {
    if (!take(")")) wrong("end pattern with unmatched parenthesis");
    return node;
  }
  // Neither can be repeated: an anchor, and a choice that has one.
  static bool is_anchor(const Node& node) {
    return node.anchor ||
           (node.kind == Node::Alternatives && std::any_of(node.parts.begin(), node.parts.end(), is_anchor));
  }

  Node named_group(Options options) {
    const char close = peek() == '<' ? '>' : '\'';
    const size_t end = in_.find(close, ++at_);
    if (end == std::string::npos) wrong("invalid group name <>");
    const std::string name = in_.substr(at_, end - at_);
    if (name.empty() || std::isdigit(uint8_t(name[0])) || one_of(name[0], "-+)"))
      wrong("invalid group name <" + name + ">");
    for (char32_t c : utf8_of(name))
      if (!contains(word(false), c)) wrong("invalid group name <" + name + ">");
    at_ = end + 1;
    named_++;
    if (known_) groups_++;  // the first reading counts all groups
    found_.names[name].push_back(named_);
    return closed(group(known_ ? "(" : "(?:", alternatives(options)));
  }
  std::u32string utf8_of(const std::string& text) const {
    Parser reader(text, nullptr);
    std::u32string out;
    while (!reader.done()) out += reader.character();
    return out;
  }

  // As many characters as there are before one where the pattern matches.
  Node absent(Options options) {
    if (peek() == '|') unsupported("the absent function (?~|…)");
    if (std::exchange(absent_, true)) unsupported("one absent operator within another");
    Node inner = closed(alternatives(options));
    absent_ = false;
    std::vector<Node> parts{group("(?!", std::move(inner), true), set_node(complement({}))};
    return repeat(group("(?:", parent(Node::Sequence, std::move(parts))), 0, kEndless, 0);
  }

  Node conditional(Options options) {
    std::vector<uint32_t> groups;
    if (peek() == '<' || peek() == '\'') {
      groups = named_groups();
    } else {
      groups = {number(10, 4)};
    }
    if (groups.size() != 1 || groups[0] == 0 || peek() != ')') unsupported("this condition");
    at_++;
    found_.referred = true;
    if (known_ && groups[0] > known_->count) wrong("invalid backref number/name");
    Node inner = alternatives(options);
    if (inner.kind == Node::Alternatives && inner.parts.size() > 2) wrong("invalid if-else syntax");
    return closed(group("(?(" + std::to_string(groups[0]) + ")", std::move(inner)));
  }

  // (?i:…), and (?i), which is about everything up to the end of the group around it, its alternatives included.
  Node option_group(Options options) {
    for (bool on = true;; at_++) {
      switch (peek()) {
        case '-':
          on = false;
          continue;
        case 'i':
          options.ignores_case = on;
          continue;
        case 'm':
          options.dot_all = on;
          continue;
        case 'x':
          options.extended = on;
          continue;
        case ')':
          at_++;
          return group("(?:", alternatives(options));
        case ':':
          at_++;
          return closed(group("(?:", alternatives(options)));
        case 0:
          wrong("end pattern in group");
        default:
          if (one_of(peek(), "WDSPyILC")) unsupported(std::string("the group option ") + peek());
          wrong("undefined group option");
      }
    }
  }

  struct Interval {
    uint32_t low = 0, high = kEndless;
    bool fixed = false, possessive = false;
  };
  // {n}, {n,}, {,m}, {n,m}, and {m,n}, which gives nothing back. False: a brace that stands for itself.
  bool interval(Interval& out) {
    const size_t before = at_++;
    const auto bound = [&](uint32_t& value) {
      const size_t from = at_;
      const uint32_t n = number(10, 9);
      if (at_ == from) return false;
      if (n > kMostRepeats) wrong("too big number for repeat range");
      return value = n, true;
    };
    const bool low = bound(out.low);
    if (!take(",")) {
      out.high = out.low, out.fixed = true;
      if (low && take("}")) return true;
    } else if ((bound(out.high) || low) && take("}")) {
      if (out.high < out.low) std::swap(out.low, out.high), out.possessive = true;
      return true;
    }
    return at_ = before, false;
  }
  bool quantified(Node& node, Options options) {
    skip(options);
    Interval range;
    char greed = 0;
    if (peek() == '{') {
      if (!interval(range)) return false;
      if (range.possessive)
        greed = '+';
      else if (!range.fixed && take("?"))  // {n}? is an option
        greed = '?';
    } else {
      if (take("+"))
        range.low = 1;
      else if (take("?"))
        range.high = 1;
      else if (!take("*"))
        return false;
      if (peek() == '?' || peek() == '+') greed = in_[at_++];
    }
    if (is_anchor(node)) wrong("target of repeat operator is invalid");
    if (node.depth >= kDeepestTree) wrong("too deep nest level");
    node = repeat(std::move(node), range.low, range.high, greed);
    return true;
  }

  const Groups* known_;
  Groups found_;
  uint32_t groups_ = 0, named_ = 0;  // opened so far
  int depth_ = 0;
  bool absent_ = false;  // inside of (?~…)
};

}  // namespace

Node parse(const std::string& pattern) {
  Groups groups, again;
  Node out = Parser(pattern, nullptr).run(groups);
  if (groups.names.empty() && !groups.referred && !groups.called) return out;
  if (groups.referred && groups.called)
    fail<UnsupportedError>("regex: pattern '", pattern, "': both \\g<…> and references to groups are not supported");
  return Parser(pattern, &groups).run(again);
}

}  // namespace ef::tokenizers::regex
