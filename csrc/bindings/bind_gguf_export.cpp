// Quantizing and writing GGUF files.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>

#include "bindings/bindings.h"
#include "bindings/nn_support.h"
#include "bindings/signals.h"
#include "bindings/tensor_support.h"
#include "checkpoint/gguf_mix.h"
#include "checkpoint/gguf_parts.h"
#include "checkpoint/gguf_rows.h"
#include "checkpoint/gguf_write.h"
#include "core/thread_pool.h"
#include "kernels/encode.h"
#include "kernels/reference/dequantize.h"
#include "models/family.h"
#include "tokenizers/gguf.h"
#include "tokenizers/gguf_pre.h"

namespace ef {
namespace {

GgmlType type_named(std::string name) {
  for (char& c : name) c = char(std::toupper(static_cast<unsigned char>(c)));
  const GgmlTypeInfo* found = find_ggml_type(std::string_view(name));
  if (!found) {
    std::string known;
    for (const GgmlTypeInfo& info : kGgmlTypes)
      if (can_encode(info.type)) known += (known.empty() ? "" : ", ") + std::string(info.name);
    fail<ConfigError>("GGUF tensor type '", name, "' is not known; known are ", known);
  }
  return found->type;
}

// What a file is made of, before it is written.
struct GgufExport {
  std::vector<GgufSource> sources;
  std::shared_ptr<const GgufFile> file;  // where they come from, if it is a file
};

// Values that Python makes when they are needed; kept while the rows of one tensor are fetched.
GgufRows rows_of(const py::function& function) {
  struct Kept {
    std::shared_ptr<void> function;
    Tensor value;
  };
  auto kept = std::make_shared<Kept>(Kept{keep_python(function), {}});
  return [kept](int64_t begin, int64_t end, float* out) {
    if (!kept->value.defined()) {
      py::gil_scoped_acquire gil;
      kept->value = py::reinterpret_borrow<py::function>(python_of(kept->function))().cast<Tensor>();
      kept->value = kept->value.detach().to(DType::Float32).contiguous();
    }
    const Shape& shape = kept->value.shape();
    const int64_t k = shape.empty() ? 1 : shape.back();
    std::memcpy(out, kept->value.data<float>() + begin * k, size_t((end - begin) * k) * sizeof(float));
    if (end * k == kept->value.numel()) kept->value = {};
  };
}

using Entry = std::tuple<std::string, std::string, py::object>;  // key, type in the file, value
GgufMetadata metadata_of(const GgufExport& self, const std::vector<Entry>& entries) {
  GgufMetadata out;
  for (const auto& [key, type, value] : entries) {
    if (type == "copy") {
      const GgufValue* found = self.file ? self.file->find_metadata(key) : nullptr;
      check<KeyError>(found != nullptr, "write: no metadata '", key, "' to copy");
      out.emplace_back(key, found);
    } else if (type == "bool") {
      out.emplace_back(key, value.cast<bool>());
    } else if (type == "uint32") {
      out.emplace_back(key, value.cast<uint32_t>());
    } else if (type == "uint64") {
      out.emplace_back(key, value.cast<uint64_t>());
    } else if (type == "float32") {
      out.emplace_back(key, value.cast<float>());
    } else if (type == "string") {
      out.emplace_back(key, value.cast<std::string>());
    } else if (type == "[bool]") {
      out.emplace_back(key, value.cast<std::vector<bool>>());
    } else if (type == "[uint8]") {
      const auto bytes = value.cast<std::string>();
      out.emplace_back(key, std::vector<uint8_t>(bytes.begin(), bytes.end()));
    } else if (type == "[uint32]") {
      out.emplace_back(key, value.cast<std::vector<uint32_t>>());
    } else if (type == "[int32]") {
      out.emplace_back(key, value.cast<std::vector<int32_t>>());
    } else if (type == "[float32]") {
      out.emplace_back(key, value.cast<std::vector<float>>());
    } else if (type == "[string]") {
      out.emplace_back(key, value.cast<std::vector<std::string>>());
    } else {
      fail<ConfigError>("write: metadata '", key, "' of type '", type, "'");
    }
  }
  return out;
}

std::vector<std::string> choose(const GgufExport& self, const std::string& mix, const std::string& architecture,
                                int64_t layers, int64_t heads_per_kv, int64_t experts, bool importance,
                                const std::optional<std::string>& output,
                                const std::optional<std::string>& token_embedding,
                                const std::vector<std::pair<std::string, std::string>>& overrides, bool pure) {
  MixModel model{architecture, layers, heads_per_kv, experts, false, importance};
  model.whole_70b = layers == 80 && heads_per_kv > 1 && (architecture == "llama" || architecture == "qwen2");
  MixOptions options;
  options.pure = pure;
  if (output) options.output = type_named(*output);
  if (token_embedding) options.token_embedding = type_named(*token_embedding);
  for (const auto& [pattern, type] : overrides) options.overrides.emplace_back(pattern, type_named(type));
  std::vector<MixTensor> tensors;
  for (const GgufSource& s : self.sources) tensors.push_back({s.name, s.shape, s.stored});
  const GgufMix& chosen = gguf_mix(mix);
  std::vector<std::string> names;
  const auto types = mix_types(chosen, tensors, model, options);
  for (size_t i = 0; i < types.size(); i++) {
    check<UnsupportedError>(
        importance || types[i] == tensors[i].stored || !mix_needs_importance(chosen, tensors[i].name, types[i]),
        "this quantization requires an importance matrix! (tensor '", tensors[i].name, "' as ",
        ggml_type_name(types[i]), "); pass imatrix_file=");
    names.push_back(ggml_type_name(types[i]));
  }
  return names;
}

Tensor quantize(const Tensor& x, const std::string& type_name, const std::optional<Tensor>& importance) {
  const GgmlType type = type_named(type_name);
  const Tensor rows = x.detach().to(DType::Float32).contiguous();
  check<ShapeError>(rows.dim() >= 1, "quantize: found a scalar, needed rows");
  const int64_t k = rows.shape().back(), n = k ? rows.numel() / k : 0;
  Tensor columns;
  if (importance) {
    columns = importance->detach().to(DType::Float32).contiguous();
    check<ShapeError>(columns.numel() == k, "quantize: importance of ", columns.numel(), " columns for rows of ", k);
  }
  const GgmlTypeInfo& info = ggml_type_info(type);
  check<ShapeError>(k % info.block_length == 0, "quantize: found rows of ", k, " weights, ", info.name,
                    " needs a multiple of ", info.block_length);
  Shape shape = rows.shape();
  shape.back() = int64_t(ggml_row_bytes(type, k));
  Tensor out = Tensor::empty(shape, DType::UInt8);
  const float* from = rows.data<float>();
  uint8_t* to = out.mutable_data<uint8_t>();
  for (int64_t i = 0; i < rows.numel(); i++)
    check<ConfigError>(from[i] - from[i] == 0, "quantize: entry ", i, " is ", from[i], "; weights must be finite");
  parallel_for(n, std::max<int64_t>(1, 16384 / std::max<int64_t>(k, 1)), [&](int64_t b, int64_t e) {
    encode_rows(type, e - b, k, from + b * k, importance ? columns.data<float>() : nullptr, to + b * shape.back());
  });
  return out;
}

Tensor dequantize(const Tensor& blocks, const std::string& type_name) {
  const GgmlType type = type_named(type_name);
  const GgmlTypeInfo& info = ggml_type_info(type);
  check<DtypeError>(blocks.dtype() == DType::UInt8 && blocks.dim() >= 1, "dequantize: found ",
                    dtype_name(blocks.dtype()), ", needed rows of uint8");
  const Tensor rows = blocks.contiguous();
  const int64_t bytes = rows.shape().back();
  check<ShapeError>(bytes % info.block_bytes == 0, "dequantize: found rows of ", bytes, " bytes, ", info.name,
                    " needs a multiple of ", info.block_bytes);
  const int64_t k = bytes / info.block_bytes * info.block_length;
  Shape shape = rows.shape();
  shape.back() = k;
  Tensor out = Tensor::empty(shape);
  const uint8_t* from = rows.data<uint8_t>();
  float* to = out.mutable_data<float>();
  parallel_for(k ? out.numel() / k : 0, 16, [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; r++) dequantize_row(type, from + r * bytes, to + r * k, k);
  });
  return out;
}

void write(const GgufExport& self, const std::string& path, const std::vector<Entry>& entries,
           const std::vector<std::string>& types, const std::optional<GgufImportance>& importance,
           std::optional<DType> through, const py::object& progress) {
  const GgufMetadata metadata = metadata_of(self, entries);
  std::vector<GgmlType> chosen;
  for (const std::string& name : types) chosen.push_back(type_named(name));
  GgufWriteOptions options;
  options.through = through;
  options.importance = importance ? &*importance : nullptr;
  options.progress = [&](size_t done, size_t total) {
    py::gil_scoped_acquire gil;
    if (!progress.is_none()) progress(done, total);
    check_signals();
  };
  py::gil_scoped_release release;
  write_gguf(path, metadata, self.sources, chosen, options);
}

}  // namespace

void bind_gguf_export(py::module_& m) {
  py::class_<GgufExport>(m, "GgufExport", "Tensors on their way into a GGUF file.")
      .def(py::init<>())
      .def_static(
          "from_model",
          [](Module& model, const std::string& model_type, int64_t heads, int64_t kv_heads,
             const std::map<std::string, std::string>& names, const std::map<std::string, py::function>& values) {
            std::vector<std::pair<std::string, ParameterSlot*>> slots;
            for (const auto& [name, slot] : model.named_slots()) {
              const auto renamed = names.find(name);
              if (renamed == names.end())
                slots.emplace_back(name, slot);
              else if (!renamed->second.empty())
                slots.emplace_back(renamed->second, slot);
            }
            std::map<std::string, GgufRows> given;
            for (const auto& [name, function] : values) given[name] = rows_of(function);
            return GgufExport{gguf_sources(slots, families().at(model_type).gguf, heads, kv_heads, given), {}};
          },
          py::arg("model"), py::arg("model_type"), py::arg("heads"), py::arg("kv_heads"), py::arg("names") = py::dict(),
          py::arg("values") = py::dict(), py::keep_alive<0, 1>(),
          "names: other names for the model's tensors, '' leaves one out. values: name -> function of a tensor's "
          "values.")
      .def_static(
          "from_file",
          [](const std::string& path) {
            auto file = std::make_shared<const GgufFile>(path);
            return GgufExport{gguf_sources(file), file};
          },
          py::arg("path"))
      .def(
          "add",
          [](GgufExport& self, const std::string& name, const Tensor& value) {
            self.sources.push_back(gguf_source(name, value));
          },
          py::arg("name"), py::arg("value"))
      .def_property_readonly(
          "tensors",
          [](const GgufExport& self) {
            py::list out;
            for (const GgufSource& s : self.sources)
              out.append(py::make_tuple(s.name, py::tuple(py::cast(s.shape.vec())), ggml_type_name(s.stored)));
            return out;
          })
      .def_property_readonly(
          "origins",
          [](const GgufExport& self) {
            std::vector<std::pair<std::string, std::string>> out;
            for (const GgufSource& s : self.sources) out.emplace_back(s.name, s.origin);
            return out;
          },
          "(name in the file, name in the model) of each tensor.")
      .def("choose", &choose, py::arg("mix"), py::arg("architecture"), py::arg("layers"), py::arg("heads_per_kv"),
           py::arg("experts") = 0, py::arg("importance") = false, py::arg("output") = py::none(),
           py::arg("token_embedding") = py::none(), py::arg("overrides") = py::list(), py::arg("pure") = false)
      .def("write", &write, py::arg("path"), py::arg("metadata"), py::arg("types"), py::arg("importance") = py::none(),
           py::arg("through") = py::none(), py::arg("progress") = py::none());
  m.def("gguf_mixes", [] {
    py::dict out;
    for (const GgufMix& mix : gguf_mixes()) out[mix.name] = py::make_tuple(mix.file_type, ggml_type_name(mix.base));
    return out;
  });
  m.def("gguf_types", [] {
    py::dict out;
    for (const GgmlTypeInfo& info : kGgmlTypes)
      out[info.name] = py::make_tuple(info.block_length, info.block_bytes, can_encode(info.type));
    return out;
  });
  m.def("gguf_pre_tokenizers", [] {
    py::list out;
    for (const std::string& name : tokenizers::gguf_pre_tokenizer_names()) {
      const auto pre = tokenizers::gguf_pre_tokenizer(name);
      if (!pre.raw) out.append(py::make_tuple(name, pre.patterns, pre.ignore_merges));
    }
    return out;
  });
  m.def(
      "gguf_architecture",
      [](const std::string& model_type) {
        const Family* family = families().find(model_type);
        return family && !family->gguf.architectures.empty() ? family->gguf.architectures[0] : std::string();
      },
      py::arg("model_type"));
  m.def(
      "gguf_row_order",
      [](const std::string& model_type, const std::string& name, int64_t rows, int64_t heads, int64_t kv_heads) {
        return gguf_row_order(families().at(model_type).gguf, name, rows, heads, kv_heads);
      },
      py::arg("model_type"), py::arg("name"), py::arg("rows"), py::arg("heads"), py::arg("kv_heads"),
      "Row i of the file's tensor is row order[i] of the model's; empty: the order is the same.");
  m.def("gguf_part_rows", &part_rows, py::arg("names"), py::arg("rows"), py::arg("heads"), py::arg("kv_heads"),
        "The row of the tree's tensor for each row of the file's tensors `names`, behind one another; [] where rows "
        "don't "
        "stay what they are.");
  m.def("gguf_quantize", &quantize, py::arg("x"), py::arg("type"), py::arg("importance") = py::none(),
        py::call_guard<py::gil_scoped_release>());
  m.def("gguf_dequantize", &dequantize, py::arg("blocks"), py::arg("type"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace ef
