// BERT: embeddings of words, positions and segments, layers with norms behind the residuals, a pooler of the first
// token.
#include "models/bert/bert.h"

#include <cmath>

#include "models/common/heads.h"
#include "nn/attention.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct BertConfig {
  int64_t vocab, hidden, intermediate, layers, heads, positions, types, padding;
  double eps, dropout, attention_dropout;
  std::string act;
};

BertConfig read(const ConfigReader& c) {
  BertConfig b{};
  b.vocab = c.size("vocab_size");
  b.hidden = c.size("hidden_size");
  b.intermediate = c.size("intermediate_size");
  b.layers = c.integer("num_hidden_layers", 12);
  b.heads = c.size("num_attention_heads");
  check<ConfigError>(b.layers >= 0 && b.layers <= 10000, "config.json: 'num_hidden_layers' is ", b.layers,
                     ", needed a whole number from 0 to 10000");
  check<ConfigError>(b.hidden % b.heads == 0, "The hidden size (", b.hidden,
                     ") is not a multiple of the number of attention heads (", b.heads, ")");
  check<UnsupportedError>(!c.flag("is_decoder", false) && !c.flag("add_cross_attention", false),
                          "config.json: BERT as a decoder (is_decoder, add_cross_attention) is not supported");
  b.positions = c.size("max_position_embeddings", 512);
  b.types = c.size("type_vocab_size", 2);
  b.padding = c.integer("pad_token_id", 0);
  b.eps = c.number("layer_norm_eps", 1e-12);
  b.dropout = c.number("hidden_dropout_prob", 0.1);
  b.attention_dropout = c.number("attention_probs_dropout_prob", 0.1);
  b.act = c.text("hidden_act", "gelu");
  return b;
}

std::shared_ptr<Module> dense(int64_t in, int64_t out) { return std::make_shared<Linear>(in, out, true); }

struct Embeddings : Module {
  explicit Embeddings(const BertConfig& c)
      : word_embeddings(*this, "word_embeddings", std::make_shared<Embedding>(c.vocab, c.hidden)),
        position_embeddings(*this, "position_embeddings", std::make_shared<Embedding>(c.positions, c.hidden)),
        token_type_embeddings(*this, "token_type_embeddings", std::make_shared<Embedding>(c.types, c.hidden)),
        LayerNorm(*this, "LayerNorm", make_norm({NormConfig::Layer, c.eps}, c.hidden)),
        dropout(*this, "dropout", std::make_shared<Dropout>(c.dropout)) {
    std::static_pointer_cast<Embedding>(word_embeddings.ptr())->padding_idx = c.padding < c.vocab ? c.padding : -1;
  }
  std::string class_name() const override { return "BertEmbeddings"; }
  Child<Module> word_embeddings, position_embeddings, token_type_embeddings, LayerNorm, dropout;
};

struct SelfAttention : Module {
  explicit SelfAttention(const BertConfig& c)
      : query(*this, "query", dense(c.hidden, c.hidden)),
        key(*this, "key", dense(c.hidden, c.hidden)),
        value(*this, "value", dense(c.hidden, c.hidden)) {}
  static const char* role() { return "a BertSelfAttention"; }
  std::string class_name() const override { return "BertSelfAttention"; }
  Child<Module> query, key, value;
};

// norm(dropout(dense(y)) + x)
struct AddNorm : Module {
  AddNorm(const BertConfig& c, int64_t in)
      : dense(*this, "dense", std::make_shared<Linear>(in, c.hidden, true)),
        LayerNorm(*this, "LayerNorm", make_norm({NormConfig::Layer, c.eps}, c.hidden)),
        dropout(*this, "dropout", std::make_shared<Dropout>(c.dropout)) {}
  static const char* role() { return "a BertOutput"; }
  std::string class_name() const override { return "BertOutput"; }
  Tensor apply(const Tensor& y, const Tensor& x) { return (*LayerNorm)(add((*dropout)((*dense)(y)), x)); }
  Child<Module> dense, LayerNorm, dropout;
};

struct BertAttention : Module {
  explicit BertAttention(const BertConfig& c)
      : self(*this, "self", std::make_shared<SelfAttention>(c)),
        output(*this, "output", std::make_shared<AddNorm>(c, c.hidden)) {}
  static const char* role() { return "a BertAttention"; }
  std::string class_name() const override { return "BertAttention"; }
  Child<SelfAttention> self;
  Child<AddNorm> output;
};

struct Intermediate : Module {
  explicit Intermediate(const BertConfig& c)
      : dense(*this, "dense", std::make_shared<Linear>(c.hidden, c.intermediate, true)),
        act(*this, "intermediate_act_fn", std::make_shared<ActivationLayer>(c.act)) {}
  std::string class_name() const override { return "BertIntermediate"; }
  Tensor forward(const Tensor& x) override { return (*act)((*dense)(x)); }
  Child<Module> dense, act;
};

struct BertLayer : Block {
  explicit BertLayer(const BertConfig& c)
      : heads(c.heads),
        attention_dropout(c.attention_dropout),
        attention(*this, "attention", std::make_shared<BertAttention>(c)),
        intermediate(*this, "intermediate", std::make_shared<Intermediate>(c)),
        output(*this, "output", std::make_shared<AddNorm>(c, c.intermediate)) {}
  std::string class_name() const override { return "BertLayer"; }
  using Module::forward;
  Tensor forward(const Tensor& x, Pass& pass) override {
    const auto outer = attention.ptr();
    const auto self = outer->self.ptr();
    const std::vector<Tensor> qkv = apply_all(x, {&self->query, &self->key, &self->value});
    auto split = [&](const Tensor& y) { return y.unflatten(2, {heads, -1}).transpose(1, 2); };
    const Tensor q = split(qkv[0]), k = split(qkv[1]), v = split(qkv[2]);
    AttentionOptions options;
    options.key_mask = pass.key_mask;
    options.bias = pass.bias;
    options.dropout = training() ? attention_dropout : 0;
    if (pass.want_weights) pass.weights = attention_weights(q, k, options);
    const Tensor mixed = ef::attention(q, k, v, options).transpose(1, 2).reshape(x.shape());
    const Tensor h = outer->output.ptr()->apply(mixed, x);
    return output.ptr()->apply((*intermediate)(h), h);
  }
  const int64_t heads;
  const double attention_dropout;
  Child<BertAttention> attention;
  Child<Module> intermediate;
  Child<AddNorm> output;
};

struct Encoder : Module {
  explicit Encoder(const BertConfig& c) : layer(*this, "layer", std::make_shared<ModuleList>()) {
    for (int64_t i = 0; i < c.layers; i++) layer->append(std::make_shared<BertLayer>(c));
  }
  static const char* role() { return "a BertEncoder"; }
  std::string class_name() const override { return "BertEncoder"; }
  Child<ModuleList> layer;
};

struct Pooler : Module {
  explicit Pooler(const BertConfig& c)
      : dense(*this, "dense", std::make_shared<Linear>(c.hidden, c.hidden, true)),
        activation(*this, "activation", std::make_shared<ActivationLayer>("tanh")) {}
  std::string class_name() const override { return "BertPooler"; }
  Tensor forward(const Tensor& x) override { return (*activation)((*dense)(x.select(1, 0))); }
  Child<Module> dense, activation;
};

struct BertBody : Body {
  BertBody(Module& owner, const BertConfig& c, bool pooled)
      : config(c),
        embeddings(owner, "embeddings", std::make_shared<Embeddings>(c)),
        encoder(owner, "encoder", std::make_shared<Encoder>(c)) {
    if (pooled) pooler.emplace(owner, "pooler", std::make_shared<Pooler>(c));
  }
  ModelOutput forward(const ModelInput& in) override;
  const BertConfig config;
  Child<Module> embeddings;
  Child<Encoder> encoder;
  std::optional<Child<Module>> pooler;
};

ModelOutput BertBody::forward(const ModelInput& in) {
  check<ConfigError>(in.input_ids.defined() != in.inputs_embeds.defined(),
                     "You must specify exactly one of input_ids or inputs_embeds");
  const auto parts = std::dynamic_pointer_cast<Embeddings>(embeddings.ptr());
  check<DtypeError>(parts != nullptr, "embeddings: needed BertEmbeddings");
  const Embeddings& e = *parts;
  const Tensor words = in.input_ids.defined() ? (*e.word_embeddings)(in.input_ids) : in.inputs_embeds;
  check<ShapeError>(words.dim() == 3 && words.size(1) > 0 && words.size(2) == config.hidden, "input_ids: found shape ",
                    in.input_ids.defined() ? in.input_ids.shape() : words.shape(), ", needed [batch, length]");
  const int64_t batch = words.size(0), length = words.size(1);
  check<IndexError>(in.position_ids.defined() || length <= config.positions, "input_ids: found ", length,
                    " tokens, the model has ", config.positions, " positions; truncate the text (truncation=True)");
  const Tensor types = in.token_type_ids.defined() ? in.token_type_ids : Tensor::zeros({1, length}, DType::Int64);
  const Tensor positions = in.position_ids.defined() ? in.position_ids : Tensor::arange(length).unsqueeze(0);
  Tensor x = add(add(words, (*e.token_type_embeddings)(types)), (*e.position_embeddings)(positions));
  x = (*e.dropout)((*e.LayerNorm)(x));

  Pass pass;
  pass.want_weights = in.output_attentions;
  if (in.attention_mask.defined() && in.attention_mask.dim() == 4) {
    pass.bias = in.attention_mask;
  } else if (in.attention_mask.defined()) {
    check<ShapeError>(
        in.attention_mask.dim() == 2 && in.attention_mask.size(0) == batch && in.attention_mask.size(1) == length,
        "attention_mask: found shape ", in.attention_mask.shape(), ", needed [", batch, ", ", length, "]");
    pass.key_mask = ne(in.attention_mask, Scalar(0));
  }
  ModelOutput out;
  for (ChildSlot* slot : encoder->layer->children()) {
    auto* layer = dynamic_cast<Block*>(slot->get().get());
    check<DtypeError>(layer != nullptr, "encoder.layer.", slot->name(), ": needed ", Block::role());
    if (in.output_hidden_states) out.hidden_states.push_back(x);
    x = layer->call(x, [&](const Tensor& h) { return layer->forward(h, pass); });
    if (in.output_attentions) out.attentions.push_back(pass.weights);
  }
  if (in.output_hidden_states) out.hidden_states.push_back(x);
  out.last_hidden_state = x;
  if (pooler) out.pooler_output = (**pooler)(x);
  return out;
}

struct Transform : Module {
  explicit Transform(const BertConfig& c)
      : dense(*this, "dense", std::make_shared<Linear>(c.hidden, c.hidden, true)),
        act(*this, "transform_act_fn", std::make_shared<ActivationLayer>(c.act)),
        LayerNorm(*this, "LayerNorm", make_norm({NormConfig::Layer, c.eps}, c.hidden)) {}
  std::string class_name() const override { return "BertPredictionHeadTransform"; }
  Tensor forward(const Tensor& x) override { return (*LayerNorm)((*act)((*dense)(x))); }
  Child<Module> dense, act, LayerNorm;
};

struct Predictions : Module {
  explicit Predictions(const BertConfig& c)
      : bias(*this, "bias", {c.vocab}),
        transform(*this, "transform", std::make_shared<Transform>(c)),
        decoder(*this, "decoder", std::make_shared<Linear>(c.hidden, c.vocab, false)) {}
  std::string class_name() const override { return "BertLMPredictionHead"; }
  Tensor forward(const Tensor& x) override {
    return add((*decoder)((*transform)(x)), bias.tensor().to(DType::Float32));
  }
  Parameter bias;
  Child<Module> transform, decoder;
};

struct OnlyMlm : Module {
  explicit OnlyMlm(const BertConfig& c) : predictions(*this, "predictions", std::make_shared<Predictions>(c)) {}
  std::string class_name() const override { return "BertOnlyMLMHead"; }
  Tensor forward(const Tensor& x) override { return (*predictions)(x); }
  Child<Module> predictions;
};

struct MaskedLmBody : Body {
  MaskedLmBody(Module& owner, const BertConfig& c, std::shared_ptr<PreTrainedModel> model)
      : base(owner, "bert", std::move(model)), cls(owner, "cls", std::make_shared<OnlyMlm>(c)) {}
  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = base->run(in);
    out.logits = (*cls)(out.last_hidden_state);
    if (in.labels.defined()) out.loss = token_loss(out.logits, in.labels, in.num_items_in_batch);
    out.last_hidden_state.reset();
    return out;
  }
  Child<PreTrainedModel> base;
  Child<Module> cls;
};

struct PooledClassifierBody : Body {
  PooledClassifierBody(Module& owner, const HeadConfig& c, std::shared_ptr<PreTrainedModel> model)
      : base(owner, c.base, std::move(model)),
        dropout(owner, "dropout", std::make_shared<Dropout>(c.dropout)),
        classifier(owner, c.name, std::make_shared<Linear>(c.hidden_size, c.num_labels, true)) {}
  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = base->run(in);
    out.logits = (*classifier)((*dropout)(out.pooler_output));
    if (in.labels.defined()) out.loss = sequence_loss(out.logits, in);
    out.last_hidden_state.reset();
    out.pooler_output.reset();
    return out;
  }
  Child<PreTrainedModel> base;
  Child<Module> dropout, classifier;
};

}  // namespace

Family bert_family() {
  Family family;
  family.make = [](Module& owner, const std::string& head, const std::string& text,
                   std::shared_ptr<PreTrainedModel> base) -> std::unique_ptr<Body> {
    const ConfigReader reader(text);
    const BertConfig c = read(reader);
    if (head == "base" || head == "base_without_pooler") return std::make_unique<BertBody>(owner, c, head == "base");
    HeadConfig h = read_head(reader, c.hidden);
    h.base = "bert";
    h.name = "classifier";
    h.dropout = reader.number("classifier_dropout", c.dropout);
    const bool pooled = head == "sequence_classification";
    if (!base) {
      base = std::make_shared<PreTrainedModel>();
      base->build("bert", pooled ? "base" : "base_without_pooler", text);
    }
    if (head == "masked_lm") return std::make_unique<MaskedLmBody>(owner, c, std::move(base));
    if (pooled) return std::make_unique<PooledClassifierBody>(owner, h, std::move(base));
    if (head == "token_classification") return std::make_unique<TokenClassifierBody>(owner, h, std::move(base));
    if (head == "question_answering") return std::make_unique<QuestionAnsweringBody>(owner, h, std::move(base));
    fail<UnsupportedError>("model_type 'bert' has no head '", head,
                           "', known are base, masked_lm, sequence_classification, token_classification, "
                           "question_answering");
  };
  return family;
}

}  // namespace ef
