// Mamba-2: one decay a head, inputs and outputs of the state shared by groups of heads, a gated norm behind.
#include "models/mamba2/mamba2.h"

#include <cmath>

#include "models/common/recurrent.h"
#include "ops/ops.h"
#include "ops/recurrence.h"

namespace ef {
namespace {

struct MixerConfig {
  int64_t hidden, heads, head_dim, states, groups, taps;
  double eps, least_step, most_step;
  bool bias, conv_bias;
  std::string act;
  int64_t inner() const { return heads * head_dim; }
  int64_t mixed() const { return inner() + 2 * groups * states; }
};

class Mamba2Mixer : public Block {
 public:
  Mamba2Mixer(const MixerConfig& c, int layer)
      : config_(c),
        layer_(layer),
        dt_bias_(*this, "dt_bias", {c.heads}),
        A_log_(*this, "A_log", {c.heads}),
        D_(*this, "D", {c.heads}),
        conv1d_(*this, "conv1d", std::make_shared<DepthwiseConv>(c.mixed(), c.taps, c.conv_bias)),
        act_(*this, "act", std::make_shared<ActivationLayer>(c.act)),
        in_proj_(*this, "in_proj", std::make_shared<Linear>(c.hidden, c.inner() + c.mixed() + c.heads, c.bias)),
        norm_(*this, "norm", std::make_shared<GatedNorm>(c.inner(), c.eps, c.groups, true)),
        out_proj_(*this, "out_proj", std::make_shared<Linear>(c.inner(), c.hidden, c.bias)) {}
  std::string class_name() const override { return "Mamba2Mixer"; }
  using Module::forward;
  Tensor forward(const Tensor& in, Pass& pass) override {
    const MixerConfig& c = config_;
    RecurrentCache::State* state = state_of(pass, layer_);
    const std::vector<Tensor> parts = split((*in_proj_)(without_padding(in, pass)), {c.inner(), c.mixed(), c.heads}, 2);
    const Tensor mixed = without_padding((*act_)(conv1d_->over(parts[1], state)), pass);
    const std::vector<Tensor> xbc = split(mixed, {c.inner(), c.groups * c.states, c.groups * c.states}, 2);
    auto grouped = [&](const Tensor& t) { return t.unflatten(2, {c.groups, c.states}); };
    auto channels = [&](const Tensor& a_head) { return repeat_interleave(a_head, c.head_dim, -1); };
    const Tensor dt =
        clamp(softplus(add(parts[2], computing(dt_bias_.tensor()))), Scalar(c.least_step), Scalar(c.most_step));
    const Tensor a = neg(exp(computing(A_log_.tensor())));
    const Recurrence scan = selective_scan(xbc[0], channels(dt), channels(a).unsqueeze(-1), grouped(xbc[1]),
                                           grouped(xbc[2]), state ? state->state : Tensor());
    if (state) state->state = scan.state;
    const Tensor y = add(scan.y, mul(xbc[0], channels(computing(D_.tensor()))));
    return (*out_proj_)(norm_->apply(y, parts[0]));
  }

 private:
  const MixerConfig config_;
  const int layer_;
  Parameter dt_bias_, A_log_, D_;
  Child<DepthwiseConv> conv1d_;
  Child<Module> act_, in_proj_;
  Child<GatedNorm> norm_;
  Child<Module> out_proj_;
};

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_state_space(c);
  MixerConfig m{};
  m.hidden = d.hidden_size;
  m.heads = c.size("num_heads");
  m.head_dim = c.size("head_dim");
  m.states = c.size("state_size", 128);
  m.groups = c.size("n_groups", 1);
  m.taps = c.size("conv_kernel", 4);
  m.eps = d.norm.eps;
  const std::vector<double> limits = c.numbers("time_step_limit");
  m.least_step = limits.size() == 2 ? limits[0] : 0;
  m.most_step = limits.size() == 2 ? limits[1] : INFINITY;
  m.bias = c.flag("use_bias", false);
  m.conv_bias = c.flag("use_conv_bias", true);
  m.act = c.text("hidden_act", "silu");
  check<ConfigError>(int64_t(c.number("expand", 2) * double(d.hidden_size)) == m.inner(),
                     "Inconsistent configuration: hidden_size * expand must equal num_heads * head_dim (", m.inner(),
                     ").");
  check<ConfigError>(m.heads % m.groups == 0, "config.json: num_heads (", m.heads, ") must be a multiple of n_groups (",
                     m.groups, ")");
  d.make_layer = [m](const DecoderConfig& config, int layer) {
    return std::make_shared<MixerLayer>(config.norm, config.hidden_size, std::make_shared<Mamba2Mixer>(m, layer));
  };
  return d;
}

}  // namespace

Family mamba2_family() {
  return decoder_family("mamba2", read,
                        {{"mamba2"},
                         state_space_gguf_names({{"blk.{}.ssm_norm", "backbone.layers.{}.mixer.norm"},
                                                 {"blk.{}.ssm_dt.bias", "backbone.layers.{}.mixer.dt_bias"}})});
}

}  // namespace ef
