#include "io/torch_archive.h"

#include <array>
#include <map>

#include "io_helpers.h"

namespace ef {
namespace {

std::map<std::string, TensorInfo> by_name(const std::vector<TensorInfo>& tensors) {
  std::map<std::string, TensorInfo> out;
  for (const TensorInfo& info : tensors) out[info.name] = info;
  return out;
}
using Complex = std::array<float, 2>;
int64_t as_int(const PickleValue* v) { return std::get<int64_t>(v->data); }

// What tests/data/io/make_fixtures.py: state_dict() holds.
void expect_state(const TorchArchive& archive) {
  auto t = by_name(archive.tensors());
  EXPECT_EQ(t.size(), 12u);  // "plain" is no tensor
  EXPECT_EQ(t["matrix"].shape, (Shape{2, 3}));
  EXPECT_EQ(values_of<float>(t["matrix"]), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(t["matrix"].contiguous());
  EXPECT_EQ(t["transposed"].shape, (Shape{6, 4}));
  EXPECT_EQ(t["transposed"].strides, (Strides{1, 6}));
  EXPECT_EQ(values_of<float>(t["transposed"])[1], 6.0f);
  EXPECT_EQ(values_of<float>(t["slice"]), (std::vector<float>{3, 7, 11, 15, 19}));
  EXPECT_EQ(t["slice"].data, t["matrix"].data + 12);  // one storage
  EXPECT_EQ(t["slice"].nbytes, 17u * 4);
  EXPECT_EQ(values_of<float>(t["parameter"]), (std::vector<float>{1.5f, -2.5f}));
  EXPECT_EQ(t["scalar"].shape, Shape{});
  EXPECT_EQ(values_of<int32_t>(t["scalar"]), (std::vector<int32_t>{7}));
  EXPECT_EQ(t["empty"].shape, (Shape{0, 4}));
  EXPECT_EQ(t["empty"].nbytes, 0u);
  EXPECT_EQ(t["broadcast"].strides, (Strides{0, 0}));
  EXPECT_EQ(values_of<float>(t["broadcast"]), std::vector<float>(10, 3.0f));
  EXPECT_EQ(t["tied"].data, t["tied too"].data);
  EXPECT_EQ(values_of<int64_t>(t["tied too"]), (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(t["bf16"].dtype, DType::BFloat16);
  EXPECT_EQ(float(values_of<bfloat16>(t["bf16"])[1]), 0.5f);
  EXPECT_EQ(t["float8"].dtype, DType::Float8E4M3);
  EXPECT_EQ(values_of<uint8_t>(t["float8"]), (std::vector<uint8_t>{0x38, 0x40}));
  EXPECT_EQ(t["é中"].dtype, DType::Bool);

  const PickleValue* plain = archive.root().find("plain");
  ASSERT_NE(plain, nullptr);
  EXPECT_TRUE(plain->find("none")->is(PickleKind::None));
  EXPECT_EQ(std::get<bool>(plain->find("yes")->data), true);
  EXPECT_EQ(std::get<bool>(plain->find("no")->data), false);
  EXPECT_EQ(as_int(plain->find("int")), -3);
  EXPECT_EQ(as_int(plain->find("long")), int64_t(1) << 40);
  EXPECT_EQ(plain->find("big")->text(), std::string("\0\0\0\0\0\0\0\0\xc0", 9));  // -2^70
  EXPECT_EQ(std::get<double>(plain->find("float")->data), 0.25);
  EXPECT_EQ(plain->find("text")->text(), "ünïcode");
  EXPECT_TRUE(plain->find("bytes")->is(PickleKind::Bytes));
  EXPECT_EQ(plain->find("bytes")->text(), std::string("\0\xff"
                                                      "A",
                                                      3));
  EXPECT_EQ(plain->find("no bytes")->text(), "");
  EXPECT_EQ(plain->find("list")->items()[1]->items()[1]->items().size(), 0u);
  EXPECT_EQ(plain->find("tuple")->items().size(), 4u);
  EXPECT_TRUE(plain->find("set")->is(PickleKind::Set));
  EXPECT_EQ(as_int(plain->find("set")->items()[0]), 8);
  EXPECT_EQ(as_int(plain->find("ordered")->find("a")), 1);
  EXPECT_EQ(as_int(plain->find("size")->items()[1]), 3);
  EXPECT_EQ(std::get<DType>(plain->find("dtype")->data), DType::Float16);
  EXPECT_EQ(plain->find("absent"), nullptr);
}

// A zip of torch.save around a pickle written by hand, with one storage of four floats.
TorchArchive open_pickle(const std::string& pickle) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("archive/data.pkl", pickle);
  w.add("archive/data/0", std::string(16, 'f'));
  w.commit();
  return TorchArchive(memory_file(slurp(folder / "z"), "m.bin"));
}
std::string proto(const std::string& body) { return std::string("\x80\x02", 2) + body; }
std::string text(const std::string& s) { return "\x8c" + std::string(1, char(s.size())) + s; }
std::string small(int n) { return std::string("K") + char(n); }
std::string storage(int count, const std::string& type = "ctorch\nFloatStorage\n", const std::string& key = "0") {
  return "(" + text("storage") + type + text(key) + text("cpu") + small(count) + "tQ";
}
// {"x": tensor}, with the numbers written as opcodes.
std::string tensor(const std::string& store, const std::string& offset, const std::string& size,
                   const std::string& stride) {
  return proto("}" + text("x") + "ctorch._utils\n_rebuild_tensor_v2\n(" + store + offset + "(" + size + "t(" + stride +
               "t\x89" + "ccollections\nOrderedDict\n)RtRs.");
}
#define EXPECT_REFUSED(message, pickle) EXPECT_ERROR(CheckpointError, message, open_pickle(pickle))

}  // namespace

TEST(TorchArchive, ReadsTheZipLayout) { expect_state(TorchArchive(data_file("state.zip.bin"))); }
TEST(TorchArchive, ReadsTheOldLayout) {
  const TorchArchive archive(data_file("state.legacy.bin"));
  EXPECT_TRUE(archive.legacy());
  expect_state(archive);
}
TEST(TorchArchive, ReadsTheOldLayoutOfProtocolThree) {
  std::string bytes = slurp(data_file("state.legacy.bin"));
  bytes[1] = 3;
  expect_state(TorchArchive(memory_file(bytes, "m.bin")));
  bytes[1] = 4;
  EXPECT_ERROR(CheckpointError, "was not written by torch.save", TorchArchive(memory_file(bytes, "m.bin")));
}
TEST(TorchArchive, TensorsThatAreNotDenseAreNamed) {
  const TorchArchive archive = open_pickle(proto("}" + text("x") + "ctorch._utils\n_rebuild_sparse_tensor\n)Rs."));
  EXPECT_TRUE(archive.tensors().empty());
  EXPECT_EQ(archive.root().find("x")->text(), "sparse tensor");
  EXPECT_REFUSED("calls 'sparse tensor'", proto("ctorch._utils\n_rebuild_sparse_tensor\n)R)R."));
}
TEST(TorchArchive, ReadsProtocolFour) { expect_state(TorchArchive(data_file("state.protocol4.bin"))); }
TEST(TorchArchive, ReadsCompressedArchives) { expect_state(TorchArchive(data_file("state.deflated.bin"))); }
TEST(TorchArchive, ReadsWithoutMapping) { expect_state(TorchArchive(data_file("state.zip.bin"), true)); }
TEST(TorchArchive, ReadsBigEndianArchives) {
  auto t = by_name(TorchArchive(data_file("big_endian.bin")).tensors());
  EXPECT_EQ(values_of<float>(t["f"]), (std::vector<float>{1, 2, 4}));
  EXPECT_EQ(values_of<int64_t>(t["i"]), (std::vector<int64_t>{1, 2}));
  const std::array<float, 2> one_plus_two_i{1, 2};
  EXPECT_TRUE(values_of<Complex>(t["c"])[0] == one_plus_two_i);
}
TEST(TorchArchive, DropsTheAttributesOfAStateDict) {
  auto t = by_name(TorchArchive(data_file("linear.bin")).tensors());
  EXPECT_EQ(t.size(), 2u);
  EXPECT_EQ(t["weight"].shape, (Shape{2, 3}));
}
TEST(TorchArchive, TensorsOutliveTheArchive) {
  const auto t = by_name(TorchArchive(data_file("state.deflated.bin")).tensors());
  EXPECT_EQ(values_of<float>(t.at("slice"))[4], 19.0f);
}
TEST(TorchArchive, ReadsEveryDtype) {
  auto t = by_name(TorchArchive(data_file("dtypes.bin")).tensors());
  EXPECT_EQ(t.size(), size_t(kDTypeCount));
  EXPECT_EQ(values_of<uint64_t>(t["uint64"]), (std::vector<uint64_t>{1, 2, 4}));
  EXPECT_EQ(values_of<int16_t>(t["int16"]), (std::vector<int16_t>{1, 2, 4}));
  EXPECT_EQ(values_of<uint8_t>(t["float8_e8m0fnu"]), (std::vector<uint8_t>{127, 128, 129}));
}
TEST(TorchArchive, WriterRoundTripsEveryDtype) {
  TemporaryFolder folder;
  const auto before = TorchArchive(data_file("dtypes.bin")).tensors();
  write_torch(folder / "f", before);
  auto after = by_name(TorchArchive(folder / "f").tensors());
  for (const TensorInfo& info : before) {
    EXPECT_EQ(after[info.name].dtype, info.dtype);
    EXPECT_EQ(after[info.name].shape, info.shape);
    EXPECT_EQ(as_text(after[info.name].bytes()), as_text(info.bytes()));
  }
}
TEST(TorchArchive, WriterChecksItsInput) {
  TemporaryFolder folder;
  auto tensors = TorchArchive(data_file("linear.bin")).tensors();
  {
    TorchWriter w(folder / "f", tensors);
    EXPECT_ERROR(CheckpointError, "not announced", w.write("x", {}));
    EXPECT_ERROR(CheckpointError, "was given 1 bytes", w.write("bias", as_bytes("x")));
    EXPECT_ERROR(CheckpointError, "never written", w.commit());
  }
  EXPECT_EQ(folder.file_count(), 0u);
  tensors.push_back(tensors[0]);
  EXPECT_ERROR(CheckpointError, "given twice", write_torch(folder / "f", tensors));
  EXPECT_ERROR(CheckpointError, "not contiguous",
               write_torch(folder / "f", {by_name(TorchArchive(data_file("state.zip.bin")).tensors())["slice"]}));
}
TEST(TorchArchive, HandWrittenPickleWorks) {  // so that the bad ones below are bad for one reason each
  const auto t = open_pickle(tensor(storage(4), small(1), small(3), small(1))).tensors();
  ASSERT_EQ(t.size(), 1u);
  EXPECT_EQ(t[0].shape, Shape{3});
  EXPECT_EQ(as_text(t[0].bytes()), std::string(12, 'f'));
}
TEST(TorchArchive, ViewsOfStoragesInOldFiles) {
  const std::string view = "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + small(4) + "(" +
                           text("v") + small(2) + small(2) + "ttQ";
  const TorchArchive archive = open_pickle(tensor(view, small(1), small(1), small(1)));
  const TensorInfo whole = open_pickle(tensor(storage(4), small(0), small(4), small(1))).tensors()[0];
  const uint64_t begin = uint64_t(whole.data - whole.owner->data()),
                 view_begin = uint64_t(archive.tensors()[0].data - archive.file()->data());
  EXPECT_EQ(view_begin % 64, (begin + 12) % 64);  // 2 of the view and 1 of the tensor; entries are aligned to 64
  EXPECT_EQ(archive.tensors()[0].nbytes, 4u);
}
TEST(TorchArchive, BareStoragesAreFlatTensors) {
  const TorchArchive archive = open_pickle(proto(storage(4) + "."));
  EXPECT_TRUE(archive.root().is(PickleKind::Storage));
  EXPECT_EQ(archive.root().tensor().shape, Shape{4});
}

// Pickles that want to run code.
TEST(PickleBad, OsSystem) {
  EXPECT_REFUSED("asks for 'posix.system'", proto("cposix\nsystem\n" + text("true") + "\x85R."));
}
TEST(PickleBad, BuiltinsEval) {
  EXPECT_REFUSED("asks for 'builtins.eval'", proto("cbuiltins\neval\n" + text("1") + "\x85R."));
}
TEST(PickleBad, Getattr) { EXPECT_REFUSED("asks for '__builtin__.getattr'", proto("c__builtin__\ngetattr\n.")); }
TEST(PickleBad, StackGlobal) {
  EXPECT_REFUSED("asks for 'os.system'", std::string("\x80\x04", 2) + text("os") + text("system") + "\x93.");
}
TEST(PickleBad, AnInnerNameOfAnAllowedModule) {
  EXPECT_REFUSED("asks for 'torch.hub.load'", proto("ctorch\nhub.load\n."));
}
TEST(PickleBad, ANameWithControlCharacters) {
  EXPECT_REFUSED("asks for 'o?s.?x'", proto(std::string("co\0s\n\x1bx\n.", 9)));
}
TEST(PickleBad, CallOfAString) { EXPECT_REFUSED("a call of a str", proto(text("x") + ")R.")); }
TEST(PickleBad, CallOfAStorageType) {
  EXPECT_REFUSED("calls 'torch.FloatStorage'", proto("ctorch\nFloatStorage\n)R."));
}
TEST(PickleBad, ArgumentsAreNotATuple) { EXPECT_REFUSED("needed a tuple", proto("ctorch\nSize\n]R.")); }
TEST(PickleBad, NewObject) {
  EXPECT_REFUSED("makes an object of collections.OrderedDict", proto("ccollections\nOrderedDict\n)\x81."));
}
TEST(PickleBad, BuildOnAList) { EXPECT_REFUSED("sets the state of a list", proto("]}b.")); }
TEST(PickleBad, BuildWithATuple) { EXPECT_REFUSED("sets the state of a dict", proto("})b.")); }
TEST(PickleBad, BuildOnATensor) {
  std::string p = tensor(storage(4), small(0), small(4), small(1));
  p.insert(p.size() - 2, "}b");
  EXPECT_REFUSED("sets the state of a tensor", p);
}
TEST(PickleBad, ExtensionRegistry) { EXPECT_REFUSED("opcode 130", proto("\x82\x01.")); }
TEST(PickleBad, InstanceOpcode) { EXPECT_REFUSED("opcode 105", proto("(ios\nsystem\n.")); }
TEST(PickleBad, CodecsOfAnotherKind) {
  EXPECT_REFUSED("_codecs.encode is called with unusual arguments",
                 proto("c_codecs\nencode\n" + text("x") + text("zip") + "\x86R."));
}

// Broken machines.
TEST(PickleBad, Empty) { EXPECT_REFUSED("a pickle needs 1 bytes", ""); }
TEST(PickleBad, TextProtocol) { EXPECT_REFUSED("protocol 2 or later", "(lp0\n."); }
TEST(PickleBad, ProtocolUnknown) { EXPECT_REFUSED("protocol 9", std::string("\x80\x09N.", 4)); }
TEST(PickleBad, NoEnd) { EXPECT_REFUSED("the pickle has no end", proto("N")); }
TEST(PickleBad, NothingOnTheStack) { EXPECT_REFUSED("ends with 0 values", proto(".")); }
TEST(PickleBad, TooMuchOnTheStack) { EXPECT_REFUSED("ends with 2 values", proto("NN.")); }
TEST(PickleBad, OpenMark) { EXPECT_REFUSED("ends with", proto("N(.")); }
TEST(PickleBad, StackUnderflow) { EXPECT_REFUSED("not on the stack", proto("\x86.")); }
TEST(PickleBad, PopBelowAMark) { EXPECT_REFUSED("not on the stack", proto("N(a.")); }
TEST(PickleBad, NoMark) { EXPECT_REFUSED("needs a mark", proto("t.")); }
TEST(PickleBad, MemoNeverSet) { EXPECT_REFUSED("refers to memo 7", proto("h\x07.")); }
TEST(PickleBad, StringLongerThanTheFile) {
  EXPECT_REFUSED("a string of a pickle needs 4294967295 bytes", proto("X\xff\xff\xff\xff."));
}
TEST(PickleBad, StringIsNotUtf8) { EXPECT_REFUSED("not valid UTF-8", proto(text("\xff") + ".")); }
TEST(PickleBad, IntTooLong) {
  EXPECT_REFUSED("an int of 2000 bytes", proto(std::string("\x8b\xd0\x07\0\0", 5) + std::string(2000, '1') + "."));
}
TEST(PickleBad, AppendToADict) { EXPECT_REFUSED("adds items of a list to a dict", proto("}Na.")); }
TEST(PickleBad, OddDictItems) { EXPECT_REFUSED("without a value", proto("}(Nu.")); }
TEST(PickleBad, ListInsideItself) {
  EXPECT_REFUSED("holds itself", proto("]q\x01h\x01"
                                       "a."));
}
TEST(PickleBad, CycleThroughADict) { EXPECT_REFUSED("holds itself", proto("]q\x01}" + text("k") + "h\x01sa.")); }
TEST(PickleBad, NestedTooDeep) {
  std::string deep = "]";
  for (int i = 0; i < 200'000; i++) deep += "\x85";
  EXPECT_REFUSED("nested deeper than 100", proto(deep + "."));
}
TEST(PickleBad, SharedDeepPartsCount) {  // 60 + 60 levels, the inner ones shared and seen first
  std::string p = "(]";
  for (int i = 0; i < 60; i++) p += "\x85";
  p += "q\x01h\x01";
  for (int i = 0; i < 60; i++) p += "\x85";
  EXPECT_REFUSED("nested deeper than 100", proto(p + "t."));
}
TEST(PickleBad, DoublingListsStaySmall) {  // 2^40 leaves for who walks them as a tree, 40 lists in memory
  std::string p = "]q" + std::string(1, '\0');
  for (int i = 1; i <= 40; i++)
    p += "h" + std::string(1, char(i - 1)) + "h" + std::string(1, char(i - 1)) + "\x86q" + std::string(1, char(i));
  // Every tuple stays on the stack below the next: the last opcode collects them.
  EXPECT_EQ(open_pickle(proto("(" + p + "t.")).root().items().size(), 41u);
}
TEST(PickleBad, CallsThatMultiplyMemory) {
  std::string p = "](";
  for (int i = 0; i < 200; i++) p += "N";
  p += "eq\x01"
       "0(";
  for (int i = 0; i < 200; i++)
    p += "c__builtin__\nset\nq\x02"
         "0h\x02h\x01\x85R";
  EXPECT_REFUSED("again and again", proto(p + "t."));
}

// Tensors that reach beyond what is stored.
TEST(TorchBad, OffsetBeyondTheStorage) {
  EXPECT_REFUSED("reaches beyond its 4 elements", tensor(storage(4), small(4), small(1), small(1)));
}
TEST(TorchBad, ShapeBeyondTheStorage) {
  EXPECT_REFUSED("reaches beyond", tensor(storage(4), small(0), small(5), small(1)));
}
TEST(TorchBad, StrideBeyondTheStorage) {
  EXPECT_REFUSED("reaches beyond", tensor(storage(4), small(0), small(2), small(4)));
}
TEST(TorchBad, ReachOverflows) {
  const std::string huge = std::string("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", 10);
  EXPECT_REFUSED("reaches beyond", tensor(storage(4), small(0), small(3), huge));
  EXPECT_REFUSED("reaches beyond", tensor(storage(4), small(0), small(2) + small(2), huge + huge));
  EXPECT_REFUSED("reaches beyond", tensor(storage(4), huge, small(1), small(1)));
  EXPECT_REFUSED("larger than any memory", tensor(storage(4), small(0), huge + small(2), small(0) + small(0)));
}
TEST(TorchBad, BroadcastClaimsMemory) {
  const std::string many = std::string("\x8a\x05\0\0\0\0\1", 7);  // 2^32 elements shown, one stored
  EXPECT_REFUSED("more than 64 times", tensor(storage(4), small(0), many, small(0)));
}
TEST(TorchBad, NegativeStride) {
  EXPECT_REFUSED("not a whole number", tensor(storage(4), small(0), small(2), "J\xff\xff\xff\xff"));
}
TEST(TorchBad, ShapeIsText) { EXPECT_REFUSED("not a whole number", tensor(storage(4), small(0), text("2"), small(1))); }
TEST(TorchBad, StridesOfAnotherRank) {
  EXPECT_REFUSED("1 extents and 2 strides", tensor(storage(4), small(0), small(2), small(1) + small(1)));
}
TEST(TorchBad, TooManyDimensions) {
  std::string nine;
  for (int i = 0; i < 9; i++) nine += small(1);
  EXPECT_REFUSED("9 dimensions", tensor(storage(4), small(0), nine, nine));
}
TEST(TorchBad, StorageShorterThanClaimed) {
  EXPECT_REFUSED("is to hold 20 bytes, the file has 16", tensor(storage(5), small(0), small(1), small(1)));
}
TEST(TorchBad, StorageNotInTheArchive) {
  EXPECT_REFUSED("storage '../../x' is not in the archive",
                 tensor(storage(4, "ctorch\nFloatStorage\n", "../../x"), small(0), small(1), small(1)));
}
TEST(TorchBad, StorageOfUnknownType) {
  EXPECT_REFUSED("asks for 'torch.QUInt4x2Storage'",
                 tensor(storage(4, "ctorch\nQUInt4x2Storage\n"), small(0), small(1), small(1)));
}
TEST(TorchBad, StorageDescribedInTwoWays) { EXPECT_REFUSED("in two ways", proto(storage(4) + storage(3) + "\x86.")); }
TEST(TorchBad, UntypedStorageWithoutDtype) {
  EXPECT_REFUSED("has no dtype", tensor(storage(4, "ctorch.storage\nUntypedStorage\n"), small(0), small(1), small(1)));
}
TEST(TorchBad, StorageOverflows) {
  const std::string huge = std::string("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f", 10);
  EXPECT_REFUSED("larger than any memory",
                 proto("(" + text("storage") + "ctorch\nLongStorage\n" + text("0") + text("cpu") + huge + "tQ."));
}
TEST(TorchBad, PersistentIdOfSomethingElse) { EXPECT_REFUSED("not that of a storage", proto(text("x") + "Q.")); }
TEST(TorchBad, TensorOfAString) {
  EXPECT_REFUSED("something else than a storage",
                 proto("ctorch._utils\n_rebuild_tensor_v2\n(" + text("x") + small(0) + small(0) + small(0) + "tR."));
}
TEST(TorchBad, ViewBeyondItsStorage) {
  const std::string view = "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + small(4) + "(" +
                           text("v") + small(3) + small(2) + "ttQ";
  EXPECT_REFUSED("reaches beyond its storage", tensor(view, small(0), small(1), small(1)));
}

// Archives.
TEST(TorchBad, NotATorchFile) {
  EXPECT_ERROR(CheckpointError, "was not written by torch.save", TorchArchive(memory_file("hello")));
}
TEST(TorchBad, SafetensorsUnderTheWrongName) {
  EXPECT_ERROR(CheckpointError, "looks like a safetensors file", TorchArchive(data_file("dtypes.safetensors")));
}
TEST(TorchBad, BarePickle) {
  EXPECT_ERROR(CheckpointError, "bare Python pickle", TorchArchive(memory_file(proto("N."))));
}
TEST(TorchBad, TarLayout) {
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_ERROR(UnsupportedError, "tar layout", TorchArchive(memory_file(tar)));
}
TEST(TorchBad, ZipWithoutAPickle) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("archive/version", "3");
  w.commit();
  EXPECT_ERROR(CheckpointError, "without data.pkl", TorchArchive(folder / "z"));
}
TEST(TorchBad, TwoPickles) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("a/data.pkl", proto("N."));
  w.add("b/data.pkl", proto("N."));
  w.commit();
  EXPECT_ERROR(CheckpointError, "holds two pickles", TorchArchive(folder / "z"));
}
TEST(TorchBad, TorchScript) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("a/data.pkl", proto("N."));
  w.add("a/constants.pkl", proto("N."));
  w.commit();
  EXPECT_ERROR(UnsupportedError, "TorchScript", TorchArchive(folder / "z"));
}
TEST(TorchBad, ByteOrderUnknown) {
  TemporaryFolder folder;
  ZipWriter w(folder / "z");
  w.add("a/data.pkl", proto("N."));
  w.add("a/byteorder", "middle");
  w.commit();
  EXPECT_ERROR(CheckpointError, "neither little nor big", TorchArchive(folder / "z"));
}
TEST(TorchBad, PickleChecksumWrong) {
  std::string bytes = slurp(data_file("state.zip.bin"));
  bytes[bytes.find("matrix")] = 'M';
  EXPECT_ERROR(CheckpointError, "checksum is wrong", TorchArchive(memory_file(bytes)));
}
TEST(TorchBad, OldLayoutTruncatedAnywhere) {
  const std::string bytes = slurp(data_file("state.legacy.bin"));
  for (size_t length = 1; length < bytes.size(); length += 7) {
    EXPECT_THROW(TorchArchive(memory_file(bytes.substr(0, length))), CheckpointError);
  }
}
TEST(TorchBad, OldLayoutOfAnotherProtocol) {
  std::string bytes = slurp(data_file("state.legacy.bin"));
  bytes[18]++;  // behind the magic number: PROTO 2, BININT2, 1001
  EXPECT_ERROR(CheckpointError, "unknown protocol of torch.save", TorchArchive(memory_file(bytes)));
}
TEST(TorchBad, OldLayoutOfABigEndianMachine) {
  std::string bytes = slurp(data_file("state.legacy.bin"));
  bytes[bytes.find("little_endian") + 15] = '\x89';
  EXPECT_ERROR(UnsupportedError, "big-endian", TorchArchive(memory_file(bytes)));
}

}  // namespace ef
