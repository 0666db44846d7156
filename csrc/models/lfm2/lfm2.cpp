// LFM2: short gated convolutions in most layers, grouped attention with normed heads in the others.
#include "models/lfm2/lfm2.h"

#include "models/common/recurrent.h"
#include "ops/ops.h"

namespace ef {
namespace {

class ShortConv : public Block {
 public:
  ShortConv(int64_t hidden, int64_t taps, bool bias, int layer)
      : layer_(layer),
        conv_(*this, "conv", std::make_shared<DepthwiseConv>(hidden, taps, bias)),
        in_proj_(*this, "in_proj", std::make_shared<Linear>(hidden, 3 * hidden, bias)),
        out_proj_(*this, "out_proj", std::make_shared<Linear>(hidden, hidden, bias)) {}
  std::string class_name() const override { return "Lfm2ShortConv"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    const std::vector<Tensor> bcx = chunk((*in_proj_)(without_padding(x, pass)), 3, 2);
    return (*out_proj_)(mul(bcx[1], conv_->over(mul(bcx[0], bcx[2]), state_of(pass, layer_))));
  }

 private:
  const int layer_;
  Child<DepthwiseConv> conv_;
  Child<Module> in_proj_, out_proj_;
};

int64_t mlp_width(const ConfigReader& c) {
  const int64_t width = c.size("intermediate_size");
  if (!c.flag("block_auto_adjust_ff_dim", true)) return width;
  const int64_t multiple = c.size("block_multiple_of", 256);
  const int64_t usual = 2 * width / 3;
  const auto scaled = int64_t(c.number("block_ffn_dim_multiplier", 1) * double(usual));
  return c.has("block_ffn_dim_multiplier") ? (scaled + multiple - 1) / multiple * multiple : usual;
}

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.intermediate_size = mlp_width(c);
  d.norm.eps = d.attention.norm.eps = c.number("norm_eps", 1e-5);
  d.names.before_attention = "operator_norm";
  d.names.before_mlp = "ffn_norm";
  d.names.mlp = "feed_forward";
  d.names.norm = "embedding_norm";
  d.names.mlp_parts.gate = "w1";
  d.names.mlp_parts.down = "w2";
  d.names.mlp_parts.up = "w3";
  d.attention.qk_norm = QkNorm::Head;
  d.attention.q_norm = "q_layernorm";
  d.attention.k_norm = "k_layernorm";
  d.attention.o = "out_proj";
  d.hidden_act = "silu";
  const std::vector<std::string> types = c.texts("layer_types");
  check<ConfigError>(types.empty() || int64_t(types.size()) == d.layers, "config.json: 'layer_types' has ",
                     types.size(), " entries, needed num_hidden_layers = ", d.layers);
  for (int64_t i = 0; i < d.layers; i++) {
    const std::string type = types.empty() ? "full_attention" : types[size_t(i)];
    check<ConfigError>(type == "conv" || type == "full_attention", "config.json: layer type '", type,
                       "' is unknown here, needed full_attention or conv");
    d.recurrent.push_back(type == "conv");
  }
  const int64_t taps = c.size("conv_L_cache", 3);
  const bool bias = c.flag("conv_bias", false);
  d.make_layer = [taps, bias](const DecoderConfig& config, int layer) {
    DecoderConfig own = config;
    own.make_layer = nullptr;
    if (config.recurrent[size_t(layer)]) {
      own.names.attention = "conv";
      own.make_attention = [=](const AttentionConfig& a, int index) {
        return std::make_shared<ShortConv>(a.hidden_size, taps, bias, index);
      };
    }
    return std::make_shared<DecoderLayer>(own, layer);
  };
  return d;
}

}  // namespace

Family lfm2_family() {
  return decoder_family("lfm2", read,
                        {{"lfm2"},
                         decoder_gguf_names({{"token_embd_norm", "model.embedding_norm"},
                                             {"blk.{}.attn_norm", "model.layers.{}.operator_norm"},
                                             {"blk.{}.ffn_norm", "model.layers.{}.ffn_norm"},
                                             {"blk.{}.ffn_gate", "model.layers.{}.feed_forward.w1"},
                                             {"blk.{}.ffn_down", "model.layers.{}.feed_forward.w2"},
                                             {"blk.{}.ffn_up", "model.layers.{}.feed_forward.w3"},
                                             {"blk.{}.attn_output", "model.layers.{}.self_attn.out_proj"},
                                             {"blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_layernorm"},
                                             {"blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_layernorm"},
                                             {"blk.{}.shortconv.conv", "model.layers.{}.conv.conv"},
                                             {"blk.{}.shortconv.in_proj", "model.layers.{}.conv.in_proj"},
                                             {"blk.{}.shortconv.out_proj", "model.layers.{}.conv.out_proj"}})});
}

}  // namespace ef
