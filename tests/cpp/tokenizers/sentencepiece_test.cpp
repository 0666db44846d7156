// SentencePiece models used as they are: hand-made ones, and what hostile ones do.
#include <gtest/gtest.h>

#include "core/error.h"
#include "proto_writer.h"
#include "random_text.h"
#include "tokenizers/sentencepiece.h"

namespace ef::tokenizers {
namespace {

std::string piece(const std::string& text, float score, int type = 1) {
  return proto_bytes(1, proto_bytes(1, text) + proto_float(2, score) + proto_number(3, uint64_t(type)));
}
std::string start() { return piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3); }
SentencePiece make(const std::string& bytes) { return SentencePiece(SentencePieceModel::parse(bytes, "m"), "m"); }
using Pieces = std::vector<std::string>;

TEST(SentencePiece, UnigramTakesTheLikeliestPieces) {
  const SentencePiece s = make(start() + piece("▁a", -1) + piece("b", -2) + piece("▁ab", -5) + piece("c", -3));
  EXPECT_EQ(s.encode("ab c"), (Pieces{"▁a", "b", "▁", "c"}));
  EXPECT_EQ(s.encode("  a   a "), (Pieces{"▁a", "▁a"}));
  EXPECT_EQ(s.encode(""), Pieces{});
  EXPECT_EQ(s.encode("xyz"), (Pieces{"▁xyz"}));  // one unknown piece
  EXPECT_EQ(s.decode({"▁a", "b", "</s>", "<unk>"}), "ab \u2047 ");
}

TEST(SentencePiece, SymbolsOfTheUserAreLikelierThanPieces) {  // the library was asked
  const SentencePiece s = make(start() + piece("a", 0, 4) + piece("aa", 0, 4) + piece("ab", 0, 4) + piece("▁b", 0, 4) +
                               piece("ba", 0, 4) + piece("▁", -0.17032024264335632f) + piece("b", -2.43456768989563f) +
                               piece("▁bar", 0, 4) + piece("ar", -0.1f));
  EXPECT_EQ(s.encode("bar"), (Pieces{"▁bar"}));
  EXPECT_EQ(s.encode("a bar"), (Pieces{"▁", "a", "▁bar"}));
  EXPECT_EQ(s.encode("bbab"), (Pieces{"▁b", "ba", "b"}));
  EXPECT_EQ(s.encode("aaa"), (Pieces{"▁", "a", "aa"}));
}

TEST(SentencePiece, SumsOfLongTextsStartAgain) {
  const SentencePiece s = make(start() + piece("▁1", -7.106731414794922f) + piece("▁11", -8.370165824890137f) +
                               piece("▁111", -11.57007884979248f) + piece("1", -8.389617919921875f) +
                               piece("11", -10.020223617553711f) + piece("111", -12.405377388000488f));
  const auto short_at = [&](size_t n) {  // where the one piece "11" stands; the library was asked
    size_t at = 0;
    for (const std::string& p : s.encode(std::string(n, '1'))) {
      if (p == "11") return at;
      at += p.starts_with("▁") ? p.size() - 2 : p.size();
    }
    return size_t(0);
  };
  EXPECT_EQ(short_at(12001), 3966u);
  EXPECT_EQ(short_at(25000), 24309u);
  EXPECT_EQ(short_at(49441), 49356u);
}

TEST(SentencePiece, BpeMergesByScoreAndTakesUnusedPiecesApart) {
  const std::string bpe = proto_bytes(2, proto_number(3, 2));
  const SentencePiece s = make(start() + piece("▁", -9) + piece("a", -9) + piece("b", -9) + piece("ab", -1) +
                               piece("▁ab", -2, 5) + piece("=>", 0, 4) + bpe);
  EXPECT_EQ(s.encode("ab"), (Pieces{"▁", "ab"}));
  EXPECT_EQ(s.encode("a=>b"), (Pieces{"▁", "a", "=>", "b"}));
}

TEST(SentencePiece, BytesStandForWhatIsUnknown) {
  std::string bytes;
  for (int b = 0; b < 256; b++) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    bytes += piece(name, 0, 6);
  }
  const SentencePiece s = make(start() + bytes + piece("▁", -1) + proto_bytes(2, proto_number(35, 1)));
  EXPECT_EQ(s.encode("é"), (Pieces{"▁", "<0xC3>", "<0xA9>"}));
  EXPECT_EQ(s.decode({"▁", "<0xC3>", "<0xA9>", "<0xFF>", "<0xC3>"}), "é\ufffd\ufffd");
  EXPECT_THROW(make(start() + piece("<0xZZ>", 0, 6)), TokenizerError);
}

TEST(SentencePiece, HostileMaps) {
  EXPECT_THROW(make(start() + proto_bytes(3, proto_bytes(2, "ab"))), TokenizerError);
  EXPECT_THROW(make(start() + proto_bytes(3, proto_bytes(2, std::string("\x08\0\0\0abc", 7)))), TokenizerError);
  EXPECT_THROW(make(piece("a", 0)), TokenizerError);  // nothing for unknown text
  std::mt19937 random(5);
  for (int i = 0; i < 300; i++) {
    std::string map(4 + 4 * 40, 0);
    for (size_t b = 4; b < map.size(); b++) map[b] = char(random());
    map[0] = char(160);
    map += "text\0more";
    const SentencePiece s = make(start() + piece("▁a", -1) + proto_bytes(3, proto_bytes(2, map)));
    for (const auto& p : s.encode(random_text(random, 30))) EXPECT_FALSE(p.empty());
  }
}

}  // namespace
}  // namespace ef::tokenizers
