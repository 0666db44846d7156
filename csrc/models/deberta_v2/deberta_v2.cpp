// DeBERTa v2 and v3: disentangled attention whose distances fall into logarithmic buckets.
#include "models/deberta_v2/deberta_v2.h"

#include "models/deberta_v2/disentangled.h"
#include "ops/ops.h"

namespace ef {

EncoderConfig read_deberta(const ConfigReader& c, const std::string& name) {
  check<UnsupportedError>(c.flag("legacy", true), "config.json: legacy=false (another masked-language head)");
  check<UnsupportedError>(c.integer("z_steps", 0) < 2, "config.json: z_steps above 1");
  check<UnsupportedError>(!c.flag("talking_head", false), "config.json: talking_head");
  EncoderConfig e = read_encoder(c, name, "deberta");
  e.types = c.integer("type_vocab_size", 0);
  e.norm.eps = c.number("layer_norm_eps", 1e-7);
  e.padding = c.integer("pad_token_id", 0);
  const int64_t width = c.size("embedding_size", e.hidden);
  check<UnsupportedError>(width == e.hidden, "config.json: embedding_size ", width, " other than hidden_size");
  EncoderNames& n = e.names;
  if (!c.flag("position_biased_input", true)) n.positions = "";
  n.query = n.key = n.value = n.pooler = "";
  EncoderHeads& h = e.scorers;
  h.sequence_pooled = h.choice_pooled = false;
  h.sequence = {"pooler.dense", c.text("pooler_hidden_act", "gelu"), "", "classifier"};
  h.sequence.dropout_in = c.number("pooler_dropout", 0);
  h.sequence.dropout = c.number("cls_dropout", e.dropout);
  h.choice = h.sequence;
  h.token.dropout = e.dropout;
  return e;
}

namespace {

struct DebertaV2Layer : DisentangledLayer {
  DebertaV2Layer(const EncoderConfig& c, std::shared_ptr<RelativePositions> positions, bool shared)
      : DisentangledLayer(c, std::move(positions)) {
    query = &slots.linear("attention.self.query_proj", c.hidden, c.hidden);
    key = &slots.linear("attention.self.key_proj", c.hidden, c.hidden);
    value = &slots.linear("attention.self.value_proj", c.hidden, c.hidden);
    if (!d.relative) return;
    if (d.c2p) pos_key = shared ? key : &slots.linear("attention.self.pos_key_proj", c.hidden, c.hidden);
    if (d.p2c) pos_query = shared ? query : &slots.linear("attention.self.pos_query_proj", c.hidden, c.hidden);
  }
  Tensor attend(const Tensor& x, Pass& pass) override {
    const std::vector<Tensor> qkv = apply_all(x, {query, key, value});
    return mix_disentangled(split(qkv[0]), split(qkv[1]), split(qkv[2]), pass);
  }
};

EncoderConfig read(const ConfigReader& c) {
  EncoderConfig e = read_deberta(c, "DebertaV2");
  const DisentangledConfig d = read_disentangled(c);
  const bool shared = c.flag("share_att_key", false);
  use_relative_positions(e, d, [shared](const EncoderConfig& config, std::shared_ptr<RelativePositions> positions) {
    return std::make_shared<DebertaV2Layer>(config, std::move(positions), shared);
  });
  return e;
}

}  // namespace

Family deberta_v2_family() { return encoder_family("deberta-v2", read); }

}  // namespace ef
