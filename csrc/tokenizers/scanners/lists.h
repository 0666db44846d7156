// The scanners by file; registry.cpp puts them together.
#pragma once
#include "tokenizers/scanners/scanner.h"

namespace ef::tokenizers {

std::vector<KnownPattern> gpt2_patterns();
std::vector<KnownPattern> llama3_patterns();
std::vector<KnownPattern> qwen_patterns();
std::vector<KnownPattern> o200k_patterns();
std::vector<KnownPattern> tekken_patterns();
std::vector<KnownPattern> deepseek_patterns();
std::vector<KnownPattern> number_patterns();
std::vector<KnownPattern> blank_patterns();

}  // namespace ef::tokenizers
