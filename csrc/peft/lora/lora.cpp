#include "peft/lora/lora.h"

#include "autograd/autograd.h"
#include "nn/layers.h"
#include "ops/ops.h"

namespace ef {

double LoraLayer::scaling(const std::string& adapter) const {
  const auto all = scaling_.get();
  const auto found = all.find(adapter);
  check<KeyError>(found != all.end(), "lora: found no scaling of adapter '", adapter, "'");
  return found->second;
}
void LoraLayer::set_scaling(const std::string& adapter, double value) {
  auto all = scaling_.get();
  all[adapter] = value;
  scaling_.set(std::move(all));
}
void LoraLayer::forget(const std::string& adapter) {
  auto all = scaling_.get();
  all.erase(adapter);
  scaling_.set(std::move(all));
}

namespace {

// Adapters in half precision are multiplied in f32.
Tensor wide(const Tensor& x) { return x.dtype() == DType::Float64 ? x : x.to(DType::Float32); }

Tensor product(const Tensor& b, const Tensor& a, double scaling) {
  return mul(matmul(wide(b), wide(a)), Scalar(scaling)).to(b.dtype());
}

bool there(const ModulePtr& module) { return bool(module); }
bool there(const Tensor& tensor) { return tensor.defined(); }

// A part of an adapter: a module of a ModuleDict, a tensor of a ParameterDict.
template <class Dict>
auto part(const Child<Dict>& parts, const std::string& adapter) {
  auto found = parts->find(adapter);
  check<KeyError>(there(found), "lora: found no '", parts.name(), "' of adapter '", adapter, "'; was it deleted?");
  return found;
}

// Whether what A gets is anything but the layer's input, or watched on the way.
bool acts(const ModulePtr& dropout) {
  if (!dropout) return false;
  const Module* layer = dropout.get();
  const bool idle = dynamic_cast<const Identity*>(layer) || (dynamic_cast<const Dropout*>(layer) && !layer->training());
  return !idle || !dropout->plain();
}

}  // namespace

Tensor LoraLayer::magnitude(const std::string& adapter) const {
  const ModulePtr layer = lora_magnitude_vector->find(adapter);
  if (!layer) return {};
  ParameterSlot* slot = layer->find_parameter("weight");
  check<KeyError>(slot && slot->defined(), "lora: the 'lora_magnitude_vector' of adapter '", adapter,
                  "' has no 'weight'");
  return slot->tensor();
}

Tensor LoraLayer::factor(const std::string& adapter) { return div(magnitude(adapter), weight_norm(adapter)); }

Tensor LoraLayer::merged_weight(const std::string& adapter, const Tensor& weight) {
  if (!magnitude(adapter).defined()) return TunerLayer::merged_weight(adapter, weight);
  // The norm is that of forward: over adapters merged before, of the weight without them.
  const Tensor delta = delta_weight(adapter);
  Tensor by = factor(adapter);
  if (!merged().empty()) {
    const Tensor alone = wide(add(original_weight(weight), delta));
    by = div(magnitude(adapter), sqrt(sum(mul(alone, alone), {inputs()})));
  }
  by = by.detach().unsqueeze(inputs());
  merged_factor_[adapter] = by;
  return mul(add(weight, delta), by);
}

Tensor LoraLayer::unmerged_weight(const std::string& adapter, const Tensor& weight) {
  const auto by = merged_factor_.find(adapter);
  if (by == merged_factor_.end()) return TunerLayer::unmerged_weight(adapter, weight);
  return sub(div(weight, by->second), delta_weight(adapter));
}

Tensor LoraLinear::matrix(const Child<ModuleDict>& parts, const std::string& adapter) const {
  return BaseMatrix(part(parts, adapter)).value();
}

std::optional<LinearTerm> LoraLinear::term() {
  if (disabled() && !merged().empty()) return {};  // is unmerged first
  std::optional<LinearTerm> out = linear_term(*base_layer.operator->());
  if (!out || disabled() || !merged().empty()) return out;
  for (const std::string& name : active()) {
    if (!has(name)) continue;
    if (acts(lora_dropout->find(name)) || lora_magnitude_vector->find(name)) return {};
    const ModulePtr a = lora_A->find(name), b = lora_B->find(name);
    if (!a || !b || !dynamic_cast<Linear*>(a.get()) || !dynamic_cast<Linear*>(b.get())) return {};
    const std::optional<LinearTerm> down = linear_term(*a), up = linear_term(*b);
    if (!down || !up || down->bias.defined() || up->bias.defined()) return {};
    const LowRank low{down->weight->parameter(), up->weight->parameter(), scaling(name)};
    if (!low.a.defined() || !low.b.defined()) return {};
    out->low.push_back(low);
  }
  return out;
}

Tensor LoraLinear::forward(const Tensor& x) {
  if (const std::optional<LinearTerm> whole = term()) return linear_terms(x, {*whole})[0];
  Names adapters;
  Tensor y = base_output(x, adapters);
  const DType dtype = y.dtype();
  for (const std::string& name : adapters) {
    const ModulePtr dropout = lora_dropout->find(name), a = part(lora_A, name), b = part(lora_B, name);
    const Tensor in = dropout ? (*dropout)(x) : x;
    const Tensor update = mul((*b)((*a)(in)), Scalar(scaling(name)));
    y = add(y, lora_magnitude_vector->find(name) ? dora_term(name, in, y, update, acts(dropout)) : update);
  }
  return y.to(dtype);
}

// (m/‖W + sBA‖)·(Wx + sBAx) - Wx, without the base's bias. The norm counts as a constant.
Tensor LoraLinear::dora_term(const std::string& adapter, const Tensor& x, const Tensor& y, const Tensor& update,
                             bool dropped) {
  const Tensor bias = base_matrix().bias();
  const Tensor base = dropped ? (*base_layer)(x) : y;
  const Tensor plain = bias.defined() ? sub(base, bias.to(base.dtype())) : base;
  const Tensor by = factor(adapter);
  return add(mul(sub(by, Scalar(1.0)), plain), mul(by, update));
}

Tensor LoraLinear::weight_norm(const std::string& adapter) {
  const NoGradGuard no_grad;
  const BaseMatrix base = base_matrix();
  Norms norms = norms_.get();
  if (!norms.value.defined() || norms.identity != base.identity() || norms.version != base.version()) {
    norms = {base.identity(), base.version(), base.squared_norms()};
    norms_.set(norms);
  }
  const double s = scaling(adapter);
  const Tensor a = wide(matrix(lora_A, adapter)), b = wide(matrix(lora_B, adapter));
  const Tensor wa = base.times(a).t();              // [out, r]
  const Tensor gram = matmul(b, matmul(a, a.t()));  // [out, r]
  const Tensor cross = sum(mul(b, add(mul(wa, Scalar(2 * s)), mul(gram, Scalar(s * s)))), {1});
  return sqrt(clamp(add(norms.value, cross), Scalar(0.0), std::nullopt));
}

Tensor LoraLinear::delta_weight(const std::string& adapter) {
  const NoGradGuard no_grad;
  const Tensor delta = product(matrix(lora_B, adapter), matrix(lora_A, adapter), scaling(adapter));
  return base_matrix().transposed() ? delta.t() : delta;
}

Tensor LoraLinear::delta_bias(const std::string& adapter) {
  const ModulePtr b = lora_B->find(adapter);
  ParameterSlot* slot = b ? b->find_parameter("bias") : nullptr;
  return slot && slot->defined() ? mul(slot->tensor().detach(), Scalar(scaling(adapter))) : Tensor();
}

Tensor LoraEmbedding::forward(const Tensor& ids) {
  Names adapters;
  Tensor y = base_output(ids, adapters);
  const DType dtype = y.dtype();
  const auto base = std::dynamic_pointer_cast<Embedding>(base_layer.ptr());
  for (const std::string& name : adapters) {
    const Tensor rows = embedding(part(lora_embedding_A, name).t(), ids, base ? base->padding_idx : -1);
    const double s = scaling(name) * (base ? base->scale : 1);
    y = add(y, mul(matmul(wide(rows), wide(part(lora_embedding_B, name)).t()), Scalar(s)));
    if (lora_magnitude_vector->find(name)) y = mul(y, factor(name));
  }
  return y.to(dtype);
}

Tensor LoraEmbedding::weight_norm(const std::string& adapter) {
  const NoGradGuard no_grad;
  const double s = scaling(adapter);
  const Tensor a = wide(part(lora_embedding_A, adapter)), b = wide(part(lora_embedding_B, adapter));
  Tensor squares, aw;  // of W's columns, [dim]; A·W, [r, dim]
  base_matrix().each_block([&](int64_t begin, const Tensor& rows) {
    const Tensor square = sum(mul(rows, rows), {0}), part = matmul(a.narrow(1, begin, rows.size(0)), rows);
    squares = squares.defined() ? add(squares, square) : square;
    aw = aw.defined() ? add(aw, part) : part;
  });
  const Tensor gram = matmul(b, matmul(a, a.t()));  // [dim, r]
  const Tensor cross = sum(mul(b, add(mul(aw.t(), Scalar(2 * s)), mul(gram, Scalar(s * s)))), {1});
  return sqrt(clamp(add(squares, cross), Scalar(0.0), std::nullopt));
}

Tensor LoraEmbedding::delta_weight(const std::string& adapter) {
  const NoGradGuard no_grad;
  const Tensor a = part(lora_embedding_A, adapter), b = part(lora_embedding_B, adapter);
  return product(b.detach(), a.detach(), scaling(adapter)).t();
}

}  // namespace ef
