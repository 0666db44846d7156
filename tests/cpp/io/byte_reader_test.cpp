#include "io/byte_reader.h"

#include "io_helpers.h"

namespace ef {

TEST(ByteReader, ReadsBothByteOrders) {
  const std::string bytes("\x01\x02\x03\x04\x3f\x80\x00\x00\xff", 9);
  ByteReader little(as_bytes(bytes), "f");
  EXPECT_EQ(little.read<uint32_t>("n"), 0x04030201u);
  EXPECT_EQ(little.read<uint16_t>("n"), 0x803f);
  EXPECT_EQ(little.remaining(), 3u);
  ByteReader big(as_bytes(bytes), "f", Endian::Big);
  EXPECT_EQ(big.read<uint32_t>("n"), 0x01020304u);
  EXPECT_EQ(big.read<float>("x"), 1.0f);
  EXPECT_EQ(big.read<int8_t>("n"), -1);
  EXPECT_TRUE(big.at_end());
}
TEST(ByteReader, PastTheEndNamesFileOffsetWantedAndAvailable) {
  const std::string bytes = "12345";
  ByteReader in(as_bytes(bytes), "model.gguf", Endian::Little, 100);
  in.skip(2, "head");
  EXPECT_ERROR(CheckpointError, "model.gguf: byte 102: the count needs 4 bytes, the file has 3 left",
               in.read<uint32_t>("the count"));
  EXPECT_EQ(in.offset(), 102u);  // a failed read moves nothing
  EXPECT_ERROR(CheckpointError, "needs 18446744073709551615 bytes", in.take(UINT64_MAX, "text"));
  EXPECT_EQ(in.take_text(3, "rest"), "345");
}
TEST(ByteReader, SeekStaysInside) {
  const std::string bytes = "12345";
  ByteReader in(as_bytes(bytes), "f", Endian::Little, 10);
  in.seek(15, "the end");
  EXPECT_TRUE(in.at_end());
  in.seek(12, "x");
  EXPECT_EQ(in.read<char>("c"), '3');
  EXPECT_ERROR(CheckpointError, "outside", in.seek(16, "x"));
  EXPECT_ERROR(CheckpointError, "outside", in.seek(9, "x"));
}
TEST(ByteReader, ItemsThatCannotFit) {
  const std::string bytes(100, 'x');
  ByteReader in(as_bytes(bytes), "f");
  in.require_items(10, 10, "records");
  EXPECT_ERROR(CheckpointError, "11 records do not fit", in.require_items(11, 10, "records"));
  EXPECT_ERROR(CheckpointError, "do not fit", in.require_items(UINT64_MAX / 8, 16, "records"));  // no wrap-around
}

}  // namespace ef
