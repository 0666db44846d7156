// Recording: which inputs want a gradient, what a node keeps, and the rules for writing in place.
#include <atomic>

#include "autograd/meta.h"

namespace ef {
namespace {

std::atomic<uint64_t> order{0};

// A tensor laid out as `base`, seen where the view y of base looks.
auto region_of(const Tensor& y, const Tensor& base) {
  return [shape = y.shape(), strides = y.strides(), at = y.offset() - base.offset()](const Tensor& t) {
    return t.as_strided(shape, strides, t.offset() + at);
  };
}

// The base was written in place after this view was made: the view shows the new values, so it takes the new history.
void refresh(const Tensor& x) {
  Meta& meta = *Meta::of(x);
  if (!meta.is_view || meta.of_leaf || meta.history == x.storage()->history()) return;
  check<UnsupportedError>(
      meta.base.is_contiguous(),
      "autograd: a view was used after an in-place operation on the tensor it looks into, which is not "
      "contiguous; take the view again after the write");
  Tensor again = x.detach();
  record("AsStridedBackward0", again, {meta.base},
         [region = region_of(x, meta.base), shape = meta.base.shape()](const Tensor& dy) {
           Tensor dx = Tensor::zeros(shape, dy.dtype());
           region(dx).copy_(dy);
           return Grads{dx};
         });
  meta.history = x.storage()->history();
  if (const Meta* fresh = Meta::of(again)) {
    meta.node = fresh->node;
    meta.output = fresh->output;
  }
}

Edge edge_to(const Tensor& x) {
  if (!x.defined() || !x.requires_grad()) return {};
  refresh(x);
  const Meta& meta = *Meta::of(x);
  if (!meta.node) return Edge{nullptr, 0, x};
  return Edge{meta.node, meta.output, {}};
}

}  // namespace

bool needs_grad(const Tensor& x) { return grad_enabled() && x.defined() && x.requires_grad(); }
bool any_needs_grad(std::span<const Tensor> inputs) {
  if (!grad_enabled()) return false;
  for (const Tensor& x : inputs)
    if (x.defined() && x.requires_grad()) return true;
  return false;
}

Saved::Saved(const Tensor& x) : value_(x.detach()), version_(x.storage()->version()) {}
Saved save(const Tensor& x) { return grad_enabled() && x.defined() ? Saved(x) : Saved(); }

const Tensor& Saved::get() const {
  if (value_.defined())
    check<Error>(value_.storage()->version() == version_,
                 "one of the variables needed for gradient computation has been modified by an inplace operation: [",
                 dtype_name(value_.dtype()), " ", value_.shape(), "] is at version ", value_.storage()->version(),
                 "; expected version ", version_, " instead.");
  return value_;
}

void record_node(const char* name, std::span<Tensor> outputs, std::span<const Tensor> inputs,
                 std::function<Grads(const Grads&)> backward) {
  if (!any_needs_grad(inputs)) return;
  auto node = std::make_shared<Node>();
  node->name = name;
  node->order = ++order;
  node->backward = std::move(backward);
  for (const Tensor& x : inputs) node->inputs.push_back(edge_to(x));
  uint32_t index = 0;
  for (Tensor& y : outputs) {
    node->outputs.push_back({y.shape(), y.dtype(), {}, {}});
    if (is_floating(y.dtype())) {  // indices that come with values have no gradient
      Meta& meta = Meta::make(y);
      meta.node = node;
      meta.output = index;
    }
    index++;
  }
}

void Meta::record(const char* name, Tensor& y, const Tensor& x, bool view, ViewBackward backward) {
  if (!grad_enabled() || !requires_grad()) return;
  ef::record(name, y, {x}, [backward = std::move(backward)](const Tensor& dy) { return Grads{backward(dy)}; });
  if (view) {
    Meta& meta = *Meta::of(y);
    meta.is_view = true;
    meta.of_leaf = is_view ? of_leaf : !node;
    if (!meta.of_leaf) meta.base = is_view ? base : x;
    meta.history = y.storage()->history();
  }
}

void check_inplace(const Tensor& y) {
  if (!grad_enabled() || !y.requires_grad()) return;
  const Meta& meta = *Meta::of(y);
  check<Error>(meta.node != nullptr, "a leaf Variable that requires grad is being used in an in-place operation.");
  check<Error>(!meta.of_leaf, "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  check<UnsupportedError>(
      !meta.is_view || meta.base.is_contiguous(),
      "autograd: in-place operations on a view of a non-contiguous tensor that requires grad are not "
      "supported; write through the tensor itself (x[index] = value) or clone() the view");
}

namespace {
// A view was overwritten with result: its base is now the old base with that region replaced.
void take_history_of_base(const Tensor& y, const Tensor& result) {
  Tensor base = Meta::of(y)->base, merged = base.detach();
  const auto region = region_of(y, base);
  record("CopySlices", merged, {base, result}, [region, inner = result.requires_grad()](const Tensor& dy) {
    Tensor rest = dy.clone();  // contiguous, as the base is
    region(rest).zero_();
    return Grads{rest, inner ? region(dy.contiguous()).clone() : Tensor()};
  });
  Meta& meta = *Meta::of(base);
  meta.node = Meta::of(merged)->node;
  meta.output = 0;
}
void take_history(Tensor& y, const Tensor& result) {
  const Meta* own = Meta::of(y);
  const bool view = own && own->is_view && own->node;
  y.storage()->bump_history();
  if (view) {
    Meta::of(y)->history = y.storage()->history();
    take_history_of_base(y, result);
  }
  if (result.requires_grad()) {
    Meta& meta = Meta::make(y);
    meta.node = Meta::of(result)->node;
    meta.output = Meta::of(result)->output;
  } else if (Meta* meta = Meta::of(y)) {
    meta->node = nullptr;
  }
}
// y is about to become part of the graph: whoever shares its memory would not know.
void check_sole(const Tensor& y) {
  check<UnsupportedError>(
      y.requires_grad() || y.storage().use_count() == 1,
      "autograd: writing a tensor that requires grad into a view (or a tensor with views) that does "
      "not is not supported; use cat, stack or index assignment on the whole tensor");
}
}  // namespace

void rebase(Tensor& y, const Tensor& result) {
  if (!grad_enabled() || y.same(result)) return;
  if (result.requires_grad()) check_sole(y);
  take_history(y, result);
}

Tensor inplace_source(const Tensor& y, bool op_records) {
  check_inplace(y);
  if (!op_records || !grad_enabled()) return y;
  Tensor copy = y.detach().clone();
  if (y.requires_grad()) {
    Meta& meta = Meta::make(copy);
    meta.node = Meta::of(y)->node;
    meta.output = Meta::of(y)->output;
  }
  return copy;
}

void Meta::record_write(Tensor& y, const Tensor& src) {
  check_inplace(y);
  if (!grad_enabled()) return;
  const bool joins = src.defined() && src.requires_grad();
  if (joins) check_sole(y);
  Tensor result = y.detach();
  // What y held before gets zeros, as in torch, not nothing: a gradient of zero is still a gradient.
  ef::record("CopyBackwards", result, {y, src}, [was = y.requires_grad(), joins](const Tensor& dy) {
    return Grads{was ? Tensor::zeros(dy.shape(), dy.dtype()) : Tensor(), joins ? dy : Tensor()};
  });
  take_history(y, result);
}

}  // namespace ef
