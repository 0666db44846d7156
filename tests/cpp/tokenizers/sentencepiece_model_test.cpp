// The reader of SentencePiece models: what it reads, and one test a way a file can be bad.
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "proto_writer.h"
#include "tokenizers/sentencepiece_model.h"

namespace ef::tokenizers {
namespace {

std::string piece(const std::string& text, float score, int type) {
  return proto_bytes(1, proto_bytes(1, text) + proto_float(2, score) + proto_number(3, uint64_t(type)));
}
std::string small_model() {
  return piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3) + piece("▁a", -1.5f, 1) + piece("=>", 0, 4) +
         proto_bytes(2, proto_number(3, 2) + proto_number(24, 1) + proto_number(40, 0) +
                            proto_number(43, ~uint64_t(0)) + proto_bytes(45, "<unk>")) +
         proto_bytes(3, proto_bytes(1, "mine") + proto_bytes(2, "\x04") + proto_number(3, 0) + proto_number(99, 7));
}
SentencePieceModel parse(const std::string& bytes) { return SentencePieceModel::parse(bytes, "a.model"); }

TEST(SentencePieceModel, ReadsWhatIsThere) {
  const SentencePieceModel m = parse(small_model());
  ASSERT_EQ(m.pieces.size(), 5u);
  EXPECT_EQ(m.pieces[3].text, "▁a");
  EXPECT_EQ(m.pieces[3].score, -1.5f);
  EXPECT_EQ(m.pieces[4].type, PieceType::UserDefined);
  EXPECT_EQ(m.algorithm, SentencePieceAlgorithm::Bpe);
  EXPECT_TRUE(m.treat_whitespace_as_suffix);
  EXPECT_EQ(m.pad_id, -1);
  EXPECT_EQ(m.normalizer_name, "mine");
  EXPECT_EQ(m.precompiled_charsmap, "\x04");
  EXPECT_FALSE(m.add_dummy_prefix);
  EXPECT_TRUE(m.remove_extra_whitespaces);  // the default of the format
}

TEST(SentencePieceModel, RefusesWhatIsDamaged) {
  const auto refused = [](const std::string& bytes, const char* why) {
    try {
      parse(bytes);
      ADD_FAILURE() << "taken: " << why;
    } catch (const TokenizerError& e) {
      EXPECT_NE(std::string(e.what()).find("a.model"), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(why), std::string::npos) << e.what();
    }
  };
  refused("", "no pieces");
  refused("\x0f", "no known kind");
  refused(std::string("\x00\x00", 2), "valid number");
  refused(small_model().substr(0, 20), "past the end");
  refused("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "longer than 64 bits");
  refused(proto_number(1, 5), "another kind");
  refused(small_model() + piece("=>", 0, 1), "there twice");
  refused(small_model() + piece("", 0, 1), "is empty");
  refused(small_model() + piece(std::string(1 << 17, 'a'), 0, 1), "at most");
  refused(small_model() + piece("b\xff", 0, 1), "UTF-8");
  refused(small_model() + piece("b", NAN, 1), "not a number");
  refused(small_model() + piece("b", 0, 7), "type 7");
  refused(small_model() + piece("b", 0, 2), "2 pieces stand for unknown");
  refused(small_model() + proto_bytes(2, proto_number(35, 1)), "byte fallback with 0");
  refused(small_model() + proto_bytes(2, proto_number(3, 9)), "model_type 9");
  refused(small_model() + proto_bytes(2, proto_number(40, uint64_t(1) << 40)), "out of range");
}

TEST(SentencePieceModel, EveryTruncationIsRefusedOrAModel) {
  const std::string whole = small_model();
  for (size_t n = 0; n < whole.size(); n++) {
    try {
      EXPECT_FALSE(parse(whole.substr(0, n)).pieces.empty());
    } catch (const TokenizerError&) {
    }
  }
}

}  // namespace
}  // namespace ef::tokenizers
