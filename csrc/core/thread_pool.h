// Fork-join pool. One per process; workers spin for a while after a region, then sleep until the next one.
//
// The caller takes part as worker 0, and does the share of a worker that has not begun when its own is done. A region
// started from inside a region, or while another thread owns the pool, runs inline on the calling thread; results must
// therefore not depend on how many workers there are, and no share may wait for another.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>

namespace ef {

class ThreadPool {
 public:
  static ThreadPool& instance();  // size from EIGENFORMERS_NUM_THREADS, else the CPUs this process may run on
  explicit ThreadPool(int size);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;

  static bool inside();  // whether this thread works for a region already: what it runs it runs by itself
  int size() const { return size_.load(std::memory_order_relaxed); }  // less than asked for where the system ran out
  void resize(int size);  // ends the old workers; waits for a running region

  // body(share, shares) once per share, on any thread; returns when all are done. The first exception is rethrown here.
  template <class F>
  void run(F&& body) {
    run_raw([](void* ctx, int id, int n) { (*static_cast<std::remove_reference_t<F>*>(ctx))(id, n); }, &body);
  }

 private:
  using Body = void (*)(void*, int, int);
  void run_raw(Body body, void* ctx);
  struct State;
  std::shared_ptr<State> state() const;
  mutable std::mutex lock_;  // of state_: resize may come from another thread
  std::shared_ptr<State> state_;
  std::atomic<int> size_;
};

// body(begin, end) over static, contiguous pieces of [0, count), each at least `grain` long.
template <class F>
void parallel_for(int64_t count, int64_t grain, F&& body) {
  if (count <= 0) return;
  ThreadPool& pool = ThreadPool::instance();
  const int64_t pieces = grain > 0 ? count / grain + (count % grain != 0) : count;
  if (pieces <= 1 || pool.size() == 1) {
    body(int64_t(0), count);
    return;
  }
  pool.run([&](int id, int n) {
    const int64_t parts = pieces < n ? pieces : n;
    if (id >= parts) return;
    const int64_t begin = count * id / parts, end = count * (id + 1) / parts;
    if (begin < end) body(begin, end);
  });
}

}  // namespace ef
