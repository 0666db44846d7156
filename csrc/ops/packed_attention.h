// Attention over sequences that stand behind one another in one row.
#pragma once
#include <vector>

#include "ops/attention.h"

namespace ef {

// q, k, v [1, H, T, D] hold sequences of `lengths`, which add up to T; each looks at itself alone. Of the options:
// scale, causal, window, softcap, and a bias [1, 1 or H, L, L] for positions inside a sequence, L the longest at least.
// Has no gradient.
Tensor packed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const std::vector<int64_t>& lengths,
                        const AttentionOptions& options = {});

}  // namespace ef
