#include "core/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/after_fork.h"
#include "core/parallel_pieces.h"

namespace ef {

TEST(ThreadPool, EveryIndexOnce) {
  ThreadPool::instance().resize(4);
  for (int round = 0; round < 2000; round++) {
    std::vector<int> hits(1000);
    parallel_for(1000, 10, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) hits[size_t(i)]++;
    });
    for (int h : hits) ASSERT_EQ(h, 1);
  }
}
TEST(ThreadPool, PiecesMeetEveryIndexOnce) {
  for (int threads : {1, 2, 5, 11})
    for (int64_t count : {0, 1, 2, 7, 1000}) {
      ThreadPool::instance().resize(threads);
      std::vector<std::atomic<int>> hits(static_cast<size_t>(count));
      parallel_pieces(count, [&](int64_t begin, int64_t end) {
        EXPECT_LT(begin, end);
        if (begin == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // others take what is left
        for (int64_t i = begin; i < end; i++) hits[size_t(i)]++;
      });
      for (auto& h : hits) ASSERT_EQ(h, 1) << threads << " " << count;
    }
}

TEST(ThreadPool, EveryShareOnceWhileOthersHoldTheCores) {
  std::atomic<bool> done{false};
  std::vector<std::thread> others;
  for (int i = 0; i < 6; i++)
    others.emplace_back([&] {
      while (!done) {
      }
    });
  ThreadPool pool(4);
  std::vector<int> runs(4 * 16);  // a line each
  bool right = true;
  for (int region = 1; region <= 3000; region++) {
    const int shares = pool.size();
    pool.run([&](int id, int n) { runs[size_t(16 * id)] += n == shares; });
    for (int id = 0; id < shares; id++) right = right && runs[size_t(16 * id)] == region;
  }
  done = true;
  for (auto& t : others) t.join();
  EXPECT_TRUE(right);
}

TEST(ThreadPool, NestedAndConcurrentCallsRunInline) {
  ThreadPool::instance().resize(3);
  std::atomic<int64_t> sum{0};
  auto body = [&] {
    for (int i = 0; i < 200; i++)
      parallel_for(
          8, 1, [&](int64_t b, int64_t e) { parallel_for(e - b, 1, [&](int64_t b2, int64_t e2) { sum += e2 - b2; }); });
  };
  std::thread other(body);
  body();
  other.join();
  EXPECT_EQ(sum, 2 * 200 * 8);
}
TEST(ThreadPool, ExceptionReachesTheCaller) {
  ThreadPool::instance().resize(3);
  for (int i = 0; i < 50; i++)
    EXPECT_THROW(parallel_for(9, 1,
                              [](int64_t b, int64_t) {
                                if (b) throw std::runtime_error("x");
                              }),
                 std::runtime_error);
  std::atomic<int> n{0};
  parallel_for(9, 1, [&](int64_t b, int64_t e) { n += int(e - b); });
  EXPECT_EQ(n, 9);
}
TEST(ThreadPool, ResizedWhileOthersRun) {
  std::atomic<bool> stop{false};
  std::atomic<int64_t> wrong{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 2; t++)
    callers.emplace_back([&] {
      while (!stop) {
        std::atomic<int> n{0};
        parallel_for(100, 1, [&](int64_t b, int64_t e) { n += int(e - b); });
        wrong += n != 100;
      }
    });
  for (int i = 0; i < 200; i++) ThreadPool::instance().resize(1 + i % 4);
  stop = true;
  for (auto& t : callers) t.join();
  EXPECT_EQ(wrong, 0);
}
TEST(ThreadPool, AnEndlessGrainIsOnePiece) {
  int calls = 0;
  parallel_for(5, INT64_MAX, [&](int64_t b, int64_t e) { calls += b == 0 && e == 5; });
  EXPECT_EQ(calls, 1);
}
TEST(ThreadPool, WorksAfterFork) {
  ThreadPool::instance().resize(2);
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> n{0};
    parallel_for(100, 1, [&](int64_t b, int64_t e) { n += int(e - b); });
    _exit(n == 100 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(AfterFork, RenewsOnceInEveryChild) {
  AfterFork after_fork;
  std::atomic<int> renewed{0};
  const auto pass = [&] {
    after_fork([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      renewed++;
    });
    return renewed.load();
  };
  EXPECT_EQ(pass(), 0);
  const pid_t child = fork();
  if (child == 0) {
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) threads.emplace_back([&] { wrong += pass() != 1; });
    for (auto& thread : threads) thread.join();
    const pid_t grandchild = fork();
    if (grandchild == 0) _exit(pass() == 2 ? 0 : 1);
    int status = 0;
    waitpid(grandchild, &status, 0);
    _exit(status == 0 && wrong == 0 && pass() == 1 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(pass(), 0);
}

}  // namespace ef
