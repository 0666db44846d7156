#include <gtest/gtest.h>

#include "core/error.h"
#include "kernels/encode.h"
#include "kernels/quant_testing.h"
#include "kernels/reference/dequantize.h"

namespace ef {
namespace {

struct Golden {
  uint32_t type;
  uint64_t hash;
};
struct GoldenEncoded {
  uint32_t type;
  uint64_t plain, weighted;
};
#include "kernels/quant_golden.inc"

constexpr int64_t kRows = 20, kColumns = 512;
// Blocks of 32 of magnitudes 2^-9 … 2^6, some zero, some constant.
std::vector<float> golden_weights(uint64_t seed, size_t count) {
  std::vector<float> weights = random_floats(seed, count);
  for (size_t i = 0; i < weights.size(); i++) {
    const int block = int(i / 32);
    weights[i] = std::ldexp(weights[i], block % 16 - 9);
    if (block % 16 == 5) weights[i] = 0;
    if (block % 17 == 3) weights[i] = 0.75f;
  }
  return weights;
}
std::vector<float> golden_importance() {
  std::vector<float> columns(kColumns);
  const auto words = splitmix(7, kColumns);
  for (size_t i = 0; i < columns.size(); i++) columns[i] = (float(words[i] >> 40) + 1000.f) * 0x1p-24f;
  return columns;
}

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
    ASSERT_TRUE(can_encode(info->type)) << info->name;
    const std::vector<float> weights = golden_weights(golden.type + 100, 32 * kGoldenBlocks);
    std::vector<uint8_t> out(ggml_row_bytes(info->type, int64_t(weights.size())));
    encode_rows(info->type, 1, int64_t(weights.size()), weights.data(), nullptr, out.data());
    EXPECT_EQ(fnv(out.data(), out.size()), golden.hash) << info->name;
  }
}

TEST(QuantGolden, EncodesAsGgmlWithAndWithoutImportance) {
  const std::vector<float> columns = golden_importance();
  for (const GoldenEncoded& golden : kEncoded) {
    const auto type = GgmlType(golden.type);
    auto weights = golden_weights(golden.type + 200, size_t(kRows * kColumns));
    if (type == GgmlType::IQ3_S) std::replace(weights.begin(), weights.end(), 0.f, 0.5f);  // see its encoder
    std::vector<uint8_t> out(ggml_row_bytes(type, kRows * kColumns));
    if (golden.plain) {
      encode_rows(type, kRows, kColumns, weights.data(), nullptr, out.data());
      EXPECT_EQ(fnv(out.data(), out.size()), golden.plain) << ggml_type_name(type);
    }
    encode_rows(type, kRows, kColumns, weights.data(), columns.data(), out.data());
    EXPECT_EQ(fnv(out.data(), out.size()), golden.weighted) << ggml_type_name(type) << " with importance";
  }
}

TEST(QuantGolden, EveryInstructionSetEncodesTheSameBytes) {  // the golden test sees only the best one here
  const auto weights = golden_weights(3, size_t(kRows * kColumns)), columns = golden_importance();
  for (const GgmlTypeInfo& info : kGgmlTypes) {
    const EncodeRows baseline = kEncodeBaseline.find(info.type);
    if (!baseline) continue;
    for (const float* importance : {static_cast<const float*>(nullptr), columns.data()}) {
      std::vector<uint8_t> expected(ggml_row_bytes(info.type, kRows * kColumns)), found(expected.size());
      baseline(kRows, kColumns, weights.data(), importance, expected.data());
      encode_rows(info.type, kRows, kColumns, weights.data(), importance, found.data());
      EXPECT_EQ(found, expected) << info.name;
    }
  }
}

TEST(QuantGolden, EncodersSayWhatTheyCannot) {
  std::vector<float> x(96, 1.f);
  std::vector<uint8_t> out(512);
  EXPECT_THROW(encode_rows(GgmlType::Q4_K, 1, 96, x.data(), nullptr, out.data()), ShapeError);
  EXPECT_THROW(encode_rows(GgmlType::I32, 1, 96, x.data(), nullptr, out.data()), UnsupportedError);
}

TEST(QuantGolden, OddWeightsDoNoHarm) {  // NaN, infinities and magnitudes whose reciprocal overflows
  std::vector<float> weights(64, 1e-42f);
  weights[3] = NAN, weights[40] = INFINITY;
  for (GgmlType type : {GgmlType::Q4_0, GgmlType::Q4_1, GgmlType::Q5_0, GgmlType::Q5_1, GgmlType::Q8_0}) {
    std::vector<uint8_t> out(ggml_row_bytes(type, 64));
    encode_rows(type, 1, 64, weights.data(), nullptr, out.data());
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
  EXPECT_EQ(find_ggml_type("Q4_K")->block_bytes, 144u);
}

}  // namespace
}  // namespace ef
