#include "nn/fused.h"

#include <map>

#include "autograd/autograd.h"
#include "nn/adapted_linear.h"
#include "ops/ops.h"

namespace ef {

std::optional<rowwise::Unary> activation_kernel(const std::string& act) {
  using rowwise::Unary;
  static const std::map<std::string, Unary, std::less<>> known{
      {"gelu", Unary::Gelu},
      {"gelu_python", Unary::Gelu},
      {"gelu_new", Unary::GeluTanh},
      {"gelu_fast", Unary::GeluTanh},
      {"gelu_accurate", Unary::GeluTanh},
      {"gelu_pytorch_tanh", Unary::GeluTanh},
      {"quick_gelu", Unary::QuickGelu},
      {"relu", Unary::Relu},
      {"silu", Unary::Silu},
      {"swish", Unary::Silu},
      {"tanh", Unary::Tanh},
  };
  const auto found = known.find(act);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

namespace {

bool is_gain(const Tensor& t, int64_t n) {
  return t.dim() == 1 && t.size(0) == n && t.stride(0) == 1 &&
         (t.dtype() == DType::Float32 || t.dtype() == DType::BFloat16 || t.dtype() == DType::Float16);
}
rowwise::Gain gain(const Tensor& t) { return t.defined() ? rowwise::Gain{t.data_ptr(), t.dtype()} : rowwise::Gain{}; }

// x·Wᵀ, new and float32, and the bias that is still to be added.
struct Product {
  Tensor y, bias;
  int64_t n() const { return y.size(-1); }
  int64_t rows() const { return n() ? y.numel() / n() : 0; }
};
std::optional<Product> product(const Tensor& x, const Child<Module>& layer) {
  if (grad_enabled() || x.dtype() == DType::Float64) return {};
  const std::optional<LinearTerm> term = linear_term(*layer.operator->());
  if (!term || !term->low.empty() || (term->bias.defined() && !is_gain(term->bias, term->weight->shape()[0])))
    return {};
  Product out{linear(x, term->weight, {}), term->bias.defined() ? term->bias.detach() : Tensor()};
  return out;
}

}  // namespace

Tensor linear_act(const Tensor& x, const Child<Module>& layer, const ActivationFn& act, const std::string& act_name) {
  const std::optional<rowwise::Unary> kernel = activation_kernel(act_name);
  std::optional<Product> p = kernel ? product(x, layer) : std::nullopt;
  if (!p) return act((*layer)(x));
  rowwise::bias_unary<float>(*kernel, p->rows(), p->n(), p->y.mutable_data<float>(), p->n(), gain(p->bias));
  return p->y;
}

Tensor linear_add_norm(const Tensor& x, const Child<Module>& layer, const Tensor& residual, const Child<Module>& norm) {
  const auto found = std::dynamic_pointer_cast<LayerNorm>(norm.ptr());
  const bool fits = found && found->plain() && !found->unit_offset && residual.dtype() == DType::Float32 &&
                    residual.is_contiguous() && residual.size(-1) == found->size;
  std::optional<Product> p = fits ? product(x, layer) : std::nullopt;
  if (!p) return (*norm)(add((*layer)(x), residual));
  const Tensor w = found->weight ? found->weight->tensor().detach() : Tensor(),
               b = found->bias ? found->bias->tensor().detach() : Tensor();
  const auto usable = [&](const Tensor& t) { return !t.defined() || is_gain(t, p->n()); };
  if (p->y.shape() != residual.shape() || !usable(w) || !usable(b)) {
    const Tensor y = p->bias.defined() ? add(p->y, p->bias.to(DType::Float32)) : p->y;
    return (*norm)(add(y, residual));
  }
  rowwise::add_layer_norm<float>(p->rows(), p->n(), p->y.mutable_data<float>(), gain(p->bias), residual.data<float>(),
                                 gain(w), gain(b), found->eps);
  return p->y;
}

}  // namespace ef
