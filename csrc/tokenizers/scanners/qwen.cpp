// Qwen 2, 2.5, 3, and 3.5, whose words have marks.
#include "tokenizers/scanners/lists.h"
#include "tokenizers/scanners/rules.h"

namespace ef::tokenizers {
namespace {
constexpr Rules kQwen2{Words::Prefixed, true, false, true, 1, true, false};
constexpr Rules kQwen35{Words::WithMarks, true, false, true, 1, true, false};
}  // namespace

std::vector<KnownPattern> qwen_patterns() {
  return {known<kQwen2>(patterns::kQwen2), known<kQwen35>(patterns::kQwen35)};
}

}  // namespace ef::tokenizers
