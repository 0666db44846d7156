#include "models/common/moe.h"

#include <algorithm>
#include <cmath>

#include "ops/ops.h"

namespace ef {

MoeConfig read_moe(const ConfigReader& c, int64_t hidden, int64_t intermediate) {
  MoeConfig m;
  m.hidden_size = hidden;
  m.intermediate_size = intermediate;
  m.experts = c.size(c.has("num_local_experts") ? "num_local_experts" : "num_experts");
  m.top_k = c.size("num_experts_per_tok");
  check<ConfigError>(m.experts <= 65536 && m.top_k <= m.experts, "config.json: num_experts_per_tok = ", m.top_k, " of ",
                     m.experts, " experts; needed no more than there are, and at most 65536");
  m.act = c.text("hidden_act", "silu");
  return m;
}

void use_moe(const ConfigReader& c, const MoeConfig& moe, DecoderConfig& d) {
  d.experts_per_token = moe.top_k;
  d.aux_weight = c.number("router_aux_loss_coef", 0);
  const int64_t step = c.size("decoder_sparse_step", 1);
  std::vector<int64_t> dense;
  for (double layer : c.numbers("mlp_only_layers")) dense.push_back(int64_t(layer));
  d.make_mlp = [moe, step, dense](const DecoderConfig&, int layer) -> std::shared_ptr<Module> {
    if ((layer + 1) % step || std::find(dense.begin(), dense.end(), layer) != dense.end()) return nullptr;
    return std::make_shared<MoeBlock>(moe);
  };
}

std::vector<std::pair<std::string, std::string>> moe_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra) {
  for (const char* part : {"gate", "up", "down"}) {
    extra.emplace_back(str("blk.{}.ffn_", part, "_exps"), str("model.layers.{}.mlp.experts.{e}.", part, "_proj"));
    extra.emplace_back(str("blk.{}.ffn_", part, "_shexp"), str("model.layers.{}.mlp.shared_expert.", part, "_proj"));
  }
  extra.emplace_back("blk.{}.ffn_gate_inp", "model.layers.{}.mlp.gate");
  extra.emplace_back("blk.{}.ffn_gate_inp_shexp", "model.layers.{}.mlp.shared_expert_gate");
  return decoder_gguf_names(std::move(extra));
}

Router::Router(const MoeConfig& c, bool correction) : Linear(c.hidden_size, c.experts, false), config_(c) {
  if (!correction) return;
  correction_ = std::make_unique<Parameter>(*this, "e_score_correction_bias", Shape{c.experts}, true);
  correction_->set(Tensor::zeros({c.experts}));
}

Router::Choice Router::choose(const Tensor& x) {
  Choice out;
  out.logits = (*this)(x);
  const bool sigmoids = config_.scoring == MoeConfig::Sigmoid;
  const Tensor scores = sigmoids ? sigmoid(out.logits) : softmax(out.logits, -1);
  Tensor ranks = scores.detach();
  if (correction_) ranks = add(ranks, computing(correction_->tensor()));
  if (sigmoids && config_.groups > 1) {  // the two best of a group speak for it
    const int64_t tokens = x.size(0), size = config_.experts / config_.groups;
    const Tensor grouped = ranks.reshape({tokens, config_.groups, size});
    const Tensor best = sum(topk(grouped, std::min<int64_t>(2, size)).first, {-1});
    const Tensor open = scatter(Tensor::zeros(best.shape()), 1, topk(best, config_.chosen_groups).second, Scalar(1.0));
    ranks = where(eq(open, Scalar(0)).unsqueeze(-1), Tensor::full({1}, Scalar(-INFINITY)), grouped).flatten(1, 2);
  }
  out.experts = topk(ranks, config_.top_k).second;
  out.weights = gather(scores, 1, out.experts);
  if (config_.normalize) {
    const Tensor total = sum(out.weights, {-1}, true);
    out.weights = div(out.weights, sigmoids ? add(total, Scalar(1e-20)) : total);
  }
  if (config_.scale != 1) out.weights = mul(out.weights, Scalar(config_.scale));
  return out;
}

Tensor mix_experts(const Tensor& x, const Router::Choice& choice, int64_t experts,
                   const std::function<Tensor(int64_t, const Tensor&)>& run) {
  const int64_t slots = choice.experts.size(1), count = choice.experts.numel();
  const Tensor chosen = choice.experts.contiguous();
  const int64_t* expert = chosen.data<int64_t>();
  std::vector<std::vector<int64_t>> of(static_cast<size_t>(experts));  // places (token · slots + slot) of each expert
  for (int64_t i = 0; i < count; i++) of[size_t(expert[i])].push_back(i);
  std::vector<Tensor> parts;
  std::vector<int64_t> place(static_cast<size_t>(count));  // where a place's result stands behind the others
  int64_t done = 0;
  for (int64_t e = 0; e < experts; e++) {
    const std::vector<int64_t>& places = of[size_t(e)];
    if (places.empty()) continue;
    std::vector<int64_t> tokens;
    for (int64_t p : places) {
      tokens.push_back(p / slots);
      place[size_t(p)] = done++;
    }
    parts.push_back(run(e, index_select(x, 0, Tensor::from_data(tokens))));
  }
  const Tensor y = index_select(parts.size() == 1 ? parts[0] : cat(parts, 0), 0, Tensor::from_data(place));
  return sum(mul(y.unflatten(0, {-1, slots}), choice.weights.unsqueeze(-1)), {1});
}

MoeBlock::MoeBlock(const MoeConfig& c)
    : config_(c),
      gate_(*this, c.gate, std::make_shared<Router>(c, c.scoring == MoeConfig::Sigmoid)),
      experts_(*this, "experts", std::make_shared<ModuleList>()) {
  auto mlp = [&](int64_t width, const MlpNames& names) {
    return std::make_shared<GatedMlp>(c.hidden_size, width, c.act, false, false, names);
  };
  for (int64_t i = 0; i < c.experts; i++) experts_->append(mlp(c.intermediate_size, c.names));
  if (c.shared_size) shared_.emplace(*this, c.shared, mlp(c.shared_size, {}));
  if (!c.shared_gate.empty())
    shared_gate_.emplace(*this, c.shared_gate, std::make_shared<Linear>(c.hidden_size, 1, false));
}

Tensor MoeBlock::forward(const Tensor& in, Pass& pass) {
  Tensor x = in.flatten(0, 1);
  if (training() && config_.jitter > 0) {
    Tensor noise = Tensor::empty(x.shape(), x.dtype());
    x = mul(x, uniform_(noise, 1 - config_.jitter, 1 + config_.jitter));
  }
  const Router::Choice choice = gate_->choose(x);
  if (pass.want_router) pass.router_logits.push_back(choice.logits);
  const auto experts = experts_->child_modules();
  check<ConfigError>(int64_t(experts.size()) == config_.experts, "experts: found ", experts.size(), ", needed ",
                     config_.experts);
  Tensor y = mix_experts(x, choice, config_.experts,
                         [&](int64_t e, const Tensor& rows) { return (*experts[size_t(e)])(rows); });
  if (shared_) {
    Tensor all = (**shared_)(x);
    if (shared_gate_) all = mul(sigmoid((**shared_gate_)(x)), all);
    y = add(y, all);
  }
  return y.view(in.shape());
}

Tensor load_balancing_loss(const std::vector<Tensor>& logits, int64_t top_k, const Tensor& attention_mask) {
  check<ConfigError>(!logits.empty(), "router logits: no layer of the model has experts");
  const int64_t experts = logits[0].size(1);
  Tensor keep;  // [tokens, 1]
  if (attention_mask.defined()) {
    keep = attention_mask.to(DType::Float32).reshape({-1, 1});
    check<ShapeError>(keep.size(0) == logits[0].size(0), "attention_mask: found shape ", attention_mask.shape(),
                      ", needed one number for each of ", logits[0].size(0), " tokens");
  }
  Tensor counts = Tensor::zeros({experts}), probabilities = Tensor::zeros({experts});
  double rows = 0;
  for (const Tensor& layer : logits) {
    const Tensor p = softmax(layer, -1);
    Tensor hit = scatter(Tensor::zeros(p.shape()), 1, topk(p.detach(), top_k).second, Scalar(1.0));
    rows += keep.defined() ? double(sum(keep).item<float>()) : double(p.size(0));
    counts = add(counts, sum(keep.defined() ? mul(hit, keep) : hit, {0}));
    probabilities = add(probabilities, sum(keep.defined() ? mul(p, keep) : p, {0}));
  }
  return mul(sum(mul(counts, probabilities)), Scalar(double(experts) / (rows * rows)));
}

}  // namespace ef
