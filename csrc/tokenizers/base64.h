#pragma once
#include <string>
#include <string_view>

namespace ef::tokenizers {

std::string decode_base64(std::string_view text, std::string_view where);  // TokenizerError
std::string encode_base64(std::string_view bytes);

}  // namespace ef::tokenizers
