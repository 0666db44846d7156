// DeBERTa: disentangled attention with q, k and v in one matrix, head by head, and biases for two of them.
#include "models/deberta/deberta.h"

#include <algorithm>
#include <cmath>

#include "models/deberta_v2/deberta_v2.h"
#include "models/deberta_v2/disentangled.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct DebertaLayer : EncoderLayer {
  DebertaLayer(const EncoderConfig& c, std::shared_ptr<RelativePositions> positions)
      : EncoderLayer(c),
        relative(std::move(positions)),
        d(relative->config),
        in_proj(slots.linear("attention.self.in_proj", c.hidden, 3 * c.hidden, false)),
        q_bias(slots.parameter("attention.self.q_bias", {c.hidden})),
        v_bias(slots.parameter("attention.self.v_bias", {c.hidden})) {
    if (d.relative && d.c2p) pos_key = &slots.linear("attention.self.pos_proj", c.hidden, c.hidden, false);
    if (d.relative && d.p2c) pos_query = &slots.linear("attention.self.pos_q_proj", c.hidden, c.hidden);
  }
  Tensor attend(const Tensor& x, Pass& pass) override {
    const int64_t dim = x.size(2) / heads;
    const Tensor qkv = split((*in_proj)(x));  // [batch, heads, length, 3·dim]
    const auto bias = [&](const Parameter& p) { return p.tensor().to(DType::Float32).view({1, heads, 1, dim}); };
    const Tensor q = add(qkv.narrow(3, 0, dim), bias(q_bias)), k = qkv.narrow(3, dim, dim);
    const Tensor v = add(qkv.narrow(3, 2 * dim, dim), bias(v_bias));
    AttentionOptions options;
    options.scale = 1 / std::sqrt(double(dim * (1 + d.c2p + d.p2c)));
    if (pos_key || pos_query)
      options.bias = relative->bias(q, k, pos_key, pos_query, *options.scale, training() ? dropout : 0);
    return mix(q, k, v, options, pass);
  }
  const std::shared_ptr<RelativePositions> relative;
  const DisentangledConfig& d;
  Child<Module>& in_proj;
  Parameter &q_bias, &v_bias;
  Child<Module>*pos_key = nullptr, *pos_query = nullptr;
};

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_deberta(c, "Deberta");
  DisentangledConfig d = read_disentangled(c);
  d.buckets = d.conv = 0;  // of the second version
  d.span = d.furthest;
  d.norm_table = false;
  use_relative_positions(e, d, [](const EncoderConfig& config, std::shared_ptr<RelativePositions> positions) {
    return std::make_shared<DebertaLayer>(config, std::move(positions));
  });
  return e;
}

}  // namespace

Family deberta_family() { return encoder_family("deberta", read); }

}  // namespace ef
