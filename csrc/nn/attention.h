// Self-attention with grouped key/value heads and rotary positions, and what a forward pass shares among its layers.
#pragma once
#include <optional>

#include "nn/kv_cache.h"
#include "nn/layers.h"
#include "nn/rope.h"

namespace ef {

struct AttentionConfig {
  int64_t hidden_size = 0, heads = 0, kv_heads = 0, head_dim = 0;
  bool qkv_bias = false, output_bias = false;
  bool qk_norm = false;  // RMSNorm over each head of q and k
  double norm_eps = 1e-6;
  double scale = 0;    // 0: head_dim^-0.5
  int64_t window = 0;  // > 0: sliding window, in positions
  double softcap = 0;
  double dropout = 0;
};

// Rope as a module, so that its frequencies are buffers under the names they have in transformers.
class RotaryEmbedding : public Module {
 public:
  RotaryEmbedding(const RopeParameters& parameters, int64_t head_dim);
  static const char* role() { return "a RotaryEmbedding"; }
  std::string class_name() const override { return "RotaryEmbedding"; }
  const Rope rope;
  Parameter inv_freq, original_inv_freq;
};

// One forward pass: positions, mask, cache.
struct Pass {
  Rope::Rows rope;
  Tensor key_mask;  // [batch, keys] bool, or undefined when nothing is hidden
  Tensor bias;      // a user's own 4-D mask (bool or additive), or undefined
  KvCache* cache = nullptr;
  int64_t past = 0;           // positions before this pass
  bool want_weights = false;  // output_attentions
  Tensor weights;             // [batch, heads, queries, keys], set by the layer when wanted
};

// What stands in a stack of layers: hidden states in and out, and the pass they share.
class Block : public Module {
 public:
  static const char* role() { return "a block (hidden states to hidden states)"; }
  using Module::forward;
  virtual Tensor forward(const Tensor& x, Pass& pass) = 0;
};

class Attention : public Module {
 public:
  Attention(const AttentionConfig& config, int layer);
  static const char* role() { return "an Attention"; }
  std::string class_name() const override { return "Attention"; }
  Tensor forward(const Tensor& x, Pass& pass);  // [batch, length, hidden]
  using Module::forward;
  const AttentionConfig config;
  const int layer;
  Child<Module> q_proj{*this, "q_proj"}, k_proj{*this, "k_proj"}, v_proj{*this, "v_proj"}, o_proj{*this, "o_proj"};
  std::optional<Child<Module>> q_norm, k_norm;
};

// down(act(gate(x)) · up(x))
class GatedMlp : public Module {
 public:
  GatedMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias);
  static const char* role() { return "an MLP"; }
  std::string class_name() const override { return "MLP"; }
  Tensor forward(const Tensor& x) override;
  Child<Module> gate_proj{*this, "gate_proj"}, up_proj{*this, "up_proj"}, down_proj{*this, "down_proj"};
  Child<Module> act_fn{*this, "act_fn"};
};

}  // namespace ef
