// How tensors, dtypes, numbers and shapes cross between Python and C++. Every file with bindings sees this, through
// bindings.h, so that a type has one conversion.
//
// Python's Tensor stands for a TensorImpl: the same tensor is the same Python object for as long as one is alive.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "tensor/tensor.h"

namespace ef {

namespace py = pybind11;
using TensorClass = py::class_<TensorImpl, std::shared_ptr<TensorImpl>>;

// A numpy array? pybind11's own check would import numpy to see it, a fifth of the time from exec to a first token.
bool is_array(py::handle object);
// A numpy array or an object with __dlpack__ as a tensor on the same memory; undefined when it is neither.
Tensor tensor_from_array(py::handle object);
py::object dtype_object(DType dtype);                   // eigenformers.float32, …
bool dtype_from_object(py::handle object, DType& out);  // also names, numpy and torch dtypes, float, int, bool
bool scalar_from_object(py::handle object, Scalar& out);
bool dims_from_object(py::handle object, Dims& out);
py::object size_object(const Dims& dims);  // eigenformers.Size, a tuple

}  // namespace ef

namespace pybind11 {

template <>
inline bool isinstance<ef::Tensor, 0>(handle object) {
  return detail::isinstance_generic(object, typeid(ef::TensorImpl));
}

namespace detail {

template <>
struct type_caster<ef::Tensor> {
  PYBIND11_TYPE_CASTER(ef::Tensor, const_name("eigenformers.Tensor"));
  bool load(handle source, bool convert) {
    if (isinstance<ef::Tensor>(source)) {
      copyable_holder_caster<ef::TensorImpl, std::shared_ptr<ef::TensorImpl>> holder;
      if (!holder.load(source, false)) return false;
      value = ef::Tensor(static_cast<std::shared_ptr<ef::TensorImpl>&>(holder));
      return value.defined();
    }
    if (!convert || !source || source.is_none()) return false;
    value = ef::tensor_from_array(source);
    return value.defined();
  }
  static handle cast(const ef::Tensor& tensor, return_value_policy, handle) {
    if (!tensor.defined()) return none().release();
    return copyable_holder_caster<ef::TensorImpl, std::shared_ptr<ef::TensorImpl>>::cast(
        tensor.impl_ptr(), return_value_policy::take_ownership, handle());
  }
};

template <>
struct type_caster<ef::DType> {
  PYBIND11_TYPE_CASTER(ef::DType, const_name("eigenformers.dtype"));
  bool load(handle source, bool) { return ef::dtype_from_object(source, value); }
  static handle cast(ef::DType dtype, return_value_policy, handle) { return ef::dtype_object(dtype).release(); }
};

template <>
struct type_caster<ef::Scalar> {
  ef::Scalar value = false;
  static constexpr auto name = const_name("float");
  template <class T>
  using cast_op_type = ef::Scalar;
  operator ef::Scalar() { return value; }
  bool load(handle source, bool) { return ef::scalar_from_object(source, value); }
  static handle cast(ef::Scalar s, return_value_policy, handle) {
    if (s.is_bool()) return bool_(s.to_bool()).release();
    return s.is_float() ? float_(s.to_double()).release() : int_(s.to_int()).release();
  }
};

template <>
struct type_caster<ef::Dims> {
  PYBIND11_TYPE_CASTER(ef::Dims, io_name("collections.abc.Sequence[int]", "eigenformers.Size"));
  bool load(handle source, bool) { return ef::dims_from_object(source, value); }
  static handle cast(const ef::Dims& dims, return_value_policy, handle) { return ef::size_object(dims).release(); }
};

}  // namespace detail
}  // namespace pybind11
