// DeBERTa: disentangled attention with q, k and v in one matrix, head by head, and biases for two of them.
#include "models/deberta/deberta.h"

#include "models/deberta_v2/deberta_v2.h"
#include "models/deberta_v2/disentangled.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct DebertaLayer : DisentangledLayer {
  DebertaLayer(const EncoderConfig& c, std::shared_ptr<RelativePositions> positions)
      : DisentangledLayer(c, std::move(positions)),
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
    return mix_disentangled(q, k, v, pass);
  }
  Child<Module>& in_proj;
  Parameter &q_bias, &v_bias;
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
