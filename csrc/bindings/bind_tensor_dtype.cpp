// eigenformers.float32 …, device, finfo, iinfo; conversions of numbers and shapes.
#include <array>
#include <limits>

#include "bindings/tensor_support.h"

namespace ef {
namespace {

struct PyDType {
  DType dtype;
};
struct Device {};  // there is one: the CPU

std::array<PyObject*, kDTypeCount> objects{};  // each dtype is one object, so `is` works

std::string text(py::handle h) { return py::cast<std::string>(py::str(h)); }

bool from_name(const std::string& name, DType& out) {
  out = dtype_from_name(name);
  return true;
}

bool is_numpy_scalar(py::handle h) {
  static PyObject* generic = py::object(py::module_::import("numpy").attr("generic")).release().ptr();
  return PyObject_IsInstance(h.ptr(), generic) == 1;
}

}  // namespace

py::object dtype_object(DType dtype) { return py::reinterpret_borrow<py::object>(objects[size_t(dtype)]); }

bool dtype_from_object(py::handle source, DType& out) {
  if (!source || source.is_none()) return false;
  if (py::isinstance<PyDType>(source)) {
    out = source.cast<const PyDType&>().dtype;
    return true;
  }
  if (py::isinstance<py::str>(source)) return from_name(source.cast<std::string>(), out);
  if (PyType_Check(source.ptr())) {
    const auto* type = reinterpret_cast<PyTypeObject*>(source.ptr());
    if (type == &PyFloat_Type)
      out = DType::Float32;
    else if (type == &PyLong_Type)
      out = DType::Int64;
    else if (type == &PyBool_Type)
      out = DType::Bool;
    else if (py::hasattr(source, "dtype") && text(source.attr("__module__")).starts_with("numpy"))
      return from_name(text(py::dtype::from_args(py::reinterpret_borrow<py::object>(source)).attr("name")), out);
    else
      return false;
    return true;
  }
  if (py::isinstance<py::dtype>(source)) return from_name(text(source.attr("name")), out);
  return Py_TYPE(source.ptr())->tp_name == std::string("torch.dtype") &&
         from_name(text(source), out);  // "torch.float32"
}

bool scalar_from_object(py::handle source, Scalar& out) {
  if (!source) return false;
  PyObject* p = source.ptr();
  if (PyBool_Check(p)) {
    out = Scalar(p == Py_True);
  } else if (PyLong_Check(p)) {
    int overflow = 0;
    const long long v = PyLong_AsLongLongAndOverflow(p, &overflow);
    if (overflow) throw py::value_error("Overflow when unpacking long long: the number does not fit 64 bits");
    out = Scalar(int64_t(v));
  } else if (PyFloat_Check(p)) {
    out = Scalar(PyFloat_AS_DOUBLE(p));
  } else if (is_numpy_scalar(source)) {
    return scalar_from_object(source.attr("item")(), out);
  } else {
    return false;
  }
  return true;
}

bool dims_from_object(py::handle source, Dims& out) {
  const auto as_int = [](py::handle h, int64_t& v) {
    if (PyFloat_Check(h.ptr()) || !PyIndex_Check(h.ptr())) return false;
    const py::object index = py::reinterpret_steal<py::object>(PyNumber_Index(h.ptr()));
    if (!index) {
      PyErr_Clear();
      return false;
    }
    v = py::cast<int64_t>(index);
    return true;
  };
  out = {};
  int64_t v = 0;
  if (py::isinstance<py::tuple>(source) || py::isinstance<py::list>(source)) {
    for (py::handle item : py::reinterpret_borrow<py::sequence>(source)) {
      if (!as_int(item, v)) return false;
      out.push_back(v);
    }
    return true;
  }
  if (!as_int(source, v)) return false;
  out.push_back(v);
  return true;
}

Dims dims_from_args(const py::args& args) {
  Dims out;
  const bool one = args.size() == 1 && !PyIndex_Check(py::object(args[0]).ptr());
  if (!dims_from_object(one ? py::handle(args[0]) : py::handle(args), out))
    throw py::type_error("expected integers, or one tuple of integers, found " + py::cast<std::string>(py::repr(args)));
  return out;
}

void check_device(py::handle device) {
  if (!device || device.is_none() || py::isinstance<Device>(device)) return;
  const std::string name = text(device);
  check<UnsupportedError>(name.starts_with("cpu"), "device '", name,
                          "': eigenformers computes on the CPU; use device='cpu' or leave "
                          "the argument out");
}

void bind_tensor_dtypes(py::module_& m) {
  py::class_<PyDType>(m, "dtype", "The element type of a tensor: `eigenformers.float32`, …")
      .def("__repr__", [](const PyDType& d) { return str("eigenformers.", dtype_name(d.dtype)); })
      .def("__reduce__", [](const PyDType& d) { return dtype_name(d.dtype); })
      .def("__hash__", [](const PyDType& d) { return std::hash<std::string>()(dtype_name(d.dtype)); })
      .def(
          "__eq__",
          [](const PyDType& d, py::handle other) {
            try {
              DType o;
              return dtype_from_object(other, o) && o == d.dtype;
            } catch (const ConfigError&) {
              return false;
            }
          },
          py::arg("other").none(true))
      .def_property_readonly("itemsize", [](const PyDType& d) { return item_size(d.dtype); })
      .def_property_readonly("is_floating_point", [](const PyDType& d) { return is_floating(d.dtype); })
      .def_property_readonly("is_complex", [](const PyDType& d) { return d.dtype == DType::Complex64; })
      .def_property_readonly("is_signed", [](const PyDType& d) {
        return d.dtype != DType::Bool && d.dtype != DType::UInt8 && d.dtype != DType::UInt16 &&
               d.dtype != DType::UInt32 && d.dtype != DType::UInt64;
      });
  for (int i = 0; i < kDTypeCount; i++) {
    objects[size_t(i)] = py::cast(PyDType{DType(i)}).release().ptr();
    m.attr(dtype_name(DType(i))) = dtype_object(DType(i));
  }
  const std::pair<const char*, DType> aliases[] = {{"float", DType::Float32}, {"double", DType::Float64},
                                                   {"half", DType::Float16},  {"long", DType::Int64},
                                                   {"int", DType::Int32},     {"short", DType::Int16}};
  for (auto& [name, dtype] : aliases) m.attr(name) = dtype_object(dtype);
  m.def("promote_types", &promote_types, py::arg("type1"), py::arg("type2"));
  m.def("get_default_dtype", [] { return DType::Float32; });
  m.def(
      "set_default_dtype",
      [](DType d) {
        check<UnsupportedError>(d == DType::Float32, "set_default_dtype: only float32 is supported, found ",
                                dtype_name(d), "; pass dtype= where a tensor is made");
      },
      py::arg("d"));

  py::class_<Device>(m, "device", "Where a tensor lives: always the CPU.")
      .def(py::init([](py::handle type, std::optional<int>) {
             check_device(type);
             return Device{};
           }),
           py::arg("type") = "cpu", py::arg("index") = py::none())
      .def_property_readonly("type", [](const Device&) { return "cpu"; })
      .def_property_readonly("index", [](const Device&) { return py::none(); })
      .def("__str__", [](const Device&) { return "cpu"; })
      .def("__repr__", [](const Device&) { return "device(type='cpu')"; })
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__", [](const Device&, const py::args&) {})
      .def("__hash__", [](const Device&) { return 0; })
      .def("__reduce__", [](py::object self) { return py::make_tuple(py::type::of(self), py::make_tuple("cpu")); })
      .def(
          "__eq__",
          [](const Device&, py::handle other) { return py::isinstance<Device>(other) || text(other) == "cpu"; },
          py::arg("other").none(true));

  struct FInfo {
    DType dtype;
    double eps, max, tiny, smallest_subnormal;
    int bits;
  };
  py::class_<FInfo>(m, "finfo")
      .def(py::init([](std::optional<DType> type) {
             switch (type.value_or(DType::Float32)) {
               case DType::Float32:
                 return FInfo{DType::Float32, 0x1p-23, std::numeric_limits<float>::max(), 0x1p-126, 0x1p-149, 32};
               case DType::Float64:
                 return FInfo{DType::Float64,
                              0x1p-52,
                              std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::min(),
                              std::numeric_limits<double>::denorm_min(),
                              64};
               case DType::Float16:
                 return FInfo{DType::Float16, 0x1p-10, 65504, 0x1p-14, 0x1p-24, 16};
               case DType::BFloat16:
                 return FInfo{DType::BFloat16, 0x1p-7, from_bf16(0x7f7f), 0x1p-126, 0x1p-133, 16};
               default:
                 throw py::type_error(str("finfo() requires a floating point input type. Use iinfo to handle '",
                                          dtype_name(*type), "'"));
             }
           }),
           py::arg("type") = py::none())
      .def_readonly("eps", &FInfo::eps)
      .def_property_readonly("resolution", [](const FInfo& f) { return std::pow(10.0, std::ceil(std::log10(f.eps))); })
      .def_readonly("max", &FInfo::max)
      .def_property_readonly("min", [](const FInfo& f) { return -f.max; })
      .def_readonly("tiny", &FInfo::tiny)
      .def_readonly("smallest_normal", &FInfo::tiny)
      .def_readonly("bits", &FInfo::bits)
      .def_property_readonly("dtype", [](const FInfo& f) { return dtype_name(f.dtype); })
      .def("__repr__", [](const py::object& self) {
        return py::str(
                   "finfo(resolution={0.resolution:g}, min={0.min:g}, max={0.max:g}, eps={0.eps:g}, "
                   "smallest_normal={0.smallest_normal:g}, tiny={0.tiny:g}, dtype={0.dtype})")
            .format(self);
      });
  struct IInfo {
    DType dtype;
    int64_t min;
    uint64_t max;
  };
  py::class_<IInfo>(m, "iinfo")
      .def(py::init([](DType d) {
             check<DtypeError>(is_integral(d), "iinfo() requires an integer input type. Use finfo to handle '",
                               dtype_name(d), "'");
             const int bits = int(item_size(d)) * 8;
             const bool is_unsigned = d == DType::UInt8 || d >= DType::UInt16;
             const uint64_t top = is_unsigned ? ~uint64_t(0) >> (64 - bits) : ~uint64_t(0) >> (65 - bits);
             return IInfo{d, is_unsigned ? 0 : -int64_t(top) - 1, top};
           }),
           py::arg("type"))
      .def_readonly("min", &IInfo::min)
      .def_readonly("max", &IInfo::max)
      .def_property_readonly("bits", [](const IInfo& i) { return item_size(i.dtype) * 8; })
      .def_property_readonly("dtype", [](const IInfo& i) { return dtype_name(i.dtype); })
      .def("__repr__", [](const py::object& self) {
        return py::str("iinfo(min={0.min}, max={0.max}, dtype={0.dtype})").format(self);
      });
}

}  // namespace ef
