// Mamba: layers of a convolution and a selective state space, no attention, no MLP.
#include "models/mamba/mamba.h"

#include "models/common/recurrent.h"
#include "ops/ops.h"
#include "ops/recurrence.h"

namespace ef {
namespace {

struct MixerConfig {
  int64_t hidden, inner, states, taps, rank;
  bool bias, conv_bias;
  std::string act;
};

class MambaMixer : public Block {
 public:
  MambaMixer(const MixerConfig& c, int layer)
      : config_(c),
        layer_(layer),
        A_log_(*this, "A_log", {c.inner, c.states}),
        D_(*this, "D", {c.inner}),
        conv1d_(*this, "conv1d", std::make_shared<DepthwiseConv>(c.inner, c.taps, c.conv_bias)),
        act_(*this, "act", std::make_shared<ActivationLayer>(c.act)),
        in_proj_(*this, "in_proj", std::make_shared<Linear>(c.hidden, 2 * c.inner, c.bias)),
        x_proj_(*this, "x_proj", std::make_shared<Linear>(c.inner, c.rank + 2 * c.states, false)),
        dt_proj_(*this, "dt_proj", std::make_shared<Linear>(c.rank, c.inner, true)),
        out_proj_(*this, "out_proj", std::make_shared<Linear>(c.inner, c.hidden, c.bias)) {}
  std::string class_name() const override { return "MambaMixer"; }
  using Module::forward;
  Tensor forward(const Tensor& in, Pass& pass) override {
    RecurrentCache::State* state = state_of(pass, layer_);
    const std::vector<Tensor> parts = chunk((*in_proj_)(without_padding(in, pass)), 2, 2);
    const Tensor x = without_padding((*act_)(conv1d_->over(parts[0], state)), pass);
    const std::vector<Tensor> dbc = split((*x_proj_)(x), {config_.rank, config_.states, config_.states}, 2);
    const Tensor a = neg(exp(computing(A_log_.tensor())));
    const Recurrence scan = selective_scan(x, softplus((*dt_proj_)(dbc[0])), a, dbc[1].unsqueeze(2),
                                           dbc[2].unsqueeze(2), state ? state->state : Tensor());
    if (state) state->state = scan.state;
    const Tensor y = add(scan.y, mul(x, computing(D_.tensor())));
    return (*out_proj_)(mul(y, silu(parts[1])));
  }

 private:
  const MixerConfig config_;
  const int layer_;
  Parameter A_log_, D_;
  Child<DepthwiseConv> conv1d_;
  Child<Module> act_, in_proj_, x_proj_, dt_proj_, out_proj_;
};

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_state_space(c);
  MixerConfig m{};
  m.hidden = d.hidden_size;
  m.inner = c.size("intermediate_size", int64_t(c.number("expand", 2) * double(d.hidden_size)));
  m.states = c.size("state_size", 16);
  m.taps = c.size("conv_kernel", 4);
  m.rank = c.size("time_step_rank", (d.hidden_size + 15) / 16);
  m.bias = c.flag("use_bias", false);
  m.conv_bias = c.flag("use_conv_bias", true);
  m.act = c.text("hidden_act", "silu");
  d.make_layer = [m](const DecoderConfig& config, int layer) {
    return std::make_shared<MixerLayer>(config.norm, config.hidden_size, std::make_shared<MambaMixer>(m, layer));
  };
  return d;
}

}  // namespace

Family mamba_family() {
  return decoder_family("mamba", read,
                        {{"mamba"},
                         state_space_gguf_names({{"blk.{}.ssm_x", "backbone.layers.{}.mixer.x_proj"},
                                                 {"blk.{}.ssm_dt", "backbone.layers.{}.mixer.dt_proj"}})});
}

}  // namespace ef
