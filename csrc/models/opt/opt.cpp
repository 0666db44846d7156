// OPT: learned positions that count tokens, fc1 and fc2 in the layer itself, norms before or (350m) behind the
// residuals, embeddings of another width in that one, and the decoder one module deeper.
#include "models/opt/opt.h"

#include "models/common/decoder.h"
#include "ops/ops.h"

namespace ef {
namespace {

class OptLayer : public Block {
 public:
  OptLayer(const DecoderConfig& c, int index, bool norm_first, bool bias)
      : norm_first(norm_first),
        dropout_(c.residual_dropout),
        self_attn(*this, "self_attn", std::make_shared<Attention>(c.attention, index)),
        activation_fn(*this, "activation_fn", std::make_shared<ActivationLayer>(c.hidden_act)),
        self_attn_layer_norm(*this, "self_attn_layer_norm", make_norm(c.norm, c.hidden_size)),
        fc1(*this, "fc1", std::make_shared<Linear>(c.hidden_size, c.intermediate_size, bias)),
        fc2(*this, "fc2", std::make_shared<Linear>(c.intermediate_size, c.hidden_size, bias)),
        final_layer_norm(*this, "final_layer_norm", make_norm(c.norm, c.hidden_size)) {}
  std::string class_name() const override { return "OPTDecoderLayer"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    auto kept = [&](const Tensor& y) { return training() && dropout_ > 0 ? dropout(y, dropout_) : y; };
    const Tensor attended = self_attn->call(norm_first ? (*self_attn_layer_norm)(x) : x,
                                            [&](const Tensor& in) { return self_attn->forward(in, pass); });
    Tensor h = add(x, kept(attended));
    if (!norm_first) h = (*self_attn_layer_norm)(h);
    const Tensor y = (*fc2)((*activation_fn)((*fc1)(norm_first ? (*final_layer_norm)(h) : h)));
    h = add(h, kept(y));
    return norm_first ? h : (*final_layer_norm)(h);
  }

 private:
  const bool norm_first;
  const double dropout_;
  Child<Block> self_attn;
  Child<Module> activation_fn, self_attn_layer_norm, fc1, fc2, final_layer_norm;
};

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader c = raw.renamed({{"ffn_dim", "intermediate_size"}, {"activation_function", "hidden_act"}});
  DecoderConfig d = read_decoder(c);
  check<UnsupportedError>(c.number("layerdrop", 0) == 0, "config.json: layerdrop is not supported");
  d.ropes = {};
  d.attention.rope = -1;
  const bool norm_first = c.flag("do_layer_norm_before", true), bias = c.flag("enable_bias", true);
  d.norm = {c.flag("layer_norm_elementwise_affine", true) ? NormConfig::Layer : NormConfig::Plain, 1e-5};
  d.attention.qkv_bias = d.attention.output_bias = bias;
  d.attention.o = "out_proj";
  d.hidden_act = c.text("hidden_act", "relu");
  d.position_offset = 2;
  d.positions = c.size("max_position_embeddings") + d.position_offset;
  d.positions_from_mask = true;
  d.names.positions = "embed_positions";
  d.names.norm = norm_first && !c.flag("_remove_final_layer_norm", false) ? "final_layer_norm" : "";
  d.embedding_size = c.size("word_embed_proj_dim", d.hidden_size);
  d.residual_dropout = c.number("dropout", 0.1);
  d.make_layer = [norm_first, bias](const DecoderConfig& config, int index) {
    return std::make_shared<OptLayer>(config, index, norm_first, bias);
  };
  return d;
}

// Its only child is the decoder, which is a model of its own.
struct OptBody : Body {
  OptBody(Module& owner, std::shared_ptr<PreTrainedModel> model) : decoder(owner, "decoder", std::move(model)) {}
  ModelOutput forward(const ModelInput& in) override { return decoder->run(in); }
  Child<PreTrainedModel> decoder;
};

}  // namespace

Family opt_family() {
  Family family = decoder_family("opt", read, {});
  family.make = [usual = family.make](Module& owner, const std::string& head, const std::string& text,
                                      std::shared_ptr<PreTrainedModel> base) -> std::unique_ptr<Body> {
    if (head == "decoder") return usual(owner, "base", text, nullptr);
    if (head != "base") return usual(owner, head, text, std::move(base));
    if (!base) {
      base = std::make_shared<PreTrainedModel>();
      base->build("opt", "decoder", text);
    }
    return std::make_unique<OptBody>(owner, std::move(base));
  };
  return family;
}

}  // namespace ef
