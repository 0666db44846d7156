// The CPUs that this process may use.
#pragma once
#include <string>
#include <vector>

namespace ef {

// Numbers of the CPUs that the process may run on (taskset, cpusets).
std::vector<int> allowed_cpus();

// The CPUs' worth of time that control groups leave to the process (containers with a limit), from
// `root`/proc/self/cgroup and `root`/sys/fs/cgroup, of both versions; the tightest of the group and those above it.
// Infinite where nothing limits it.
double cpu_quota(const std::string& root = "");

}  // namespace ef
