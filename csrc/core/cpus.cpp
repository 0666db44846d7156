#include "core/cpus.h"

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

namespace ef {
namespace {

namespace fs = std::filesystem;
constexpr double kNoLimit = std::numeric_limits<double>::infinity();

std::string first_line(const fs::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

// microseconds in each period: "max 100000", "150000 100000", "-1 100000"
double share(const std::string& quota_and_period) {
  double quota = 0, period = 0;
  std::istringstream text(quota_and_period);
  return text >> quota >> period && quota > 0 && period > 0 ? quota / period : kNoLimit;
}

double limit_of(const fs::path& group) {
  return std::min(share(first_line(group / "cpu.max")),
                  share(first_line(group / "cpu.cfs_quota_us") + " " + first_line(group / "cpu.cfs_period_us")));
}

}  // namespace

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int c = 0; c < CPU_SETSIZE; c++)
      if (CPU_ISSET(c, &set)) cpus.push_back(c);
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

double cpu_quota(const std::string& root) {
  double least = kNoLimit;
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // hierarchy:controllers:path
    const size_t a = line.find(':'), b = a == std::string::npos ? a : line.find(':', a + 1);
    if (b == std::string::npos) continue;
    const std::string controllers = line.substr(a + 1, b - a - 1), path = line.substr(b + 1);
    if (!controllers.empty() && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    // Version 1 is mounted by the names of its controllers, or by that of one of them.
    std::vector<std::string> mounts{controllers};
    if (!controllers.empty()) mounts.emplace_back("cpu");
    for (const std::string& mount : mounts) {
      const fs::path top = root + "/sys/fs/cgroup/" + mount;
      // A container may see its own group as the top, and the path from outside: what is not there limits nothing.
      fs::path rest = fs::path(path).relative_path();
      for (; !rest.empty() && rest != rest.parent_path(); rest = rest.parent_path())
        least = std::min(least, limit_of(top / rest));
      least = std::min(least, limit_of(top));
    }
  }
  return least;
}

}  // namespace ef
