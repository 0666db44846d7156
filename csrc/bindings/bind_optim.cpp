// Steps of optimizers on lists of tensors; python/eigenformers/optim holds groups and state.
#include "bindings/bindings.h"
#include "optim/optim.h"

namespace ef {

namespace py = pybind11;

void bind_optim(py::module_& core) {
  using optim::Tensors;
  py::module_ m = core.def_submodule("optim", "Steps of optimizers, in place, on lists of tensors");
  const auto unlocked = py::call_guard<py::gil_scoped_release>();
  m.def(
      "adam",
      [](const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, const Tensors& exp_avg_sqs,
         const Tensors& max_exp_avg_sqs, Tensors steps, double lr, double beta1, double beta2, double eps,
         double weight_decay, bool decoupled, bool maximize) {
        optim::adam(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, steps,
                    {lr, beta1, beta2, eps, weight_decay, decoupled, maximize});
      },
      py::arg("params"), py::arg("grads"), py::arg("exp_avgs"), py::arg("exp_avg_sqs"), py::arg("max_exp_avg_sqs"),
      py::arg("steps"), py::kw_only(), py::arg("lr"), py::arg("beta1"), py::arg("beta2"), py::arg("eps"),
      py::arg("weight_decay"), py::arg("decoupled"), py::arg("maximize"), unlocked);
  m.def(
      "sgd",
      [](const Tensors& params, const Tensors& grads, const Tensors& momentum_buffers, const std::vector<bool>& first,
         double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize) {
        optim::sgd(params, grads, momentum_buffers, first, {lr, momentum, dampening, weight_decay, nesterov, maximize});
      },
      py::arg("params"), py::arg("grads"), py::arg("momentum_buffers"), py::arg("first"), py::kw_only(), py::arg("lr"),
      py::arg("momentum"), py::arg("dampening"), py::arg("weight_decay"), py::arg("nesterov"), py::arg("maximize"),
      unlocked);
  m.def(
      "adagrad",
      [](const Tensors& params, const Tensors& grads, const Tensors& sums, double lr, double weight_decay, double eps,
         bool maximize) {
        optim::adagrad(params, grads, sums, {lr, weight_decay, eps, maximize});
      },
      py::arg("params"), py::arg("grads"), py::arg("sums"), py::kw_only(), py::arg("lr"), py::arg("weight_decay"),
      py::arg("eps"), py::arg("maximize"), unlocked);
  m.def(
      "rmsprop",
      [](const Tensors& params, const Tensors& grads, const Tensors& square_avgs, const Tensors& grad_avgs,
         const Tensors& momentum_buffers, double lr, double alpha, double eps, double weight_decay, double momentum,
         bool maximize) {
        optim::rmsprop(params, grads, square_avgs, grad_avgs, momentum_buffers,
                       {lr, alpha, eps, weight_decay, momentum, maximize});
      },
      py::arg("params"), py::arg("grads"), py::arg("square_avgs"), py::arg("grad_avgs"), py::arg("momentum_buffers"),
      py::kw_only(), py::arg("lr"), py::arg("alpha"), py::arg("eps"), py::arg("weight_decay"), py::arg("momentum"),
      py::arg("maximize"), unlocked);
  m.def("lion", &optim::lion, py::arg("params"), py::arg("grads"), py::arg("exp_avgs"), py::kw_only(), py::arg("lr"),
        py::arg("beta1"), py::arg("beta2"), py::arg("weight_decay"), unlocked);
  m.def(
      "ademamix",
      [](const Tensors& params, const Tensors& grads, const Tensors& fast, const Tensors& slow,
         const Tensors& exp_avg_sqs, double lr, double beta1, double beta2, double beta3, double alpha, double eps,
         double weight_decay, int64_t step) {
        optim::ademamix(params, grads, fast, slow, exp_avg_sqs,
                        {lr, beta1, beta2, beta3, alpha, eps, weight_decay, step});
      },
      py::arg("params"), py::arg("grads"), py::arg("fast"), py::arg("slow"), py::arg("exp_avg_sqs"), py::kw_only(),
      py::arg("lr"), py::arg("beta1"), py::arg("beta2"), py::arg("beta3"), py::arg("alpha"), py::arg("eps"),
      py::arg("weight_decay"), py::arg("step"), unlocked);
  m.def(
      "schedule_free",
      [](const Tensors& params, const Tensors& grads, const Tensors& zs, const Tensors& exp_avg_sqs, double lr,
         double beta1, double beta2, double eps, double weight_decay, double weight, double correction, bool adaptive) {
        optim::schedule_free(params, grads, zs, exp_avg_sqs,
                             {lr, beta1, beta2, eps, weight_decay, weight, correction, adaptive});
      },
      py::arg("params"), py::arg("grads"), py::arg("zs"), py::arg("exp_avg_sqs"), py::kw_only(), py::arg("lr"),
      py::arg("beta1"), py::arg("beta2") = 0.999, py::arg("eps") = 1e-8, py::arg("weight_decay"), py::arg("weight"),
      py::arg("correction") = 1.0, py::arg("adaptive") = true, unlocked);
  m.def(
      "stable_adamw",
      [](const Tensors& params, const Tensors& grads, const Tensors& exp_avgs, const Tensors& exp_avg_sqs,
         const Tensors& kahan_comps, double lr, double beta1, double beta2, double eps, double weight_decay,
         double max_lr, int64_t step) {
        optim::stable_adamw(params, grads, exp_avgs, exp_avg_sqs, kahan_comps,
                            {lr, beta1, beta2, eps, weight_decay, max_lr, step});
      },
      py::arg("params"), py::arg("grads"), py::arg("exp_avgs"), py::arg("exp_avg_sqs"), py::arg("kahan_comps"),
      py::kw_only(), py::arg("lr"), py::arg("beta1"), py::arg("beta2"), py::arg("eps"), py::arg("weight_decay"),
      py::arg("max_lr"), py::arg("step"), unlocked);
  m.def("dynamic_map", &optim::dynamic_map, py::arg("signed"));
  // Moments in bytes come as a list for each: codes and scales.
  m.def(
      "adamw_8bit",
      [](const Tensors& params, const Tensors& grads, const Tensors& state1, const Tensors& state2,
         const Tensors& absmax1, const Tensors& absmax2, int64_t step, double lr, double beta1, double beta2,
         double eps, double weight_decay) {
        optim::adamw_8bit(params, grads, {state1, absmax1, true}, {state2, absmax2, false}, step,
                          {lr, beta1, beta2, eps, weight_decay, true, false});
      },
      py::arg("params"), py::arg("grads"), py::arg("state1"), py::arg("state2"), py::arg("absmax1"), py::arg("absmax2"),
      py::kw_only(), py::arg("step"), py::arg("lr"), py::arg("beta1"), py::arg("beta2"), py::arg("eps"),
      py::arg("weight_decay"), unlocked);
  m.def(
      "lion_8bit",
      [](const Tensors& params, const Tensors& grads, const Tensors& state1, const Tensors& absmax1, double lr,
         double beta1, double beta2, double weight_decay) {
        optim::lion_8bit(params, grads, {state1, absmax1, true}, lr, beta1, beta2, weight_decay);
      },
      py::arg("params"), py::arg("grads"), py::arg("state1"), py::arg("absmax1"), py::kw_only(), py::arg("lr"),
      py::arg("beta1"), py::arg("beta2"), py::arg("weight_decay"), unlocked);
  m.def(
      "ademamix_8bit",
      [](const Tensors& params, const Tensors& grads, const Tensors& fast, const Tensors& slow, const Tensors& state2,
         const Tensors& absmax_fast, const Tensors& absmax_slow, const Tensors& absmax2, int64_t step, double lr,
         double beta1, double beta2, double beta3, double alpha, double eps, double weight_decay) {
        optim::ademamix_8bit(params, grads, {fast, absmax_fast, true}, {slow, absmax_slow, true},
                             {state2, absmax2, false}, {lr, beta1, beta2, beta3, alpha, eps, weight_decay, step});
      },
      py::arg("params"), py::arg("grads"), py::arg("fast"), py::arg("slow"), py::arg("state2"), py::arg("absmax_fast"),
      py::arg("absmax_slow"), py::arg("absmax2"), py::kw_only(), py::arg("step"), py::arg("lr"), py::arg("beta1"),
      py::arg("beta2"), py::arg("beta3"), py::arg("alpha"), py::arg("eps"), py::arg("weight_decay"), unlocked);
  m.def(
      "rmsprop_8bit",
      [](const Tensors& params, const Tensors& grads, const Tensors& state1, const Tensors& absmax1, double lr,
         double alpha, double eps, double weight_decay) {
        optim::rmsprop_8bit(params, grads, {state1, absmax1, true}, {lr, alpha, eps, weight_decay});
      },
      py::arg("params"), py::arg("grads"), py::arg("state1"), py::arg("absmax1"), py::kw_only(), py::arg("lr"),
      py::arg("alpha"), py::arg("eps"), py::arg("weight_decay"), unlocked);
  m.def("total_norm", &optim::total_norm, py::arg("grads"), py::arg("p") = 2.0, unlocked);
  m.def("scale_all", &optim::scale_all, py::arg("grads"), py::arg("factor"), unlocked);
  m.def("clamp_all", &optim::clamp_all, py::arg("grads"), py::arg("limit"), unlocked);
}

}  // namespace ef
