#include "autograd/memory.h"
#include "autograd/meta.h"
#include "core/random.h"

namespace ef {
namespace {

std::vector<uint64_t> random_state() {
  std::lock_guard lock(generator_lock());
  return default_generator().state();
}
void restore(const std::vector<uint64_t>& state) {
  std::lock_guard lock(generator_lock());
  default_generator().set_state(state);
}

}  // namespace

std::vector<Tensor> checkpoint(CheckpointFn fn, const std::vector<Tensor>& inputs, bool preserve_rng_state) {
  if (!grad_enabled()) return fn(inputs);
  const std::vector<uint64_t> state = preserve_rng_state ? random_state() : std::vector<uint64_t>{};
  std::vector<Tensor> outputs;
  {
    NoGradGuard no_grad;
    outputs = fn(inputs);
    for (Tensor& y : outputs)
      for (const Tensor& x : inputs)
        if (y.same(x)) y = y.detach();  // an input handed through is a tensor of its own here
  }
  std::vector<Saved> saved;
  std::vector<bool> wanted;
  std::vector<Tensor> sources = inputs;
  for (const Tensor& x : inputs) {
    saved.push_back(save(x));
    wanted.push_back(x.defined() && x.requires_grad());
  }
  // When no input requires grad, parameters inside fn still may: a leaf nobody sees keeps the node in the graph.
  if (!any_needs_grad(inputs)) {
    Tensor anchor = Tensor::zeros({});
    set_requires_grad(anchor);
    sources.push_back(anchor);
  }
  const size_t count = sources.size();
  record_node("CheckpointFunctionBackward", outputs, sources,
              [fn = std::move(fn), saved, wanted, state, count, mode = training_mode()](const Grads& dys) {
                check<Error>(!walk_is_restricted(),
                             "Checkpointing is not compatible with .grad() or when an `inputs` "
                             "parameter is passed to .backward(); use .backward() without inputs");
                std::vector<Tensor> xs, ys, gs;
                for (size_t i = 0; i < saved.size(); i++) {
                  xs.push_back(saved[i].defined() ? saved[i].get().detach() : Tensor());
                  if (wanted[i]) set_requires_grad(xs.back());
                }
                const std::vector<uint64_t> later = state.empty() ? state : random_state();
                if (!state.empty()) restore(state);
                {
                  GradModeGuard on(true);
                  const TrainingModeGuard as_before(mode);
                  std::vector<Tensor> again = fn(xs);
                  check<Error>(again.size() == dys.size(), "checkpoint: the function returned ", again.size(),
                               " tensors in backward and ", dys.size(), " in forward; it must do the same both times");
                  for (size_t i = 0; i < again.size(); i++)
                    if (dys[i].defined() && again[i].requires_grad()) {
                      ys.push_back(again[i]);
                      gs.push_back(dys[i]);
                    }
                }
                if (!later.empty()) restore(later);
                if (!ys.empty()) backward(ys, gs, {});
                Grads dxs(count);
                for (size_t i = 0; i < xs.size(); i++)
                  if (wanted[i]) dxs[i] = grad(xs[i]);
                return dxs;
              });
  return outputs;
}

Tensor checkpoint(std::function<Tensor(const Tensor&)> fn, const Tensor& input, bool preserve_rng_state) {
  return checkpoint([fn = std::move(fn)](const std::vector<Tensor>& xs) { return std::vector<Tensor>{fn(xs[0])}; },
                    {input}, preserve_rng_state)[0];
}

}  // namespace ef
