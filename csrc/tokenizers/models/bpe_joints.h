// Byte-level Bpe: places between two characters of a word that no merge goes across. What stands on either side has
// nothing to do with the other, so words of Chinese or Japanese fall into parts that come again and again.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizers/models/vocab.h"

namespace ef::tokenizers {

class BpeJoints {
 public:
  // `merges` by rank, `texts`: all tokens as bytes.
  BpeJoints(const std::vector<std::pair<uint32_t, uint32_t>>& merges, const Vocab& texts, uint32_t id_limit);

  // f(begin, end) for every part. Any bytes may stand in the text; between ASCII it is never cut.
  template <class F>
  void for_each_part(std::string_view text, F&& f) const {
    size_t begin = 0;
    uint32_t before = kNone;
    for (size_t at = 0, length; at < text.size(); at += length) {
      const uint32_t c = character(text.substr(at), length);
      if (before != kNone && c != kNone && !may_join(before, c, uint8_t(text[at - 1]))) f(begin, at), begin = at;
      before = c;
    }
    f(begin, text.size());
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static bool continues(char byte) { return (byte & 0xc0) == 0x80; }
  static size_t length_by(uint8_t lead) { return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }
  // The bytes of the first character, as far as they are there, in one number; kNone and one byte inside of a
  // character.
  static uint32_t character(std::string_view text, size_t& length) {
    const size_t most = std::min(text.size(), length_by(uint8_t(text[0])));
    uint32_t out = uint8_t(text[0]);
    for (length = 1; length < most && continues(text[length]); length++)
      out |= uint32_t(uint8_t(text[length])) << (8 * length);
    return continues(text[0]) ? kNone : out;
  }
  static size_t pair(uint32_t left, uint32_t right) {
    return size_t(((uint64_t(left) << 32 | right) * 0x9e3779b97f4a7c15ull) >> (64 - kBits));
  }
  static size_t bytes(uint8_t left, uint8_t right) { return left | size_t(right) << 8; }
  static bool test(const std::vector<uint64_t>& bits, size_t i) { return bits[i >> 6] >> (i & 63) & 1; }
  bool may_join(uint32_t left, uint32_t right, uint8_t last) const {
    return (left | right) < 0x80 || test(pairs_, pair(left, right)) || test(pieces_, bytes(last, uint8_t(right)));
  }

  static constexpr int kBits = 19;
  std::vector<uint64_t> pairs_;   // of characters; set where a merge brings them together, and for some others
  std::vector<uint64_t> pieces_;  // of bytes: a merge brings them together that has only a piece of a character there
};

}  // namespace ef::tokenizers
