#include "checkpoint/gguf_mix.h"

#include <gtest/gtest.h>

namespace ef {
namespace {

using enum GgmlType;

// What `llama-quantize --dry-run` of llama.cpp says of a llama with 16 layers and four heads to a key.
std::vector<MixTensor> toy(int layers, bool tied, int64_t width = 256) {
  std::vector<MixTensor> all = {{"token_embd.weight", {64, width}, F16}, {"output_norm.weight", {width}, F32}};
  if (!tied) all.push_back({"output.weight", {64, width}, F16});
  for (int i = 0; i < layers; i++)
    for (const char* part : {"attn_k", "attn_output", "attn_q", "attn_v", "ffn_down", "ffn_gate", "ffn_up"})
      all.push_back({"blk." + std::to_string(i) + "." + part + ".weight", {width, width}, F16});
  return all;
}
std::vector<int> layers_with(const char* mix, const char* part, GgmlType type, const MixModel& model) {
  std::vector<int> found;
  const auto tensors = toy(16, false);
  const auto types = mix_types(gguf_mix(mix), tensors, model);
  for (size_t i = 0; i < tensors.size(); i++)
    if (tensors[i].name.find(part) != std::string::npos && types[i] == type)
      found.push_back(std::atoi(tensors[i].name.c_str() + 4));
  return found;
}
const MixModel kModel{"llama", 16, 1};
const std::vector<int> kMore = {0, 1, 4, 7, 10, 13, 14, 15};

TEST(GgufMix, SpendsMoreBitsWhereLlamaCppDoes) {
  EXPECT_EQ(layers_with("Q4_K_M", "attn_v", Q6_K, kModel), kMore);
  EXPECT_EQ(layers_with("q4_k_m", "ffn_down", Q6_K, kModel), kMore);
  EXPECT_EQ(layers_with("Q4_K_S", "attn_v", Q5_K, kModel), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(layers_with("Q4_K_S", "ffn_down", Q5_K, kModel), (std::vector<int>{0, 1}));
  EXPECT_EQ(layers_with("Q3_K_M", "attn_v", Q5_K, kModel), (std::vector<int>{0, 1}));
  EXPECT_EQ(layers_with("IQ3_XS", "ffn_up", IQ3_XXS, kModel).size(), 12u);
  MixModel grouped = kModel, weighted = kModel;
  grouped.heads_per_kv = 4, weighted.importance = true;
  EXPECT_EQ(layers_with("Q2_K", "attn_v", Q3_K, kModel).size(), 16u);
  EXPECT_EQ(layers_with("Q2_K", "attn_v", Q4_K, grouped).size(), 16u);
  EXPECT_EQ(layers_with("Q4_0", "ffn_down", Q4_1, weighted), (std::vector<int>{0, 1}));
}

TEST(GgufMix, OutputAndEmbedding) {
  const auto apart = mix_types(gguf_mix("Q4_K_M"), toy(2, false), kModel);
  EXPECT_EQ(apart[0], Q4_K);
  EXPECT_EQ(apart[1], F32);
  EXPECT_EQ(apart[2], Q6_K);
  EXPECT_EQ(mix_types(gguf_mix("Q4_K_M"), toy(2, true), kModel)[0], Q6_K);
  EXPECT_EQ(mix_types(gguf_mix("Q4_K_M"), toy(2, true, 96), kModel)[0], Q8_0);
}

TEST(GgufMix, OverridesFallbacksAndPure) {
  MixOptions options;
  options.overrides = {{"blk\\.1\\.ffn_down", Q8_0}};
  options.output = Q5_K;
  const auto tensors = toy(2, false);
  const auto types = mix_types(gguf_mix("Q4_K_M"), tensors, kModel, options);
  EXPECT_EQ(types[2], Q5_K);
  for (size_t i = 0; i < tensors.size(); i++)
    if (tensors[i].name == "blk.1.ffn_down.weight") EXPECT_EQ(types[i], Q8_0);
  options = {};
  options.pure = true;
  EXPECT_EQ(mix_types(gguf_mix("Q3_K_L"), tensors, kModel, options)[2], Q3_K);
  for (auto [mix, width, expected] : {std::tuple("Q4_K_S", 96, Q5_0),
                                      {"Q6_K", 96, Q8_0},
                                      {"Q2_K", 96, Q4_0},
                                      {"IQ3_S", 96, IQ4_NL},
                                      {"Q4_0", 48, F16},
                                      {"Q6_K", 48, F16}})
    EXPECT_EQ(mix_types(gguf_mix(mix), toy(2, false, width), kModel)[3], expected) << mix;
  options.overrides = {{"(", Q8_0}};
  EXPECT_THROW(mix_types(gguf_mix("Q6_K"), tensors, kModel, options), ConfigError);
  EXPECT_THROW(gguf_mix("Q4_K_X"), ConfigError);
}

TEST(GgufMix, KnowsWhatNeedsAnImportanceMatrix) {
  EXPECT_TRUE(mix_needs_importance(gguf_mix("IQ2_XS"), "blk.0.attn_q.weight", IQ2_XS));
  EXPECT_TRUE(mix_needs_importance(gguf_mix("Q2_K_S"), "blk.0.attn_q.weight", Q2_K));
  EXPECT_FALSE(mix_needs_importance(gguf_mix("Q2_K"), "blk.0.attn_q.weight", Q2_K));
  EXPECT_FALSE(mix_needs_importance(gguf_mix("IQ2_XS"), "token_embd.weight", IQ2_XS));
}

}  // namespace
}  // namespace ef
