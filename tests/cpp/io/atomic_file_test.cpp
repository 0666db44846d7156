#include "io/atomic_file.h"

#include <sys/stat.h>

#include "io_helpers.h"

namespace ef {

TEST(AtomicFile, WritesInPiecesAndAnywhere) {
  TemporaryFolder folder;
  AtomicFile file(folder / "f");
  file.write("abc");
  file.pad_to(8);
  EXPECT_EQ(file.offset(), 8u);
  const std::string large(200'000, 'L');
  file.write(large);
  file.write("end");
  file.write_at(3, as_bytes("12"));  // behind the write buffer: lands before or after it, in the file either way
  file.extend_to(200'020);
  EXPECT_FALSE(std::filesystem::exists(folder / "f"));
  file.commit();
  EXPECT_EQ(folder.file_count(), 1u);
  std::string expected = std::string("abc\0\0\0\0\0", 8) + large + "end";
  expected.replace(3, 2, "12");
  expected.resize(200'020, '\0');
  EXPECT_EQ(slurp(folder / "f"), expected);
}
TEST(AtomicFile, WithoutCommitTheOldFileStaysAndNothingIsLeft) {
  TemporaryFolder folder;
  spill(folder / "f", "old");
  {
    AtomicFile file(folder / "f");
    file.write("new");
    EXPECT_EQ(folder.file_count(), 2u);
  }
  EXPECT_EQ(folder.file_count(), 1u);
  EXPECT_EQ(slurp(folder / "f"), "old");
  AtomicFile file(folder / "f");
  file.write("new");
  file.commit();
  EXPECT_EQ(slurp(folder / "f"), "new");
}
TEST(AtomicFile, RespectsTheUmask) {
  TemporaryFolder folder;
  const mode_t old = umask(027);
  AtomicFile file(folder / "f");
  file.write("x");
  file.commit();
  umask(old);
  struct stat info;
  ASSERT_EQ(stat((folder / "f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}
TEST(AtomicFile, ReplacesASymbolicLinkAndSparesItsTarget) {
  TemporaryFolder folder;
  spill(folder / "blob", "blob");
  std::filesystem::create_symlink(folder / "blob", folder / "link");
  AtomicFile file(folder / "link");
  file.write("new");
  file.commit();
  EXPECT_EQ(slurp(folder / "blob"), "blob");
  EXPECT_EQ(slurp(folder / "link"), "new");
}
TEST(AtomicFile, FolderMissing) { EXPECT_ERROR(CheckpointError, "cannot be written", AtomicFile("/nonexistent/f")); }
TEST(AtomicFile, TargetIsAFolder) {
  TemporaryFolder folder;
  std::filesystem::create_directory(folder / "d");
  AtomicFile file(folder / "d");
  file.write("x");
  EXPECT_ERROR(CheckpointError, "cannot be replaced", file.commit());
}
TEST(AtomicFile, UsedAfterCommit) {
  TemporaryFolder folder;
  AtomicFile file(folder / "f");
  file.commit();
  EXPECT_ERROR(CheckpointError, "commit() called twice", file.commit());
  EXPECT_ERROR(CheckpointError, "written after commit()", file.write_at(0, as_bytes("x")));
}

}  // namespace ef
