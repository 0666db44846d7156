#include "models/common/encoder.h"

#include <cmath>
#include <numeric>

#include "models/common/heads.h"
#include "models/common/layers.h"
#include "models/common/packed_pieces.h"
#include "nn/fused.h"
#include "ops/ops.h"
#include "ops/packed_attention.h"

namespace ef {

EncoderConfig read_encoder(const ConfigReader& c, const std::string& name, const std::string& base, bool decodes) {
  EncoderConfig e;
  e.name = name;
  e.names.base = base;
  e.vocab = c.size("vocab_size");
  e.hidden = c.size("hidden_size");
  e.intermediate = c.size("intermediate_size");
  e.layers = c.integer("num_hidden_layers", 12);
  e.heads = c.size("num_attention_heads");
  check<ConfigError>(e.layers >= 0 && e.layers <= 10000, "config.json: 'num_hidden_layers' is ", e.layers,
                     ", needed a whole number from 0 to 10000");
  check<ConfigError>(e.hidden % e.heads == 0, "The hidden size (", e.hidden,
                     ") is not a multiple of the number of attention heads (", e.heads, ")");
  e.causal = c.flag("is_decoder", false);
  check<UnsupportedError>((decodes || !e.causal) && !c.flag("add_cross_attention", false), "config.json: ", name,
                          decodes ? " beside an encoder (add_cross_attention) is not supported"
                                  : " as a decoder (is_decoder, add_cross_attention) is not supported");
  e.positions = c.size("max_position_embeddings", 512);
  e.types = c.integer("type_vocab_size", 2);
  check<ConfigError>(e.types >= 0 && e.types <= 1 << 20, "config.json: 'type_vocab_size' is ", e.types);
  e.padding = c.integer("pad_token_id", -1);
  e.norm.eps = c.number("layer_norm_eps", 1e-12);
  e.dropout = c.number("hidden_dropout_prob", 0.1);
  e.attention_dropout = c.number("attention_probs_dropout_prob", 0.1);
  e.act = c.text("hidden_act", "gelu");

  const HeadConfig head = read_head(c, e.hidden);
  e.labels = head.num_labels;
  EncoderHeads& h = e.scorers;
  h.sequence.dropout = h.token.dropout = c.number("classifier_dropout", e.dropout);
  h.choice.dropout = h.sequence.dropout;
  h.answer.out = "qa_outputs";
  h.masked_lm = {"cls.predictions.transform.dense", e.act, "cls.predictions.transform.LayerNorm",
                 "cls.predictions.decoder", "cls.predictions.bias"};
  h.next_sentence.out = "cls.seq_relationship";
  return e;
}

Tensor masked_bias(const Tensor& bias, const Tensor& mask) {
  if (!bias.defined() || !mask.defined()) return bias.defined() ? bias : mask;
  return mask.dtype() == DType::Bool ? where(mask, bias, Tensor::full({1}, Scalar(-INFINITY))) : add(bias, mask);
}

EncoderLayer::EncoderLayer(const EncoderConfig& c, int64_t index)
    : name(c.name),
      heads(c.heads),
      index(index),
      causal(c.causal),
      dropout(c.dropout),
      attention_dropout(c.attention_dropout),
      rotates(c.rope.has_value()),
      act_name_(c.act),
      act_(activation_fn(c.act)) {
  const EncoderNames& n = c.names;
  auto matrix = [&](const std::string& at, int64_t in, int64_t out, bool bias) {
    return at.empty() ? nullptr : &slots.linear(at, in, out, bias);
  };
  query = matrix(n.query, c.hidden, c.hidden, c.bias);
  key = matrix(n.key, c.hidden, c.hidden, c.bias);
  value = matrix(n.value, c.hidden, c.hidden, c.bias);
  qkv = matrix(n.qkv, c.hidden, 3 * c.hidden, c.bias);
  out_ = matrix(n.out, c.hidden, c.hidden, c.bias);
  attention_norm_ = &slots.norm(n.attention_norm, c.norm, c.hidden);
  gate_ = matrix(n.gate, c.hidden, c.intermediate, c.mlp_bias);
  up_ = matrix(n.up, c.hidden, c.intermediate, c.mlp_bias);
  down_ = matrix(n.down, c.intermediate, c.hidden, c.mlp_bias);
  mlp_norm_ = &slots.norm(n.mlp_norm, c.norm, c.hidden);
}

Tensor EncoderLayer::mix(const Tensor& q, const Tensor& k, const Tensor& v, AttentionOptions options,
                         Pass& pass) const {
  options.key_mask = pass.key_mask;
  options.bias = masked_bias(options.bias, pass.bias);
  options.dropout = training() ? attention_dropout : 0;
  options.causal = causal && !pass.bias.defined();
  if (pass.want_weights) pass.weights = attention_weights(q, k, options);
  const Tensor mixed =
      pass.lengths.empty() ? attention(q, k, v, options) : packed_attention(q, k, v, pass.lengths, options);
  return mixed.transpose(1, 2).flatten(2, 3);
}

Tensor EncoderLayer::attend(const Tensor& x, Pass& pass) {
  std::vector<Tensor> parts;
  if (qkv) {
    const Tensor rows = (**qkv)(x);
    for (int i = 0; i < 3; i++) parts.push_back(rows.narrow(2, i * x.size(2), x.size(2)));
  } else {
    parts = apply_all(x, {query, key, value});
  }
  Tensor q = split(parts[0]), k = split(parts[1]);
  if (rotates) {
    const Rope::Rows& turn = pass.ropes.front();
    q = rope(q, turn.cos, turn.sin);
    k = rope(k, turn.cos, turn.sin);
  }
  if (!pass.cache) return mix(q, k, split(parts[2]), {}, pass);
  const KvView all = pass.cache->append(int(index), k, split(parts[2]));
  return mix(q, all.keys, all.values, {}, pass);
}

Tensor EncoderLayer::forward(const Tensor& x, Pass& pass) {
  const auto add_norm = [this](const Tensor& y, const Child<Module>& layer, const Tensor& to,
                               const Child<Module>& norm) {
    if (!training() || dropout == 0) return linear_add_norm(y, layer, to, norm);
    return (*norm)(add(ef::dropout((*layer)(y), dropout), to));
  };
  const Tensor h = add_norm(attend(x, pass), *out_, x, *attention_norm_);
  const Tensor inner =
      gate_ ? mul(linear_act(h, *gate_, act_, act_name_), (**up_)(h)) : linear_act(h, *up_, act_, act_name_);
  return add_norm(inner, *down_, h, *mlp_norm_);
}

EncoderBody::EncoderBody(Module& owner, const EncoderConfig& c, bool pooled) : config(c), owner(owner) {
  const EncoderNames& n = c.names;
  const int64_t width = c.embedding_size ? c.embedding_size : c.hidden;
  words = &slots.embedding(n.words, c.vocab, width, c.padding);
  if (!n.positions.empty())
    positions = &slots.embedding(n.positions, c.positions, width, c.positions_from_ids ? c.padding : -1);
  if (!n.types.empty() && c.types) types = &slots.embedding(n.types, c.types, width);
  if (!n.norm.empty()) norm = &slots.norm(n.norm, c.norm, width);
  if (!n.project.empty()) project = &slots.linear(n.project, width, c.hidden);
  layers = &slots.list(n.layers);
  const int64_t sets = c.shared_groups ? c.shared_groups : c.layers;
  for (int64_t i = 0; i < sets; i++)
    (*layers)->append(c.make_layer ? c.make_layer(c, i) : std::make_shared<EncoderLayer>(c, i));
  if (pooled && !n.pooler.empty()) pooler = &slots.linear(n.pooler, c.hidden, c.hidden);
  if (c.rope) rope.emplace(*c.rope, c.hidden / c.heads);
}

Tensor EncoderBody::positions_of(const ModelInput& in, int64_t length) const {
  if (in.position_ids.defined()) return in.position_ids;
  const int64_t past = in.past ? in.past->length() : 0;
  const int64_t first = past + (config.positions_from_ids ? config.padding + 1 : 0);
  if (!in.lengths.empty()) {
    std::vector<int64_t> out;
    for (const int64_t n : in.lengths)
      for (int64_t i = 0; i < n; i++) out.push_back(first + i);
    return Tensor::from_data(out).unsqueeze(0);
  }
  if (!config.positions_from_ids || !in.input_ids.defined()) return Tensor::arange(first, first + length).unsqueeze(0);
  const Tensor real = ne(in.input_ids, Scalar(config.padding)).to(DType::Int64);
  return add(mul(add(cumsum(real, 1), Scalar(past)), real), Scalar(config.padding));
}

Tensor EncoderBody::maybe_dropped(const Tensor& x) const {
  return owner.training() && config.dropout > 0 ? dropout(x, config.dropout) : x;
}

Tensor EncoderBody::embed(const ModelInput& in, const Tensor& words) {
  const int64_t batch = words.size(0), length = words.size(1);
  for (const auto& [name, ids] : {std::pair{"token_type_ids", in.token_type_ids}, {"position_ids", in.position_ids}})
    check<ShapeError>(
        !ids.defined() || ((ids.dim() == 1 || (ids.dim() == 2 && (ids.size(0) == batch || ids.size(0) == 1))) &&
                           ids.size(ids.dim() - 1) == length),
        name, ": found shape ", ids.defined() ? ids.shape() : Shape(), ", needed [", batch, ", ", length, "]");
  Tensor x = words;
  check<UnsupportedError>(types || !in.token_type_ids.defined() || !any(ne(in.token_type_ids, Scalar(0))).item<bool>(),
                          "token_type_ids: ", config.name, " has no segments; leave them out");
  if (types) {
    const Tensor kinds = in.token_type_ids.defined() ? in.token_type_ids : Tensor::zeros({1, length}, DType::Int64);
    x = add(x, (**types)(kinds));
  }
  if (positions) x = add(x, (**positions)(positions_of(in, length)));
  return maybe_dropped(norm ? (**norm)(x) : x);
}

namespace {

// What the sequences of a row may look at.
void read_mask(const ModelInput& in, int64_t batch, int64_t length, Pass& pass) {
  pass.lengths = in.lengths;
  if (!pass.lengths.empty()) {
    for (const int64_t n : pass.lengths) check<ShapeError>(n > 0, "lengths: found ", n, ", needed at least 1");
    const int64_t total = std::accumulate(pass.lengths.begin(), pass.lengths.end(), int64_t(0));
    check<ShapeError>(batch == 1 && total == length && !in.attention_mask.defined(), "lengths: they add up to ", total,
                      ", needed one row of that many tokens and no attention_mask; found ", batch, " rows of ", length);
    return;
  }
  if (!in.attention_mask.defined()) return;
  if (in.attention_mask.dim() == 4) {
    pass.bias = in.attention_mask;
    return;
  }
  check<ShapeError>(in.attention_mask.dim() == 2 && in.attention_mask.size(0) == batch &&
                        in.attention_mask.size(1) == pass.past + length,
                    "attention_mask: found shape ", in.attention_mask.shape(), ", needed [", batch, ", ",
                    pass.past + length, "]");
  pass.key_mask = ne(in.attention_mask, Scalar(0));
}

}  // namespace

ModelOutput EncoderBody::forward(const ModelInput& in) {
  const std::vector<ModelInput> pieces = packed_pieces(in, owner);
  if (pieces.size() == 1) return run(in);
  return run_pieces(pieces, [this](const ModelInput& piece) { return run(piece); });
}

ModelOutput EncoderBody::run(const ModelInput& in) {
  check<ConfigError>(in.input_ids.defined() != in.inputs_embeds.defined(),
                     "You must specify exactly one of input_ids or inputs_embeds");
  const Tensor found = in.input_ids.defined() ? (**words)(in.input_ids) : in.inputs_embeds;
  const int64_t width = config.embedding_size ? config.embedding_size : config.hidden;
  check<ShapeError>(found.dim() == 3 && found.size(1) > 0 && found.size(2) == width, "input_ids: found shape ",
                    in.input_ids.defined() ? in.input_ids.shape() : found.shape(), ", needed [batch, length]");
  const int64_t batch = found.size(0), length = found.size(1);
  const int64_t most = config.positions - (config.positions_from_ids ? config.padding + 1 : 0);
  const int64_t longest = in.lengths.empty() ? length : *std::max_element(in.lengths.begin(), in.lengths.end());
  check<ConfigError>(config.causal || !in.past, "past_key_values: ", config.name, " keeps none; set is_decoder=True");
  ModelOutput out;
  const bool checkpointed = checkpoints(in, *layers->ptr());
  Pass pass;
  out.past = in.past;
  if (config.causal && !out.past && !checkpointed && in.lengths.empty() && in.use_cache.value_or(false))
    out.past = std::make_shared<DynamicCache>();
  pass.cache = out.past.get();
  pass.past = out.past ? out.past->length() : 0;
  check<IndexError>(!positions || in.position_ids.defined() || pass.past + longest <= most, "input_ids: found ",
                    pass.past + longest, " tokens, the model has ", most,
                    " positions; truncate the text (truncation=True)");
  pass.want_weights = in.output_attentions;
  read_mask(in, batch, length, pass);
  Tensor x = embed(in, found);
  if (project) x = (**project)(x);
  if (rope) pass.ropes.push_back(rope->rows(positions_of(in, length)));
  prepare(in, x, pass);

  const Tensor first = x;
  const std::vector<ChildSlot*> sets = (*layers)->children();
  for (int64_t i = 0; i < config.layers; i++) {
    ChildSlot* slot = sets.at(size_t(i * int64_t(sets.size()) / config.layers));
    if (in.output_hidden_states) out.hidden_states.push_back(x);
    x = run_layer(slot->get(), config.names.layers + "." + slot->name(), x, pass, checkpointed && !pass.cache);
    x = after_layer(i, first, x, pass);
    if (!in.output_attentions) continue;
    out.attentions.push_back(pass.weights);
    if (pass.cross_weights.defined()) out.cross_attentions.push_back(pass.cross_weights);
  }
  if (in.output_hidden_states) out.hidden_states.push_back(x);
  out.last_hidden_state = x;
  if (pooler) out.pooler_output = activation_fn(config.pooler_act)((**pooler)(first_tokens(x, in)));
  return out;
}

Family encoder_family(const std::string& model_type, EncoderConfig (*read)(const ConfigReader&), GgufTable gguf) {
  Family family;
  family.gguf = std::move(gguf);
  family.make = [model_type, read](Module& owner, const std::string& head, const std::string& text,
                                   std::shared_ptr<PreTrainedModel> base) -> std::unique_ptr<Body> {
    const EncoderConfig c = read(ConfigReader(text));
    if (head == "base" || head == "base_without_pooler")
      return c.make_base ? c.make_base(owner, c, head == "base")
                         : std::make_unique<EncoderBody>(owner, c, head == "base");
    if (!base) {
      base = std::make_shared<PreTrainedModel>();
      base->build(model_type, reads_pooler(c, head) ? "base" : "base_without_pooler", text);
    }
    if (c.make_head)
      if (auto own = c.make_head(owner, c, head, base)) return own;
    return make_encoder_head(owner, c, head, std::move(base));
  };
  return family;
}

}  // namespace ef
