// The next place of a byte that is a few bytes away more often than not: without a call.
#pragma once
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ef::tokenizers {

inline const char* find_byte(const char* at, const char* end, char byte) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(byte);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    if (const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted))) return at + __builtin_ctz(unsigned(found));
  }
#endif
  while (at < end && *at != byte) at++;
  return at;
}

// The next place of one of a few bytes.
inline const char* find_one_of(const char* at, const char* end, std::string_view bytes) {
  if (bytes.size() == 1) return find_byte(at, end, bytes[0]);
#if defined(__SSE2__)
  for (; end - at >= 16; at += 16) {
    const __m128i here = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    __m128i any = _mm_setzero_si128();
    for (const char byte : bytes) any = _mm_or_si128(any, _mm_cmpeq_epi8(here, _mm_set1_epi8(byte)));
    if (const int found = _mm_movemask_epi8(any)) return at + __builtin_ctz(unsigned(found));
  }
#endif
  while (at < end && bytes.find(*at) == std::string_view::npos) at++;
  return at;
}

// The next place where the byte stands twice.
inline const char* find_two(const char* at, const char* end, char byte) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8(byte);
  for (; end - at > 16; at += 16) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 1));
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(first, wanted), _mm_cmpeq_epi8(second, wanted));
    if (const int found = _mm_movemask_epi8(both)) return at + __builtin_ctz(unsigned(found));
  }
#endif
  for (; end - at > 1; at++)
    if (at[0] == byte && at[1] == byte) return at;
  return end;
}

}  // namespace ef::tokenizers
