// DoLa: the next token's scores are what the last layer says against an early one. Chuang et al., "DoLa: Decoding by
// Contrasting Layers Improves Factuality in Large Language Models" (2023).
#pragma once
#include <functional>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

struct Dola {
  std::vector<int64_t> layers;                  // that may be contrasted; 0 is the embedding
  std::function<Tensor(const Tensor&)> logits;  // of hidden states [batch, hidden]
};

// f32 [batch, vocab]: log-probabilities of `last` minus those of the one of `early` that differs most from it over the
// whole batch; -inf where `last` gives less than a tenth of its highest probability.
Tensor contrast_layers(const Tensor& last, const std::vector<Tensor>& early);

}  // namespace ef
