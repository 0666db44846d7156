#include "io/shard_index.h"

#include "io_helpers.h"

namespace ef {
namespace {

struct IndexFolder : TemporaryFolder {
  ShardIndex read(const std::string& json) const {
    spill(*this / "model.safetensors.index.json", json);
    return read_shard_index(*this / "model.safetensors.index.json");
  }
};
std::string map_to(const std::string& shard) { return Json{{"weight_map", {{"a", shard}}}}.dump(); }

}  // namespace

TEST(ShardIndex, RoundTrip) {
  IndexFolder folder;
  spill(folder / "one", "x");
  spill(folder / "two", "x");
  write_shard_index(folder / "i.json", {{"total_size", 12}}, {{"b", "one"}, {"a", "two"}, {"c", "one"}});
  const ShardIndex index = read_shard_index(folder / "i.json");
  EXPECT_EQ(index.metadata["total_size"], 12);
  EXPECT_EQ(index.weight_map.at("a"), "two");
  EXPECT_EQ(index.shards(), (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(index.path_of("one"), folder / "one");
}
TEST(ShardIndex, SubfoldersAreInside) {
  IndexFolder folder;
  std::filesystem::create_directory(folder / "sub");
  spill(folder / "sub/one", "x");
  EXPECT_EQ(folder.read(map_to("sub/one")).shards().size(), 1u);
}
TEST(ShardIndexBad, NamesThatLeaveTheFolder) {
  IndexFolder folder;
  for (const char* name : {"../x", "/etc/passwd", "sub/../../x", "..", ".", "", "a//b", "a/", "..\\x", "C:x", "./x"})
    EXPECT_ERROR(CheckpointError, "must stay inside the folder", folder.read(map_to(name)));
  EXPECT_ERROR(CheckpointError, "must stay inside the folder", folder.read(map_to(std::string("a\0b", 3))));
}
TEST(ShardIndexBad, MissingShardsAreAllNamed) {
  IndexFolder folder;
  spill(folder / "one", "x");
  EXPECT_ERROR(CheckpointError, "not in the folder: 'three', 'two'; incomplete download?",
               folder.read(R"({"weight_map": {"a": "one", "b": "two", "c": "three"}})"));
}
TEST(ShardIndexBad, NoWeightMap) {
  IndexFolder folder;
  for (const char* text : {"{}", "[]", "3", R"({"weight_map": []})", R"({"weight_map": null})"})
    EXPECT_ERROR(CheckpointError, "has no object 'weight_map'", folder.read(text));
}
TEST(ShardIndexBad, ShardIsNotAString) {
  IndexFolder folder;
  EXPECT_ERROR(CheckpointError, "tensor 'a' is an integer", folder.read(R"({"weight_map": {"a": 1}})"));
}

}  // namespace ef
