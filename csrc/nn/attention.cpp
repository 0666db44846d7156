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
  auto linear = [&](std::optional<Child<Module>>& slot, const std::string& name, int64_t in, int64_t out, bool bias) {
    slot.emplace(*this, name, std::make_shared<Linear>(in, out, bias));
  };
  const int64_t q_rows = c.heads * c.head_dim, kv_rows = c.kv_heads * c.head_dim;
  if (c.layout == QkvLayout::Separate) {
    linear(q_proj, c.q, c.hidden_size, q_rows, c.qkv_bias);
    linear(k_proj, c.k, c.hidden_size, kv_rows, c.qkv_bias);
    linear(v_proj, c.v, c.hidden_size, kv_rows, c.qkv_bias);
  } else {
    linear(qkv_proj, c.qkv, c.hidden_size, q_rows + 2 * kv_rows, c.qkv_bias);
  }
  linear(o_proj, c.o, q_rows, c.hidden_size, c.output_bias);
  if (c.qk_norm != QkNorm::None) {
    const bool whole = c.qk_norm == QkNorm::Full;
    q_norm.emplace(*this, c.q_norm, make_norm(c.norm, whole ? q_rows : c.head_dim));
    k_norm.emplace(*this, c.k_norm, make_norm(c.norm, whole ? kv_rows : c.head_dim));
  }
}

Attention::Projected Attention::project(const Tensor& x) const {
  const int64_t batch = x.size(0), length = x.size(1), dim = config.head_dim;
  Projected out;
  if (config.layout == QkvLayout::Grouped) {  // each key head with its queries
    const int64_t queries = config.heads / config.kv_heads;
    const Tensor groups = (**qkv_proj)(x).view({batch, length, config.kv_heads, queries + 2, dim});
    out.q = groups.narrow(3, 0, queries).reshape({batch, length, config.heads, dim});
    out.k = groups.select(3, queries);
    out.v = groups.select(3, queries + 1);
    return out;
  }
  std::vector<Tensor> qkv;
  if (config.layout == QkvLayout::Stacked) {
    const Tensor rows = (**qkv_proj)(x);
    const int64_t q_rows = config.heads * dim, kv_rows = config.kv_heads * dim;
    qkv = {rows.narrow(2, 0, q_rows), rows.narrow(2, q_rows, kv_rows), rows.narrow(2, q_rows + kv_rows, kv_rows)};
  } else {
    qkv = apply_all(x, {&*q_proj, &*k_proj, &*v_proj});
  }
  if (config.qk_norm == QkNorm::Full) {
    qkv[0] = (**q_norm)(qkv[0]);
    qkv[1] = (**k_norm)(qkv[1]);
  }
  auto heads = [&](const Tensor& y) { return y.unflatten(2, {-1, dim}); };
  return {heads(qkv[0]), heads(qkv[1]), heads(qkv[2])};
}

Tensor Attention::forward(const Tensor& x, Pass& pass) {
  const int64_t batch = x.size(0), length = x.size(1), dim = config.head_dim;
  Projected p = project(x);
  if (config.qk_norm == QkNorm::Head) {
    p.q = (**q_norm)(p.q);
    p.k = (**k_norm)(p.k);
  }
  Tensor q = p.q.transpose(1, 2);
  KvView kv{p.k.transpose(1, 2), p.v.transpose(1, 2)};
  if (config.rope >= 0) {
    const Rope::Rows& turn = pass.ropes.at(size_t(config.rope));
    q = rope(q, turn.cos, turn.sin, config.rope_interleaved);
    kv.keys = rope(kv.keys, turn.cos, turn.sin, config.rope_interleaved);
  }
  if (pass.cache) kv = pass.cache->append(layer, kv.keys, kv.values);

  AttentionOptions options;
  options.scale = config.scale > 0 ? config.scale : 1 / std::sqrt(double(dim));
  options.causal = config.causal && !pass.bias.defined();  // a 4-D mask says all there is to say
  options.window = pass.bias.defined() ? 0 : config.window;
  options.window_both_sides = !config.causal;
  options.softcap = config.softcap;
  options.q_offset = pass.past;
  options.key_mask = pass.key_mask;
  options.bias = pass.bias;
  options.dropout = training() ? config.dropout : 0;
  if (pass.want_weights) pass.weights = attention_weights(q, kv.keys, options);
  const Tensor mixed = attention(q, kv.keys, kv.values, options);
  return (**o_proj)(mixed.transpose(1, 2).reshape({batch, length, config.heads * dim}));
}

GatedMlp::GatedMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias, bool fused,
                   const MlpNames& names) {
  if (fused) {
    gate_up_proj.emplace(*this, names.gate_up, std::make_shared<Linear>(hidden, 2 * intermediate, bias));
  } else {
    gate_proj.emplace(*this, names.gate, std::make_shared<Linear>(hidden, intermediate, bias));
    up_proj.emplace(*this, names.up, std::make_shared<Linear>(hidden, intermediate, bias));
  }
  down_proj.emplace(*this, names.down, std::make_shared<Linear>(intermediate, hidden, bias));
  act_fn.emplace(*this, names.act, std::make_shared<ActivationLayer>(activation));
}

Tensor GatedMlp::forward(const Tensor& x) {
  std::vector<Tensor> both;
  if (gate_up_proj) {
    const Tensor y = (**gate_up_proj)(x);
    const int64_t half = y.size(-1) / 2;
    both = {y.narrow(-1, 0, half), y.narrow(-1, half, half)};
  } else {
    both = apply_all(x, {&*gate_proj, &*up_proj});
  }
  auto* act = dynamic_cast<ActivationLayer*>(act_fn->ptr().get());
  const bool fused = act && act->plain() && (act->name == "silu" || act->name == "swish");
  return (**down_proj)(fused ? silu_mul(both[0], both[1]) : mul((**act_fn)(both[0]), both[1]));
}

PlainMlp::PlainMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias,
                   const MlpNames& names)
    : up_proj(*this, names.up, std::make_shared<Linear>(hidden, intermediate, bias)),
      act_fn(*this, names.act, std::make_shared<ActivationLayer>(activation)),
      down_proj(*this, names.down, std::make_shared<Linear>(intermediate, hidden, bias)) {}

Tensor PlainMlp::forward(const Tensor& x) { return (*down_proj)((*act_fn)((*up_proj)(x))); }

}  // namespace ef
