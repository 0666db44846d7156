// Removes repetitions and the blank token, as speech models need it.
#include "tokenizers/decoders/decoder.h"
#include "tokenizers/decoders/text.h"

namespace ef::tokenizers {
namespace {

using Tokens = std::vector<std::string>;

class Ctc : public Decoder {
 public:
  explicit Ctc(const Json& json)
      : pad_token_(get_string(json, "pad_token", "CTC")),
        word_delimiter_token_(get_string(json, "word_delimiter_token", "CTC")),
        cleanup_(get_bool(json, "cleanup", "CTC")) {}
  Tokens decode_chain(Tokens tokens) const override {
    Tokens out;
    for (size_t i = 0; i < tokens.size(); i++) {
      if (i > 0 && tokens[i] == tokens[i - 1]) continue;  // repetition: the same sound
      std::string token = tokens[i];
      replace_all(token, pad_token_, "");
      if (cleanup_) {
        clean_up(token);
        replace_all(token, word_delimiter_token_, " ");
      }
      if (!token.empty()) out.push_back(std::move(token));
    }
    return out;
  }
  Json to_json() const override {
    return {{"type", "CTC"},
            {"pad_token", pad_token_},
            {"word_delimiter_token", word_delimiter_token_},
            {"cleanup", cleanup_}};
  }

 private:
  std::string pad_token_, word_delimiter_token_;
  bool cleanup_;
};

}  // namespace

DecoderPtr read_ctc(const Json& json) { return std::make_shared<Ctc>(json); }

}  // namespace ef::tokenizers
