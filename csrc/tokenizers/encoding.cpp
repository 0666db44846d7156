#include "tokenizers/encoding.h"

#include <algorithm>

#include "core/error.h"

namespace ef::tokenizers {

Direction direction_from_name(std::string_view name) {
  if (name == "left" || name == "Left") return Direction::Left;
  if (name == "right" || name == "Right") return Direction::Right;
  fail<TokenizerError>("Unknown `direction`: `", name, "`. Use one of `left` or `right`");
}

std::vector<uint32_t> Encoding::ids() const {
  std::vector<uint32_t> out;
  out.reserve(size());
  for (const EncodedToken& token : tokens) out.push_back(token.id);
  return out;
}

void Encoding::keep(std::shared_ptr<const void> owner) {
  // Nearly always the model, which comes first, or what came last: a search would make joining many parts quadratic.
  if (owner && (owners.empty() || (owners.front() != owner && owners.back() != owner)))
    owners.push_back(std::move(owner));
}
std::string_view Encoding::own(std::string text) {
  if (!texts_ || texts_.use_count() > 2) {  // a copy of this encoding holds it too, maybe in another thread
    texts_ = std::make_shared<std::deque<std::string>>();
    owners.push_back(texts_);
  }
  return texts_->emplace_back(std::move(text));
}

std::pair<size_t, size_t> Encoding::sequence_range(size_t sequence) const {
  const auto it = sequence_ranges.find(sequence);
  return it == sequence_ranges.end() ? std::pair<size_t, size_t>(0, size()) : it->second;
}
std::vector<std::optional<size_t>> Encoding::sequence_ids() const {
  std::vector<std::optional<size_t>> out(size());
  for (size_t i = 0; i < n_sequences(); i++) {
    const auto [begin, end] = sequence_range(i);
    for (size_t k = begin; k < end && k < out.size(); k++) out[k] = i;
  }
  return out;
}
void Encoding::set_sequence_id(size_t sequence) { sequence_ranges[sequence] = {0, size()}; }
void Encoding::set_type_ids(uint32_t type_id) {
  for (EncodedToken& token : tokens) token.type_id = type_id;
}

std::optional<size_t> Encoding::token_to_sequence(size_t token) const {
  if (token > size()) return std::nullopt;
  if (sequence_ranges.empty()) return 0;  // for the token behind the last one, too, as the library says
  for (auto& [sequence, range] : sequence_ranges)
    if (token >= range.first && token < range.second) return sequence;
  return std::nullopt;
}
std::optional<std::pair<size_t, size_t>> Encoding::word_to_tokens(uint32_t word, size_t sequence) const {
  const auto [begin, end] = sequence_range(sequence);
  std::optional<std::pair<size_t, size_t>> out;
  for (size_t i = begin; i < end; i++) {
    if (tokens[i].word != kNoWord && tokens[i].word > word) break;  // words stand in order
    if (tokens[i].word != word) continue;
    if (!out) out = {i, i + 1};
    out->second = i + 1;
  }
  return out;
}
std::optional<Span> Encoding::word_to_chars(uint32_t word, size_t sequence) const {
  const auto found = word_to_tokens(word, sequence);
  if (!found) return std::nullopt;
  return Span{tokens[found->first].offset.begin, tokens[found->second - 1].offset.end};
}
std::optional<Span> Encoding::token_to_chars(size_t token) const {
  if (token >= size() || !token_to_sequence(token)) return std::nullopt;
  return tokens[token].offset;
}
std::optional<uint32_t> Encoding::token_to_word(size_t token) const {
  if (token >= size() || !token_to_sequence(token) || tokens[token].word == kNoWord) return std::nullopt;
  return tokens[token].word;
}
std::optional<size_t> Encoding::char_to_token(size_t position, size_t sequence) const {
  const auto [begin, end] = sequence_range(sequence);
  for (size_t i = begin; i < end; i++)
    if (position >= tokens[i].offset.begin && position < tokens[i].offset.end) return i;
  return std::nullopt;
}
std::optional<uint32_t> Encoding::char_to_word(size_t position, size_t sequence) const {
  const auto token = char_to_token(position, sequence);
  return token ? token_to_word(*token) : std::nullopt;
}

Encoding Encoding::slice(size_t begin, size_t end) const {
  Encoding out;
  out.tokens.assign(tokens.begin() + ptrdiff_t(begin), tokens.begin() + ptrdiff_t(end));
  out.owners = owners;
  return out;
}

void Encoding::truncate(size_t max_length, size_t stride, Direction direction) {
  const size_t n = size();
  if (max_length >= n) return;
  if (max_length == 0) {
    Encoding rest = std::move(*this);
    *this = Encoding();
    overflowing.push_back(std::move(rest));
    return;
  }
  check<TokenizerError>(stride < max_length, "`stride` must be strictly less than `max_len=", max_length,
                        "` (note that `max_len` may be shorter than the max length of the original model, as it "
                        "subtracts the number of special characters");
  const size_t step = max_length - stride;
  std::vector<std::pair<size_t, size_t>> parts;
  if (direction == Direction::Right) {
    for (size_t begin = 0; begin < n; begin += step) {
      parts.emplace_back(begin, std::min(begin + max_length, n));
      if (parts.back().second == n) break;
    }
  } else {
    for (size_t end = n; end > 0; end -= std::min(step, end)) {
      parts.emplace_back(end > max_length ? end - max_length : 0, end);
      if (parts.back().first == 0) break;
    }
  }
  Encoding out = slice(parts[0].first, parts[0].second);
  for (size_t i = 1; i < parts.size(); i++) out.overflowing.push_back(slice(parts[i].first, parts[i].second));
  *this = std::move(out);
}

void Encoding::pad(size_t length, uint32_t pad_id, uint32_t pad_type_id, std::string_view pad_token,
                   Direction direction) {
  for (Encoding& o : overflowing) o.pad(length, pad_id, pad_type_id, pad_token, direction);
  if (size() >= length) return;
  const size_t n = length - size();
  const EncodedToken token{own(std::string(pad_token)), {0, 0}, pad_id, pad_type_id, kNoWord, true, false};
  tokens.insert(direction == Direction::Left ? tokens.begin() : tokens.end(), n, token);
  if (direction == Direction::Left)
    for (auto& [sequence, range] : sequence_ranges) range = {range.first + n, range.second + n};
}

namespace {
// Memory in tokens, with that of all that overflowed, and so on; an encoding itself takes as much as some tokens.
double weight(const Encoding& e) {
  double n = double(e.size()) + 8;
  for (const Encoding& o : e.overflowing) n += weight(o);
  return n;
}
double count(const Encoding& e) {
  double n = 1;
  for (const Encoding& o : e.overflowing) n += count(o);
  return n;
}
}  // namespace

void Encoding::merge_with(const Encoding& other, bool growing_offsets) {
  constexpr double kMostTokens = 1 << 25;                    // a few GB
  if (!overflowing.empty() && !other.overflowing.empty()) {  // every piece of one goes with every piece of the other
    const double tokens = weight(*this) * count(other) + weight(other) * count(*this);
    check<TokenizerError>(
        tokens <= kMostTokens, "Encoding: what was cut off multiplies to ", size_t(tokens),
        " tokens; does a template use a text several times, or are both texts of a pair cut into many?");
  }
  std::vector<Encoding> over;
  for (const Encoding& mine : overflowing) {
    over.push_back(mine);
    over.back().merge_with(other, growing_offsets);
    for (const Encoding& theirs : other.overflowing) {
      over.push_back(mine);
      over.back().merge_with(theirs, growing_offsets);
    }
  }
  for (const Encoding& theirs : other.overflowing) {
    over.push_back(*this);
    over.back().merge_with(theirs, growing_offsets);
  }
  const size_t before = size();
  for (auto& [sequence, range] : other.sequence_ranges)
    sequence_ranges[sequence] = {before + range.first, before + range.second};
  const uint32_t shift = growing_offsets && !tokens.empty() ? tokens.back().offset.end : 0;
  tokens.insert(tokens.end(), other.tokens.begin(), other.tokens.end());
  for (size_t i = before; i < size(); i++) tokens[i].offset.begin += shift, tokens[i].offset.end += shift;
  for (auto& owner : other.owners) keep(owner);
  overflowing = std::move(over);
}

Encoding Encoding::merge(std::vector<Encoding> parts, bool growing_offsets) {
  if (parts.size() == 1) return std::move(parts[0]);
  size_t n = 0;
  for (const Encoding& part : parts) n += part.size();
  Encoding out;
  out.tokens.reserve(n);
  for (const Encoding& part : parts) out.merge_with(part, growing_offsets);
  return out;
}

}  // namespace ef::tokenizers
