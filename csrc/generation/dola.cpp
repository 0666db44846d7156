#include "generation/dola.h"

#include <algorithm>
#include <cmath>

#include "ops/ops.h"

namespace ef {
namespace {

constexpr float kRelativeTop = 0.1f;  // of the highest probability: less is not considered

// Twice the Jensen-Shannon divergence as transformers computes it: a mean over the vocabulary, and the batch.
double divergence(const Tensor& last, const Tensor& early) {
  const float *a = last.data<float>(), *b = early.data<float>();
  double sum = 0;
  for (int64_t i = 0; i < last.numel(); i++) {
    const double middle = 0.5 * (std::exp(double(a[i])) + std::exp(double(b[i])));
    if (middle > 0) sum += middle * (2 * std::log(middle) - double(a[i]) - double(b[i]));
  }
  return sum / double(last.numel());
}

}  // namespace

Tensor contrast_layers(const Tensor& last, const std::vector<Tensor>& early) {
  check<ConfigError>(!early.empty(), "generate: `dola_layers` names no layer below the last one");
  const auto log_probabilities = [](const Tensor& logits) {
    return log_softmax(logits.to(DType::Float32), -1).contiguous();
  };
  Tensor out = log_probabilities(last);
  Tensor base;
  double most = 0;
  for (const Tensor& logits : early) {
    check<ShapeError>(logits.shape() == last.shape(), "generate: an early layer gives logits of shape ", logits.shape(),
                      ", the last one ", last.shape());
    const Tensor other = log_probabilities(logits);
    const double d = early.size() > 1 ? divergence(out, other) : 0;
    if (base.defined() && !(d > most)) continue;
    base = other;
    most = d;
  }
  const int64_t vocab = out.size(1);
  float* scores = out.mutable_data<float>();
  const float* less = base.data<float>();
  for (int64_t row = 0; row < out.size(0); row++) {
    float* s = scores + row * vocab;
    const float least = *std::max_element(s, s + vocab) + std::log(kRelativeTop);
    for (int64_t i = 0; i < vocab; i++) s[i] = s[i] < least ? -INFINITY : s[i] - less[row * vocab + i];
  }
  return out;
}

}  // namespace ef
