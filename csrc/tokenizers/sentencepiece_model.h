// A SentencePiece .model: pieces with scores, how they were trained, how texts are normalized. Protocol-buffer wire
// format, read by bounds and checked before anything uses it; fields that mean nothing here are skipped.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ef::tokenizers {

enum class PieceType { Normal = 1, Unknown, Control, UserDefined, Unused, Byte };
enum class SentencePieceAlgorithm { Unigram = 1, Bpe, Word, Char };

struct SentencePieceModel {
  struct Piece {
    std::string text;
    float score = 0;
    PieceType type = PieceType::Normal;
  };
  std::vector<Piece> pieces;

  SentencePieceAlgorithm algorithm = SentencePieceAlgorithm::Unigram;
  bool byte_fallback = false, treat_whitespace_as_suffix = false;
  int32_t unk_id = 0, bos_id = 1, eos_id = 2, pad_id = -1;
  std::string unk_piece = "<unk>", bos_piece = "<s>", eos_piece = "</s>", pad_piece = "<pad>";
  std::string unk_surface = " \u2047 ";

  std::string normalizer_name, precompiled_charsmap, denormalizer_charsmap;
  bool add_dummy_prefix = true, remove_extra_whitespaces = true, escape_whitespaces = true;

  // `where` names the file in errors. TokenizerError: damaged, no pieces, a piece that is empty, too long, not UTF-8 or
  // there twice, a score that is not a number, a type that is not known, byte fallback without its 256 pieces.
  static SentencePieceModel parse(std::string_view bytes, const std::string& where);
  static SentencePieceModel from_file(const std::string& path);
};

}  // namespace ef::tokenizers
