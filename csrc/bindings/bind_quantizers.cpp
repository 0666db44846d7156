// Packed weights: quantizing a tensor, and checkpoints whose matrices are packed.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "checkpoint/reader.h"

namespace ef {
namespace {

QuantSpec parse_spec(const py::dict& given) {
  QuantSpec spec;
  for (auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    if (name == "bits")
      spec.bits = value.cast<int>();
    else if (name == "group")
      spec.group = value.cast<int64_t>();
    else if (name == "symmetric")
      spec.symmetric = value.cast<bool>();
    else if (name == "double_quant")
      spec.double_quant = value.cast<bool>();
    else if (name == "type")
      spec.type = value.cast<std::string>();
    else if (name == "axis")
      spec.axis = value.cast<int>();
    else if (name == "moments")
      spec.moments = value.cast<Tensor>();
    else if (name == "damp")
      spec.damp = value.cast<double>();
    else if (name == "order")
      spec.order = value.cast<std::string>();
    else if (name == "threshold")
      spec.threshold = value.cast<double>();
    else if (name == "dtype")
      spec.dtype = value.cast<DType>();
    else if (name == "storage")
      spec.storage = value.cast<DType>();
    else if (name == "compute")
      spec.compute = value.cast<DType>();
    else
      throw py::type_error("quantization of a matrix: unknown setting '" + name + "'");
  }
  return spec;
}

PackedEntry parse_entry(const py::dict& given) {
  PackedEntry e;
  e.name = given["name"].cast<std::string>();
  e.format = given["format"].cast<std::string>();
  e.shape = Shape(given["shape"].cast<std::vector<int64_t>>());
  e.spec = parse_spec(given["spec"].cast<py::dict>());
  if (given.contains("parts")) e.parts = given["parts"].cast<std::vector<std::pair<std::string, std::string>>>();
  if (given.contains("transposed")) e.transposed = given["transposed"].cast<bool>();
  return e;
}

}  // namespace

void bind_quantizers(py::module_& m) {
  m.def("quantization_formats", [] { return quantizers().names(); });
  m.def(
      "pack_weight",
      [](const std::string& format, const Tensor& dense, const py::kwargs& given) -> WeightPtr {
        const QuantSpec spec = parse_spec(given);
        py::gil_scoped_release release;
        return pack_weight(format, dense, spec);
      },
      py::arg("format"), py::arg("dense"));
  m.def(
      "restore_weight",
      [](const std::string& format, const Parts& parts, const std::vector<int64_t>& shape,
         const py::kwargs& given) -> WeightPtr {
        const QuantSpec spec = parse_spec(given);
        py::gil_scoped_release release;
        return restore_weight(format, parts, Shape(shape), spec);
      },
      py::arg("format"), py::arg("parts"), py::arg("shape"));
  m.def(
      "quantized_checkpoint",
      [](std::shared_ptr<CheckpointReader> reader, const std::vector<py::dict>& entries) {
        std::vector<PackedEntry> all;
        for (const py::dict& e : entries) all.push_back(parse_entry(e));
        return quantized(std::move(reader), std::move(all));
      },
      py::arg("reader"), py::arg("entries"));
}

}  // namespace ef
