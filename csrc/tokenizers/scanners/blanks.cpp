// Runs of blanks, which the normalizers of SentencePiece vocabularies look for.
#include "tokenizers/find_byte.h"
#include "tokenizers/scanners/lists.h"

namespace ef::tokenizers {
namespace {

template <int Least>
bool scan_blanks(const char* p, const char* end, Match& out) {
  while ((p = find_byte(p, end, ' ')) < end) {
    out.begin = p;
    while (p < end && *p == ' ') p++;
    if (p - out.begin >= Least) return out.end = p, true;
  }
  return false;
}
// Single blanks are everywhere: two at once.
template <>
bool scan_blanks<2>(const char* p, const char* end, Match& out) {
  p = find_two(p, end, ' ');
  out.begin = p;
  while (p < end && *p == ' ') p++;
  return out.end = p, p > out.begin;
}

template <int Least>
constexpr KnownPattern blanks(std::string_view pattern) {
  return {pattern, scan_blanks<Least>, cut_isolated<scan_blanks<Least>>};
}
}  // namespace

std::vector<KnownPattern> blank_patterns() { return {blanks<1>(" +"), blanks<2>(" {2,}")}; }

}  // namespace ef::tokenizers
