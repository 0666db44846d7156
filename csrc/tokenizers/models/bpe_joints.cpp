#include "tokenizers/models/bpe_joints.h"

namespace ef::tokenizers {

BpeJoints::BpeJoints(const std::vector<std::pair<uint32_t, uint32_t>>& merges, const Vocab& texts, uint32_t id_limit)
    : pairs_((size_t(1) << kBits) / 64), pieces_((size_t(1) << 16) / 64) {
  constexpr uint32_t kPiece = 0xff00;  // beside the first byte; no character looks like this
  std::vector<uint32_t> first(id_limit, kNone), last(id_limit, kNone);
  texts.for_each_added([&](std::string_view text, uint32_t id) {
    if (text.empty()) return;
    size_t length, begin = text.size() - 1;
    while (begin && continues(text[begin])) begin--;
    // A character at the end of a token ends there in the text, too, if a cut comes next.
    if (continues(text[begin]))
      last[id] = uint8_t(text.back()) | kPiece;
    else if (const uint32_t c = character(text.substr(begin), length); begin + length == text.size())
      last[id] = c;
    if (continues(text[0])) return;
    first[id] = character(text, length);
    if (length == text.size() && length < length_by(uint8_t(text[0]))) first[id] = uint8_t(text[0]) | kPiece;
  });
  for (const auto& [l, r] : merges) {
    const uint32_t left = last[l], right = first[r];
    if ((left | right) < 0x80 || left == kNone || right == kNone) continue;
    if ((left & kPiece) != kPiece && (right & kPiece) != kPiece) {
      const size_t i = pair(left, right);
      pairs_[i >> 6] |= 1ull << (i & 63);
      continue;
    }
    // The last byte of the character on the left.
    uint32_t end = left & ~((left & kPiece) == kPiece ? kPiece : 0u);
    while (end >> 8) end >>= 8;
    const size_t i = bytes(uint8_t(end), uint8_t(right));
    pieces_[i >> 6] |= 1ull << (i & 63);
  }
}

}  // namespace ef::tokenizers
