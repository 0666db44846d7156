// Llama 3 and cl100k.
#include "tokenizers/scanners/lists.h"
#include "tokenizers/scanners/rules.h"

namespace ef::tokenizers {
namespace {
constexpr Rules kRules{Words::Prefixed, true, false, true, 3, true, false};
}  // namespace

std::vector<KnownPattern> llama3_patterns() {
  return {known<kRules>(patterns::kLlama3), known<kRules>(patterns::kCl100k)};
}

}  // namespace ef::tokenizers
