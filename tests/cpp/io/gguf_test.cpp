#include "io/gguf.h"

#include "io/gguf_writer.h"
#include "io_helpers.h"

namespace ef {
namespace {

using enum GgufValueType;

// A GGUF file by hand, so that every field can be wrong.
struct Maker {
  std::string metadata, tensors, data;
  uint64_t values = 0, count = 0;
  uint32_t version = 3;

  static std::string text(const std::string& s) {
    std::string out;
    put(out, uint64_t(s.size()));
    return out + s;
  }
  template <class T>
  Maker& value(const std::string& key, GgufValueType type, T v) {
    metadata += text(key);
    put(metadata, uint32_t(type));
    put(metadata, v);
    values++;
    return *this;
  }
  Maker& raw(const std::string& bytes) {
    metadata += bytes;
    return *this;
  }
  Maker& tensor(const std::string& name, std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
    tensors += text(name);
    put(tensors, uint32_t(dims.size()));
    for (uint64_t d : dims) put(tensors, d);
    put(tensors, type);
    put(tensors, offset);
    count++;
    return *this;
  }
  std::string bytes(size_t data_bytes = 256) const {
    std::string out = "GGUF";
    put(out, version);
    put(out, count);
    put(out, values);
    out += metadata + tensors;
    out.resize((out.size() + 31) / 32 * 32, '\0');
    return out + std::string(data_bytes, 'd');
  }
  GgufFile open(size_t data_bytes = 256) const { return GgufFile(memory_file(bytes(data_bytes), "m.gguf")); }
};

void expect_fixture(const GgufFile& f) {
  EXPECT_EQ(f.require<std::string>("general.architecture"), "test");
  EXPECT_EQ(f.require<int64_t>("t.uint8"), 200);
  EXPECT_EQ(f.require<int64_t>("t.int8"), -100);
  EXPECT_EQ(f.require<int64_t>("t.uint16"), 60000);
  EXPECT_EQ(f.require<int64_t>("t.int16"), -30000);
  EXPECT_EQ(f.require<uint64_t>("t.uint32"), 4000000000u);
  EXPECT_EQ(f.require<int64_t>("t.int32"), -2000000000);
  EXPECT_EQ(f.require<uint64_t>("t.uint64"), (uint64_t(1) << 63) + 1);
  EXPECT_EQ(f.require<int64_t>("t.int64"), -(int64_t(1) << 62));
  EXPECT_EQ(f.require<double>("t.float32"), 0.15625);
  EXPECT_EQ(f.require<double>("t.float64"), 1.0 / 3);
  EXPECT_EQ(f.require<double>("t.uint8"), 200.0);
  EXPECT_EQ(f.require<bool>("t.bool"), true);
  EXPECT_EQ(f.require<std::string>("t.string"), "grüße");
  EXPECT_EQ(f.require<std::vector<int64_t>>("t.ints"), (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ(f.require<std::vector<double>>("t.ints"), (std::vector<double>{1, -2, 3}));
  EXPECT_EQ(f.require<std::vector<double>>("t.floats"), (std::vector<double>{0.5, 1.5}));
  EXPECT_EQ(f.require<std::vector<bool>>("t.bools"), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(f.require<std::vector<std::string>>("t.strings"), (std::vector<std::string>{"a", "", "中"}));
  EXPECT_EQ(f.require<std::vector<int64_t>>("t.bytes"), (std::vector<int64_t>{1, 2, 255}));
  const GgufArray* nested = f.find_metadata("t.nested")->array();
  ASSERT_NE(nested, nullptr);
  ASSERT_EQ(nested->arrays.size(), 2u);
  EXPECT_EQ(nested->arrays[0].array()->count, 2u);
  EXPECT_EQ(f.find_metadata("t.strings")->array()->strings(), (std::vector<std::string_view>{"a", "", "中"}));
  EXPECT_TRUE(f.find_metadata("t.ints")->array()->strings().empty());
  EXPECT_EQ(f.at("f32").shape, (Shape{2, 3}));
  EXPECT_EQ(values_of<float>(f.at("f32")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(f.at("f16").shape, (Shape{1, 2, 2}));
  EXPECT_EQ(float(values_of<float16>(f.at("f16"))[3]), 3.0f);
  EXPECT_EQ(values_of<int32_t>(f.at("i32")), (std::vector<int32_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(values_of<int8_t>(f.at("i8")), (std::vector<int8_t>{0, 1, 2}));
}

}  // namespace

TEST(Gguf, ReadsWhatTheRealLibraryWrites) {
  const GgufFile f(data_file("little.gguf"));
  EXPECT_EQ(f.version(), 3u);
  expect_fixture(f);
  const GgufTensor& q = f.at("q8_0");
  EXPECT_TRUE(q.packed());
  EXPECT_EQ(q.shape, (Shape{2, 32}));
  EXPECT_EQ(q.nbytes, 68u);
  EXPECT_EQ(std::to_integer<int>(q.data[2 + 31]), 127);  // the largest of the first block, after its 16-bit scale
}
TEST(Gguf, ReadsBigEndianFiles) {
  const GgufFile f(data_file("big.gguf"));
  EXPECT_TRUE(f.big_endian());
  expect_fixture(f);
}
TEST(Gguf, OpensSplitFilesFromAnyPart) {
  for (const char* part : {"split-00001-of-00003.gguf", "split-00003-of-00003.gguf"})
    expect_fixture(GgufFile(data_file(part)));
}
TEST(Gguf, TypeErrorsNameKeyAndTypes) {
  const GgufFile f(data_file("little.gguf"));
  EXPECT_EQ(f.get<std::string>("missing"), std::nullopt);
  EXPECT_EQ(f.get_or<int64_t>("missing", 3), 3);
  EXPECT_ERROR(ConfigError, "metadata 'missing' is missing", f.require<int64_t>("missing"));
  EXPECT_ERROR(ConfigError, "'t.string' is of type string, needed an integer", f.require<int64_t>("t.string"));
  EXPECT_ERROR(ConfigError, "'t.uint64' is of type uint64, needed an integer", f.require<int64_t>("t.uint64"));
  EXPECT_ERROR(ConfigError, "'t.float32' is of type float32", f.require<int64_t>("t.float32"));
  EXPECT_ERROR(ConfigError, "needed an integer from 0", f.require<uint64_t>("t.int8"));
  EXPECT_ERROR(ConfigError, "'t.ints' is of type array of int32, needed an array of strings",
               f.require<std::vector<std::string>>("t.ints"));
  EXPECT_ERROR(ConfigError, "needed an array of integers", f.require<std::vector<int64_t>>("t.floats"));
  EXPECT_ERROR(ConfigError, "needed an array", f.require<std::vector<int64_t>>("t.nested"));
  EXPECT_ERROR(ConfigError, "needed a bool", f.require<bool>("t.uint8"));
  EXPECT_ERROR(KeyError, "no tensor 'x'", f.at("x"));
}
TEST(Gguf, WriterRoundTripsEveryType) {
  TemporaryFolder folder;
  GgufWriter w(folder / "f.gguf", 64);
  w.set("u8", uint8_t(1));
  w.set("i8", int8_t(-1));
  w.set("u16", uint16_t(1));
  w.set("i16", int16_t(-1));
  w.set("u32", uint32_t(1));
  w.set("i32", int32_t(-1));
  w.set("u64", UINT64_MAX);
  w.set("i64", INT64_MIN);
  w.set("f32", 0.5f);
  w.set("f64", 0.1);
  w.set("b", true);
  w.set("s", "text");
  w.set("as", std::vector<std::string>{"x", "", "yz"});
  w.set("af", std::vector<float>{1, 2.5f});
  w.set("ai", std::vector<int32_t>{-1, 7});
  w.set("ab", std::vector<bool>{true, false});
  w.set("empty", std::vector<std::string>{});
  EXPECT_ERROR(CheckpointError, "'s' is set twice", w.set("s", "again"));
  w.add_tensor("m", GgmlType::F32, {2, 2});
  w.add_tensor("q", GgmlType::Q4_0, {3, 64});
  const std::string m(16, 'm'), q(3 * 36, 'q');
  w.write("q", as_bytes(q));
  EXPECT_ERROR(CheckpointError, "never written", w.commit());
  w.write("m", as_bytes(m));
  w.commit();

  const GgufFile f(folder / "f.gguf");
  EXPECT_EQ(f.alignment(), 64u);
  EXPECT_EQ(f.require<uint64_t>("u64"), UINT64_MAX);
  EXPECT_EQ(f.require<int64_t>("i64"), INT64_MIN);
  for (const char* key : {"i8", "i16", "i32"}) EXPECT_EQ(f.require<int64_t>(key), -1);
  EXPECT_EQ(f.find_metadata("u16")->type, UInt16);
  EXPECT_EQ(f.require<double>("f64"), 0.1);
  EXPECT_EQ(f.require<std::string>("s"), "text");
  EXPECT_EQ(f.require<std::vector<std::string>>("as"), (std::vector<std::string>{"x", "", "yz"}));
  EXPECT_EQ(f.require<std::vector<double>>("af"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(f.require<std::vector<bool>>("ab"), (std::vector<bool>{true, false}));
  EXPECT_TRUE(f.require<std::vector<std::string>>("empty").empty());
  EXPECT_EQ(as_text(f.at("m").bytes()), m);
  EXPECT_EQ(as_text(f.at("q").bytes()), q);
  EXPECT_EQ(f.at("q").shape, (Shape{3, 64}));
  for (const GgufTensor& t : f.tensors()) EXPECT_EQ((t.data - t.owner->data()) % 64, 0);
}
TEST(Gguf, WriterCopiesMetadataOfAnotherFile) {
  TemporaryFolder folder;
  for (const char* source : {"little.gguf", "big.gguf"}) {
    const GgufFile from(data_file(source));
    GgufWriter w(folder / "copy.gguf");
    for (const auto& [key, value] : from.metadata()) w.set(key, value);
    for (const GgufTensor& t : from.tensors()) w.add_tensor(t.name, t.type, t.shape);
    for (const GgufTensor& t : from.tensors()) w.write(t.name, t.bytes());
    w.commit();
    expect_fixture(GgufFile(folder / "copy.gguf"));
    // Same metadata, order and layout: the copy of a little-endian file is the file.
    if (!from.big_endian()) {
      EXPECT_EQ(slurp(folder / "copy.gguf"), slurp(data_file(source)));
    }
  }
}
TEST(Gguf, WriterRefusesWhatCannotBeStored) {
  TemporaryFolder folder;
  EXPECT_ERROR(CheckpointError, "alignment 12", GgufWriter(folder / "f", 12));
  GgufWriter w(folder / "f");
  EXPECT_ERROR(CheckpointError, "cannot be stored as Q4_0 (blocks of 32", w.add_tensor("t", GgmlType::Q4_0, {64, 3}));
  w.add_tensor("t", GgmlType::F32, {1});
  EXPECT_ERROR(CheckpointError, "given twice", w.add_tensor("t", GgmlType::F32, {1}));
  EXPECT_ERROR(CheckpointError, "not announced", w.write("u", {}));
  EXPECT_ERROR(CheckpointError, "was given 1 bytes", w.write("t", as_bytes("x")));
  EXPECT_ERROR(CheckpointError, "after the first tensor", w.set("k", 1));
  EXPECT_ERROR(CheckpointError, "after the first was written", w.add_tensor("v", GgmlType::F32, {1}));
}
TEST(Gguf, AVocabularyWithoutTensorsMayEndUnpadded) {
  Maker m;
  m.value("a", UInt8, uint8_t(1));
  std::string bytes = m.bytes(0);
  bytes.resize(24 + m.metadata.size());
  EXPECT_EQ(GgufFile(memory_file(bytes)).require<int64_t>("a"), 1);
}
TEST(Gguf, TypesKnowTheirSizes) {
  EXPECT_EQ(find_ggml_type(4), nullptr);
  EXPECT_EQ(find_ggml_type("Q6_K")->block_bytes, 210u);
  EXPECT_EQ(ggml_type_of(DType::BFloat16), GgmlType::BF16);
  EXPECT_EQ(ggml_type_of(DType::Bool), std::nullopt);
  EXPECT_ERROR(UnsupportedError, "no tensor type 99", ggml_type_info(GgmlType(99)));
}

// One test for each way in which a file can be bad.
TEST(GgufBad, WrongMagic) {
  EXPECT_ERROR(CheckpointError, "does not begin with 'GGUF'", GgufFile(memory_file("GGML and more")));
}
TEST(GgufBad, TooShort) { EXPECT_ERROR(CheckpointError, "does not begin with 'GGUF'", GgufFile(memory_file("GG"))); }
TEST(GgufBad, AZipInstead) { EXPECT_ERROR(CheckpointError, "zip archive", GgufFile(memory_file("PK\3\4....."))); }
TEST(GgufBad, VersionOne) {
  Maker m;
  m.version = 1;
  EXPECT_ERROR(UnsupportedError, "version 1 is not supported", m.open());
}
TEST(GgufBad, VersionUnknown) {
  Maker m;
  for (const uint32_t version : {0u, 4u, 0x12345678u}) {
    m.version = version;
    EXPECT_ERROR(CheckpointError, "known are 2 and 3", m.open());
  }
}
TEST(GgufBad, HeaderTruncated) {
  EXPECT_ERROR(CheckpointError, "needs 8 bytes", GgufFile(memory_file(Maker().bytes(0).substr(0, 10))));
}
TEST(GgufBad, MoreValuesThanBytes) {
  Maker m;
  m.values = uint64_t(1) << 60;
  EXPECT_ERROR(CheckpointError, "metadata values do not fit", m.open());
}
TEST(GgufBad, MoreTensorsThanBytes) {
  Maker m;
  m.count = uint64_t(1) << 60;
  EXPECT_ERROR(CheckpointError, "tensor descriptions do not fit", m.open());
}
TEST(GgufBad, KeyLongerThanTheFile) {
  Maker m;
  m.values = 1;
  put(m.metadata, UINT64_MAX);
  EXPECT_ERROR(CheckpointError, "a metadata key needs 18446744073709551615 bytes", m.open());
}
TEST(GgufBad, KeyIsNotUtf8) {
  EXPECT_ERROR(CheckpointError, "key is not valid UTF-8", Maker().value("\xff", UInt8, uint8_t(0)).open());
}
TEST(GgufBad, KeyTwice) {
  EXPECT_ERROR(CheckpointError, "'k' occurs twice",
               Maker().value("k", UInt8, uint8_t(0)).value("k", UInt8, uint8_t(0)).open());
}
TEST(GgufBad, ValueTypeUnknown) {
  EXPECT_ERROR(CheckpointError, "metadata type 13 is unknown",
               Maker().value("k", GgufValueType(13), uint8_t(0)).open());
}
TEST(GgufBad, StringLongerThanTheFile) {
  EXPECT_ERROR(CheckpointError, "a metadata string needs", Maker().value("k", String, uint64_t(1) << 40).open());
}
TEST(GgufBad, NumberArrayLongerThanTheFile) {
  Maker m;
  m.value("k", Array, uint32_t(UInt64));
  put(m.metadata, uint64_t(1) << 61);  // times 8 wraps around to 0
  EXPECT_ERROR(CheckpointError, "array elements do not fit", m.open());
}
TEST(GgufBad, StringArrayLongerThanTheFile) {
  Maker m;
  m.value("k", Array, uint32_t(String));
  put(m.metadata, uint64_t(1) << 50);
  EXPECT_ERROR(CheckpointError, "strings do not fit", m.open());
}
TEST(GgufBad, StringOfAnArrayLongerThanTheFile) {  // found at once, though the list is read when it is asked for
  Maker m;
  m.value("k", Array, uint32_t(String));
  put(m.metadata, uint64_t(1));
  put(m.metadata, uint64_t(1) << 40);
  EXPECT_ERROR(CheckpointError, "a string of an array needs", m.open());
}
TEST(GgufBad, ArrayOfUnknownType) {
  EXPECT_ERROR(CheckpointError, "type 77 is unknown", Maker().value("k", Array, uint32_t(77)).open());
}
TEST(GgufBad, ArraysNestedTooDeep) {
  Maker m;
  m.value("k", Array, uint32_t(Array));
  for (int i = 0; i < 10; i++) {
    put(m.metadata, uint64_t(1));
    put(m.metadata, uint32_t(Array));
  }
  put(m.metadata, uint64_t(0));
  EXPECT_ERROR(CheckpointError, "nested deeper than 4", m.open());
}
TEST(GgufBad, AlignmentIsNoPowerOfTwo) {
  for (const uint32_t alignment : {0u, 24u, 0x80000000u})
    EXPECT_ERROR(CheckpointError, "needed a power of two",
                 Maker().value("general.alignment", UInt32, alignment).open());
}
TEST(GgufBad, AlignmentIsAString) {
  Maker m;
  m.value("general.alignment", String, uint64_t(0));
  EXPECT_ERROR(ConfigError, "general.alignment", m.open());
}
TEST(GgufBad, TensorTypeUnknown) {
  EXPECT_ERROR(UnsupportedError, "tensor 't': tensor type 4 is not known", Maker().tensor("t", {32}, 4, 0).open());
}
TEST(GgufBad, TensorNameIsNotUtf8) {
  EXPECT_ERROR(CheckpointError, "tensor name is not valid UTF-8", Maker().tensor("\xc0", {32}, 0, 0).open());
}
TEST(GgufBad, TensorTwice) {
  EXPECT_ERROR(CheckpointError, "'t' occurs twice", Maker().tensor("t", {8}, 0, 0).tensor("t", {8}, 0, 32).open());
}
TEST(GgufBad, TooManyDimensions) {
  EXPECT_ERROR(CheckpointError, "9 dimensions", Maker().tensor("t", {1, 1, 1, 1, 1, 1, 1, 1, 1}, 0, 0).open());
}
TEST(GgufBad, ExtentTooLarge) {
  EXPECT_ERROR(CheckpointError, "too large", Maker().tensor("t", {UINT64_MAX}, 0, 0).open());
}
TEST(GgufBad, ShapeOverflows) {
  EXPECT_ERROR(CheckpointError, "larger than any memory",
               Maker().tensor("t", {uint64_t(1) << 40, uint64_t(1) << 40}, 0, 0).open());
}
TEST(GgufBad, BytesOverflow) {
  EXPECT_ERROR(CheckpointError, "larger than any memory", Maker().tensor("t", {uint64_t(1) << 62}, 0, 0).open());
}
TEST(GgufBad, RowsAreNotWholeBlocks) {
  EXPECT_ERROR(CheckpointError, "rows of 48 are not whole blocks of 32 (Q4_0)",
               Maker().tensor("t", {48, 2}, 2, 0).open());
}
TEST(GgufBad, OffsetUnaligned) {
  EXPECT_ERROR(CheckpointError, "no multiple of the alignment 32", Maker().tensor("t", {4}, 0, 16).open());
}
TEST(GgufBad, OffsetBehindTheFile) {
  EXPECT_ERROR(CheckpointError, "incomplete download?", Maker().tensor("t", {4}, 0, 1 << 20).open());
}
TEST(GgufBad, OffsetWrapsAround) {
  EXPECT_ERROR(CheckpointError, "incomplete download?", Maker().tensor("t", {16}, 0, UINT64_MAX - 31).open());
}
TEST(GgufBad, DataTruncated) {
  EXPECT_ERROR(
      CheckpointError,
      "tensor 't' (F32 [64]) begins at byte 0 of the data and takes 256, the file has 255; incomplete download?",
      Maker().tensor("t", {64}, 0, 0).open(255));
}
TEST(GgufBad, NoDataAtAll) {
  EXPECT_ERROR(CheckpointError, "incomplete download?", Maker().tensor("t", {64}, 0, 0).open(0));
}
TEST(GgufBad, TensorsOverlap) {
  EXPECT_ERROR(CheckpointError, "'a' and 'b' overlap", Maker().tensor("a", {16}, 0, 0).tensor("b", {16}, 0, 32).open());
}
TEST(GgufBad, TensorsShareBytes) {
  EXPECT_ERROR(CheckpointError, "overlap", Maker().tensor("a", {16}, 0, 0).tensor("b", {16}, 0, 0).open());
}
TEST(GgufBad, BigEndianBlocks) {
  std::string big = slurp(data_file("big.gguf"));
  const size_t name = big.find("i8", big.find("i32") + 3);  // the description of tensor i8: name, 1, extent 3, type 24
  ASSERT_NE(name, std::string::npos);
  big.replace(name + 2 + 4, 8, std::string("\0\0\0\0\0\0\0\x20", 8));
  big.replace(name + 2 + 12, 4, std::string("\0\0\0\x08", 4));  // 32 elements of Q8_0
  big.resize(big.size() + 64);
  EXPECT_ERROR(UnsupportedError, "big-endian Q8_0 blocks", GgufFile(memory_file(big)));
}
TEST(GgufBad, SplitPartMissing) {
  TemporaryFolder folder;
  spill(folder / "split-00001-of-00003.gguf", slurp(data_file("split-00001-of-00003.gguf")));
  EXPECT_ERROR(CheckpointError, "split-00002-of-00003.gguf: cannot be opened: no such file",
               GgufFile(folder / "split-00001-of-00003.gguf"));
}
TEST(GgufBad, SplitPartUnderAnotherName) {
  TemporaryFolder folder;
  spill(folder / "model.gguf", slurp(data_file("split-00001-of-00003.gguf")));
  EXPECT_ERROR(CheckpointError, "must be named …-00001-of-00003.gguf", GgufFile(folder / "model.gguf"));
}
TEST(GgufBad, SplitPartOfAnotherModel) {
  TemporaryFolder folder;
  for (const char* part : {"split-00001-of-00003.gguf", "split-00002-of-00003.gguf"})
    spill(folder / part, slurp(data_file("split-00001-of-00003.gguf")));
  EXPECT_ERROR(CheckpointError, "is not part 2 of 3", GgufFile(folder / "split-00001-of-00003.gguf"));
}
TEST(GgufBad, SplitNumberOutOfRange) {
  TemporaryFolder folder;
  spill(folder / "f-00001-of-00002.gguf",
        Maker().value("split.count", UInt16, uint16_t(2)).value("split.no", UInt16, uint16_t(5)).bytes());
  EXPECT_ERROR(CheckpointError, "part 5 of 2", GgufFile(folder / "f-00001-of-00002.gguf"));
}

}  // namespace ef
