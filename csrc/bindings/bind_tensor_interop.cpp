// numpy, the buffer protocol and DLPack, without copies where memory can be shared.
#include <optional>

#include "bindings/dlpack.h"
#include "bindings/tensor_support.h"

namespace ef {

std::shared_ptr<const void> keep_alive(py::object object) {
  return {object.release().ptr(), [](const void* p) {
            if (!Py_IsInitialized()) return;
            py::gil_scoped_acquire gil;
            Py_DECREF(static_cast<PyObject*>(const_cast<void*>(p)));
          }};
}

namespace {

std::optional<DType> dtype_of_array(const py::dtype& d) {
  const auto name = py::cast<std::string>(d.attr("name"));
  for (int i = 0; i < kDTypeCount; i++)
    if (name == dtype_name(DType(i))) return DType(i);
  return std::nullopt;
}

Tensor from_numpy(const py::array& given) {
  const auto dtype = dtype_of_array(given.dtype());
  if (!dtype)
    throw py::type_error(
        str("can't convert np.ndarray of type numpy.", py::cast<std::string>(given.dtype().attr("name")),
            ". The only supported types are: float64, float32, float16, complex64, int64, int32, int16, int8, uint64, "
            "uint32, uint16, uint8, and bool."));
  if (!py::cast<bool>(given.dtype().attr("isnative")))
    throw py::value_error(
        "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
        "currently not supported.");
  Shape shape;
  Strides strides;
  const auto size = py::ssize_t(item_size(*dtype));
  for (py::ssize_t d = 0; d < given.ndim(); d++) {
    if (given.strides(d) < 0)
      throw py::value_error(
          "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
          "currently supported. (You can probably work around this by making a copy of your array with "
          "array.copy().) ");
    if (given.strides(d) % size)
      throw py::value_error(
          "given numpy array strides not a multiple of the element byte size. Copy array to reallocate memory.");
    shape.push_back(given.shape(d));
    strides.push_back(given.strides(d) / size);
  }
  return Tensor::external(const_cast<void*>(given.data()), shape, *dtype, keep_alive(given), !given.writeable(),
                          strides);
}

py::array to_numpy(const Tensor& x, bool force) {
  if (x.dtype() == DType::BFloat16 || x.dtype() > DType::UInt64)
    throw py::type_error(x.dtype() == DType::BFloat16 ? "Got unsupported ScalarType BFloat16"
                                                      : str("Got unsupported ScalarType ", dtype_name(x.dtype())));
  check<Error>(force || !x.requires_grad() || !grad_enabled(),
               "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.");
  std::vector<py::ssize_t> shape, strides;
  for (int d = 0; d < x.dim(); d++) {
    shape.push_back(x.size(d));
    strides.push_back(x.stride(d) * py::ssize_t(x.element_size()));
  }
  auto* owner = new Tensor(x.detach());
  const py::capsule base(owner, [](void* p) { delete static_cast<Tensor*>(p); });
  py::array out(py::dtype(dtype_name(x.dtype())), shape, strides, x.data_ptr(), base);
  if (x.read_only()) out.attr("flags").attr("writeable") = false;
  return out;
}

// Nested lists of the values, read as T.
template <class T>
py::object lists(const Tensor& x) {
  const auto values = x.detach().to_vector<T>();
  auto at = values.begin();
  const auto nest = [&](const auto& self, int dim) -> py::object {
    if (dim == x.dim()) return py::cast(T(*at++));
    py::list out(x.size(dim));
    for (int64_t i = 0; i < x.size(dim); i++) out[size_t(i)] = self(self, dim + 1);
    return out;
  };
  return nest(nest, 0);
}

dlpack::DataType dlpack_type(DType d) {
  const auto bits = uint8_t(item_size(d) * 8);
  if (d == DType::Bool) return {dlpack::kBool, bits, 1};
  if (d == DType::BFloat16) return {dlpack::kBfloat, bits, 1};
  if (d == DType::Complex64) return {dlpack::kComplex, bits, 1};
  if (d == DType::Float8E4M3) return {10, bits, 1};
  if (d == DType::Float8E5M2) return {12, bits, 1};
  if (d == DType::Float8E8M0) return {14, bits, 1};
  if (is_floating(d)) return {dlpack::kFloat, bits, 1};
  return {uint8_t(d == DType::UInt8 || d >= DType::UInt16 ? dlpack::kUInt : dlpack::kInt), bits, 1};
}

// What a capsule points at, together with what it borrows.
template <class M>
struct Export {
  M managed{};
  Tensor tensor;
  int64_t shape[Dims::kMaxDims], strides[Dims::kMaxDims];
};
template <class M>
py::capsule export_tensor(const Tensor& x, const char* name) {
  auto* e = new Export<M>;
  e->tensor = x;
  std::copy(x.shape().begin(), x.shape().end(), e->shape);
  std::copy(x.strides().begin(), x.strides().end(), e->strides);
  e->managed.tensor = {
      const_cast<void*>(x.data_ptr()), {1, 0}, x.dim(), dlpack_type(x.dtype()), e->shape, e->strides, 0};
  e->managed.context = e;
  e->managed.deleter = [](M* m) { delete static_cast<Export<M>*>(m->context); };
  if constexpr (requires { e->managed.flags; }) {
    e->managed.version = {1, 0};
    e->managed.flags = x.read_only() ? 1 : 0;
  }
  return py::reinterpret_steal<py::capsule>(PyCapsule_New(&e->managed, name, [](PyObject* capsule) {
    const char* own = PyCapsule_GetName(capsule);
    if (own && std::string_view(own).starts_with("used_")) return;  // the consumer frees it
    auto* m = static_cast<M*>(PyCapsule_GetPointer(capsule, own));
    if (m && m->deleter) m->deleter(m);
  }));
}

py::capsule to_dlpack(const Tensor& given, py::object stream, py::object max_version, py::object device,
                      std::optional<bool> copy) {
  const auto refuse = [](const char* text) {
    PyErr_SetString(PyExc_BufferError, text);
    throw py::error_already_set();
  };
  if (given.requires_grad()) refuse("Can't export tensors that require gradient, use tensor.detach()");
  if (!device.is_none() && device.cast<std::pair<int, int>>().first != 1)
    refuse("tensors live on the CPU: dl_device must be (1, 0)");
  const bool versioned = !max_version.is_none() && max_version.cast<std::pair<int, int>>().first >= 1;
  // The old capsule can't say that memory is read-only.
  const bool must_copy = given.read_only() && !versioned;
  if (must_copy && copy && !*copy)
    refuse("read-only memory can't be exported without a copy in this version of DLPack");
  const Tensor x = must_copy || copy.value_or(false) ? given.clone() : given.detach();
  return versioned ? export_tensor<dlpack::ManagedVersioned>(x, "dltensor_versioned")
                   : export_tensor<dlpack::Managed>(x, "dltensor");
}

std::optional<DType> dtype_of_dlpack(dlpack::DataType t) {
  for (int i = 0; i < kDTypeCount && t.lanes == 1; i++) {
    const dlpack::DataType own = dlpack_type(DType(i));
    if (own.code == t.code && own.bits == t.bits) return DType(i);
  }
  return std::nullopt;
}

template <class M>
Tensor import_capsule(const py::capsule& capsule, const char* used) {
  auto* m = static_cast<M*>(PyCapsule_GetPointer(capsule.ptr(), capsule.name()));
  if (!m) throw py::error_already_set();
  const dlpack::DlTensor& t = m->tensor;
  const auto dtype = dtype_of_dlpack(t.dtype);
  check<DtypeError>(dtype.has_value(), "from_dlpack: unsupported data type (code ", int(t.dtype.code), ", ",
                    int(t.dtype.bits), " bits, ", t.dtype.lanes, " lanes)");
  check<UnsupportedError>(t.device.type == 1 || t.device.type == 3,
                          "from_dlpack: the tensor lives on a device of type ", t.device.type,
                          ", needed the CPU; move it there first, e.g. with .cpu()");
  check<ShapeError>(t.ndim >= 0 && t.ndim <= Dims::kMaxDims, "from_dlpack: ", t.ndim, " dimensions, at most ",
                    Dims::kMaxDims);
  Shape shape(t.shape, t.shape + t.ndim);
  std::optional<Strides> strides;
  if (t.strides) strides = Strides(t.strides, t.strides + t.ndim);
  bool read_only = false;
  if constexpr (requires { m->flags; }) {
    check<UnsupportedError>(m->version.major == 1, "from_dlpack: version ", m->version.major, ", needed 1");
    read_only = m->flags & 1;
  }
  PyCapsule_SetName(capsule.ptr(), used);  // from here on it is ours to free
  std::shared_ptr<const void> owner(m, [](const void* p) {
    if (!Py_IsInitialized()) return;
    py::gil_scoped_acquire gil;
    auto* managed = static_cast<M*>(const_cast<void*>(p));
    if (managed->deleter) managed->deleter(managed);
  });
  return Tensor::external(static_cast<char*>(t.data) + t.byte_offset, shape, *dtype, std::move(owner), read_only,
                          strides);
}

Tensor from_dlpack(py::handle source) {
  py::object made;
  if (py::isinstance<py::capsule>(source)) {
    made = py::reinterpret_borrow<py::object>(source);
  } else {
    if (!py::hasattr(source, "__dlpack__"))
      throw py::type_error("from_dlpack: found " + py::cast<std::string>(py::str(py::type::of(source))) +
                           ", needed an object with __dlpack__");
    if (py::hasattr(source, "__dlpack_device__")) {
      const auto device = py::cast<std::pair<int, int>>(source.attr("__dlpack_device__")());
      check<UnsupportedError>(device.first == 1 || device.first == 3,
                              "from_dlpack: the tensor lives on a device of type ", device.first,
                              ", needed the CPU; move it there first, e.g. with .cpu()");
    }
    try {
      made = source.attr("__dlpack__")(py::arg("max_version") = py::make_tuple(1, 0));
    } catch (py::error_already_set& e) {
      if (!e.matches(PyExc_TypeError)) throw;
      made = source.attr("__dlpack__")();  // from before 1.0
    }
  }
  const auto capsule = made.cast<py::capsule>();
  const std::string_view name = capsule.name() ? capsule.name() : "";
  if (name == "dltensor_versioned") return import_capsule<dlpack::ManagedVersioned>(capsule, "used_dltensor_versioned");
  check<Error>(name == "dltensor",
               "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you "
               "might have already constructed a tensor from it once.");
  return import_capsule<dlpack::Managed>(capsule, "used_dltensor");
}

}  // namespace

bool is_array(py::handle object) {
  static bool imported = false;  // under the GIL
  if (!imported) imported = PyDict_GetItemString(PyImport_GetModuleDict(), "numpy") != nullptr;
  return imported && py::isinstance<py::array>(object);
}

Tensor tensor_from_array(py::handle object) {
  if (is_array(object)) {
    const auto array = py::reinterpret_borrow<py::array>(object);
    if (!dtype_of_array(array.dtype())) return {};
    for (py::ssize_t d = 0; d < array.ndim(); d++)
      if (array.strides(d) < 0) return from_numpy(py::array(array.attr("copy")()));
    return from_numpy(array);
  }
  if (py::hasattr(object, "__dlpack__") && !PyType_Check(object.ptr()) && !py::isinstance<Tensor>(object))
    return from_dlpack(object);
  return {};
}

void bind_tensor_interop(TensorClass& c, py::module_& m) {
  c.def(
       "numpy", [](const Tensor& x, bool force) { return to_numpy(x, force); }, py::kw_only(), py::arg("force") = false,
       "The values as a numpy array on the same memory.")
      .def(
          "__array__",
          [](const Tensor& x, py::object dtype, py::object copy) -> py::object {
            py::array out = to_numpy(x, false);
            const bool same = dtype.is_none() || out.dtype().equal(py::dtype::from_args(dtype));
            if (!same) return out.attr("astype")(dtype);
            return !copy.is_none() && copy.cast<bool>() ? py::object(out.attr("copy")()) : out;
          },
          py::arg("dtype") = py::none(), py::arg("copy") = py::none())
      .def("tolist",
           [](const Tensor& x) -> py::object {
             if (x.dim() == 0) return py::cast(x.item());
             if (x.dtype() == DType::Bool) return lists<bool>(x);
             if (is_floating(x.dtype())) return lists<double>(x);
             if (x.dtype() == DType::UInt64 || x.dtype() == DType::Complex64) return to_numpy(x, true).attr("tolist")();
             return lists<int64_t>(x);
           })
      .def("__dlpack__", &to_dlpack, py::kw_only(), py::arg("stream") = py::none(), py::arg("max_version") = py::none(),
           py::arg("dl_device") = py::none(), py::arg("copy") = py::none())
      .def("__dlpack_device__", [](const Tensor&) { return py::make_tuple(1, 0); })
      .def_buffer([](TensorImpl& impl) {
        const Tensor x(impl.storage
                           ? Tensor::from_storage(impl.storage, impl.shape, impl.strides, impl.offset, impl.dtype)
                           : Tensor());
        const py::array view = to_numpy(x, true);
        std::vector<py::ssize_t> shape(view.shape(), view.shape() + view.ndim()),
            strides(view.strides(), view.strides() + view.ndim());
        const std::string format(1, view.dtype().char_());
        return py::buffer_info(const_cast<void*>(view.data()), view.itemsize(), format, view.ndim(), shape, strides,
                               x.read_only());
      });
  c.attr("__array_priority__") = 1000;  // numpy lets our operators go first
  m.def(
      "from_numpy",
      [](py::handle array) {
        if (!is_array(array))
          throw py::type_error("expected np.ndarray (got " +
                               py::cast<std::string>(py::type::of(array).attr("__name__")) + ")");
        return from_numpy(py::reinterpret_borrow<py::array>(array));
      },
      py::arg("ndarray"), "A tensor on the memory of a numpy array.");
  m.def("from_dlpack", &from_dlpack, py::arg("ext_tensor"), "A tensor on the memory of any object with __dlpack__.");
}

}  // namespace ef
