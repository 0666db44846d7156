#include "core/cpus.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <utility>

namespace ef {
namespace {

namespace fs = std::filesystem;

double quota_of(const std::vector<std::pair<std::string, std::string>>& files) {
  const fs::path root = fs::temp_directory_path() / ("ef-cpus-" + std::to_string(::getpid()));
  for (const auto& [name, text] : files) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text << "\n";
  }
  const double quota = cpu_quota(root.string());
  fs::remove_all(root);
  return quota;
}

TEST(Cpus, QuotaOfControlGroups) {
  const std::string own = "proc/self/cgroup", top = "sys/fs/cgroup/";
  EXPECT_EQ(quota_of({}), INFINITY);
  EXPECT_EQ(quota_of({{own, "0::/"}, {top + "cpu.max", "max 100000"}}), INFINITY);
  EXPECT_EQ(quota_of({{own, "0::/"}, {top + "cpu.max", "150000 100000"}}), 1.5);
  EXPECT_EQ(quota_of({{own, "0::/a/b"}, {top + "a/b/cpu.max", "max 100000"}, {top + "a/cpu.max", "50000 100000"}}),
            0.5);
  EXPECT_EQ(quota_of({{own, "0::/a/b"}, {top + "a/b/cpu.max", "30000 10000"}, {top + "a/cpu.max", "400000 100000"}}),
            3);
  EXPECT_EQ(quota_of({{own, "0::/seen/from/outside"}, {top + "cpu.max", "200000 100000"}}), 2);
  EXPECT_EQ(quota_of({{own, "0::/../.."}, {top + "cpu.max", "200000 100000"}}), 2);
  const std::string old = "11:memory:/x\n4:cpu,cpuacct:/x\n0::/";
  EXPECT_EQ(quota_of({{own, old},
                      {top + "cpu,cpuacct/x/cpu.cfs_quota_us", "-1"},
                      {top + "cpu,cpuacct/x/cpu.cfs_period_us", "100000"}}),
            INFINITY);
  EXPECT_EQ(quota_of({{own, old},
                      {top + "cpu/x/cpu.cfs_quota_us", "100000"},
                      {top + "cpu/x/cpu.cfs_period_us", "50000"},
                      {top + "memory/x/cpu.cfs_quota_us", "1"},
                      {top + "memory/x/cpu.cfs_period_us", "50000"}}),
            2);
  EXPECT_EQ(quota_of({{own, "0::/"}, {top + "cpu.max", "0 0"}}), INFINITY);
  EXPECT_EQ(quota_of({{own, "nonsense"}, {top + "cpu.max", "1 1"}}), INFINITY);
}

TEST(Cpus, ThereIsOne) { EXPECT_FALSE(allowed_cpus().empty()); }

}  // namespace
}  // namespace ef
