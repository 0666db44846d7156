// What could end the process from below Python's exceptions.
#include <pybind11/pybind11.h>
#include <unistd.h>

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

// pickle with protocol 0 and 1 calls the common base of all bound classes itself, where pybind11 throws through C.
PyObject* new_object(PyTypeObject* type, PyObject*, PyObject*) {
  if (type == reinterpret_cast<PyTypeObject*>(py::detail::get_internals().instance_base)) {
    PyErr_Format(PyExc_TypeError, "cannot create '%s' instances", type->tp_name);
    return nullptr;
  }
  return py::detail::make_new_instance(type);
}

// pybind11 gives an object whose __init__ never ran (Class.__new__(Class)) memory that nothing was built in.
void* refuse_uninitialised(size_t) {
  throw py::type_error("the object was made without a call of its class's __init__()");
}

void guard_classes(py::handle type) {
  for (py::handle sub : type.attr("__subclasses__")()) {
    if (!sub.attr("__module__").cast<std::string>().starts_with("eigenformers")) continue;
    if (auto* info = py::detail::get_type_info(reinterpret_cast<PyTypeObject*>(sub.ptr())))
      info->operator_new = refuse_uninitialised;
    guard_classes(sub);
  }
}

}  // namespace

void guard_process() {
  previous_terminate = std::set_terminate(on_terminate);
  PyObject* base = py::detail::get_internals().instance_base;
  reinterpret_cast<PyTypeObject*>(base)->tp_new = new_object;
  guard_classes(base);
}

}  // namespace ef
