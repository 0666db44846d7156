// Which block type each tensor of a GGUF file gets: llama.cpp's named mixes, choosing as llama_model_quantize does.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/ggml_types.h"
#include "core/shape.h"

namespace ef {

struct GgufMix {
  const char* name;    // "Q4_K_M"
  uint32_t file_type;  // general.file_type
  GgmlType base;
};
const std::vector<GgufMix>& gguf_mixes();
const GgufMix& gguf_mix(std::string name);  // any case; ConfigError names the nearest

// What the choice depends on beside the tensors' names and shapes.
struct MixModel {
  std::string architecture;
  int64_t layers = 0, heads_per_kv = 1, experts = 0;
  bool whole_70b = false;  // the 70B models, whose v is eight times smaller than q
  bool importance = false;
};
struct MixOptions {
  std::optional<GgmlType> output, token_embedding;
  std::vector<std::pair<std::string, GgmlType>>
      overrides;      // regular expression, searched in the name; the first counts
  bool pure = false;  // the base type for everything that may be quantized
};
struct MixTensor {
  std::string name;  // "blk.0.attn_q.weight"
  Shape shape;       // row-major
  GgmlType stored;   // what it keeps where it isn't quantized
};
// One type for each tensor, in their order (llama.cpp counts layers as they come).
std::vector<GgmlType> mix_types(const GgufMix& mix, const std::vector<MixTensor>& tensors, const MixModel& model,
                                const MixOptions& options = {});
// Whether llama.cpp refuses to store this tensor so without an importance matrix.
bool mix_needs_importance(const GgufMix& mix, const std::string& name, GgmlType type);

}  // namespace ef
