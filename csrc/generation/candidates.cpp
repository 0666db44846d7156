#include "generation/candidates.h"

#include <algorithm>

#include "core/error.h"

namespace ef {

PromptLookup::PromptLookup(int64_t count, int64_t ngram, std::vector<int64_t> eos)
    : count_(count), ngram_(ngram), now_(count), eos_(std::move(eos)) {
  check<ConfigError>(count > 0 && ngram > 0, "Invalid max_matching_ngram_size or num_output_tokens (found ", ngram,
                     " and ", count, ", needed at least 1)");
}

std::vector<int64_t> PromptLookup::guess(const TokenHistory& history, int64_t most) {
  const std::vector<int64_t>& ids = history.rows[0];
  const auto first = ids.begin() + history.padding[0], end = ids.end();
  for (int64_t n = std::min<int64_t>(ngram_, end - first - 1); n > 0; n--) {
    const auto match = std::search(first, end - 1, end - n, end);
    if (match == end - 1) continue;
    const auto from = match + n, to = from + std::min({now_, most, int64_t(end - from)});
    return {from, std::find_first_of(from, to, eos_.begin(), eos_.end())};
  }
  return {};
}

void PromptLookup::checked(int64_t right, int64_t count) {
  now_ = right < count ? right + 1 : std::min(count_, std::max(now_, 2 * count));
}

}  // namespace ef
