// DeepSeek-V3: keys and values made from a small latent, which is all that the cache holds; experts by the best groups
// of sigmoid scores; dense MLPs in the first layers.
// DeepSeek-AI, "DeepSeek-V2", 2024 (multi-head latent attention), and "DeepSeek-V3 Technical Report", 2024.
#include "models/deepseek_v3/deepseek_v3.h"

#include <cmath>

#include "autograd/autograd.h"
#include "models/common/moe.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct LatentConfig {
  int64_t hidden, heads, q_rank, kv_rank, rope, nope, value;  // q_rank 0: queries are projected directly
  double eps, scale, dropout;
  bool bias, interleaved;
};

std::shared_ptr<Module> linear(int64_t in, int64_t out, bool bias) { return std::make_shared<Linear>(in, out, bias); }

class LatentAttention : public Block {
 public:
  LatentAttention(const LatentConfig& c, int layer)
      : config_(c),
        layer_(layer),
        kv_a_proj_with_mqa_(*this, "kv_a_proj_with_mqa", linear(c.hidden, c.kv_rank + c.rope, c.bias)),
        kv_a_layernorm_(*this, "kv_a_layernorm", make_norm({NormConfig::Rms, 1e-6}, c.kv_rank)),
        kv_b_proj_(*this, "kv_b_proj", linear(c.kv_rank, c.heads * (c.nope + c.value), false)),
        o_proj_(*this, "o_proj", linear(c.heads * c.value, c.hidden, c.bias)) {
    const int64_t q_rows = c.heads * (c.nope + c.rope);
    if (!c.q_rank) {
      q_proj_.emplace(*this, "q_proj", linear(c.hidden, q_rows, false));
      return;
    }
    q_a_proj_.emplace(*this, "q_a_proj", linear(c.hidden, c.q_rank, c.bias));
    q_a_layernorm_.emplace(*this, "q_a_layernorm", make_norm({NormConfig::Rms, 1e-6}, c.q_rank));
    q_b_proj_.emplace(*this, "q_b_proj", linear(c.q_rank, q_rows, false));
  }
  std::string class_name() const override { return "DeepseekV3Attention"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    const LatentConfig& c = config_;
    const Tensor projected = q_proj_ ? (**q_proj_)(x) : (**q_b_proj_)((**q_a_layernorm_)((**q_a_proj_)(x)));
    const Tensor heads = projected.unflatten(2, {c.heads, -1}).transpose(1, 2);
    const Tensor compressed = (*kv_a_proj_with_mqa_)(x);
    const Rope::Rows& turn = pass.ropes.at(0);
    const Tensor q = cat({heads.narrow(3, 0, c.nope), rope(heads.narrow(3, c.nope, c.rope), turn)}, 3);
    KvView kv{(*kv_a_layernorm_)(compressed.narrow(2, 0, c.kv_rank)).unsqueeze(1),
              rope(compressed.narrow(2, c.kv_rank, c.rope).unsqueeze(1), turn)};
    if (pass.cache) {
      kv = pass.cache->append(layer_, kv.keys, kv.values);
      check<UnsupportedError>(!kv.packed_keys.count, "DeepSeek-V3 with a quantized cache is not supported");
    }
    AttentionOptions options;
    options.scale = c.scale;
    options.causal = !pass.bias.defined();
    options.q_offset = pass.past;
    options.key_mask = pass.key_mask;
    options.bias = pass.bias;
    options.dropout = training() ? c.dropout : 0;
    if (const Tensor w = latent_matrix(x.size(1), pass); w.defined()) {
      const Tensor mixed = attention_over_latents(q, kv, w, options);
      return (*o_proj_)(mixed.transpose(1, 2).flatten(2, 3));
    }
    const Tensor both = (*kv_b_proj_)(kv.keys.select(1, 0)).unflatten(2, {c.heads, -1}).transpose(1, 2);
    const Tensor turned = kv.values.expand({kv.values.size(0), c.heads, kv.values.size(2), c.rope});
    const Tensor k = cat({both.narrow(3, 0, c.nope), turned}, 3), v = both.narrow(3, c.nope, c.value);
    if (pass.want_weights) pass.weights = attention_weights(q, k, options);
    return (*o_proj_)(attention(q, k, v, options).transpose(1, 2).flatten(2, 3));
  }

 private:
  // The dense matrix [heads, nope + value, rank] that makes keys and values of latents, where a step over a long past
  // is cheaper without making them: a few queries, no gradients, nothing wrapped around the layer.
  Tensor latent_matrix(int64_t queries, const Pass& pass) const {
    if (queries > 4 || pass.past < 2 * queries || grad_enabled() || pass.want_weights) return {};
    const auto layer = std::dynamic_pointer_cast<Linear>(kv_b_proj_.ptr());
    const Tensor w = layer && layer->plain() && !layer->bias ? layer->weight.tensor() : Tensor();
    return w.defined() ? computing(w.unflatten(0, {config_.heads, -1})) : w;
  }

  // Queries are turned into the latents' space and what they find there into values: all heads read the same latents.
  Tensor attention_over_latents(const Tensor& q, const KvView& kv, const Tensor& w,
                                const AttentionOptions& options) const {
    const LatentConfig& c = config_;
    const Tensor to_keys = w.narrow(1, 0, c.nope).unsqueeze(0), to_values = w.narrow(1, c.nope, c.value).unsqueeze(0);
    const Tensor latent = matmul(q.narrow(3, 0, c.nope), to_keys);
    const Tensor found =
        attention(cat({latent, q.narrow(3, c.nope, c.rope)}, 3), cat({kv.keys, kv.values}, 3), kv.keys, options);
    return matmul(found, to_values.transpose(2, 3));
  }

  // Pairs that stand side by side come out half a head apart, as the real library leaves them; scores are the same, but
  // not what the cache holds.
  Tensor rope(const Tensor& x, const Rope::Rows& turn) const {
    if (!config_.interleaved) return ef::rope(x, turn.cos, turn.sin, false);
    const Tensor apart = x.unflatten(3, {-1, 2}).transpose(3, 4).flatten(3, 4);
    return ef::rope(apart, turn.cos, turn.sin, false);
  }
  const LatentConfig config_;
  const int layer_;
  std::optional<Child<Module>> q_proj_, q_a_proj_, q_a_layernorm_, q_b_proj_;
  Child<Module> kv_a_proj_with_mqa_, kv_a_layernorm_, kv_b_proj_, o_proj_;
};

DecoderConfig read(const ConfigReader& raw) {
  const ConfigReader c = raw.renamed({{"n_routed_experts", "num_local_experts"}});
  DecoderConfig d = read_decoder(c);
  LatentConfig a{};
  a.hidden = d.hidden_size;
  a.heads = d.attention.heads;
  a.q_rank = c.size("q_lora_rank", 0);
  a.kv_rank = c.size("kv_lora_rank");
  a.rope = c.size("qk_rope_head_dim");
  a.nope = c.size("qk_nope_head_dim");
  a.value = c.size("v_head_dim");
  a.dropout = d.attention.dropout;
  a.bias = c.flag("attention_bias", false);
  a.interleaved = c.flag("rope_interleave", true);
  a.scale = 1 / std::sqrt(double(a.nope + a.rope));
  const RopeParameters& rope = d.ropes[0];
  if (rope.type != "default" && rope.mscale_all_dim && rope.factor > 1) {
    const double mscale = 0.1 * rope.mscale_all_dim * std::log(rope.factor) + 1;
    a.scale *= mscale * mscale;
  }
  d.attention.head_dim = a.rope;  // what is rotated
  d.make_attention = [a](const AttentionConfig&, int layer) { return std::make_shared<LatentAttention>(a, layer); };

  MoeConfig moe = read_moe(c, d.hidden_size, c.size("moe_intermediate_size"));
  moe.scoring = MoeConfig::Sigmoid;
  moe.normalize = c.flag("norm_topk_prob", true);
  moe.scale = c.number("routed_scaling_factor", 1);
  moe.groups = c.size("n_group", 1);
  moe.chosen_groups = c.size("topk_group", 1);
  check<ConfigError>(moe.experts % moe.groups == 0 && moe.chosen_groups <= moe.groups &&
                         moe.top_k <= moe.experts / moe.groups * moe.chosen_groups,
                     "config.json: n_group = ", moe.groups, " and topk_group = ", moe.chosen_groups, " don't fit ",
                     moe.experts, " experts, ", moe.top_k, " a token");
  moe.shared = "shared_experts";
  moe.shared_size = moe.intermediate_size * c.size("n_shared_experts", 1);
  use_moe(c, moe, d);
  d.experts_per_token = 0;  // balanced by the correction, not by a loss
  const int64_t dense = c.integer("first_k_dense_replace", 0);
  d.make_mlp = [made = d.make_mlp, dense](const DecoderConfig& config, int layer) {
    return layer < dense ? nullptr : made(config, layer);
  };
  return d;
}

std::vector<std::pair<std::string, std::string>> gguf_names() {
  const std::string attention = "model.layers.{}.self_attn.", mlp = "model.layers.{}.mlp.";
  std::vector<std::pair<std::string, std::string>> names = {
      {"blk.{}.attn_q_a", attention + "q_a_proj"},
      {"blk.{}.attn_q_a_norm", attention + "q_a_layernorm"},
      {"blk.{}.attn_q_b", attention + "q_b_proj"},
      {"blk.{}.attn_kv_a_mqa", attention + "kv_a_proj_with_mqa"},
      {"blk.{}.attn_kv_a_norm", attention + "kv_a_layernorm"},
      {"blk.{}.attn_k_b.weight|blk.{}.attn_v_b.weight", attention + "kv_b_proj.weight"},
      {"blk.{}.attn_kv_b", attention + "kv_b_proj"},  // of older files
      {"blk.{}.exp_probs_b.bias", mlp + "gate.e_score_correction_bias"},
  };
  for (const char* part : {"gate", "up", "down"})
    names.emplace_back(str("blk.{}.ffn_", part, "_shexp"), str(mlp, "shared_experts.", part, "_proj"));
  return moe_gguf_names(std::move(names));
}

}  // namespace

Family deepseek_v3_family() { return decoder_family("deepseek_v3", read, {{"deepseek2"}, gguf_names()}); }

}  // namespace ef
