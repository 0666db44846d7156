#include "models/common/heads.h"

#include "ops/ops.h"

namespace ef {

Tensor kept_positions(const Tensor& h, const ModelInput& in) {
  if (in.logits_to_keep_ids.defined()) return index_select(h, 1, in.logits_to_keep_ids);
  if (in.logits_to_keep <= 0 || in.logits_to_keep >= h.size(1)) return h;
  return h.narrow(1, h.size(1) - in.logits_to_keep, in.logits_to_keep);
}

HeadConfig read_head(const ConfigReader& c, int64_t hidden_size) {
  HeadConfig h;
  h.hidden_size = hidden_size;
  const int64_t named = c.length("id2label");
  h.num_labels = named ? named : c.size("num_labels", 2);
  h.dropout = c.number("classifier_dropout", c.number("hidden_dropout", 0.1));
  h.bias = c.flag("token_classification_bias", true);
  return h;
}

Tensor sequence_loss(const Tensor& logits, const ModelInput& in) {
  const Tensor& labels = in.labels;
  const int64_t batch = logits.size(0), n = logits.size(1);
  auto wrong = [&](const char* needed) {
    fail<ShapeError>("labels: found shape ", labels.shape(), ", needed ", needed, " for ", batch, " sequences and ", n,
                     " labels; problem_type is ", in.problem_type);
  };
  if (in.problem_type == "regression") {
    const Tensor target = labels.to(DType::Float32);
    if (n == 1) {
      if (labels.numel() != batch) wrong("[batch]");
      return mse_loss(logits.view({batch}), target.reshape({batch}));
    }
    if (labels.shape() != logits.shape()) wrong("[batch, num_labels]");
    return mse_loss(logits, target);
  }
  if (in.problem_type == "single_label_classification") {
    if (labels.numel() != batch) wrong("[batch]");
    check<DtypeError>(!is_floating(labels.dtype()), "labels: found ", dtype_name(labels.dtype()),
                      ", needed int64 for single_label_classification");
    return cross_entropy(logits, labels.reshape({batch}));
  }
  check<ConfigError>(in.problem_type == "multi_label_classification", "Invalid problem type: ", in.problem_type);
  if (labels.shape() != logits.shape()) wrong("[batch, num_labels]");
  return binary_cross_entropy_with_logits(logits, labels.to(DType::Float32));
}

Tensor token_loss(const Tensor& logits, const Tensor& labels, const std::optional<double>& divisor) {
  check<ShapeError>(labels.dim() == 2 && labels.size(0) == logits.size(0) && labels.size(1) == logits.size(1),
                    "labels: found shape ", labels.shape(), ", needed [", logits.size(0), ", ", logits.size(1), "]");
  CrossEntropyOptions options;
  options.divisor = divisor;
  return cross_entropy(logits.flatten(0, 1), labels.flatten(), options);
}

void answer(const Tensor& scores, const ModelInput& in, ModelOutput& out) {
  out.start_logits = scores.select(2, 0).contiguous();
  out.end_logits = scores.select(2, 1).contiguous();
  if (!in.start_positions.defined() || !in.end_positions.defined()) return;
  const int64_t batch = scores.size(0), beyond = scores.size(1);
  CrossEntropyOptions options;
  options.ignore_index = beyond;
  options.divisor = in.num_items_in_batch;
  auto loss = [&](const Tensor& logits, const Tensor& at) {
    check<ShapeError>(at.numel() == batch, "start_positions and end_positions: found shape ", at.shape(), ", needed [",
                      batch, "]");
    return cross_entropy(logits, clamp(at.reshape({batch}), Scalar(int64_t(0)), Scalar(beyond)), options);
  };
  out.loss = mul(add(loss(out.start_logits, in.start_positions), loss(out.end_logits, in.end_positions)), Scalar(0.5));
}

LastTokenClassifierBody::LastTokenClassifierBody(Module& owner, const HeadConfig& c,
                                                 std::shared_ptr<PreTrainedModel> model)
    : base(owner, c.base, std::move(model)),
      score(owner, c.name, std::make_shared<Linear>(c.hidden_size, c.num_labels, c.bias)) {}

ModelOutput LastTokenClassifierBody::forward(const ModelInput& in) {
  ModelOutput out = base->run(in);
  const Tensor& h = out.last_hidden_state;
  const int64_t batch = h.size(0), length = h.size(1);
  check<ConfigError>(in.pad_token_id >= 0 || batch == 1,
                     "Cannot handle batch sizes > 1 if no padding token is defined.");
  std::vector<int64_t> rows(size_t(batch), length - 1);
  if (in.pad_token_id >= 0 && in.input_ids.defined()) {
    const Tensor ids = in.input_ids.contiguous();
    const int64_t* id = ids.data<int64_t>();
    for (int64_t b = 0; b < batch; b++) {
      int64_t last = length - 1;
      while (last > 0 && id[b * length + last] == in.pad_token_id) last--;
      rows[size_t(b)] = last;
    }
  }
  for (int64_t b = 0; b < batch; b++) rows[size_t(b)] += b * length;
  out.logits = (*score)(index_select(h.flatten(0, 1), 0, Tensor::from_data(rows)));
  out.last_hidden_state.reset();
  if (in.labels.defined()) out.loss = sequence_loss(out.logits, in);
  return out;
}

TokenClassifierBody::TokenClassifierBody(Module& owner, const HeadConfig& c, std::shared_ptr<PreTrainedModel> model)
    : base(owner, c.base, std::move(model)),
      dropout(owner, "dropout", std::make_shared<Dropout>(c.dropout)),
      score(owner, c.name, std::make_shared<Linear>(c.hidden_size, c.num_labels, c.bias)) {}

ModelOutput TokenClassifierBody::forward(const ModelInput& in) {
  ModelOutput out = base->run(in);
  out.logits = (*score)((*dropout)(out.last_hidden_state));
  out.last_hidden_state.reset();
  out.pooler_output.reset();
  out.past = nullptr;
  if (in.labels.defined()) out.loss = token_loss(out.logits, in.labels);
  return out;
}

QuestionAnsweringBody::QuestionAnsweringBody(Module& owner, const HeadConfig& c, std::shared_ptr<PreTrainedModel> model)
    : base(owner, c.base, std::move(model)),
      qa_outputs(owner, "qa_outputs", std::make_shared<Linear>(c.hidden_size, 2, true)) {}

ModelOutput QuestionAnsweringBody::forward(const ModelInput& in) {
  ModelOutput out = base->run(in);
  answer((*qa_outputs)(out.last_hidden_state), in, out);
  out.last_hidden_state.reset();
  out.pooler_output.reset();
  out.past = nullptr;
  return out;
}

}  // namespace ef
