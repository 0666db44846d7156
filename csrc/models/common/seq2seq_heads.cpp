// Encoder and decoder together, and the heads that stand on them.
#include "models/common/heads.h"
#include "models/common/seq2seq.h"
#include "ops/ops.h"

namespace ef {
namespace {

struct Seq2SeqBody : Body {
  Seq2SeqBody(Module& owner, const Seq2SeqConfig& c, const std::string& model_type, const std::string& text,
              bool with_decoder = true) {
    if (c.shared)
      shared.emplace(
          owner, "shared",
          std::make_shared<Embedding>(c.encoder.vocab_size, c.encoder.hidden_size, c.encoder.embedding_scale));
    encoder.emplace(owner, "encoder", make_model(model_type, "encoder", text));
    if (with_decoder) decoder.emplace(owner, "decoder", make_model(model_type, "decoder", text));
  }
  std::shared_ptr<KvCache> new_cache() const override { return decoder ? (*decoder)->new_cache() : Body::new_cache(); }
  ModelOutput encode(const ModelInput& in) const {
    ModelInput e;
    e.input_ids = in.input_ids;
    e.attention_mask = in.attention_mask;
    e.inputs_embeds = in.inputs_embeds;
    e.output_hidden_states = in.output_hidden_states;
    e.output_attentions = in.output_attentions;
    e.checkpoint_layers = in.checkpoint_layers;
    e.interrupt = in.interrupt;
    return (*encoder)->run(e);
  }
  ModelOutput forward(const ModelInput& in) override {
    if (!decoder) return encode(in);
    ModelOutput encoded;
    encoded.last_hidden_state = in.encoder_hidden_states;
    if (!encoded.last_hidden_state.defined()) encoded = encode(in);
    ModelInput d;
    d.input_ids = in.decoder_input_ids;
    d.attention_mask = in.decoder_attention_mask;
    d.inputs_embeds = in.decoder_inputs_embeds;
    d.encoder_hidden_states = encoded.last_hidden_state;
    d.encoder_attention_mask = in.attention_mask;
    d.past = in.past;
    d.use_cache = in.use_cache;
    d.output_hidden_states = in.output_hidden_states;
    d.output_attentions = in.output_attentions;
    d.checkpoint_layers = in.checkpoint_layers;
    d.interrupt = in.interrupt;
    ModelOutput out = (*decoder)->run(d);
    out.encoder_last_hidden_state = encoded.last_hidden_state;
    out.encoder_hidden_states = std::move(encoded.hidden_states);
    out.encoder_attentions = std::move(encoded.attentions);
    return out;
  }
  std::optional<Child<Module>> shared;
  std::optional<Child<PreTrainedModel>> encoder, decoder;
};

// What a model is made from.
struct Made {
  const Seq2SeqConfig& config;
  const std::string& model_type;
  const std::string& text;
  std::shared_ptr<PreTrainedModel> base;  // null: made here
};

// What a head stands on: a model under a name, or the stacks among its own children.
struct Below {
  Below(Module& owner, const std::string& name, const Made& made) {
    if (name.empty())
      own = std::make_unique<Seq2SeqBody>(owner, made.config, made.model_type, made.text);
    else
      model.emplace(owner, name, made.base ? made.base : make_model(made.model_type, "base", made.text));
  }
  ModelOutput run(const ModelInput& in) const { return own ? own->forward(in) : (*model)->run(in); }
  std::shared_ptr<KvCache> new_cache() const { return own ? own->new_cache() : (*model)->new_cache(); }
  std::unique_ptr<Seq2SeqBody> own;
  std::optional<Child<PreTrainedModel>> model;
};

std::shared_ptr<Module> linear(int64_t in, int64_t out, bool bias) { return std::make_shared<Linear>(in, out, bias); }

struct Seq2SeqLmBody : Body {
  Seq2SeqLmBody(Module& owner, const Seq2SeqConfig& c, const Made& made)
      : below(owner, c.base, made),
        logit_scale(c.logit_scale),
        lm_head(owner, "lm_head", linear(c.decoder.hidden_size, c.decoder.vocab_size, false)) {
    if (!c.logits_bias) return;
    bias = std::make_unique<Parameter>(owner, "final_logits_bias", Shape{1, c.decoder.vocab_size}, true);
    bias->set(Tensor::zeros({1, c.decoder.vocab_size}));
  }
  std::shared_ptr<KvCache> new_cache() const override { return below.new_cache(); }
  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = below.run(in);
    const Tensor h = kept_positions(out.last_hidden_state, in);
    out.logits = (*lm_head)(logit_scale == 1 ? h : mul(h, Scalar(logit_scale)));
    if (bias) out.logits = add(out.logits, bias->tensor().to(DType::Float32));
    out.last_hidden_state.reset();
    if (in.labels.defined()) out.loss = token_loss(out.logits, in.labels, in.num_items_in_batch);
    return out;
  }
  Below below;
  const double logit_scale;
  std::unique_ptr<Parameter> bias;
  Child<Module> lm_head;
};

struct ClassificationHead : Module {
  ClassificationHead(int64_t hidden, int64_t labels, double p)
      : dense(*this, "dense", linear(hidden, hidden, true)),
        dropout(*this, "dropout", std::make_shared<Dropout>(p)),
        out_proj(*this, "out_proj", linear(hidden, labels, true)) {}
  std::string class_name() const override { return "ClassificationHead"; }
  Tensor forward(const Tensor& x) override { return (*out_proj)((*dropout)(tanh((*dense)((*dropout)(x))))); }
  Child<Module> dense, dropout, out_proj;
};

// Rows of the last end-of-sequence token of each text.
Tensor last_eos(const ModelInput& in, int64_t eos) {
  check<UnsupportedError>(in.input_ids.defined(),
                          "Passing input embeddings is currently not supported for sequence classification");
  const Tensor ids = in.input_ids.contiguous();
  const int64_t batch = ids.size(0), length = ids.size(1);
  std::vector<int64_t> rows, counts;
  for (int64_t b = 0; b < batch; b++) {
    int64_t count = 0, last = 0;
    for (int64_t i = 0; i < length; i++)
      if (ids.data<int64_t>()[b * length + i] == eos) {
        count++;
        last = i;
      }
    check<ConfigError>(count > 0, "Each example must contain at least one <eos> token.");
    counts.push_back(count);
    check<ConfigError>(count == counts[0], "All examples must have the same number of <eos> tokens.");
    rows.push_back(b * length + last);
  }
  return Tensor::from_data(rows);
}

struct Seq2SeqClassifierBody : Body {
  Seq2SeqClassifierBody(Module& owner, const Seq2SeqConfig& c, const Made& made)
      : below(owner, c.head_base, made),
        eos(c.eos),
        classification_head(
            owner, "classification_head",
            std::make_shared<ClassificationHead>(c.decoder.hidden_size, c.num_labels, c.classifier_dropout)) {}
  ModelOutput forward(const ModelInput& in) override {
    const Tensor rows = last_eos(in, eos);
    ModelOutput out = below.run(in);
    check<ShapeError>(out.last_hidden_state.size(1) == in.input_ids.size(1), "decoder_input_ids: found ",
                      out.last_hidden_state.size(1), " tokens, needed as many as in input_ids, ", in.input_ids.size(1));
    out.logits = (*classification_head)(index_select(out.last_hidden_state.flatten(0, 1), 0, rows));
    out.last_hidden_state.reset();
    if (in.labels.defined()) out.loss = sequence_loss(out.logits, in);
    return out;
  }
  Below below;
  const int64_t eos;
  Child<Module> classification_head;
};

struct Seq2SeqAnswerBody : Body {
  Seq2SeqAnswerBody(Module& owner, const Seq2SeqConfig& c, const Made& made)
      : below(owner, c.qa_base, made), qa_outputs(owner, "qa_outputs", linear(c.decoder.hidden_size, 2, true)) {}
  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = below.run(in);
    answer((*qa_outputs)(out.last_hidden_state), in, out);
    out.last_hidden_state.reset();
    return out;
  }
  Below below;
  Child<Module> qa_outputs;
};

// A model whose only child is the decoder, and a head on it: the decoder alone as a language model. Its labels are not
// moved.
struct DecoderOnlyBody : Body {
  DecoderOnlyBody(Module& owner, std::shared_ptr<PreTrainedModel> model)
      : decoder(owner, "decoder", std::move(model)) {}
  ModelOutput forward(const ModelInput& in) override { return decoder->run(in); }
  std::shared_ptr<KvCache> new_cache() const override { return decoder->new_cache(); }
  Child<PreTrainedModel> decoder;
};

struct DecoderLmBody : Body {
  DecoderLmBody(Module& owner, const Seq2SeqConfig& c, std::shared_ptr<PreTrainedModel> base)
      : model(owner, c.base, std::move(base)),
        lm_head(owner, "lm_head", linear(c.decoder.hidden_size, c.decoder.vocab_size, false)) {}
  std::shared_ptr<KvCache> new_cache() const override { return model->new_cache(); }
  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = model->run(in);
    out.logits = (*lm_head)(kept_positions(out.last_hidden_state, in));
    out.last_hidden_state.reset();
    if (in.labels.defined()) out.loss = token_loss(out.logits, in.labels, in.num_items_in_batch);
    return out;
  }
  Child<PreTrainedModel> model;
  Child<Module> lm_head;
};

}  // namespace

Family seq2seq_family(const std::string& model_type, Seq2SeqConfig (*read)(const ConfigReader&), GgufTable gguf) {
  Family family;
  family.gguf = std::move(gguf);
  family.make = [model_type, read](Module& owner, const std::string& head, const std::string& text,
                                   std::shared_ptr<PreTrainedModel> base) -> std::unique_ptr<Body> {
    const ConfigReader reader(text);
    Seq2SeqConfig c = read(reader);
    const HeadConfig h = read_head(reader, c.decoder.hidden_size);
    c.num_labels = h.num_labels;
    const Made made{c, model_type, text, base};
    if (head == "encoder") return std::make_unique<StackBody>(owner, c.encoder);
    if (head == "decoder") return std::make_unique<StackBody>(owner, c.decoder);
    if (head == "base") return std::make_unique<Seq2SeqBody>(owner, c, model_type, text);
    if (head == "encoder_model") return std::make_unique<Seq2SeqBody>(owner, c, model_type, text, false);
    if (head == "seq2seq_lm") return std::make_unique<Seq2SeqLmBody>(owner, c, made);
    if (head == "sequence_classification") return std::make_unique<Seq2SeqClassifierBody>(owner, c, made);
    if (head == "question_answering") return std::make_unique<Seq2SeqAnswerBody>(owner, c, made);
    if (head == "token_classification") {
      HeadConfig tokens = h;
      tokens.base = c.head_base;
      tokens.name = "classifier";
      tokens.dropout = c.classifier_dropout;
      if (!base) base = make_model(model_type, "encoder_model", text);
      return std::make_unique<TokenClassifierBody>(owner, tokens, std::move(base));
    }
    if (head == "decoder_model")
      return std::make_unique<DecoderOnlyBody>(owner, base ? std::move(base) : make_model(model_type, "decoder", text));
    if (head == "causal_lm")
      return std::make_unique<DecoderLmBody>(owner, c,
                                             base ? std::move(base) : make_model(model_type, "decoder_model", text));
    fail<UnsupportedError>("model_type '", model_type, "' has no head '", head,
                           "', known are base, encoder, decoder, seq2seq_lm, sequence_classification, "
                           "question_answering");
  };
  return family;
}

}  // namespace ef
