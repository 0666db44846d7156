// SentencePiece's mark for a blank. A pipeline that turns every blank into a mark may leave them to the model, which
// reads Spelling::Blanks: then the text often needs no change at all, and words are two bytes shorter.
#pragma once
#include <string>
#include <string_view>

namespace ef::tokenizers {

class NormalizedString;

inline constexpr std::string_view kMark = "▁";
inline constexpr char32_t kMarkChar = U'▁';

void marks_to_blanks(NormalizedString& text);
std::string marks_to_blanks(std::string_view text);
std::string blanks_to_marks(std::string_view text);

}  // namespace ef::tokenizers
