#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ef::tokenizers {

inline constexpr std::string_view kNoCharacter = "\xef\xbf\xbd";  // stands for a byte of no character
std::optional<uint8_t> byte_named(std::string_view token);        // "<0xE5>"
void replace_all(std::string& text, std::string_view from, std::string_view to);
// English conventions: no blank before punctuation and "n't".
void clean_up(std::string& text);

}  // namespace ef::tokenizers
