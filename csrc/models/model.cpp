#include "models/model.h"

#include <utility>

#include "autograd/autograd.h"
#include "kernels/quant.h"
#include "models/family.h"

namespace ef {
namespace {
thread_local const RotaryLength* rotary_length = nullptr;
}

RotaryLength::RotaryLength(const KvCache* cache, int64_t length)
    : cache_(cache), length_(length), before_(std::exchange(rotary_length, this)) {}
RotaryLength::~RotaryLength() { rotary_length = before_; }
int64_t RotaryLength::of(const KvCache* cache) {
  for (const RotaryLength* r = rotary_length; r && cache; r = r->before_)
    if (r->cache_ == cache) return r->length_;
  return 0;
}

void PreTrainedModel::build(const std::string& model_type, const std::string& head, const std::string& config,
                            std::shared_ptr<PreTrainedModel> base) {
  check<ConfigError>(!body_, class_name(), ": the model was built already");
  model_type_ = model_type;
  body_ = families().at(model_type).make(*this, head, config, std::move(base));
}

namespace {

// Whether several positions of a sequence pass at once; of an encoder-decoder, the decoder's.
QuantRows::Kind kind_of(const ModelInput& in) {
  if (grad_enabled()) return QuantRows::Any;  // what is computed again in backward is not told
  for (const Tensor* t : {&in.decoder_input_ids, &in.decoder_inputs_embeds, &in.input_ids, &in.inputs_embeds})
    if (t->defined() && t->dim() >= 2) return t->size(1) > 1 ? QuantRows::Prompt : QuantRows::Token;
  return QuantRows::Any;
}

}  // namespace

ModelOutput PreTrainedModel::run(const ModelInput& input) {
  if (!body_)  // the name of a class may be Python's, and take longer than a layer
    fail<UnsupportedError>(class_name(), ": the model defines no forward pass");
  const QuantRows::Kind told = QuantRows::current();
  const QuantRows rows(told == QuantRows::Any ? kind_of(input) : told);
  return body_->forward(input);
}

std::shared_ptr<KvCache> PreTrainedModel::new_cache() const {
  return body_ ? body_->new_cache() : std::make_shared<DynamicCache>();
}

std::shared_ptr<PreTrainedModel> make_model(const std::string& model_type, const std::string& head,
                                            const std::string& config) {
  auto model = std::make_shared<PreTrainedModel>();
  model->build(model_type, head, config);
  return model;
}

}  // namespace ef
