#include "models/common/decoder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <typeinfo>
#include <utility>

#include "autograd/memory.h"
#include "core/half.h"
#include "kernels/gemm.h"
#include "kernels/quant.h"
#include "models/common/decoder_step.h"
#include "models/common/heads.h"
#include "models/common/layers.h"
#include "models/common/moe.h"
#include "nn/recurrent_cache.h"
#include "ops/helpers.h"
#include "ops/ops.h"
#include "quantizers/linear_loss.h"

namespace ef {

Tensor computing(const Tensor& weight) { return weight.to(real_compute(weight.dtype())); }

DecoderConfig read_decoder(const ConfigReader& c) {
  DecoderConfig d;
  d.vocab_size = c.size("vocab_size");
  d.hidden_size = c.size("hidden_size");
  d.intermediate_size = c.size("intermediate_size");
  d.layers = c.integer("num_hidden_layers", 0);
  check<ConfigError>(d.layers >= 0 && d.layers <= 10000, "config.json: 'num_hidden_layers' is ", d.layers,
                     ", needed a whole number from 0 to 10000");
  AttentionConfig& a = d.attention;
  a.hidden_size = d.hidden_size;
  a.heads = c.size("num_attention_heads");
  a.kv_heads = c.size("num_key_value_heads", a.heads);
  check<ConfigError>(a.heads % a.kv_heads == 0, "config.json: num_attention_heads (", a.heads,
                     ") must be a multiple of num_key_value_heads (", a.kv_heads, ")");
  if (c.has("head_dim"))
    a.head_dim = c.size("head_dim");
  else {
    check<ConfigError>(d.hidden_size % a.heads == 0, "The hidden size (", d.hidden_size,
                       ") is not a multiple of the number of attention heads (", a.heads, ").");
    a.head_dim = d.hidden_size / a.heads;
  }
  a.dropout = c.number("attention_dropout", 0);
  d.norm.eps = a.norm.eps = c.number("rms_norm_eps", 1e-6);
  d.hidden_act = c.text("hidden_act", "silu");
  d.ropes = {read_rope(c)};
  d.padding_idx = c.integer("pad_token_id", -1);
  d.use_cache = c.flag("use_cache", true);
  return d;
}

std::vector<bool> sliding_layers(const ConfigReader& c, int64_t layers, int64_t pattern) {
  const std::vector<std::string> types = c.texts("layer_types");
  check<ConfigError>(types.empty() || int64_t(types.size()) == layers, "config.json: 'layer_types' has ", types.size(),
                     " entries, needed num_hidden_layers = ", layers);
  std::vector<bool> out;
  for (const std::string& type : types) {
    check<ConfigError>(type == "full_attention" || type == "sliding_attention", "config.json: layer type '", type,
                       "' is unknown here, needed full_attention or sliding_attention");
    out.push_back(type == "sliding_attention");
  }
  if (types.empty() && pattern)
    for (int64_t i = 1; i <= layers; i++) out.push_back(i % pattern != 0);
  return out;
}

void read_windows(const ConfigReader& c, bool on_all, DecoderConfig& d, int64_t pattern) {
  const int64_t window = c.size("sliding_window", 0);
  for (bool slides : sliding_layers(c, d.layers, pattern)) d.windows.push_back(slides ? window : 0);
  if (d.windows.empty() && on_all && window) d.windows.assign(size_t(d.layers), window);
}

namespace {

std::shared_ptr<Block> make_attention(const DecoderConfig& c, int index) {
  AttentionConfig attention = c.attention;
  if (!c.windows.empty()) attention.window = c.windows[size_t(index)];
  if (!c.rope_of_layer.empty()) attention.rope = c.rope_of_layer[size_t(index)];
  attention.conv1d = c.conv1d;
  if (c.scale_by_layer) attention.scale /= index + 1;
  std::shared_ptr<Block> made = c.make_attention ? c.make_attention(attention, index) : nullptr;
  if (!made) made = std::make_shared<Attention>(attention, index);
  if (c.names.inner_attention.empty()) return made;
  return std::make_shared<NestedAttention>(c.names.inner_attention, made);
}

std::shared_ptr<Module> make_mlp(const DecoderConfig& c, int index) {
  if (c.make_mlp)
    if (auto made = c.make_mlp(c, index)) return made;
  if (c.mlp == MlpKind::Plain)
    return std::make_shared<PlainMlp>(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias, c.names.mlp_parts,
                                      c.conv1d);
  return std::make_shared<GatedMlp>(c.hidden_size, c.intermediate_size, c.hidden_act, c.mlp_bias,
                                    c.mlp == MlpKind::GatedFused, c.names.mlp_parts);
}

Tensor through(const std::optional<Child<Module>>& norm, const Tensor& x) { return norm ? (**norm)(x) : x; }

}  // namespace

NestedAttention::NestedAttention(const std::string& name, std::shared_ptr<Block> inner)
    : attention(*this, name, std::move(inner)) {}
Tensor NestedAttention::forward(const Tensor& x, Pass& pass) {
  return attention->call(x, [&](const Tensor& h) { return attention->forward(h, pass); });
}

DecoderLayer::DecoderLayer(const DecoderConfig& c, int index)
    : residual_scale(c.residual_scale),
      residual_dropout(c.residual_dropout),
      parallel(c.parallel),
      residual_from_norm(c.residual_from_norm),
      attention(*this, c.names.attention, make_attention(c, index)),
      mlp(*this, c.names.mlp, make_mlp(c, index)) {
  auto norm = [&](std::optional<Child<Module>>& slot, const std::string& name) {
    if (!name.empty()) slot.emplace(*this, name, make_norm(c.norm, c.hidden_size));
  };
  norm(before_attention, c.names.before_attention);
  norm(after_attention, c.names.after_attention);
  norm(before_mlp, c.names.before_mlp);
  norm(after_mlp, c.names.after_mlp);
}

Tensor DecoderLayer::forward(const Tensor& x, Pass& pass) {
  const Tensor in = through(before_attention, x);
  auto scaled = [&](const Tensor& y) {
    const Tensor kept = training() && residual_dropout > 0 ? dropout(y, residual_dropout) : y;
    return residual_scale == 1 ? kept : mul(kept, Scalar(residual_scale));
  };
  const auto through_mlp = [&](const Tensor& y) {
    const ModulePtr part = mlp.ptr();
    auto* routed = dynamic_cast<RoutedMlp*>(part.get());
    return routed ? routed->call(y, [&](const Tensor& h) { return routed->forward(h, pass); }) : (*mlp)(y);
  };
  const Tensor attended =
      through(after_attention, attention->call(in, [&](const Tensor& h) { return attention->forward(h, pass); }));
  const auto last = [&](const Tensor& t) { return pass.last ? t.narrow(1, t.size(1) - pass.last, pass.last) : t; };
  if (parallel) {
    const Tensor other = through(after_mlp, through_mlp(before_mlp ? (**before_mlp)(last(x)) : last(in)));
    return add(last(x), scaled(add(attended, other)));
  }
  const Tensor h = add(last(residual_from_norm ? in : x), scaled(attended));
  const Tensor normed = through(before_mlp, h);
  return add(residual_from_norm ? normed : h, scaled(through(after_mlp, through_mlp(normed))));
}

DecoderBody::DecoderBody(Module& owner, const DecoderConfig& c)
    : config(c),
      embed_tokens(owner, c.names.embeddings,
                   std::make_shared<Embedding>(c.vocab_size, c.embedding_size ? c.embedding_size : c.hidden_size,
                                               c.embedding_scale)),
      layers(owner, c.names.layers, std::make_shared<ModuleList>()) {
  if (c.embedding_size && c.embedding_size != c.hidden_size) {
    project_in.emplace(owner, "project_in", std::make_shared<Linear>(c.embedding_size, c.hidden_size, false));
    project_out.emplace(owner, "project_out", std::make_shared<Linear>(c.hidden_size, c.embedding_size, false));
  }
  if (c.positions)
    embed_positions.emplace(owner, c.names.positions, std::make_shared<Embedding>(c.positions, c.hidden_size));
  if (!c.names.embedding_norm.empty())
    embedding_norm.emplace(owner, c.names.embedding_norm, make_norm(c.norm, c.hidden_size));
  if (!c.names.norm.empty()) norm.emplace(owner, c.names.norm, make_norm(c.norm, c.hidden_size));
  for (size_t i = 0; i < c.ropes.size(); i++)
    rotary.push_back(
        std::make_unique<Child<RotaryEmbedding>>(owner, i ? str("rotary_emb_", i) : "rotary_emb",
                                                 std::make_shared<RotaryEmbedding>(c.ropes[i], c.attention.head_dim)));
  std::static_pointer_cast<Embedding>(embed_tokens.ptr())->padding_idx =
      c.padding_idx < c.vocab_size ? c.padding_idx : -1;
  for (int i = 0; i < c.layers; i++)
    layers->append(c.make_layer ? c.make_layer(c, i) : std::make_shared<DecoderLayer>(c, i));
}

namespace {

void set_mask(const Tensor& mask, int64_t batch, int64_t length, Pass& pass) {
  if (!mask.defined()) return;
  const int64_t keys = pass.past + length;
  if (mask.dim() == 4) {
    pass.bias = mask;
    return;
  }
  check<ShapeError>(mask.dim() == 2 && mask.size(0) == batch && mask.size(1) == keys, "attention_mask: found shape ",
                    mask.shape(), ", needed [", batch, ", ", keys, "] (", pass.past, " cached positions and ", length,
                    " new ones) or four dimensions");
  const Tensor keep = ne(mask, Scalar(0));
  const bool* k = keep.data<bool>();
  if (!std::all_of(k, k + keep.numel(), [](bool b) { return b; })) pass.key_mask = keep;
}

}  // namespace

namespace {

constexpr int64_t kInterruptTokens = 64;  // fewer are over before anybody waits

// Takes back what layers have put into the cache. Where a cache cannot, the error that stopped them tells more.
void take_back(const Pass& pass) {
  try {
    if (pass.cache && pass.past)
      pass.cache->crop(pass.past);
    else if (pass.cache)
      pass.cache->reset();
  } catch (const std::exception&) {
  }
}

// O. Press et al., "Train Short, Test Long: Attention with Linear Biases Enables Input Length Extrapolation", 2022.
// Softmax does not see the same number added to all keys, so a key's own position does for its distance.
Tensor alibi(const DecoderConfig& c, const Tensor& keep, int64_t keys) {
  const int64_t heads = c.attention.heads, batch = keep.defined() ? keep.size(0) : 1;
  const int64_t whole = int64_t(std::bit_floor(uint64_t(heads)));
  auto slope = [&](int64_t h) {
    const bool extra = h >= whole;
    const double base = std::exp2(-std::exp2(3 - std::log2(double(extra ? 2 * whole : whole))));
    return float(std::pow(base, double(extra ? 2 * (h - whole) + 1 : h + 1)));
  };
  const bool rounded = c.alibi == DecoderConfig::Alibi::Rounded;
  const auto round = [&](float v) { return rounded ? float(bfloat16(v)) : v; };
  const float scale = rounded ? float(1 / std::sqrt(double(c.attention.head_dim))) : 1;
  Tensor out = Tensor::empty({batch, heads, 1, keys});
  const Tensor mask = keep.defined() ? keep.contiguous() : keep;
  float* to = out.mutable_data<float>();
  for (int64_t b = 0; b < batch; b++)
    for (int64_t h = 0; h < heads; h++) {
      const float s = round(slope(h));
      for (int64_t k = 0, position = 0; k < keys; k++) {
        const bool counts = !mask.defined() || mask.data<bool>()[b * keys + k];
        *to++ = counts ? round(s * float(position)) * scale : 0;
        position += counts;
      }
    }
  return out;
}

}  // namespace

DecoderBody::~DecoderBody() = default;

Tensor DecoderBody::learned_positions(const ModelInput& in, const Tensor& positions, int64_t batch) const {
  const int64_t length = positions.size(1);
  Tensor rows = positions.to(DType::Int64);
  if (config.positions_from_mask && !in.position_ids.defined() && in.attention_mask.defined() &&
      in.attention_mask.dim() == 2) {
    const Tensor mask = in.attention_mask.to(DType::Int64), counted = cumsum(mask, 1);
    rows = sub(mul(counted, mask), Scalar(int64_t(1))).narrow(1, mask.size(1) - length, length);
  }
  const int64_t last = max(rows).item<int64_t>() + config.position_offset;
  check<IndexError>(last < config.positions, "position_ids: found position ", last - config.position_offset,
                    ", the model has ", config.positions - config.position_offset,
                    " (max_position_embeddings); shorten the input");
  return (**embed_positions)(config.position_offset ? add(rows, Scalar(config.position_offset)) : rows);
}

std::shared_ptr<KvCache> DecoderBody::new_cache() const {
  if (!config.recurrent.empty()) return std::make_shared<RecurrentCache>(config.recurrent);
  return std::make_shared<DynamicCache>(config.windows);
}

int64_t DecoderBody::anew_beyond() const {
  const RopeParameters* rope = config.anew_with_long_rope && !config.ropes.empty() ? &config.ropes[0] : nullptr;
  return rope && rope->type == "longrope" ? rope->original_max_position_embeddings : 0;
}

ModelOutput DecoderBody::forward(const ModelInput& in) {
  const int64_t width = config.embedding_size ? config.embedding_size : config.hidden_size;
  check<ConfigError>(in.input_ids.defined() != in.inputs_embeds.defined(),
                     "You must specify exactly one of input_ids or inputs_embeds");
  if (in.input_ids.defined())
    check<ShapeError>(in.input_ids.dim() == 2, "input_ids: found shape ", in.input_ids.shape(),
                      ", needed [batch, length]");
  else
    check<ShapeError>(in.inputs_embeds.dim() == 3 && in.inputs_embeds.size(2) == width, "inputs_embeds: found shape ",
                      in.inputs_embeds.shape(), ", needed [batch, length, ", width, "]");
  Tensor x = in.input_ids.defined() ? (*embed_tokens)(in.input_ids) : in.inputs_embeds;
  if (config.input_scale != 1) x = mul(x, Scalar(config.input_scale));
  const int64_t batch = x.size(0), length = x.size(1);
  check<ShapeError>(batch > 0 && length > 0, "input_ids: found shape [", batch, ", ", length,
                    "], needed at least one sequence of at least one token");

  // Beside matrices in bf16 there is little to gain from activations in f32: what backward needs is kept in bf16 too.
  TrainingMode mode = training_mode();
  if (auto embedding = std::dynamic_pointer_cast<Embedding>(embed_tokens.ptr()))
    mode.rounded = mode.rounded || mode.bf16_products || embedding->weight.get()->dtype() == DType::BFloat16;
  const TrainingModeGuard guard(mode);

  ModelOutput out;
  out.past = in.past;
  const bool checkpointed = checkpoints(in, *layers.operator->());
  if (!out.past && !checkpointed && in.use_cache.value_or(config.use_cache)) out.past = new_cache();
  Pass pass;
  pass.cache = out.past.get();
  if (auto embedding = std::dynamic_pointer_cast<Embedding>(embed_tokens.ptr()); embedding && pass.cache)
    pass.cache->suggest_dtype(embedding->weight.get()->cache_dtype());
  pass.past = out.past ? out.past->length() : 0;
  pass.want_weights = in.output_attentions;
  pass.want_router = in.output_router_logits;
  set_mask(in.attention_mask, batch, length, pass);
  Tensor positions = in.position_ids;
  if (!positions.defined())
    positions = Tensor::arange(pass.past, pass.past + length).unsqueeze(0);
  else if (positions.dim() == 1)
    positions = positions.unsqueeze(0);
  check<ShapeError>(
      positions.dim() == 2 && positions.size(1) == length && (positions.size(0) == batch || positions.size(0) == 1),
      "position_ids: found shape ", positions.shape(), ", needed [", batch, ", ", length, "]");
  x = through(project_in, x);
  if (embed_positions) x = add(x, learned_positions(in, positions, batch));
  x = through(embedding_norm, x);
  if (config.embedding_dropout > 0 && layers->training()) x = dropout(x, config.embedding_dropout);
  if (config.alibi != DecoderConfig::Alibi::None) pass.alibi = alibi(config, pass.key_mask, pass.past + length);
  for (auto& table : rotary) pass.ropes.push_back((*table)->rope.rows(positions, RotaryLength::of(in.past.get())));
  if (in.position_ids.defined() && !in.attention_mask.defined() && !pass.cache && !pass.alibi.defined())
    pass.spans = packed_spans(positions, batch);
  else if (batch_invariant() && pass.key_mask.defined() && !pass.alibi.defined())
    pass.spans = unpadded_spans(pass.key_mask, pass.past);

  const bool long_input = in.interrupt && batch * length >= kInterruptTokens;
  const std::vector<ModulePtr> children = layers->child_modules();
  const auto all_known = [&] { return steps.get([&] { return std::make_shared<const DecoderSteps>(children); }); };
  const auto known = DecoderSteps::suit(x, pass) ? all_known() : nullptr;
  // Of a long prompt's last layer, where nobody looks inside: keys and values of all positions, and the rest of the
  // last.
  const bool leave_out = !known && in.last_states > 0 && in.last_states < length && !grad_enabled() &&
                         !in.output_hidden_states && !pass.want_weights && pass.spans.empty() && !pass.bias.defined() &&
                         (!norm || norm->get()->plain()) && !children.empty() &&
                         all_known()->layer(children.size() - 1);
  bool own = false;  // x is no other's, and may be overwritten
  const auto by_layers = [&] {
    Tensor room = known ? Tensor::empty({int64_t(known->room(batch * length))}, DType::UInt8) : Tensor();
    for (size_t i = 0; i < children.size(); i++) {
      if (long_input) in.interrupt();
      if (in.output_hidden_states && !config.states_behind) out.hidden_states.push_back(x);
      if (const StepLayer* step = known ? known->layer(i) : nullptr) {
        if (!own || in.output_hidden_states) x = x.clone();
        own = true;
        step->run(x.mutable_data<float>(), {batch, length}, pass, static_cast<char*>(room.mutable_data_ptr()));
      } else {
        pass.last = leave_out && i + 1 == children.size() ? in.last_states : 0;
        x = run_layer(children[i], "layers", x, pass, checkpointed && !pass.cache);
        own = false;
      }
      if (in.output_hidden_states && config.states_behind) out.hidden_states.push_back(x);
      if (in.output_attentions && pass.weights.defined()) out.attentions.push_back(std::exchange(pass.weights, {}));
    }
  };
  try {
    // Nobody can stop sequences that are taken apart before they are through all layers: a token of each at most.
    const bool brief = !long_input || length == 1;
    if (known && brief && !in.output_hidden_states && known->can_run_apart({batch, length}, pass)) {
      x = x.clone();
      own = true;
      if (!known->run_apart(x.mutable_data<float>(), {batch, length}, pass)) by_layers();
    } else {
      by_layers();
    }
  } catch (...) {
    take_back(pass);
    throw;
  }
  if (auto* states = dynamic_cast<RecurrentCache*>(pass.cache)) states->advance(length);
  x = through(project_out, through(norm, x));
  if (in.output_hidden_states) out.hidden_states.push_back(x);
  out.last_hidden_state = x;
  out.router_logits = std::move(pass.router_logits);
  return out;
}

CausalLmBody::CausalLmBody(Module& owner, const DecoderConfig& c, std::shared_ptr<PreTrainedModel> base)
    : logit_scale(c.logit_scale),
      logit_softcap(c.logit_softcap),
      aux_weight(c.aux_weight),
      experts_per_token(c.experts_per_token),
      model(owner, c.names.base, std::move(base)),
      lm_head(
          owner, c.names.head,
          std::make_shared<Linear>(c.embedding_size ? c.embedding_size : c.hidden_size, c.vocab_size, c.head_bias)) {}

namespace {

Tensor logits_of(Module& head, const Tensor& h, double scale, double cap) {
  Tensor logits = head(h);
  if (scale != 1) logits = mul(logits, Scalar(scale));
  return cap > 0 ? softcap(logits, cap) : logits;
}

void check_labels(const Tensor& labels, const Tensor& h) {
  check<ShapeError>(labels.dim() == 2 && labels.size(0) == h.size(0) && labels.size(1) == h.size(1),
                    "labels: found shape ", labels.shape(), ", needed [", h.size(0), ", ", h.size(1), "]");
}

uint32_t version_of(const Tensor& leaf) { return leaf.defined() ? leaf.storage()->version() : 0; }

}  // namespace

// The loss without the logits, where gradients are recorded and the head is a Linear that nobody watches. The logits
// are there all the same for whoever looks at them.
bool CausalLmBody::train_on(const Tensor& h, const ModelInput& in, ModelOutput& out) const {
  const auto head = std::dynamic_pointer_cast<Linear>(lm_head.ptr());
  if (!head || !head->plain() || logit_softcap > 0 || is_floating(in.labels.dtype())) return false;
  const WeightPtr weight = head->weight.get();
  if (!needs_grad(h, weight->parameter(), head->bias_tensor())) return false;
  check_labels(in.labels, h);
  const int64_t batch = h.size(0), length = h.size(1);
  CrossEntropyOptions options;
  if (in.num_items_in_batch) options.divisor = *in.num_items_in_batch;
  Tensor next = Tensor::full({batch, length}, Scalar(options.ignore_index), DType::Int64);
  if (length > 1) next.narrow(1, 0, length - 1).copy_(in.labels.narrow(1, 1, length - 1));
  out.loss = linear_cross_entropy(h, weight, head->bias_tensor(), next, options, logit_scale);
  out.make_logits = [head, h, scale = logit_scale, leaf = weight->parameter(),
                     version = version_of(weight->parameter())]() -> Tensor {
    check<Error>(version_of(leaf) == version,
                 "logits: the head's weights have changed since the forward pass (optimizer.step()?), and a pass that "
                 "records gradients computes its logits when they are first read; read them before the step");
    return logits_of(*head, h, scale, 0);
  };
  return true;
}

// Where nothing comes behind the product that could make equals of different logits.
bool CausalLmBody::only_largest(const Module& head, const Tensor& h, const ModelInput& in) const {
  if (!in.only_largest || h.size(0) * h.size(1) != 1 || h.dtype() != DType::Float32 || grad_enabled() ||
      logit_scale != 1 || logit_softcap != 0 || typeid(head) != typeid(Linear) || !head.plain())
    return false;
  const auto& linear = static_cast<const Linear&>(head);
  return !linear.bias && linear.weight.defined() && linear.weight.get()->finds_largest();
}

Tensor CausalLmBody::logits(const Tensor& h, const ModelInput& in) const {
  const std::shared_ptr<Module> head = lm_head.operator->();
  if (!only_largest(*head, h, in)) return logits_of(*head, h, logit_scale, logit_softcap);
  const auto& linear = static_cast<const Linear&>(*head);
  return linear.weight.get()->matmul_largest(Activation(h)).view({1, 1, linear.out_features});
}

// What stands behind the head's positions is left out where nobody sees that.
ModelOutput CausalLmBody::run_base(const ModelInput& in) {
  if (in.logits_to_keep <= 0 || in.labels.defined() || grad_enabled()) return model->run(in);
  ModelInput some = in;
  some.last_states = in.logits_to_keep;
  return model->run(some);
}

ModelOutput CausalLmBody::forward(const ModelInput& in) {
  ModelOutput out = run_base(in);
  const Tensor h = kept_positions(out.last_hidden_state, in);
  out.last_hidden_state.reset();
  const bool trained = in.labels.defined() && train_on(h, in, out);
  // Scores of the next token alone: one row a sequence, however many there are.
  const bool next_only = h.size(0) * h.size(1) <= std::max<int64_t>(h.size(0), int64_t(in.lengths.size()));
  const QuantRows rows(next_only ? QuantRows::Token : QuantRows::current());
  if (!trained) out.logits = logits(h, in);
  if (in.labels.defined() && !trained) {
    check_labels(in.labels, h);
    const int64_t n = out.logits.size(1) - 1;
    CrossEntropyOptions options;
    if (in.num_items_in_batch) options.divisor = *in.num_items_in_batch;
    out.loss = cross_entropy(out.logits.narrow(1, 0, n).flatten(0, 1), in.labels.narrow(1, 1, n).flatten(), options);
  }
  if (!out.router_logits.empty() && experts_per_token) {
    const Tensor mask = in.attention_mask.defined() && in.attention_mask.dim() == 2 ? in.attention_mask : Tensor();
    out.aux_loss = load_balancing_loss(out.router_logits, experts_per_token, mask);
    if (out.loss.defined()) out.loss = add(out.loss, mul(out.aux_loss, Scalar(aux_weight)));
  }
  return out;
}

Family decoder_family(const std::string& model_type, DecoderConfig (*read)(const ConfigReader&), GgufTable gguf) {
  Family family;
  family.gguf = std::move(gguf);
  family.make = [model_type, read](Module& owner, const std::string& head, const std::string& text,
                                   std::shared_ptr<PreTrainedModel> base) -> std::unique_ptr<Body> {
    const ConfigReader reader(text);
    const DecoderConfig config = read(reader);
    if (head == "base") return std::make_unique<DecoderBody>(owner, config);
    if (!base) base = make_model(model_type, "base", text);
    if (head == "causal_lm") return std::make_unique<CausalLmBody>(owner, config, std::move(base));
    HeadConfig h = read_head(reader, config.embedding_size ? config.embedding_size : config.hidden_size);
    h.base = config.names.base;
    if (head == "sequence_classification") {
      h.bias = false;
      return std::make_unique<LastTokenClassifierBody>(owner, h, std::move(base));
    }
    if (head == "token_classification") {
      h.name = config.names.token_head;
      return std::make_unique<TokenClassifierBody>(owner, h, std::move(base));
    }
    h.base = config.names.qa_base;
    if (head == "question_answering") return std::make_unique<QuestionAnsweringBody>(owner, h, std::move(base));
    fail<UnsupportedError>("model_type '", model_type, "' has no head '", head,
                           "', known are base, causal_lm, sequence_classification, token_classification, "
                           "question_answering");
  };
  return family;
}

std::vector<std::pair<std::string, std::string>> decoder_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra) {
  std::vector<std::pair<std::string, std::string>> names = {
      {"token_embd", "model.embed_tokens"},
      {"output_norm", "model.norm"},
      {"output", "lm_head"},
      {"blk.{}.attn_norm", "model.layers.{}.input_layernorm"},
      {"blk.{}.attn_q", "model.layers.{}.self_attn.q_proj"},
      {"blk.{}.attn_k", "model.layers.{}.self_attn.k_proj"},
      {"blk.{}.attn_v", "model.layers.{}.self_attn.v_proj"},
      {"blk.{}.attn_output", "model.layers.{}.self_attn.o_proj"},
      {"blk.{}.ffn_norm", "model.layers.{}.post_attention_layernorm"},
      {"blk.{}.ffn_gate", "model.layers.{}.mlp.gate_proj"},
      {"blk.{}.ffn_up", "model.layers.{}.mlp.up_proj"},
      {"blk.{}.ffn_down", "model.layers.{}.mlp.down_proj"},
  };
  names.insert(names.begin(), extra.begin(), extra.end());  // the first match counts
  return names;
}

}  // namespace ef
