// The limits first, then what was asked for as a table.
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "machine_limits.h"

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  std::string tabular = "--benchmark_counters_tabular=true", shortest = "--benchmark_min_time=0.1";
  arguments.insert(arguments.begin() + 1, {tabular.data(), shortest.data()});
  argc = int(arguments.size());
  benchmark::Initialize(&argc, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(argc, arguments.data())) return 1;
  const ef::bench::Limits& most = ef::bench::limits();
  const auto context = [](const char* name, double value, const char* unit) {
    if (value > 0) benchmark::AddCustomContext(name, std::to_string(int(value)) + unit);
  };
  benchmark::AddCustomContext("instruction set", ef::isa_name());
  context("threads", ef::ThreadPool::instance().size(), "");
  context("memory read", most.read, " GB/s");
  context("f32 multiply-adds", most.f32, " GF/s");
  context("bf16 multiply-adds", most.bf16, " GF/s");
  context("int8 multiply-adds", most.int8, " GF/s");
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
