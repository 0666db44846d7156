// Attention of a decoder's positions to the states of an encoder.
#pragma once
#include "nn/attention.h"

namespace ef {

class CrossAttention : public Block {
 public:
  // Names, sizes, biases, scale and dropout as in self-attention; no rotation, nothing hidden but padding.
  CrossAttention(const AttentionConfig& config, int layer);
  std::string class_name() const override { return "CrossAttention"; }
  Tensor forward(const Tensor& x, Pass& pass) override;  // [batch, length, hidden]; reads pass.encoder_states
  using Module::forward;
  const AttentionConfig config;
  const int layer;
  Child<Module> q_proj, k_proj, v_proj, o_proj;
};

}  // namespace ef
