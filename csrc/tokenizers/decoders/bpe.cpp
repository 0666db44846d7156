// Turns the suffix of a word's last piece into a blank.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class BpeDecoder : public Decoder {
 public:
  explicit BpeDecoder(const Json& json) : suffix_(get_string(json, "suffix", "BPEDecoder")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) replace_all(tokens[i], suffix_, i + 1 == tokens.size() ? "" : " ");
    return tokens;
  }
  Json to_json() const override { return {{"type", "BPEDecoder"}, {"suffix", suffix_}}; }

 private:
  std::string suffix_;
};

}  // namespace

DecoderPtr read_bpe_decoder(const Json& json) { return std::make_shared<BpeDecoder>(json); }

}  // namespace ef::tokenizers
