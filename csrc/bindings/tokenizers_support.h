// What the files of the tokenizer bindings share.
#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <functional>
#include <memory>

#include "tokenizers/tokenizer.h"

namespace ef {

namespace py = pybind11;
namespace tk = tokenizers;

// A role's object in Python: shares the C++ component; components never change, so setting an attribute builds a new
// one and tells the tokenizer it was taken from.
template <class Role>
struct PyComponent {
  std::shared_ptr<const Role> role;
  std::function<void(std::shared_ptr<const Role>)> changed;
};
using PyNormalizer = PyComponent<tk::Normalizer>;
using PyPreTokenizer = PyComponent<tk::PreTokenizer>;
using PyModel = PyComponent<tk::Model>;
using PyPostProcessor = PyComponent<tk::PostProcessor>;
using PyDecoder = PyComponent<tk::Decoder>;

// `None`, or an object of the Python class that the package registered for the component's type.
template <class Role>
py::object wrap_component(std::shared_ptr<const Role> role, std::function<void(std::shared_ptr<const Role>)> changed);

struct PyToken {
  uint32_t id;
  std::string value;
  std::pair<size_t, size_t> offsets;
};
struct PyAddedToken {
  std::string content;
  bool special = false;
  std::optional<bool> single_word, lstrip, rstrip, normalized;
  tk::AddedToken get() const;
};
PyAddedToken to_python(const tk::AddedToken& token);
std::vector<tk::AddedToken> added_tokens_from_python(const py::list& tokens, bool special);

std::string_view utf8_of(const py::handle& text);  // valid as long as the str lives
py::str to_str(std::string_view text);
template <class T>
py::list to_list(const std::vector<T>& values) {
  py::list out(values.size());
  for (size_t i = 0; i < values.size(); i++)
    PyList_SET_ITEM(out.ptr(), Py_ssize_t(i), PyLong_FromUnsignedLong(values[i]));
  return out;
}
// The text that repr() and str() of the library's objects show.
std::string repr_of(const tk::Json& json, size_t most_items);

void bind_tokenizer_components(py::module_& m);
void bind_encoding(py::module_& m);
void bind_tokenizer_files(py::module_& m);
void bind_tokenizer_trainers(py::module_& m);
void bind_tokenizer_texts(py::module_& m);

}  // namespace ef
