// The small layers: Linear, Embedding, norms, activations, dropout, containers. Names and defaults are torch's.
#pragma once
#include "nn/module.h"

namespace ef {

class Linear : public Module {
 public:
  Linear(int64_t in_features, int64_t out_features, bool bias = true);
  static const char* role() { return "a Linear"; }
  std::string class_name() const override { return "Linear"; }
  std::string extra_repr() const override;
  Tensor forward(const Tensor& x) override;  // [..., in] → [..., out]
  bool make_parameter(const std::string& name, const Tensor& value) override;
  Tensor bias_tensor() const { return bias ? bias->tensor() : Tensor(); }
  const int64_t in_features, out_features;
  WeightSlot weight;
  std::unique_ptr<Parameter> bias;
};

// A linear layer whose checkpoint holds its matrix as [in, out].
class Conv1D : public Module {
 public:
  Conv1D(int64_t in_features, int64_t out_features);
  std::string class_name() const override { return "Conv1D"; }
  Tensor forward(const Tensor& x) override;
  Parameter weight, bias;
};

// y_i = linear_i(x), as one product when all of them are plain Linears.
std::vector<Tensor> apply_all(const Tensor& x, std::initializer_list<const Child<Module>*> layers);

class Embedding : public Module {
 public:
  Embedding(int64_t num_embeddings, int64_t embedding_dim, double scale = 1);
  static const char* role() { return "an Embedding"; }
  std::string class_name() const override { return "Embedding"; }
  std::string extra_repr() const override;
  Tensor forward(const Tensor& ids) override;  // int64 [...] → [..., dim]
  const int64_t num_embeddings, embedding_dim;
  const double scale;        // of what it returns
  int64_t padding_idx = -1;  // a row that gets no gradient
  WeightSlot weight;
};

class RMSNorm : public Module {
 public:
  RMSNorm(int64_t size, double eps, bool unit_offset = false);
  std::string class_name() const override { return "RMSNorm"; }
  std::string extra_repr() const override;
  Tensor forward(const Tensor& x) override;
  const double eps;
  const bool unit_offset;  // gain 1 + weight
  Parameter weight;
};

class LayerNorm : public Module {
 public:
  LayerNorm(int64_t size, double eps = 1e-5, bool affine = true, bool bias = true, bool unit_offset = false);
  std::string class_name() const override { return "LayerNorm"; }
  std::string extra_repr() const override;
  Tensor forward(const Tensor& x) override;
  bool make_parameter(const std::string& name, const Tensor& value) override;
  const int64_t size;
  const double eps;
  const bool unit_offset;  // gain 1 + weight
  std::unique_ptr<Parameter> weight, bias;
};

// Which norm a family uses, and where its gain is stored less one.
struct NormConfig {
  enum Kind { Rms, RmsUnitOffset, Layer, LayerNoBias, LayerUnitOffset, Plain };  // Plain: LayerNorm without gain
  Kind kind = Rms;
  double eps = 1e-6;
};
std::shared_ptr<Module> make_norm(const NormConfig& config, int64_t size);

// LayerNorm over each head of [..., heads, head_dim], with a gain for each head: one matrix of them, or (`apart`) a
// LayerNorm a head in a list `norms`.
class HeadNorm : public Module {
 public:
  HeadNorm(int64_t heads, int64_t head_dim, double eps, bool apart);
  std::string class_name() const override { return "HeadNorm"; }
  Tensor forward(const Tensor& x) override;
  const double eps;
  std::unique_ptr<Parameter> weight;
  std::unique_ptr<Child<Module>> norms;
};

class Dropout : public Module {
 public:
  explicit Dropout(double p = 0.5);
  std::string class_name() const override { return "Dropout"; }
  std::string extra_repr() const override { return str("p=", p); }
  Tensor forward(const Tensor& x) override;
  const double p;
};

// ACT2FN by its transformers name ("silu", "gelu_pytorch_tanh", …); KeyError lists the known ones.
using ActivationFn = Tensor (*)(const Tensor&);
ActivationFn activation_fn(std::string_view name);
std::vector<std::string> activation_names();

class ActivationLayer : public Module {
 public:
  explicit ActivationLayer(std::string name) : name(std::move(name)), function(activation_fn(this->name)) {}
  std::string class_name() const override { return "Activation"; }
  std::string extra_repr() const override { return name; }
  Tensor forward(const Tensor& x) override { return function(x); }
  const std::string name;
  const ActivationFn function;
};

class ModuleList : public Module {
 public:
  static const char* role() { return "a ModuleList"; }
  std::string class_name() const override { return "ModuleList"; }
  void append(ModulePtr module) { add_child(std::to_string(size()), std::move(module)); }
  int64_t size() const { return int64_t(children().size()); }
  ModulePtr at(int64_t index) const;  // negative counts from the end
};

class Sequential : public ModuleList {
 public:
  std::string class_name() const override { return "Sequential"; }
  Tensor forward(const Tensor& x) override;
};

}  // namespace ef
