// x[…] and x[…] = value, gather, scatter and their kin.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

// A subscript, parsed once: view steps to apply in order, then advanced indices on what they leave.
class Key {
 public:
  Key(const Tensor& x, py::handle key) {
    std::vector<py::object> items;
    if (py::isinstance<py::tuple>(key)) {
      for (py::handle item : py::reinterpret_borrow<py::tuple>(key))
        items.push_back(py::reinterpret_borrow<py::object>(item));
    } else {
      items.push_back(py::reinterpret_borrow<py::object>(key));
    }
    int used = 0;
    for (const py::object& item : items) used += consumed(item);
    if (used > x.dim()) throw py::index_error(str("too many indices for tensor of dimension ", x.dim()));
    int d = 0;
    bool dots = false;
    for (const py::object& item : items) {
      if (item.is(py::ellipsis())) {
        if (dots) throw py::index_error("an index can only have a single ellipsis ('...')");
        dots = true;
        d += x.dim() - used;
      } else if (item.is_none()) {
        steps_.push_back({Step::Unsqueeze, d++, 0, 0, 0});
      } else if (py::isinstance<py::slice>(item)) {
        Py_ssize_t start, stop, step;
        if (PySlice_Unpack(item.ptr(), &start, &stop, &step) < 0) throw py::error_already_set();
        if (step <= 0) throw py::value_error("step must be greater than zero");
        const int64_t extent = apply(x).size(d);
        PySlice_AdjustIndices(extent, &start, &stop, step);
        steps_.push_back({Step::Slice, d++, start, std::max(start, stop), step});
      } else if (is_integer(item)) {
        const auto value = PyNumber_AsSsize_t(item.ptr(), PyExc_IndexError);
        if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
        const int64_t extent = apply(x).size(d);
        check<IndexError>(value >= -extent && value < extent, "index ", value, " is out of bounds for dimension ", d,
                          " with size ", extent);
        steps_.push_back({Step::Select, d, value, 0, 0});
      } else {
        Tensor t = as_tensor(item, std::nullopt).detach();
        if (t.numel() == 0 && is_floating(t.dtype())) t = t.to(DType::Int64);  // []
        if (t.dtype() == DType::Bool && t.dim() == 0) {  // x[True]: one more dimension, kept or emptied
          steps_.push_back({Step::Unsqueeze, d, 0, 0, 0});
          t = t.reshape({1});
        }
        for (; width_ < d; width_++) advanced_.emplace_back();  // ':' for the dimensions before it
        advanced_.push_back(t);
        width_ += t.dtype() == DType::Bool || t.dtype() == DType::UInt8 ? t.dim() : 1;
        d = width_;
      }
    }
  }

  Tensor apply(const Tensor& x) const {
    Tensor y = x;
    for (const Step& s : steps_) {
      if (s.kind == Step::Unsqueeze)
        y = y.unsqueeze(s.dim);
      else if (s.kind == Step::Select)
        y = y.select(s.dim, s.a);
      else
        y = y.slice(s.dim, s.a, s.b, s.step);
    }
    return y;
  }
  Tensor read(const Tensor& x) const {
    const Tensor y = apply(x);
    return advanced_.empty() ? y : index(y, advanced_);
  }
  // Into x's memory; nothing is recorded.
  void write(const Tensor& x, const Tensor& value) const {
    Tensor y = apply(x.detach());
    Tensor v = value.detach();
    if (advanced_.empty()) {
      while (v.dim() > y.dim() && v.size(0) == 1) v = v.squeeze(0);
      copy_data(y, v);
    } else if (advanced_.size() == 1 && advanced_[0].dtype() == DType::Bool && v.numel() == 1) {
      Tensor mask = advanced_[0];
      check<IndexError>(mask.dim() <= y.dim(), "too many indices for tensor of dimension ", y.dim());
      for (int d = 0; d < mask.dim(); d++)
        check<IndexError>(mask.size(d) == y.size(d), "The shape of the mask ", mask.shape(), " at index ", d,
                          " does not match the shape of the indexed tensor ", y.shape(), " at index ", d);
      while (mask.dim() < y.dim()) mask = mask.unsqueeze(-1);
      copy_data(y, where(mask, v.reshape({}).to(y.dtype()), y));
    } else {
      copy_data(y, index_put(y, advanced_, v.to(y.dtype())));
    }
  }

 private:
  struct Step {
    enum Kind { Unsqueeze, Select, Slice } kind;
    int dim;
    int64_t a, b, step;
  };
  static bool is_integer(const py::object& item) {
    if (py::isinstance<py::bool_>(item)) return false;
    if (PyLong_Check(item.ptr())) return true;
    if (py::isinstance<Tensor>(item)) {
      const Tensor t = item.cast<Tensor>();
      return t.dim() == 0 && !is_floating(t.dtype()) && t.dtype() != DType::Bool;
    }
    return !is_array(item) && PyIndex_Check(item.ptr()) && !PySequence_Check(item.ptr());
  }
  // Dimensions of x that an item uses up.
  static int consumed(const py::object& item) {
    if (item.is_none() || item.is(py::ellipsis())) return 0;
    if (py::isinstance<py::bool_>(item)) return 0;
    const bool array = py::isinstance<Tensor>(item) || is_array(item) || py::isinstance<py::list>(item);
    if (!array) return 1;
    const Tensor t = as_tensor(item, std::nullopt);
    return t.dtype() == DType::Bool || (t.dtype() == DType::UInt8 && t.dim()) ? t.dim() : 1;
  }
  std::vector<Step> steps_;
  std::vector<Tensor> advanced_;
  int width_ = 0;  // dimensions that advanced_ covers: a mask covers several
};

Tensor get_item(const Tensor& x, py::handle key) {
  const Key k(x, key);
  py::gil_scoped_release release;
  return k.read(x);
}

void set_item(Tensor x, py::handle key, py::handle value) {
  const Key k(x, key);
  Scalar number = false;
  Tensor v = !py::isinstance<Tensor>(value) && scalar_from_object(value, number) ? Tensor::scalar(number, x.dtype())
                                                                                 : as_tensor(value, std::nullopt);
  py::gil_scoped_release release;
  if (v.shares_storage(x)) v = v.clone();
  if (!needs_grad(x, v)) {
    k.write(x, v);
    return;
  }
  Tensor y = x.detach().clone();
  k.write(y, v);
  record("CopySlices", y, {x, v}, [k, vector = v.shape()](const Tensor& dy) {
    Tensor dx = dy.clone();
    k.write(dx, Tensor::zeros({}, dy.dtype()));
    Tensor dv = k.read(dy);
    while (dv.dim() < vector.size()) dv = dv.unsqueeze(0);
    return Grads{dx, dv};
  });
  inplace(x, y);
}

}  // namespace

void bind_tensor_index(TensorClass& c, py::module_& m) {
  const Both both{c, m};
  c.def("__getitem__", &get_item).def("__setitem__", &set_item);
  c.def("__iter__", [](const Tensor& x) {
    if (!x.dim()) throw py::type_error("iteration over a 0-d tensor");
    return py::iter(py::cast(unbind(x, 0)));
  });
  c.def("__contains__", [](const Tensor& x, py::handle value) {
    Scalar number = false;
    if (!py::isinstance<Tensor>(value) && scalar_from_object(value, number)) return any(eq(x, number)).item<bool>();
    return any(eq(x, value.cast<Tensor>())).item<bool>();
  });
  const auto dim = py::arg("dim"), idx = py::arg("index"), src = py::arg("src"), source = py::arg("source"),
             value = py::arg("value");
  both.def("gather", gather, dim, idx);
  using T = Tensor;
  const auto with_inplace = [&](const char* name, auto f, auto... args) {
    both.def(name, f, args...);
    c.def((std::string(name) + "_").c_str(),
          [f](T x, int d, const T& i,
              std::conditional_t<std::is_invocable_v<decltype(f), const T&, int, const T&, const T&>, const T&, Scalar>
                  s) { return apply_inplace(x, f, d, i, s); },
          args..., NoGil());
  };
  with_inplace("scatter", static_cast<T (*)(const T&, int, const T&, const T&)>(scatter), dim, idx, src);
  with_inplace("scatter", static_cast<T (*)(const T&, int, const T&, Scalar)>(scatter), dim, idx, value);
  with_inplace("scatter_add", scatter_add, dim, idx, src);
  both.def("index_select", index_select, dim, idx);
  with_inplace("index_copy", index_copy, dim, idx, source);
  both.def("index_add", index_add, dim, idx, source, py::kw_only(), py::arg("alpha") = 1);
  c.def(
      "index_add_",
      [](T x, int d, const T& i, const T& s, Scalar a) { return apply_inplace(x, index_add, d, i, s, a); }, dim, idx,
      source, py::kw_only(), py::arg("alpha") = 1, NoGil());
  const auto fill = [](const T& x, int d, const T& i, Scalar v) {
    Shape shape = x.shape();
    if (x.dim()) shape[x.wrap_dim(d)] = i.numel();
    return index_copy(x, d, i, Tensor::full({}, v, x.dtype()).expand(shape));
  };
  both.def("index_fill", fill, dim, idx, value);
  c.def(
      "index_fill_", [fill](T x, int d, const T& i, Scalar v) { return apply_inplace(x, fill, d, i, v); }, dim, idx,
      value, NoGil());
  const auto put = [](const T& x, const std::vector<T>& indices, const T& values, bool accumulate) {
    return index_put(x, indices, values, accumulate);
  };
  both.def("index_put", put, py::arg("indices"), py::arg("values"), py::arg("accumulate") = false);
  c.def(
      "index_put_", [put](T x, const std::vector<T>& i, const T& v, bool a) { return apply_inplace(x, put, i, v, a); },
      py::arg("indices"), py::arg("values"), py::arg("accumulate") = false, NoGil());
  both.def("masked_select", masked_select, py::arg("mask"))
      .def("masked_scatter", masked_scatter, py::arg("mask"), source);
  c.def(
      "masked_scatter_", [](T x, const T& mask, const T& s) { return apply_inplace(x, masked_scatter, mask, s); },
      py::arg("mask"), source, NoGil());
  both.def("take_along_dim", take_along_dim, py::arg("indices"), dim);
  const auto nonzeros = [](const T& x, bool as_tuple) -> py::object {
    const T at = nonzero(x);
    if (!as_tuple) return py::cast(at);
    return py::tuple(py::cast(unbind(at, 1)));
  };
  c.def("nonzero", nonzeros, py::kw_only(), py::arg("as_tuple") = false);
  m.def("nonzero", nonzeros, py::arg("input"), py::kw_only(), py::arg("as_tuple") = false);
  m.def("argwhere", &nonzero, py::arg("input"), NoGil());
}

}  // namespace ef
