// ModernBERT: norms before the residuals, rotary positions, gated MLPs, and layers that see a window alone
// (Warner et al., 2024).
#include "models/modernbert/modernbert.h"

#include "models/common/decoder.h"
#include "models/common/encoder.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct ModernBertConfig {
  AttentionConfig attention;
  std::vector<bool> sliding;
  int64_t window = 0;
  RopeParameters full_rope, sliding_rope;
  double mlp_dropout = 0;
};

struct ModernBertLayer : Block {
  ModernBertLayer(const EncoderConfig& c, const ModernBertConfig& m, int64_t index)
      : mlp_dropout(m.mlp_dropout), attention_dropout(m.attention.dropout), act(activation_fn(c.act)) {
    AttentionConfig a = m.attention;
    if (index > 0) attn_norm = &slots.norm("attn_norm", c.norm, c.hidden);
    if (m.sliding[size_t(index)]) {
      a.window = m.window;
      a.rope = 1;
    }
    attn.emplace(*this, "attn", std::make_shared<Attention>(a, int(index)));
    mlp_norm = &slots.norm("mlp_norm", c.norm, c.hidden);
    in = &slots.linear("mlp.Wi", c.hidden, 2 * c.intermediate, c.mlp_bias);
    out = &slots.linear("mlp.Wo", c.intermediate, c.hidden, c.mlp_bias);
  }
  std::string class_name() const override { return "ModernBertEncoderLayer"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    const auto block = attn->ptr();
    Tensor h = attn_norm ? (**attn_norm)(x) : x;
    h = block->call(h, [&](const Tensor& y) { return block->forward(y, pass); });
    h = add(x, dropped(h, attention_dropout));
    const Tensor both = (**in)((**mlp_norm)(h));
    const int64_t half = both.size(2) / 2;
    const Tensor inner = mul(act(both.narrow(2, 0, half)), both.narrow(2, half, half));
    return add(h, (**out)(dropped(inner, mlp_dropout)));
  }
  Tensor dropped(const Tensor& x, double p) const { return training() && p > 0 ? dropout(x, p) : x; }
  const double mlp_dropout, attention_dropout;
  const ActivationFn act;
  Slots slots{*this};
  std::optional<Child<Block>> attn;
  Child<Module>*attn_norm = nullptr, *mlp_norm = nullptr, *in = nullptr, *out = nullptr;
};

struct ModernBertBody : EncoderBody {
  ModernBertBody(Module& owner, const EncoderConfig& c, const ModernBertConfig& m)
      : EncoderBody(owner, c, false),
        full(m.full_rope, c.hidden / c.heads),
        sliding(m.sliding_rope, c.hidden / c.heads),
        final_norm(slots.norm("final_norm", c.norm, c.hidden)) {}
  void prepare(const ModelInput& in, const Tensor& x, Pass& pass) override {
    const Tensor at = positions_of(in, x.size(1));
    pass.ropes = {full.rows(at), sliding.rows(at)};
    int64_t begin = 0;
    for (const int64_t n : in.lengths) {
      pass.spans.push_back({0, begin, begin + n, begin, begin + n});
      begin += n;
    }
  }
  Tensor after_layer(int64_t index, const Tensor&, const Tensor& x, const Pass&) override {
    return index + 1 == config.layers ? (*final_norm)(x) : x;
  }
  const Rope full, sliding;
  Child<Module>& final_norm;
};

EncoderConfig read(const ConfigReader& raw) {
  const ConfigReader c = raw.renamed({{"hidden_activation", "hidden_act"},
                                      {"norm_eps", "layer_norm_eps"},
                                      {"embedding_dropout", "hidden_dropout_prob"}});
  check<UnsupportedError>(!c.flag("sparse_prediction", false), "config.json: sparse_prediction");
  EncoderConfig e = read_encoder(c, "ModernBert", "model");
  e.types = 0;
  e.norm = {c.flag("norm_bias", false) ? NormConfig::Layer : NormConfig::LayerNoBias, c.number("norm_eps", 1e-5)};
  e.dropout = c.number("embedding_dropout", 0);
  e.mlp_bias = c.flag("mlp_bias", false);
  EncoderNames& n = e.names;
  n.words = "embeddings.tok_embeddings";
  n.norm = "embeddings.norm";
  n.layers = "layers";
  n.positions = n.types = n.pooler = "";

  ModernBertConfig m;
  m.sliding = sliding_layers(c, e.layers, c.size("global_attn_every_n_layers", 3));
  check<ConfigError>(int64_t(m.sliding.size()) == e.layers, "config.json: 'layer_types' has ", m.sliding.size(),
                     " entries for ", e.layers, " layers");
  m.window = c.size("local_attention", 128) / 2 + 1;
  m.full_rope = read_rope(c, "full_attention", c.number("global_rope_theta", 160000));
  m.sliding_rope = read_rope(c, "sliding_attention", c.number("local_rope_theta", 10000));
  m.mlp_dropout = c.number("mlp_dropout", 0);
  AttentionConfig& a = m.attention;
  a.hidden_size = e.hidden;
  a.heads = a.kv_heads = e.heads;
  a.head_dim = e.hidden / e.heads;
  a.qkv_bias = a.output_bias = c.flag("attention_bias", false);
  a.layout = QkvLayout::Stacked;
  a.causal = false;
  a.dropout = c.number("attention_dropout", 0);
  a.qkv = "Wqkv";
  a.o = "Wo";
  e.make_layer = [m](const EncoderConfig& config, int64_t index) {
    return std::make_shared<ModernBertLayer>(config, m, index);
  };
  e.make_base = [m](Module& owner, const EncoderConfig& config, bool) {
    return std::make_unique<ModernBertBody>(owner, config, m);
  };

  EncoderHeads& h = e.scorers;
  ScorerConfig head = {"head.dense", c.text("classifier_activation", "gelu"), "head.norm", "classifier"};
  head.dense_bias = c.flag("classifier_bias", false);
  h.masked_lm = head;
  h.masked_lm.out = "decoder";
  h.masked_lm.out_bias = c.flag("decoder_bias", true);
  head.dropout = c.number("classifier_dropout", 0);
  h.sequence = h.choice = h.token = h.answer = head;
  const std::string pooling = c.text("classifier_pooling", "cls");
  check<ConfigError>(pooling == "cls" || pooling == "mean", "config.json: 'classifier_pooling' is '", pooling,
                     "', needed 'cls' or 'mean'");
  h.sequence_pooled = h.choice_pooled = false;
  h.sequence_mean = h.choice_mean = pooling == "mean";
  return e;
}

}  // namespace

Family modernbert_family() { return encoder_family("modernbert", read); }

}  // namespace ef
