#include "bindings/tokenizers_arguments.h"

#include <pybind11/numpy.h>

#include "bindings/bindings.h"
#include "core/error.h"

namespace ef {
namespace {

// The value of a whole number that Python keeps in one digit, which ids are; else -1.
int64_t small_number(PyObject* number) {
  if (!PyLong_CheckExact(number)) return -1;
#if PY_VERSION_HEX >= 0x030c0000
  auto* value = reinterpret_cast<PyLongObject*>(number);
  return PyUnstable_Long_IsCompact(value) ? PyUnstable_Long_CompactValue(value) : -1;
#else
  const Py_ssize_t digits = Py_SIZE(number);
  return digits == 1 ? int64_t(reinterpret_cast<PyLongObject*>(number)->ob_digit[0]) : digits == 0 ? 0 : -1;
#endif
}

[[noreturn]] void overflow(const char* what) {
  PyErr_SetString(PyExc_OverflowError, what);
  throw py::error_already_set();
}
uint32_t id_of(int64_t value) {
  if (value < 0) overflow("number too small to fit in target type");
  if (value > int64_t(UINT32_MAX)) overflow("number too large to fit in target type");
  return uint32_t(value);
}
py::object index_of(const py::handle& number) {
  auto index = py::reinterpret_steal<py::object>(PyNumber_Index(number.ptr()));
  if (!index) throw py::error_already_set();
  return index;
}

}  // namespace

void not_an_instance(const py::handle& found, const char* needed) {
  const std::string type = py::type::of(found).attr("__name__").cast<std::string>();
  throw py::type_error(
      str(found.is_none() ? "'None'" : "'" + type + "' object", " is not an instance of '", needed, "'"));
}

template <>
uint32_t whole<uint32_t>(const py::handle& number) {
  const long value = PyLong_AsLong(index_of(number).ptr());
  if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
  return id_of(value);
}
template <>
size_t whole<size_t>(const py::handle& number) {
  const size_t value = PyLong_AsUnsignedLongLong(index_of(number).ptr());
  if (value == size_t(-1) && PyErr_Occurred()) throw py::error_already_set();
  return value;
}

void append_ids(const py::handle& ids, std::vector<uint32_t>& out) {
  constexpr size_t kAhead = 16;
  if (py::isinstance<py::str>(ids)) throw py::type_error("Can't extract `str` to `Vec`");
  if (!PyList_Check(ids.ptr()) && is_array(ids)) {
    const auto array = py::reinterpret_borrow<py::array>(ids);
    if (array.ndim() == 1 && (array.dtype().kind() == 'i' || array.dtype().kind() == 'u')) {
      const auto values = py::array_t<int64_t, py::array::c_style | py::array::forcecast>(array);
      for (py::ssize_t i = 0; i < values.size(); i++) out.push_back(id_of(values.data()[i]));
      return;
    }
  }
  if (PyList_CheckExact(ids.ptr())) {  // as a rule all are such numbers
    const size_t size = size_t(PyList_GET_SIZE(ids.ptr())), before = out.size();
    out.resize(before + size);
    uint32_t* to = out.data() + before;
    PyObject* const* items = reinterpret_cast<PyListObject*>(ids.ptr())->ob_item;
    int64_t all = 0;
    for (size_t i = 0; i < size; i++) {
      const int64_t small = small_number(items[i]);
      to[i] = uint32_t(small);
      all |= small;
    }
    if (all >= 0) return;
    out.resize(before);
  }
  if (!Py_TYPE(ids.ptr())->tp_iter && !PySequence_Check(ids.ptr())) not_an_instance(ids, "Sequence");
  const auto items = py::reinterpret_steal<py::object>(PySequence_Fast(ids.ptr(), "ids must be a list"));
  if (!items) throw py::error_already_set();
  const auto size = [&] { return size_t(PySequence_Fast_GET_SIZE(items.ptr())); };
  for (size_t i = 0; i < size(); i++) {  // __index__ of a number may change the list
    PyObject** const item = PySequence_Fast_ITEMS(items.ptr()) + i;
    if (i + kAhead < size()) __builtin_prefetch(item[kAhead]);  // the numbers lie all over
    PyObject* number = *item;
    if (const int64_t small = small_number(number); small >= 0) {
      out.push_back(uint32_t(small));
      continue;
    }
    out.push_back(whole<uint32_t>(py::reinterpret_borrow<py::object>(number)));
  }
}

}  // namespace ef
