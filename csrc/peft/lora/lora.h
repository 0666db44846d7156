// LoRA: y = base(x) + s·B(A(dropout(x))), and DoRA, where each row of W + s·BA is rescaled to a trained length.
// Hu et al. 2021, arXiv:2106.09685; Liu et al. 2024, arXiv:2402.09353.
#pragma once
#include "nn/adapted_linear.h"
#include "nn/containers.h"
#include "peft/tuner.h"

namespace ef {

// Names of the parts are those of adapter files.
class LoraLayer : public TunerLayer {
 public:
  using TunerLayer::TunerLayer;
  double scaling(const std::string& adapter) const;  // KeyError when there is none
  void set_scaling(const std::string& adapter, double value);
  void forget(const std::string& adapter);  // its scaling; its parts are the caller's

  // Filled by the caller, under the adapter's name: Linear, dropout or Identity, a module with `weight` for DoRA.
  Child<ModuleDict> lora_dropout{*this, "lora_dropout", std::make_shared<ModuleDict>()};
  Child<ModuleDict> lora_A{*this, "lora_A", std::make_shared<ModuleDict>()};
  Child<ModuleDict> lora_B{*this, "lora_B", std::make_shared<ModuleDict>()};
  Child<ParameterDict> lora_embedding_A{*this, "lora_embedding_A", std::make_shared<ParameterDict>()};  // [r, V]
  Child<ParameterDict> lora_embedding_B{*this, "lora_embedding_B", std::make_shared<ParameterDict>()};  // [dim, r]
  Child<ModuleDict> lora_magnitude_vector{*this, "lora_magnitude_vector", std::make_shared<ModuleDict>()};

  // DoRA: ‖W + s·BA‖ over the inputs, [out]: from products with the r rows of A, never the whole sum.
  virtual Tensor weight_norm(const std::string& adapter) = 0;

 protected:
  Tensor merged_weight(const std::string& adapter, const Tensor& weight) override;
  Tensor unmerged_weight(const std::string& adapter, const Tensor& weight) override;
  Tensor factor(const std::string& adapter);  // DoRA: magnitude / norm, [out]; the norm is a constant
  virtual int64_t inputs() const = 0;         // the dimension of the base weight that DoRA's norm runs over

 private:
  Tensor magnitude(const std::string& adapter) const;  // [out]; undefined without DoRA
  Guarded<std::map<std::string, double>> scaling_;
  std::map<std::string, Tensor> merged_factor_;  // DoRA: what the weight was multiplied by when it was merged
};

class LoraLinear : public LoraLayer, public AdaptedLinear {
 public:
  using LoraLayer::LoraLayer;
  std::string class_name() const override { return "lora.Linear"; }
  Tensor forward(const Tensor& x) override;  // [..., in] → [..., out]
  std::optional<LinearTerm> term() override;
  bool has(const std::string& adapter) const override { return lora_A->find(adapter) != nullptr; }
  Tensor delta_weight(const std::string& adapter) override;  // s·BA
  Tensor delta_bias(const std::string& adapter) override;    // s times B's own bias
  Tensor weight_norm(const std::string& adapter) override;

 protected:
  int64_t inputs() const override { return base_matrix().transposed() ? 0 : 1; }

 private:
  Tensor matrix(const Child<ModuleDict>& parts, const std::string& adapter) const;
  Tensor dora_term(const std::string& adapter, const Tensor& x, const Tensor& y, const Tensor& update, bool dropped);
  struct Norms {
    const void* identity = nullptr;
    uint64_t version = 0;
    Tensor value;
  };
  Guarded<Norms> norms_;  // of the base weight, which is frozen as a rule
};

class LoraEmbedding : public LoraLayer {
 public:
  using LoraLayer::LoraLayer;
  std::string class_name() const override { return "lora.Embedding"; }
  Tensor forward(const Tensor& ids) override;  // int64 [...] → [..., dim]
  bool has(const std::string& adapter) const override { return lora_embedding_A->find(adapter).defined(); }
  Tensor delta_weight(const std::string& adapter) override;
  Tensor weight_norm(const std::string& adapter) override;  // of each column, [dim]

 protected:
  int64_t inputs() const override { return 0; }
};

}  // namespace ef
