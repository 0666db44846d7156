// The extension module eigenformers._core.
#include "bindings/bindings.h"

PYBIND11_MODULE(_core, m) {
  m.doc() = "eigenformers' C++ core";
  m.attr("__version__") = EF_VERSION;
  ef::bind_errors(m);
  ef::bind_tensor(m);
  ef::bind_gguf(m);
  ef::bind_io(m);
}
