// GGUF headers for Python: metadata, and what the file says about its tensors.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>

#include "bindings/bindings.h"
#include "io/gguf.h"

namespace py = pybind11;

namespace ef {
namespace {

template <class T>
void append_numbers(py::list& out, const GgufArray& array) {
  for (uint64_t i = 0; i < array.count; ++i) {
    std::byte raw[sizeof(T)];
    std::memcpy(raw, array.numbers.data() + i * sizeof(T), sizeof(T));
    if (array.endian == Endian::Big) std::reverse(raw, raw + sizeof(T));
    T value;
    std::memcpy(&value, raw, sizeof(T));
    out.append(value);
  }
}

py::str text(std::string_view bytes) {  // files are free to hold bytes that are not UTF-8
  return py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(bytes.data(), py::ssize_t(bytes.size()), "replace"));
}

py::object to_python(const GgufValue& value);

py::list to_python(const GgufArray& array) {
  py::list out;
  for (const auto& s : array.strings()) out.append(text(s));
  for (const auto& v : array.arrays) out.append(to_python(v));
  if (array.numbers.empty()) return out;
  switch (array.element) {
    case GgufValueType::UInt8:
      append_numbers<uint8_t>(out, array);
      break;
    case GgufValueType::Int8:
      append_numbers<int8_t>(out, array);
      break;
    case GgufValueType::UInt16:
      append_numbers<uint16_t>(out, array);
      break;
    case GgufValueType::Int16:
      append_numbers<int16_t>(out, array);
      break;
    case GgufValueType::UInt32:
      append_numbers<uint32_t>(out, array);
      break;
    case GgufValueType::Int32:
      append_numbers<int32_t>(out, array);
      break;
    case GgufValueType::Float32:
      append_numbers<float>(out, array);
      break;
    case GgufValueType::UInt64:
      append_numbers<uint64_t>(out, array);
      break;
    case GgufValueType::Int64:
      append_numbers<int64_t>(out, array);
      break;
    case GgufValueType::Float64:
      append_numbers<double>(out, array);
      break;
    default:  // Bool: any byte but 0 is true
      for (std::byte b : array.numbers) out.append(py::bool_(b != std::byte{0}));
  }
  return out;
}

py::object to_python(const GgufValue& value) {
  if (const GgufArray* array = value.array()) return to_python(*array);
  if (auto* s = std::get_if<std::string_view>(&value.value)) return text(*s);
  if (auto* b = std::get_if<bool>(&value.value)) return py::bool_(*b);
  if (auto* u = std::get_if<uint64_t>(&value.value)) return py::int_(*u);
  if (auto* i = std::get_if<int64_t>(&value.value)) return py::int_(*i);
  return py::float_(std::get<double>(value.value));
}

py::list floats(const GgufFile& file, const std::string& name) {
  const GgufTensor& tensor = file.at(name);
  check<UnsupportedError>(tensor.type == GgmlType::F32, file.path(), ": tensor '", name, "' is not F32");
  py::list out;
  for (uint64_t i = 0; i < tensor.nbytes / sizeof(float); ++i) {
    float value;
    std::memcpy(&value, tensor.data + i * sizeof(float), sizeof(float));
    out.append(value);
  }
  return out;
}

TensorInfo stored(const GgufFile& file, const std::string& name) {
  const GgufTensor& tensor = file.at(name);
  TensorInfo out = tensor;
  if (!tensor.packed()) return out;
  const GgmlTypeInfo& type = ggml_type_info(tensor.type);
  out.shape.back() = out.shape.back() / type.block_length * type.block_bytes;
  out.strides = contiguous_strides(out.shape);
  return out;
}

}  // namespace

void bind_gguf(py::module_& m) {
  py::class_<GgufFile>(m, "GgufFile", "The header of a GGUF file. Of a split model any part opens all of them.")
      .def(py::init<const std::string&, bool>(), py::arg("path"), py::arg("disable_mmap") = false,
           py::call_guard<py::gil_scoped_release>())
      .def_property_readonly("path", &GgufFile::path)
      .def_property_readonly("version", &GgufFile::version)
      .def_property_readonly("alignment", &GgufFile::alignment)
      .def(
          "keys",
          [](const GgufFile& self) {
            py::list out;
            for (const auto& [key, value] : self.metadata()) out.append(text(key));
            return out;
          },
          "Names of the metadata, in file order.")
      .def("__contains__",
           [](const GgufFile& self, const std::string& key) { return self.find_metadata(key) != nullptr; })
      .def(
          "get",
          [](const GgufFile& self, const std::string& key, py::object fallback) {
            const GgufValue* value = self.find_metadata(key);
            return value ? to_python(*value) : fallback;
          },
          py::arg("key"), py::arg("default") = py::none(), "One value; an array as a list.")
      .def(
          "array_length",
          [](const GgufFile& self, const std::string& key) -> std::optional<uint64_t> {
            const GgufValue* value = self.find_metadata(key);
            return value && value->array() ? std::optional(value->array()->count) : std::nullopt;
          },
          py::arg("key"), "Length of an array, without making it a list; None for anything else.")
      .def_property_readonly(
          "metadata",
          [](const GgufFile& self) {
            py::dict out;
            for (const auto& [key, value] : self.metadata()) out[text(key)] = to_python(value);
            return out;
          },
          "All of it as a dict, arrays as lists.")
      .def(
          "names",
          [](const GgufFile& self) {
            py::list out;
            for (const auto& tensor : self.tensors()) out.append(text(tensor.name));
            return out;
          },
          "Names of the tensors, in file order.")
      .def_property_readonly(
          "tensors",
          [](const GgufFile& self) {
            py::list out;
            for (const auto& t : self.tensors())
              out.append(
                  py::make_tuple(t.name, py::tuple(py::cast(t.shape.vec())), ggml_type_info(t.type).name, t.nbytes));
            return out;
          },
          "(name, shape, type name, bytes) of each tensor; the shape is row-major, as in NumPy.")
      .def("__getitem__", &stored, py::arg("name"),
           "A StoredTensor: numbers, or for the block types rows of raw blocks as bytes.")
      .def("floats", &floats, py::arg("name"), "Values of a (small) F32 tensor.");
}

}  // namespace ef
