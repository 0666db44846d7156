// Joins pieces that begin with the prefix to what stands before them.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"

namespace ef::tokenizers {
namespace {

class WordPiece : public TokenDecoder {
 public:
  explicit WordPiece(const Json& json)
      : prefix_(get_string(json, "prefix", "WordPiece")), cleanup_(get_bool(json, "cleanup", "WordPiece")) {}
  std::string piece(std::string token, bool first) const override {
    if (!first) {
      if (token.starts_with(prefix_))
        token.erase(0, prefix_.size());
      else
        token.insert(0, " ");
    }
    if (cleanup_) clean_up(token);
    return token;
  }
  Json to_json() const override { return {{"type", "WordPiece"}, {"prefix", prefix_}, {"cleanup", cleanup_}}; }

 private:
  std::string prefix_;
  bool cleanup_;
};

}  // namespace

DecoderPtr read_word_piece_decoder(const Json& json) { return std::make_shared<WordPiece>(json); }

}  // namespace ef::tokenizers
