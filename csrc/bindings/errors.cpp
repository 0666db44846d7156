// C++ errors become the classes of eigenformers.errors, which also inherit the builtins that users catch.
#include <cstring>
#include <new>

#include "bindings/bindings.h"
#include "core/error.h"

namespace ef {
namespace {

PyObject* classes[6];  // for as long as the process lives

}  // namespace

void bind_errors(pybind11::module_& m) {
  const auto errors = pybind11::module_::import("eigenformers.errors");
  int i = 0;
  for (const char* name : {"Error", "ShapeError", "DtypeError", "ConfigError", "CheckpointError", "TokenizerError"})
    classes[i++] = pybind11::object(errors.attr(name)).release().ptr();
  static PyObject* unsupported = pybind11::object(errors.attr("UnsupportedError")).release().ptr();
  pybind11::register_exception_translator([](std::exception_ptr p) {
    const auto raise = [](PyObject* type, const std::exception& e) {  // the message may quote bytes of a damaged file
      const auto text = pybind11::reinterpret_steal<pybind11::object>(
          PyUnicode_DecodeUTF8(e.what(), Py_ssize_t(std::strlen(e.what())), "replace"));
      if (text) PyErr_SetObject(type, text.ptr());
    };
    try {
      if (p) std::rethrow_exception(p);
    } catch (const ShapeError& e) {
      raise(classes[1], e);
    } catch (const DtypeError& e) {
      raise(classes[2], e);
    } catch (const ConfigError& e) {
      raise(classes[3], e);
    } catch (const CheckpointError& e) {
      raise(classes[4], e);
    } catch (const TokenizerError& e) {
      raise(classes[5], e);
    } catch (const UnsupportedError& e) {
      raise(unsupported, e);
    } catch (const IndexError& e) {
      raise(PyExc_IndexError, e);
    } catch (const KeyError& e) {
      raise(PyExc_KeyError, e);
    } catch (const AttributeError& e) {
      raise(PyExc_AttributeError, e);
    } catch (const Error& e) {
      raise(classes[0], e);
    }
  });
}

}  // namespace ef
