// Mistral's Tekken: as GPT-4o, without contractions, digits one by one.
#include "tokenizers/scanners/lists.h"
#include "tokenizers/scanners/rules.h"

namespace ef::tokenizers {
namespace {
constexpr Rules kRules{Words::Cased, false, false, true, 1, true, true};
}  // namespace

std::vector<KnownPattern> tekken_patterns() { return {known<kRules>(patterns::kTekken)}; }

}  // namespace ef::tokenizers
