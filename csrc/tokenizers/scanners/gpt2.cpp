// GPT-2, and the many that followed it.
#include "tokenizers/scanners/lists.h"
#include "tokenizers/scanners/rules.h"

namespace ef::tokenizers {
namespace {
constexpr Rules kRules{Words::Plain, true, false, false, 0, false, false};
}  // namespace

std::vector<KnownPattern> gpt2_patterns() { return {known<kRules>(patterns::kGpt2)}; }

}  // namespace ef::tokenizers
