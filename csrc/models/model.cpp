#include "models/model.h"

#include "models/family.h"

namespace ef {

void PreTrainedModel::build(const std::string& model_type, const std::string& head, const std::string& config,
                            std::shared_ptr<PreTrainedModel> base) {
  check<ConfigError>(!body_, class_name(), ": the model was built already");
  model_type_ = model_type;
  body_ = families().at(model_type).make(*this, head, config, std::move(base));
}

ModelOutput PreTrainedModel::run(const ModelInput& input) {
  check<UnsupportedError>(body_ != nullptr, class_name(), ": the model defines no forward pass");
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
