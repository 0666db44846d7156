// Writing GGUF files: tensors of a model or of another file, each quantized on its way.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "io/gguf.h"
#include "models/family.h"
#include "nn/module.h"

namespace ef {

// A tensor on its way into a GGUF file. Rows are fetched as they are needed: a packed model is never dense as a whole.
struct GgufSource {
  std::string name, origin;  // in the file; where it comes from
  Shape shape;
  GgmlType stored;                                                   // what it is now, or F32 for what stays exact
  std::function<void(int64_t begin, int64_t end, float* out)> rows;  // f32 rows of the [numel / k, k] matrix
  const std::byte* blocks = nullptr;                                 // its bytes, if it is stored as `stored` already
};

using GgufRows = std::function<void(int64_t begin, int64_t end, float* out)>;
// The tensors of a model under the family's GGUF names. UnsupportedError names what the format has no name for.
std::vector<GgufSource> gguf_sources(const std::vector<std::pair<std::string, ParameterSlot*>>& slots,
                                     const GgufTable& table, int64_t heads, int64_t kv_heads,
                                     const std::map<std::string, GgufRows>& given = {});  // values in place of a slot's
// Those of another GGUF file, in the order of llama_model_quantize: by layer, then by name.
std::vector<GgufSource> gguf_sources(std::shared_ptr<const GgufFile> file);
GgufSource gguf_source(const std::string& name, const Tensor& value);

using GgufMetadata = std::vector<
    std::pair<std::string, std::variant<bool, uint32_t, uint64_t, int64_t, float, std::string, std::vector<bool>,
                                        std::vector<uint8_t>, std::vector<uint32_t>, std::vector<int32_t>,
                                        std::vector<float>, std::vector<std::string>, const GgufValue*>>>;
using GgufImportance = std::map<std::string, std::vector<float>>;  // tensor name → weight of each column

struct GgufWriteOptions {
  std::optional<DType> through;  // weights are first rounded to this dtype
  const GgufImportance* importance = nullptr;
  std::function<void(size_t done, size_t total)> progress;  // after each tensor; may throw
};
// CheckpointError: a weight is NaN or infinite, or the disk is full; nothing is left under `path` then.
void write_gguf(const std::string& path, const GgufMetadata& metadata, const std::vector<GgufSource>& sources,
                const std::vector<GgmlType>& types, const GgufWriteOptions& options);

}  // namespace ef
