// The 256 printable characters that byte-level tokenizers write bytes as: '!' is "!", a space is "Ġ".
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "tokenizers/normalized_string.h"

namespace ef::tokenizers {

char32_t byte_to_char(uint8_t byte);
int char_to_byte(char32_t c);  // -1: not one of them
// The bytes that a token spells; nothing when some character is not of the alphabet.
bool append_bytes_of_token(std::string_view token,
                           std::string& out);  // false, and a part of them, where there are none
std::optional<std::string> bytes_of_token(std::string_view token);
std::string spell_bytes(std::string_view bytes);
void spell_as_bytes(NormalizedString& text);

}  // namespace ef::tokenizers
