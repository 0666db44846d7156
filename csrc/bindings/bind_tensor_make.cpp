// Making tensors from Python values.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

bool is_sequence(py::handle h) {
  return PySequence_Check(h.ptr()) && !PyUnicode_Check(h.ptr()) && !PyBytes_Check(h.ptr());
}

// The shape of nested sequences, after their first elements; as_tensor's walk checks the others.
void measure(py::handle data, Shape& shape) {
  if (py::isinstance<Tensor>(data)) {
    for (int64_t n : data.cast<Tensor>().shape()) shape.push_back(n);
    return;
  }
  if (is_array(data)) {
    const auto array = py::reinterpret_borrow<py::array>(data);
    for (py::ssize_t d = 0; d < array.ndim(); d++) shape.push_back(array.shape(d));
    return;
  }
  if (!is_sequence(data)) return;
  const py::ssize_t n = PySequence_Length(data.ptr());
  if (n < 0) throw py::error_already_set();
  shape.push_back(n);
  if (n) measure(py::reinterpret_steal<py::object>(PySequence_GetItem(data.ptr(), 0)), shape);
}

class Walk {
 public:
  explicit Walk(const Shape& shape) : shape_(shape) {}
  std::optional<DType> dtype;
  std::vector<double> reals;
  std::vector<int64_t> wholes;  // used until a real number comes: integers keep all their bits

  void visit(py::handle data, int depth) {
    if (depth == shape_.size() && plain_number(data.ptr())) return;
    if (py::isinstance<Tensor>(data) || is_array(data)) {
      const Tensor t = py::isinstance<Tensor>(data) ? data.cast<Tensor>().detach() : tensor_from_array(data);
      check<DtypeError>(t.defined(), "tensor: the elements of a numpy array have no matching dtype");
      check<ShapeError>(Shape(shape_.begin() + std::min(depth, shape_.size()), shape_.end()) == t.shape(),
                        "expected sequence of length ", depth < shape_.size() ? shape_[depth] : 0, " at dim ", depth,
                        " (got ", t.shape(), ")");
      note(t.dtype());
      if (is_floating(t.dtype()))
        for (double v : t.to_vector<double>()) real(v);
      else
        for (int64_t v : t.to_vector<int64_t>()) whole(v);
      return;
    }
    if (is_sequence(data)) {
      const py::ssize_t n = PySequence_Length(data.ptr());
      if (n < 0) throw py::error_already_set();
      if (depth >= shape_.size() || n != shape_[depth])
        throw py::value_error(depth < shape_.size() ? str("expected sequence of length ", shape_[depth], " at dim ",
                                                          depth, " (got ", n, ")")
                                                    : str("too many dimensions at dim ", depth));
      const auto fast = py::reinterpret_steal<py::object>(PySequence_Fast(data.ptr(), "tensor: not a sequence"));
      if (!fast) throw py::error_already_set();
      for (py::ssize_t i = 0; i < n; i++) {  // an element's own code may shorten the list on the way
        check<ShapeError>(i < PySequence_Fast_GET_SIZE(fast.ptr()), "expected sequence of length ", n, " at dim ",
                          depth, " (got ", PySequence_Fast_GET_SIZE(fast.ptr()), ")");
        visit(py::reinterpret_borrow<py::object>(PySequence_Fast_GET_ITEM(fast.ptr(), i)), depth + 1);
      }
      return;
    }
    if (depth != shape_.size())
      throw py::type_error(str("not a sequence at dim ", depth, ", needed one of length ", shape_[depth]));
    Scalar value = false;
    PyObject* p = data.ptr();
    if (PyFloat_Check(p)) {
      DType found = DType::Float32;
      if (py::hasattr(data, "dtype")) dtype_from_object(data.attr("dtype"), found);  // numpy's float64 is a float, too
      note(found);
      return real(PyFloat_AS_DOUBLE(p));
    }
    if (!scalar_from_object(data, value))
      throw py::type_error(str("new(): invalid data type '", Py_TYPE(p)->tp_name, "'"));
    DType found = value.is_bool() ? DType::Bool : value.is_float() ? DType::Float32 : DType::Int64;
    if (!PyLong_Check(p)) dtype_from_object(data.attr("dtype"), found);  // a numpy scalar knows its own
    note(found);
    if (value.is_float())
      real(value.to_double());
    else
      whole(value.to_int());
  }

 private:
  bool plain_number(PyObject* p) {  // what nearly all of them are, without many questions
    if (PyFloat_CheckExact(p)) {
      note(DType::Float32);
      real(PyFloat_AS_DOUBLE(p));
      return true;
    }
    int beyond = 0;
    const long long value = PyLong_CheckExact(p) ? PyLong_AsLongLongAndOverflow(p, &beyond) : 0;
    if (!PyLong_CheckExact(p) || beyond) return false;
    note(DType::Int64);
    whole(value);
    return true;
  }
  void note(DType d) {
    if (dtype != d) dtype = dtype ? promote_types(*dtype, d) : d;
  }
  void real(double v) {
    if (!real_) {
      reals.assign(wholes.begin(), wholes.end());
      real_ = true;
    }
    reals.push_back(v);
  }
  void whole(int64_t v) {
    if (real_)
      reals.push_back(double(v));
    else
      wholes.push_back(v);
  }
  Shape shape_;
  bool real_ = false;
};

struct Options {
  DType dtype;
  bool requires_grad;
};

template <class F>
Tensor finish(py::handle device, bool requires_grad, F&& make) {
  check_device(device);
  Tensor x;
  {
    py::gil_scoped_release release;
    x = make();
  }
  if (requires_grad) set_requires_grad(x);
  return x;
}

DType scalar_dtype(Scalar v) { return v.is_float() ? DType::Float32 : v.is_bool() ? DType::Bool : DType::Int64; }

}  // namespace

Tensor tensor_from_python(py::handle data, std::optional<DType> dtype) {
  if (py::isinstance<Tensor>(data)) {
    const Tensor x = data.cast<Tensor>().detach();
    return dtype && *dtype != x.dtype() ? x.to(*dtype) : x.clone();
  }
  if (is_array(data) || py::hasattr(data, "__dlpack__")) {
    const Tensor x = tensor_from_array(data);
    if (!x.defined())
      throw py::type_error(
          str("can't convert np.ndarray of type ", py::cast<std::string>(py::str(data.attr("dtype"))), "."));
    return dtype && *dtype != x.dtype() ? x.to(*dtype) : x.clone();
  }
  Shape shape;
  measure(data, shape);
  Walk walk(shape);
  walk.visit(data, 0);
  const Tensor x = walk.reals.empty() ? Tensor::from_data(walk.wholes, shape) : Tensor::from_data(walk.reals, shape);
  return x.to(dtype.value_or(walk.dtype.value_or(DType::Float32)));
}

Tensor as_tensor(py::handle data, std::optional<DType> dtype) {
  Tensor x = py::isinstance<Tensor>(data) ? data.cast<Tensor>() : tensor_from_array(data);
  if (!x.defined()) return tensor_from_python(data, dtype);
  return dtype ? x.to(*dtype) : x;
}

void bind_tensor_make(TensorClass& c, py::module_& m) {
  // Tensor(2, 3) and Tensor([1, 2]): float32, as in torch
  c.def(py::init([](const py::args& args) {
    const bool data = args.size() == 1 && !PyIndex_Check(py::object(args[0]).ptr());
    return (data ? tensor_from_python(args[0], DType::Float32)
                 : Tensor::empty(args.size() ? dims_from_args(args) : Shape{0}))
        .impl_ptr();
  }));
  const auto dtype = py::arg("dtype") = py::none();
  const auto device = py::arg("device") = py::none();
  const auto grad_flag = py::arg("requires_grad") = false;
  m.def(
      "tensor",
      [](py::handle data, std::optional<DType> dtype, py::handle device, bool requires_grad, bool) {
        check_device(device);
        Tensor x = tensor_from_python(data, dtype);
        if (requires_grad) set_requires_grad(x);
        return x;
      },
      py::arg("data"), py::kw_only(), dtype, device, grad_flag, py::arg("pin_memory") = false,
      "A new tensor from numbers, nested sequences or an array.\n\n>>> import eigenformers as ef\n>>> ef.tensor([[1, "
      "2], [3, 4]]).sum().item()\n10");
  m.def(
      "as_tensor",
      [](py::handle data, std::optional<DType> dtype, py::handle device) {
        check_device(device);
        return as_tensor(data, dtype);
      },
      py::arg("data"), dtype, device);
  m.def(
      "asarray",
      [](py::handle data, std::optional<DType> dtype, py::handle device) {
        check_device(device);
        return as_tensor(data, dtype);
      },
      py::arg("obj"), py::kw_only(), dtype, device);

  const auto by_shape = [&](const char* name, auto make) {
    m.def(name, [make](const py::args& size, const py::kwargs& options) {
      py::dict rest = options;
      Dims shape;
      if (rest.contains("size")) {
        shape = rest["size"].template cast<Dims>();
        rest = py::dict(**rest);
        PyDict_DelItemString(rest.ptr(), "size");
      } else {
        shape = dims_from_args(size);
      }
      DType dtype = DType::Float32;
      bool requires_grad = false;
      py::object device = py::none();
      for (auto& [key, value] : rest) {
        const auto option = key.template cast<std::string>();
        if (option == "dtype") {
          if (!value.is_none()) dtype = value.template cast<DType>();
        } else if (option == "requires_grad") {
          requires_grad = value.template cast<bool>();
        } else if (option == "device") {
          device = py::reinterpret_borrow<py::object>(value);
        } else if (option != "pin_memory" && option != "layout" && option != "memory_format") {
          throw py::type_error("unexpected keyword argument '" + option + "'");
        }
      }
      return finish(device, requires_grad, [&] { return make(shape, dtype); });
    });
  };
  by_shape("zeros", [](const Shape& s, DType d) { return Tensor::zeros(s, d); });
  by_shape("ones", [](const Shape& s, DType d) { return Tensor::ones(s, d); });
  by_shape("empty", [](const Shape& s, DType d) { return Tensor::empty(s, d); });
  const auto full = [](const Dims& size, Scalar value, std::optional<DType> dtype, py::handle device,
                       bool requires_grad) {
    return finish(device, requires_grad,
                  [&] { return Tensor::full(size, value, dtype.value_or(scalar_dtype(value))); });
  };
  m.def("full", full, py::arg("size"), py::arg("fill_value"), py::kw_only(), dtype, device, grad_flag);
  m.def(
      "scalar_tensor",
      [](Scalar v, std::optional<DType> dtype, py::handle device) {
        check_device(device);
        return Tensor::scalar(v, dtype.value_or(DType::Float32));
      },
      py::arg("s"), py::kw_only(), dtype, device);

  const auto like = [&](const char* name, auto make) {
    m.def(
        name,
        [make](const Tensor& x, std::optional<DType> dtype, py::handle device, bool requires_grad, py::handle) {
          return finish(device, requires_grad, [&] { return make(x.shape(), dtype.value_or(x.dtype())); });
        },
        py::arg("input"), py::kw_only(), dtype, device, grad_flag, py::arg("memory_format") = py::none());
  };
  like("zeros_like", [](const Shape& s, DType d) { return Tensor::zeros(s, d); });
  like("ones_like", [](const Shape& s, DType d) { return Tensor::ones(s, d); });
  like("empty_like", [](const Shape& s, DType d) { return Tensor::empty(s, d); });
  m.def(
      "full_like",
      [](const Tensor& x, Scalar value, std::optional<DType> dtype, py::handle device, bool requires_grad) {
        return finish(device, requires_grad, [&] { return Tensor::full(x.shape(), value, dtype.value_or(x.dtype())); });
      },
      py::arg("input"), py::arg("fill_value"), py::kw_only(), dtype, device, grad_flag);
  const auto fresh = [&](const char* name, auto make) {
    c.def(
        name,
        [make](const Tensor& x, const py::args& size, std::optional<DType> dtype, py::handle device,
               bool requires_grad) {
          const Dims shape = dims_from_args(size);
          return finish(device, requires_grad, [&] { return make(shape, dtype.value_or(x.dtype())); });
        },
        py::kw_only(), dtype, device, grad_flag);
  };
  fresh("new_zeros", [](const Shape& s, DType d) { return Tensor::zeros(s, d); });
  fresh("new_ones", [](const Shape& s, DType d) { return Tensor::ones(s, d); });
  fresh("new_empty", [](const Shape& s, DType d) { return Tensor::empty(s, d); });
  c.def(
      "new_full",
      [](const Tensor& x, const Dims& size, Scalar value, std::optional<DType> dtype, py::handle device,
         bool requires_grad) {
        return finish(device, requires_grad, [&] { return Tensor::full(size, value, dtype.value_or(x.dtype())); });
      },
      py::arg("size"), py::arg("fill_value"), py::kw_only(), dtype, device, grad_flag);
  c.def(
      "new_tensor",
      [](const Tensor& x, py::handle data, std::optional<DType> dtype, py::handle device, bool requires_grad) {
        check_device(device);
        Tensor y = tensor_from_python(data, dtype.value_or(x.dtype()));
        if (requires_grad) set_requires_grad(y);
        return y;
      },
      py::arg("data"), py::kw_only(), dtype, device, grad_flag);

  const auto arange = [](Scalar start, Scalar end, Scalar step, std::optional<DType> dtype, py::handle device,
                         bool requires_grad) {
    const bool real = start.is_float() || end.is_float() || step.is_float();
    return finish(device, requires_grad, [&] {
      return Tensor::arange(start, end, step, dtype.value_or(real ? DType::Float32 : DType::Int64));
    });
  };
  m.def(
      "arange",
      [arange](Scalar end, std::optional<DType> dtype, py::handle device, bool requires_grad) {
        return arange(0, end, 1, dtype, device, requires_grad);
      },
      py::arg("end"), py::kw_only(), dtype, device, grad_flag);
  m.def("arange", arange, py::arg("start"), py::arg("end"), py::arg("step") = 1, py::kw_only(), dtype, device,
        grad_flag);
  m.def(
      "linspace",
      [](double start, double end, int64_t steps, std::optional<DType> dtype, py::handle device, bool requires_grad) {
        return finish(device, requires_grad,
                      [&] { return linspace(start, end, steps, dtype.value_or(DType::Float32)); });
      },
      py::arg("start"), py::arg("end"), py::arg("steps"), py::kw_only(), dtype, device, grad_flag);
  m.def(
      "eye",
      [](int64_t n, std::optional<int64_t> columns, std::optional<DType> dtype, py::handle device, bool requires_grad) {
        return finish(device, requires_grad,
                      [&] { return eye(n, columns.value_or(n), dtype.value_or(DType::Float32)); });
      },
      py::arg("n"), py::arg("m") = py::none(), py::kw_only(), dtype, device, grad_flag);
  const auto indices = [&](const char* name, Tensor (*part)(const Tensor&, int64_t)) {
    m.def(
        name,
        [part](int64_t rows, int64_t columns, int64_t offset) {
          return nonzero(part(Tensor::ones({rows, columns}, DType::UInt8), offset)).t().contiguous();
        },
        py::arg("row"), py::arg("col"), py::arg("offset") = 0);
  };
  indices("tril_indices", tril);
  indices("triu_indices", triu);
  m.def(
      "frombuffer",
      [](py::buffer buffer, DType dtype, int64_t count, int64_t offset) {
        const py::buffer_info info = buffer.request();
        const auto size = int64_t(item_size(dtype)), bytes = int64_t(info.size) * int64_t(info.itemsize);
        check<ConfigError>(offset >= 0 && offset <= bytes, "offset (", offset,
                           " bytes) must be non-negative and no greater than buffer length (", bytes, " bytes)");
        const int64_t n = count < 0 ? (bytes - offset) / size : count;
        check<ConfigError>(n <= (bytes - offset) / size, "requested buffer length (", n, " * ", size,
                           " bytes) after offset (", offset, " bytes) must not be greater than actual buffer length (",
                           bytes, " bytes)");
        return Tensor::external(static_cast<char*>(info.ptr) + offset, {n}, dtype, keep_alive(buffer), info.readonly);
      },
      py::arg("buffer"), py::kw_only(), py::arg("dtype"), py::arg("count") = -1, py::arg("offset") = 0);
}

}  // namespace ef
