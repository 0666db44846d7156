#include "io/mapped_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "io_helpers.h"

namespace ef {

TEST(MappedFile, HoldsTheBytesMappedAndInMemory) {
  TemporaryFolder folder;
  std::string bytes(300'000, 'x');
  bytes[299'999] = 'y';
  spill(folder / "f", bytes);
  for (const bool disable_mmap : {false, true}) {
    const FilePtr file = MappedFile::open(folder / "f", disable_mmap);
    EXPECT_EQ(file->mapped(), !disable_mmap);
    EXPECT_EQ(as_text(file->bytes()), bytes);
    EXPECT_EQ(file->path(), folder / "f");
    file->drop_pages(5000, 200'000);  // the bytes must still be readable
    file->drop_pages(0, file->size());
    EXPECT_EQ(as_text(file->bytes()), bytes);
  }
}
TEST(MappedFile, DropPagesLowersTheResidentSize) {
  TemporaryFolder folder;
  const size_t size = size_t(64) << 20;
  spill(folder / "f", std::string(size, 'x'));
  const auto resident = [] {
    std::ifstream in("/proc/self/statm");
    size_t total, pages;
    in >> total >> pages;
    return pages * size_t(sysconf(_SC_PAGESIZE));
  };
  const FilePtr file = MappedFile::open(folder / "f");
  size_t sum = 0;
  for (size_t i = 0; i < size; i += 4096) sum += size_t(file->data()[i]);
  EXPECT_EQ(sum, size / 4096 * 'x');
  const size_t before = resident();
  file->drop_pages(0, size);
  EXPECT_LT(resident() + size / 2, before);  // half: the kernel may have mapped less than was touched
}
TEST(MappedFile, WritingThroughAMappingLeavesTheFileAlone) {
  TemporaryFolder folder;
  spill(folder / "f", "abc");
  const FilePtr file = MappedFile::open(folder / "f");
  const_cast<std::byte*>(file->data())[0] = std::byte('X');
  EXPECT_EQ(as_text(file->bytes()), "Xbc");
  EXPECT_EQ(slurp(folder / "f"), "abc");
}
TEST(MappedFile, DropPagesIgnoresBytesOfOthers) {
  TemporaryFolder folder;
  spill(folder / "f", "abc");
  const std::string other(100, 'z');
  MappedFile::open(folder / "f")->drop_pages(as_bytes(other));
}
TEST(MappedFile, Missing) { EXPECT_ERROR(CheckpointError, "no such file", MappedFile::open("/nonexistent/file")); }
TEST(MappedFile, Folder) { EXPECT_ERROR(CheckpointError, "is a folder", MappedFile::open("/tmp")); }
TEST(MappedFile, PartOfThePathIsAFile) {
  TemporaryFolder folder;
  spill(folder / "f", "abc");
  EXPECT_ERROR(CheckpointError, "not a folder", MappedFile::open(folder / "f/g"));
}
TEST(MappedFile, Empty) {
  TemporaryFolder folder;
  spill(folder / "f", "");
  EXPECT_ERROR(CheckpointError, "is empty", MappedFile::open(folder / "f"));
}
TEST(MappedFile, PipeDoesNotBlock) {
  TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_ERROR(CheckpointError, "not a regular file", MappedFile::open(folder / "pipe"));
}
TEST(MappedFile, NoPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  TemporaryFolder folder;
  spill(folder / "f", "abc");
  chmod((folder / "f").c_str(), 0);
  EXPECT_ERROR(CheckpointError, "permission denied", MappedFile::open(folder / "f"));
}
TEST(MappedFile, SymbolicLinkLoop) {
  TemporaryFolder folder;
  std::filesystem::create_symlink(folder / "a", folder / "a");
  EXPECT_ERROR(CheckpointError, "points to itself", MappedFile::open(folder / "a"));
}
TEST(MappedFile, ForeignFilesAreNamed) {
  const auto describe = [](const std::string& bytes) { return describe_foreign_file(as_bytes(bytes)); };
  EXPECT_NE(describe("version https://git-lfs.github.com/spec/v1\noid sha256:0\n").find("git lfs pull"),
            std::string::npos);
  EXPECT_NE(describe("<!DOCTYPE html>").find("web page"), std::string::npos);
  EXPECT_NE(describe("GGUF").find("GGUF"), std::string::npos);
  EXPECT_NE(describe(std::string("PK\3\4xx")).find("zip"), std::string::npos);
  EXPECT_NE(describe(std::string("\x20\0\0\0\0\0\0\0{}", 10)).find("safetensors"), std::string::npos);
  EXPECT_EQ(describe("hello"), "");
  EXPECT_EQ(describe(""), "");
}

}  // namespace ef
