#include "io/safetensors.h"

#include "io_helpers.h"

namespace ef {
namespace {

std::string with_header(const std::string& header, size_t data_bytes) {
  std::string out;
  put(out, uint64_t(header.size()));
  for (size_t i = 0; i < data_bytes; i++) out += i ? char('a' + i % 26) : 'a';
  return out.insert(8, header);
}
SafetensorsFile open(const std::string& header, size_t data_bytes = 8) {
  return SafetensorsFile(memory_file(with_header(header, data_bytes), "m.safetensors"));
}
constexpr const char* kGood = R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

}  // namespace

TEST(Safetensors, ReadsNamesInFileOrderWithShapesAndMetadata) {
  const SafetensorsFile f = open(
      R"({"a":{"dtype":"U8","shape":[2,1],"data_offsets":[6,8]},"__metadata__":{"format":"pt","k":"v"},)"
      R"("b":{"dtype":"F16","shape":[],"data_offsets":[4,6]},"c":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},)"
      R"("none":{"dtype":"F64","shape":[0,3],"data_offsets":[4,4]}}   )");
  std::vector<std::string> names;
  for (const TensorInfo& info : f.tensors()) names.push_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{"c", "none", "b", "a"}));
  EXPECT_EQ(f.metadata(), (SafetensorsMetadata{{"format", "pt"}, {"k", "v"}}));
  EXPECT_EQ(f.at("a").shape, (Shape{2, 1}));
  EXPECT_EQ(as_text(f.at("a").bytes()), "gh");
  EXPECT_EQ(f.at("b").shape, Shape{});
  EXPECT_EQ(f.at("none").nbytes, 0u);
  EXPECT_EQ(f.find("d"), nullptr);
  EXPECT_ERROR(KeyError, "m.safetensors: has no tensor 'd'", f.at("d"));
}
TEST(Safetensors, AnEmptyHeaderIsAFileWithoutTensors) { EXPECT_TRUE(open("{}", 0).tensors().empty()); }
TEST(Safetensors, TensorsOutliveTheReader) {
  TensorInfo info = open(kGood).at("x");
  EXPECT_EQ(as_text(info.bytes()), "abcdefgh");
}
TEST(Safetensors, ReadsEveryDtypeThatTheRealLibraryWrites) {
  const SafetensorsFile f(data_file("dtypes.safetensors"));
  EXPECT_EQ(f.tensors().size(), size_t(kDTypeCount) + 3);
  EXPECT_EQ(values_of<float>(f.at("float32")), (std::vector<float>{1, 2, 4}));
  EXPECT_EQ(values_of<double>(f.at("float64")), (std::vector<double>{1, 2, 4}));
  EXPECT_EQ(values_of<int64_t>(f.at("int64")), (std::vector<int64_t>{1, 2, 4}));
  EXPECT_EQ(values_of<uint16_t>(f.at("uint16")), (std::vector<uint16_t>{1, 2, 4}));
  EXPECT_EQ(values_of<uint8_t>(f.at("bool")), (std::vector<uint8_t>{1, 1, 1}));
  EXPECT_EQ(values_of<uint8_t>(f.at("float8_e4m3fn")), (std::vector<uint8_t>{0x38, 0x40, 0x48}));
  EXPECT_EQ(values_of<uint8_t>(f.at("float8_e5m2")), (std::vector<uint8_t>{0x3c, 0x40, 0x44}));
  EXPECT_EQ(values_of<uint8_t>(f.at("float8_e8m0fnu")), (std::vector<uint8_t>{127, 128, 129}));
  EXPECT_EQ(float(values_of<bfloat16>(f.at("bfloat16"))[2]), 4.0f);
  EXPECT_EQ(f.at("complex64").dtype, DType::Complex64);
  EXPECT_EQ(f.at("é\"\n").shape, (Shape{0, 2}));
}
TEST(Safetensors, WritesTheBytesOfTheRealLibrary) {
  TemporaryFolder folder;
  const SafetensorsFile real(data_file("dtypes.safetensors"));
  std::vector<TensorInfo> shuffled(real.tensors().rbegin(), real.tensors().rend());
  write_safetensors(folder / "f", shuffled, real.metadata());
  EXPECT_EQ(slurp(folder / "f"), slurp(data_file("dtypes.safetensors")));
}
TEST(Safetensors, WriterTakesTensorsInAnyOrderAndAllOfThem) {
  TemporaryFolder folder;
  const SafetensorsFile source = open(
      R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})",
      5);
  {
    SafetensorsWriter w(folder / "f", source.tensors());
    w.write("b", source.at("b").bytes());
    EXPECT_ERROR(CheckpointError, "'b' is written twice", w.write("b", source.at("b").bytes()));
    EXPECT_ERROR(CheckpointError, "'c' was not announced", w.write("c", {}));
    EXPECT_ERROR(CheckpointError, "'a' was given 3 bytes, announced were 2", w.write("a", source.at("b").bytes()));
    EXPECT_ERROR(CheckpointError, "'a' was announced and never written", w.commit());
    w.write("a", source.at("a").bytes());
    w.commit();
  }
  EXPECT_EQ(as_text(SafetensorsFile(folder / "f").at("b").bytes()), "cde");
  { SafetensorsWriter w(folder / "g", source.tensors()); }
  EXPECT_FALSE(std::filesystem::exists(folder / "g"));
  EXPECT_EQ(folder.file_count(), 1u);
}
TEST(Safetensors, WriterRefusesWhatCannotBeStored) {
  TemporaryFolder folder;
  TensorInfo info = open(kGood).at("x");
  EXPECT_ERROR(CheckpointError, "given twice", write_safetensors(folder / "f", {info, info}));
  info.strides = {2};
  EXPECT_ERROR(CheckpointError, "not contiguous", write_safetensors(folder / "f", {info}));
  info.strides = {1};
  info.name = "__metadata__";
  EXPECT_ERROR(CheckpointError, "cannot be named", write_safetensors(folder / "f", {info}));
  info.name = "\xff";
  EXPECT_ERROR(CheckpointError, "not valid UTF-8", write_safetensors(folder / "f", {info}));
  EXPECT_EQ(folder.file_count(), 0u);
}

// One test for each way in which a file can be bad.
TEST(SafetensorsBad, ShorterThanTheLength) {
  EXPECT_ERROR(CheckpointError, "the header length needs 8 bytes", SafetensorsFile(memory_file("abc")));
}
TEST(SafetensorsBad, HeaderLongerThanTheFile) {
  std::string bytes = with_header(kGood, 8);
  EXPECT_ERROR(CheckpointError, "the header claims 54 bytes, the file has 20",
               SafetensorsFile(memory_file(bytes.substr(0, 28))));
}
TEST(SafetensorsBad, HeaderBeyondTheLimit) {
  std::string bytes;
  put(bytes, uint64_t(1) << 60);
  EXPECT_ERROR(CheckpointError, "the limit is 100000000", SafetensorsFile(memory_file(bytes + "{}")));
}
TEST(SafetensorsBad, GitLfsPointer) {
  EXPECT_ERROR(CheckpointError, "git lfs pull",
               SafetensorsFile(memory_file("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")));
}
TEST(SafetensorsBad, HeaderDoesNotBeginWithABrace) {
  EXPECT_ERROR(CheckpointError, "does not begin with '{'", open(" {}", 0));
}
TEST(SafetensorsBad, HeaderIsNotJson) { EXPECT_ERROR(CheckpointError, "not valid JSON", open("{abc", 0)); }
TEST(SafetensorsBad, HeaderIsNotUtf8) { EXPECT_ERROR(CheckpointError, "not valid JSON", open("{\"\xff\":1}", 0)); }
TEST(SafetensorsBad, HeaderContinuesBehindANul) {
  EXPECT_ERROR(CheckpointError, "NUL character at byte 3", open(std::string("{}\0\0", 4), 0));
}
TEST(SafetensorsBad, HeaderNestedTooDeep) {
  EXPECT_ERROR(CheckpointError, "nested deeper", open("{\"a\":[[[[[[[[[", 0));
}
TEST(SafetensorsBad, DuplicateName) {
  EXPECT_ERROR(
      CheckpointError, "'x' occurs twice",
      open(
          R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"x":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})"));
}
TEST(SafetensorsBad, EntryIsNotAnObject) {
  EXPECT_ERROR(CheckpointError, "tensor 'x': the header has a list", open(R"({"x":[]})", 0));
}
TEST(SafetensorsBad, DtypeMissing) {
  EXPECT_ERROR(CheckpointError, "'dtype' is missing", open(R"({"x":{"shape":[2],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, ShapeMissing) {
  EXPECT_ERROR(CheckpointError, "'shape' is missing", open(R"({"x":{"dtype":"F32","data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, OffsetsMissing) {
  EXPECT_ERROR(CheckpointError, "'data_offsets' is missing", open(R"({"x":{"dtype":"F32","shape":[2]}})"));
}
TEST(SafetensorsBad, DtypeIsANumber) {
  EXPECT_ERROR(CheckpointError, "dtype is an integer", open(R"({"x":{"dtype":3,"shape":[2],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, UnknownDtype) {
  EXPECT_ERROR(CheckpointError, "unknown dtype 'F33'",
               open(R"({"x":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, DtypesOfLessThanAByteAreRefusedByName) {
  for (const char* name : {"F4", "F6_E2M3", "F6_E3M2"})
    EXPECT_ERROR(UnsupportedError, name,
                 open(str(R"({"x":{"dtype":")", name, R"(","shape":[2],"data_offsets":[0,8]}})")));
}
TEST(SafetensorsBad, ShapeIsNotAList) {
  EXPECT_ERROR(CheckpointError, "shape is an integer", open(R"({"x":{"dtype":"F32","shape":2,"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, NegativeExtent) {
  EXPECT_ERROR(CheckpointError, "needed whole numbers",
               open(R"({"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, FractionalExtent) {
  EXPECT_ERROR(CheckpointError, "needed whole numbers",
               open(R"({"x":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, ExtentBeyondSigned) {
  EXPECT_ERROR(CheckpointError, "too large",
               open(R"({"x":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, ShapeOverflows) {
  EXPECT_ERROR(CheckpointError, "larger than any memory",
               open(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, ShapeOverflowsBesideAZero) {  // no elements, but strides that nobody can compute
  EXPECT_ERROR(CheckpointError, "larger than any memory",
               open(R"({"x":{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}})", 0));
}
TEST(SafetensorsBad, BytesOverflow) {  // 2^62 elements of 4 bytes wrap around to 0
  EXPECT_ERROR(CheckpointError, "larger than any memory",
               open(R"({"x":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", 0));
}
TEST(SafetensorsBad, TooManyDimensions) {
  EXPECT_ERROR(CheckpointError, "9 dimensions",
               open(R"({"x":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, OffsetsAreNotTwo) {
  EXPECT_ERROR(CheckpointError, "list of two", open(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[0]}})"));
}
TEST(SafetensorsBad, OffsetsReversed) {
  EXPECT_ERROR(CheckpointError, "before it begins", open(R"({"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"));
}
TEST(SafetensorsBad, DataTruncated) {
  EXPECT_ERROR(CheckpointError,
               "m.safetensors: tensor 'x': ends at byte 8 of the data, the file has 5; incomplete download?",
               open(kGood, 5));
}
TEST(SafetensorsBad, SizeDoesNotFitTheShape) {
  EXPECT_ERROR(CheckpointError, "F32 of shape [3] is 12 bytes, the header gives it 8",
               open(R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, TensorsOverlap) {
  EXPECT_ERROR(
      CheckpointError, "inside the tensor before it",
      open(
          R"({"x":{"dtype":"U8","shape":[6],"data_offsets":[0,6]},"y":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})"));
}
TEST(SafetensorsBad, TensorsShareBytes) {
  EXPECT_ERROR(
      CheckpointError, "inside the tensor before it",
      open(
          R"({"x":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"y":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})"));
}
TEST(SafetensorsBad, GapBetweenTensors) {
  EXPECT_ERROR(
      CheckpointError, "no gaps",
      open(
          R"({"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"y":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})"));
}
TEST(SafetensorsBad, GapBeforeTheFirst) {
  EXPECT_ERROR(CheckpointError, "no gaps", open(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}})"));
}
TEST(SafetensorsBad, BytesAfterTheLast) {
  EXPECT_ERROR(CheckpointError, "2 bytes follow the last tensor", open(kGood, 10));
}
TEST(SafetensorsBad, MetadataIsNotAnObject) {
  EXPECT_ERROR(CheckpointError, "__metadata__ is a list", open(R"({"__metadata__":[]})", 0));
}
TEST(SafetensorsBad, MetadataValueIsNotAString) {
  EXPECT_ERROR(CheckpointError, "'n' is an integer", open(R"({"__metadata__":{"n":1}})", 0));
}

}  // namespace ef
