#include <cmath>

#include "quantizers/bitsandbytes/bitsandbytes.h"
#include "quantizers/codebooks/codebooks.h"
#include "quantizers/floats/floats.h"
#include "quantizers/ggml/ggml_weight.h"
#include "quantizers/integers/integers.h"
#include "quantizers/quantizer.h"

namespace ef {

const Registry<Quantizer>& quantizers() {
  static const Registry<Quantizer> registry = [] {
    Registry<Quantizer> r("quantization format");
    r.add("bitsandbytes_4bit", bitsandbytes_4bit());
    r.add("bitsandbytes_8bit", bitsandbytes_8bit());
    r.add("gptq", gptq_format());
    r.add("awq", awq_format());
    r.add("compressed-tensors", compressed_tensors_int());
    r.add("hqq", hqq_format());
    r.add("quanto", quanto_format());
    r.add("torchao", torchao_format());
    r.add("int8_dynamic", int8_dynamic_format());
    r.add("eetq", eetq_format());
    r.add("bitnet", bitnet_format());
    r.add("fp8", fp8_format());
    r.add("mxfp4", mxfp4_format());
    r.add("aqlm", aqlm_format());
    return r;
  }();
  return registry;
}

namespace {

WeightPtr remembering(WeightPtr weight, const std::string& name, const QuantSpec& spec) {
  if (auto* tiled = dynamic_cast<TiledWeight*>(weight.get())) {
    QuantSpec kept = spec;
    kept.moments = {};
    tiled->spec = std::make_shared<const QuantSpec>(std::move(kept));
    tiled->format = name;
  }
  return weight;
}

}  // namespace

WeightPtr pack_weight(const std::string& name, const Tensor& dense, const QuantSpec& spec) {
  const Quantizer& q = quantizers().at(name);
  check<UnsupportedError>(q.pack != nullptr, name, ": only loads what is quantized already");
  return remembering(q.pack(dense, spec), name, spec);
}

WeightPtr restore_weight(const std::string& name, const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const Quantizer& q = quantizers().at(name);
  for (const std::string& part : q.parts)
    check<CheckpointError>(parts.count(part), name, ": the checkpoint has no '", part, "' for a layer that has others");
  check<ShapeError>(shape.size() == 2, name, ": found a layer of shape ", shape, ", needed two dimensions");
  return remembering(q.restore(parts, shape, spec), name, spec);
}

Tensor take(const Parts& parts, const std::string& name, std::initializer_list<DType> dtypes) {
  const auto found = parts.find(name);
  check<CheckpointError>(found != parts.end(), "quantized layer: no '", name, "'");
  const Tensor& t = found->second;
  bool fits = false;
  for (DType d : dtypes) fits |= t.dtype() == d;
  check<DtypeError>(fits, "quantized layer: '", name, "' is ", dtype_name(t.dtype()), ", needed ",
                    dtype_name(*dtypes.begin()));
  return t.detach().contiguous();
}

Tensor packable(const Tensor& dense, const char* format) {
  check<ShapeError>(dense.dim() == 2 && dense.numel() > 0, format, ": found a weight of shape ", dense.shape(),
                    ", needed two dimensions");
  Tensor rows = dense.detach().to(DType::Float32).contiguous();
  const float* x = rows.data<float>();
  float poison = 0;
  for (int64_t i = 0; i < rows.numel(); i++) poison += x[i] * 0.f;
  check<ConfigError>(poison == 0, format, ": the weight has NaN or infinite values; a broken checkpoint?");
  return rows;
}

}  // namespace ef
