// Arguments whose errors are the library's: short, and without the repr of the tokenizer that pybind11's own quote.
#pragma once
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <concepts>
#include <optional>
#include <string>
#include <vector>

namespace ef {

namespace py = pybind11;

// TypeError: "'int' object is not an instance of 'str'".
[[noreturn]] void not_an_instance(const py::handle& found, const char* needed);
// Of an int or what counts as one. TypeError or OverflowError.
template <class T>
T whole(const py::handle& number);
// Of a list of ints, or an array of them, behind those that are in `out`.
void append_ids(const py::handle& ids, std::vector<uint32_t>& out);

// A parameter of a bound function that either converts or throws.
template <class T>
struct Checked {
  T value;
  operator const T&() const { return value; }
};

template <class T>
constexpr const char* python_name = "str";
template <>
inline constexpr const char* python_name<bool> = "bool";
template <>
inline constexpr const char* python_name<py::bytes> = "bytes";
template <>
inline constexpr const char* python_name<py::list> = "list";
template <>
inline constexpr const char* python_name<py::iterable> = "Sequence";

}  // namespace ef

namespace pybind11::detail {

template <class T>
struct type_caster<ef::Checked<T>> {
  static constexpr auto name = make_caster<T>::name;
  template <class>
  using cast_op_type = ef::Checked<T>;
  make_caster<T> inner;

  bool load(handle from, bool convert) {
    if (std::same_as<T, bool>) convert = false;  // what counts as true is no bool yet
    if (!inner.load(from, convert)) ef::not_an_instance(from, ef::python_name<T>);
    return true;
  }
  operator ef::Checked<T>() { return {cast_op<T>(std::move(inner))}; }
};

template <std::unsigned_integral T>
requires(!std::same_as<T, bool>) struct type_caster<ef::Checked<T>> {
  static constexpr auto name = make_caster<T>::name;
  template <class>
  using cast_op_type = ef::Checked<T>;
  T value = 0;

  bool load(handle from, bool) {
    value = ef::whole<T>(from);
    return true;
  }
  operator ef::Checked<T>() { return {value}; }
};

}  // namespace pybind11::detail
