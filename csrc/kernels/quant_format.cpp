#include "kernels/quant_format.h"

#include "kernels/reference/quant_codebooks.h"

namespace ef {
namespace {

// The signed values that the lattices of the IQ formats are made of.
constexpr int8_t kThree[16] = {8, 25, 43, -8, -25, -43};
constexpr int8_t kEight[16] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62};
constexpr int8_t kOdd[16] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15};
constexpr int8_t kEighths[16] = {1, 7, 9, -1, -7, -9};

constexpr struct Row {
  GgmlType type;
  PackedType packed;
} kRows[] = {
    {GgmlType::Q4_0, {kPackedQ4_0, nullptr}},         {GgmlType::Q4_1, {kPackedQ4_1, nullptr}},
    {GgmlType::Q5_0, {kPackedQ5_0, nullptr}},         {GgmlType::Q5_1, {kPackedQ5_1, nullptr}},
    {GgmlType::Q8_0, {kPackedQ8_0, nullptr}},         {GgmlType::Q2_K, {kPackedQ2_K, nullptr}},
    {GgmlType::Q3_K, {kPackedQ3_K, nullptr}},         {GgmlType::Q4_K, {kPackedQ4_K, nullptr}},
    {GgmlType::Q5_K, {kPackedQ5_K, nullptr}},         {GgmlType::Q6_K, {kPackedQ6_K, nullptr}},
    {GgmlType::IQ4_NL, {kPackedCode, kNonLinear4}},   {GgmlType::MXFP4, {kPackedCodeExponent, kFloat4}},
    {GgmlType::IQ4_XS, {kPackedCode32, kNonLinear4}}, {GgmlType::IQ2_XXS, {kPackedCode32, kThree}},
    {GgmlType::IQ3_XXS, {kPackedCode32, kEight}},     {GgmlType::IQ3_S, {kPackedCode32, kOdd}},
    {GgmlType::IQ1_S, {kPackedCode32, kEighths}},     {GgmlType::IQ2_XS, {kPackedCode16, kThree}},
    {GgmlType::IQ2_S, {kPackedCode16, kThree}},       {GgmlType::IQ1_M, {kPackedCode16, kEighths}},
    {GgmlType::TQ1_0, {kPackedTernary, nullptr}},     {GgmlType::TQ2_0, {kPackedTernary, nullptr}},
};

}  // namespace

const PackedType* packed_type(GgmlType type) {
  for (const Row& row : kRows)
    if (row.type == type) return &row.packed;
  return nullptr;
}

}  // namespace ef
