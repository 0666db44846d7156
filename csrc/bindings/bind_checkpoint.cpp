// Reading and writing model files.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/nn_support.h"
#include "bindings/signals.h"
#include "checkpoint/load.h"
#include "checkpoint/save.h"

namespace ef {

void bind_checkpoint(py::module_& m) {
  py::class_<CheckpointReader, py::smart_holder>(m, "CheckpointReader")
      .def("keys", &CheckpointReader::names)
      .def("__contains__", &CheckpointReader::has)
      .def("get_tensor", &CheckpointReader::tensor, py::call_guard<py::gil_scoped_release>())
      .def("get_info", [](const CheckpointReader& self, const std::string& name) {
        const auto info = self.info(name);
        return py::make_tuple(py::tuple(py::cast(info.shape.vec())), info.dtype, info.storage);
      });
  m.def("open_safetensors", &open_safetensors, py::arg("paths"), py::arg("disable_mmap") = false,
        py::call_guard<py::gil_scoped_release>());
  m.def("open_torch", &open_torch, py::arg("paths"), py::arg("disable_mmap") = false,
        py::call_guard<py::gil_scoped_release>());
  m.def("open_gguf", &open_gguf, py::arg("path"), py::arg("disable_mmap") = false, py::arg("model_type") = "",
        py::call_guard<py::gil_scoped_release>());
  m.def("tensors_in_memory", &tensors_in_memory, py::arg("tensors"));
  m.def("renamed_checkpoint", &renamed, py::arg("reader"), py::arg("names"));

  m.def(
      "load_checkpoint",
      [](Module& model, const CheckpointReader& reader, std::optional<DType> dtype, const std::string& base_prefix,
         const std::vector<std::pair<std::string, std::string>>& ties, bool dequantize,
         const std::vector<std::string>& ignore_missing, const std::vector<std::string>& ignore_unexpected,
         const py::object& progress) {
        LoadOptions o{dtype, base_prefix, ties, dequantize, ignore_missing, ignore_unexpected, {}};
        o.progress = [&](size_t done, size_t total) {
          if (progress.is_none() && done % 16) return;
          py::gil_scoped_acquire gil;
          if (!progress.is_none()) progress(done, total);
          check_signals();
        };
        LoadReport r;
        {
          py::gil_scoped_release release;
          r = load_checkpoint(model, reader, o);
        }
        py::dict out;
        out["missing_keys"] = r.missing;
        out["unexpected_keys"] = r.unexpected;
        out["untied_keys"] = r.untied;
        py::list mismatched;
        for (auto& x : r.mismatched)
          mismatched.append(
              py::make_tuple(x.name, py::tuple(py::cast(x.found.vec())), py::tuple(py::cast(x.needed.vec()))));
        out["mismatched_keys"] = mismatched;
        out["dequantized"] = r.dequantized;
        return out;
      },
      py::arg("model"), py::arg("reader"), py::arg("dtype") = py::none(), py::arg("base_prefix") = "",
      py::arg("ties") = py::list(), py::arg("dequantize") = false, py::arg("ignore_missing") = py::list(),
      py::arg("ignore_unexpected") = py::list(), py::arg("progress") = py::none());
  m.def("tie", &tie, py::arg("model"), py::arg("target"), py::arg("source"));
  m.def(
      "save_safetensors",
      [](Module& model, const std::vector<std::pair<std::string, Tensor>>& tensors, const std::string& folder,
         const std::string& stem, const std::string& index_name, uint64_t max_shard_bytes,
         const SaveMetadata& metadata) {
        SaveResult r;
        {
          py::gil_scoped_release release;
          r = save_safetensors(model.named_slots(), tensors, folder, stem, index_name, max_shard_bytes, metadata);
        }
        return py::make_tuple(r.files, r.weight_map, r.total_bytes, r.total_parameters);
      },
      py::arg("model"), py::arg("tensors"), py::arg("folder"), py::arg("stem"), py::arg("index_name"),
      py::arg("max_shard_bytes"), py::arg("metadata") = SaveMetadata());
  m.def(
      "save_safetensors_lazily",
      [](const std::vector<std::tuple<std::string, DType, std::vector<int64_t>, py::function>>& items,
         const std::string& folder, const std::string& stem, const std::string& index_name, uint64_t max_shard_bytes) {
        std::vector<SaveItem> lazy;
        for (const auto& [name, dtype, shape, function] : items)
          lazy.push_back({name, dtype, Shape(shape), [kept = keep_python(function), dtype = dtype] {
                            py::gil_scoped_acquire gil;
                            return py::reinterpret_borrow<py::function>(python_of(kept))().cast<Tensor>().to(dtype);
                          }});
        py::gil_scoped_release release;
        const SaveResult r = save_safetensors(lazy, folder, stem, index_name, max_shard_bytes);
        py::gil_scoped_acquire acquire;
        return py::make_tuple(r.files, r.weight_map, r.total_bytes, r.total_parameters);
      },
      py::arg("items"), py::arg("folder"), py::arg("stem"), py::arg("index_name"), py::arg("max_shard_bytes"),
      "items: (name, dtype, shape, function of the values), each made when it is written.");
}

}  // namespace ef
