// gpt-oss: attention with sinks, windows on every other layer, experts with biases whose matrices stand together in
// one tensor each, gate and up interleaved and clamped.
#include "models/gpt_oss/gpt_oss.h"

#include "models/common/moe.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct ExpertsConfig {
  MoeConfig moe;
  double alpha, limit;
};

class GptOssExperts : public Module {
 public:
  explicit GptOssExperts(const ExpertsConfig& c)
      : config_(c),
        gate_up_proj_(*this, "gate_up_proj", {c.moe.experts, c.moe.hidden_size, 2 * c.moe.intermediate_size}),
        gate_up_proj_bias_(*this, "gate_up_proj_bias", {c.moe.experts, 2 * c.moe.intermediate_size}),
        down_proj_(*this, "down_proj", {c.moe.experts, c.moe.intermediate_size, c.moe.hidden_size}),
        down_proj_bias_(*this, "down_proj_bias", {c.moe.experts, c.moe.hidden_size}) {}
  static const char* role() { return "a GptOssExperts"; }
  std::string class_name() const override { return "GptOssExperts"; }
  Tensor mix(const Tensor& x, const Router::Choice& choice) const {
    const Tensor gate_up = gate_up_proj_.tensor(), gate_up_bias = gate_up_proj_bias_.tensor(),
                 down = down_proj_.tensor(), down_bias = down_proj_bias_.tensor();
    const auto of = [](const Tensor& all, int64_t expert) { return computing(all.select(0, expert)); };
    return mix_experts(x, choice, config_.moe.experts, [&](int64_t e, const Tensor& rows) {
      const Tensor both = add(matmul(rows, of(gate_up, e)), of(gate_up_bias, e)).unflatten(1, {-1, 2});
      const Tensor gate = clamp(both.select(2, 0), {}, Scalar(config_.limit));
      const Tensor up = clamp(both.select(2, 1), Scalar(-config_.limit), Scalar(config_.limit));
      const Tensor mixed = mul(add(up, Scalar(1.0)), mul(gate, sigmoid(mul(gate, Scalar(config_.alpha)))));
      return add(matmul(mixed, of(down, e)), of(down_bias, e));
    });
  }

 private:
  const ExpertsConfig config_;
  Parameter gate_up_proj_, gate_up_proj_bias_, down_proj_, down_proj_bias_;
};

class GptOssMlp : public RoutedMlp {
 public:
  explicit GptOssMlp(const ExpertsConfig& c)
      : top_k_(c.moe.top_k),
        router_(*this, "router", std::make_shared<Linear>(c.moe.hidden_size, c.moe.experts, true)),
        experts_(*this, "experts", std::make_shared<GptOssExperts>(c)) {}
  std::string class_name() const override { return "GptOssMLP"; }
  Tensor forward(const Tensor& in, Pass& pass) override {
    const Tensor x = in.flatten(0, 1);
    Router::Choice choice;
    choice.logits = (*router_)(x);
    if (pass.want_router) pass.router_logits.push_back(choice.logits);
    choice.experts = topk(choice.logits.detach(), top_k_).second;
    choice.weights = softmax(gather(choice.logits, 1, choice.experts), 1);
    return experts_->mix(x, choice).view(in.shape());
  }

 private:
  const int64_t top_k_;
  Child<Module> router_;
  Child<GptOssExperts> experts_;
};

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.attention.sinks = true;
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", true);
  read_windows(c, false, d);
  const ExpertsConfig experts{read_moe(c, d.hidden_size, d.intermediate_size), c.number("swiglu_alpha", 1.702),
                              c.number("swiglu_limit", 7)};
  use_moe(c, experts.moe, d);
  d.make_mlp = [experts](const DecoderConfig&, int) { return std::make_shared<GptOssMlp>(experts); };
  return d;
}

}  // namespace

Family gpt_oss_family() {
  const std::string experts = "model.layers.{}.mlp.experts.";
  return decoder_family(
      "gpt_oss", read,
      {{"gpt-oss"},
       decoder_gguf_names({{"blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"},
                           {"blk.{}.attn_sinks.weight", "model.layers.{}.self_attn.sinks"},
                           {"blk.{}.ffn_gate_inp", "model.layers.{}.mlp.router"},
                           {"blk.{}.ffn_gate_exps.weight|blk.{}.ffn_up_exps.weight", experts + "gate_up_proj"},
                           {"blk.{}.ffn_gate_exps.bias|blk.{}.ffn_up_exps.bias", experts + "gate_up_proj_bias"},
                           {"blk.{}.ffn_down_exps.weight", experts + "down_proj"},
                           {"blk.{}.ffn_down_exps.bias", experts + "down_proj_bias"}})});
}

}  // namespace ef
