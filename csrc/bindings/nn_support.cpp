#include "bindings/nn_support.h"

namespace ef {

// Bound classes carry no __dict__ of their own making; a subclass written in Python lives in another module.
bool is_native(py::handle module) {
  return py::type::handle_of(module).attr("__module__").cast<std::string>().starts_with("eigenformers._core");
}

bool is_parameter(py::handle value) {
  return py::isinstance<Tensor>(value) && value.cast<Tensor>().impl()->is_parameter;
}

}  // namespace ef
