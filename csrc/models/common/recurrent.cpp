#include "models/common/recurrent.h"

#include "autograd/autograd.h"
#include "ops/ops.h"
#include "ops/recurrence.h"

namespace ef {

Tensor without_padding(const Tensor& x, const Pass& pass) {
  check<UnsupportedError>(!pass.bias.defined(), "attention_mask: found four dimensions, needed [batch, positions]: ",
                          "layers with a recurrent state can skip padding, but see all that came before");
  if (!pass.key_mask.defined()) return x;
  const int64_t length = x.size(1);
  return mul(x, pass.key_mask.narrow(1, pass.key_mask.size(1) - length, length).to(DType::Float32).unsqueeze(-1));
}

DepthwiseConv::DepthwiseConv(int64_t channels, int64_t taps, bool with_bias)
    : weight(*this, "weight", {channels, 1, taps}) {
  if (with_bias) bias = std::make_unique<Parameter>(*this, "bias", Shape{channels});
}

Tensor DepthwiseConv::over(const Tensor& x, RecurrentCache::State* state) const {
  const int64_t taps = weight.shape()[2];
  Tensor before = state ? state->conv : Tensor();
  if (!before.defined()) before = Tensor::zeros({x.size(0), taps - 1, x.size(2)}, x.dtype());
  check<ShapeError>(before.size(0) == x.size(0), "cache: found the states of ", before.size(0), " sequences, needed ",
                    x.size(0));
  const Tensor all = cat({before, x}, 1);
  if (state) state->conv = all.detach().narrow(1, x.size(1), taps - 1).clone();
  return causal_convolution(all, weight.tensor().select(1, 0), bias ? bias->tensor() : Tensor());
}

GatedNorm::GatedNorm(int64_t size, double eps, int64_t groups, bool gate_first)
    : eps(eps), groups(groups), gate_first(gate_first), weight(*this, "weight", {size}) {}

Tensor GatedNorm::apply(const Tensor& x, const Tensor& gate) const {
  const Tensor in = gate_first ? mul(x, silu(gate)) : x;
  const int64_t part = weight.shape()[0] / groups;
  const Tensor ones = Tensor::ones({part}, in.dtype());
  const Tensor normed = rms_norm(in.unflatten(-1, {groups, part}), ones, eps).flatten(-2, -1);
  const Tensor y = mul(normed, computing(weight.tensor()));
  return gate_first ? y : mul(y, silu(gate));
}

MixerLayer::MixerLayer(const NormConfig& norm, int64_t hidden, std::shared_ptr<Block> mixer)
    : norm(*this, "norm", make_norm(norm, hidden)), mixer(*this, "mixer", std::move(mixer)) {}

Tensor MixerLayer::forward(const Tensor& x, Pass& pass) {
  return add(x, mixer->call((*norm)(x), [&](const Tensor& h) { return mixer->forward(h, pass); }));
}

DecoderConfig read_state_space(const ConfigReader& c) {
  DecoderConfig d;
  d.vocab_size = c.size("vocab_size");
  d.hidden_size = c.size("hidden_size");
  d.layers = c.integer("num_hidden_layers", 0);
  check<ConfigError>(d.layers >= 0 && d.layers <= 10000, "config.json: 'num_hidden_layers' is ", d.layers,
                     ", needed a whole number from 0 to 10000");
  d.norm.eps = c.number("layer_norm_epsilon", 1e-5);
  d.use_cache = c.flag("use_cache", true);
  d.recurrent.assign(size_t(d.layers), true);
  d.states_behind = true;
  d.names.embeddings = "embeddings";
  d.names.norm = "norm_f";
  d.names.base = d.names.qa_base = "backbone";
  return d;
}

std::vector<std::pair<std::string, std::string>> state_space_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra) {
  std::vector<std::pair<std::string, std::string>> names = {
      {"token_embd", "backbone.embeddings"},
      {"output_norm", "backbone.norm_f"},
      {"output", "lm_head"},
      {"blk.{}.attn_norm", "backbone.layers.{}.norm"},
      {"blk.{}.ssm_in", "backbone.layers.{}.mixer.in_proj"},
      {"blk.{}.ssm_conv1d", "backbone.layers.{}.mixer.conv1d"},
      {"blk.{}.ssm_out", "backbone.layers.{}.mixer.out_proj"},
      {"blk.{}.ssm_a", "backbone.layers.{}.mixer.A_log"},
      {"blk.{}.ssm_d", "backbone.layers.{}.mixer.D"},
  };
  names.insert(names.end(), extra.begin(), extra.end());
  return names;
}

RecurrentCache::State* state_of(const Pass& pass, int layer) {
  return pass.cache ? &RecurrentCache::of(pass.cache, layer) : nullptr;
}

}  // namespace ef
