// A parallel region that does nothing.
#include "core/thread_pool.h"

#include "machine_limits.h"

namespace ef::bench {
namespace {

void fork_join(benchmark::State& state) {
  ThreadPool& pool = ThreadPool::instance();
  measure(state, 0, 0, 0, [&] { pool.run([](int id, int) { benchmark::DoNotOptimize(id); }); });
}
BENCHMARK(fork_join)->UseRealTime();

}  // namespace
}  // namespace ef::bench
