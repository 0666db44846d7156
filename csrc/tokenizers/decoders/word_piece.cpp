// Joins pieces that begin with the prefix to what stands before them.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class WordPiece : public Decoder {
 public:
  explicit WordPiece(const Json& json)
      : prefix_(get_string(json, "prefix", "WordPiece")), cleanup_(get_bool(json, "cleanup", "WordPiece")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) {
      if (i > 0) {
        if (tokens[i].starts_with(prefix_))
          tokens[i].erase(0, prefix_.size());
        else
          tokens[i].insert(0, " ");
      }
      if (cleanup_) clean_up(tokens[i]);
    }
    return tokens;
  }
  Json to_json() const override { return {{"type", "WordPiece"}, {"prefix", prefix_}, {"cleanup", cleanup_}}; }

 private:
  std::string prefix_;
  bool cleanup_;
};

}  // namespace

DecoderPtr read_word_piece_decoder(const Json& json) { return std::make_shared<WordPiece>(json); }

}  // namespace ef::tokenizers
