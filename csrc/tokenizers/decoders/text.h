#pragma once
#include <string>
#include <string_view>

namespace ef::tokenizers {

void replace_all(std::string& text, std::string_view from, std::string_view to);
// English conventions: no blank before punctuation and "n't".
void clean_up(std::string& text);

}  // namespace ef::tokenizers
