// GPT-4o: words end where lower case turns to upper case.
#include "tokenizers/scanners/lists.h"
#include "tokenizers/scanners/rules.h"

namespace ef::tokenizers {
namespace {
constexpr Rules kRules{Words::Cased, false, true, true, 3, true, true};
}  // namespace

std::vector<KnownPattern> o200k_patterns() { return {known<kRules>(patterns::kO200k)}; }

}  // namespace ef::tokenizers
