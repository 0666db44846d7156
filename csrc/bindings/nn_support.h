// Trampolines and hooks: how Python code runs inside a C++ module tree.
#pragma once
#include <pybind11/pybind11.h>

#include <memory>

#include "bindings/tensor_caster.h"
#include "nn/attention.h"

namespace ef {

namespace py = pybind11;

void bind_packed_weight(py::module_& core);
void bind_layers(py::module_& m);

// A Python object owned by C++: let go with the GIL held, and not at all once the interpreter is gone.
inline std::shared_ptr<void> keep_python(py::object object) {
  return {object.release().ptr(), [](void* p) {
            if (!Py_IsInitialized()) return;
            py::gil_scoped_acquire gil;
            Py_DECREF(static_cast<PyObject*>(p));
          }};
}
inline py::handle python_of(const std::shared_ptr<void>& kept) { return static_cast<PyObject*>(kept.get()); }

bool is_native(py::handle module);    // an instance of a bound class itself, not of a Python subclass
bool is_parameter(py::handle value);  // an eigenformers.nn.Parameter
py::object call_module(py::object self, py::args args, py::kwargs kwargs);

struct PyHook : Hook {
  py::function function;
  bool pre = false, with_kwargs = false;
  ~PyHook() override {
    if (!Py_IsInitialized()) {
      (void)function.release();
      return;
    }
    py::gil_scoped_acquire gil;
    function = py::function();
  }
  static py::object wrapper(Module& module) { return py::cast(&module, py::return_value_policy::reference); }
  static bool replaced(const py::object& result, Tensor& value) {
    if (result.is_none()) return false;
    py::object r = result;
    if (py::isinstance<py::tuple>(r)) r = r.cast<py::tuple>()[0];
    value = r.cast<Tensor>();
    return true;
  }
  void before(Module& module, Tensor& input) override {
    if (!pre) return;
    py::gil_scoped_acquire gil;
    py::object args = py::make_tuple(input);
    if (!with_kwargs) {
      replaced(function(wrapper(module), args), input);
      return;
    }
    py::object r = function(wrapper(module), args, py::dict());
    if (!r.is_none()) replaced(r.cast<py::tuple>()[0], input);
  }
  void after(Module& module, const Tensor& input, Tensor& output) override {
    if (pre) return;
    py::gil_scoped_acquire gil;
    py::object args = py::make_tuple(input);
    replaced(
        with_kwargs ? function(wrapper(module), args, py::dict(), output) : function(wrapper(module), args, output),
        output);
  }
};

inline Tensor tensor_result(const py::object& out, const std::string& who) {
  py::object r = out;
  if (py::isinstance<py::tuple>(r) && py::len(r) > 0) r = r.cast<py::tuple>()[0];
  if (!py::isinstance<Tensor>(r))
    throw py::type_error(who + ".forward returned " + py::str(py::type::of(out)).cast<std::string>() +
                         ", needed a Tensor");
  return r.cast<Tensor>();
}

// A Python subclass of a layer: its forward, when it defines one.
template <class Base>
class PyUnary : public Base, public py::trampoline_self_life_support {
 public:
  using Base::Base;
  using Base::forward;
  bool overridden() const override {
    py::gil_scoped_acquire gil;
    return bool(py::get_override(static_cast<const Base*>(this), "forward"));
  }
  Tensor forward(const Tensor& x) override {
    {
      py::gil_scoped_acquire gil;
      if (py::function f = py::get_override(static_cast<const Base*>(this), "forward"))
        return tensor_result(f(x), this->class_name());
    }
    return Base::forward(x);
  }
};

// A model's Pass as Python sees it: usable until the call that lent it is over, whoever kept it.
struct LentPass {
  Pass* pass;
};

// A user's own nn.Module: a layer or a block, whichever place it is put in.
class PyModule : public Block, public py::trampoline_self_life_support {
 public:
  std::string class_name() const override {
    py::gil_scoped_acquire gil;
    py::object self = py::cast(static_cast<const Module*>(this), py::return_value_policy::reference);
    return py::str(py::type::of(self).attr("__name__"));
  }
  bool overridden() const override { return true; }
  Tensor forward(const Tensor& x) override {
    py::gil_scoped_acquire gil;
    if (py::function f = py::get_override(static_cast<const Module*>(this), "forward"))
      return tensor_result(f(x), class_name());
    return Module::forward(x);
  }
  Tensor forward(const Tensor& x, Pass& pass) override {
    py::gil_scoped_acquire gil;
    if (py::function f = py::get_override(static_cast<const Module*>(this), "forward")) {
      const auto lent = std::make_shared<LentPass>(LentPass{&pass});
      const std::unique_ptr<LentPass, void (*)(LentPass*)> take_back(lent.get(),
                                                                     [](LentPass* p) { p->pass = nullptr; });
      return tensor_result(f(x, py::arg("pass_") = lent), class_name());
    }
    return Module::forward(x);
  }
};

}  // namespace ef
