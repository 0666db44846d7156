#include "tensor/weight_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>
#include <vector>

namespace ef {
namespace {

size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

// Also after the gathering thread has ended once.
TEST(WeightMemory, BlocksEndWithTheLast) {
  for (int time = 0; time < 2; time++) {
    std::vector<Tensor> pieces;
    for (size_t bytes : {1u, 100u, 3u << 20, 5u << 20, 3u << 20, 30u << 20}) {
      pieces.push_back(weight_memory(bytes, 0.01));
      EXPECT_EQ(size_t(pieces.back().nbytes()), bytes);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(pieces.back().data_ptr()) % Storage::kAlignment, 0u);
      std::memset(pieces.back().mutable_data_ptr(), int(pieces.size()), bytes);
    }
    for (int round = 0; round < 500 && (round == 0 || weight_memory_to_gather()); round++) {
      for (size_t i = 0; i < pieces.size(); i++) {
        const auto* bytes = static_cast<const uint8_t*>(pieces[i].data_ptr());
        const auto size = ptrdiff_t(pieces[i].nbytes());
        ASSERT_EQ(std::count(bytes, bytes + size, uint8_t(i + 1)), size);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(weight_memory_to_gather(), 0u);
    const size_t all = resident_bytes();
    pieces.erase(pieces.begin() + 5);
    EXPECT_LT(resident_bytes(), all - (25u << 20));  // a block of its own
    pieces.resize(1);
    const size_t one = resident_bytes();
    pieces.clear();
    EXPECT_LT(resident_bytes(), one - (4u << 20));
  }
}

TEST(WeightMemory, MayEndBeforeTheirPagesAreGathered) {
  for (int i = 0; i < 20; i++) {
    Tensor piece = weight_memory(6 << 20, 0.001 * i);
    std::memset(piece.mutable_data_ptr(), 1, 6 << 20);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  for (int round = 0; round < 500 && weight_memory_to_gather(); round++)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(weight_memory_to_gather(), 0u);
}

TEST(WeightMemory, BlocksOfTheirOwnTakeNoMoreThanTheyHold) {
  const size_t before = resident_bytes(), bytes = (4 << 20) + 4096;
  std::vector<Tensor> pieces;
  for (int i = 0; i < 16; i++) {
    pieces.push_back(weight_memory(bytes, 0.001));
    std::memset(pieces.back().mutable_data_ptr(), 1, bytes);
  }
  for (int round = 0; round < 500 && weight_memory_to_gather(); round++)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_LT(resident_bytes() - before, 16 * bytes + (8u << 20));
}

TEST(WeightMemory, TheUnusedEndOfABlockTakesNone) {
  const size_t before = resident_bytes();
  std::vector<Tensor> pieces;
  for (int i = 0; i < 3; i++) {  // of one block, each after the pages of those before it were gathered
    pieces.push_back(weight_memory(1 << 20, 0.001));
    std::memset(pieces.back().mutable_data_ptr(), i + 1, 1 << 20);
    for (int round = 0; round < 500 && weight_memory_to_gather(); round++)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(weight_memory_to_gather(), 0u);
  }
  EXPECT_LT(resident_bytes() - before, 12u << 20);
  for (int i = 0; i < 3; i++) EXPECT_EQ(pieces[size_t(i)].data<uint8_t>()[(1 << 20) - 1], i + 1);
}

// Small ones that share a block, and one that has its own; beside those that may wait.
TEST(WeightMemory, DenseMatricesWaitForNoPages) {
  const Tensor other = weight_memory(1 << 20, 0.001);
  for (int round = 0; round < 500 && weight_memory_to_gather(); round++)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::vector<Tensor> matrices;
  for (int64_t rows : {1, 700, 1000, 5000, 30, 900}) {
    Tensor matrix = dense_weight_memory({rows, 1024}, DType::BFloat16);
    EXPECT_EQ(weight_memory_to_gather(), 0u);
    EXPECT_EQ(matrix.shape(), (Shape{rows, 1024}));
    EXPECT_EQ(matrix.dtype(), DType::BFloat16);
    std::memset(matrix.mutable_data_ptr(), int(matrices.size() + 1), matrix.nbytes());
    matrices.push_back(matrix);
  }
  for (size_t i = 0; i < matrices.size(); i++) {
    const auto* bytes = static_cast<const uint8_t*>(matrices[i].data_ptr());
    const auto size = ptrdiff_t(matrices[i].nbytes());
    EXPECT_EQ(std::count(bytes, bytes + size, uint8_t(i + 1)), size);
  }
}

TEST(WeightMemory, TakesAConvertedTensor) {
  const Tensor value = Tensor::arange(0, 6, 1, DType::Float32).view({2, 3});
  const Tensor out = in_weight_memory(value, DType::BFloat16);
  EXPECT_EQ(out.dtype(), DType::BFloat16);
  EXPECT_EQ(out.shape(), (Shape{2, 3}));
  const Tensor back = out.to(DType::Float32);
  for (int i = 0; i < 6; i++) EXPECT_EQ(back.data<float>()[i], float(i));
}

TEST(WeightMemory, ServesAChildOfForkWhileAThreadAllocates) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) std::memset(weight_memory(3 << 20, 0.01).mutable_data_ptr(), 1, 3 << 20);
  });
  int good = 0;
  for (int i = 0; i < 20; i++) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(5);  // a child that waits for good is killed
      Tensor piece = weight_memory(1000, 0.01);
      std::memset(piece.mutable_data_ptr(), 1, 1000);
      _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    good += status == 0;
  }
  stop = true;
  other.join();
  EXPECT_EQ(good, 20);
}

}  // namespace
}  // namespace ef
