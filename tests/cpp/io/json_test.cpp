#include "io/json.h"

#include <cmath>

#include "io_helpers.h"

namespace ef {
namespace {

Json parse(const std::string& text, const JsonOptions& options = {}) {
  return parse_json(text, "config.json", options);
}

}  // namespace

TEST(Json, ParsesEveryKind) {
  const Json v = parse(
      R"( {"a": [1, -2, 3.5, 1e3, true, false, null, "x\u00e9\n"], "b": {}, "c": [], "d": 18446744073709551615} )");
  EXPECT_EQ(v["a"][0], 1);
  EXPECT_EQ(v["a"][1], -2);
  EXPECT_EQ(v["a"][2], 3.5);
  EXPECT_EQ(v["a"][3], 1000.0);
  EXPECT_EQ(v["a"][4], true);
  EXPECT_TRUE(v["a"][6].is_null());
  EXPECT_EQ(v["a"][7], "xé\n");
  EXPECT_TRUE(v["b"].is_object());
  EXPECT_TRUE(v["c"].is_array());
  EXPECT_EQ(v["d"].get<uint64_t>(), UINT64_MAX);
  EXPECT_EQ(parse("3"), 3);
  EXPECT_EQ(parse("1000000000000000019884624838656").get<double>(), 1000000000000000019884624838656.0);
}
TEST(Json, LastDuplicateWins) {
  EXPECT_EQ(parse(R"({"a": {"x": 1}, "a": [2], "b": 1})"), parse(R"({"a": [2], "b": 1})"));
  JsonOptions options;
  options.reject_duplicate_keys = true;
  EXPECT_ERROR(CheckpointError, "the key 'a' occurs twice", parse(R"({"a": 1, "a": 1})", options));
  EXPECT_EQ(parse(R"({"a": {"a": 1}, "b": {"a": 1}})", options)["b"]["a"], 1);
}
TEST(Json, NanAndInfinityAsPythonWritesThem) {
  const Json v = parse(R"({"a": NaN, "b": [Infinity, -Infinity, -1], "NaN": "NaN \"Infinity", "c": "\\"})");
  EXPECT_TRUE(std::isnan(v["a"].get<double>()));
  EXPECT_EQ(v["b"][0].get<double>(), INFINITY);
  EXPECT_EQ(v["b"][1].get<double>(), -INFINITY);
  EXPECT_EQ(v["NaN"], "NaN \"Infinity");
  EXPECT_EQ(v["c"], "\\");
  JsonOptions strict;
  strict.accept_nan = false;
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("[NaN]", strict));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("[NaNa]"));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("{NaN: 1, \"a\": }"));
}
TEST(Json, ErrorsNameFileLineAndColumn) {
  EXPECT_ERROR(CheckpointError, "config.json: not valid JSON at line 2, column 7 (byte 16)",
               parse("{\"a\": 1,\n \"b\": x}"));
  EXPECT_ERROR(CheckpointError, "incomplete download", parse("{\"a\": [1, 2"));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse(""));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("{} {}"));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("{'a': 1}"));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("[1,]"));
  EXPECT_ERROR(CheckpointError, "not valid JSON", parse("[01]"));
}
TEST(Json, NulIsNoEnd) {
  EXPECT_ERROR(CheckpointError, "NUL character at byte 4", parse(std::string("[1]\0garbage", 11)));
  EXPECT_ERROR(CheckpointError, "NUL character", parse(std::string("[\"\0\"]", 5)));
  EXPECT_EQ(parse("[\"\\u0000\"]")[0], std::string(1, '\0'));
}
TEST(Json, InvalidUtf8) { EXPECT_ERROR(CheckpointError, "not valid JSON", parse("[\"\xff\"]")); }
TEST(Json, NestedTooDeep) {
  const auto nested = [](int n) { return std::string(size_t(n), '[') + std::string(size_t(n), ']'); };
  EXPECT_TRUE(parse(nested(128)).is_array());
  EXPECT_ERROR(CheckpointError, "nested deeper than 128", parse(nested(129)));
  EXPECT_ERROR(CheckpointError, "nested deeper than 128", parse(std::string(1'000'000, '[')));
}
TEST(Json, TooLarge) {
  JsonOptions options;
  options.max_bytes = 10;
  EXPECT_ERROR(CheckpointError, "the limit is 10", parse("[1,2,3,4,5,6]", options));
}
TEST(Json, TypedFields) {
  const Json v = parse(R"({"i": 3, "whole": 4.0, "f": 1.5, "b": true, "s": "x", "n": null, "big": 5000000000})");
  EXPECT_EQ(field<int64_t>(v, "i", "c"), 3);
  EXPECT_EQ(field<int64_t>(v, "whole", "c"), 4);
  EXPECT_EQ(field<double>(v, "i", "c"), 3.0);
  EXPECT_EQ(field<bool>(v, "b", "c"), true);
  EXPECT_EQ(field<std::string>(v, "s", "c"), "x");
  EXPECT_EQ(field_or<int64_t>(v, "missing", "c", 9), 9);
  EXPECT_EQ(field_or<int64_t>(v, "n", "c", 9), 9);
  EXPECT_ERROR(ConfigError, "c: 'missing' is missing", field<int64_t>(v, "missing", "c"));
  EXPECT_ERROR(ConfigError, "c: 'f' is a fractional number, needed an integer", field<int64_t>(v, "f", "c"));
  EXPECT_ERROR(ConfigError, "'s' is a string, needed a number", field<double>(v, "s", "c"));
  EXPECT_ERROR(ConfigError, "'i' is an integer, needed true or false", field_or<bool>(v, "i", "c", false));
  EXPECT_ERROR(ConfigError, "'b' is true, needed an integer", field<int64_t>(v, "b", "c"));
  EXPECT_ERROR(ConfigError, "'big'", field<int32_t>(v, "big", "c"));
  EXPECT_ERROR(ConfigError, "'n' is null", field<std::string>(v, "n", "c"));
  EXPECT_ERROR(ConfigError, "found a list", field<int64_t>(parse("[]"), "i", "c"));
}

}  // namespace ef
