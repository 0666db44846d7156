#include "io/zip.h"

#include <zlib.h>

#include "io/zip_writer.h"
#include "io_helpers.h"

namespace ef {
namespace {

// A zip archive of one entry by hand, so that every field can be wrong.
struct Maker {
  std::string name = "a", local_name = "a", stored = "hello", extra;
  uint16_t method = 0, flags = 0, disk = 0;
  uint32_t size = 5, stored_size = 5, crc = 0x3610a686, header_offset = 0, local_magic = 0x04034b50,
           entry_magic = 0x02014b50;
  int64_t directory_shift = 0;
  uint16_t entries = 1;
  std::string comment;

  Maker& deflated(const std::string& text, uint32_t claimed) {
    std::string out(text.size() + 100, '\0');
    z_stream z{};
    deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z.avail_in = uInt(text.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = uInt(out.size());
    deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    deflateEnd(&z);
    stored = out;
    stored_size = uint32_t(out.size());
    size = claimed;
    method = 8;
    crc = uint32_t(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
    return *this;
  }
  void fields(std::string& out, const std::string& n) const {
    put(out, uint16_t(20));
    put(out, flags);
    put(out, method);
    put(out, uint32_t(0));
    put(out, crc);
    put(out, stored_size);
    put(out, size);
    put(out, uint16_t(n.size()));
  }
  std::string bytes() const {
    std::string out;
    put(out, local_magic);
    fields(out, local_name);
    put(out, uint16_t(0));
    out += local_name + stored;
    const uint64_t directory = out.size();
    put(out, entry_magic);
    put(out, uint16_t(20));
    fields(out, name);
    put(out, uint16_t(extra.size()));
    out.append(10, '\0');
    put(out, header_offset);
    out += name + extra;
    const uint64_t length = out.size() - directory;
    put(out, uint32_t(0x06054b50));
    put(out, disk);
    put(out, disk);
    put(out, entries);
    put(out, entries);
    put(out, uint32_t(length));
    put(out, uint32_t(int64_t(directory) + directory_shift));
    put(out, uint16_t(comment.size()));
    return out + comment;
  }
  ZipFile open() const { return ZipFile(memory_file(bytes(), "a.zip")); }
  std::string read(bool check_crc = true) const {
    const ZipFile zip = open();
    return as_text(zip.read(zip.entries()[0], check_crc).bytes);
  }
};

}  // namespace

TEST(Zip, ReadsStoredAndDeflated) {
  EXPECT_EQ(Maker().read(), "hello");
  const std::string text(100'000, 'x');
  EXPECT_EQ(Maker().deflated(text, uint32_t(text.size())).read(), text);
  EXPECT_EQ(Maker().deflated("", 0).read(), "");
  Maker commented;
  commented.comment = std::string("PK\5\6 looks like an end record but is none", 41);
  EXPECT_EQ(commented.read(), "hello");
}
TEST(Zip, WriterRoundTripsAlignedToSixtyFourBytes) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z.zip");
  const std::string large(1'000'000, 'z');
  w.add("archive/data.pkl", "abc");
  w.add("empty", "");
  w.add("é", large);
  w.commit();
  const ZipFile zip(MappedFile::open(folder / "z.zip"));
  ASSERT_EQ(zip.entries().size(), 3u);
  for (const ZipEntry& entry : zip.entries()) EXPECT_EQ(entry.offset % 64, 0u);
  EXPECT_EQ(as_text(zip.read(*zip.find("archive/data.pkl"), true).bytes), "abc");
  EXPECT_EQ(as_text(zip.read(*zip.find("é"), true).bytes), large);
  EXPECT_EQ(zip.find("nothing"), nullptr);
  EXPECT_TRUE(ZipFile::looks_like_zip(zip.file()->bytes()));
}
TEST(Zip, ReadsZip64Fields) {
  Maker m;
  m.size = m.stored_size = 0xffffffff;
  put(m.extra, uint16_t(7));  // another kind of field first
  put(m.extra, uint16_t(2));
  put(m.extra, uint16_t(0));
  put(m.extra, uint16_t(1));
  put(m.extra, uint16_t(16));
  put(m.extra, uint64_t(5));
  put(m.extra, uint64_t(5));
  EXPECT_EQ(m.read(), "hello");
}
TEST(Zip, ManyEntriesNeedTheZip64Directory) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z.zip");
  for (int i = 0; i < 70'000; i++) w.add(std::to_string(i), "x");
  w.commit();
  EXPECT_EQ(ZipFile(MappedFile::open(folder / "z.zip")).entries().size(), 70'000u);
}

// One test for each way in which an archive can be bad.
TEST(ZipBad, TooShort) { EXPECT_ERROR(CheckpointError, "cannot hold a zip", ZipFile(memory_file("PK\3\4"))); }
TEST(ZipBad, Truncated) {
  const std::string bytes = Maker().bytes();
  EXPECT_ERROR(CheckpointError, "no zip directory at the end of the file; incomplete download?",
               ZipFile(memory_file(bytes.substr(0, bytes.size() - 1))));
}
TEST(ZipBad, DirectoryOutsideTheFile) {
  Maker m;
  m.directory_shift = 1000;
  EXPECT_ERROR(CheckpointError, "lies outside the file", m.open());
}
TEST(ZipBad, DirectoryElsewhere) {
  Maker m;
  m.directory_shift = -1;
  EXPECT_ERROR(CheckpointError, "no zip directory entry here", m.open());
}
TEST(ZipBad, EntryMagicWrong) {
  Maker m;
  m.entry_magic = 0;
  EXPECT_ERROR(CheckpointError, "no zip directory entry here", m.open());
}
TEST(ZipBad, MoreEntriesThanBytes) {
  Maker m;
  m.entries = 5000;
  EXPECT_ERROR(CheckpointError, "5000 zip entries do not fit", m.open());
}
TEST(ZipBad, SeveralDisks) {
  Maker m;
  m.disk = 1;
  EXPECT_ERROR(UnsupportedError, "several disks", m.open());
}
TEST(ZipBad, LocalHeaderMissing) {
  Maker m;
  m.local_magic = 0;
  EXPECT_ERROR(CheckpointError, "no local header", m.open());
}
TEST(ZipBad, LocalHeaderOutsideTheFile) {
  Maker m;
  m.header_offset = 1 << 20;
  EXPECT_ERROR(CheckpointError, "outside", m.open());
}
TEST(ZipBad, LocalNameDiffers) {
  Maker m;
  m.local_name = "b";
  EXPECT_ERROR(CheckpointError, "another name", m.open());
}
TEST(ZipBad, EntryLongerThanTheFile) {
  Maker m;
  m.size = m.stored_size = 100'000;
  EXPECT_ERROR(CheckpointError, "needs 100000 bytes", m.open());
}
TEST(ZipBad, EntryReachesIntoTheDirectory) {
  Maker m;
  m.size = m.stored_size = 6;
  EXPECT_ERROR(CheckpointError, "reaches into what follows", m.open());
}
TEST(ZipBad, StoredSizesDiffer) {
  Maker m;
  m.size = 6;
  EXPECT_ERROR(CheckpointError, "stored without compression, but 5 bytes are to become 6", m.open());
}
TEST(ZipBad, Encrypted) {
  Maker m;
  m.flags = 1;
  EXPECT_ERROR(UnsupportedError, "encrypted", m.open());
}
TEST(ZipBad, MethodUnknown) {
  Maker m;
  m.method = 14;
  EXPECT_ERROR(UnsupportedError, "compression method 14", m.open());
}
TEST(ZipBad, ChecksumWrong) {
  Maker m;
  m.crc++;
  EXPECT_EQ(m.read(false), "hello");
  EXPECT_ERROR(CheckpointError, "checksum is wrong", m.read(true));
  m.deflated("hello", 5).crc++;
  EXPECT_ERROR(CheckpointError, "checksum is wrong", m.read(false));
}
TEST(ZipBad, UnpacksToMoreThanClaimed) {
  EXPECT_ERROR(CheckpointError, "more than the 4 bytes", Maker().deflated("hello", 4).read());
}
TEST(ZipBad, UnpacksToLessThanClaimed) {
  EXPECT_ERROR(CheckpointError, "unpacks to 5 bytes, needed 1000000", Maker().deflated("hello", 1'000'000).read());
}
TEST(ZipBad, CompressedDataDamaged) {
  Maker m;
  m.deflated("hello", 5).stored[0] = '\x07';  // a block type that does not exist
  EXPECT_ERROR(CheckpointError, "damaged", m.read());
}
TEST(ZipBad, CompressedDataEndsEarly) {
  Maker m;
  m.deflated("hello hello hello", 17);
  m.stored.pop_back();
  m.stored_size--;
  EXPECT_ERROR(CheckpointError, "damaged", m.read());
}
TEST(ZipBad, BombIsRefusedBeforeUnpacking) {
  EXPECT_ERROR(CheckpointError, "decompression bomb", Maker().deflated(std::string(1'000'000, 'x'), 0xfffffffe).open());
}
TEST(ZipBad, EntriesThatShareBytes) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("a", "hello");
  w.add("b", "hello");
  w.commit();
  std::string bytes = slurp(folder / "z");
  const size_t entry = bytes.find("PK\1\2", bytes.find("PK\1\2") + 4);
  bytes.replace(entry + 42, 4, std::string(4, '\0'));  // the second entry points at the first local header
  bytes[entry + 46] = 'a';
  EXPECT_ERROR(CheckpointError, "reaches into what follows", ZipFile(memory_file(bytes)));
}
TEST(ZipBad, NameTwice) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("a", "x");
  w.add("a", "y");
  w.commit();
  EXPECT_ERROR(CheckpointError, "'a' occurs twice", ZipFile(MappedFile::open(folder / "z")));
}
TEST(ZipBad, Zip64FieldTooShort) {
  Maker m;
  m.size = m.stored_size = 0xffffffff;
  put(m.extra, uint16_t(1));
  put(m.extra, uint16_t(4));
  put(m.extra, uint32_t(5));
  EXPECT_ERROR(CheckpointError, "a zip64 size needs 8 bytes", m.open());
}

}  // namespace ef
