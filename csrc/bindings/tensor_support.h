// What the bind_tensor*.cpp files share. Each binds one subject to the class and to the module.
#pragma once
#include <string>

#include "bindings/tensor_caster.h"
#include "ops/ops.h"

namespace ef {

void bind_tensor_size(py::module_& m);
void bind_tensor_dtypes(py::module_& m);
void bind_tensor_class(TensorClass& c, py::module_& m);
void bind_tensor_interop(TensorClass& c, py::module_& m);
void bind_tensor_make(TensorClass& c, py::module_& m);
void bind_tensor_random(TensorClass& c, py::module_& m);
void bind_tensor_arithmetic(TensorClass& c, py::module_& m);
void bind_tensor_shape(TensorClass& c, py::module_& m);
void bind_tensor_reduce(TensorClass& c, py::module_& m);
void bind_tensor_index(TensorClass& c, py::module_& m);
void bind_tensor_autograd(TensorClass& c, py::module_& m);
void bind_tensor_function(py::module_& m);
void bind_tensor_functional(TensorClass& c, py::module_& m);
void bind_tensor_numpy_names(TensorClass& c, py::module_& m);

using NoGil = py::call_guard<py::gil_scoped_release>;  // whatever may compute: nobody waits for threads holding the GIL

// x = f(x, args…) in place; f gets a copy of x where its node may save it.
inline bool tracked(const Tensor& x) { return needs_grad(x); }
inline bool tracked(const std::optional<Tensor>& x) { return x && needs_grad(*x); }
template <class T>
bool tracked(const T&) {
  return false;
}
template <class F, class... Args>
Tensor apply_inplace(Tensor& x, F&& f, const Args&... args) {
  return inplace(x, f(inplace_source(x, tracked(x) || (tracked(args) || ...)), args...));
}

// A method of Tensor and a function of the module with the same arguments after the tensor.
struct Both {
  TensorClass& c;
  py::module_& m;
  template <class F, class... Extra>
  const Both& def(const char* name, F f, const Extra&... extra) const {
    c.def(name, f, extra..., NoGil());
    m.def(name, f, py::arg("input"), extra..., NoGil());
    return *this;
  }
  // Also name_, in place.
  template <class R, class... Args, class... Extra>
  const Both& inplace(const char* name, R (*f)(const Tensor&, Args...), const Extra&... extra) const {
    def(name, f, extra...);
    c.def((std::string(name) + "_").c_str(), [f](Tensor x, Args... args) { return apply_inplace(x, f, args...); },
          extra..., NoGil());
    return *this;
  }
};

std::shared_ptr<const void> keep_alive(py::object object);               // lets go with the GIL held
Tensor tensor_from_python(py::handle data, std::optional<DType> dtype);  // nested sequences, numbers, arrays; copies
Tensor as_tensor(py::handle data, std::optional<DType> dtype);           // the same without a copy where possible
Dims dims_from_args(const py::args& args);                               // f(2, 3) and f((2, 3))
void check_device(py::handle device);  // None and "cpu" pass; UnsupportedError for any other
std::string repr(const Tensor& x);
void bind_tensor_print(py::module_& m);
inline Tensor or_undefined(const std::optional<Tensor>& x) { return x.value_or(Tensor()); }

}  // namespace ef
