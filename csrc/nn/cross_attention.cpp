#include "nn/cross_attention.h"

#include <cmath>

#include "ops/ops.h"

namespace ef {
namespace {

std::shared_ptr<Module> linear(int64_t in, int64_t out, bool bias) { return std::make_shared<Linear>(in, out, bias); }

}  // namespace

CrossAttention::CrossAttention(const AttentionConfig& c, int layer)
    : config(c),
      layer(layer),
      q_proj(*this, c.q, linear(c.hidden_size, c.heads * c.head_dim, c.qkv_bias)),
      k_proj(*this, c.k, linear(c.hidden_size, c.heads * c.head_dim, c.qkv_bias)),
      v_proj(*this, c.v, linear(c.hidden_size, c.heads * c.head_dim, c.qkv_bias)),
      o_proj(*this, c.o, linear(c.heads * c.head_dim, c.hidden_size, c.output_bias)) {}

Tensor CrossAttention::forward(const Tensor& x, Pass& pass) {
  auto heads = [&](const Tensor& y) { return y.unflatten(2, {-1, config.head_dim}).transpose(1, 2); };
  Tensor rows = (*q_proj)(x);
  KvView kv;
  if (pass.cross_cache && pass.cross_cache->length(layer)) {
    kv = pass.cross_cache->view(layer);
    check<ShapeError>(kv.keys.size(0) == pass.encoder_states.size(0), "cache: found the states of ", kv.keys.size(0),
                      " encoded sequences, needed ", pass.encoder_states.size(0));
  } else {
    const std::vector<Tensor> both = apply_all(pass.encoder_states, {&k_proj, &v_proj});
    kv = {heads(both[0]), heads(both[1])};
    if (pass.cross_cache) kv = pass.cross_cache->append(layer, kv.keys, kv.values);
  }
  const int64_t sources = kv.keys.size(0);
  if (sources != x.size(0)) rows = rows.view({sources, -1, rows.size(2)});  // beams as queries of their source
  const Tensor q = heads(rows);
  AttentionOptions options;
  options.scale = config.scale > 0 ? config.scale : 1 / std::sqrt(double(config.head_dim));
  options.key_mask = pass.encoder_mask;
  options.bias = pass.encoder_bias;
  options.packed_k = kv.packed_keys;
  options.packed_v = kv.packed_values;
  options.dropout = training() ? config.dropout : 0;
  if (pass.want_weights) pass.cross_weights = attention_weights(q, kv.keys, options);
  const Tensor mixed = attention(q, kv.keys, kv.values, options);
  return (*o_proj)(mixed.transpose(1, 2).reshape({x.size(0), x.size(1), config.heads * config.head_dim}));
}

}  // namespace ef
