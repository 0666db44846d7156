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
  m.def("total_norm", &optim::total_norm, py::arg("grads"), py::arg("p") = 2.0, unlocked);
  m.def("scale_all", &optim::scale_all, py::arg("grads"), py::arg("factor"), unlocked);
  m.def("clamp_all", &optim::clamp_all, py::arg("grads"), py::arg("limit"), unlocked);
}

}  // namespace ef
