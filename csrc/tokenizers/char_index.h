// Byte offset -> code point offset of a text, with one small sum per 64 bytes.
#pragma once
#include <algorithm>
#include <string_view>
#include <vector>

#include "tokenizers/normalized_string.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {

class CharIndex {
 public:
  explicit CharIndex(std::string_view text) : text_(text), ascii_(utf8::is_ascii(text)) {
    if (ascii_) return;
    sums_.reserve(text.size() / 64 + 1);
    uint32_t sum = 0;
    for (size_t i = 0; i < text.size(); i += 64) {
      sums_.push_back(sum);
      sum += uint32_t(utf8::count(text.substr(i, 64)));
    }
  }
  bool ascii() const { return ascii_; }
  // Of the character around byte i.
  uint32_t operator()(uint32_t i) const {
    if (ascii_) return i;
    uint32_t n = sums_[i / 64];
    for (uint32_t k = i / 64 * 64; k <= i; k++) n += !utf8::is_continuation(text_[k]);
    return n - 1;
  }
  // A range outside of the text stays as it is: so `tokenizers` reports it.
  Span operator()(Span bytes) const {
    const uint32_t size = uint32_t(text_.size());
    if (bytes.begin >= size) return bytes;
    const uint32_t begin = (*this)(bytes.begin);
    if (bytes.end < size) return {begin, (*this)(bytes.end)};
    return {begin, bytes.end - 1 < size ? (*this)(bytes.end - 1) + 1 : begin + 2};
  }

 private:
  std::string_view text_;
  bool ascii_;
  std::vector<uint32_t> sums_;
};

// The same for questions that mostly go from left to right: it counts on from the last one.
class CharCursor {
 public:
  explicit CharCursor(std::string_view text) : index_(text), text_(text) {}
  bool ascii() const { return index_.ascii(); }
  Span operator()(Span bytes) {
    if (bytes == last_) return answer_;  // the tokens of one character's bytes all ask for that
    last_ = bytes;
    return answer_ = find(bytes);
  }

 private:
  Span find(Span bytes) {
    const auto boundary = [&](uint32_t i) { return i >= text_.size() || !utf8::is_continuation(text_[i]); };
    if (index_.ascii() || bytes.begin < at_ || bytes.begin >= bytes.end || bytes.end > text_.size() ||
        !boundary(bytes.begin) || !boundary(bytes.end))
      return index_(bytes);
    const uint32_t begin = advance(bytes.begin);
    return {begin, advance(bytes.end)};
  }
  // Characters that begin in the first n of the 8 bytes that can be read at p; n is 1 to 8.
  static uint32_t count_first(const char* p, uint32_t n) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= uint64_t(uint8_t(p[i])) << 8 * i;  // one load
    const uint64_t continuations = word >> 7 & ~word >> 6 & 0x0101010101010101ull & ~0ull >> (64 - 8 * n);
    return n - uint32_t(continuations * 0x0101010101010101ull >> 56);
  }
  uint32_t advance(uint32_t to) {
    while (at_ < to) {
      const uint32_t n = std::min(to - at_, 8u);
      if (at_ + 8 <= text_.size())
        count_ += count_first(text_.data() + at_, n);
      else
        count_ += uint32_t(utf8::count(text_.substr(at_, n)));
      at_ += n;
    }
    return count_;
  }
  CharIndex index_;
  std::string_view text_;
  uint32_t at_ = 0, count_ = 0;
  Span last_, answer_;
};

}  // namespace ef::tokenizers
