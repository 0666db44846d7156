// Checkpoint files for Python: what lies in them, as Tensors, NumPy arrays or bytes, and writing them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <unordered_map>

#include "bindings/bindings.h"
#include "checkpoint/wrap.h"
#include "io/safetensors.h"
#include "io/torch_archive.h"

namespace py = pybind11;

namespace ef {
namespace {

// A view of the file's bytes that keeps them alive.
py::array numpy_view(const TensorInfo& info) {
  const bool has_type = is_computable(info.dtype) ? info.dtype != DType::BFloat16
                                                  : !is_floating(info.dtype);  // numpy knows no bfloat16 and no float8
  check<DtypeError>(has_type, "tensor '", info.name, "': NumPy has no ", dtype_name(info.dtype),
                    "; read it as a Tensor");
  std::vector<py::ssize_t> strides;
  for (int64_t stride : info.strides) strides.push_back(py::ssize_t(stride) * py::ssize_t(item_size(info.dtype)));
  py::capsule owner(new FilePtr(info.owner), [](void* p) { delete static_cast<FilePtr*>(p); });
  return py::array(py::dtype(dtype_name(info.dtype)), info.shape.vec(), strides, info.data, owner);
}

// What a pickle holds as Python objects. Parts that values share are shared again.
class PickleToPython {
 public:
  explicit PickleToPython(const std::string& path) : path_(path) {}
  py::object operator()(const PickleValue& value) {
    const auto at = made_.find(&value);
    if (at != made_.end()) return at->second;
    py::object out = make(value);
    made_.emplace(&value, out);
    return out;
  }

 private:
  py::object make(const PickleValue& v) {
    switch (v.kind) {
      case PickleKind::None:
        return py::none();
      case PickleKind::Bool:
        return py::bool_(std::get<bool>(v.data));
      case PickleKind::Int:
        return py::int_(std::get<int64_t>(v.data));
      case PickleKind::Float:
        return py::float_(std::get<double>(v.data));
      case PickleKind::String:
        return py::str(v.text());
      case PickleKind::Bytes:
        return py::bytes(v.text());
      case PickleKind::BigInt:
        return py::type::of(py::int_(0)).attr("from_bytes")(py::bytes(v.text()), "little", py::arg("signed") = true);
      case PickleKind::DType:
        return py::cast(std::get<DType>(v.data));
      case PickleKind::Storage:
      case PickleKind::Tensor:
        return py::cast(wrap(v.tensor()));
      case PickleKind::List:
        return make_list(v);
      case PickleKind::Tuple:
        return py::tuple(make_list(v));
      case PickleKind::Set:
        return make_set(v);
      case PickleKind::Dict:
        return make_dict(v);
      case PickleKind::Global:
        break;
    }
    const bool named = v.text().find('.') != std::string::npos;  // else a tensor that is not dense
    fail<CheckpointError>(path_, ": the pickle holds ", named ? "the class " : "a ", v.text(),
                          named ? ", which is not data; refused" : ", which is not supported");
  }
  py::list make_list(const PickleValue& v) {
    py::list out;
    for (const PickleValue* item : v.items()) out.append((*this)(*item));
    return out;
  }
  py::object make_set(const PickleValue& v) {
    py::set out;
    for (const PickleValue* item : v.items()) hashed([&] { out.add((*this)(*item)); });
    return out;
  }
  py::object make_dict(const PickleValue& v) {
    py::dict out;
    for (size_t i = 0; i < v.items().size(); i += 2) {
      const py::object key = (*this)(*v.items()[i]), value = (*this)(*v.items()[i + 1]);
      hashed([&] { out[key] = value; });
    }
    return out;
  }
  template <class F>
  void hashed(F&& f) {
    try {
      f();
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_TypeError)) throw;
      fail<CheckpointError>(path_, ": the pickle has a key that cannot be hashed; damaged file?");
    }
  }
  const std::string& path_;
  std::unordered_map<const PickleValue*, py::object> made_;
};

// A Tensor or a NumPy array to be written; `kept` holds the contiguous bytes.
struct Given {
  py::object kept;
  TensorInfo info;
};

Given given_array(const std::string& name, py::object array) {
  Given out;
  out.info.name = name;
  const std::string type = py::str(array.attr("dtype").attr("name"));
  if (!array.attr("dtype").attr("isnative").cast<bool>())
    array = array.attr("astype")(array.attr("dtype").attr("newbyteorder")("="));
  const py::array dense = py::array::ensure(array, py::array::c_style);
  if (!dense) throw py::error_already_set();
  bool known = true;
  try {
    out.info.dtype = dtype_from_name(type);
  } catch (const ConfigError&) {
    known = false;
  }
  check<DtypeError>(known && size_t(dense.itemsize()) == item_size(out.info.dtype), "tensor '", name,
                    "': a NumPy array of ", type, " cannot be stored");
  for (py::ssize_t i = 0; i < dense.ndim(); i++) out.info.shape.push_back(dense.shape(i));
  out.info.data = static_cast<const std::byte*>(dense.data());
  out.info.nbytes = uint64_t(dense.nbytes());
  out.kept = dense;
  return out;
}

// Anything that turns into a Tensor is taken: ours, and those of other libraries through DLPack.
Given given_tensor(const std::string& name, py::handle value) {
  py::detail::make_caster<Tensor> caster;
  if (!caster.load(value, true))
    throw py::type_error("tensor '" + name + "' is a " + std::string(Py_TYPE(value.ptr())->tp_name) +
                         ", needed a Tensor or a NumPy array");
  const Tensor tensor = py::detail::cast_op<Tensor>(caster).contiguous();
  Given out;
  out.info.name = name;
  out.info.dtype = tensor.dtype();
  out.info.shape = tensor.shape();
  out.info.data = static_cast<const std::byte*>(tensor.data_ptr());
  out.info.nbytes = tensor.nbytes();
  out.kept = py::cast(tensor);
  return out;
}

using Named = std::vector<std::pair<std::string, py::object>>;

template <class Write>
void write(const Named& tensors, Write&& write_infos) {
  std::vector<Given> kept;
  std::vector<TensorInfo> infos;
  for (const auto& [name, value] : tensors) {
    kept.push_back(is_array(value) ? given_array(name, value) : given_tensor(name, value));
    kept.back().info.strides = contiguous_strides(kept.back().info.shape);
    infos.push_back(kept.back().info);
  }
  py::gil_scoped_release release;
  write_infos(infos);
}

const TensorInfo& entry(const SafetensorsFile& file, const std::string& name) { return file.at(name); }

void bind_stored(py::module_& m) {
  py::class_<TensorInfo>(m, "StoredTensor", py::buffer_protocol(),
                         "A tensor as it lies in a file. The buffer protocol gives its raw bytes.")
      .def_readonly("name", &TensorInfo::name)
      .def_property_readonly(
          "dtype", [](const TensorInfo& t) { return dtype_name(t.dtype); }, "As in \"float32\".")
      .def_property_readonly("shape", [](const TensorInfo& t) { return t.shape; })
      .def_property_readonly(
          "strides", [](const TensorInfo& t) { return t.strides; }, "In elements.")
      .def_readonly("nbytes", &TensorInfo::nbytes)
      .def("numpy", &numpy_view, "A view; TypeError for dtypes that NumPy does not have.")
      .def("tensor", &wrap, "A Tensor over the file's bytes. Writing to it never changes the file.")
      .def_buffer([](TensorInfo& t) {
        return py::buffer_info(const_cast<std::byte*>(t.data), 1, "B", 1, {py::ssize_t(t.nbytes)}, {py::ssize_t(1)},
                               true);
      });
}

void bind_safetensors(py::module_& m) {
  py::class_<SafetensorsFile>(m, "SafetensorsFile",
                              "A safetensors file: the header is checked, tensors are read when asked for.")
      .def(py::init<const std::string&, bool>(), py::arg("path"), py::arg("disable_mmap") = false,
           py::call_guard<py::gil_scoped_release>())
      .def_static(
          "from_bytes",
          [](const py::bytes& data) {
            const auto text = std::string_view(data);
            const auto* begin = reinterpret_cast<const std::byte*>(text.data());
            return SafetensorsFile(MappedFile::from_memory("bytes", {begin, begin + text.size()}));
          },
          py::arg("data"))
      .def_property_readonly("path", [](const SafetensorsFile& f) { return f.file()->path(); })
      .def(
          "keys",
          [](const SafetensorsFile& f) {
            std::vector<std::string> out;
            for (const TensorInfo& t : f.tensors()) out.push_back(t.name);
            return out;
          },
          "Names of the tensors, in file order.")
      .def("__len__", [](const SafetensorsFile& f) { return f.tensors().size(); })
      .def("__contains__", [](const SafetensorsFile& f, const std::string& name) { return f.find(name) != nullptr; })
      .def("__getitem__", &entry, py::arg("name"), "A StoredTensor; KeyError for an unknown name.")
      .def("metadata", &SafetensorsFile::metadata, "The strings under __metadata__.");
  m.def(
      "safetensors_dtype", [](const std::string& name) { return safetensors_dtype_name(dtype_from_name(name)); },
      py::arg("dtype"), "The name of a dtype in a safetensors header: \"F32\" for \"float32\".");
  m.def(
      "write_safetensors",
      [](const std::string& path, const Named& tensors, const SafetensorsMetadata& metadata) {
        write(tensors, [&](const auto& infos) { write_safetensors(path, infos, metadata); });
      },
      py::arg("path"), py::arg("tensors"), py::arg("metadata"),
      "Writes (name, Tensor or array) pairs; the file appears whole or not at all.");
}

}  // namespace

void bind_io(py::module_& m) {
  bind_stored(m);
  bind_safetensors(m);
  m.def(
      "read_torch",
      [](const std::string& path, bool disable_mmap) {
        std::optional<TorchArchive> archive;
        {
          py::gil_scoped_release release;
          archive.emplace(path, disable_mmap);
        }
        return PickleToPython(path)(archive->root());
      },
      py::arg("path"), py::arg("disable_mmap") = false,
      "What torch.save wrote, as data: plain containers and Tensors. Anything else is refused; no code runs.");
  m.def(
      "write_torch",
      [](const std::string& path, const Named& tensors) {
        write(tensors, [&](const auto& infos) { write_torch(path, infos); });
      },
      py::arg("path"), py::arg("tensors"), "Writes a state dict that torch.load(weights_only=True) reads.");
}

}  // namespace ef
