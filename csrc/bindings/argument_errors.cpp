#include "bindings/argument_errors.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/tokenizers_arguments.h"
#include "core/error.h"

namespace ef {
namespace {

using Call = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);
Call dispatcher = nullptr;  // pybind11's, the same of every function

struct Parameter {
  std::string_view name, type;
  bool required = true, keyword_only = false;
};
struct Signature {
  std::string name;  // with the class
  bool method = false, constructor = false;
  std::vector<Parameter> parameters;  // without self
};

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

// Up to a character that is in no brackets and no quotes.
std::string_view take_until(std::string_view& rest, char end) {
  int depth = 0;
  char quote = 0;
  size_t at = 0;
  for (; at < rest.size(); at++) {
    const char c = rest[at];
    if (quote) {
      quote = c == quote ? 0 : quote;
      continue;
    }
    if (depth == 0 && c == end) break;
    if (c == '\'' || c == '"') quote = c;
    depth += c == '(' || c == '[' || c == '{';
    depth -= c == ')' || c == ']' || c == '}';
  }
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(std::min(rest.size(), at + 1));
  return taken;
}

// What pybind11 says about the first overload. False if it says something else than expected.
bool read_signature(std::string_view message, Signature& out) {
  const size_t first = message.find("    1. "), open = message.find('(', first);
  if (first == std::string_view::npos || open == std::string_view::npos) return false;
  const std::string_view function = message.substr(0, message.find('(')),
                         before = message.substr(first + 7, open - first - 7);
  out.constructor = function == "__init__";
  std::string_view rest = message.substr(open + 1);
  std::string_view list = take_until(rest, ')');
  const std::string_view line = rest.substr(0, rest.find('\n'));
  std::string_view owner = out.constructor ? before : line.starts_with(" -> ") ? line.substr(4) : std::string_view();
  bool keyword_only = false;
  while (!list.empty()) {
    std::string_view part = take_until(list, ',');
    while (part.starts_with(' ')) part.remove_prefix(1);
    if (part == "*" || part == "/") {
      keyword_only |= part == "*";
      continue;
    }
    Parameter p;
    p.keyword_only = keyword_only;
    p.name = take_until(part, ':');
    while (part.starts_with(' ')) part.remove_prefix(1);
    p.type = take_until(part, '=');
    p.required = part.empty();
    while (p.type.ends_with(' ')) p.type.remove_suffix(1);
    if (p.name == "self" && !out.constructor) {
      out.method = true;
      owner = p.type;
    } else {
      out.parameters.push_back(p);
    }
  }
  if (owner.find('.') != std::string_view::npos) out.name = str(last_part(owner), ".");  // the class that has it
  out.name += str(out.constructor ? "__new__" : function, "()");
  return true;
}

[[noreturn]] void wrong(const std::string& text) { throw py::type_error(text); }

bool is_a(const py::handle& value, std::string_view type) {
  for (const py::handle& base : py::type::of(value).attr("__mro__"))
    if (base.attr("__name__").cast<std::string>() == type) return true;
  return false;
}

// Raises if the value is none of the type, as far as that can be told.
void check_type(const py::handle& value, std::string_view type) {
  if (type.ends_with(" | None")) {
    if (value.is_none()) return;
    type.remove_suffix(7);
  }
  if (type == "str" && !py::isinstance<py::str>(value)) not_an_instance(value, "str");
  if (type == "bool" && !PyBool_Check(value.ptr())) not_an_instance(value, "bool");
  if (type.starts_with("typing.SupportsInt")) {
    if (whole<size_t>(value) > UINT32_MAX) {
      PyErr_SetString(PyExc_OverflowError, "number too large to fit in target type");
      throw py::error_already_set();
    }
  }
  if (type.starts_with("typing.SupportsFloat") && PyFloat_AsDouble(value.ptr()) == -1 && PyErr_Occurred())
    throw py::error_already_set();
  if (type.starts_with("collections.abc.Sequence[")) {
    if (py::isinstance<py::str>(value)) wrong("Can't extract `str` to `Vec`");
    if (!PySequence_Check(value.ptr())) not_an_instance(value, "Sequence");
    for (const py::handle& item : value) check_type(item, type.substr(25, type.size() - 26));
  }
  if (type.starts_with("eigenformers.") && type.find(' ') == std::string_view::npos)
    if (const std::string needed(last_part(type)); !is_a(value, needed)) not_an_instance(value, needed.c_str());
}

std::string enumerated(const std::vector<std::string_view>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); i++)
    out += str(i == 0 ? "" : i + 1 < names.size() ? ", " : names.size() > 2 ? ", and " : " and ", "'", names[i], "'");
  return out;
}

[[noreturn]] void explain(const Signature& f, std::span<PyObject* const> given, const py::handle& names) {
  const size_t named = names ? size_t(PyTuple_GET_SIZE(names.ptr())) : 0;
  size_t count = 0, required = 0;
  for (const Parameter& p : f.parameters)
    if (!p.keyword_only) count++, required += p.required;
  if (given.size() > count) {
    if (f.parameters.empty() && !f.constructor) wrong(str(f.name, " takes no arguments (", given.size(), " given)"));
    const std::string takes = required < count ? str("from ", required, " to ", count) : str(count);
    wrong(str(f.name, " takes ", takes, " positional arguments but ", given.size(),
              given.size() == 1 ? " was" : " were", " given"));
  }
  std::vector<py::handle> values(f.parameters.size());
  for (size_t i = 0; i < given.size(); i++) values[i] = given[i];
  for (size_t i = 0; i < named; i++) {
    const auto name = py::handle(PyTuple_GET_ITEM(names.ptr(), Py_ssize_t(i))).cast<std::string>();
    size_t at = 0;
    while (at < f.parameters.size() && f.parameters[at].name != name) at++;
    if (at == f.parameters.size()) wrong(str(f.name, " got an unexpected keyword argument '", name, "'"));
    if (values[at]) wrong(str(f.name, " got multiple values for argument '", name, "'"));
    values[at] = given.data()[given.size() + i];
  }
  std::vector<std::string_view> missing;
  for (size_t i = 0; i < values.size(); i++)
    if (!values[i] && f.parameters[i].required) missing.push_back(f.parameters[i].name);
  if (!missing.empty())
    wrong(str(f.name, " missing ", missing.size(), " required positional argument", missing.size() == 1 ? "" : "s",
              ": ", enumerated(missing)));
  std::string needed;
  for (size_t i = 0; i < values.size(); i++) {
    if (values[i]) check_type(values[i], f.parameters[i].type);
    needed += str(i ? ", " : "", f.parameters[i].name, ": ", f.parameters[i].type);
  }
  wrong(str(f.name, ": arguments of other types than (", needed, ")"));
}

PyObject* call(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  try {
    PyObject* result = dispatcher(self, args, count, names);
    if (result || !PyErr_ExceptionMatches(PyExc_TypeError)) return result;
    py::error_already_set error;
    const std::string message = py::str(error.value());
    Signature f;
    // One that comes through Python is of what was called back, not of this call.
    if (error.trace() || message.find("(): incompatible ") == std::string::npos || !read_signature(message, f)) {
      error.restore();
      return nullptr;
    }
    const size_t skip = (f.method || f.constructor) && count > 0;
    explain(f, {args + skip, size_t(count) - skip}, names);
  } catch (py::error_already_set& e) {
    e.restore();
  } catch (const py::builtin_exception& e) {
    e.set_error();
  }
  return nullptr;
}

void shorten(py::handle function) {
  if (PyInstanceMethod_Check(function.ptr())) function = PyInstanceMethod_GET_FUNCTION(function.ptr());
  if (!PyCFunction_Check(function.ptr())) return;
  PyMethodDef* def = reinterpret_cast<PyCFunctionObject*>(function.ptr())->m_ml;
  if (def->ml_flags != (METH_FASTCALL | METH_KEYWORDS)) return;  // as pybind11 calls from 3.1 on
  const auto own = reinterpret_cast<Call>(reinterpret_cast<void (*)()>(def->ml_meth));
  if (!dispatcher) dispatcher = own;
  if (own == dispatcher) def->ml_meth = reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&call));
}

}  // namespace

void shorten_argument_errors(const py::module_& m) {
  for (const auto& [name, cls] : m.attr("__dict__").cast<py::dict>()) {
    shorten(cls);  // a function of the module
    if (!PyType_Check(cls.ptr())) continue;
    for (const auto& [key, value] : py::dict(cls.attr("__dict__").attr("copy")())) {
      if (py::isinstance<py::staticmethod>(value))
        shorten(value.attr("__func__"));
      else if (Py_TYPE(value.ptr()) == &PyProperty_Type)
        shorten(value.attr("fset"));
      else
        shorten(value);
    }
  }
}

}  // namespace ef
