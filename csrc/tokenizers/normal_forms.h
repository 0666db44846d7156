// Unicode normal forms, with the data of the Unicode version that the `tokenizers` library has.
#pragma once
#include "tokenizers/normalized_string.h"

namespace ef::tokenizers {

enum class NormalForm { C, D, KC, KD };
uint8_t combining_class(char32_t c);
void apply_normal_form(NormalizedString& text, NormalForm form);

}  // namespace ef::tokenizers
