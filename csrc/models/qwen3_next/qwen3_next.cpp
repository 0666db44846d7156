// Qwen3-Next: three layers of gated delta networks to one of gated attention, experts with a shared one in all.
#include "models/qwen3_next/qwen3_next.h"

#include <cmath>

#include "models/common/moe.h"
#include "models/common/recurrent.h"
#include "ops/ops.h"
#include "ops/recurrence.h"

namespace ef {
namespace {

struct DeltaConfig {
  int64_t hidden, key_heads, value_heads, key_dim, value_dim, taps;
  double eps;
  std::string act;
  int64_t keys() const { return key_heads * key_dim; }
  int64_t values() const { return value_heads * value_dim; }
};

std::shared_ptr<Module> linear(int64_t in, int64_t out) { return std::make_shared<Linear>(in, out, false); }

Tensor unit(const Tensor& x) {  // along the last dimension
  return div(x, sqrt(add(sum(mul(x, x), {-1}, true), Scalar(1e-6))));
}

class GatedDeltaNet : public Block {
 public:
  GatedDeltaNet(const DeltaConfig& c, int layer)
      : config_(c),
        layer_(layer),
        dt_bias_(*this, "dt_bias", {c.value_heads}),
        A_log_(*this, "A_log", {c.value_heads}),
        conv1d_(*this, "conv1d", std::make_shared<DepthwiseConv>(2 * c.keys() + c.values(), c.taps, false)),
        act_(*this, "act", std::make_shared<ActivationLayer>(c.act)),
        in_proj_qkvz_(*this, "in_proj_qkvz", linear(c.hidden, 2 * c.keys() + 2 * c.values())),
        in_proj_ba_(*this, "in_proj_ba", linear(c.hidden, 2 * c.value_heads)),
        norm_(*this, "norm", std::make_shared<GatedNorm>(c.value_dim, c.eps, 1, false)),
        out_proj_(*this, "out_proj", linear(c.values(), c.hidden)) {}
  std::string class_name() const override { return "Qwen3NextGatedDeltaNet"; }
  using Module::forward;
  Tensor forward(const Tensor& in, Pass& pass) override {
    const DeltaConfig& c = config_;
    RecurrentCache::State* state = state_of(pass, layer_);
    const Tensor x = without_padding(in, pass);
    const int64_t times = c.value_heads / c.key_heads;  // value heads of a key head, whose rows stand together
    const std::vector<Tensor> qkvz = split((*in_proj_qkvz_)(x).unflatten(2, {c.key_heads, -1}),
                                           {c.key_dim, c.key_dim, times * c.value_dim, times * c.value_dim}, 3);
    const std::vector<Tensor> ba = split((*in_proj_ba_)(x).unflatten(2, {c.key_heads, -1}), {times, times}, 3);
    const Tensor joined = cat({qkvz[0].flatten(2, 3), qkvz[1].flatten(2, 3), qkvz[2].flatten(2, 3)}, 2);
    const std::vector<Tensor> qkv = split((*act_)(conv1d_->over(joined, state)), {c.keys(), c.keys(), c.values()}, 2);
    auto keys = [&](const Tensor& t) {
      return repeat_interleave(unit(t.unflatten(2, {c.key_heads, c.key_dim})), times, 2);
    };
    const Tensor steps = softplus(add(ba[1].flatten(2, 3), computing(dt_bias_.tensor())));
    const Tensor g = neg(mul(exp(computing(A_log_.tensor())), steps));
    const Recurrence out = gated_delta_rule(mul(keys(qkv[0]), Scalar(1 / std::sqrt(double(c.key_dim)))), keys(qkv[1]),
                                            qkv[2].unflatten(2, {c.value_heads, c.value_dim}), g,
                                            sigmoid(ba[0].flatten(2, 3)), state ? state->state : Tensor());
    if (state) state->state = out.state;
    const Tensor z = qkvz[3].reshape(out.y.shape());
    return (*out_proj_)(norm_->apply(out.y, z).flatten(2, 3));
  }

 private:
  const DeltaConfig config_;
  const int layer_;
  Parameter dt_bias_, A_log_;
  Child<DepthwiseConv> conv1d_;
  Child<Module> act_, in_proj_qkvz_, in_proj_ba_;
  Child<GatedNorm> norm_;
  Child<Module> out_proj_;
};

// Attention whose output passes a sigmoid of the input; q_proj holds both, head by head.
class GatedAttention : public Block {
 public:
  GatedAttention(const AttentionConfig& c, int layer)
      : config_(c),
        layer_(layer),
        q_proj_(*this, "q_proj", made(2 * c.heads)),
        k_proj_(*this, "k_proj", made(c.kv_heads)),
        v_proj_(*this, "v_proj", made(c.kv_heads)),
        o_proj_(*this, "o_proj", std::make_shared<Linear>(c.heads * c.head_dim, c.hidden_size, c.output_bias)),
        q_norm_(*this, "q_norm", make_norm(c.norm, c.head_dim)),
        k_norm_(*this, "k_norm", make_norm(c.norm, c.head_dim)) {}
  std::string class_name() const override { return "Qwen3NextAttention"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    const AttentionConfig& c = config_;
    const std::vector<Tensor> qkv = apply_all(x, {&q_proj_, &k_proj_, &v_proj_});
    const std::vector<Tensor> both = chunk(qkv[0].unflatten(2, {c.heads, 2 * c.head_dim}), 2, 3);
    auto heads = [&](const Tensor& t) { return t.unflatten(2, {-1, c.head_dim}); };
    const Rope::Rows& turn = pass.ropes.at(0);
    const Tensor q = rope((*q_norm_)(both[0]).transpose(1, 2), turn.cos, turn.sin);
    KvView kv{rope((*k_norm_)(heads(qkv[1])).transpose(1, 2), turn.cos, turn.sin), heads(qkv[2]).transpose(1, 2)};
    if (pass.cache) kv = pass.cache->append(layer_, kv.keys, kv.values);
    AttentionOptions options;
    options.causal = !pass.bias.defined();
    options.q_offset = pass.past;
    options.key_mask = pass.key_mask;
    options.bias = pass.bias;
    options.dropout = training() ? c.dropout : 0;
    if (pass.want_weights) pass.weights = attention_weights(q, kv.keys, options);
    const Tensor mixed = attention(q, kv.keys, kv.values, options).transpose(1, 2).flatten(2, 3);
    return (*o_proj_)(mul(mixed, sigmoid(both[1].flatten(2, 3))));
  }

 private:
  std::shared_ptr<Module> made(int64_t heads) const {
    return std::make_shared<Linear>(config_.hidden_size, heads * config_.head_dim, config_.qkv_bias);
  }
  const AttentionConfig config_;
  const int layer_;
  Child<Module> q_proj_, k_proj_, v_proj_, o_proj_, q_norm_, k_norm_;
};

DecoderConfig read(const ConfigReader& c) {
  DecoderConfig d = read_decoder(c);
  d.names.qa_base = "transformer";
  d.norm.kind = d.attention.norm.kind = NormConfig::RmsUnitOffset;
  d.attention.qkv_bias = d.attention.output_bias = c.flag("attention_bias", false);
  DeltaConfig delta{};
  delta.hidden = d.hidden_size;
  delta.key_heads = c.size("linear_num_key_heads", 16);
  delta.value_heads = c.size("linear_num_value_heads", 32);
  delta.key_dim = c.size("linear_key_head_dim", 128);
  delta.value_dim = c.size("linear_value_head_dim", 128);
  delta.taps = c.size("linear_conv_kernel_dim", 4);
  delta.eps = d.norm.eps;
  delta.act = d.hidden_act;
  check<ConfigError>(delta.value_heads % delta.key_heads == 0, "config.json: linear_num_value_heads (",
                     delta.value_heads, ") must be a multiple of linear_num_key_heads (", delta.key_heads, ")");
  const std::vector<std::string> types = c.texts("layer_types");
  check<ConfigError>(types.empty() || int64_t(types.size()) == d.layers, "config.json: 'layer_types' has ",
                     types.size(), " entries, needed num_hidden_layers = ", d.layers);
  for (int64_t i = 0; i < d.layers; i++)
    d.recurrent.push_back(types.empty() ? (i + 1) % 4 != 0 : types[size_t(i)] == "linear_attention");
  d.make_attention = [](const AttentionConfig& a, int layer) { return std::make_shared<GatedAttention>(a, layer); };
  d.make_layer = [delta](const DecoderConfig& config, int layer) {
    DecoderConfig own = config;
    own.make_layer = nullptr;
    if (config.recurrent[size_t(layer)]) {
      own.names.attention = "linear_attn";
      own.make_attention = [delta](const AttentionConfig&, int index) {
        return std::make_shared<GatedDeltaNet>(delta, index);
      };
    }
    return std::make_shared<DecoderLayer>(own, layer);
  };
  MoeConfig moe = read_moe(c, d.hidden_size, c.size("moe_intermediate_size"));
  moe.normalize = c.flag("norm_topk_prob", true);
  moe.shared_size = c.size("shared_expert_intermediate_size");
  moe.shared_gate = "shared_expert_gate";
  use_moe(c, moe, d);
  return d;
}

std::vector<std::pair<std::string, std::string>> gguf_names() {
  const std::string layer = "model.layers.{}.", delta = layer + "linear_attn.";
  return moe_gguf_names({
      {"blk.{}.post_attention_norm", layer + "post_attention_layernorm"},
      {"blk.{}.attn_q_norm", layer + "self_attn.q_norm"},
      {"blk.{}.attn_k_norm", layer + "self_attn.k_norm"},
      {"blk.{}.attn_qkv.weight|blk.{}.attn_gate.weight", delta + "in_proj_qkvz.weight"},
      {"blk.{}.ssm_in", delta + "in_proj_qkvz"},  // of older files
      {"blk.{}.ssm_ba", delta + "in_proj_ba"},
      {"blk.{}.ssm_conv1d", delta + "conv1d"},
      {"blk.{}.ssm_dt.bias", delta + "dt_bias"},
      {"blk.{}.ssm_a", delta + "A_log"},
      {"blk.{}.ssm_norm", delta + "norm"},
      {"blk.{}.ssm_out", delta + "out_proj"},
  });
}

}  // namespace

Family qwen3_next_family() { return decoder_family("qwen3_next", read, {{"qwen3next"}, gguf_names(), false, true}); }

}  // namespace ef
