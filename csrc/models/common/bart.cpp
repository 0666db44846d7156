#include "models/common/bart.h"

#include <cmath>

#include "ops/ops.h"

namespace ef {
namespace {

struct LayerConfig {
  AttentionConfig attention;
  int64_t intermediate;
  std::string act;
  double dropout, activation_dropout;
  bool norm_first, decoder;
};

class BartLayer : public Block {
 public:
  BartLayer(const LayerConfig& c, int index)
      : config_(c),
        self_attn_(*this, "self_attn", std::make_shared<Attention>(c.attention, index)),
        activation_fn_(*this, "activation_fn", std::make_shared<ActivationLayer>(c.act)),
        self_attn_layer_norm_(*this, "self_attn_layer_norm", norm()),
        fc1_(*this, "fc1", std::make_shared<Linear>(c.attention.hidden_size, c.intermediate, true)),
        fc2_(*this, "fc2", std::make_shared<Linear>(c.intermediate, c.attention.hidden_size, true)),
        final_layer_norm_(*this, "final_layer_norm", norm()) {
    if (!c.decoder) return;
    encoder_attn_.emplace(*this, "encoder_attn", std::make_shared<CrossAttention>(c.attention, index));
    encoder_attn_layer_norm_.emplace(*this, "encoder_attn_layer_norm", norm());
  }
  std::string class_name() const override { return config_.decoder ? "BartDecoderLayer" : "BartEncoderLayer"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    auto attend = [&](const Child<Block>& to) {
      return [&](const Tensor& y) { return to->call(y, [&](const Tensor& in) { return to->forward(in, pass); }); };
    };
    Tensor h = residual(x, self_attn_layer_norm_, attend(self_attn_));
    if (encoder_attn_ && pass.encoder_states.defined())
      h = residual(h, *encoder_attn_layer_norm_, attend(*encoder_attn_));
    return residual(h, final_layer_norm_, [&](const Tensor& y) {
      return (*fc2_)(kept((*activation_fn_)((*fc1_)(y)), config_.activation_dropout));
    });
  }

 private:
  std::shared_ptr<Module> norm() const { return make_norm({NormConfig::Layer, 1e-5}, config_.attention.hidden_size); }
  Tensor kept(const Tensor& y, double p) const { return training() && p > 0 ? dropout(y, p) : y; }
  template <class F>
  Tensor residual(const Tensor& x, const Child<Module>& norm, F&& part) const {
    if (config_.norm_first) return add(x, kept(part((*norm)(x)), config_.dropout));
    return (*norm)(add(x, kept(part(x), config_.dropout)));
  }
  const LayerConfig config_;
  Child<Block> self_attn_;
  Child<Module> activation_fn_, self_attn_layer_norm_, fc1_, fc2_, final_layer_norm_;
  std::optional<Child<Block>> encoder_attn_;
  std::optional<Child<Module>> encoder_attn_layer_norm_;
};

StackConfig read_stack(const ConfigReader& c, bool decoder, bool norm_first) {
  const std::string side = decoder ? "decoder_" : "encoder_";
  StackConfig s;
  s.decoder = decoder;
  s.vocab_size = c.size("vocab_size");
  s.hidden_size = c.size("d_model");
  s.layers = read_layers(c, (side + "layers").c_str());
  s.padding_idx = c.integer("pad_token_id", -1);
  s.max_positions = c.size("max_position_embeddings", 1024);
  s.norm = {NormConfig::Layer, 1e-5};
  s.dropout = c.number("dropout", 0.1);
  s.layerdrop = c.number((side + "layerdrop").c_str(), 0);
  s.use_cache = c.flag("use_cache", true);
  if (norm_first) s.final_norm = "layer_norm";
  LayerConfig layer{};
  AttentionConfig& a = layer.attention;
  a.hidden_size = s.hidden_size;
  a.heads = a.kv_heads = c.size((side + "attention_heads").c_str());
  a.head_dim = read_head_dim(a.hidden_size, a.heads);
  a.qkv_bias = a.output_bias = true;
  a.rope = -1;
  a.causal = decoder;
  a.dropout = c.number("attention_dropout", 0);
  a.o = "out_proj";
  layer.intermediate = c.size((side + "ffn_dim").c_str());
  layer.act = c.text("activation_function", "gelu");
  layer.dropout = s.dropout;
  layer.activation_dropout = c.number("activation_dropout", 0);
  layer.norm_first = norm_first;
  layer.decoder = decoder;
  s.make_layer = [layer](int index) { return std::make_shared<BartLayer>(layer, index); };
  return s;
}

}  // namespace

Seq2SeqConfig read_bart(const ConfigReader& c, bool norm_first) {
  Seq2SeqConfig out;
  out.encoder = read_stack(c, false, norm_first);
  out.decoder = read_stack(c, true, norm_first);
  out.base = out.qa_base = out.head_base = "model";
  out.logits_bias = true;
  out.eos = c.integer("eos_token_id", 2);
  out.classifier_dropout = c.number("classifier_dropout", 0);
  if (c.flag("scale_embedding", false))
    out.encoder.embedding_scale = out.decoder.embedding_scale = std::sqrt(double(out.encoder.hidden_size));
  return out;
}

}  // namespace ef
