// The formats of quantized checkpoints by name. A quantizer knows matrices only: which layers it is for, and what a
// model needs around it, is said where models are loaded.
#pragma once
#include <map>
#include <optional>

#include "core/registry.h"
#include "quantizers/weight.h"

namespace ef {

// What a quantization_config says of one matrix. Each format looks at what it knows and refuses what it can't do.
struct QuantSpec {
  int bits = 4;
  int64_t group = 64;            // weights a scale; -1: a row
  bool symmetric = false;        // no zero points
  bool double_quant = false;     // scales rounded too
  std::string type;              // "nf4", "fp4"; "int", "float"; "v1", "v2": as the format says
  int axis = 1;                  // along which HQQ groups
  Tensor moments;                // for GPTQ: [k, k], the mean of x·xᵀ over the layer's inputs; undefined: none known
  double damp = 0.1;             // part of the mean moment that is added to each
  std::string order;             // of GPTQ's columns: "desc", "aware", or as they come
  double threshold = 0;          // of outliers in the input, for int8
  DType dtype = DType::Float32;  // of the dense matrix
  DType storage = DType::UInt8;  // of the tensor that holds 4-bit codes
  DType compute = DType::Float32;  // bf16: products of rounded weights and inputs
};
using Parts = std::map<std::string, Tensor>;  // what the checkpoint holds, by name in the layer

struct Quantizer {
  std::vector<std::string> parts;                                           // that a checkpoint must have
  WeightPtr (*pack)(const Tensor& dense, const QuantSpec& spec) = nullptr;  // null: the format only loads
  // shape: of the layer, [n, k].
  WeightPtr (*restore)(const Parts& parts, const Shape& shape, const QuantSpec& spec) = nullptr;
};

const Registry<Quantizer>& quantizers();
WeightPtr pack_weight(const std::string& name, const Tensor& dense, const QuantSpec& spec);
WeightPtr restore_weight(const std::string& name, const Parts& parts, const Shape& shape, const QuantSpec& spec);

// For quantizers: a part that must be there, of one of these dtypes, contiguous.
Tensor take(const Parts& parts, const std::string& name, std::initializer_list<DType> dtypes);
// The dense matrix as f32 rows; ShapeError for anything but two dimensions, ConfigError for NaN or infinity.
Tensor packable(const Tensor& dense, const char* format);

}  // namespace ef
