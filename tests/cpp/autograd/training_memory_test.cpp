#include "tensor/training_memory.h"

#include <gtest/gtest.h>

#include <vector>

#include "tensor/tensor.h"

namespace ef {
namespace {

constexpr size_t kMega = 1 << 20;

TEST(TrainingMemory, KeepsUpToTheMostThatWasInUse) {
  empty_cache();
  set_cache_limit(kMega);
  expect_training();
  {
    std::vector<Tensor> step;
    for (int i = 0; i < 8; i++) step.push_back(Tensor::empty({int64_t(kMega)}, DType::UInt8));
  }
  EXPECT_GE(cached_bytes(), 8 * kMega);
  {  // a step of another size: what it does not want makes room, up to the limit
    const Tensor other = Tensor::empty({int64_t(6 * kMega)}, DType::UInt8);
    EXPECT_LE(cached_bytes(), 3 * kMega);
  }
  set_cache_limit(256 * kMega);
}

}  // namespace
}  // namespace ef
