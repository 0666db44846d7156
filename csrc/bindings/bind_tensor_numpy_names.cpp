// numpy's names of arguments, which torch takes as well: axis for dim, keepdims for keepdim.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

// A last overload: the call again under torch's names; where there is nothing to rename, the error of the others.
py::object renamed_call(const py::object& f, const py::args& args, const py::kwargs& kwargs) {
  py::dict names;
  bool changed = false;
  for (auto& [key, value] : kwargs) {
    const auto name = key.cast<std::string>();
    const char* torch = name == "axis" ? "dim" : name == "keepdims" ? "keepdim" : nullptr;
    changed = changed || torch;
    names[py::str(torch ? torch : name.c_str())] = value;
  }
  if (!changed) throw py::reference_cast_error();
  return f(*args, **names);
}

}  // namespace

void bind_tensor_numpy_names(TensorClass& c, py::module_& m) {
  for (const char* name :
       {"sum",         "mean",   "prod",    "std",           "var",     "max",       "min",    "argmax",      "argmin",
        "amax",        "amin",   "any",     "all",           "norm",    "logsumexp", "cumsum", "cumprod",     "softmax",
        "log_softmax", "sort",   "argsort", "topk",          "squeeze", "unsqueeze", "cat",    "stack",       "chunk",
        "split",       "unbind", "gather",  "count_nonzero", "nansum",  "nanmean",   "diff",   "index_select"}) {
    if (py::hasattr(c, name))
      c.def(name, [name](const py::object& self, const py::args& args, const py::kwargs& kwargs) {
        return renamed_call(self.attr(name), args, kwargs);
      });
    if (py::hasattr(m, name))
      m.def(name, [name, m](const py::args& args, const py::kwargs& kwargs) {
        return renamed_call(m.attr(name), args, kwargs);
      });
  }
}

}  // namespace ef
