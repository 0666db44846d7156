// Small models with fixed random weights.
#pragma once
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "models/family.h"
#include "models/model.h"
#include "ops/ops.h"

namespace ef {

inline std::string tiny_config(const std::string& extra = "") {
  return R"({"vocab_size": 48, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 64,
             "num_experts": 4, "n_routed_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24,
             "shared_expert_intermediate_size": 16, "kv_lora_rank": 12, "qk_rope_head_dim": 4, "qk_nope_head_dim": 6,
             "v_head_dim": 8, "num_heads": 8, "state_size": 6, "n_groups": 2, "linear_num_key_heads": 2,
             "linear_num_value_heads": 4, "linear_key_head_dim": 6, "linear_value_head_dim": 5)" +
         (extra.empty() ? "" : ", " + extra) + "}";
}

inline void fill_weights(Module& model, DType dtype = DType::Float32, double scale = 0.2) {
  NoGradGuard no_grad;
  Generator generator(1);
  for (auto& [name, slot] : model.named_slots()) {
    if (slot->is_buffer()) continue;
    Tensor value = Tensor::empty(slot->shape(), dtype);
    normal_(value, slot->shape().size() == 1 ? 1 : 0, scale, &generator);
    set_requires_grad(value);
    slot->set(value);
  }
}

inline std::shared_ptr<PreTrainedModel> tiny_decoder(const std::string& family, DType dtype = DType::Float32) {
  std::string extra;  // one layer of each kind
  if (family == "lfm2") extra = R"("layer_types": ["conv", "full_attention"])";
  if (family == "qwen3_next") extra = R"("layer_types": ["linear_attention", "full_attention"])";
  auto model = make_model(family, "causal_lm", tiny_config(extra));
  model->train(false);
  fill_weights(*model, dtype);
  return model;
}

inline Tensor ids_of(const std::vector<int64_t>& values, int64_t batch = 1) {
  return Tensor::from_data(values, {batch, int64_t(values.size()) / batch});
}

inline double max_difference(const Tensor& a, const Tensor& b) { return max(abs(sub(a, b))).item<double>(); }

// The families that are no decoders.
inline std::vector<std::string> encoder_types() {
  return {"albert",     "bert",       "camembert", "deberta",    "deberta-v2", "distilbert", "electra",
          "longformer", "modernbert", "mpnet",     "nomic_bert", "roberta",    "tapas",      "xlm-roberta"};
}

inline std::vector<std::string> decoders() {
  std::vector<std::string> names = families().names();
  for (const std::string& encoder : encoder_types()) std::erase(names, encoder);
  for (const char* other : {"bert", "bart", "m2m_100", "marian", "mbart", "mt5", "pegasus", "t5", "umt5"})
    std::erase(names, other);
  return names;
}

}  // namespace ef
