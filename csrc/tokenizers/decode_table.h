// What every id reads as, made once: decoding is then copying.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/after_fork.h"
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/models/big_vector.h"
#include "tokenizers/unwritten.h"

namespace ef::tokenizers {

class Tokenizer;

using TextBuffer = UnwrittenVector<char>;

class DecodeTable {
 public:
  static constexpr size_t kWorthwhile = 4096;                // ids in one call that pay for making it
  DecodeTable(const Tokenizer& tokenizer, DecodePlan plan);  // that of its decoder
  // Appends; whether it is ASCII.
  bool decode(std::span<const uint32_t> ids, bool skip_special_tokens, TextBuffer& out) const;

 private:
  // The piece lies in the entry, so that a short one takes one reading of memory; of a long one, where it begins.
  struct Entry {
    static constexpr size_t kShort = 14;
    char text[kShort] = {};
    uint8_t length = 0;  // or kLong: in longer_, kByte: a byte, of which a run makes characters
    uint8_t kind = 0;
    bool special() const { return kind & kSpecial; }
  };
  static constexpr uint8_t kSpecial = 1, kKnown = 2, kNotAscii = 4, kApart = 8;  // kApart: kLong or kByte
  static constexpr uint8_t kLong = 255, kByte = 254;
  std::string characters(std::string bytes, std::span<const uint32_t> ids, size_t& at, bool skip_special_tokens) const;
  static_assert(sizeof(Entry) == 16);
  const Tokenizer& tokenizer_;
  const DecodePlan plan_;
  const bool first_differs_;
  BigVector<Entry> entries_;  // by id; unknown ones are empty
  std::vector<std::string> longer_;
};

// The table of a tokenizer, made when first asked for. A copy starts without.
class DecodeTableSlot {
 public:
  DecodeTableSlot() = default;
  DecodeTableSlot(const DecodeTableSlot&) {}
  DecodeTableSlot& operator=(const DecodeTableSlot& other) {
    if (this != &other) clear();
    return *this;
  }
  // nullptr when there is none and `ids` are too few to make one for.
  std::shared_ptr<const DecodeTable> get(const Tokenizer& tokenizer, size_t ids);
  void clear();

 private:
  std::unique_lock<std::mutex> lock();
  ForkMutex mutex_;
  std::shared_ptr<const DecodeTable> table_;
};

}  // namespace ef::tokenizers
