#include "tokenizers/sentencepiece.h"

#include <algorithm>
#include <cfloat>
#include <cstring>
#include <map>
#include <queue>

#include "core/error.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

constexpr std::string_view kMark = "\u2581";  // stands for a blank
constexpr std::string_view kReplacement = "\ufffd";

}  // namespace

Charsmap::Charsmap(std::string_view bytes, const std::string& where) {
  if (bytes.empty()) return;
  uint32_t size = 0;
  check<TokenizerError>(bytes.size() >= 4, where, ": a character map of ", bytes.size(), " bytes; damaged file?");
  std::memcpy(&size, bytes.data(), 4);
  check<TokenizerError>(size % 4 == 0 && size <= bytes.size() - 4, where, ": a trie of ", size, " bytes in a map of ",
                        bytes.size(), "; damaged file?");
  units_.resize(size / 4);
  std::memcpy(units_.data(), bytes.data() + 4, size);
  texts_ = bytes.substr(4 + size);
  check<TokenizerError>(utf8::find_invalid(texts_) == std::string::npos, where,
                        ": the replacements of the character map are not valid UTF-8");
}

size_t Charsmap::longest_prefix(std::string_view text, std::string_view& becomes) const {
  if (units_.empty()) return 0;
  const auto offset = [](uint32_t unit) { return size_t(unit >> 10) << ((unit & 512) >> 6); };
  size_t longest = 0, node = offset(units_[0]);
  uint32_t value = 0;
  for (size_t i = 0; i < text.size(); i++) {
    const uint8_t byte = uint8_t(text[i]);
    node ^= byte;
    if (node >= units_.size() || (units_[node] & 0x800000ffu) != byte) break;
    const uint32_t unit = units_[node];
    node ^= offset(unit);
    if (!(unit >> 8 & 1) || node >= units_.size()) continue;
    if (i + 1 < text.size() && utf8::is_continuation(text[i + 1])) continue;  // a damaged map: half a character
    longest = i + 1;
    value = units_[node] & 0x7fffffffu;
  }
  if (longest == 0 || value > texts_.size() || utf8::is_continuation(texts_.c_str()[value])) return 0;
  becomes = std::string_view(texts_.c_str() + value);  // up to the next NUL
  return longest;
}

SentencePiece::SentencePiece(SentencePieceModel model, const std::string& where)
    : model_(std::move(model)), map_(model_.precompiled_charsmap, where), back_(model_.denormalizer_charsmap, where) {
  std::vector<std::string_view> keys, user_defined;
  lowest_ = FLT_MAX;
  std::fill(byte_ids_, byte_ids_ + 256, UINT32_MAX);
  bool unknown = false;
  ids_.reserve(model_.pieces.size());
  for (uint32_t id = 0; id < model_.pieces.size(); id++) {
    const auto& p = model_.pieces[id];
    ids_.add(p.text, id);
    if (p.type == PieceType::Unknown) unk_id_ = id, unknown = true;
    if (p.type == PieceType::UserDefined) user_defined.push_back(p.text);
    if (p.type == PieceType::Normal) lowest_ = std::min(lowest_, p.score);
    if (p.type == PieceType::Byte && p.text.size() == 6 && p.text.starts_with("<0x"))
      byte_ids_[std::strtoul(p.text.substr(3, 2).c_str(), nullptr, 16) & 255] = id;
    if (p.type == PieceType::Normal || p.type == PieceType::UserDefined || p.type == PieceType::Unused) {
      keys.push_back(p.text);
      trie_ids_.push_back(id);
      matched_.add(p.text, id);
    }
  }
  if (model_.byte_fallback)
    for (uint32_t id : byte_ids_)
      check<TokenizerError>(id != UINT32_MAX, where, ": a byte has no piece; damaged file?");
  check<TokenizerError>(unknown, where, ": no piece stands for unknown text; damaged file?");
  ids_.finish(where);
  matched_.finish(where);
  trie_ = PrefixTrie(keys);
  user_defined_ = PrefixTrie(user_defined);
}

size_t SentencePiece::user_defined_prefix(std::string_view text) const {
  size_t longest = 0;
  user_defined_.for_each_prefix(text, [&](uint32_t length, uint32_t) { longest = length; });
  return longest;
}

// With `marks`, blanks become marks and symbols of the user stay as they are; without, it is the way back.
std::string SentencePiece::normalize_with(const Charsmap& map, std::string_view text, bool marks) const {
  const auto step = [&](std::string_view rest, std::string_view& becomes) -> size_t {
    if (const size_t n = marks ? user_defined_prefix(rest) : 0) return becomes = rest.substr(0, n), n;
    if (const size_t n = map.longest_prefix(rest, becomes)) return n;
    const size_t n = size_t(utf8::length_of(rest[0]));
    return becomes = rest.substr(0, n), n;
  };
  const bool trim = marks && model_.remove_extra_whitespaces;
  std::string_view becomes;
  while (trim && !text.empty()) {
    const size_t n = step(text, becomes);
    if (becomes != " ") break;
    text.remove_prefix(n);
  }
  if (text.empty()) return {};
  const std::string_view blank = marks && model_.escape_whitespaces ? kMark : " ";
  std::string out;
  const bool prefix = marks && model_.add_dummy_prefix;
  if (prefix && !model_.treat_whitespace_as_suffix) out += blank;
  bool after_blank = trim;
  while (!text.empty()) {
    const size_t n = step(text, becomes);
    while (after_blank && becomes.starts_with(' ')) becomes.remove_prefix(1);
    for (char c : becomes) {
      if (c == ' ')
        out += blank;
      else
        out += c;
    }
    if (!becomes.empty()) after_blank = becomes.ends_with(' ');
    if (!trim) after_blank = false;
    text.remove_prefix(n);
  }
  while (trim && out.ends_with(blank)) out.resize(out.size() - blank.size());
  if (prefix && model_.treat_whitespace_as_suffix) out += blank;
  return out;
}

std::string SentencePiece::normalize(std::string_view text) const { return normalize_with(map_, text, true); }

std::vector<SentencePiece::Part> SentencePiece::split_unigram(std::string_view text) const {
  struct Step {
    float score = 0;
    uint32_t begin = UINT32_MAX, id = 0;
  };
  std::vector<Step> best(text.size() + 1);
  // The sum over a long text would lose what tells its pieces apart: from here on it is counted from zero again.
  constexpr float kFar = -100000;
  for (uint32_t at = 0; at < text.size();) {
    const uint32_t n = uint32_t(utf8::length_of(text[at]));
    if (const float base = best[at].score; base < kFar)
      for (size_t end = at; end <= std::min(text.size(), at + matched_.longest()); end++) best[end].score -= base;
    const float so_far = best[at].score;
    bool single = false;
    const auto offer = [&](uint32_t length, uint32_t id, float score) {
      Step& to = best[at + length];
      const float here = score + so_far;
      if (to.begin == UINT32_MAX || here > to.score) to = {here, at, id};
    };
    trie_.for_each_prefix(text.substr(at), [&](uint32_t length, uint32_t index) {
      const uint32_t id = trie_ids_[index];
      if (piece(id).type == PieceType::Unused) return;
      const bool forced = piece(id).type == PieceType::UserDefined;
      offer(length, id, forced ? 0.1f * float(length - 1) : piece(id).score);  // the longer, the better
      single |= length == n;
    });
    if (!single) offer(n, unk_id_, lowest_ - 10.0f);
    at += n;
  }
  std::vector<Part> out;
  for (uint32_t end = uint32_t(text.size()); end > 0; end = best[end].begin)
    out.push_back({text.substr(best[end].begin, end - best[end].begin), best[end].id});
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<SentencePiece::Part> SentencePiece::split_bpe(std::string_view text) const {
  struct Symbol {
    int32_t before, after;
    bool frozen;
    std::string_view text;
  };
  struct Pair {
    float score;
    int32_t left, right;
    size_t size;
    bool operator<(const Pair& o) const { return score < o.score || (score == o.score && left > o.left); }
  };
  std::vector<Symbol> symbols;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t forced = user_defined_prefix(rest);
    const size_t n = forced ? forced : size_t(utf8::length_of(rest[0]));
    const int32_t i = int32_t(symbols.size());
    symbols.push_back({i - 1, n == rest.size() ? -1 : i + 1, forced > 0, rest.substr(0, n)});
    rest.remove_prefix(n);
  }
  std::priority_queue<Pair> agenda;
  std::map<std::string_view, std::pair<std::string_view, std::string_view>> undone;  // of unused pieces: their parts
  const auto offer = [&](int32_t left, int32_t right) {
    if (left < 0 || right < 0 || symbols[size_t(left)].frozen || symbols[size_t(right)].frozen) return;
    const std::string_view a = symbols[size_t(left)].text, b = symbols[size_t(right)].text;
    const std::string_view joined(a.data(), a.size() + b.size());
    const auto id = matched_.find(joined);
    if (!id) return;
    agenda.push({piece(*id).score, left, right, joined.size()});
    if (piece(*id).type == PieceType::Unused) undone[joined] = {a, b};
  };
  for (int32_t i = 1; i < int32_t(symbols.size()); i++) offer(i - 1, i);
  while (!agenda.empty()) {
    const Pair top = agenda.top();
    agenda.pop();
    Symbol &left = symbols[size_t(top.left)], &right = symbols[size_t(top.right)];
    if (left.text.empty() || right.text.empty() || left.text.size() + right.text.size() != top.size) continue;
    left.text = std::string_view(left.text.data(), top.size);
    left.after = right.after;
    if (right.after >= 0) symbols[size_t(right.after)].before = top.left;
    right.text = {};
    offer(left.before, top.left);
    offer(top.left, left.after);
  }
  std::vector<Part> out;
  std::vector<std::string_view> todo;
  for (int32_t i = symbols.empty() ? -1 : 0; i >= 0; i = symbols[size_t(i)].after) {
    todo.push_back(symbols[size_t(i)].text);
    while (!todo.empty()) {
      const std::string_view part = todo.back();
      todo.pop_back();
      const uint32_t id = id_of(part);
      const auto parts = undone.find(part);
      if (piece(id).type != PieceType::Unused || parts == undone.end()) {
        out.push_back({part, id});
      } else {
        todo.push_back(parts->second.second);
        todo.push_back(parts->second.first);
      }
    }
  }
  return out;
}

std::vector<SentencePiece::Part> SentencePiece::split_words(std::string_view text) const {
  std::vector<Part> out;
  const bool suffix = model_.treat_whitespace_as_suffix;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); at++) {
    const bool mark = text.substr(at).starts_with(kMark);
    const size_t cut = suffix && mark ? at + kMark.size() : at;
    if ((!mark && at < text.size()) || cut <= begin) continue;
    out.push_back({text.substr(begin, cut - begin), id_of(text.substr(begin, cut - begin))});
    begin = cut;
  }
  return out;
}

std::vector<SentencePiece::Part> SentencePiece::split_characters(std::string_view text) const {
  std::vector<Part> out;
  while (!text.empty()) {
    const size_t forced = user_defined_prefix(text), n = forced ? forced : size_t(utf8::length_of(text[0]));
    out.push_back({text.substr(0, n), id_of(text.substr(0, n))});
    text.remove_prefix(n);
  }
  return out;
}

std::vector<std::string> SentencePiece::encode(std::string_view text) const {
  check<TokenizerError>(utf8::find_invalid(text) == std::string_view::npos,
                        "SentencePiece: the text is not valid UTF-8");
  const std::string normalized = normalize(text);
  const auto parts = model_.algorithm == SentencePieceAlgorithm::Unigram ? split_unigram(normalized)
                     : model_.algorithm == SentencePieceAlgorithm::Bpe   ? split_bpe(normalized)
                     : model_.algorithm == SentencePieceAlgorithm::Word  ? split_words(normalized)
                                                                         : split_characters(normalized);
  std::vector<std::string> out;
  bool unknown_before = false;
  for (const Part& part : parts) {
    const bool unknown = part.id == unk_id_;
    if (unknown && model_.byte_fallback) {
      for (char b : part.text) out.push_back(piece(byte_ids_[uint8_t(b)]).text);
    } else if (unknown && unknown_before) {
      out.back() += part.text;
    } else {
      out.emplace_back(part.text);
    }
    unknown_before = unknown;
  }
  return out;
}

std::string SentencePiece::decode(const std::vector<std::string>& pieces) const {
  std::string out, bytes;
  bool mark_seen = false;
  const auto flush = [&] {
    // Every byte that is no UTF-8 becomes a replacement character of its own.
    for (size_t at = 0; at < bytes.size();) {
      const size_t bad = utf8::find_invalid(std::string_view(bytes).substr(at));
      if (bad == std::string::npos) {
        out += bytes.substr(at);
        break;
      }
      out.append(bytes, at, bad).append(kReplacement);
      at += bad + 1;
    }
    bytes.clear();
  };
  for (const std::string& text : pieces) {
    const uint32_t id = id_of(text);
    const PieceType type = piece(id).type;
    if (type == PieceType::Byte) {
      bytes += char(std::strtoul(text.substr(3, 2).c_str(), nullptr, 16));
      continue;
    }
    flush();
    if (type == PieceType::Control) continue;
    if (type == PieceType::Unknown) {
      out += piece(id).text == text ? model_.unk_surface : text;
      continue;
    }
    std::string_view rest = text;
    if (out.empty() && !mark_seen && (model_.add_dummy_prefix || model_.remove_extra_whitespaces) &&
        rest.starts_with(kMark)) {
      rest.remove_prefix(kMark.size());
      mark_seen = !model_.remove_extra_whitespaces;
    }
    for (size_t at; (at = rest.find(kMark)) != std::string_view::npos; rest.remove_prefix(at + kMark.size()))
      out.append(rest.substr(0, at)) += ' ';
    out += rest;
  }
  flush();
  return model_.denormalizer_charsmap.empty() ? out : normalize_with(back_, out, false);
}

}  // namespace ef::tokenizers
