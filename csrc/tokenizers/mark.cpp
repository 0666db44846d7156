#include "tokenizers/mark.h"

#include "tokenizers/normalized_string.h"
#include "tokenizers/pattern.h"

namespace ef::tokenizers {
namespace {
std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t kept = 0;
  for (size_t at; (at = text.find(from, kept)) != std::string_view::npos; kept = at + from.size())
    out.append(text, kept, at - kept).append(to);
  return out.append(text, kept);
}
}  // namespace

void marks_to_blanks(NormalizedString& text) {
  static const Pattern mark = Pattern::literal(std::string(kMark));
  text.replace(mark, " ");
}
std::string marks_to_blanks(std::string_view text) { return replaced(text, kMark, " "); }
std::string blanks_to_marks(std::string_view text) { return replaced(text, " ", kMark); }

}  // namespace ef::tokenizers
