#include "core/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/cpus.h"
#include "core/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define EF_PAUSE() _mm_pause()
#else
#define EF_PAUSE() std::this_thread::yield()
#endif

namespace ef {
namespace {

constexpr int kSpins = 20000;  // about 0.5 ms: longer than the serial gaps inside a decode step
thread_local bool inside_region = false;

int default_size() {
  // Threads beyond the quota would wait for each other while the process is stopped; a part of a CPU is worth one.
  const int cpus = int(std::ceil(std::min(double(allowed_cpus().size()), cpu_quota())));
  const char* text = std::getenv("EIGENFORMERS_NUM_THREADS");
  if (!text || !*text) return cpus;
  int n = 0;
  auto [end, error] = std::from_chars(text, text + std::strlen(text), n);
  check<ConfigError>(error == std::errc() && *end == 0 && n >= 1 && n <= 1024, "EIGENFORMERS_NUM_THREADS: found '",
                     text, "', needed a whole number from 1 to 1024");
  return n;
}

}  // namespace

// Shared with the workers, so that a forked child can abandon it without joining threads it does not have.
struct ThreadPool::State {
  // The generation whose share worker i+1 has been taken, by the worker or by the caller.
  struct alignas(64) Share {
    std::atomic<uint32_t> taken{0};
  };
  alignas(64) std::atomic<uint32_t> generation{0};
  alignas(64) std::atomic<int> pending{0};
  std::atomic<bool> stop{false};
  std::mutex owner;
  Body body = nullptr;
  void* ctx = nullptr;
  int size = 1;
  std::exception_ptr error;
  std::mutex error_lock;
  std::unique_ptr<Share[]> shares;
  std::vector<std::thread> threads;
  std::vector<int> cpu;  // of worker i+1; empty when there are more workers than CPUs
  int home = -1;         // the CPU the caller was last seen on

  void bind(size_t w) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu[w], &one);
    pthread_setaffinity_np(threads[w].native_handle(), sizeof one, &one);
  }
  // A free worker tends to be woken on the caller's core and then waits there for the caller's time slice to end, so
  // workers are bound. If the kernel moved the caller onto a worker's core, that worker goes where the caller came
  // from.
  void settle() {
    const int now = sched_getcpu();
    if (cpu.empty() || now == home) return;
    for (size_t w = 0; w < cpu.size(); w++)
      if (cpu[w] == now) {
        cpu[w] = home;
        bind(w);
      }
    home = now;
  }
  void call(int id) {
    try {
      body(ctx, id, size);
    } catch (...) {
      std::lock_guard lock(error_lock);
      if (!error) error = std::current_exception();
    }
  }
  // Each share is run once a generation: whoever comes late finds it taken, and reads nothing of the next region.
  void take(int id, uint32_t now) {
    uint32_t before = now - 1;
    if (!shares[id - 1].taken.compare_exchange_strong(before, now, std::memory_order_acq_rel)) return;
    call(id);
    pending.fetch_sub(1, std::memory_order_release);
  }
  void work(int id) {
    inside_region = true;
    uint32_t seen = 0;
    for (;;) {
      uint32_t now;
      for (int spins = 0; (now = generation.load(std::memory_order_acquire)) == seen;) {
        if (++spins < kSpins)
          EF_PAUSE();
        else
          generation.wait(seen, std::memory_order_acquire);
      }
      seen = now;
      if (stop.load(std::memory_order_relaxed)) return;
      take(id, now);
    }
  }
};

ThreadPool::ThreadPool(int size) : state_(std::make_shared<State>()) {
  State& s = *state_;
  s.home = sched_getcpu();
  std::vector<int> cpus;
  for (int c : allowed_cpus())
    if (c != s.home) cpus.push_back(c);
  s.shares = std::make_unique<State::Share[]>(size_t(size > 1 ? size - 1 : 0));
  try {
    for (int id = 1; id < size; id++) s.threads.emplace_back([state = state_, id] { state->work(id); });
  } catch (const std::system_error&) {  // no more threads for this process: work with those there are
  }
  s.size = int(s.threads.size()) + 1;
  size_ = s.size;
  // Processes with a quota share the CPUs of their machine: bound ones would all sit on the first.
  if (cpus.size() >= s.threads.size() && cpu_quota() > double(cpus.size()))
    for (size_t w = 0; w < s.threads.size(); w++) {
      s.cpu.push_back(cpus[w]);
      s.bind(w);
    }
}

ThreadPool::~ThreadPool() {
  State& s = *state_;
  s.stop = true;
  s.generation.fetch_add(1, std::memory_order_release);
  s.generation.notify_all();
  for (auto& t : s.threads) t.join();
}

std::shared_ptr<ThreadPool::State> ThreadPool::state() const {
  std::lock_guard lock(lock_);
  return state_;
}

bool ThreadPool::inside() { return inside_region; }

void ThreadPool::run_raw(Body body, void* ctx) {
  if (inside_region) return body(ctx, 0, 1);  // without a look at what other threads share
  const std::shared_ptr<State> state = this->state();
  State& s = *state;
  std::unique_lock owner(s.owner, std::defer_lock);
  if (s.size == 1 || !owner.try_lock() || s.stop) {  // stop: resized since
    body(ctx, 0, 1);
    return;
  }
  s.settle();
  s.body = body;
  s.ctx = ctx;
  s.pending.store(s.size - 1, std::memory_order_relaxed);
  const uint32_t now = s.generation.fetch_add(1, std::memory_order_release) + 1;
  s.generation.notify_all();
  inside_region = true;
  s.call(0);
  // A worker that has not begun is asleep, or another process has its core: its share is done here, without waiting.
  for (int id = 1; id < s.size; id++) s.take(id, now);
  inside_region = false;
  for (int spins = 0; s.pending.load(std::memory_order_acquire);) {
    if (++spins < 2000)
      EF_PAUSE();
    else
      std::this_thread::yield();
  }
  if (s.error) {
    std::exception_ptr error = std::exchange(s.error, nullptr);
    owner.unlock();
    std::rethrow_exception(error);
  }
}

namespace {
std::mutex pool_lock;
std::atomic<ThreadPool*> pool{nullptr};  // leaked on purpose: joining threads while the process unloads can hang
int forked_size = 0;                     // of the pool that the parent of this process had
}  // namespace

ThreadPool& ThreadPool::instance() {
  if (ThreadPool* p = pool.load(std::memory_order_acquire)) return *p;
  std::lock_guard lock(pool_lock);
  if (ThreadPool* p = pool.load(std::memory_order_relaxed)) return *p;
  // The child of a fork has no workers: it forgets the old pool and makes a new one when it needs one.
  static const int registered = pthread_atfork([] { pool_lock.lock(); }, [] { pool_lock.unlock(); },
                                               [] {
                                                 if (ThreadPool* p = pool.exchange(nullptr)) forked_size = p->size();
                                                 inside_region = false;
                                                 pool_lock.unlock();
                                               });
  (void)registered;
  auto* fresh = new ThreadPool(forked_size ? forked_size : default_size());
  pool.store(fresh, std::memory_order_release);
  return *fresh;
}

void ThreadPool::resize(int size) {
  check<ConfigError>(size >= 1 && size <= 1024, "set_num_threads: found ", size, ", needed 1 to 1024");
  ThreadPool fresh(size);
  const std::shared_ptr<State> old = state();
  std::lock_guard wait(old->owner);
  std::lock_guard lock(lock_);
  if (state_ != old) return;  // another thread was faster
  old->stop = true;           // who still holds the old state runs inline
  std::swap(state_, fresh.state_);
  size_ = fresh.size_.exchange(size_);
}

}  // namespace ef
