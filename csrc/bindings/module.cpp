// The extension module eigenformers._core.
#include "bindings/bindings.h"
#include "kernels/kernels.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "eigenformers' C++ core";
  m.attr("__version__") = EF_VERSION;
  ef::bind_errors(m);
  ef::bind_tensor(m);
  ef::bind_gguf(m);
  ef::bind_io(m);
  ef::bind_tokenizers(m);
  ef::bind_nn(m);
  ef::bind_models(m);
  ef::bind_checkpoint(m);
  ef::bind_generation(m);
  m.def("available_isas", &ef::available_isas, "The instruction sets that this machine has kernels for, best first.");
  m.def(
      "isa_name", [] { return ef::isa_name(); }, "The instruction set in use.");
}
