// A tensor's own part of autograd: flags, .grad, hooks.
#include <atomic>

#include "autograd/meta.h"

namespace ef {

ForkMutex& accumulate_lock() {
  static ForkMutex lock;
  return lock;
}

Tensor& set_requires_grad(Tensor& x, bool on) {
  check<Error>(!on || is_floating(x.dtype()), "only Tensors of floating point dtype can require gradients");
  check<Error>(on || is_leaf(x),
               "you can only change requires_grad flags of leaf variables. If you want to use a "
               "computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().");
  if (on || x.impl()->autograd) {
    Meta& meta = Meta::make(x);
    meta.leaf_requires_grad = on && !meta.node;
  }
  return x;
}

bool is_leaf(const Tensor& x) { return !grad_fn(x); }
std::shared_ptr<Node> grad_fn(const Tensor& x) {
  const Meta* meta = Meta::of(x);
  return meta ? meta->node : nullptr;
}

Tensor grad(const Tensor& x) {
  const Meta* meta = Meta::of(x);
  return meta ? meta->grad : Tensor();
}
void set_grad(const Tensor& x, const Tensor& g) {
  if (g.defined()) {
    check<ShapeError>(g.shape() == x.shape(), "assigned grad has data of a different size: ", g.shape(), ", needed ",
                      x.shape());
    check<DtypeError>(g.dtype() == x.dtype(), "assigned grad has data of a different type: ", dtype_name(g.dtype()),
                      ", needed ", dtype_name(x.dtype()));
    check<Error>(!g.same(x), "can't assign Variable as its own grad");
  }
  if (g.defined() || Meta::of(x)) Meta::make(x).grad = g;
}
void zero_grad(const Tensor& x) {
  if (Meta* meta = Meta::of(x)) meta->grad.reset();
}

void retain_grad(const Tensor& x) {
  check<Error>(x.requires_grad(), "can't retain_grad on Tensor that has requires_grad=False");
  Meta& meta = *Meta::of(x);
  if (meta.node) meta.node->outputs[meta.output].retained = x.impl_ptr();
}

namespace {
std::atomic<uint64_t> next_hook{1};
}

uint64_t register_hook(const Tensor& x, GradHook hook) {
  check<Error>(x.requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  Meta& meta = *Meta::of(x);
  const uint64_t id = next_hook++;
  if (meta.node)
    meta.node->outputs[meta.output].hooks.emplace_back(id, std::move(hook));
  else
    meta.hooks.emplace(id, std::move(hook));
  return id;
}
void remove_hook(const Tensor& x, uint64_t id) {
  Meta* meta = Meta::of(x);
  if (!meta) return;
  meta->hooks.erase(id);
  meta->post_hooks.erase(id);
  if (meta->node) std::erase_if(meta->node->outputs[meta->output].hooks, [id](auto& h) { return h.first == id; });
}
uint64_t register_post_accumulate_grad_hook(const Tensor& x, std::function<void(const Tensor&)> hook) {
  check<Error>(x.requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  check<Error>(is_leaf(x), "post accumulate grad hooks cannot be registered on non-leaf tensors");
  const uint64_t id = next_hook++;
  Meta::of(x)->post_hooks.emplace(id, std::move(hook));
  return id;
}

}  // namespace ef
