// Patterns that only set numbers apart.
#include "tokenizers/scanners/classifier.h"
#include "tokenizers/scanners/lists.h"

namespace ef::tokenizers {
namespace {

// One run of characters of a class, at most `Max` long (0: no limit).
template <uint8_t Class, int Max>
bool scan_class(const char* p, const char* end, Match& out) {
  for (int n; p < end; p += n) {
    if (!(class_at(p, n) & Class)) continue;
    out.begin = p;
    int count = 0;
    do {
      p += n, count++;
    } while ((Max == 0 || count < Max) && p < end && class_at(p, n) & Class);
    return out.end = p, true;
  }
  return false;
}

template <int Max>
constexpr KnownPattern numbers(std::string_view pattern) {
  return {pattern, scan_class<kNumber, Max>, cut_isolated<scan_class<kNumber, Max>>};
}
}  // namespace

std::vector<KnownPattern> number_patterns() {
  return {numbers<1>("\\p{N}"), numbers<0>("\\p{N}+"), numbers<3>("\\p{N}{1,3}")};
}

}  // namespace ef::tokenizers
