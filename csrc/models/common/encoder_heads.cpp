#include "models/common/encoder.h"
#include "models/common/heads.h"
#include "ops/ops.h"

namespace ef {

Tensor first_tokens(const Tensor& x, const ModelInput& in) {
  if (in.lengths.empty()) return x.select(1, 0);
  std::vector<int64_t> starts;
  int64_t at = 0;
  for (const int64_t n : in.lengths) {
    starts.push_back(at);
    at += n;
  }
  return index_select(x.select(0, 0), 0, Tensor::from_data(starts));
}

bool reads_pooler(const EncoderConfig& c, const std::string& head) {
  if (head == "sequence_classification") return c.scorers.sequence_pooled;
  if (head == "multiple_choice") return c.scorers.choice_pooled;
  if (head == "table_question_answering") return true;
  return head == "next_sentence_prediction" || (head == "pretraining" && c.scorers.discriminator.dense.empty());
}

namespace {

// A ScorerConfig's layers.
class Scorer {
 public:
  Scorer(Module& owner, Slots& slots, const EncoderConfig& c, const ScorerConfig& s, int64_t outputs)
      : owner_(owner), config_(s) {
    int64_t width = c.hidden;
    if (!s.dense.empty()) {
      width = s.width ? s.width : c.hidden;
      dense_ = &slots.linear(s.dense, c.hidden, width, s.dense_bias);
    }
    if (!s.norm.empty()) norm_ = &slots.norm(s.norm, c.norm, width);
    out_ = &slots.linear(s.out, width, outputs, s.out_bias && s.bias.empty());
    if (!s.bias.empty()) bias_ = &slots.parameter(s.bias, {outputs});
    if (!s.act.empty()) act_ = activation_fn(s.act);
  }
  Tensor operator()(const Tensor& x) const {
    Tensor h = dropped(x, config_.dropout_in);
    if (dense_) h = (**dense_)(h);
    if (act_) h = act_(h);
    if (norm_) h = (**norm_)(h);
    h = (**out_)(dropped(h, config_.dropout));
    return bias_ ? add(h, bias_->tensor().to(DType::Float32)) : h;
  }

 private:
  Tensor dropped(const Tensor& x, double p) const { return owner_.training() && p > 0 ? dropout(x, p) : x; }
  Module& owner_;
  const ScorerConfig config_;
  Child<Module>*dense_ = nullptr, *norm_ = nullptr, *out_ = nullptr;
  Parameter* bias_ = nullptr;
  ActivationFn act_ = nullptr;
};

// What all heads do around their scores.
struct HeadBody : Body {
  HeadBody(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : owner(owner), config(c), base(owner, c.names.base, std::move(model)) {}
  ModelOutput forward(const ModelInput& in) override {
    ModelOutput out = base->run(in);
    score(in, out);
    out.last_hidden_state.reset();
    out.pooler_output.reset();
    return out;
  }
  virtual void score(const ModelInput& in, ModelOutput& out) = 0;
  Scorer scorer(const ScorerConfig& s, int64_t outputs) { return Scorer(owner, slots, config, s, outputs); }

  // One vector a sequence.
  static Tensor summary(const ModelInput& in, const ModelOutput& out, bool pooled, bool averaged) {
    if (pooled) return out.pooler_output;
    const Tensor& x = out.last_hidden_state;
    if (!averaged) return first_tokens(x, in);
    check<UnsupportedError>(in.lengths.empty(), "mean pooling of packed sequences");
    if (!in.attention_mask.defined()) return mean(x, {1});
    const Tensor real = in.attention_mask.to(DType::Float32).unsqueeze(2);
    return div(sum(mul(x, real), {1}), sum(real, {1}));
  }
  Module& owner;
  const EncoderConfig config;
  Child<PreTrainedModel> base;
  Slots slots{owner};
};

struct MaskedLmHead : HeadBody {
  MaskedLmHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), words(scorer(c.scorers.masked_lm, c.vocab)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = words(out.last_hidden_state);
    if (in.labels.defined()) out.loss = token_loss(out.logits, in.labels, in.num_items_in_batch);
  }
  Scorer words;
};

// The token after each, for a base model that is a decoder.
struct NextTokenHead : HeadBody {
  NextTokenHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), words(scorer(c.scorers.masked_lm, c.vocab)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    const Tensor h = kept_positions(out.last_hidden_state, in);
    out.logits = words(h);
    if (!in.labels.defined()) return;
    check<ShapeError>(in.labels.dim() == 2 && in.labels.size(0) == h.size(0) && in.labels.size(1) == h.size(1),
                      "labels: found shape ", in.labels.shape(), ", needed [", h.size(0), ", ", h.size(1), "]");
    const int64_t n = h.size(1) - 1;
    out.loss = token_loss(out.logits.narrow(1, 0, n), in.labels.narrow(1, 1, n), in.num_items_in_batch);
  }
  Scorer words;
};

struct SequenceHead : HeadBody {
  SequenceHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), scores(scorer(c.scorers.sequence, c.labels)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = scores(summary(in, out, config.scorers.sequence_pooled, config.scorers.sequence_mean));
    if (in.labels.defined()) out.loss = sequence_loss(out.logits, in);
  }
  Scorer scores;
};

struct TokenHead : HeadBody {
  TokenHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), scores(scorer(c.scorers.token, c.labels)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = scores(out.last_hidden_state);
    if (in.labels.defined()) out.loss = token_loss(out.logits, in.labels);
  }
  Scorer scores;
};

struct AnswerHead : HeadBody {
  AnswerHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), scores(scorer(c.scorers.answer, 2)) {}
  void score(const ModelInput& in, ModelOutput& out) override { answer(scores(out.last_hidden_state), in, out); }
  Scorer scores;
};

// Scores one text of several: inputs are [batch, choices, length].
struct ChoiceHead : HeadBody {
  ChoiceHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), scores(scorer(c.scorers.choice, 1)) {}
  ModelOutput forward(const ModelInput& in) override {
    const Tensor& texts = in.input_ids.defined() ? in.input_ids : in.inputs_embeds;
    check<ShapeError>(texts.defined() && texts.dim() == (in.input_ids.defined() ? 3 : 4) && texts.size(1) > 0,
                      "input_ids: found shape ", texts.defined() ? texts.shape() : Shape(),
                      ", needed [batch, choices, length]");
    ModelInput flat = in;
    for (Tensor* t :
         {&flat.input_ids, &flat.attention_mask, &flat.token_type_ids, &flat.position_ids, &flat.inputs_embeds})
      if (t->defined()) *t = t->flatten(0, 1);
    ModelOutput out = HeadBody::forward(flat);
    out.logits = out.logits.view({texts.size(0), texts.size(1)});
    if (in.labels.defined()) {
      check<ShapeError>(in.labels.numel() == texts.size(0), "labels: found shape ", in.labels.shape(), ", needed [",
                        texts.size(0), "]");
      out.loss = cross_entropy(out.logits, in.labels.flatten());
    }
    return out;
  }
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = scores(summary(in, out, config.scorers.choice_pooled, config.scorers.choice_mean));
  }
  Scorer scores;
};

Tensor pair_loss(const Tensor& logits, const Tensor& labels) {
  check<ShapeError>(labels.numel() == logits.size(0), "labels: found shape ", labels.shape(), ", needed [",
                    logits.size(0), "]");
  return cross_entropy(logits, labels.flatten());
}

struct NextSentenceHead : HeadBody {
  NextSentenceHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), scores(scorer(c.scorers.next_sentence, 2)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = scores(out.pooler_output);
    if (in.labels.defined()) out.loss = pair_loss(out.logits, in.labels);
  }
  Scorer scores;
};

struct PretrainingHead : HeadBody {
  PretrainingHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)),
        words(scorer(c.scorers.masked_lm, c.vocab)),
        order(scorer(c.scorers.next_sentence, 2)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = words(out.last_hidden_state);
    out.pair_logits = order(out.pooler_output);
    if (in.labels.defined() && in.next_sentence_label.defined())
      out.loss = add(token_loss(out.logits, in.labels), pair_loss(out.pair_logits, in.next_sentence_label));
  }
  Scorer words, order;
};

// Tells tokens that were replaced from those that were not.
struct DiscriminatorHead : HeadBody {
  DiscriminatorHead(Module& owner, const EncoderConfig& c, std::shared_ptr<PreTrainedModel> model)
      : HeadBody(owner, c, std::move(model)), scores(scorer(c.scorers.discriminator, 1)) {}
  void score(const ModelInput& in, ModelOutput& out) override {
    out.logits = scores(out.last_hidden_state).select(2, 0);
    if (!in.labels.defined()) return;
    check<ShapeError>(in.labels.shape() == out.logits.shape(), "labels: found shape ", in.labels.shape(), ", needed ",
                      out.logits.shape());
    const Tensor target = in.labels.to(DType::Float32);
    if (!in.attention_mask.defined()) {
      out.loss = binary_cross_entropy_with_logits(out.logits, target);
      return;
    }
    const Tensor real = eq(in.attention_mask, Scalar(1)).to(DType::Float32);
    out.loss = div(binary_cross_entropy_with_logits(out.logits, target, real, {}, Reduction::Sum), sum(real));
  }
  Scorer scores;
};

}  // namespace

std::unique_ptr<Body> make_encoder_head(Module& owner, const EncoderConfig& c, const std::string& head,
                                        std::shared_ptr<PreTrainedModel> base) {
  if (head == "masked_lm") return std::make_unique<MaskedLmHead>(owner, c, std::move(base));
  if (head == "causal_lm") return std::make_unique<NextTokenHead>(owner, c, std::move(base));
  if (head == "sequence_classification") return std::make_unique<SequenceHead>(owner, c, std::move(base));
  if (head == "token_classification") return std::make_unique<TokenHead>(owner, c, std::move(base));
  if (head == "question_answering") return std::make_unique<AnswerHead>(owner, c, std::move(base));
  if (head == "multiple_choice") return std::make_unique<ChoiceHead>(owner, c, std::move(base));
  if (head == "next_sentence_prediction") return std::make_unique<NextSentenceHead>(owner, c, std::move(base));
  if (head == "pretraining" && !c.scorers.discriminator.dense.empty())
    return std::make_unique<DiscriminatorHead>(owner, c, std::move(base));
  if (head == "pretraining") return std::make_unique<PretrainingHead>(owner, c, std::move(base));
  fail<UnsupportedError>(c.name, " has no head '", head,
                         "', known are base, masked_lm, causal_lm, sequence_classification, token_classification, "
                         "question_answering, multiple_choice, next_sentence_prediction, pretraining");
}

}  // namespace ef
