#include <gtest/gtest.h>

#include "core/error.h"
#include "kernels/quant_testing.h"
#include "kernels/reference/dequantize.h"

namespace ef {
namespace {

struct Golden {
  uint32_t type;
  uint64_t hash;
};
#include "kernels/quant_golden.inc"

TEST(QuantGolden, DequantizesAsTheGgufPackage) {
  for (const Golden& golden : kDequantized) {
    const GgmlTypeInfo* info = find_ggml_type(golden.type);
    ASSERT_NE(info, nullptr) << golden.type;
    ASSERT_TRUE(can_dequantize(info->type)) << info->name;
    const auto blocks = random_bytes(golden.type + 1, size_t(info->block_bytes) * kGoldenBlocks);
    std::vector<float> out(size_t(info->block_length) * kGoldenBlocks);
    dequantize_row(info->type, blocks.data(), out.data(), int64_t(out.size()));
    std::vector<uint32_t> bits(out.size());
    for (size_t i = 0; i < out.size(); i++) bits[i] = std::isnan(out[i]) ? 0x7fc00000 : std::bit_cast<uint32_t>(out[i]);
    EXPECT_EQ(fnv(bits.data(), bits.size() * 4), golden.hash) << info->name;
  }
}

TEST(QuantGolden, QuantizesAsTheGgufPackage) {
  for (const Golden& golden : kQuantized) {
    const GgmlTypeInfo* info = find_ggml_type(golden.type);
    ASSERT_TRUE(can_quantize_reference(info->type)) << info->name;
    std::vector<float> weights = random_floats(golden.type + 100, 32 * kGoldenBlocks);
    for (size_t i = 0; i < weights.size(); i++) {
      const int block = int(i / 32);
      weights[i] = std::ldexp(weights[i], block % 16 - 9);
      if (block % 16 == 5) weights[i] = 0;
      if (block % 17 == 3) weights[i] = 0.75f;
    }
    std::vector<uint8_t> out(ggml_row_bytes(info->type, int64_t(weights.size())));
    quantize_row_reference(info->type, weights.data(), out.data(), int64_t(weights.size()));
    EXPECT_EQ(fnv(out.data(), out.size()), golden.hash) << info->name;
  }
}

TEST(QuantGolden, OddWeightsDoNoHarm) {  // NaN, infinities and magnitudes whose reciprocal overflows
  std::vector<float> weights(64, 1e-42f);
  weights[3] = NAN, weights[40] = INFINITY;
  for (GgmlType type : {GgmlType::Q4_0, GgmlType::Q4_1, GgmlType::Q5_0, GgmlType::Q5_1, GgmlType::Q8_0}) {
    std::vector<uint8_t> out(ggml_row_bytes(type, 64));
    quantize_row_reference(type, weights.data(), out.data(), 64);
  }
}

TEST(QuantGolden, OtherTypesAreRefused) {
  float out[256];
  const uint8_t block[512] = {};
  for (const GgmlTypeInfo& info : kGgmlTypes) {
    if (can_dequantize(info.type))
      dequantize_row(info.type, block, out, info.block_length);
    else
      EXPECT_THROW(dequantize_row(info.type, block, out, info.block_length), UnsupportedError) << info.name;
  }
  EXPECT_THROW(dequantize_row(GgmlType(99), block, out, 1), UnsupportedError);
  EXPECT_EQ(find_ggml_type(4), nullptr);
  EXPECT_EQ(find_ggml_type("Q4_K")->block_bytes, 144);
}

}  // namespace
}  // namespace ef
