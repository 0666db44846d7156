// Bpe, whole texts that come as one word (SentencePiece): places between two characters that no merge goes across.
#include <algorithm>
#include <bit>

#include "tokenizers/mark.h"
#include "tokenizers/models/bpe.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {
constexpr int kJointBits = 19;
constexpr size_t kAsciiPairs = 128 * 128;
size_t joint_of(char32_t left, char32_t right) {
  if ((left | right) < 0x80) return left << 7 | right;
  const uint64_t pair = uint64_t(left) << 32 | right;
  return kAsciiPairs + size_t((pair * 0x9e3779b97f4a7c15ull) >> (64 - kJointBits));
}
}  // namespace

bool Bpe::may_join(char32_t left, char32_t right) const {
  const size_t i = joint_of(left, right);
  return joints_[i >> 6] >> (i & 63) & 1;
}

bool Bpe::falls_apart(char32_t left, char32_t right) const {
  // Unknown characters in a row may become one token, unless all are spelled as bytes.
  return !may_join(left, right) && (all_bytes_ || char_ids_[right] != UINT32_MAX);
}

void Bpe::cut(std::string_view text, Span word, Spelling spelling, std::vector<Span>& parts) const {
  constexpr uint32_t kBlock = 64;
  if (word.begin == word.end) return parts.push_back(word);
  const bool blanks = spelling == Spelling::Blanks;
  const char32_t blank = blanks ? U' ' : kMarkChar;
  const uint64_t* const cuts = ascii_cuts_[blanks];
  const char* const p = text.data();
  const auto is_ascii = [](char c) { return uint8_t(c) < 0x80; };
  uint32_t begin = word.begin;
  int length;
  char32_t before = utf8::decode(p + begin, length);
  if (before == blank) before = kMarkChar;
  for (uint32_t at = begin + uint32_t(length); at < word.end;) {
    char32_t c = utf8::decode(p + at, length);
    if (c < 0x80 && is_ascii(p[at - 1])) {  // many at once: first where they are cut, then the parts
      const uint32_t n = std::min(kBlock, word.end - at);
      uint64_t found = 0;
      uint32_t k = 0, left = uint8_t(p[at - 1]);
      do {
        const uint32_t right = uint8_t(p[at + k]);
        found |= (cuts[2 * left + (right >> 6)] >> (right & 63) & 1) << k;
        left = right;
      } while (++k < n && is_ascii(p[at + k]));
      for (; found; found &= found - 1) {
        const uint32_t end = at + uint32_t(std::countr_zero(found));
        parts.push_back({begin, end});
        begin = end;
      }
      at += k;
      before = left == uint32_t(blank) ? kMarkChar : left;
      continue;
    }
    if (c == blank) c = kMarkChar;
    if (falls_apart(before, c)) {
      parts.push_back({begin, at});
      begin = at;
    }
    before = c;
    at += uint32_t(length);
  }
  parts.push_back({begin, word.end});
}

// A merge brings the last character of its left part together with the first one of its right part. With
// ignore_merges, a word that is a token differs from a part of a word that is one, so words stay whole.
void Bpe::find_joints(const Merges& merges) {
  if (!plain() || options_.ignore_merges || shares_ids_ || !knows_mark_) return;
  std::vector<bool> hidden(vocab_.id_limit());  // these stand for characters that their texts don't show
  if (unk_id_) hidden[*unk_id_] = true;
  for (uint32_t id : fallback_)
    if (id != UINT32_MAX) hidden[id] = true;
  std::vector<uint64_t> joints((kAsciiPairs + (size_t(1) << kJointBits)) / 64);
  int length;
  for (size_t i = 0; i < merges.size(); i++) {
    const std::string_view left = merges.left(i), right = merges.right(i);
    if (hidden[merges_[i].first] || hidden[merges_[i].second]) return;
    if (left.empty() || right.empty()) continue;
    size_t last = left.size() - 1;
    while (utf8::is_continuation(left[last])) last--;
    const size_t joint = joint_of(utf8::decode(left.data() + last, length), utf8::decode(right.data(), length));
    joints[joint >> 6] |= 1ull << (joint & 63);
  }
  vocab_.for_each([&](std::string_view token, uint32_t) {
    if (token.empty() || size_t(utf8::length_of(token[0])) != token.size()) return;
    if (const auto id = vocab_.find(token)) char_ids_.set(utf8::decode(token.data(), length), *id);
  });
  joints_ = std::move(joints);
  for (const bool blanks : {false, true}) {
    const auto spelled = [&](char32_t c) { return blanks && c == U' ' ? kMarkChar : c; };
    for (uint32_t i = 0; i < kAsciiPairs; i++)
      ascii_cuts_[blanks][i >> 6] |= uint64_t(falls_apart(spelled(i >> 7), spelled(i & 127))) << (i & 63);
  }
}

}  // namespace ef::tokenizers
