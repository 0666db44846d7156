// Turns the suffix of a word's last piece into a blank.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"
#include "tokenizers/utf8.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

// An empty suffix is found before each character, and at the end.
std::string spread(const std::string& token) {
  std::string out;
  for (const char c : token) {
    if (!utf8::is_continuation(c)) out += ' ';
    out += c;
  }
  return out + ' ';
}

class BpeDecoder : public Decoder {
 public:
  explicit BpeDecoder(const Json& json) : suffix_(get_string(json, "suffix", "BPEDecoder")) {}
  Tokens decode_chain(Tokens tokens) const override {
    for (size_t i = 0; i < tokens.size(); i++) {
      const bool last = i + 1 == tokens.size();
      if (suffix_.empty() && !last)
        tokens[i] = spread(tokens[i]);
      else
        replace_all(tokens[i], suffix_, last ? "" : " ");
    }
    return tokens;
  }
  Json to_json() const override { return {{"type", "BPEDecoder"}, {"suffix", suffix_}}; }

 private:
  std::string suffix_;
};

}  // namespace

DecoderPtr read_bpe_decoder(const Json& json) { return std::make_shared<BpeDecoder>(json); }

}  // namespace ef::tokenizers
