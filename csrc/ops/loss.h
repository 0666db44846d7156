// Losses.
#pragma once
#include <optional>
#include <string_view>

#include "tensor/tensor.h"

namespace ef {

enum class Reduction { None, Mean, Sum };
Reduction reduction_from_name(std::string_view name);

struct CrossEntropyOptions {
  Tensor weight;  // [C]
  int64_t ignore_index = -100;
  Reduction reduction = Reduction::Mean;
  double label_smoothing = 0;
  std::optional<double> divisor;  // replaces the count of Mean: transformers' num_items_in_batch
};
// logits [N, C] or [N, C, …], target [N, …] class ids, or floating [N, C, …] probabilities. Computed in f32.
Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& options = {});
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const CrossEntropyOptions& options = {});
Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::Mean);
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::Mean);
Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, double beta = 1, Reduction reduction = Reduction::Mean);
Tensor binary_cross_entropy(const Tensor& p, const Tensor& target, const Tensor& weight = {},
                            Reduction reduction = Reduction::Mean);
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                                        const Tensor& pos_weight = {}, Reduction reduction = Reduction::Mean);
Tensor kl_div(const Tensor& log_q, const Tensor& p, Reduction reduction = Reduction::Mean, bool batch_mean = false,
              bool log_target = false);
Tensor cosine_similarity(const Tensor& a, const Tensor& b, int dim = 1, double eps = 1e-8);

}  // namespace ef
