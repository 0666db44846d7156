// The extension module eigenformers._core.
#include "bindings/bindings.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "eigenformers' C++ core";
  m.attr("__version__") = EF_VERSION;
  ef::guard_instances();
  ef::bind_errors(m);
  ef::bind_tensor(m);
  ef::bind_gguf(m);
  ef::bind_io(m);
  ef::bind_tokenizers(m);
  ef::bind_nn(m);
  ef::bind_cache(m);
  ef::bind_optim(m);
  ef::bind_models(m);
  ef::bind_peft(m);
  ef::bind_checkpoint(m);
  ef::bind_quantizers(m);
  ef::bind_gguf_export(m);
  ef::bind_generation(m);
  m.def("_set_batch_invariant", &ef::set_batch_invariant);
  m.def("is_batch_invariant", &ef::batch_invariant,
        "Whether results are the same bits whatever else is in the batch; see set_batch_invariant.");
  ef::collect_module_cycles(m.attr("nn").attr("Module"));
  ef::guard_process();
  m.def("available_isas", &ef::available_isas, "The instruction sets that this machine has kernels for, best first.");
  m.def(
      "isa_name", [] { return ef::isa_name(); }, "The instruction set in use.");
  pybind11::module_::import("eigenformers._tensor");  // the functions and methods that are compositions, in Python
}
