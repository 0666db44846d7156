#include "models/common/seq2seq.h"

#include <algorithm>
#include <cmath>

#include "models/common/layers.h"
#include "nn/encoder_decoder_cache.h"
#include "ops/ops.h"

namespace ef {

int64_t read_layers(const ConfigReader& c, const char* key) {
  const int64_t n = c.integer(key, 0);
  check<ConfigError>(n >= 0 && n <= 10000, "config.json: '", key, "' is ", n,
                     ", needed a whole number from 0 to 10000");
  return n;
}

int64_t read_head_dim(int64_t hidden, int64_t heads) {
  check<ConfigError>(hidden % heads == 0, "embed_dim must be divisible by num_heads (got `embed_dim`: ", hidden,
                     " and `num_heads`: ", heads, ").");
  return hidden / heads;
}

namespace {

// Vaswani et al., "Attention Is All You Need", 2017. Stored tables have frequencies 10000^(-2j/dim); those that never
// are have 10000^(-j/(dim/2 - 1)).
Tensor sinusoids(int64_t positions, int64_t dim, bool stored, int64_t padding_idx) {
  const int64_t half = stored ? (dim + 1) / 2 : dim / 2;
  Tensor out = Tensor::zeros({positions, dim});
  float* to = out.mutable_data<float>();
  std::vector<double> frequency(static_cast<size_t>(half));
  for (int64_t j = 0; j < half; j++)
    frequency[size_t(j)] = stored ? std::pow(10000.0, -2.0 * double(j) / double(dim))
                                  : double(std::exp(float(j) * -float(std::log(10000.0) / double(half - 1))));
  for (int64_t p = 0; p < positions; p++)
    for (int64_t j = 0; p != padding_idx && j < half; j++) {
      const double angle = stored ? double(p) * frequency[size_t(j)] : double(float(p) * float(frequency[size_t(j)]));
      to[p * dim + j] = float(std::sin(angle));
      if (half + j < dim) to[p * dim + half + j] = float(std::cos(angle));
    }
  return out;
}

bool all_true(const Tensor& keep) {
  const bool* k = keep.data<bool>();
  return std::all_of(k, k + keep.numel(), [](bool b) { return b; });
}

// A mask of keys as a bool matrix, or as what is added to the scores.
void read_mask(const char* name, const Tensor& mask, int64_t batch, int64_t keys, Tensor& keep, Tensor& bias) {
  if (!mask.defined()) return;
  if (mask.dim() == 4) {
    bias = mask;
    return;
  }
  check<ShapeError>(mask.dim() == 2 && mask.size(0) == batch && mask.size(1) == keys, name, ": found shape ",
                    mask.shape(), ", needed [", batch, ", ", keys, "] or four dimensions");
  const Tensor seen = ne(mask, Scalar(0)).contiguous();
  if (!all_true(seen)) keep = seen;
}

}  // namespace

SinusoidalPositions::SinusoidalPositions(int64_t positions, int64_t dim, bool stored, int64_t padding_idx)
    : dim_(dim),
      padding_idx_(padding_idx),
      stored_(stored),
      table_(*this, stored ? "weight" : "weights", {positions, dim}, true, stored) {
  table_.set(sinusoids(positions, dim, stored, padding_idx));
}

Tensor SinusoidalPositions::forward(const Tensor& ids) {
  const int64_t rows = max(ids).item<int64_t>() + 1, known = table_.shape()[0];
  if (rows > known && !stored_) {  // the formula knows no end
    table_.resize({rows, dim_});
    table_.set(sinusoids(rows, dim_, stored_, padding_idx_));
  }
  check<IndexError>(rows <= table_.shape()[0], "input_ids: found position ", rows - 1, ", the model has ", known,
                    " (max_position_embeddings); truncate the text (truncation=True)");
  return embedding(table_.tensor(), ids).to(DType::Float32);
}

StackBody::StackBody(Module& owner, const StackConfig& c)
    : config(c),
      embed_tokens(owner, "embed_tokens", std::make_shared<Embedding>(c.vocab_size, c.hidden_size, c.embedding_scale)),
      layers(owner, c.layers_name, std::make_shared<ModuleList>()) {
  std::static_pointer_cast<Embedding>(embed_tokens.ptr())->padding_idx =
      c.padding_idx < c.vocab_size ? c.padding_idx : -1;
  for (int i = 0; i < c.layers; i++) layers->append(c.make_layer(i));
  const bool from_padding = c.positions == Positions::SinusoidalPastPadding;
  if (c.positions == Positions::Learned)
    embed_positions.emplace(owner, "embed_positions", std::make_shared<Embedding>(c.max_positions + 2, c.hidden_size));
  else if (c.positions != Positions::None)
    embed_positions.emplace(owner, "embed_positions",
                            std::make_shared<SinusoidalPositions>(c.max_positions + 2 * from_padding, c.hidden_size,
                                                                  !from_padding, from_padding ? c.padding_idx : -1));
  if (!c.embedding_norm.empty()) embedding_norm.emplace(owner, c.embedding_norm, make_norm(c.norm, c.hidden_size));
  if (!c.final_norm.empty()) final_norm.emplace(owner, c.final_norm, make_norm(c.norm, c.hidden_size));
}

std::shared_ptr<KvCache> StackBody::new_cache() const {
  return std::make_shared<EncoderDecoderCache>(std::make_shared<DynamicCache>(), std::make_shared<DynamicCache>());
}

Tensor StackBody::embed(const ModelInput& in, int64_t past) const {
  Tensor x = in.input_ids.defined() ? (*embed_tokens)(in.input_ids) : in.inputs_embeds;
  if (in.input_ids.defined() && config.ids_scale != 1) x = mul(x, Scalar(config.ids_scale));
  if (config.input_scale != 1) x = mul(x, Scalar(config.input_scale));
  const int64_t length = x.size(1);
  if (!embed_positions) return x;
  if (config.positions == Positions::SinusoidalPastPadding && in.input_ids.defined()) {
    const Tensor mask = ne(in.input_ids, Scalar(config.padding_idx)).to(DType::Int64);
    const Tensor counted = mul(add(cumsum(mask, 1), Scalar(past)), mask);
    return add(x, (**embed_positions)(add(counted, Scalar(config.padding_idx))));
  }
  int64_t first = past;
  if (config.positions == Positions::SinusoidalPastPadding) first += config.padding_idx + 1;
  if (config.positions == Positions::Learned) {
    check<IndexError>(past + length <= config.max_positions, "input_ids: found ", past + length,
                      " tokens, the model has ", config.max_positions,
                      " positions (max_position_embeddings); truncate the text (truncation=True)");
    first += 2;
  }
  Tensor positions = Tensor::arange(first, first + length).unsqueeze(0);
  if (in.position_ids.defined())
    positions = config.positions == Positions::Learned ? add(in.position_ids, Scalar(int64_t(2))) : in.position_ids;
  return add(x, (**embed_positions)(positions));
}

ModelOutput StackBody::forward(const ModelInput& in) {
  check<ConfigError>(in.input_ids.defined() != in.inputs_embeds.defined(),
                     config.decoder ? "You must specify exactly one of decoder_input_ids or decoder_inputs_embeds"
                                    : "You must specify exactly one of input_ids or inputs_embeds");
  const Shape& shape = in.input_ids.defined() ? in.input_ids.shape() : in.inputs_embeds.shape();
  const char* name = config.decoder ? "decoder_input_ids" : "input_ids";
  check<ShapeError>(in.input_ids.defined() ? shape.size() == 2 : shape.size() == 3 && shape[2] == config.hidden_size,
                    name, ": found shape ", shape, ", needed [batch, length], or embeddings [batch, length, ",
                    config.hidden_size, "]");
  const int64_t batch = shape[0], length = shape[1];
  check<ShapeError>(batch > 0 && length > 0, name, ": found shape [", batch, ", ", length,
                    "], needed at least one sequence of at least one token");
  ModelOutput out;
  Pass pass;
  const bool checkpointed = checkpoints(in, *layers.operator->());
  int64_t share = 1;  // rows of a source
  if (config.decoder) {
    out.past = in.past;
    if (!out.past && !checkpointed && in.use_cache.value_or(config.use_cache)) out.past = new_cache();
    if (const auto both = std::dynamic_pointer_cast<EncoderDecoderCache>(out.past)) {
      pass.cache = both->self().get();
      if (in.encoder_hidden_states.defined() && in.encoder_hidden_states.size(0) == batch) both->separate();
      pass.cross_cache = both->shared_cross();
      share = both->share();
    } else {
      pass.cache = out.past.get();
    }
    if (auto embedding = std::dynamic_pointer_cast<Embedding>(embed_tokens.ptr()); embedding && out.past)
      out.past->suggest_dtype(embedding->weight.get()->cache_dtype());
    pass.past = pass.cache ? pass.cache->length() : 0;
    if (in.encoder_hidden_states.defined()) {
      const Tensor& states = in.encoder_hidden_states;
      check<ShapeError>(states.dim() == 3 && states.size(0) * share == batch && states.size(2) == config.hidden_size,
                        "encoder_hidden_states: found shape ", states.shape(), ", needed [", batch / share,
                        ", source, ", config.hidden_size, "]");
      pass.encoder_states = states;
      read_mask("attention_mask", in.encoder_attention_mask, batch / share, states.size(1), pass.encoder_mask,
                pass.encoder_bias);
    }
  }
  pass.want_weights = in.output_attentions;
  read_mask(config.decoder ? "decoder_attention_mask" : "attention_mask", in.attention_mask, batch, pass.past + length,
            pass.key_mask, pass.bias);
  Tensor x = embed(in, pass.past);
  if (embedding_norm) x = (**embedding_norm)(x);
  const bool training = layers->training();
  auto kept = [&](const Tensor& y) { return training && config.dropout > 0 ? dropout(y, config.dropout) : y; };
  x = kept(x);
  for (const ModulePtr& child : layers->child_modules()) {
    if (in.output_hidden_states) out.hidden_states.push_back(x);
    // A. Fan et al., "Reducing Transformer Depth on Demand with Structured Dropout", 2019
    if (training && config.layerdrop > 0 && rand({1}).item<double>() < config.layerdrop) continue;
    x = run_layer(child, config.layers_name, x, pass, checkpointed && !pass.cache);
    if (in.output_attentions) {
      out.attentions.push_back(pass.weights);
      if (pass.encoder_states.defined()) out.cross_attentions.push_back(pass.cross_weights);
    }
  }
  if (final_norm) x = (**final_norm)(x);
  if (config.final_dropout) x = kept(x);
  if (in.output_hidden_states) out.hidden_states.push_back(x);
  out.last_hidden_state = x;
  return out;
}

}  // namespace ef
