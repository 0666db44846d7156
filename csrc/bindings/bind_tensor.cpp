// The class Tensor: what every tensor answers about itself. Operations are in the bind_tensor_*.cpp files.
#include "bindings/bindings.h"
#include "bindings/tensor_support.h"
#include "core/thread_pool.h"

namespace ef {

namespace {

std::string type_name(const Tensor& x) {
  static constexpr const char* names[] = {"Float", "Double", "Half", "BFloat16", "Long",
                                          "Int",   "Short",  "Char", "Byte",     "Bool"};
  return str("eigenformers.", is_computable(x.dtype()) ? names[int(x.dtype())] : dtype_name(x.dtype()), "Tensor");
}

// x.to(…): a dtype, a device, both, or another tensor's dtype.
Tensor to(const Tensor& x, const py::args& args, const py::kwargs& kwargs) {
  DType dtype = x.dtype();
  bool copy = false;
  int flags = 0;  // positional booleans: non_blocking, copy
  const auto take = [&](py::handle value) {
    if (value.is_none()) return;
    if (py::isinstance<Tensor>(value))
      dtype = value.cast<Tensor>().dtype();
    else if (py::isinstance<py::bool_>(value))
      copy = (flags++ == 1) ? value.cast<bool>() : copy;
    else if (py::isinstance<py::str>(value)) {
      const auto name = value.cast<std::string>();
      if (name.starts_with("cpu") || name.starts_with("cuda") || name.starts_with("mps") || name.starts_with("xpu") ||
          name.starts_with("meta"))
        check_device(value);
      else
        dtype = dtype_from_name(name);
    } else if (!dtype_from_object(value, dtype))
      check_device(value);
  };
  for (py::handle arg : args) take(arg);
  for (auto& [key, value] : kwargs) {
    const auto name = key.cast<std::string>();
    if (name == "dtype" || name == "other")
      take(value);
    else if (name == "device")
      check_device(value);
    else if (name == "copy")
      copy = value.cast<bool>();
    else if (name != "non_blocking" && name != "memory_format")
      throw py::type_error("to() got an unexpected keyword argument '" + name + "'");
  }
  py::gil_scoped_release release;
  return dtype == x.dtype() && copy ? x.clone() : x.to(dtype);
}

[[noreturn]] void no_cuda() { fail<UnsupportedError>("cuda(): eigenformers computes on the CPU; leave the call out"); }

}  // namespace

void bind_tensor_class(TensorClass& c, py::module_& m) {
  c.def_property_readonly("shape", [](const Tensor& x) { return x.shape(); })
      .def_property_readonly("dtype", [](const Tensor& x) { return x.dtype(); })
      .def_property_readonly("device", [m](const Tensor&) { return m.attr("_cpu"); })
      .def_property_readonly("ndim", [](const Tensor& x) { return x.dim(); })
      .def_property_readonly("itemsize", [](const Tensor& x) { return x.element_size(); })
      .def_property_readonly("nbytes", [](const Tensor& x) { return x.nbytes(); })
      .def_property_readonly("is_cuda", [](const Tensor&) { return false; })
      .def_property_readonly("is_sparse", [](const Tensor&) { return false; })
      .def_property_readonly("is_quantized", [](const Tensor&) { return false; })
      .def_property_readonly("is_meta", [](const Tensor&) { return false; })
      .def_property_readonly("layout", [](const Tensor&) { return "strided"; })
      .def_property(
          "_is_parameter", [](const Tensor& x) { return x.impl()->is_parameter; },
          [](const Tensor& x, bool on) { x.impl()->is_parameter = on; })
      .def_property_readonly("_storage_nbytes", [](const Tensor& x) { return x.storage()->nbytes(); })
      .def_property_readonly("_version", [](const Tensor& x) { return x.storage()->version(); })
      .def(
          "size",
          [](const Tensor& x, std::optional<int> dim) -> py::object {
            return dim ? py::object(py::int_(x.size(*dim))) : py::cast(x.shape());
          },
          py::arg("dim") = py::none())
      .def(
          "stride",
          [](const Tensor& x, std::optional<int> dim) -> py::object {
            return dim ? py::object(py::int_(x.stride(*dim))) : py::cast(x.strides());
          },
          py::arg("dim") = py::none())
      .def("storage_offset", [](const Tensor& x) { return x.offset(); })
      .def("dim", [](const Tensor& x) { return x.dim(); })
      .def("ndimension", [](const Tensor& x) { return x.dim(); })
      .def("numel", [](const Tensor& x) { return x.numel(); })
      .def("nelement", [](const Tensor& x) { return x.numel(); })
      .def("element_size", [](const Tensor& x) { return x.element_size(); })
      .def("is_contiguous", [](const Tensor& x) { return x.is_contiguous(); })
      .def("is_floating_point", [](const Tensor& x) { return x.is_floating_point(); })
      .def_property_readonly("is_cpu", [](const Tensor&) { return true; })
      .def_property_readonly("is_mps", [](const Tensor&) { return false; })
      .def_property_readonly("is_xpu", [](const Tensor&) { return false; })
      .def_property_readonly("is_nested", [](const Tensor&) { return false; })
      .def("is_shared", [](const Tensor&) { return false; })
      .def("is_complex", [](const Tensor& x) { return x.dtype() == DType::Complex64; })
      .def("is_signed", [](const Tensor& x) { return x.dtype() != DType::UInt8 && x.dtype() != DType::Bool; })
      .def("data_ptr", [](const Tensor& x) { return reinterpret_cast<uintptr_t>(x.data_ptr()); })
      .def("is_pinned", [](const Tensor&) { return false; })
      .def("pin_memory", [](const Tensor& x) { return x; })
      .def("share_memory_", [](const Tensor& x) { return x; })
      .def("get_device", [](const Tensor&) { return -1; })
      .def(
          "type",
          [](const Tensor& x, std::optional<DType> dtype) -> py::object {
            return dtype ? py::cast(x.to(*dtype)) : py::object(py::str(type_name(x)));
          },
          py::arg("dtype") = py::none())
      .def("to", &to)
      .def(
          "type_as", [](const Tensor& x, const Tensor& other) { return x.to(other.dtype()); }, py::arg("other"),
          NoGil())
      .def("cpu", [](const Tensor& x) { return x; })
      .def("cuda", [](const Tensor&, const py::args&, const py::kwargs&) { no_cuda(); });
  const std::pair<const char*, DType> conversions[] = {
      {"float", DType::Float32}, {"double", DType::Float64}, {"half", DType::Float16}, {"bfloat16", DType::BFloat16},
      {"long", DType::Int64},    {"int", DType::Int32},      {"short", DType::Int16},  {"char", DType::Int8},
      {"byte", DType::UInt8},    {"bool", DType::Bool}};
  for (auto& [name, dtype] : conversions)
    c.def(
        name, [dtype = dtype](const Tensor& x) { return x.to(dtype); }, NoGil());

  c.def("item", [](const Tensor& x) { return x.item(); })
      .def("__bool__",
           [](const Tensor& x) {
             check<Error>(x.numel() == 1, x.numel() ? "Boolean value of Tensor with more than one value is ambiguous"
                                                    : "Boolean value of Tensor with no values is ambiguous");
             return x.item<bool>();
           })
      .def("__complex__", [](const Tensor& x) { return std::complex<double>(x.item().to_double()); })
      .def("__float__", [](const Tensor& x) { return x.item().to_double(); })
      .def("__int__",
           [](const Tensor& x) {
             const Scalar v = x.item();
             return v.is_float() ? py::int_(py::float_(v.to_double())) : py::int_(v.to_int());
           })
      .def("__index__",
           [](const Tensor& x) {
             if (is_floating(x.dtype()) || x.numel() != 1)
               throw py::type_error("only integer tensors of a single element can be converted to an index");
             return x.item<int64_t>();
           })
      .def("__len__",
           [](const Tensor& x) {
             if (!x.dim()) throw py::type_error("len() of a 0-d tensor");
             return x.size(0);
           })
      .def("__hash__", [](const Tensor& x) { return reinterpret_cast<uintptr_t>(x.impl()) >> 4; })
      .def("__repr__", &repr)
      .def("__format__",
           [](const Tensor& x, const std::string& spec) -> py::object {
             if (x.dim() == 0 && !spec.empty()) return py::cast(x.item()).attr("__format__")(spec);
             if (!spec.empty()) throw py::type_error("unsupported format string passed to Tensor.__format__");
             return py::str(repr(x));
           })
      .def("__copy__",
           [](const Tensor& x) {
             Tensor y = x.detach();
             if (x.requires_grad()) set_requires_grad(y);
             y.impl()->is_parameter = x.impl()->is_parameter;
             return y;
           })
      .def(
          "__deepcopy__",
          [](const Tensor& x, py::dict memo) {
            check<Error>(is_leaf(x),
                         "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
                         "the moment.");
            const auto id = py::int_(reinterpret_cast<uintptr_t>(py::cast(x).ptr()));
            if (memo.contains(id)) return memo[id].cast<Tensor>();
            Tensor y = x.detach().clone();
            if (x.requires_grad()) set_requires_grad(y);
            if (Tensor g = grad(x); g.defined()) set_grad(y, g.detach().clone());
            y.impl()->is_parameter = x.impl()->is_parameter;
            memo[id] = y;
            return y;
          },
          py::arg("memo"))
      .def("__reduce__", [m](const Tensor& x) {
        check<Error>(is_leaf(x), "cannot pickle a tensor that is part of a graph; detach() it first");
        const Tensor y = x.detach().contiguous();
        return py::make_tuple(
            m.attr("_rebuild_tensor"),
            py::make_tuple(py::bytes(static_cast<const char*>(y.data_ptr()), y.nbytes()), dtype_name(y.dtype()),
                           y.shape(), x.requires_grad(), x.impl()->is_parameter));
      });
  m.def("_rebuild_tensor",
        [](py::bytes data, const std::string& dtype, const Dims& shape, bool requires_grad, bool is_parameter) {
          const std::string_view bytes = data;
          Tensor y = Tensor::empty(shape, dtype_from_name(dtype));
          check<ShapeError>(bytes.size() == y.nbytes(), "pickled tensor: found ", bytes.size(), " bytes, needed ",
                            y.nbytes());
          std::copy(bytes.begin(), bytes.end(), static_cast<char*>(y.mutable_data_ptr()));
          if (requires_grad) set_requires_grad(y);
          y.impl()->is_parameter = is_parameter;
          return y;
        });
  m.def(
      "is_tensor", [](py::handle x) { return py::isinstance<Tensor>(x); }, py::arg("obj"));
  m.def(
      "is_floating_point", [](const Tensor& x) { return x.is_floating_point(); }, py::arg("input"));
  m.def(
      "numel", [](const Tensor& x) { return x.numel(); }, py::arg("input"));
  m.def(
      "set_num_threads", [](int n) { ThreadPool::instance().resize(n); }, py::arg("int"), NoGil());
  m.def("get_num_threads", [] { return ThreadPool::instance().size(); });
}

void bind_tensor(py::module_& m) {
  bind_tensor_size(m);
  bind_tensor_dtypes(m);
  bind_tensor_print(m);
  m.attr("_cpu") = m.attr("device")("cpu");
  m.attr("inf") = std::numeric_limits<double>::infinity();
  m.attr("nan") = std::numeric_limits<double>::quiet_NaN();
  m.attr("pi") = M_PI;
  TensorClass c(m, "Tensor", py::dynamic_attr(), py::buffer_protocol(),
                "An array of numbers with shape, dtype and optional gradient. Methods are named as torch's.");
  bind_tensor_class(c, m);
  bind_tensor_interop(c, m);
  bind_tensor_make(c, m);
  bind_tensor_random(c, m);
  bind_tensor_arithmetic(c, m);
  bind_tensor_shape(c, m);
  bind_tensor_reduce(c, m);
  bind_tensor_index(c, m);
  bind_tensor_autograd(c, m);
  bind_tensor_function(m);
  bind_tensor_functional(c, m);
  bind_tensor_numpy_names(c, m);
  // So that `"cuda" if ef.cuda.is_available() else "cpu"` says "cpu".
  py::module_ cuda = m.def_submodule("cuda", "There is no GPU here.");
  cuda.def("is_available", [] { return false; });
  cuda.def("device_count", [] { return 0; });
  cuda.def("empty_cache", &empty_cache);
}

}  // namespace ef
