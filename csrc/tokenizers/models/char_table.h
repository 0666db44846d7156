// A value for every character, most of which have the same one; a look-up is two looks at memory.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace ef::tokenizers {

template <class T>
class CharTable {
 public:
  explicit CharTable(T common = T()) : pages_(0x1100), values_(256, common) {}
  const T& operator[](char32_t c) const { return values_[size_t(pages_[c >> 8]) << 8 | (c & 255)]; }
  void set(char32_t c, T value) {
    uint16_t& page = pages_[c >> 8];
    if (!page) {
      page = uint16_t(values_.size() >> 8);
      const std::vector<T> common(values_.begin(), values_.begin() + 256);
      values_.insert(values_.end(), common.begin(), common.end());
    }
    values_[size_t(page) << 8 | (c & 255)] = std::move(value);
  }

 private:
  std::vector<uint16_t> pages_;  // the first one stays as it is
  std::vector<T> values_;
};

}  // namespace ef::tokenizers
