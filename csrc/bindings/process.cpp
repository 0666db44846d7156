// What could end the process from below Python's exceptions.
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "bindings/bindings.h"

namespace ef {
namespace {

namespace py = pybind11;

std::terminate_handler previous_terminate = nullptr;

bool finalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing();
#else
  return _Py_IsFinalizing();
#endif
}

// While the interpreter shuts down, Python ends a daemon thread that comes back for its lock by unwinding its stack,
// which C++ destructors do not allow. Such a thread waits for the process to end, as in Python 3.14.
[[noreturn]] void on_terminate() {
  if (!std::current_exception() && (finalizing() || !Py_IsInitialized()))
    for (;;) pause();
  previous_terminate();
  std::abort();
}

// pybind11 gives an object whose __init__ never ran (Class.__new__(Class)) memory that nothing was built in.
void* refuse_uninitialised(size_t) {
  throw py::type_error("the object was made without a call of its class's __init__()");
}

// pybind11 throws through C when the common base of all bound classes is made itself, as pickle's protocol 0 does.
newfunc make_instance = nullptr;
PyObject* make_bound_instance(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  if (!py::detail::all_type_info(type).empty()) return make_instance(type, args, kwargs);
  PyErr_Format(PyExc_TypeError, "cannot create '%s' instances: it is the base of bound classes, not one of them",
               type->tp_name);
  return nullptr;
}

void guard_classes(py::handle type) {
  for (py::handle sub : type.attr("__subclasses__")()) {
    if (!sub.attr("__module__").cast<std::string>().starts_with("eigenformers")) continue;
    if (auto* info = py::detail::get_type_info(reinterpret_cast<PyTypeObject*>(sub.ptr())))
      info->operator_new = refuse_uninitialised;
    // The protocols 0 and 1 of pickle call the common base of all bound classes, where pybind11 throws through C.
    if (!sub.attr("__dict__").contains("__reduce_ex__"))
      sub.attr("__reduce_ex__") = py::cpp_function(
          [](const py::object& self, int protocol) {
            return py::module_::import("builtins").attr("object").attr("__reduce_ex__")(self, std::max(protocol, 2));
          },
          py::is_method(sub), py::arg("protocol"));
    guard_classes(sub);
  }
}

}  // namespace

void guard_instances() {
  auto* base = reinterpret_cast<PyTypeObject*>(py::detail::get_internals().instance_base);
  make_instance = base->tp_new;
  base->tp_new = make_bound_instance;
}

void guard_process() {
  previous_terminate = std::set_terminate(on_terminate);
  guard_classes(py::detail::get_internals().instance_base);
}

}  // namespace ef
