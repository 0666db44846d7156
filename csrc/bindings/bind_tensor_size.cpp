// eigenformers.Size: the shape of a tensor, a tuple that knows its product.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

PyTypeObject* size_type = nullptr;

py::object of_size_type(PyObject* tuple) {  // steals
  const auto items = py::reinterpret_steal<py::tuple>(tuple);
  if (!items) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(
      PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(size_type), items.ptr(), nullptr));
}

// Slices and sums of sizes are sizes.
PyObject* subscript(PyObject* self, PyObject* key) {
  PyObject* found = PyTuple_Type.tp_as_mapping->mp_subscript(self, key);
  return found && PyTuple_CheckExact(found) ? of_size_type(found).release().ptr() : found;
}
PyObject* concat(PyObject* self, PyObject* other) {
  PyObject* joined = PyTuple_Type.tp_as_sequence->sq_concat(self, other);
  return joined && PyTuple_CheckExact(joined) ? of_size_type(joined).release().ptr() : joined;
}
PyObject* show(PyObject* self) {
  std::string text = "eigenformers.Size([";
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self); i++)
    text += (i ? ", " : "") + py::str(py::handle(PyTuple_GET_ITEM(self, i))).cast<std::string>();
  text += "])";
  return PyUnicode_FromString(text.c_str());
}
PyObject* numel(PyObject* self, PyObject*) {
  try {
    Dims dims;
    if (!dims_from_object(self, dims)) throw py::type_error("Size.numel: needed whole numbers");
    int64_t n = 1;
    for (int64_t d : dims)
      if (__builtin_mul_overflow(n, d, &n)) throw py::value_error("Size.numel: the product does not fit 64 bits");
    return PyLong_FromLongLong(n);
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (const py::builtin_exception& e) {
    e.set_error();
  } catch (const std::exception& e) {
    PyErr_SetString(PyExc_ValueError, e.what());
  }
  return nullptr;
}

PyMethodDef methods[] = {{"numel", numel, METH_NOARGS, "The product of all sizes."}, {}};
PyType_Slot slots[] = {
    {Py_tp_base, &PyTuple_Type},
    {Py_tp_doc, const_cast<char*>("The sizes of a tensor: a tuple of whole numbers.")},
    {Py_tp_methods, methods},
    {Py_tp_repr, reinterpret_cast<void*>(show)},
    {Py_mp_subscript, reinterpret_cast<void*>(subscript)},
    {Py_sq_concat, reinterpret_cast<void*>(concat)},
    {},
};
PyType_Spec spec = {"eigenformers._core.Size", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

}  // namespace

py::object size_object(const Dims& dims) {
  PyObject* out = size_type->tp_alloc(size_type, dims.size());
  if (!out) throw py::error_already_set();
  for (int d = 0; d < dims.size(); d++) PyTuple_SET_ITEM(out, d, PyLong_FromLongLong(dims[d]));
  return py::reinterpret_steal<py::object>(out);
}

void bind_tensor_size(py::module_& m) {
  size_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (!size_type) throw py::error_already_set();
  m.attr("Size") = py::handle(reinterpret_cast<PyObject*>(size_type));
}

}  // namespace ef
