#include "nn/attention.h"

#include <cmath>

#include "ops/ops.h"

namespace ef {

RotaryEmbedding::RotaryEmbedding(const RopeParameters& parameters, int64_t head_dim)
    : rope(parameters, head_dim),
      inv_freq(*this, "inv_freq", {rope.rotary_dim() / 2}, true, false),
      original_inv_freq(*this, "original_inv_freq", {rope.rotary_dim() / 2}, true, false) {
  const std::vector<float> frequencies = rope.inv_freq(0);
  for (Parameter* slot : {&inv_freq, &original_inv_freq}) slot->set(Tensor::from_data(frequencies));
}

Attention::Attention(const AttentionConfig& c, int layer) : config(c), layer(layer) {
  q_proj.set(std::make_shared<Linear>(c.hidden_size, c.heads * c.head_dim, c.qkv_bias));
  k_proj.set(std::make_shared<Linear>(c.hidden_size, c.kv_heads * c.head_dim, c.qkv_bias));
  v_proj.set(std::make_shared<Linear>(c.hidden_size, c.kv_heads * c.head_dim, c.qkv_bias));
  o_proj.set(std::make_shared<Linear>(c.heads * c.head_dim, c.hidden_size, c.output_bias));
  if (c.qk_norm) {
    q_norm.emplace(*this, "q_norm", std::make_shared<RMSNorm>(c.head_dim, c.norm_eps));
    k_norm.emplace(*this, "k_norm", std::make_shared<RMSNorm>(c.head_dim, c.norm_eps));
  }
}

Tensor Attention::forward(const Tensor& x, Pass& pass) {
  const int64_t batch = x.size(0), length = x.size(1), dim = config.head_dim;
  auto split_heads = [&](const Tensor& y, const std::optional<Child<Module>>& norm) {
    const Tensor heads = y.view({batch, length, -1, dim});
    return (norm ? (**norm)(heads) : heads).transpose(1, 2);
  };
  const std::vector<Tensor> qkv = apply_all(x, {&q_proj, &k_proj, &v_proj});
  const Tensor q = rope(split_heads(qkv[0], q_norm), pass.rope.cos, pass.rope.sin);
  KvView kv{rope(split_heads(qkv[1], k_norm), pass.rope.cos, pass.rope.sin), split_heads(qkv[2], {})};
  if (pass.cache) kv = pass.cache->append(layer, kv.keys, kv.values);

  AttentionOptions options;
  options.scale = config.scale > 0 ? config.scale : 1 / std::sqrt(double(dim));
  options.causal = !pass.bias.defined();  // a 4-D mask says all there is to say
  options.window = pass.bias.defined() ? 0 : config.window;
  options.softcap = config.softcap;
  options.q_offset = pass.past;
  options.key_mask = pass.key_mask;
  options.bias = pass.bias;
  options.dropout = training() ? config.dropout : 0;
  if (pass.want_weights) pass.weights = attention_weights(q, kv.keys, options);
  const Tensor mixed = attention(q, kv.keys, kv.values, options);
  return (*o_proj)(mixed.transpose(1, 2).reshape({batch, length, config.heads * dim}));
}

GatedMlp::GatedMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias) {
  gate_proj.set(std::make_shared<Linear>(hidden, intermediate, bias));
  up_proj.set(std::make_shared<Linear>(hidden, intermediate, bias));
  down_proj.set(std::make_shared<Linear>(intermediate, hidden, bias));
  act_fn.set(std::make_shared<ActivationLayer>(activation));
}

Tensor GatedMlp::forward(const Tensor& x) {
  const std::vector<Tensor> both = apply_all(x, {&gate_proj, &up_proj});
  auto* act = dynamic_cast<ActivationLayer*>(act_fn.ptr().get());
  const bool fused = act && act->plain() && (act->name == "silu" || act->name == "swish");
  return (*down_proj)(fused ? silu_mul(both[0], both[1]) : mul((*act_fn)(both[0]), both[1]));
}

}  // namespace ef
