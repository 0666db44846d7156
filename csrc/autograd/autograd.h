// Gradients. An op computes its result and calls record(); backward() walks the recorded nodes once, newest first.
//
//   Tensor silu(const Tensor& x) {
//     Tensor y = …;
//     record("silu", y, {x}, [x = save(x)](const Tensor& dy) { return Grads{silu_grad(x, dy)}; });
//     return y;
//   }
//
// Rules for closures: save inputs and outputs only through save() (detached, version-checked; never the tensor itself,
// which would be a cycle); return one gradient per input, in order, an undefined Tensor where none is needed. A
// gradient may have the broadcast shape or another floating dtype: the walk sums and converts it. Closures run with
// gradients off, and may be dropped without having run.
#pragma once
#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

// --- mode (thread-local) ------------------------------------------------------------------------------------------
bool grad_enabled();
bool inference_mode_enabled();
class GradModeGuard {
 public:
  explicit GradModeGuard(bool enabled);
  ~GradModeGuard();
  GradModeGuard(const GradModeGuard&) = delete;

 private:
  bool previous_;
};
struct NoGradGuard : GradModeGuard {
  NoGradGuard() : GradModeGuard(false) {}
};
struct InferenceModeGuard {
  explicit InferenceModeGuard(bool enabled = true);
  ~InferenceModeGuard();
  InferenceModeGuard(const InferenceModeGuard&) = delete;

 private:
  bool previous_inference_, previous_grad_;
};
void set_grad_enabled(bool enabled);

// --- recording ----------------------------------------------------------------------------------------------------
using Grads = std::vector<Tensor>;

// A value kept for backward. Converts to the tensor; raises when it was written in place since.
class Saved {
 public:
  Saved() = default;
  explicit Saved(const Tensor& x);
  const Tensor& get() const;
  operator const Tensor&() const { return get(); }
  bool defined() const { return value_.defined(); }

 private:
  Tensor value_;
  uint32_t version_ = 0;
};
Saved save(const Tensor& x);  // empty when gradients are off, or x is undefined

struct Node;
struct Edge {  // where the gradient of an input goes: to an output of a node, to a leaf, or (both empty) nowhere
  std::shared_ptr<Node> node;
  uint32_t output = 0;
  Tensor leaf;
  bool wanted() const { return node || leaf.defined(); }
};
using GradHook = std::function<Tensor(const Tensor&)>;  // returns a replacement, or an undefined Tensor
struct Node {
  struct Output {
    Shape shape;
    DType dtype;
    std::vector<std::pair<uint64_t, GradHook>> hooks;  // with their ids
    std::weak_ptr<TensorImpl> retained;                // retain_grad()
  };
  std::string name;
  std::vector<Edge> inputs;
  std::vector<Output> outputs;
  std::function<Grads(const Grads& dys)> backward;  // dys has undefined tensors where no gradient came; empty: freed
  uint64_t order = 0;                               // creation order, newest last
  ~Node();
};

bool needs_grad(const Tensor& x);  // gradients are on and x requires one (false when undefined)
template <class... Rest>
bool needs_grad(const Tensor& x, const Rest&... rest) {
  return needs_grad(x) || (needs_grad(rest) || ...);
}
bool any_needs_grad(std::span<const Tensor> inputs);

void record_node(const char* name, std::span<Tensor> outputs, std::span<const Tensor> inputs,
                 std::function<Grads(const Grads&)> backward);

// One output. The closure takes dy and returns Grads.
template <class F>
requires std::invocable<F&, const Tensor&>
void record(const char* name, Tensor& y, std::span<const Tensor> inputs, F&& backward) {
  if (!any_needs_grad(inputs)) return;
  record_node(name, std::span<Tensor>(&y, 1), inputs,
              [backward = std::forward<F>(backward)](const Grads& dys) -> Grads { return backward(dys[0]); });
}
template <class F>
requires std::invocable<F&, const Tensor&>
void record(const char* name, Tensor& y, std::initializer_list<Tensor> inputs, F&& backward) {
  record(name, y, std::span<const Tensor>(inputs.begin(), inputs.size()), std::forward<F>(backward));
}

// In-place ops, see inplace() in ops/elementwise.h: check_inplace raises where y may not be written (a leaf that
// requires grad, a view of one); rebase gives y, whose bytes were overwritten with result's, the history of result.
void check_inplace(const Tensor& y);
void rebase(Tensor& y, const Tensor& result);
// y as an input of an op whose result will overwrite it: a copy with y's history where the op may save it, else y
// itself.
Tensor inplace_source(const Tensor& y, bool op_records);

// --- a tensor's part ----------------------------------------------------------------------------------------------
Tensor& set_requires_grad(Tensor& x, bool on = true);  // floating-point leaves only
bool is_leaf(const Tensor& x);
std::shared_ptr<Node> grad_fn(const Tensor& x);   // null for leaves
Tensor grad(const Tensor& x);                     // undefined until backward
void set_grad(const Tensor& x, const Tensor& g);  // shape and dtype must fit; undefined clears
void zero_grad(const Tensor& x);
void retain_grad(const Tensor& x);
uint64_t register_hook(const Tensor& x, GradHook hook);  // on the gradient of x; returns an id
void remove_hook(const Tensor& x, uint64_t id);
// Leaves only: called after .grad was updated.
uint64_t register_post_accumulate_grad_hook(const Tensor& x, std::function<void(const Tensor&)> hook);

// --- walking ------------------------------------------------------------------------------------------------------
struct BackwardOptions {
  bool retain_graph = false;
  bool create_graph = false;   // true raises UnsupportedError
  std::vector<Tensor> inputs;  // accumulate only into these leaves; empty: all
};
void backward(const Tensor& loss, const Tensor& gradient = {}, const BackwardOptions& options = {});
void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& gradients, const BackwardOptions& options);
// Gradients of outputs with respect to inputs, without touching .grad. An unused input raises, or with allow_unused
// gives an undefined tensor.
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs = {}, bool retain_graph = false,
                         bool allow_unused = false);

// --- checkpointing ------------------------------------------------------------------------------------------------
// y = fn(inputs) without keeping what happens inside: fn runs again in backward, with the random state it had.
using CheckpointFn = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;
std::vector<Tensor> checkpoint(CheckpointFn fn, const std::vector<Tensor>& inputs, bool preserve_rng_state = true);
Tensor checkpoint(std::function<Tensor(const Tensor&)> fn, const Tensor& input, bool preserve_rng_state = true);

}  // namespace ef
