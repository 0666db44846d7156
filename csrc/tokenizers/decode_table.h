// What every id reads as, made once: decoding is then copying.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ef::tokenizers {

class Tokenizer;

class DecodeTable {
 public:
  static constexpr size_t kWorthwhile = 4096;        // ids in one call that pay for making it
  explicit DecodeTable(const Tokenizer& tokenizer);  // its decoder goes by_token()
  std::string decode(const std::vector<uint32_t>& ids, bool skip_special_tokens) const;

 private:
  // The piece lies in the entry, so that a short one takes one reading of memory; of a long one, where it begins.
  struct Entry {
    static constexpr size_t kShort = 14;
    char text[kShort] = {};
    uint8_t length = 0;  // kLong: of `longer`
    bool special = false;
  };
  static constexpr uint8_t kLong = 255;
  static_assert(sizeof(Entry) == 16);
  const Tokenizer& tokenizer_;
  std::vector<Entry> entries_;  // by id; unknown ones are empty
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
  std::mutex mutex_;
  std::shared_ptr<const DecodeTable> table_;
};

}  // namespace ef::tokenizers
