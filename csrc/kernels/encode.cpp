#include "kernels/encode.h"

#include <cstring>

#include "core/half.h"
#include "kernels/kernels.h"
#include "kernels/reference/encode_codebook.h"
#include "kernels/reference/encode_grid.h"

namespace ef {
namespace {

template <uint16_t (*kConvert)(float)>
void encode_half(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  for (int64_t i = 0; i < rows * k; i++) {
    const uint16_t h = kConvert(x[i]);
    out[2 * i] = uint8_t(h), out[2 * i + 1] = uint8_t(h >> 8);
  }
}
void encode_f32(int64_t rows, int64_t k, const float* x, const float*, uint8_t* out) {
  std::memcpy(out, x, size_t(rows * k) * sizeof(float));
}

const EncodeKernels& kernels_of_isa() {
  switch (isa()) {
#ifdef EF_HAVE_AVX512
    case Isa::Avx512:
    case Isa::Avx512Bf16:
    case Isa::Amx:
      return kEncodeAvx512;
#endif
#ifdef EF_HAVE_AVX2
    case Isa::Avx2:
      return kEncodeAvx2;
#endif
    default:
      return kEncodeBaseline;
  }
}

EncodeRows find(GgmlType type) {
  if (type == GgmlType::F32) return encode_f32;
  if (type == GgmlType::F16) return encode_half<to_f16>;
  if (type == GgmlType::BF16) return encode_half<to_bf16>;
  if (const EncodeRows vectors = kernels_of_isa().find(type)) return vectors;
  if (const EncodeRows codebook = find_codebook_encoder(type)) return codebook;
  return find_grid_encoder(type);
}

}  // namespace

bool can_encode(GgmlType type) { return find(type) != nullptr; }

bool encode_needs_importance(GgmlType type) {
  switch (type) {
    case GgmlType::IQ2_XXS:
    case GgmlType::IQ2_XS:
    case GgmlType::IQ1_S:
      return true;
    default:
      return false;
  }
}

void encode_rows(GgmlType type, int64_t rows, int64_t k, const float* x, const float* importance, uint8_t* out) {
  const GgmlTypeInfo& info = ggml_type_info(type);
  const EncodeRows encode = find(type);
  check<UnsupportedError>(encode != nullptr, "quantize: no encoder for GGUF type ", info.name);
  check<ShapeError>(k > 0 && k % info.block_length == 0, "quantize: found rows of ", k, " weights, ", info.name,
                    " needs a multiple of ", info.block_length);
  check<UnsupportedError>(importance || !encode_needs_importance(type), "quantize: ", info.name,
                          ": this quantization requires an importance matrix!");
  encode(rows, k, x, importance, out);
}

}  // namespace ef
