// A short word in two machine words: comparing and hashing it touches no other memory.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {

struct WordKey {
  static constexpr size_t kShort = 16;  // longer texts are only hashed: an equal key must be confirmed by comparing
  uint64_t low = 0, high = 0;
  uint32_t length = 0;
  bool operator==(const WordKey&) const = default;

  explicit WordKey(std::string_view s) : length(uint32_t(s.size())) {
    const char* p = s.data();
    const size_t n = s.size();
    if (n > kShort) {
      hash_long(p, n);
    } else if (n >= 8) {
      low = load<uint64_t>(p);
      if (n > 8) high = load<uint64_t>(p + n - 8) >> (8 * (16 - n));
    } else if (n >= 4) {  // two loads that overlap; what they share is equal
      low = load<uint32_t>(p) | uint64_t(load<uint32_t>(p + n - 4)) << (8 * (n - 4));
    } else if (n > 0) {
      low = uint64_t(uint8_t(p[0])) | uint64_t(uint8_t(p[n / 2])) << (8 * (n / 2)) |
            uint64_t(uint8_t(p[n - 1])) << (8 * (n - 1));
    }
  }
  WordKey() = default;
  // The same for a short word when 16 bytes can be read at p: without a branch on the length.
  static WordKey readable(const char* p, size_t n) {
    WordKey out;
#if defined(__SSE2__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kMask + kShort - n));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&out.low), _mm_and_si128(bytes, mask));
    out.length = uint32_t(n);
#else
    out = WordKey({p, n});
#endif
    return out;
  }
  // The same for a part of a text.
  static WordKey within(std::string_view text, std::string_view part) {
    const bool can_read = part.size() <= kShort && text.data() + text.size() - part.data() >= ptrdiff_t(kShort);
    return can_read ? readable(part.data(), part.size()) : WordKey(part);
  }
  bool is_short() const { return length <= kShort; }
  uint64_t hash() const {
    uint64_t h = (low ^ length) * 0x9e3779b97f4a7c15ull ^ (high + length) * 0xc2b2ae3d27d4eb4full;
    h ^= h >> 32;
    return h * 0xff51afd7ed558ccdull;
  }

 private:
  alignas(16) static constexpr uint8_t kMask[2 * kShort] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                            255, 255, 255, 255, 255, 255, 255, 255};
  template <class T>
  static T load(const char* p) {
    T v;
    std::memcpy(&v, p, sizeof v);
    return v;
  }
  void hash_long(const char* p, size_t n) {
    low = n, high = ~n;
    for (; n >= 8; p += 8, n -= 8) mix(load<uint64_t>(p));
    if (n) {
      uint64_t rest = 0;
      std::memcpy(&rest, p, n);
      mix(rest);
    }
  }
  void mix(uint64_t v) {
    low = (low ^ v) * 0xff51afd7ed558ccdull;
    low ^= low >> 32;
    high = (high + v) * 0xc2b2ae3d27d4eb4full;
    high ^= high >> 29;
  }
};

}  // namespace ef::tokenizers
