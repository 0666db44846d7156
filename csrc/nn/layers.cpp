#include "nn/layers.h"

#include <cmath>

#include "core/registry.h"
#include "nn/adapted_linear.h"
#include "ops/ops.h"

namespace ef {

Linear::Linear(int64_t in, int64_t out, bool with_bias)
    : in_features(in), out_features(out), weight(*this, "weight", {out, in}) {
  check<ConfigError>(in >= 0 && out >= 0, "Linear: found in_features=", in, ", out_features=", out,
                     ", needed numbers that are not negative");
  if (with_bias) bias = std::make_unique<Parameter>(*this, "bias", Shape{out});
}
bool Linear::make_parameter(const std::string& name, const Tensor& value) {
  if (name != "bias" || (value.defined() && value.shape() != Shape{out_features})) return false;
  bias = std::make_unique<Parameter>(*this, "bias", Shape{out_features});
  return true;
}
std::string Linear::extra_repr() const {
  return str("in_features=", in_features, ", out_features=", out_features,
             ", bias=", bias && bias->defined() ? "True" : "False");
}
Tensor Linear::forward(const Tensor& x) { return linear(x, weight.get(), bias_tensor()); }

Conv1D::Conv1D(int64_t in, int64_t out) : weight(*this, "weight", {in, out}), bias(*this, "bias", {out}) {}
Tensor Conv1D::forward(const Tensor& x) {
  return add(matmul(x, weight.tensor().to(x.dtype())), bias.tensor().to(x.dtype()));
}

std::optional<LinearTerm> linear_term(Module& layer) {
  if (!layer.plain()) return {};
  if (auto* linear = dynamic_cast<Linear*>(&layer)) return LinearTerm{linear->weight.get(), linear->bias_tensor(), {}};
  auto* adapted = dynamic_cast<AdaptedLinear*>(&layer);
  return adapted ? adapted->term() : std::nullopt;
}

std::vector<Tensor> apply_all(const Tensor& x, std::initializer_list<const Child<Module>*> layers) {
  std::vector<LinearTerm> terms;
  std::vector<Tensor> out;
  for (const Child<Module>* child : layers) {
    std::optional<LinearTerm> term = linear_term(*child->operator->());
    if (!term) break;
    terms.push_back(std::move(*term));
  }
  if (terms.size() == layers.size()) return linear_terms(x, terms);
  for (const Child<Module>* child : layers) out.push_back((**child)(x));
  return out;
}

Embedding::Embedding(int64_t n, int64_t dim, double scale)
    : num_embeddings(n), embedding_dim(dim), scale(scale), weight(*this, "weight", {n, dim}) {
  check<ConfigError>(n >= 0 && dim >= 0, "Embedding: found num_embeddings=", n, ", embedding_dim=", dim,
                     ", needed numbers that are not negative");
}
std::string Embedding::extra_repr() const { return str(num_embeddings, ", ", embedding_dim); }
Tensor Embedding::forward(const Tensor& ids) {
  const Tensor rows = embed(ids, weight.get(), padding_idx);
  return scale == 1 ? rows : mul(rows, Scalar(scale));
}

RMSNorm::RMSNorm(int64_t size, double eps, bool unit_offset)
    : eps(eps), unit_offset(unit_offset), weight(*this, "weight", {size}) {}
std::string RMSNorm::extra_repr() const { return str("(", weight.shape()[0], ",), eps=", eps); }
Tensor RMSNorm::forward(const Tensor& x) { return rms_norm(x, weight.tensor(), eps, unit_offset); }

LayerNorm::LayerNorm(int64_t size, double eps, bool affine, bool with_bias, bool unit_offset)
    : size(size), eps(eps), unit_offset(unit_offset) {
  if (affine) weight = std::make_unique<Parameter>(*this, "weight", Shape{size});
  if (affine && with_bias) bias = std::make_unique<Parameter>(*this, "bias", Shape{size});
}
bool LayerNorm::make_parameter(const std::string& name, const Tensor& value) {
  if ((name != "weight" && name != "bias") || (value.defined() && value.shape() != Shape{size})) return false;
  (name == "weight" ? weight : bias) = std::make_unique<Parameter>(*this, name, Shape{size});
  return true;
}
std::string LayerNorm::extra_repr() const { return str("(", size, ",), eps=", eps); }
Tensor LayerNorm::forward(const Tensor& x) {
  const Tensor stored = weight ? weight->tensor() : Tensor();
  return layer_norm(x, unit_offset ? add(stored, Scalar(1.0)) : stored, bias ? bias->tensor() : Tensor(), eps);
}

std::shared_ptr<Module> make_norm(const NormConfig& c, int64_t size) {
  if (c.kind == NormConfig::Rms || c.kind == NormConfig::RmsUnitOffset)
    return std::make_shared<RMSNorm>(size, c.eps, c.kind == NormConfig::RmsUnitOffset);
  return std::make_shared<LayerNorm>(size, c.eps, c.kind != NormConfig::Plain, c.kind != NormConfig::LayerNoBias,
                                     c.kind == NormConfig::LayerUnitOffset);
}

HeadNorm::HeadNorm(int64_t heads, int64_t head_dim, double eps, bool apart) : eps(eps) {
  if (!apart) {
    weight = std::make_unique<Parameter>(*this, "weight", Shape{heads, head_dim});
    return;
  }
  auto list = std::make_shared<ModuleList>();
  for (int64_t i = 0; i < heads; i++) list->append(std::make_shared<LayerNorm>(head_dim, eps, true, false));
  norms = std::make_unique<Child<Module>>(*this, "norms", list);
}
Tensor HeadNorm::forward(const Tensor& x) {
  if (weight) return mul(layer_norm(x, {}, {}, eps), weight->tensor());
  std::vector<Tensor> parts;
  for (ChildSlot* head : (*norms)->children()) parts.push_back((*head->get())(x.narrow(-2, int64_t(parts.size()), 1)));
  return cat(parts, -2);
}

Dropout::Dropout(double p) : p(p) {
  check<ConfigError>(p >= 0 && p <= 1, "dropout probability has to be between 0 and 1, but got ", p);
}
Tensor Dropout::forward(const Tensor& x) { return training() && p > 0 ? dropout(x, p) : x; }

namespace {

const Registry<ActivationFn>& activations() {
  static const Registry<ActivationFn> registry = [] {
    Registry<ActivationFn> r("activation");
    auto silu_fn = [](const Tensor& x) { return silu(x); };
    auto gelu_fn = [](const Tensor& x) { return gelu(x); };
    auto gelu_tanh = [](const Tensor& x) { return gelu(x, true); };
    r.add("gelu", gelu_fn);
    r.add("gelu_python", gelu_fn);
    r.add("gelu_new", gelu_tanh);
    r.add("gelu_fast", gelu_tanh);
    r.add("gelu_pytorch_tanh", gelu_tanh);
    r.add("gelu_accurate", gelu_tanh);
    r.add("gelu_10", [](const Tensor& x) { return clamp(gelu(x), Scalar(-10.0), Scalar(10.0)); });
    r.add("hardswish", [](const Tensor& x) { return hardswish(x); });
    r.add("laplace", [](const Tensor& x) {  // the normal distribution's sum up to x: mean sqrt(1/2), variance 1/(4 pi)
      return mul(add(erf(mul(sub(x, Scalar(0.707107)), Scalar(1 / (0.282095 * std::sqrt(2.0))))), Scalar(1.0)),
                 Scalar(0.5));
    });
    r.add("leaky_relu", [](const Tensor& x) { return leaky_relu(x); });
    r.add("linear", [](const Tensor& x) { return x; });
    r.add("mish", [](const Tensor& x) { return mish(x); });
    r.add("quick_gelu", [](const Tensor& x) { return quick_gelu(x); });
    r.add("relu", [](const Tensor& x) { return relu(x); });
    r.add("relu2", [](const Tensor& x) { return relu2(x); });
    r.add("relu6", [](const Tensor& x) { return clamp(x, Scalar(0.0), Scalar(6.0)); });
    r.add("sigmoid", [](const Tensor& x) { return sigmoid(x); });
    r.add("silu", silu_fn);
    r.add("sqrtsoftplus", [](const Tensor& x) { return sqrt(softplus(x)); });
    r.add("swish", silu_fn);
    r.add("tanh", [](const Tensor& x) { return tanh(x); });
    return r;
  }();
  return registry;
}

}  // namespace

ActivationFn activation_fn(std::string_view name) { return activations().at<KeyError>(name); }
std::vector<std::string> activation_names() { return activations().names(); }

ModulePtr ModuleList::at(int64_t index) const {
  const int64_t n = size(), i = index < 0 ? index + n : index;
  check<IndexError>(i >= 0 && i < n, "index ", index, " is out of range");
  return children()[size_t(i)]->get();
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const ModulePtr& child : child_modules()) y = (*child)(y);
  return y;
}

}  // namespace ef
