#include "kernel_test.h"

namespace ef::test {
namespace {

TEST(Dispatch, BaselineIsAlwaysThereAndLast) {
  const auto names = available_isas();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.back(), "baseline");
}

TEST(Dispatch, SelectsByName) {
  for (const std::string& name : available_isas()) {
    select_isa(name);
    EXPECT_EQ(isa_name(), name);
    EXPECT_EQ(isa(), kernels().isa);
  }
  select_isa(available_isas().front());
}

TEST(Dispatch, UnknownNameListsWhatTheMachineHas) {
  try {
    select_isa("avx1024");
    FAIL() << "no error";
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("avx1024"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("baseline"), std::string::npos) << e.what();
  }
}

// The variable is read at first use: a fresh process sees it.
TEST(Dispatch, EnvironmentVariable) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        setenv("EIGENFORMERS_ISA", "baseline", 1);
        std::exit(std::string(isa_name()) == "baseline" ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        setenv("EIGENFORMERS_ISA", "mmx", 1);
        try {
          kernels();
        } catch (const ConfigError& e) {
          std::exit(std::string(e.what()).starts_with("EIGENFORMERS_ISA: found 'mmx'") ? 0 : 1);
        }
        std::exit(2);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace ef::test
